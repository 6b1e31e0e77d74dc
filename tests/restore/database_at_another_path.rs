//! A segment that was stored from another path: a copy of database and tree,
//! a database that was moved, a second database of the tree.

use super::*;
use crate::support::world::OLD;
use crate::support::{Cmd, NOW};

/// No line of what a run said is a command that names the database of
/// another tree, whose rows it would delete.
fn names_no_other_database(world: &World, out: &Out, other: &str) {
    let path = world.dir.join(other).canonicalize();
    let path = path.unwrap_or_else(|_| world.dir.join(other));
    let path = path.to_str().unwrap();
    for line in out.stdout.lines().chain(out.stderr.lines()) {
        let command = line.contains("rt-purge -") || line.contains("--db");
        out.expect("no command that harms", !(command && line.contains(path)));
        let names = line.contains("--pending --db");
        out.expect("no database named to be purged", !names);
    }
}

/// A copy of database and tree in the folder `staging`.
fn staging<'w>(world: &'w World, program: &str) -> Cmd<'w> {
    world
        .cmd(program)
        .env("RT_DB", "staging/db")
        .env("RT_ARCHIVES", "staging/archives")
}

#[test]
fn copy_of_database_and_tree_asks_for_moved_and_leaves_the_original_alone() {
    let world = World::filled(&["uuids", "numbers"], 3);
    let rows = world.all();
    world.stored("uuids");
    shell(&world, "mkdir staging; cp -a db archives staging/");
    let count = |table: &str| {
        let query = format!("SELECT count(*) FROM {table}");
        world.dir.rows("staging/db", &query).remove(0)
    };
    // Whose rows they are must be known before anything is archived.
    let before = world.dir.tree();
    for _ in 0..2 {
        let out = staging(&world, "rt-daily").run();
        out.status(2).stderr_has("--moved").stderr_has("--database NAME");
        names_no_other_database(&world, &out, "db");
        assert_eq!(world.dir.tree(), before);
    }
    let out = staging(&world, "rt-purge").arg("--pending").run();
    out.status(PARTLY).stderr_has("--moved");
    names_no_other_database(&world, &out, "db");
    let out = staging(&world, "rt-purge").args(["--pending", "--moved"]).run();
    out.status(0).stdout_has("\"records\":6");
    assert_eq!(count("uuids"), "2");
    staging(&world, "rt-daily").run().status(0);
    world.recovers(&rows);
}

#[test]
fn database_that_was_moved_is_settled_as_soon_as_that_is_said() {
    let world = World::filled(&["uuids"], 3);
    let rows = world.all();
    world.stored("uuids");
    shell(&world, "mkdir new; mv db new/db");
    let moved = |program: &str| world.cmd(program).env("RT_DB", "new/db");
    let out = moved("rt-daily").run();
    out.status(PARTLY).stderr_has("--moved");
    names_no_other_database(&world, &out, "db");
    let out = moved("rt-purge").args(["--pending", "--moved"]).run();
    out.status(0);
    shell(&world, "mv new/db db");
    world.recovers(&rows);
}

/// A second database with rows of its own, which are due.
fn second(world: &World) {
    world.dir.sql(
        "other",
        &format!(
            "CREATE TABLE uuids (k TEXT PRIMARY KEY, n, at, body);
             INSERT INTO uuids VALUES ('x', 0, '{}T10:00:00Z', '')",
            OLD[0]
        ),
    );
}

#[test]
fn second_database_said_to_be_moved_keeps_the_rows_of_the_first() {
    let world = World::filled(&["uuids"], 3);
    second(&world);
    world.stored("uuids");
    let archived = world.archived();
    // The first one is removed for good.
    shell(&world, "rm db");
    let other = |program: &str| world.cmd(program).env("RT_DB", "other");
    let out = other("rt-daily").run();
    out.status(2).stderr_has("--moved").stderr_has("--database NAME");
    names_no_other_database(&world, &out, "db");
    let out = other("rt-purge").args(["--pending", "--moved"]).run();
    out.status(PARTLY);
    kept(&out, 6);
    assert_eq!(world.archived(), archived, "{}", world.picture());
    let out = other("rt-daily").now(NOW).run();
    out.status(0);
    world.sound();
    assert!(world.dir.rows("other", "SELECT k FROM uuids").is_empty());
    assert_eq!(world.archived().len(), archived.len() + 1);
}
