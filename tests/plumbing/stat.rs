//! rt-stat: what it counts of real databases, and what it measures.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Cmd, Dir, bins, system};

/// Seven days before the clock of the tests.
const CUTOFF: &str = "2026-01-08T00:00:00Z";
/// Thirty days before that.
const COLD: &str = "2025-12-09T00:00:00Z";

const RULE: &str = r#""timestamp":"at","hot":"7d","warm":"30d","cold":"365d""#;

/// A policy of these tables, each with [`RULE`].
fn policy(dir: &Dir, tables: &[&str]) {
    let line = |t: &&str| {
        let table = serde_json::to_string(t).unwrap();
        format!("{{\"table\":{table},{RULE}}}\n")
    };
    dir.write("policy.jsonl", tables.iter().map(line).collect::<String>());
}

fn stat<'d>(dir: &'d Dir, args: &[&str]) -> Cmd<'d> {
    dir.cmd("rt-stat")
        .env(
            "RT_POLICY",
            if dir.join("policy.jsonl").exists() {
                "policy.jsonl"
            } else {
                ""
            },
        )
        .args(["--db", "app.db"])
        .args(args)
}

/// The records of a run that goes well.
fn records(dir: &Dir, args: &[&str]) -> Vec<Value> {
    let out = stat(dir, args).run();
    out.status(0).stderr("");
    out.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// The record of one table.
fn record(dir: &Dir, args: &[&str]) -> Value {
    let mut all = records(dir, args);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Some of a record's fields.
fn pick(record: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|f| record[*f].clone()).collect()
}

const COUNTS: [&str; 5] = ["rows", "hot", "stale", "warm", "undated"];

/// What dbstat says a table's own pages use.
fn live_bytes(dir: &Dir, table: &str) -> u64 {
    dir.rows(
        "app.db",
        &format!(
            "SELECT coalesce(sum(pgsize - unused), 0) FROM dbstat \
             WHERE name = '{table}'"
        ),
    )[0]
    .parse()
    .unwrap()
}

#[test]
fn stat_counts_on_both_sides_of_the_cutoffs_and_on_them() {
    let dir = Dir::new();
    policy(&dir, &["log"]);
    dir.sql("app.db", "CREATE TABLE log(id INTEGER PRIMARY KEY, at TEXT)");
    for (at, counts) in [
        ("2026-01-15T00:00:00Z", [1, 1, 0, 0, 0]),
        ("2099-01-01", [1, 1, 0, 0, 0]),
        (CUTOFF, [1, 1, 0, 0, 0]),
        ("2026-01-07T23:59:59.999999999Z", [1, 0, 1, 1, 0]),
        (COLD, [1, 0, 1, 1, 0]),
        ("2025-12-08T23:59:59.999Z", [1, 0, 1, 0, 0]),
        ("n/a", [1, 0, 0, 0, 1]),
    ] {
        let row =
            format!("DELETE FROM log; INSERT INTO log(at) VALUES('{at}')");
        dir.sql("app.db", &row);
        assert_eq!(pick(&record(&dir, &[]), &COUNTS), json!(counts), "{at}");
    }
}

#[test]
fn stat_reads_every_shape_of_a_time() {
    let dir = Dir::new();
    policy(&dir, &["log"]);
    // Three rows of each shape: a second before the cutoff, on it, behind it.
    dir.sql(
        "app.db",
        "CREATE TABLE log(at);
         WITH t(s) AS (VALUES (1767830399), (1767830400), (1767830401))
         INSERT INTO log
         SELECT strftime('%Y-%m-%dT%H:%M:%SZ', s, 'unixepoch') FROM t
         UNION ALL SELECT strftime('%Y-%m-%d %H:%M:%S', s, 'unixepoch') FROM t
         UNION ALL SELECT strftime('%Y-%m-%dT%H:%M:%S+14:00', s + 50400,
             'unixepoch') FROM t
         UNION ALL SELECT strftime('%Y-%m-%d %H:%M:%S-12:00', s - 43200,
             'unixepoch') FROM t
         UNION ALL SELECT s FROM t
         UNION ALL SELECT s * 1000 FROM t
         UNION ALL SELECT s * 1000000 FROM t
         UNION ALL SELECT s * 1000000000 FROM t
         UNION ALL SELECT s + 0.5 FROM t
         UNION ALL SELECT julianday(s, 'unixepoch') FROM t;
         INSERT INTO log VALUES
         ('2026-01-08'), ('2026-01-07'), ('2026-01-07T23:59'),
         (NULL), (''), ('n/a'), (0), (0.0), (17), ('1700000000'),
         ('0000-01-01'), ('99999-01-01'), (x'32303236'), ('2026-02-30');",
    );
    let record = record(&dir, &[]);
    assert_eq!(pick(&record, &COUNTS), json!([44, 21, 12, 12, 11]));
    assert_eq!(
        pick(&record, &["oldest", "newest"]),
        json!(["2026-01-07T00:00:00Z", "2026-01-08T00:00:01.5Z"])
    );
}

#[test]
fn stat_numbers_mean_what_the_unit_says() {
    let dir = Dir::new();
    // 2026-01-01 and 2026-01-10 in microseconds since 1601.
    dir.sql(
        "app.db",
        "CREATE TABLE visits(t INTEGER);
         INSERT INTO visits VALUES
             (13411699200000000), (13412476800000000), (0);",
    );
    let ask = ["--timestamp-column", "T", "--unit", "webkit_us", "visits"];
    let got = record(&dir, &ask);
    assert_eq!(pick(&got, &COUNTS), json!([3, null, null, null, 1]));
    assert_eq!(got["oldest"], "2026-01-01T00:00:00Z");
    assert_eq!(got["newest"], "2026-01-10T00:00:00Z");
    dir.write(
        "policy.jsonl",
        "{\"table\":\"visits\",\"timestamp\":\"t\",\"unit\":\"webkit_us\",\
         \"hot\":\"7d\",\"warm\":\"forever\",\"cold\":\"forever\"}\n",
    );
    assert_eq!(pick(&record(&dir, &[]), &COUNTS), json!([3, 1, 1, 1, 1]));
}

#[test]
fn stat_of_all_tables_is_those_of_the_policy_that_exist() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "CREATE TABLE other(a);
         CREATE TABLE message_bus_log(timestamp);
         CREATE TABLE Tool_Uses(start_time);
         CREATE TABLE task_list_execution_runs(started_at);
         INSERT INTO message_bus_log VALUES ('2026-01-14'), ('2026-01-01');
         INSERT INTO task_list_execution_runs VALUES ('2020-01-01'), (1);",
    );
    let got = records(&dir, &[]);
    let tables: Vec<&str> =
        got.iter().map(|r| r["table"].as_str().unwrap()).collect();
    let want = ["Tool_Uses", "message_bus_log", "task_list_execution_runs"];
    assert_eq!(tables, want);
    assert_eq!(pick(&got[0], &COUNTS), json!([0, 0, 0, 0, 0]));
    assert_eq!(got[0]["oldest"], Value::Null);
    assert_eq!(pick(&got[1], &COUNTS), json!([2, 1, 1, 1, 0]));
    assert_eq!(got[1].get("exempt"), None);
    assert_eq!(pick(&got[2], &COUNTS), json!([2, null, null, null, null]));
    assert_eq!(got[2]["exempt"], true);
    let bytes = live_bytes(&dir, "task_list_execution_runs");
    assert_eq!(got[2]["live_bytes"], bytes);
}

#[test]
fn stat_keys_stand_in_the_order_of_their_page() {
    let dir = Dir::new();
    policy(&dir, &["log"]);
    dir.sql(
        "app.db",
        "PRAGMA page_size=4096; CREATE TABLE log(at);
         INSERT INTO log VALUES ('2026-01-01');",
    );
    stat(&dir, &["LOG"]).run().status(0).stdout(
        "{\"type\":\"table\",\"table\":\"log\",\"rows\":1,\"hot\":0,\
         \"stale\":1,\"warm\":1,\"undated\":0,\"future\":0,\
         \"oldest\":\"2026-01-01T00:00:00Z\",\
         \"newest\":\"2026-01-01T00:00:00Z\",\"live_bytes\":24,\
         \"reclaimable_bytes\":0}\n",
    );
}

#[test]
fn stat_rows_outside_the_policys_where_stay_hot() {
    let dir = Dir::new();
    dir.write(
        "policy.jsonl",
        format!("{{\"table\":\"log\",\"where\":\"level < 3 -- few\",{RULE}}}"),
    );
    dir.sql(
        "app.db",
        "CREATE TABLE log(at, level);
         INSERT INTO log VALUES ('2026-01-01', 1), ('2026-01-01', 3),
         ('2026-01-01', NULL), ('2026-01-14', 1), (NULL, 3);",
    );
    assert_eq!(pick(&record(&dir, &[]), &COUNTS), json!([5, 3, 1, 1, 1]));
    dir.write(
        "policy.jsonl",
        format!("{{\"table\":\"log\",\"where\":\"nothing < 3\",{RULE}}}"),
    );
    stat(&dir, &[]).run().status(2).stdout("").stderr_has("nothing < 3");
}

#[test]
fn stat_of_a_tier_for_ever() {
    let dir = Dir::new();
    let line = |hot: &str| {
        format!(
            "{{\"table\":\"log\",\"timestamp\":\"at\",\"hot\":\"{hot}\",\
             \"warm\":\"forever\",\"cold\":\"none\"}}"
        )
    };
    dir.sql(
        "app.db",
        "CREATE TABLE log(at); INSERT INTO log VALUES (NULL), ('0002-01-01');",
    );
    for (hot, counts) in
        [("forever", [2, 1, 0, 0, 1]), ("7d", [2, 0, 1, 1, 1])]
    {
        dir.write("policy.jsonl", line(hot));
        assert_eq!(pick(&record(&dir, &[]), &COUNTS), json!(counts));
    }
}

/// 20,000 rows take several nibbles; every kind of key goes on where it was.
#[test]
fn stat_counts_each_row_once_whatever_the_key() {
    let dir = Dir::new();
    let names = ["plain", "txt", "wr", "wr_mixed", "a \"b\".c"];
    policy(&dir, &names);
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 \
                FROM n WHERE i < 20000)";
    let at = "CASE WHEN i % 4 = 0 THEN NULL WHEN i % 4 = 1 THEN \
              '2026-01-14' ELSE '2026-01-01 00:00:00' END";
    dir.sql(
        "app.db",
        &format!(
            "PRAGMA encoding='UTF-16le';
             CREATE TABLE plain(id INTEGER PRIMARY KEY, at);
             CREATE TABLE txt(id TEXT PRIMARY KEY, at TEXT, rowid);
             CREATE TABLE wr(a TEXT, b INT, at, PRIMARY KEY(a, b))
                 WITHOUT ROWID;
             CREATE TABLE wr_mixed(a INT, b INT, at,
                 PRIMARY KEY(a DESC, b)) WITHOUT ROWID;
             CREATE TABLE \"a \"\"b\"\".c\"(at, pad);
             CREATE INDEX txt_at ON txt(at);
             {rows} INSERT INTO plain SELECT -i, {at} FROM n;
             {rows} INSERT INTO txt SELECT 'é' || i, {at}, 7 FROM n;
             {rows} INSERT INTO wr SELECT 'é' || (i % 100), i, {at} FROM n;
             {rows} INSERT INTO wr_mixed SELECT i % 100, i, {at} FROM n;
             {rows} INSERT INTO \"a \"\"b\"\".c\" SELECT {at}, zeroblob(500)
                 FROM n;"
        ),
    );
    let got = records(&dir, &[]);
    assert_eq!(got.len(), names.len());
    for (record, name) in got.iter().zip(names) {
        let counts = json!([20000, 5000, 10000, 10000, 5000]);
        assert_eq!(pick(record, &COUNTS), counts, "{name}");
        assert_eq!(record["live_bytes"], live_bytes(&dir, name), "{name}");
    }
}

#[test]
fn stat_of_views_and_virtual_tables_has_rows_but_no_bytes() {
    let dir = Dir::new();
    policy(&dir, &["both", "words"]);
    dir.sql(
        "app.db",
        "CREATE TABLE a(at, x); CREATE TABLE b(y);
         INSERT INTO a VALUES ('2026-01-01', 1), ('2026-01-14', 2), (0, 3);
         INSERT INTO b VALUES (1), (2);
         CREATE VIEW both AS SELECT * FROM a, b;
         CREATE VIRTUAL TABLE words USING fts5(at, text);
         INSERT INTO words VALUES ('2026-01-01', 'x');",
    );
    let got = records(&dir, &[]);
    assert_eq!(pick(&got[0], &COUNTS), json!([6, 2, 2, 2, 2]));
    assert_eq!(got[0]["live_bytes"], 0);
    assert_eq!(pick(&got[1], &COUNTS), json!([1, 0, 1, 1, 0]));
    assert_eq!(got[1]["live_bytes"], 0);
}

#[test]
fn stat_of_a_table_without_policy_tells_what_it_can() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "CREATE TABLE other(at, made);
         INSERT INTO other VALUES
             ('2026-01-01', 5), ('2026-01-02', 6), ('', 7);",
    );
    let mut fields = COUNTS.to_vec();
    fields.extend(["oldest", "newest"]);
    let got = record(&dir, &["other"]);
    let nothing = json!([3, null, null, null, null, null, null]);
    assert_eq!(pick(&got, &fields), nothing);
    assert_eq!(got["live_bytes"], live_bytes(&dir, "other"));
    let got = record(&dir, &["--timestamp-column", "AT", "--", "other"]);
    let (from, to) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let want = json!([3, null, null, null, 1, from, to]);
    assert_eq!(pick(&got, &fields), want);
}

#[test]
fn stat_free_pages_are_reclaimable() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
         SELECT i + 1 FROM n WHERE i < 100) INSERT INTO t
         SELECT zeroblob(10000) FROM n; DELETE FROM t;",
    );
    let free = "SELECT freelist_count * page_size \
                FROM pragma_freelist_count, pragma_page_size";
    let free: u64 = dir.rows("app.db", free)[0].parse().unwrap();
    assert!(free > 1_000_000);
    assert_eq!(record(&dir, &["t"])["reclaimable_bytes"], free);
}

#[test]
fn stat_over_prints_only_what_is_strictly_over() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(b);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
         WHERE i < 3000) INSERT INTO t SELECT i, hex(zeroblob(20)) FROM n;
         INSERT INTO t VALUES (zeroblob(50000), 1);
         DELETE FROM t WHERE a % 7 = 0;
         CREATE VIEW v AS SELECT * FROM t;",
    );
    let bytes = live_bytes(&dir, "t");
    assert!(bytes > 100_000);
    let over = |size: u64| format!("--over={size}");
    for size in [bytes, bytes + 1, 1 << 40] {
        let out = stat(&dir, &[&over(size), "t"]).run();
        out.status(0).stdout("").stderr("");
    }
    let free = record(&dir, &["t"])["reclaimable_bytes"].clone();
    let out = stat(&dir, &[&over(bytes - 1), "T"]).run();
    out.status(0).stdout(&format!(
        "{{\"type\":\"table_size\",\"table\":\"t\",\"live_bytes\":{bytes},\
         \"reclaimable_bytes\":{free},\"threshold_bytes\":{}}}\n",
        bytes - 1
    ));
    stat(&dir, &["--over", "1KiB", "t"]).run().stdout_has(":1024}");
    stat(&dir, &["--over", "0", "v"]).run().status(0).stdout("");
    // In any case on demand; and not read where that would take long.
    for (size, over) in [(bytes, false), (bytes - 1, true)] {
        let out = stat(&dir, &[&over_flag(size), "--always", "t"]).run();
        out.status(0).stdout(&format!(
            "{{\"type\":\"table_size\",\"table\":\"t\",\
             \"live_bytes\":{bytes},\"reclaimable_bytes\":{free},\
             \"threshold_bytes\":{size},\"over\":{over}}}\n"
        ));
    }
    stat(&dir, &["--always", "t"]).run().status(2).stderr_has("--over");
}

fn over_flag(size: u64) -> String {
    format!("--over={size}")
}

/// Counted by the reads of the database file.
#[test]
fn stat_over_does_not_read_a_table_that_cannot_be_over() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "PRAGMA page_size=4096; CREATE TABLE t(a);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
         WHERE i < 100) INSERT INTO t SELECT zeroblob(3000) FROM n;",
    );
    if system("strace").is_none() {
        return;
    }
    let whole = std::fs::metadata(dir.join("app.db")).unwrap().len();
    let reads = |size: u64| {
        let program = bins().join("rt-stat");
        dir.cmd("strace")
            .args(["-o", "trace", "-e", "trace=pread64"])
            .arg(program)
            .args(["--db", "app.db", "--over", &size.to_string(), "t"])
            .run()
            .status(0)
            .stdout("");
        dir.read("trace").lines().filter(|l| l.contains("4096, ")).count()
    };
    assert!(reads(whole) < 10, "{}", dir.read("trace"));
    assert!(reads(whole - 1) > 100, "{}", dir.read("trace"));
}

#[test]
fn stat_refuses_what_makes_no_sense_before_it_prints() {
    let dir = Dir::new();
    policy(&dir, &["log", "odd"]);
    dir.sql("app.db", "CREATE TABLE log(at); CREATE TABLE odd(\"when\");");
    for (args, why) in [
        (&["log", "none"][..], "has no table 'none'"),
        (&["--over", "1", "none"], "has no table 'none'"),
        (&["--over", "1"], "TABLE is missing"),
        (&["--over", "1", "log", "odd"], "unexpected operand 'odd'"),
        (&["--over", "x", "log"], "100MiB"),
        (&["--over", "1", "--unit", "s", "log"], "--over"),
        (&["--timestamp-column", "at"], "named"),
        (&["--timestamp-column", "no", "log"], "its columns are at"),
        (&["--unit", "h", "log"], "'h' is not a unit"),
        // The policy's own mistake, in its second table.
        (&[], "table 'odd' has no column 'at'"),
    ] {
        let out = stat(&dir, args).run();
        out.status(2).stdout("").stderr_has(why);
    }
    let none = dir.cmd("rt-stat").args(["--db", "no.db"]).run();
    none.status(1).stdout("").stderr_has("'no.db'").stderr_has("RT_DB");
}

#[test]
fn stat_waits_for_a_locked_database_only_so_long() {
    let dir = Dir::new();
    dir.sql("app.db", "CREATE TABLE t(a)");
    let writer = Connection::open(dir.join("app.db")).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = std::time::Instant::now();
    let out = stat(&dir, &["--busy-timeout", "200ms", "t"]).run();
    out.status(75).stdout("").stderr_has("--busy-timeout");
    let took = started.elapsed().as_millis();
    assert!((200..3000).contains(&took), "{took} ms");
}

#[test]
fn stat_leaves_the_database_as_it_is() {
    let dir = Dir::new();
    dir.sql("app.db", "CREATE TABLE t(a); INSERT INTO t VALUES (1);");
    let (before, tree) =
        (std::fs::read(dir.join("app.db")).unwrap(), dir.tree());
    record(&dir, &["t"]);
    assert_eq!(std::fs::read(dir.join("app.db")).unwrap(), before);
    assert_eq!(dir.tree(), tree);
}

#[test]
fn stat_shows_what_undated_rows_look_like() {
    let dir = Dir::new();
    policy(&dir, &["log"]);
    dir.sql(
        "app.db",
        "CREATE TABLE log(at);
         INSERT INTO log VALUES ('2026-01-14'), ('20/11/2026'),
           ('04/12/2026'), ('Zoë 7'), (''), (NULL), (NULL), (NULL), (0),
           (46037.25), (46038.5), (x'00ff'), (CAST('20260114' AS BLOB)),
           ('0001-01-01 00:00'), (char(10) || printf('%.*c', 90, 'x'))",
    );
    let shape = |class: &str, shape: &str, rows: u64, example: &str| {
        json!({"type": "undated", "table": "log", "class": class,
            "shape": shape, "rows": rows, "example": example})
    };
    let mut long = "a".repeat(59) + "\u{2026}";
    long.insert(0, '\n');
    let mut want = vec![
        shape("null", "", 3, ""),
        shape("real", "99999.9", 2, "46037.25"),
        shape("text", "99/99/9999", 2, "04/12/2026"),
        shape("blob", "2 bytes", 1, "x'00ff'"),
        shape("blob", "99999999", 1, "20260114"),
        shape("integer", "9", 1, "0"),
        shape("text", "", 1, ""),
        shape("text", &long, 1, &long.replace('a', "x")),
        shape("text", "9999-99-99 99:99", 1, "0001-01-01 00:00"),
        shape("text", "aaa 9", 1, "Zoë 7"),
    ];
    assert_eq!(records(&dir, &["--undated", "LOG"]), want);
    want.truncate(0);
    dir.sql(
        "app.db",
        "DELETE FROM log WHERE at <> '2026-01-14' OR at IS NULL",
    );
    assert_eq!(records(&dir, &["--undated", "log"]), want);
    let wrong = |args: &[&str], says: &str| {
        stat(&dir, args).run().status(2).stdout("").stderr_has(says);
    };
    wrong(&["--undated"], "TABLE is missing");
    wrong(&["--undated", "log", "log"], "unexpected operand 'log'");
    wrong(&["--undated", "nosuch"], "has no table 'nosuch'");
    wrong(&["--undated", "--check"], "are asked one at a time");
    dir.sql("app.db", "CREATE TABLE other(at)");
    wrong(&["--undated", "other"], "nothing says which column");
}
