//! A policy held against its database: a line a finding, and what to do.

use crate::support::{Dir, Out};

const SCHEMA: &str = "
    CREATE TABLE log(id INTEGER PRIMARY KEY, at INTEGER, level, note);
    CREATE TABLE part(log REFERENCES log, x);
    CREATE TABLE bare(at TEXT);
    CREATE TABLE watched(id INTEGER PRIMARY KEY, at);
    CREATE TRIGGER reaper AFTER DELETE ON watched
        BEGIN DELETE FROM bare; END;
    CREATE VIEW v AS SELECT * FROM log;
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
        WHERE n < 50)
    INSERT INTO log SELECT n, 1768435200000 - n * 86400000, n, NULL FROM n;
    INSERT INTO bare VALUES ('2026-01-01'), (NULL), ('soon'), ('2031-01-01');";

/// What is said of these lines, a table and further keys each.
fn checked(lines: &[(&str, &str)]) -> (Dir, Out) {
    let dir = Dir::new();
    dir.sql("app.db", SCHEMA);
    let policy: String = lines
        .iter()
        .map(|(table, keys)| {
            format!(
                "{{\"table\":\"{table}\",\"hot\":\"7d\",\"warm\":\"30d\",\
                 \"cold\":\"1y\",{keys}}}\n"
            )
        })
        .collect();
    dir.write("policy", policy);
    let check = ["--check", "--policy", "policy", "--db", "app.db"];
    let out = dir.cmd("rt-policy").args(check).run();
    (dir, out)
}

#[test]
fn policy_that_fits_ends_0_with_hints_alone() {
    let (_, out) = checked(&[
        ("log", r#""timestamp":"at","unit":"ms","where":"level < 9""#),
        ("bare", r#""timestamp":"at""#),
    ]);
    out.status(0).stderr("");
    insta::assert_snapshot!(out.stdout, @r#"
    hint: 'log': rows of 'part' point at it (log), and no line moves these: a row stays as long as one of them points at it; give 'part' a line of its own if they are to go
    hint: 'part': no index serves log, by which it points at 'log': each run reads all of it; CREATE INDEX mends that, where the type is that of what it points at
    hint: 'log': once its rows are gone SQLite counts their ids anew, and the archives get two rows of one id: "keep_greatest_id":true leaves the last row, AUTOINCREMENT counts on
    hint: 'bare': it has no key: rows are told apart by all they hold, which takes longer; an INTEGER PRIMARY KEY finds each at once
    hint: 'bare': 'at' is no time in 1 of 4 rows looked at, such as NULL: these will never be due
    hint: 'bare': 'at' reads as no time in 1 of 4 rows looked at, such as 'soon': these will never be due
    hint: 'bare': 'at' lies ahead of now in 1 of 4 rows looked at, such as '2031-01-01': a plan, or not its unit
    hint: no line names part, watched: their rows stay; rt-policy --suggest has a line for each
    "#);
}

#[test]
fn policy_that_moves_nothing_at_all_is_told_of() {
    let dir = Dir::new();
    dir.sql("app.db", SCHEMA);
    let exempt =
        |table: &str| format!("{{\"table\":\"{table}\",\"exempt\":true}}\n");
    let all = ["log", "part", "bare", "watched"].map(exempt).concat();
    let check = |policy: &str| {
        dir.write("policy", policy);
        let check = ["--check", "--policy", "policy", "--db", "app.db"];
        dir.cmd("rt-policy").args(check).run()
    };
    check(&all).status(0).stderr("").stdout(
        "hint: every table of the policy is exempt: no job archives anything \
         until a line has periods\n",
    );
    // A table that only rt-scaletrace archives is there on purpose.
    let whole = r#"{"table":"log","whole":"1y"}"#;
    let all = all.replace(exempt("log").trim_end(), whole);
    check(&all).status(0).stderr("").stdout("");
}

#[test]
fn what_would_fail_or_never_move_a_row_ends_2() {
    for (line, says) in [
        (("lgo", r#""timestamp":"at""#), "error: 'lgo': there is no such"),
        (("log", r#""timestamp":"ta""#), "has no column 'ta'; its columns"),
        (("log", r#""timestamp":"note""#), "'note' is NULL in each of 50"),
        (("log", r#""timestamp":"level""#), "no value of 'level' in 50 rows"),
        (
            ("log", r#""timestamp":"at","unit":"s""#),
            "\"unit\":\"ms\" reads them all",
        ),
        (
            ("log", r#""timestamp":"at","where":"levle < 9""#),
            "no such column: levle",
        ),
        (("log", r#""timestamp":"at","exclude":["id"]"#), "part of its key"),
        (("log", r#""timestamp":"at","redact":["x"]"#), "no column 'x'"),
        (("watched", r#""timestamp":"at""#), "trigger 'reaper' of table"),
        (("v", r#""timestamp":"at""#), "'v' is a view"),
    ] {
        let good = ("bare", r#""timestamp":"at""#);
        let (dir, out) = checked(&[line, good]);
        let errors = out.stdout.lines().filter(|l| l.starts_with("error: "));
        out.status(2).stderr("").expect("one error", errors.count() == 1);
        out.stdout_has(says);
        assert_eq!(dir.tree().lines().count(), 2, "{}", dir.tree());
    }
    let trusted = r#""timestamp":"at","triggers":"trust""#;
    checked(&[("watched", trusted)]).1.status(0);
    let optional = r#""timestamp":"at","optional":true"#;
    let bare = ("bare", r#""timestamp":"at""#);
    checked(&[("lgo", optional), bare]).1.status(0);
    checked(&[("lgo", optional)]).1.status(2).stdout("").stderr_has("none of");
}

#[test]
fn index_that_is_missing_is_told_where_the_table_is_large() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "CREATE TABLE log(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER);
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n
            WHERE n < 100001) INSERT INTO log SELECT n, 1768000000 FROM n",
    );
    dir.write(
        "policy",
        r#"{"table":"log","timestamp":"at","unit":"s","hot":"7d","warm":"1d","cold":"none"}"#,
    );
    let run = || {
        let check = ["--check", "--policy", "policy"];
        dir.cmd("rt-policy").args(check).env("RT_DB", "app.db").run()
    };
    let out = run();
    out.status(0).stdout_has("no index leads with 'at': each run reads all");
    out.stdout_has(" MiB; CREATE INDEX on 'at'");
    for (index, why) in [
        ("log(at) WHERE id < 100", "index 'i' holds a part of the rows"),
        ("log(at COLLATE NOCASE)", "index 'i' is in the order of a collation"),
    ] {
        dir.sql("app.db", &format!("CREATE INDEX i ON {index}"));
        run().status(0).stdout_has(why);
        dir.sql("app.db", "DROP INDEX i");
    }
    dir.sql("app.db", "CREATE INDEX i ON log(at)");
    run().status(0).stdout("");
    dir.sql("app.db", "DROP INDEX i; CREATE INDEX i ON log(at) WHERE id < 9");
    run().status(0).stdout_has("index 'i' holds a part of the rows");
    dir.write(
        "policy",
        r#"{"table":"log","timestamp":"at","unit":"s","hot":"7d","warm":"1d","cold":"none","where":"id < 9"}"#,
    );
    run().status(0).stdout("");
}

#[test]
fn without_a_database_only_the_policy_is_read() {
    let dir = Dir::new();
    dir.write("policy", r#"{"table":"log","exempt":true}"#);
    let check = ["--check", "--policy", "policy"];
    dir.cmd("rt-policy").args(check).run().status(0).stdout("").stderr("");
    let out = dir.cmd("rt-policy").args(check).env("RT_DB", "no.db").run();
    out.status(1).stdout("").stderr_has("'no.db'");
}

#[test]
fn explanation_has_dates_counts_the_line_and_what_is_in_the_way() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "CREATE TABLE log(id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT);
         CREATE TABLE note(id INTEGER PRIMARY KEY, log REFERENCES log(id));
         INSERT INTO log VALUES (1, '2025-01-01'), (2, '2025-12-01'),
            (3, '2026-01-14'), (4, 'soon'), (5, '2026-03-01')",
    );
    dir.write(
        "policy",
        "# two lines\n\n{\"table\":\"log\",\"timestamp\":\"at\",\"hot\":\"7d\",\
         \"warm\":\"30d\",\"cold\":\"1y\",\"every\":\"week\"}\n\
         {\"table\":\"note\",\"exempt\":true}\n",
    );
    let explain = |table: &str| {
        let args = ["--db", "app.db", "--policy", "policy", "--explain"];
        dir.cmd("rt-policy").args(args).arg(table).run()
    };
    let out = explain("LOG");
    out.status(0).stderr("");
    insta::assert_snapshot!(out.stdout, @r#"
    'log': by line 3 of 'policy', rt-weekly takes it
      hot 7d: rows before 2026-01-08T00:00:00Z leave the database: 2 of 5 rows
      warm 30d: days before 2025-12-09 go to the archive of their month: 2 rows of these
      cold 1y: days before 2024-12-09 are deleted
      time: 'at', from 2025-01-01T00:00:00Z to 2026-03-01T00:00:00Z
      stay: 1 row without a time that can be read: rt-stat --undated
      stay: 1 row dated more than a day ahead of now
    hint: 'log': rows of 'note' point at it (log), and no line moves these: a row stays as long as one of them points at it; give 'note' a line of its own if they are to go
    hint: 'note': no index serves log, by which it points at 'log': each run reads all of it; CREATE INDEX mends that, where the type is that of what it points at
    hint: 'log': 'at' reads as no time in 1 of 5 rows looked at, such as 'soon': these will never be due
    hint: 'log': 'at' lies ahead of now in 1 of 5 rows looked at, such as '2026-03-01': a plan, or not its unit
    "#);
    let out = explain("note");
    out.status(0)
        .stdout("'note': by line 4 of 'policy' nothing ever touches it\n");
    explain("none").status(2).stdout("");
    let out = dir
        .cmd("rt-archive")
        .args(["--db", "app.db", "--policy", "policy", "-nv", "all"])
        .run();
    out.status(0).stderr_has("hot 7d: rows before 2026-01-08T00:00:00Z");
}

#[test]
fn words_for_a_shell_are_those_of_policy_database_and_archives() {
    let dir = Dir::new();
    dir.sql("app.db", "CREATE TABLE own(id); CREATE TABLE \"a b\"(id)");
    dir.folder("tree/warm/2026-01-03");
    dir.write("tree/cold/2025/2025-11.tar.gz", "");
    let words = |kind: &str, db: &str| {
        let args = ["--words", kind, "--db", db, "--archives", "tree"];
        dir.cmd("rt-policy").args(args).run()
    };
    let out = words("targets", "app.db");
    out.status(0).stdout_has("all\n").stdout_has("\nown\n");
    out.stdout_has("\ntranscripts\n").stdout_has("\ntool_uses\n");
    out.expect("no blank", !out.stdout.contains("a b"));
    words("tables", "none.db").status(0).stdout_has("tool_uses\n");
    words("days", "none.db").status(0).stdout("2025-11-01\n2026-01-03\n");
    words("things", "app.db").status(2).stderr_has("tables, targets and days");
}
