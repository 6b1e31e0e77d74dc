//! An older backup of the database put back, in place or as a new file: what
//! a job had exported since then is in the archives alone.

use super::*;
use crate::support::world::OLD;

/// A database whose backup has `before`, and which had `then` when a job was
/// killed between publication and deletion.
fn killed_since_the_backup(before: &str, then: &str) -> World {
    let world = World::new(&["uuids"]);
    world.sql(before);
    back_up_database(&world);
    world.sql(then);
    world.stored("uuids");
    world
}

/// A statement that puts three rows in that are due.
fn three() -> String {
    let row = |n: u32| format!("('{n}', {n}, '{}T10:00:00Z', 'a')", OLD[0]);
    format!("INSERT INTO uuids VALUES {}, {}, {}", row(1), row(2), row(3))
}

#[test]
fn rows_newer_than_a_database_put_back_in_place_stay_in_the_archives() {
    let world = killed_since_the_backup("", &three());
    let rows = world.archived();
    put_back_database(&world);
    let out = daily(&world).run();
    out.status(PARTLY);
    kept(&out, 3);
    world.sound();
    assert_eq!(world.all(), rows, "{}", world.picture());
    at_rest(&world);
}

#[test]
fn rows_newer_than_a_database_put_back_as_a_new_file_stay_in_the_archives() {
    let world = killed_since_the_backup("", &three());
    let rows = world.archived();
    put_back_database_as_new_file(&world);
    let out = daily(&world).run();
    out.status(PARTLY);
    kept(&out, 3);
    assert!(!out.stderr.contains("--moved"), "{}", out.stderr);
    world.sound();
    assert_eq!(world.all(), rows, "{}", world.picture());
    at_rest(&world);
}

#[test]
fn operator_who_says_moved_after_a_restore_loses_no_row() {
    let world = killed_since_the_backup("", &three());
    let rows = world.archived();
    put_back_database_as_new_file(&world);
    let out = world.pending().arg("--moved").run();
    out.status(PARTLY);
    kept(&out, 3);
    world.sound();
    assert_eq!(world.all(), rows, "{}", world.picture());
    at_rest(&world);
}

#[test]
fn newer_version_of_a_row_stays_in_the_archives_beside_the_older_one() {
    let change = "UPDATE uuids SET body = 'b' WHERE n = 2";
    let world = killed_since_the_backup(&three(), change);
    let mut rows = world.archived();
    put_back_database(&world);
    rows.extend(world.database());
    let out = daily(&world).run();
    out.status(0);
    kept(&out, 1);
    world.sound();
    assert_eq!(world.all(), rows, "{}", world.picture());
    assert_eq!(world.due(), 0);
    at_rest(&world);
}

#[test]
fn rows_that_a_kill_left_in_a_database_put_back_are_deleted_all_the_same() {
    let world = killed_since_the_backup(&three(), "");
    let rows = world.archived();
    put_back_database(&world);
    world.recovers(&rows);
}

#[test]
fn rows_that_come_again_with_an_older_database_stand_once_in_the_archives() {
    let world = World::filled(&["uuids"], 3);
    let rows = world.all();
    back_up_database(&world);
    daily(&world).run().status(0);
    put_back_database(&world);
    daily(&world).run().status(0);
    world.sound();
    assert_eq!(world.due(), 0);
    assert_eq!(world.all(), rows);
    at_rest(&world);
}
