//! A job is killed after publication, and the next release of the application
//! drops or renames the table.

use super::*;

/// A world with a segment of a table that is no longer there.
fn without_table(change: &str) -> World {
    let world = World::filled(&["uuids", "numbers"], 3);
    world.stored("uuids");
    world.sql(change);
    world
}

#[test]
fn table_that_is_gone_keeps_its_lines_and_others_are_archived() {
    for change in ["DROP TABLE uuids", "ALTER TABLE uuids RENAME TO old"] {
        let world = without_table(change);
        let rows = world.all();
        let out = daily(&world).run();
        out.status(PARTLY);
        kept(&out, 6);
        world.sound();
        assert_eq!(world.all(), rows, "{}", world.picture());
        // The other table went in the same run.
        assert_eq!(world.due(), 0, "{}", world.picture());
        at_rest(&world);
    }
}

#[test]
fn rt_purge_settles_the_segments_of_a_table_that_is_gone() {
    for args in [&[][..], &["uuids"], &["--moved"]] {
        let world = without_table("DROP TABLE uuids");
        let rows = world.archived();
        let out = world.pending().args(args).run();
        out.status(PARTLY);
        kept(&out, 6);
        world.sound();
        assert_eq!(world.archived(), rows, "{}", world.picture());
    }
}

#[test]
fn archives_of_a_table_that_is_gone_come_to_their_end_by_policy() {
    let world = without_table("DROP TABLE uuids");
    daily(&world).run().status(PARTLY);
    let rows = world.archived();
    let monthly = |now: &str| {
        world.cmd("rt-monthly").arg("--yes").now(now).run().status(0);
    };
    monthly("2026-03-10T00:00:00Z");
    assert!(!world.dir.tree().contains("archives/warm/2026-01-02/"));
    assert_eq!(world.archived(), rows, "{}", world.picture());
    monthly("2027-04-10T00:00:00Z");
    assert!(world.archived().is_empty(), "{}", world.picture());
}
