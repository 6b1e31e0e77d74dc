//! No id is in the archives twice: where SQLite would give the greatest id
//! again, a table of which the policy wants it keeps that row, and says so.

use super::with_result;
use crate::support::{Dir, rows};

/// Three old rows of a table, and a policy.
fn old(declared: &str) -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        &format!(
            "CREATE TABLE t(id {declared}, at TEXT);
             INSERT INTO t(id, at) VALUES (1, '2025-01-01'), (2, '2025-01-02'),
               (3, '2025-01-03');"
        ),
    );
    dir.write(
        "policy",
        r#"{"table":"t","timestamp":"at","hot":"7d","warm":"9w","cold":"forever","keep_greatest_id":true}"#,
    );
    dir
}

/// How many rows go by the policy, and the message.
fn due(dir: &Dir) -> (usize, String) {
    let args = ["--due", "--policy", "policy", "t"];
    let (out, record) = with_result(dir, &args);
    out.status(0);
    let rows = rows::parse(&out.bytes).len();
    (rows, record["message"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn ids_that_would_be_given_again_are_not_taken() {
    let dir = old("INTEGER PRIMARY KEY");
    let (rows, message) = due(&dir);
    assert_eq!(rows, 2);
    assert_eq!(
        message,
        "1 stays: it has the greatest id, which SQLite would give to another \
         row (the table is without AUTOINCREMENT)"
    );
    // With an index, by the other way to the rows.
    dir.sql("x.db", "CREATE INDEX i ON t(at)");
    assert_eq!(due(&dir), (rows, message));
    // Hot rows with greater ids keep the ids by themselves.
    dir.sql("x.db", "INSERT INTO t(id, at) VALUES (9, '2026-01-14')");
    assert_eq!(due(&dir).0, 3);
    assert_eq!(due(&dir).1, "");
}

#[test]
fn tables_that_count_on_and_those_not_asked_about_lose_every_row() {
    for declared in [
        "INTEGER PRIMARY KEY AUTOINCREMENT",
        "INT PRIMARY KEY",
        "TEXT PRIMARY KEY",
        "",
    ] {
        let found = due(&old(declared));
        assert_eq!(found, (3, String::new()), "{declared}");
    }
    let dir = old("INTEGER PRIMARY KEY");
    let policy = dir.read("policy");
    dir.write("policy", policy.replace(",\"keep_greatest_id\":true", ""));
    assert_eq!(due(&dir), (3, String::new()));
    let check = ["--check", "--db", "x.db", "--policy", "policy"];
    let out = dir.cmd("rt-policy").args(check).run();
    out.status(0).stdout_has("\"keep_greatest_id\":true leaves the last row");
    let suggest = ["--suggest", "--db", "x.db"];
    let out = dir.cmd("rt-policy").args(suggest).run();
    out.status(0).stdout_has("\"keep_greatest_id\":true");
}

#[test]
fn what_the_row_that_stays_points_at_stays_with_it() {
    let dir = old("INTEGER PRIMARY KEY, above REFERENCES t(id)");
    dir.sql("x.db", "UPDATE t SET above = 1 WHERE id = 3");
    let (rows, message) = due(&dir);
    assert_eq!(rows, 1);
    assert!(message.starts_with("1 stay: 't' points at them; 1 stays: "));
}

#[test]
fn no_row_of_a_job_gets_an_id_that_is_archived() {
    let dir = old("INTEGER PRIMARY KEY");
    let job = || {
        let settings = ["--db", "x.db", "--policy", "policy", "-q", "all"];
        dir.cmd("rt-archive").args(settings).run().status(0);
    };
    job();
    let stat = ["--db", "x.db", "--policy", "policy"];
    let out = dir.cmd("rt-stat").args(stat).run();
    out.status(0).stdout_has(r#""rows":1,"hot":1,"stale":0,"warm":0"#);
    dir.sql("x.db", "INSERT INTO t(at) VALUES ('2025-01-01')");
    job();
    let out = dir.cmd("rt-cat").args(["--db", "x.db", "t"]).run();
    let mut ids = rows::integers(&rows::parse(&out.bytes), "id");
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(dir.rows("x.db", "SELECT id FROM t"), ["4"]);
}
