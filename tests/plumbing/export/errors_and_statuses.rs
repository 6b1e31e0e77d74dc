//! What can go wrong: a message that names the thing and the next step, the
//! right status, and no record that is not whole.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::{export, open, with_result};
use crate::support::rows;
use crate::support::{Dir, ordinary};

/// A table of 3,000 rows of some 1,000 bytes.
fn large() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v);
         WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL
           SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO t SELECT i, hex(zeroblob(500)) FROM n",
    );
    dir
}

#[test]
fn a_database_that_is_missing_or_none_is_named() {
    let dir = Dir::new();
    dir.write("text", "not a database, though long enough for a header\n");
    fs::create_dir(dir.join("folder")).unwrap();
    for (file, reason) in [
        ("x.db", "no such file"),
        ("text", "not a database, or an encrypted one"),
        ("folder", "not a regular file"),
    ] {
        let result = ["--db", file, "--result", "result", "t"];
        let out = dir.cmd("rt-export").args(result).run();
        out.status(1).stdout("").stderr_has(reason);
        out.stderr_has(&format!("rt-export: cannot open '{file}'"));
        let record = dir.read("result");
        assert!(record.contains("\"status\":\"failed\""), "{record}");
        assert!(record.contains("\"exit_status\":1"), "{record}");
    }
    let out = dir.cmd("rt-export").args(["t"]).run();
    out.status(1).stderr_has("'database/ideas.db'").stderr_has("--db FILE");
    assert!(!dir.join("x.db").exists(), "nothing was made");
}

#[test]
fn a_journal_that_is_no_file_is_not_waited_for() {
    let dir = large();
    fs::rename(dir.join("x.db"), dir.join("real.db")).unwrap();
    // SQLite looks for the journal beside the file, and not beside the link.
    std::os::unix::fs::symlink("real.db", dir.join("x.db")).unwrap();
    for suffix in ["-journal", "-wal", "-shm"] {
        for make in ["mkfifo", "mkdir", "ln -s elsewhere"] {
            let name = format!("real.db{suffix}");
            let script = format!("{make} {name}");
            dir.cmd("sh").args(["-c", &script]).run().status(0);
            for (program, args) in [
                ("rt-export", &["--db", "x.db", "t"][..]),
                ("rt-stat", &["--db", "x.db", "t"]),
                ("rt-purge", &["--db", "x.db", "--pending"]),
            ] {
                let out = dir.cmd(program).args(args).patience(20).run();
                out.status(1).stderr_has(&name);
                out.stderr_has("is no regular file");
            }
            let script = format!("rm -r {name}");
            dir.cmd("sh").args(["-c", &script]).run().status(0);
        }
    }
    dir.cmd("rt-export").args(["--db", "x.db", "t"]).run().status(0);
}

#[test]
fn a_table_that_is_missing_is_named() {
    let dir = large();
    dir.write("empty", "");
    let (out, record) = with_result(&dir, &["nowhere"]);
    out.status(2).stdout("");
    out.stderr_has("rt-export: ").stderr_has("has no table 'nowhere'");
    assert_eq!(record["status"], "no_table");
    assert_eq!(record["table"], "nowhere");
    let out = dir.cmd("rt-export").args(["--db", "empty", "t"]).run();
    out.status(2).stderr_has("has no table 't'");
    for name in ["sqlite_schema2", "", "t ", "main.t"] {
        export(&dir, &["--", name]).run().status(2).stdout("");
    }
}

#[test]
fn a_locked_database_is_given_up_in_time() {
    let dir = large();
    let lock = open(&dir);
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let start = Instant::now();
    let (out, record) = with_result(&dir, &["--busy-timeout", "200ms", "t"]);
    let took = start.elapsed();
    out.status(75).stdout("").stderr_has("locked");
    out.stderr_has("--busy-timeout");
    assert_eq!(record["exit_status"], 75);
    assert!(took > Duration::from_millis(190), "{took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    lock.execute_batch("ROLLBACK").unwrap();
    export(&dir, &["t"]).run().status(0);
}

#[test]
fn a_lock_that_goes_in_time_is_waited_for() {
    let dir = large();
    let lock = open(&dir);
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let wait = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        lock.execute_batch("ROLLBACK").unwrap();
    });
    let out = export(&dir, &["--busy-timeout", "20s", "t"]).run();
    out.status(0).stderr("");
    wait.join().unwrap();
}

#[test]
fn damage_in_the_middle_ends_it_behind_whole_records() {
    let dir = large();
    let mut file =
        fs::OpenOptions::new().write(true).open(dir.join("x.db")).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length / 2 / 4096 * 4096)).unwrap();
    file.write_all(&[0xa5; 16 * 4096]).unwrap();
    let (out, record) = with_result(&dir, &["--batch-size", "100", "t"]);
    out.status(1).stderr_has("malformed").stderr_has("integrity_check");
    out.stderr_has("'x.db'");
    assert_eq!(record["status"], "failed");
    let ids = rows::integers(&rows::parse(&out.bytes), "id");
    assert!(ids.len() >= 100 && ids.len() < 2000, "{}", ids.len());
    assert!(ids.iter().copied().eq(1..=ids.len() as i64));
}

#[test]
fn a_reader_that_goes_away_is_no_news() {
    let dir = large();
    let script = "{ rt-export --db x.db --result result t; echo $? >status; \
                  } | head -1";
    let out = dir.cmd("sh").args(["-c", script]).run();
    out.status(0).stderr("");
    out.expect("one record", rows::parse(&out.bytes).len() == 1);
    assert_eq!(dir.read("status"), "141\n");
    assert!(!dir.join("result").exists(), "nobody was told all");
}

#[test]
fn an_output_that_is_full_fails() {
    let dir = large();
    for format in ["jsonl", "json"] {
        let script = format!(
            "rt-export --db x.db --result result --format {format} t \
             >/dev/full"
        );
        let out = dir.cmd("sh").args(["-c", &script]).run();
        out.status(1).stderr_has("rt-export: cannot write rows: no space");
        assert!(dir.read("result").contains("\"status\":\"failed\""));
    }
    let dry = "rt-export --db x.db -n t >/dev/full";
    dir.cmd("sh").args(["-c", dry]).run().status(1);
}

#[test]
fn a_result_that_cannot_be_written_fails() {
    let dir = large();
    let out = export(&dir, &["--result", "no/folder/result", "t"]).run();
    out.status(1).stderr_has("no/folder");
}

#[test]
fn a_signal_ends_it_behind_whole_records() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let dir = large();
        let script = format!(
            "{{ rt-export --db x.db --batch-size 10 --result result t & \
             pid=$!; sleep 0.3; kill -{signal} $pid; wait $pid; \
             echo $? >status; }} | {{ sleep 1; cat; }}"
        );
        // A background job of sh ignores SIGINT unless it says otherwise.
        let out = dir.cmd("bash").args(["-mc", &script]).run();
        let ids = rows::integers(&rows::parse(&out.bytes), "id");
        assert!(ids.len() < 3000, "{signal}: all came");
        assert!(ids.iter().copied().eq(1..=ids.len() as i64));
        assert_eq!(dir.read("status"), format!("{status}\n"));
        assert!(dir.read("result").contains("\"status\":\"failed\""));
    }
}

#[test]
fn what_a_dead_program_had_begun_is_undone_first_but_not_in_a_dry_run() {
    let dir = large();
    let writer = open(&dir);
    writer
        .execute_batch(
            "PRAGMA cache_size = 5; BEGIN; UPDATE t SET v = 'half done'",
        )
        .unwrap();
    // As the machine would find them after a crash at this moment.
    for end in ["", "-journal"] {
        let from = dir.join(format!("x.db{end}"));
        fs::copy(from, dir.join(format!("y.db{end}"))).unwrap();
    }
    drop(writer);
    let before = fs::read(dir.join("y.db")).unwrap();
    let args = ["--db", "y.db", "--limit", "3000", "t"];
    let out = dir.cmd("rt-export").args(args).arg("-n").run();
    out.status(1).stderr_has("hint: a program died while it wrote");
    assert!(before == fs::read(dir.join("y.db")).unwrap());
    let out = dir.cmd("rt-export").args(args).run();
    out.status(0).stderr("");
    out.expect("the old values", !out.stdout.contains("half done"));
    out.expect("all rows", out.stdout.lines().count() == 3000);
}

#[test]
fn a_signal_ends_a_condition_that_would_never_end() {
    let dir = large();
    let endless = "EXISTS(WITH RECURSIVE c(n) AS \
                   (SELECT 1 UNION ALL SELECT n + 1 FROM c) \
                   SELECT 1 FROM c WHERE n < 0)";
    let script = format!(
        "timeout -k 60 1 rt-export --db x.db --result result \
         --where '{endless}' t"
    );
    let out = dir.cmd("sh").args(["-c", &script]).run();
    out.status(124).stdout("").stderr("rt-export: stopped by SIGTERM\n");
    let record = dir.read("result");
    assert!(record.contains("\"exit_status\":143"), "{record}");
}

#[test]
fn a_name_in_double_quotes_that_is_no_column_is_refused() {
    let dir = large();
    dir.sql(
        "x.db",
        "CREATE VIEW w AS SELECT id, v FROM t WHERE v <> \"a string\"",
    );
    for (table, condition, rows) in [
        ("t", "\"id\" = 7", 1),
        ("t", "\"di\" = 7", 0),
        ("t", "v <> \"none\"", 0),
        // What the database itself writes so stays what it is.
        ("w", "\"id\" = 7", 1),
    ] {
        let out = export(&dir, &["--where", condition, table]).run();
        out.status(if rows == 0 { 2 } else { 0 });
        assert_eq!(out.stdout.lines().count(), rows, "{condition}");
        if rows == 0 {
            out.stderr_has("no such column").stderr_has("single-quotes");
        }
    }
    let policy = r#"{"table":"t","timestamp":"v","where":"\"di\" = 7",
        "hot":"7d","warm":"30d","cold":"1y"}"#;
    dir.write("policy", policy.replace('\n', " "));
    for (program, args) in [
        ("rt-stat", &[][..]),
        ("rt-export", &["--due", "t"]),
        ("rt-policy", &["--check"]),
        ("rt-archive", &["all"]),
    ] {
        let places = ["--db", "x.db", "--policy", "policy"];
        let out = dir.cmd(program).args(places).args(args).run();
        out.status(2);
        let said = out.stdout.clone() + &out.stderr;
        out.expect("the name", said.contains("no such column"));
    }
}

#[test]
fn a_log_in_a_folder_that_cannot_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let dir = large();
    dir.folder("theirs");
    fs::rename(dir.join("x.db"), dir.join("theirs/x.db")).unwrap();
    dir.sql("theirs/x.db", "PRAGMA journal_mode = wal");
    let mode = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(dir.join("theirs"), mode).unwrap();
    };
    mode(0o555);
    let out = ordinary(&dir, "rt-export --db theirs/x.db t").run();
    mode(0o755);
    out.status(1).stdout("");
    out.stderr_has("rt-export: cannot open 'theirs/x.db': ");
    out.stderr_has("hint: it keeps a write-ahead log");
}
