//! Types come from the schema that rows were stored with.

use super::*;
use crate::support::world::World;

fn policy(world: &World) {
    world.dir.write(
        "policy",
        "{\"table\":\"t\",\"group\":\"g\",\"timestamp\":\"at\",\
         \"hot\":\"7d\",\"warm\":\"30d\",\"cold\":\"365d\"}\n",
    );
}

/// Rows of the first days of January, one a day.
fn rows(world: &World, days: &[u32], values: &str) {
    for day in days {
        let at = format!("'2026-01-{day:02}T00:00:00Z'");
        world.sql(&format!("INSERT INTO t VALUES ({day}, {at}, {values})"));
    }
    archive(world, &["t"]);
}

#[test]
fn added_column_stays_in_its_version_and_a_changed_type_begins_another() {
    let world = World::new(&[]);
    policy(&world);
    world.sql("CREATE TABLE t (k INTEGER PRIMARY KEY, at TEXT, n INT)");
    rows(&world, &[1, 2], "7");
    summary(&publish(&world).run());
    world.sql("ALTER TABLE t ADD COLUMN more REAL");
    rows(&world, &[3], "8, 0.5");
    summary(&publish(&world).run());
    assert_eq!(files(&world.dir, "t").len(), 1);
    same(&world, &["t"]);
    world.sql(
        "DROP TABLE t; CREATE TABLE t (k INTEGER PRIMARY KEY, at TEXT, \
         n TEXT, more REAL)",
    );
    rows(&world, &[4], "'nine', 1.5");
    let done = summary(&publish(&world).run());
    assert_eq!(done["made"], 1, "the first version stays as it is");
    let found: Vec<(Value, bool)> = units(&world.dir)
        .iter()
        .map(|u| (u["v"].clone(), u["file"].as_str().unwrap().contains(".v2")))
        .collect();
    assert_eq!(found, [(1.into(), false), (2.into(), true)]);
    let archived = world.cmd("rt-cat").arg("t").run();
    assert_eq!(lines(&world, "t").stdout, archived.stdout);
}
