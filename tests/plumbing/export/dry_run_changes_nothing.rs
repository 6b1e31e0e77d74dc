//! A dry run says what the real one then does; neither changes the database,
//! its write-ahead log, or what stands beside them.

use std::fs;

use super::{export, open};
use crate::support::Dir;
use crate::support::rows::bytes;

/// Old rows and new ones, references and rows without a time.
const ROWS: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT, v);
     CREATE INDEX i ON t(at);
     CREATE TABLE c(p REFERENCES t(id));
     WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL
       SELECT i + 1 FROM n WHERE i < 5000)
     INSERT INTO t SELECT i, CASE i % 3 WHEN 0 THEN '2025-01-01'
       WHEN 1 THEN '2026-01-14' ELSE 'n/a' END, zeroblob(50) FROM n;
     INSERT INTO c VALUES (3), (4), (6)";

const DUE: [&str; 5] =
    ["--due", "--older-than", "7d", "--timestamp-column", "at"];

/// A folder of its own with a database in this mode, closed again.
fn closed(mode: &str) -> Dir {
    let dir = Dir::new();
    dir.sql("x.db", &format!("PRAGMA journal_mode = {mode}; {ROWS}"));
    dir
}

/// What must not change: the listing, the database, its log.
fn state(dir: &Dir) -> (String, Option<Vec<u8>>, Option<Vec<u8>>) {
    let wal = bytes(&dir.join("x.db-wal"));
    (dir.tree(), bytes(&dir.join("x.db")), wal)
}

fn is_left_alone(dir: &Dir) {
    let before = state(dir);
    for args in [
        &["-n", "--due", "--older-than", "7d"][..],
        &["-n"],
        &["--due", "--older-than", "7d"],
        &["--where", "id < 10"],
        &["--limit", "1"],
    ] {
        let out =
            export(dir, args).args(["--timestamp-column", "at", "t"]).run();
        out.status(0);
        let after = state(dir);
        assert_eq!(before.0, after.0, "{args:?}");
        assert!(before == after, "{args:?} changed the database or its log");
    }
    export(dir, &["nowhere"]).run().status(2);
    assert!(before == state(dir), "a failure changed something");
}

#[test]
fn a_dry_run_counts_what_the_real_one_moves() {
    let dir = closed("wal");
    for flags in [&DUE[..], &["--where", "id < 77"], &["--limit", "13"]] {
        let dry = ["-n", "--result", "result", "t"];
        let dry = export(&dir, &[flags, &dry].concat()).run();
        dry.status(0);
        assert!(!dir.join("result").exists(), "it stands on stdout instead");
        let real = ["--result", "result", "t"];
        let real = export(&dir, &[flags, &real].concat()).run();
        let record = dir.read("result");
        let count = real.stdout.lines().count();
        assert!(count > 0);
        let status = "\"status\":\"archived\"";
        let said = record.replace(status, "\"status\":\"dry_run\"");
        dry.stdout(&said).stdout_has(&format!("\"rows\":{count},"));
        fs::remove_file(dir.join("result")).unwrap();
    }
    let none = export(&dir, &["-n", "--where", "0", "t"]).run();
    none.stdout_has("\"status\":\"dry_run\",\"rows\":0,");
    let gone = export(&dir, &["-n", "nowhere"]).run();
    gone.status(2).stdout_has("\"status\":\"no_table\"");
}

#[test]
fn a_closed_database_and_its_folder_stay_as_they_are() {
    for mode in ["delete", "truncate", "persist", "wal"] {
        is_left_alone(&closed(mode));
    }
}

#[test]
fn a_database_in_use_and_its_log_stay_as_they_are() {
    for mode in ["delete", "wal"] {
        let dir = closed(mode);
        let live = open(&dir);
        live.execute_batch("UPDATE t SET v = 1 WHERE id = 1").unwrap();
        let wal = dir.join("x.db-wal").exists();
        assert_eq!(wal, mode == "wal");
        is_left_alone(&dir);
    }
}

#[test]
fn a_log_that_a_dead_program_left_stays_as_it_is() {
    let from = closed("wal");
    let live = open(&from);
    live.execute_batch("UPDATE t SET at = 'n/a' WHERE id = 9").unwrap();
    let dir = Dir::new();
    for file in ["x.db", "x.db-wal"] {
        fs::copy(from.join(file), dir.join(file)).unwrap();
    }
    let before = state(&dir);
    let out = export(&dir, &["--where", "id = 9", "t"]).run();
    out.status(0).stdout_has("\"at\":\"n/a\"");
    export(&dir, &["-n", "t"]).run().status(0);
    let after = state(&dir);
    assert!(before.1 == after.1 && before.2 == after.2);
    // SQLite makes the log's index to read it, and leaves it there.
    let listing: String = after
        .0
        .lines()
        .filter(|line| !line.starts_with("x.db-shm "))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(listing, before.0);
}

#[test]
fn a_log_that_comes_while_it_reads_is_left_to_its_owner() {
    let dir = closed("wal");
    let live = std::cell::OnceCell::new();
    let mut child =
        std::process::Command::new(env!("CARGO_BIN_EXE_rt-export"))
            .args(["--db", "x.db", "t"])
            .current_dir(dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0];
    std::io::Read::read_exact(&mut stdout, &mut first).unwrap();
    let db = live.get_or_init(|| open(&dir));
    db.execute_batch("UPDATE t SET v = 2 WHERE id = 1").unwrap();
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(dir.join("x.db-wal").exists() && dir.join("x.db-shm").exists());
    db.execute_batch("UPDATE t SET v = 3 WHERE id = 1").unwrap();
    assert_eq!(dir.rows("x.db", "SELECT v FROM t WHERE id = 1"), ["3"]);
}
