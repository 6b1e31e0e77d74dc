//! The database file is replaced by its own copy (VACUUM INTO and mv): while
//! segments are unsettled, or while rt-purge is at work.

use super::*;
use crate::support::world::Then;

/// Puts a copy of the database in its place, as a new file.
fn replace(world: &World) {
    let new = world.dir.join("new");
    world.sql(&format!("VACUUM INTO '{}'", new.display()));
    shell(world, "rm -f db-wal db-shm; mv new db");
}

#[test]
fn database_with_another_inode_is_recovered_without_a_word_of_the_operator() {
    for table in ["uuids", "numbers", "logs"] {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        world.stored(table);
        replace(&world);
        let out = daily(&world).run();
        out.status(0).stderr("");
        kept(&out, 0);
        world.recovers(&rows);
    }
}

#[test]
fn database_with_another_inode_is_recovered_when_deletion_had_begun() {
    let world = World::filled(&["uuids"], 3);
    let rows = world.all();
    let killed =
        world.purge_later(&world.stored("uuids")).arg("--batch-size=1");
    killed.env("RT_FAIL", "purge.committed:2=kill").run().status(KILLED);
    replace(&world);
    let out = world.pending().run();
    out.status(0).stdout_has("\"records\":4");
    kept(&out, 2);
    world.recovers(&rows);
}

/// rt-purge, whose database is replaced between two batches.
fn replaced_between_batches(mode: &str) {
    let world = World::filled(&["uuids"], 3);
    world.sql(&format!("PRAGMA journal_mode = {mode}"));
    let rows = world.all();
    let purge =
        world.purge_later(&world.stored("uuids")).arg("--batch-size=1");
    let point = "purge.committed:2";
    let out = world.meanwhile(purge, point, Then::GoesOn, |world| {
        replace(world);
        world.sql(&format!("PRAGMA journal_mode = {mode}"));
    });
    out.status(PARTLY);
    let said = format!("{}{}", out.stdout, out.stderr);
    out.expect("a word of it", said.contains("replaced"));
    assert_eq!(world.count("purge"), 0, "{}", world.picture());
    assert_eq!(world.due(), 4, "{}", world.picture());
    world.recovers(&rows);
}

#[test]
fn database_replaced_during_the_deletion_ends_it_in_wal_mode() {
    replaced_between_batches("wal");
}

#[test]
fn database_replaced_during_the_deletion_ends_it_with_a_rollback_journal() {
    replaced_between_batches("delete");
}
