//! A program that reads all the time keeps the write-ahead log from beginning
//! anew: it grows by a limited length, and the run ends or goes on.

use std::fs;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use crate::support::world::{World, purged};

const ROWS: u64 = 600;
const MIB: u64 = 1 << 20;

/// Rows of which each deletion writes several large pages.
fn many() -> World {
    let world = World::of("");
    world.sql(&format!(
        "PRAGMA page_size = 65536;
        PRAGMA journal_mode = WAL;
        CREATE TABLE t (id TEXT PRIMARY KEY, at TEXT, v);
        CREATE INDEX i ON t (v);
        CREATE INDEX j ON t (at, v);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < {ROWS})
        INSERT INTO t SELECT hex(randomblob(16)), '2026-01-01',
            hex(randomblob(4000)) FROM s"
    ));
    world
}

/// A connection with a read transaction that has begun.
fn reader(world: &World) -> Connection {
    let db = Connection::open(world.dir.join("db")).unwrap();
    db.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
    db
}

fn log_bytes(world: &World) -> u64 {
    fs::metadata(world.dir.join("db-wal")).map_or(0, |m| m.len())
}

#[test]
fn run_ends_at_a_limit_says_why_and_the_next_goes_on() {
    let world = many();
    let receipts = world.stored("t");
    let reading = reader(&world);
    let out = world
        .purge(&receipts)
        .args(["--batch-size=1", "--busy-timeout=100ms"])
        .run();
    out.status(3)
        .stderr_has("write-ahead log")
        .stderr_has("reading since 2")
        .stderr_has("db-shm' names");
    let bytes = log_bytes(&world);
    assert!((50 * MIB..=64 * MIB).contains(&bytes), "{bytes}");
    let left: u64 = world.row("SELECT count(*) FROM t").parse().unwrap();
    assert!(0 < left && left < ROWS, "{left}");
    assert_eq!(world.records().len() as u64, ROWS);
    drop(reading);
    let out = world.cmd("rt-purge").arg("--pending").run();
    out.status(0).stderr("");
    assert_eq!(purged(&out)["records"], left);
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
    assert_eq!(world.records().len() as u64, ROWS);
}

#[test]
fn run_waits_for_a_reader_that_lets_go() {
    let world = many();
    let receipts = world.stored("t");
    let reading = reader(&world);
    thread::scope(|scope| {
        scope.spawn(|| {
            while log_bytes(&world) < 55 * MIB {
                thread::sleep(Duration::from_millis(10));
            }
            thread::sleep(Duration::from_millis(500));
            drop(reading);
        });
        let out = world
            .purge(&receipts)
            .args(["--batch-size=1", "--busy-timeout=60s"])
            .run();
        out.status(0).stderr("");
    });
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
    assert_eq!(world.records().len() as u64, ROWS);
}
