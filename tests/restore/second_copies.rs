//! Recovery takes a line out whose row it does not find only where the same
//! record stands somewhere else in the archives.

use super::*;
use crate::support::world::OLD;

/// The clock of a run an hour after the others.
const LATER: &str = "2026-01-15T01:00:00Z";

/// Rows exported by hand before a job archives them, stored by hand after
/// that and what `between` does, and never settled.
fn stored_once_more(table: &str, between: impl FnOnce(&World)) -> World {
    let world = World::filled(&[table], 3);
    let exported = world.export(table);
    world.job().run().status(0);
    between(&world);
    world.store(table, &exported).now(LATER).run().status(0);
    world
}

/// All rows are in one place again, and nothing is said to have been kept.
fn are_taken_out(world: &World, table: &str) {
    let rows = World::filled(&[table], 3).all();
    let out = world.pending().run();
    out.status(0).stdout_has("\"gone\":6");
    kept(&out, 0);
    world.sound();
    assert_eq!(world.all(), rows, "{}", world.picture());
    at_rest(world);
}

#[test]
fn lines_that_stand_in_another_segment_of_the_day_are_taken_out() {
    for table in ["uuids", "numbers", "pairs", "bare"] {
        are_taken_out(&stored_once_more(table, |_| ()), table);
    }
}

#[test]
fn lines_that_stand_in_the_months_tar_are_taken_out() {
    for table in ["uuids", "numbers"] {
        let world = stored_once_more(table, |world| {
            let tar = world.cmd("rt-consolidate").arg("--older-than=1d");
            tar.run().status(0);
            assert!(world.dir.tree().contains("cold/2026/2026-01.tar.gz"));
        });
        are_taken_out(&world, table);
    }
}

#[test]
fn line_that_stands_once_more_in_its_segment_is_taken_out() {
    let world = World::new(&["uuids"]);
    world.fill("uuids", OLD[0], 3);
    let rows = world.all();
    let exported = world.export("uuids");
    let twice = [&exported[..], &exported[..]].concat();
    world.store("uuids", &twice).run().status(0);
    world.sql("DELETE FROM uuids WHERE n = 1");
    let out = world.pending().run();
    out.status(0).stdout_has("\"records\":2").stdout_has("\"gone\":3");
    kept(&out, 1);
    world.sound();
    assert_eq!(world.archived(), rows, "{}", world.picture());
}

#[test]
fn line_with_the_key_but_not_the_content_of_another_is_no_second_copy() {
    let world = World::filled(&["uuids"], 3);
    let exported = String::from_utf8(world.export("uuids")).unwrap();
    world.job().run().status(0);
    let other = exported.replace("first", "other");
    world.store("uuids", other.as_bytes()).run().status(0);
    let rows = world.all();
    let out = world.pending().run();
    out.status(PARTLY);
    kept(&out, 6);
    assert_eq!(world.all(), rows, "{}", world.picture());
}

#[test]
fn rows_without_key_have_no_second_copies() {
    let world = stored_once_more("logs", |_| ());
    let rows = world.all();
    let out = world.pending().run();
    out.status(PARTLY);
    kept(&out, 6);
    assert_eq!(world.all(), rows, "{}", world.picture());
}
