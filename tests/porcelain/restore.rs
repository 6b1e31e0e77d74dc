//! rt-restore: archived rows of several tables, back in one command.

use crate::support::rows;
use crate::support::world::{World, records};

/// The rows of a table, sorted, with their storage classes.
fn contents(world: &World, file: &str, table: &str) -> Vec<rows::Row> {
    let db = rusqlite::Connection::open(world.dir.join(file)).unwrap();
    let mut rows = rows::query(&db, &format!("SELECT * FROM \"{table}\""));
    rows.sort();
    rows
}

fn archived() -> World {
    let world = World::filled(&["uuids", "logs"], 4);
    world.job().run().status(0);
    world
}

#[test]
fn tables_come_back_beside_the_live_database() {
    let world = World::filled(&["uuids", "logs"], 4);
    let before = ["uuids", "logs"].map(|t| contents(&world, "db", t));
    world.job().run().status(0);
    for _ in 0..2 {
        let args = ["--into", "side", "uuids", "logs"];
        let out = world.cmd("rt-restore").args(args).run();
        out.status(0).stderr("");
        assert_eq!(records(&out.stdout).len(), 2);
        for (table, before) in ["uuids", "logs"].iter().zip(&before) {
            let mut all = contents(&world, "side", table);
            all.extend(contents(&world, "db", table));
            all.sort();
            assert_eq!(all, *before);
        }
    }
}

#[test]
fn a_day_comes_back_into_the_live_database_under_a_hold() {
    let world = archived();
    let args = ["--live", "--hold", "it's 5", "--until", "2026-01-03"];
    let out = world.cmd("rt-restore").args(args).arg("uuids").run();
    out.status(0).stderr("");
    assert_eq!(records(&out.stdout)[0]["rows"], 4);
    let out = world.cmd("rt-hold").arg("list").run();
    assert_eq!(records(&out.stdout)[0]["reason"], "it's 5");
    let report = world.job().run();
    report.status(0).stdout_has("4 rows are on hold: 'it's 5'");
    assert_eq!(world.row("SELECT count(*) FROM uuids"), "6");
}

#[test]
fn what_cannot_be_read_brings_nothing_back() {
    let world = archived();
    let file = "archives/warm/2026-01-02/uuids.jsonl.gz";
    let mut bytes = std::fs::read(world.dir.join(file)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    world.dir.write(file, bytes);
    let args = ["--into", "side", "uuids"];
    let out = world.cmd("rt-restore").args(args).run();
    out.status(1).stderr_has("nothing was imported");
    let made = world.dir.rows("side", "SELECT count(*) FROM sqlite_schema");
    assert_eq!(made, ["0"]);
}

#[test]
fn a_dry_run_counts() {
    let world = archived();
    let args = ["-n", "--into", "side", "uuids", "logs"];
    let out = world.cmd("rt-restore").args(args).run();
    out.status(0).stderr("");
    let rows: Vec<_> =
        records(&out.stdout).iter().map(|r| r["rows"].clone()).collect();
    assert_eq!(rows, [8, 8]);
    assert!(!world.dir.join("side").exists());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let world = archived();
    for (args, why) in [
        (&["--into", "side"][..], "TABLE is missing"),
        (&["uuids"], "where to: --into FILE, or --live?"),
        (&["--live", "--into", "x", "uuids"], "where to"),
        (&["--live", "uuids"], "--live needs --hold REASON"),
        (&["--into", "x", "--hold", "y", "uuids"], "--hold is for --live"),
        (&["--into", "x", "--into", "y", "uuids"], "--into is given twice"),
    ] {
        let out = world.cmd("rt-restore").args(args).run();
        out.status(2).stdout("").stderr_has(why);
    }
}
