//! A report says why: what the program that failed said, not that it failed.

use super::{eight, family, tables};
use crate::support::world::World;

/// Old rows in a table with an index on their time, and in one without.
fn indexed() -> World {
    World::with(
        r#","where":"actoin=1""#,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, action INT);
        CREATE TABLE u (id INTEGER PRIMARY KEY, at TEXT, action INT);
        CREATE INDEX t_at ON t(at);
        INSERT INTO t VALUES (1, '2025-06-01', 1);
        INSERT INTO u SELECT * FROM t",
    )
}

#[test]
fn condition_that_does_not_work_is_2_wherever_it_is_met() {
    let world = indexed();
    for table in ["t", "u"] {
        for (program, args) in [
            ("rt-stat", &["--", table][..]),
            ("rt-export", &["--due", "--", table]),
            ("rt-export", &["--due", "-n", "--", table]),
            ("rt-export", &["--where", "actoin = 2", "--", table]),
            ("rt-archive", &[table]),
            ("rt-archive", &["-n", table]),
            ("rt-archive", &["all"]),
            ("rt-daily", &[]),
        ] {
            let out = world.cmd(program).args(args).run();
            out.status(2).stderr_has("no such column: actoin");
        }
        assert_eq!(world.row(&format!("SELECT id FROM {table}")), "1");
    }
    assert!(!world.dir.join("archives/warm").exists());
}

#[test]
fn message_is_what_the_failing_program_said() {
    let world = eight();
    world.dir.write("text", "whatever is in it, this is not a database");
    let app = world.connect();
    app.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for (db, status, why) in [
        ("text", 1, "not a database, or an encrypted one"),
        ("db", 75, "database is locked"),
    ] {
        let args = ["--db", db, "--busy-timeout", "50ms", "--json"];
        let table = "transcript_entries";
        let out = world.cmd("rt-archive").args(args).arg(table).run();
        out.status(status).stderr_has(why).stderr_has("hint: ");
        let message = tables(&out)[table]["message"].to_string();
        assert!(message.contains(why), "{message}");
        assert!(!world.dir.join("archives").exists());
        assert_eq!(out.stderr.matches(why).count(), 1);
        // The file of a report that was asked for is not an old one.
        world.dir.write("report", "old");
        let args = ["--db", db, "--busy-timeout=50ms", "--output=report"];
        let out = world.cmd("rt-daily").args(args).run();
        out.status(status).stdout("");
        assert!(world.dir.read("report").contains(why));
        // Where there is a tree, its ledger tells of the job.
        let world = eight();
        world.run("transcript_entries");
        world.dir.write("text", "whatever is in it, this is no database");
        let app = world.connect();
        app.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let out = world.cmd("rt-daily").args(&args[..3]).run();
        out.status(status);
        let message = tables(&out)[table]["message"].to_string();
        assert!(message.contains(why), "{message}");
        let ledger = world.dir.read("archives/ledger.jsonl");
        let job = format!("\"mode\":\"daily\",\"exit_status\":{status}");
        assert!(ledger.contains(&job), "{ledger}");
    }
}

#[test]
fn rows_that_stay_name_the_table_that_points_at_them() {
    for args in [&["-n"][..], &[]] {
        let out = family().cmd("rt-weekly").args(args).run();
        out.status(0);
        let parent = &tables(&out)["assertion_chains"];
        assert_eq!(parent["referenced"], 1);
        let want = "1 stay: 'assertion_results' points at them";
        assert_eq!(parent["message"], want, "{args:?}");
    }
    let world = World::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT,
            up INT REFERENCES t);
        CREATE TABLE a (t INT REFERENCES t);
        CREATE TABLE b (t INT REFERENCES t);
        INSERT INTO t VALUES (1, '2025-01-01', NULL), (2, '2025-01-01', NULL),
            (3, '2025-01-01', 1), (4, '2025-01-01', NULL),
            (5, '2025-01-01', NULL), (6, '2025-01-01', NULL);
        INSERT INTO a VALUES (3), (4);
        INSERT INTO b VALUES (4), (5)",
    );
    let out = world.cmd("rt-archive").args(["--json", "t"]).run();
    out.status(0);
    let want = "4 stay: 'a' (2), 'b' (1), 't' (1) point at them";
    assert_eq!(tables(&out)["t"]["message"], want);
    assert_eq!(world.row("SELECT id FROM t"), "1 3 4 5");
}

#[test]
fn reclaim_that_the_database_cannot_do_is_refused_before_anything_is_done() {
    for job in ["rt-daily", "rt-full"] {
        let out = eight().cmd(job).arg("--reclaim=all").run();
        out.status(2).stdout("").stderr_has("--reclaim takes none");
    }
    for (job, args) in [
        ("rt-daily", &[][..]),
        ("rt-daily", &["-n"]),
        ("rt-archive", &["all"]),
        ("rt-full", &[]),
    ] {
        let world = eight();
        let out = world.cmd(job).arg("--reclaim=incremental").args(args).run();
        out.status(2).stdout("").stderr_has("no incremental vacuum");
        let count = world.rows("SELECT count(*) FROM transcript_entries");
        assert_eq!(count, ["8"]);
        assert!(!world.dir.join("archives").exists(), "{job}");
    }
}

#[test]
fn what_triggers_change_is_counted_in_the_report() {
    let world = World::with(
        r#","triggers":"trust""#,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT);
        CREATE TABLE u (id INTEGER PRIMARY KEY, at TEXT, t INT);
        INSERT INTO t VALUES (1, '2025-12-01'), (2, '2025-12-02');
        INSERT INTO u VALUES (1, '2026-01-14', 1), (2, '2026-01-14', 1),
            (3, '2026-01-14', 9);
        CREATE TRIGGER takes AFTER DELETE ON t
            BEGIN DELETE FROM u WHERE t = old.id; END",
    );
    let out = world.cmd("rt-archive").args(["--json", "t"]).run();
    out.status(0);
    let result = &tables(&out)["t"];
    assert_eq!(result["records"], 2);
    assert_eq!(result["trigger_changes"], 2);
    assert_eq!(result["message"], "rows changed by triggers: 2");
    assert_eq!(world.row("SELECT id FROM u"), "3");
}

#[test]
fn view_is_refused_with_the_tables_behind_it() {
    let world = World::of(
        "CREATE TABLE rows (id INTEGER PRIMARY KEY, at TEXT, name INT);
        CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
        CREATE VIEW t AS SELECT id, at, (SELECT names.name FROM names
            WHERE names.id = rows.name) AS name FROM rows",
    );
    let out = world.cmd("rt-archive").arg("t").run();
    out.status(2).stderr_has("'t' is a view");
    out.stderr_has("'rows', 'names'");
}
