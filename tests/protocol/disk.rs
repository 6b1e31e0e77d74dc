//! A disk that is full, or fails: a message, a status, nothing half
//! published, and no row lost.

use std::process::Command;

use super::{OLD, World, former};
use crate::support::{Cmd, Dir, Out};

/// Runs a program with no file longer than `blocks` of 512 bytes.
fn limited(world: &World, blocks: u64, script: &str, stdin: &[u8]) -> Out {
    let script = format!("ulimit -f {blocks}; exec {script}");
    world.cmd("dash").args(["-c", &script]).stdin(stdin).run()
}

/// A world whose ledger is longer than 8 KiB, and one more day that is due.
fn with_long_ledger() -> World {
    let world = World::new(&["uuids"]);
    for day in 10..30 {
        world.fill("uuids", &format!("2025-12-{day}"), 1);
    }
    world.job().run().status(0);
    let ledger = world.dir.join("archives/ledger.jsonl");
    assert!(ledger.metadata().unwrap().len() > 20_000);
    world.fill("uuids", OLD[0], 3);
    world
}

#[test]
fn publication_that_cannot_be_written_down_does_not_happen() {
    let world = with_long_ledger();
    let (rows, exported) = (world.all(), world.export("uuids"));
    let (tree, ledger) =
        (world.dir.tree(), world.dir.read("archives/ledger.jsonl"));
    let out = limited(&world, 16, "rt-store uuids", &exported);
    out.status(1).stderr_has("ledger.jsonl").stderr_has("too large");
    assert!(!out.stdout.contains("receipt"), "{}", out.stdout);
    assert_eq!(world.dir.read("archives/ledger.jsonl"), ledger);
    let empty = format!("archives/warm/{}/\n", OLD[0]);
    assert_eq!(world.dir.tree().replace(&empty, ""), tree);
    world.recovers(&rows);
}

#[test]
fn deletion_that_cannot_be_written_down_does_not_happen() {
    for table in ["uuids", "logs"] {
        let world = World::new(&[table]);
        for day in 10..30 {
            world.fill(table, &format!("2025-12-{day}"), 1);
        }
        world.job().run().status(0);
        world.fill(table, OLD[0], 3);
        let rows = world.all();
        let receipts = world.stored(table);
        let out = limited(&world, 16, "rt-purge", receipts.as_bytes());
        out.status(1).stderr_has("ledger.jsonl");
        assert_eq!(world.due(), 3);
        world.recovers(&rows);
    }
}

#[test]
fn file_that_does_not_fit_is_not_published() {
    let world = World::new(&["uuids"]);
    world.fill("uuids", OLD[0], 200);
    let rows = world.all();
    let exported = world.export("uuids");
    let out = limited(&world, 16, "rt-store --no-compress uuids", &exported);
    out.status(1).stderr_has("warm/2026-01-02");
    assert!(!out.stdout.contains("receipt"), "{}", out.stdout);
    assert_eq!(world.count("store"), 0);
    assert!(world.archived().is_empty());
    world.recovers(&rows);
}

/// Whether calls can be made to fail here.
fn injectable() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]);
    strace.status().is_ok_and(|status| status.success())
}

/// The command with these calls failing: the Nth, or with `more` those behind
/// it too.
fn failing<'w>(world: &'w World, fault: &str, n: u32, more: bool) -> Cmd<'w> {
    let more = if more { "+" } else { "" };
    let inject = format!("inject={fault}:when={n}{more}");
    world.cmd("strace").args(["-f", "-o", "trace", "-e", &inject])
}

/// Whether the fault came to pass.
fn hit(world: &World) -> bool {
    world.dir.read("trace").contains("(INJECTED)")
}

/// Breaks the Nth call of each kind in rt-store until there are not so many.
fn store_with(fault: &str, more: bool) {
    for n in 1.. {
        let world = World::filled(&["uuids"], 2);
        let (rows, exported) = (world.all(), world.export("uuids"));
        let store =
            failing(&world, fault, n, more).args(["rt-store", "uuids"]);
        let out = store.stdin(exported).run();
        if !hit(&world) {
            assert!(n > 2, "no {fault} in rt-store");
            out.status(0);
            return;
        }
        // The ledger is written anew once; anything else ends the run, and
        // only a reader that could not be told comes after publication.
        if out.status != 0 {
            out.status(1).expect("a message", !out.stderr.is_empty());
            let receipts = out.stdout.contains("receipt");
            out.expect("no receipts", !receipts);
            let told = !out.stderr.contains("cannot write the receipts");
            let published = world.count("published");
            assert!(published == 0 || !told, "{}", world.picture());
        }
        world.recovers(&rows);
    }
}

/// The same with rt-purge in a pipeline, which has a line to take out again.
/// Where it fails, whoever settles the segment next keeps that line.
fn purge_with(table: &str, fault: &str, more: bool) {
    for n in 1.. {
        let world = World::filled(&[table], 2);
        let receipts = world.stored(table);
        let before = world.database();
        world.sql(&format!("UPDATE {table} SET body = '' WHERE rowid = 3"));
        let rows = world.database();
        let purge = failing(&world, fault, n, more).arg("rt-purge");
        let out = purge.stdin(receipts).since_before_the_store().run();
        if !hit(&world) {
            assert!(n > 3, "no {fault} in rt-purge");
            out.status(0);
            world.recovers(&rows);
            return;
        }
        if out.status != 0 {
            out.expect("a message", !out.stderr.is_empty());
            out.expect("a status of rt(7)", matches!(out.status, 1 | 3 | 5));
            let stale = former(&before, &rows);
            world.recovers_keeping(&rows, &stale);
        } else {
            world.recovers(&rows);
        }
    }
}

#[test]
fn failed_fsync_publishes_nothing() {
    if injectable() {
        store_with("fsync:error=EIO", false);
        store_with("fsync:error=EIO", true);
    }
}

#[test]
fn failed_rename_publishes_nothing() {
    if injectable() {
        store_with("renameat2:error=EIO", false);
        store_with("renameat2:error=EIO", true);
    }
}

#[test]
fn full_disk_publishes_nothing() {
    if injectable() {
        store_with("write:error=ENOSPC", false);
    }
}

#[test]
fn failed_fsync_loses_no_row_that_is_being_deleted() {
    if injectable() {
        for table in ["uuids", "logs"] {
            purge_with(table, "fsync,fdatasync:error=EIO", false);
            purge_with(table, "fsync,fdatasync:error=EIO", true);
        }
    }
}

#[test]
fn full_disk_loses_no_row_that_is_being_deleted() {
    if injectable() {
        for table in ["uuids", "logs"] {
            purge_with(table, "write,pwrite64:error=ENOSPC", false);
            // Only the database's, or there would be no message either.
            purge_with(table, "pwrite64:error=ENOSPC", true);
        }
    }
}

/// A database with a write-ahead log that nobody has open, and the status and
/// message of rt-export where calls on its shared memory fail.
fn without_shared_memory(fault: &str) -> Option<(Out, Dir)> {
    if !injectable() {
        return None;
    }
    let dir = Dir::new();
    dir.sql("x.db", "PRAGMA journal_mode=wal; CREATE TABLE t(id)");
    let shared = dir.join("x.db-shm").canonicalize();
    let shared = shared.unwrap_or_else(|_| dir.join("x.db-shm"));
    let inject = format!("inject={fault}");
    let out = dir
        .cmd("strace")
        .args(["-f", "-o", "trace", "-e", &inject, "-P"])
        .arg(shared)
        .args(["rt-export", "--db", "x.db", "--busy-timeout", "10ms", "t"])
        .run();
    assert!(dir.read("trace").contains("(INJECTED)"));
    Some((out, dir))
}

#[test]
fn no_room_for_shared_memory_says_to_make_room() {
    let fault = "pwrite64,write:error=ENOSPC";
    let Some((out, _dir)) = without_shared_memory(fault) else { return };
    out.status(1).stdout("").stderr_has("hint: make room on the file system");
}

#[test]
fn a_lock_of_the_log_that_never_comes_is_busy() {
    // Those that open the shared memory are given; the others are not.
    let fault = "fcntl:error=EAGAIN:when=6+";
    let Some((out, _dir)) = without_shared_memory(fault) else { return };
    out.status(75).stdout("").stderr_has("locking protocol");
    out.stderr_has("another program keeps it locked");
}

/// The command with fsync of these files or folders failing as on CIFS.
fn unflushable<'w>(world: &'w World, names: &[&str]) -> Cmd<'w> {
    let mut strace = world.cmd("strace").args(["-f", "-o", "trace"]);
    for name in names {
        let path = world.dir.join(name);
        strace = strace.args(["-P", path.to_str().unwrap()]);
    }
    strace.args(["-e", "inject=fsync:error=EINVAL"])
}

#[test]
fn folders_that_cannot_be_flushed_are_told_once_and_gone_on_with() {
    if !injectable() {
        return;
    }
    let folders = [
        ".",
        "archives",
        "archives/schema",
        "archives/warm",
        "archives/warm/2026-01-02",
        "archives/warm/2026-01-03",
    ];
    let world = World::filled(&["uuids"], 2);
    let rows = world.all();
    let job = unflushable(&world, &folders).args(["rt-archive", "all"]);
    let out = job.run();
    out.status(0);
    assert!(hit(&world));
    let told = out.stderr.matches("cannot flush folders").count();
    assert_eq!(told, 1, "{}", out.stderr);
    assert_eq!(world.due(), 0);
    world.recovers(&rows);
}

#[test]
fn file_that_cannot_be_flushed_is_not_gone_on_with() {
    if !injectable() {
        return;
    }
    let world = World::filled(&["uuids"], 2);
    let rows = world.all();
    world.job().run().status(0);
    world.fill("uuids", "2026-01-04", 2);
    let exported = world.export("uuids");
    let store = unflushable(&world, &["archives/ledger.jsonl"]);
    let out = store.args(["rt-store", "uuids"]).stdin(exported).run();
    out.status(1).stderr_has("ledger.jsonl");
    assert!(!out.stdout.contains("receipt"), "{}", out.stdout);
    assert_eq!(world.due(), 2);
    assert!(world.archived().len() < rows.len());
}
