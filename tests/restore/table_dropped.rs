//! A job is killed after publication, and the next release of the application
//! drops or renames the table.

use super::*;
use crate::support::world::OLD;

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

#[test]
fn lines_that_were_about_to_go_stay_when_their_table_is_dropped() {
    let world = World::new(&["uuids"]);
    world.fill("uuids", OLD[0], 3);
    let receipts = world.stored("uuids");
    world.sql("UPDATE uuids SET body = 'second' WHERE n = 1");
    let killed = world.purge(&receipts).env("RT_FAIL", "retract.written=kill");
    killed.run().status(KILLED);
    let archived = world.archived();
    world.sql("DROP TABLE uuids");
    world.pending().run().status(PARTLY);
    assert_eq!(world.archived(), archived, "{}", world.picture());
    world.sql("CREATE TABLE uuids (k TEXT PRIMARY KEY, n, at, body)");
    world.fill("uuids", OLD[0], 1);
    daily(&world).run().status(0);
    world.sound();
    assert_eq!(world.due(), 0, "{}", world.picture());
}
