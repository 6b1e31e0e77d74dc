//! A backup put back, a database or a lock replaced, damage at the ledger's
//! end: states that no crash leaves, but people and disks do.
//!
//! What must hold is always the same: each row that the database or the tree
//! still held afterwards is in one of them after one ordinary run, that run
//! says what it kept, and none of it stays stuck.

mod backups;
mod database_at_another_path;
mod database_put_back;
mod database_replaced;
mod gzip_in_tree;
mod killed_at_any_call;
mod ledger_cut_short;
mod ledger_dropped;
mod ledger_torn;
mod live_copy;
mod lock_removed;
mod receipts_given_again;
mod second_copies;
mod snapshots;
mod table_dropped;
mod tree_put_back;

use serde_json::Value;

use crate::support::world::World;
use crate::support::{Cmd, Out};

/// The status of a run that could do only a part.
const PARTLY: i32 = 3;
const KILLED: i32 = 137;

/// Whether all is tried.
fn is_long() -> bool {
    std::env::var_os("RT_LONG").is_some()
}

/// The part of all that is to be tried, and how many parts there are:
/// `RT_PART=2/5` takes the second of five.
fn part() -> (usize, usize) {
    let Ok(said) = std::env::var("RT_PART") else { return (1, 1) };
    let (part, parts) = said.split_once('/').expect("RT_PART=PART/PARTS");
    (part.parse().unwrap(), parts.parse().unwrap())
}

/// The job that cron starts each day.
fn daily(world: &World) -> Cmd<'_> {
    world.cmd("rt-daily")
}

/// Runs a script of the operator in the world's folder.
fn shell(world: &World, script: &str) {
    world.cmd("sh").args(["-ec", script]).run().status(0);
}

/// Takes a backup of the tree.
fn back_up_tree(world: &World) {
    shell(world, "rm -rf backup; cp -a archives backup");
}

/// Puts the backup of the tree in the tree's place.
fn put_back_tree(world: &World) {
    shell(world, "rm -rf archives; cp -a backup archives");
}

/// Takes a backup of the database, which nobody has open.
fn back_up_database(world: &World) {
    shell(world, "cp db db.backup");
}

/// Puts the backup of the database into the same file.
fn put_back_database(world: &World) {
    shell(world, "rm -f db-wal db-shm db-journal; cat db.backup >db");
}

/// Puts the backup of the database in its place as a new file.
fn put_back_database_as_new_file(world: &World) {
    shell(world, "rm -f db-wal db-shm db-journal; cp db.backup n; mv n db");
}

/// What rt-purge said of tables, or a job in its report.
fn results(out: &Out) -> Vec<Value> {
    match serde_json::from_str::<Value>(&out.stdout) {
        Ok(report) if report["tables"].is_array() => {
            report["tables"].as_array().unwrap().clone()
        }
        _ => {
            let lines = out.stdout.lines();
            let records = lines.map(|l| serde_json::from_str(l).unwrap());
            records.filter(|r: &Value| r["type"] == "purged").collect()
        }
    }
}

/// A run kept so many lines whose rows it did not find, and says what may
/// have been the cause.
fn kept(out: &Out, lines: u64) {
    let of = |result: &Value| result["superseded"].as_u64().unwrap_or(0);
    let results = results(out);
    let sum: u64 = results.iter().map(of).sum();
    out.expect(&format!("{lines} lines kept"), sum == lines);
    for result in results.iter().filter(|r| of(r) > 0) {
        let message = result["message"].as_str().unwrap_or_default();
        out.expect("a word of a backup", message.contains("backup"));
    }
}

/// The next run finds nothing to do, and leaves everything in its place.
fn at_rest(world: &World) {
    let before = world.all();
    let out = daily(world).run();
    out.status(0);
    kept(&out, 0);
    world.sound();
    assert_eq!(world.all(), before, "{}", world.picture());
    assert_eq!(world.due(), 0, "{}", world.picture());
}
