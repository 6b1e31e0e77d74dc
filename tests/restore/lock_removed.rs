//! `rm archives/lock` while a job runs, and then another job: two programs
//! work on one tree, each under a lock of its own.

use super::*;
use crate::protocol::points;
use crate::support::world::{Bag, Then};

/// A job by hand, in which a row changes between store and purge.
const JOB: &str = "set -e
    rt-export --due uuids | rt-store uuids >receipts
    sqlite3 db \"UPDATE uuids SET body = 'second' WHERE n = 1\"
    rt-purge --batch-size=2 <receipts";

fn job(world: &World) -> Cmd<'_> {
    let run = ["archives", "--", "sh", "-c", JOB];
    world.cmd("rt-lock").args(run)
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
    let world = World::filled(&["uuids"], 3);
    let out = world.meanwhile(job(&world), point, Then::GoesOn, second_job);
    out.expect("a status that is not 0", out.status != 0);
    let changed = |row: &String, _: &mut i64| !row.contains("/1|1|");
    let mut rows = World::filled(&["uuids"], 3).all();
    rows.retain(changed);
    comes_to_rest(&world, &rows, point);
    // What the second job archived the first has not touched.
    let all = world.all();
    for row in rows.keys() {
        assert_eq!(all[row], 1, "{row}{}", world.picture());
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

#[test]
fn lock_removed_at_any_point_of_a_job_loses_no_row() {
    let rows = World::filled(&["uuids"], 3).all();
    let mut reached = 0;
    for point in points() {
        let world = World::filled(&["uuids"], 3);
        world.dir.write(
            "second",
            "set -e; rm archives/lock; touch passed
            rt-daily --busy-timeout=100ms >/dev/null 2>&1 || :",
        );
        job(&world)
            .env("RT_FAIL", format!("{point}=[ -e passed ] || sh second"))
            .run();
        if world.dir.join("passed").exists() {
            reached += 1;
            let changed = |row: &String| row.contains("/1|1|");
            let mut rows = rows.clone();
            rows.retain(|row, _| !changed(row));
            comes_to_rest(&world, &rows, &point);
        }
    }
    assert!(reached > 10, "{reached} points were reached");
}
