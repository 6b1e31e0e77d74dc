//! What a deleting commit costs those who wait for the lock, and when it is
//! durable: the system calls of rt-purge are looked at. Skipped where strace
//! cannot trace.

use super::World;
use super::order::{traceable, traced, traced_to_its_end};

/// How many batches the rows of a world go in.
const BATCHES: usize = 6;

/// One row a batch, beside a database with this journal.
fn world(journal: &str) -> (World, String) {
    let world = World::filled(&["uuids"], BATCHES as u64 / 2);
    world.sql(&format!("PRAGMA journal_mode = {journal}"));
    let receipts = world.stored("uuids");
    (world, receipts)
}

/// The calls of rt-purge that matter: `lock` and `unlock` of a write-ahead
/// log, `frames` of it, `flush` of any journal, `unlink` of a rollback
/// journal, and the ledger's event that says that the rows are gone.
fn calls(world: &World, args: &[&str], receipts: &str) -> Vec<&'static str> {
    let (text, _) =
        traced(world, CALLS, "rt-purge", args, receipts.as_bytes());
    text.lines().filter_map(call).collect()
}

const CALLS: &str = "trace=fcntl,pwrite64,fsync,fdatasync,write,unlink,\
                     unlinkat";

fn call(line: &str) -> Option<&'static str> {
    let has = |part: &str| line.contains(part);
    // The byte of the lock that lets one write: 120
    // (https://www.sqlite.org/walformat.html#wal_locks).
    let writer = has("/db-shm>") && has("l_start=120, l_len=1}");
    let log = has("/db-wal>");
    match line.split_once(' ')?.1.trim_start().split('(').next()? {
        "fcntl" if writer && has("F_WRLCK") => Some("lock"),
        "fcntl" if writer && has("F_UNLCK") => Some("unlock"),
        "pwrite64" if log => Some("frames"),
        "fsync" | "fdatasync" if log || has("/db-journal>") => Some("flush"),
        "unlink" | "unlinkat" if has("/db-journal\"") => Some("unlink"),
        "write" if has("/ledger.jsonl>") && has(r#"type\":\"purge\""#) => {
            Some("purge")
        }
        _ => None,
    }
}

/// SQLite itself flushes the database's file, with a rollback journal.
#[test]
fn version_names_the_call_by_which_sqlite_flushes() {
    if !traceable() {
        return;
    }
    let (world, receipts) = world("DELETE");
    let version = world.cmd("rt-purge").arg("-V").run().stdout;
    let wanted = "trace=fsync,fdatasync";
    let (text, _) =
        traced(&world, wanted, "rt-purge", &[], receipts.as_bytes());
    let calls: Vec<&str> = text
        .lines()
        .filter(|l| l.contains("/db>"))
        .filter_map(|l| l.split_once(' ')?.1.trim_start().split('(').next())
        .collect();
    assert!(!calls.is_empty(), "{text}");
    let named = |call: &&str| version.ends_with(&format!(", {call})\n"));
    assert!(calls.iter().all(named), "{version}{text}");
}

#[test]
fn log_is_flushed_behind_each_commit_and_not_inside_the_lock() {
    if !traceable() {
        return;
    }
    let (world, receipts) = world("WAL");
    let calls = calls(&world, &["--batch-size=1"], &receipts);
    let (mut locked, mut waits) = (false, false);
    let (mut commits, mut inside) = (0, 0);
    for call in &calls {
        match *call {
            "lock" => {
                assert!(
                    !waits,
                    "a batch before the last is durable {calls:?}"
                );
                locked = true;
            }
            "unlock" => locked = false,
            "frames" if locked => waits = true,
            "flush" if locked => inside += 1,
            "flush" => {
                commits += usize::from(waits);
                waits = false;
            }
            "purge" => assert!(!waits, "gone, but not durably {calls:?}"),
            _ => {}
        }
    }
    assert_eq!(commits, BATCHES, "{calls:?}");
    assert!(calls.contains(&"purge"), "{calls:?}");
    // The header of a log that begins is SQLite's to flush.
    assert_eq!(inside, 1, "{calls:?}");
}

#[test]
fn rollback_journal_is_unlinked_once_a_run() {
    if !traceable() {
        return;
    }
    let (world, receipts) = world("DELETE");
    let calls = calls(&world, &["--batch-size=1"], &receipts);
    let ends = |call: &&&str| ["purge", "unlink"].contains(call);
    let ends: Vec<_> = calls.iter().filter(ends).collect();
    assert_eq!(ends, [&"purge", &"unlink"], "{calls:?}");
    assert_eq!(world.due(), 0);
    assert!(!world.dir.join("db-journal").exists());
}

#[test]
fn rollback_journal_of_a_killed_run_is_in_nobody_s_way() {
    let (world, receipts) = world("DELETE");
    let rows = world.archived();
    let purge = world.purge(&receipts).arg("--batch-size=1");
    purge.env("RT_FAIL", "purge.committed:2=kill").run().status(137);
    assert!(world.dir.join("db-journal").exists());
    assert_eq!(world.due(), BATCHES as i64 - 2);
    // Who may only read is not asked to undo anything.
    world.cmd("rt-export").args(["-n", "--due", "uuids"]).run().status(0);
    world.job().run().status(0);
    world.sound();
    assert_eq!((world.due(), world.archived()), (0, rows));
    assert!(!world.dir.join("db-journal").exists());
}

#[test]
fn database_that_turned_to_a_log_meanwhile_keeps_it() {
    let (world, receipts) = world("DELETE");
    let purge = world.purge(&receipts).arg("--batch-size=1");
    let turn = |world: &World| world.sql("PRAGMA journal_mode = WAL");
    let then = super::Then::GoesOn;
    world.meanwhile(purge, "purge.committed", then, turn).status(0);
    assert_eq!(world.due(), 0);
    assert_eq!(world.dir.rows("db", "PRAGMA journal_mode"), ["wal"]);
}

#[test]
fn what_a_killed_run_deleted_is_durable_before_the_ledger_says_so() {
    if !traceable() {
        return;
    }
    for journal in ["WAL", "DELETE"] {
        let (world, receipts) = world(journal);
        let purge = world.purge(&receipts);
        purge.env("RT_FAIL", "purge.committed=kill").run().status(137);
        let (text, out) =
            traced_to_its_end(&world, CALLS, "rt-purge", &["--pending"], b"");
        out.status(3).stdout_has("\"superseded\":6");
        let calls: Vec<&str> = text.lines().filter_map(call).collect();
        let said = calls.iter().position(|call| *call == "purge").unwrap();
        assert!(!calls[..said].contains(&"frames"), "{calls:?}");
        assert!(calls[..said].contains(&"flush"), "{journal}: {calls:?}");
        world.sound();
    }
}

#[test]
fn log_of_a_database_behind_a_link_is_found() {
    let (world, receipts) = world("WAL");
    std::os::unix::fs::symlink("db", world.dir.join("link")).unwrap();
    world.purge(&receipts).env("RT_DB", "link").run().status(0);
    assert_eq!(world.due(), 0);
}
