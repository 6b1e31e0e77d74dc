//! `rm archives/lock` while a job runs, and then another job: two programs
//! work on one tree, each under a lock of its own.

use super::*;
use crate::protocol::points;
use crate::support::world::{Bag, Then};

/// What an application does between store and purge of the first job: with
/// the second one the second job takes a line out, and the first one finds
/// another file.
const CHANGES: [&str; 2] =
    ["SELECT 1", "UPDATE uuids SET body = 'second' WHERE n = 1"];

/// A job by hand.
fn job<'w>(world: &'w World, change: &str) -> Cmd<'w> {
    let script = format!(
        "set -e
        rt-export --due uuids | rt-store uuids >receipts
        sqlite3 db \"{change}\" >changed
        rt-purge --batch-size=2 <receipts"
    );
    let run = ["archives", "--create", "--", "sh", "-c", &script];
    world.cmd("rt-lock").args(run)
}

/// The rows of a world that no change touches.
fn untouched() -> Bag {
    let mut rows = World::filled(&["uuids"], 3).all();
    rows.retain(|row, _| !row.contains("/1|1|"));
    rows
}

/// An operator takes the lock away and starts a second job.
fn second_job(world: &World) {
    shell(world, "rm archives/lock");
    daily(world).arg("--busy-timeout=100ms").run();
}

/// Each row is somewhere, the ledger replays, and an ordinary run brings the
/// tree to rest.
fn comes_to_rest(world: &World, rows: &Bag, what: &str) {
    let out = daily(world).run();
    let done = [0, PARTLY].contains(&out.status);
    out.expect(&format!("{what}: status 0 or 3"), done);
    world.sound();
    let all = world.all();
    for row in rows.keys() {
        let there = all.contains_key(row);
        assert!(there, "{what}: {row} is lost{}", world.picture());
    }
    at_rest(world);
}

/// The first job, overtaken at a point by the second.
fn overtaken_at(point: &str) {
    for change in CHANGES {
        let world = World::filled(&["uuids"], 3);
        let job = job(&world, change);
        let out = world.meanwhile(job, point, Then::GoesOn, second_job);
        out.expect("a status that is not 0", out.status != 0);
        let rows = untouched();
        comes_to_rest(&world, &rows, &format!("{point}, {change}"));
        // What the second job archived the first has not touched.
        let all = world.all();
        for row in rows.keys() {
            assert_eq!(all[row], 1, "{row}{}", world.picture());
        }
    }
}

#[test]
fn job_that_lost_its_lock_before_the_first_deletion_stops() {
    overtaken_at("purge.synced");
}

#[test]
fn job_that_lost_its_lock_when_deletion_was_begun_stops() {
    overtaken_at("purge.purging");
}

#[test]
fn job_that_lost_its_lock_between_two_batches_stops() {
    overtaken_at("purge.committed");
}

#[test]
fn job_that_lost_its_lock_before_it_records_the_end_stops() {
    overtaken_at("purge.before_purge");
}

#[test]
fn job_that_lost_its_lock_during_publication_stops() {
    overtaken_at("store.renamed");
}

/// The first job, overtaken at a point; whether it came to it.
fn overtaken_somewhere(point: &str, change: &str) -> bool {
    let world = World::filled(&["uuids"], 3);
    let second = "set -e; rm archives/lock; touch passed
        rt-daily --busy-timeout=100ms >/dev/null 2>&1 || :";
    world.dir.write("second", second);
    let hook = format!("{point}=[ -e passed ] || sh second");
    job(&world, change).env("RT_FAIL", hook).run();
    if !world.dir.join("passed").exists() {
        return false;
    }
    comes_to_rest(&world, &untouched(), &format!("{point}, {change}"));
    true
}

#[test]
fn lock_removed_at_any_point_of_a_job_loses_no_row() {
    for change in CHANGES {
        // A checkpoint is written under the ledger's flock: nobody overtakes
        // a job there, the second one would wait for the first.
        let points = points().into_iter();
        let free = points.filter(|p| !p.starts_with("checkpoint."));
        let reached = free.filter(|p| overtaken_somewhere(p, change));
        let reached = reached.count();
        assert!(reached > 8, "{change}: {reached} points were reached");
    }
}
