//! In which form rows come, which of several under one key, and out of which
//! files.

use std::fs;

use super::{STORE, archive, cat, consolidate, database, gives, sh};
use crate::support::{Dir, Out};

/// Archives the rows of `t` at a time, and deletes them.
fn archived(dir: &Dir, at: &str) {
    let line = format!(
        "rt-export --db x.db t | {STORE} --now {at} t |
         rt-purge --db x.db --archives a"
    );
    sh(dir, &line).run().status(0);
}

/// A row of every kind of value, and then one with a column more.
fn kinds() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        r#"CREATE TABLE t(id INTEGER PRIMARY KEY, at, v);
         INSERT INTO t VALUES
         (1,'2025-10-30T10:00:00Z', 'a "b", c' || char(10) || 'd'),
         (2,'2025-10-31T10:00:00Z', ''),
         (3,'2025-11-01T10:00:00Z', NULL),
         (4,'2025-11-02T10:00:00Z', x'00ff'),
         (5,'2025-11-02T11:00:00Z', CAST(x'ff' AS TEXT)),
         (6,'2025-11-03T10:00:00Z', 9e999),
         (7,'2025-11-03T11:00:00Z', '7');"#,
    );
    archived(&dir, "2026-01-01T00:00:00Z");
    dir.sql(
        "x.db",
        "ALTER TABLE t ADD COLUMN \"new, or so\";
         INSERT INTO t VALUES (8,'2025-10-01T10:00:00Z', -7, 1.5);",
    );
    archived(&dir, "2026-01-02T00:00:00Z");
    dir
}

#[test]
fn csv_holds_every_kind_of_value_under_all_columns() {
    let dir = kinds();
    let csv = cat(&dir, &["--format", "csv"]).run();
    csv.status(0).stderr("");
    assert!(csv.stdout.ends_with("\"2026-01-01T00:00:00Z\"\r\n"));
    insta::assert_snapshot!(csv.stdout.replace("\r\n", "\n"), @r#"
    "id","at","v","new, or so","_archived_at"
    8,"2025-10-01T10:00:00Z",-7,1.5,"2026-01-02T00:00:00Z"
    1,"2025-10-30T10:00:00Z","a ""b"", c
    d",,"2026-01-01T00:00:00Z"
    2,"2025-10-31T10:00:00Z","",,"2026-01-01T00:00:00Z"
    3,"2025-11-01T10:00:00Z",,,"2026-01-01T00:00:00Z"
    4,"2025-11-02T10:00:00Z","{""$base64"":true,""encoded"":""AP8=""}",,"2026-01-01T00:00:00Z"
    5,"2025-11-02T11:00:00Z","{""$base64"":true,""text"":true,""encoded"":""/w==""}",,"2026-01-01T00:00:00Z"
    6,"2025-11-03T10:00:00Z",9e999,,"2026-01-01T00:00:00Z"
    7,"2025-11-03T11:00:00Z","7",,"2026-01-01T00:00:00Z"
    "#);
    // The columns are the same whatever rows are asked for.
    let header = csv.stdout.lines().next().unwrap();
    let none = cat(&dir, &["--format", "csv", "--where", "id=99"]).run();
    none.status(0).stdout(&format!("{header}\r\n"));
    let args = ["--format", "csv", "--strip", "--limit", "1"];
    let one = cat(&dir, &args).run();
    one.status(0).stdout(
        "\"id\",\"at\",\"v\",\"new, or so\"\r\n\
         8,\"2025-10-01T10:00:00Z\",-7,1.5\r\n",
    );
    cat(&dir, &["--format", "xml"]).run().status(2);
    cat(&dir, &["--format", "csv", "--count"]).run().status(2);
}

#[test]
fn csv_says_what_it_leaves_out_of_files_of_other_programs() {
    let dir = Dir::new();
    let rows = "{\"id\":1}\n{\"id\":2,\"later\":3}\n{\"id\":3,\"o\":[4]}\n\
                {\"ID\":5}\n";
    dir.write("a/warm/2025-11-01/t.jsonl", rows);
    dir.cmd("gzip").arg("a/warm/2025-11-01/t.jsonl").run().status(0);
    let out = cat(&dir, &["--format", "csv"]).run();
    out.status(3).stdout("\"id\"\r\n1\r\n2\r\n5\r\n");
    insta::assert_snapshot!(out.stderr, @"
    rt-cat: warning: 'a' holds archives and no ledger: nothing tells whether they are whole; if it had one, put that back from a backup before a job begins another
    rt-cat: warning: 1 value left out, whose column is not in the header; 1 record left out, which CSV cannot hold
    ");
    cat(&dir, &["--where", "id=9", "--format", "csv"])
        .run()
        .status(0)
        .stdout("");
}

#[test]
fn hot_rows_and_rows_without_key_have_their_columns_in_csv() {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(at, v);
         INSERT INTO t VALUES ('2025-10-30T10:00:00Z', 1);",
    );
    archived(&dir, "2026-01-01T00:00:00Z");
    dir.sql(
        "x.db",
        "ALTER TABLE t ADD COLUMN w;
         INSERT INTO t VALUES ('2026-01-14T10:00:00Z', 2, 3);",
    );
    let all = ["--tier", "warm", "--tier", "hot", "--format", "csv"];
    let all = [&all[..], &["--timestamp-column", "at"]].concat();
    let out = cat(&dir, &all).run();
    out.status(0).stdout(
        "\"at\",\"v\",\"w\",\"_archived_at\",\"_rowid\"\r\n\
         \"2025-10-30T10:00:00Z\",1,,\"2026-01-01T00:00:00Z\",1\r\n\
         \"2026-01-14T10:00:00Z\",2,3,,1\r\n",
    );
}

#[test]
fn json_is_one_array_with_the_same_lines() {
    let dir = kinds();
    let lines = cat(&dir, &[]).run().status(0).stdout.clone();
    let array = cat(&dir, &["--format", "json"]).run();
    let rows = lines.trim_end().replace('\n', ",\n");
    array.status(0).stderr("").stdout(&format!("[\n{rows}\n]\n"));
    let none = cat(&dir, &["--format", "json", "--where", "id=99"]).run();
    none.status(0).stdout("[\n]\n");
    let two = cat(&dir, &["--format", "json", "--limit", "2"]).run();
    assert_eq!(two.status(0).stdout.lines().count(), 4);
    let jsonl = cat(&dir, &["--format", "jsonl"]).run();
    jsonl.status(0).stdout(&lines);
}

/// Rows 1 and 2, then 1 again on another day and 2 on the same, then 1 as it
/// was at first.
fn again() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v);
         INSERT INTO t VALUES (1,'2025-11-02T10:00:00Z','old'),
            (2,'2025-10-31T10:00:00Z','old'), (3,'2025-11-01T10:00:00Z',3);",
    );
    archived(&dir, "2026-01-01T00:00:00Z");
    dir.sql(
        "x.db",
        "INSERT INTO t VALUES (1,'2025-10-30T10:00:00Z','new'),
            (2,'2025-10-31T10:00:00Z','new');",
    );
    archived(&dir, "2026-01-02T00:00:00Z");
    dir
}

fn latest(dir: &Dir, args: &[&str]) -> Out {
    cat(dir, &[&["--latest"], args].concat()).run()
}

#[test]
fn latest_gives_the_row_that_was_archived_last_of_each_key() {
    let dir = again();
    gives(cat(&dir, &[]).run().status(0), "1 2 2 3 1");
    let check = || {
        let out = latest(&dir, &[]);
        gives(out.status(0).stderr(""), "1 2 3");
        assert_eq!(out.stdout.matches("\"new\"").count(), 2);
        let one = latest(&dir, &["-p", "1"]);
        one.status(0).stdout(&out.stdout);
        latest(&dir, &["--count"]).status(0).stdout_has("\"rows\":3}");
        // An older row is not there, whatever is asked.
        gives(latest(&dir, &["--where", "v=old"]).status(0), "");
        gives(latest(&dir, &["--where", "v=new"]).status(0), "1 2");
        gives(latest(&dir, &["--limit", "2"]).status(0), "1 2");
        let strip = latest(&dir, &["--strip", "--limit", "1"]);
        let row = "{\"id\":1,\"at\":\"2025-10-30T10:00:00Z\",\"v\":\"new\"}\n";
        strip.status(0).stdout(row);
        // Rows outside of the time that is asked for are not compared.
        gives(latest(&dir, &["--since", "2025-10-31"]).status(0), "2 3 1");
    };
    check();
    consolidate(&dir).run().status(0);
    check();
    // The last of two that were archived at once.
    let line = "{\"id\":3,\"at\":\"2025-11-01T11:00:00Z\",\"v\":33,\
                \"_archived_at\":\"2026-01-01T00:00:00Z\"}\n";
    dir.write("a/warm/2025-11-01/t.jsonl", line);
    let out = latest(&dir, &["--where", "id=3"]);
    gives(out.status(0).stdout_has("\"v\":33"), "3");
}

#[test]
fn latest_needs_a_key_and_a_schema_that_names_it() {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(a TEXT, at, b INT, v, PRIMARY KEY(b, a));
         INSERT INTO t VALUES ('x','2025-10-30T10:00:00Z', 1, 'old'),
            ('x','2025-10-30T10:00:00Z', 2, 'other'),
            (NULL,'2025-10-30T11:00:00Z', 2, 'null');",
    );
    archived(&dir, "2026-01-01T00:00:00Z");
    dir.sql(
        "x.db",
        "INSERT INTO t VALUES ('x','2025-10-30T10:00:00Z', 1, 'new'),
            (NULL,'2025-10-30T11:00:00Z', 2, 'null');",
    );
    archived(&dir, "2026-01-02T00:00:00Z");
    let out = latest(&dir, &[]);
    out.status(0);
    // A key with NULL in it is none.
    let nulls = out.stdout.matches("\"v\":\"null\"").count();
    assert_eq!((nulls, out.stdout.lines().count()), (2, 4));
    out.expect("the new one", !out.stdout.contains("old"));
    latest(&dir, &["--tier", "hot"]).status(2);
    fs::remove_dir_all(dir.join("a/schema")).unwrap();
    latest(&dir, &[]).status(1).stdout("").stderr_has("schema");

    let bare = Dir::new();
    bare.sql(
        "x.db",
        "CREATE TABLE t(at, v); INSERT INTO t VALUES
            ('2025-10-30T10:00:00Z', 1), ('2025-10-30T10:00:00Z', 1);",
    );
    archived(&bare, "2026-01-01T00:00:00Z");
    let out = latest(&bare, &[]);
    out.status(2).stdout("");
    insta::assert_snapshot!(out.stderr, @r"
    rt-cat: 't' has no key: nothing tells which of its rows are the same
    hint: leave --latest out
    ");
    let foreign = Dir::new();
    foreign.write("a/warm/2025-11-01/t.jsonl", "{\"id\":1}\n");
    let out = latest(&foreign, &[]);
    out.status(2).stdout("").stderr_has("does not say what the key");
}

#[test]
fn files_are_those_that_would_be_read() {
    let dir = database();
    archive(&dir, "id < 6", true);
    consolidate(&dir).run().status(0);
    archive(&dir, "id = 6", true);
    dir.sql("x.db", "INSERT INTO t VALUES (7,'2025-10-31T22:00:00Z','g')");
    archive(&dir, "id = 7", true);
    dir.sql("x.db", "INSERT INTO t VALUES (8,'2025-10-31T22:00:00Z','h')");
    let single = format!(
        "rt-export --db x.db --format json t |
         {STORE} --single --now 2026-01-03T00:00:00Z t |
         rt-purge --db x.db --archives a"
    );
    sh(&dir, &single).run().status(0);
    dir.write("a/warm/2025-11-05/t.jsonl", "{\"id\":9}\n");
    let files =
        |args: &[&str]| cat(&dir, &[&["--files"], args].concat()).run();
    let out = files(&[]);
    out.status(0).stderr("");
    let lengths = without_lengths(&out.stdout);
    insta::assert_snapshot!(lengths, @r#"
    {"type":"archive_file","file":"t_20260103T000000.000Z.json.gz","tier":"whole","table":"t","day":null,"rows":1,"size_bytes":N}
    {"type":"archive_file","file":"cold/2025/2025-10.tar.gz","member":"2025-10-30/t.jsonl.gz","tier":"cold","table":"t","day":"2025-10-30","rows":1,"size_bytes":N}
    {"type":"archive_file","file":"cold/2025/2025-10.tar.gz","member":"2025-10-31/t.jsonl.gz","tier":"cold","table":"t","day":"2025-10-31","rows":1,"size_bytes":N}
    {"type":"archive_file","file":"warm/2025-10-31/t.jsonl.gz","tier":"warm","table":"t","day":"2025-10-31","rows":1,"size_bytes":N}
    {"type":"archive_file","file":"cold/2025/2025-11.tar.gz","member":"2025-11-01/t.jsonl.gz","tier":"cold","table":"t","day":"2025-11-01","rows":1,"size_bytes":N}
    {"type":"archive_file","file":"cold/2025/2025-11.tar.gz","member":"2025-11-02/t.jsonl.gz","tier":"cold","table":"t","day":"2025-11-02","rows":1,"size_bytes":N}
    {"type":"archive_file","file":"warm/2025-11-05/t.jsonl","tier":"warm","table":"t","day":"2025-11-05","rows":null,"size_bytes":N}
    {"type":"archive_file","file":"warm/2026-01-10/t.jsonl.gz","tier":"warm","table":"t","day":"2026-01-10","rows":1,"size_bytes":N}
    {"type":"archive_file","file":"warm/2026-01-14/t.jsonl.gz","tier":"warm","table":"t","day":"2026-01-14","rows":1,"size_bytes":N}
    "#);
    // As rt-stat lists them, but for the one that the ledger does not know.
    let stat = dir.cmd("rt-stat").args(["--archives", "--files"]);
    let stat = stat.args(["--tree", "a", "t"]).run();
    let mut known: Vec<&str> =
        out.stdout.lines().filter(|l| !l.contains("null,\"size")).collect();
    let mut listed: Vec<&str> = stat
        .stdout
        .lines()
        .filter(|l| l.contains("\"archive_file\""))
        .collect();
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(known, listed);
    // Reading them is no part of it: a damaged one is listed.
    let day = ["--since", "2025-10-31", "--until", "2025-11-01"];
    let two =
        files(&[&day[..], &["--tier", "warm", "--tier", "cold"]].concat());
    assert_eq!(two.status(0).stdout.lines().count(), 2);
    let warm = "a/warm/2025-10-31/t.jsonl.gz";
    let mut bytes = fs::read(dir.join(warm)).unwrap();
    bytes[60] ^= 0xff;
    dir.write(warm, bytes);
    files(&[]).status(0).stdout(&out.stdout);
    fs::remove_file(dir.join(warm)).unwrap();
    files(&[]).status(5).stderr_has("is missing");
    files(&["--count"]).status(2);
    files(&["--format", "csv"]).status(2);
    files(&["--limit", "1"]).status(2);
}

/// The same text without the lengths of compressed files.
fn without_lengths(text: &str) -> String {
    let line = |line: &str| match line.split_once("\"size_bytes\":") {
        Some((head, "null}")) => format!("{head}\"size_bytes\":null}}\n"),
        Some((head, _)) => format!("{head}\"size_bytes\":N}}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
