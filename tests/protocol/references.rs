//! Rows that come to be pointed at while they are being archived.

use super::{OLD, Then, World};

/// Three old rows, at whose `n` another table may point.
fn world(table: &str) -> World {
    let world = World::new(&[table]);
    world.fill(table, OLD[0], 3);
    world.sql(&format!(
        "UPDATE {table} SET n = rowid;
         CREATE UNIQUE INDEX by_n ON {table} (n);
         CREATE TABLE child (parent REFERENCES {table}(n))"
    ));
    world
}

#[test]
fn row_that_comes_to_be_pointed_at_during_the_purge_stays() {
    for (table, points) in [
        ("uuids", ["compared", "guarded", "purging", "committed"]),
        ("logs", ["compared", "guarded", "purging:2", "committed"]),
    ] {
        for point in points {
            let world = world(table);
            let rows = world.all();
            let purge = world.purge(&world.stored(table));
            let purge = purge.arg("--batch-size=1");
            let point = format!("purge.{point}");
            let out = world.meanwhile(purge, &point, Then::GoesOn, |world| {
                world.sql("INSERT INTO child VALUES (2), (3)");
            });
            out.status(0).stdout_has("\"referenced\":2");
            let stay = format!("SELECT n FROM {table} ORDER BY n");
            assert_eq!(world.dir.rows("db", &stay), ["2", "3"], "{point}");
            assert_eq!(world.all(), rows, "{point}{}", world.picture());
            world.sql("DELETE FROM child");
            world.recovers(&rows);
        }
    }
}

#[test]
fn row_that_comes_to_be_pointed_at_after_a_crash_stays() {
    for table in ["uuids", "logs"] {
        for point in ["compared", "guarded", "purging", "committed"] {
            let world = world(table);
            let rows = world.all();
            let purge = world.purge(&world.stored(table));
            let killed = purge.arg("--batch-size=1");
            let fail = format!("purge.{point}=kill");
            killed.env("RT_FAIL", fail).run().status(137);
            world.sql("INSERT INTO child VALUES (2), (3)");
            let out = world.pending().run();
            out.status(0).stdout_has("\"referenced\":2");
            assert_eq!(world.due(), 2);
            assert_eq!(world.all(), rows, "{point}{}", world.picture());
            world.sql("DELETE FROM child");
            world.recovers(&rows);
        }
    }
}
