//! A backup of the tree that was taken while a job ran, put back beside the
//! live database after the job ended well: the rows are in the files alone.

use super::*;
use crate::support::world::records;
use crate::support::world::{OLD, Then};

const TABLES: [&str; 5] = ["uuids", "numbers", "pairs", "bare", "logs"];

#[test]
fn tree_copied_before_the_deletion_and_put_back_keeps_its_rows() {
    for table in TABLES {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        let receipts = world.stored(table);
        back_up_tree(&world);
        world.purge_later(&receipts).run().status(0);
        put_back_tree(&world);
        let out = daily(&world).run();
        out.status(PARTLY);
        kept(&out, 6);
        world.sound();
        assert_eq!(world.all(), rows, "{}", world.picture());
        at_rest(&world);
    }
}

#[test]
fn tree_copied_when_deletion_had_begun_and_put_back_keeps_its_rows() {
    for table in TABLES {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        let purge =
            world.purge_later(&world.stored(table)).arg("--batch-size=2");
        let point = "purge.purging";
        let out = world.meanwhile(purge, point, Then::GoesOn, back_up_tree);
        out.status(0);
        put_back_tree(&world);
        let out = world.pending().run();
        out.status(PARTLY);
        kept(&out, 6);
        world.sound();
        assert_eq!(world.all(), rows, "{}", world.picture());
        at_rest(&world);
    }
}

#[test]
fn line_of_a_row_that_changed_since_stays_in_a_tree_put_back() {
    let world = World::filled(&["uuids"], 3);
    let receipts = world.stored("uuids");
    let mut rows = world.archived();
    back_up_tree(&world);
    world.sql(&format!(
        "UPDATE uuids SET body = 'second', at = '{}T12:00:00Z' WHERE n = 1",
        crate::support::world::NEW
    ));
    world.purge_later(&receipts).run();
    rows.extend(world.database());
    put_back_tree(&world);
    kept(&world.pending().run(), 6);
    world.sound();
    assert_eq!(world.all(), rows, "{}", world.picture());
    at_rest(&world);
}

#[test]
fn run_that_kept_some_lines_of_a_segment_and_deleted_other_rows_is_done() {
    let world = World::new(&["uuids"]);
    world.fill("uuids", OLD[0], 3);
    let rows = world.all();
    world.stored("uuids");
    world.sql("DELETE FROM uuids WHERE n = 1");
    let out = world.pending().run();
    out.status(0).stdout_has("\"records\":2");
    kept(&out, 1);
    world.sound();
    assert_eq!(world.archived(), rows, "{}", world.picture());
    at_rest(&world);
}

#[test]
fn rows_of_a_tree_put_back_can_still_be_read() {
    let world = World::filled(&["numbers"], 20);
    let receipts = world.stored("numbers");
    back_up_tree(&world);
    world.purge_later(&receipts).run().status(0);
    put_back_tree(&world);
    // The job of the next day, with another clock.
    let job = world.cmd("rt-archive").arg("all").now("2026-01-16T00:00:00Z");
    job.run().status(PARTLY);
    let out = world.cmd("rt-cat").arg("numbers").run();
    out.status(0);
    assert_eq!(records(&out.stdout).len(), 40);
}
