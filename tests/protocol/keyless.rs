//! Rows without usable key, which cannot be told from their equals: each
//! batch is named before it goes, and whether it went is told by what is
//! there.

use super::{Bag, NEW, OLD, Then, World};

const KILLED: i32 = 137;

/// Three rows of one day that differ, and what there is.
fn three() -> (World, Bag) {
    let world = World::new(&["logs"]);
    for n in 1..=3 {
        world.sql(&format!(
            "INSERT INTO logs VALUES ('x', {n}, '{}T10:00:00Z', '')",
            OLD[0]
        ));
    }
    world.fill("logs", NEW, 1);
    let rows = world.all();
    (world, rows)
}

/// Three identical rows of one day, and a new one.
fn alike() -> (World, Bag) {
    let world = World::new(&["logs"]);
    for _ in 0..3 {
        world.sql(&twin());
    }
    world.fill("logs", NEW, 1);
    let rows = world.all();
    (world, rows)
}

fn twin() -> String {
    let day = OLD[0];
    format!("INSERT INTO logs VALUES ('x', 0, '{day}T10:00:00Z', '')")
}

#[test]
fn model_11_row_gone_from_a_batch_does_not_prove_the_others_gone() {
    for point in ["purge.purging", "purge.deleted"] {
        let (world, rows) = three();
        let killed = world.purge(&world.stored("logs"));
        killed.env("RT_FAIL", format!("{point}=kill")).run().status(KILLED);
        world.sql("DELETE FROM logs WHERE n = 1");
        // Its copy stays: it went after its deletion had begun.
        world.recovers(&rows);
        let last = world.last("purge");
        assert_eq!(last["deleted"], 2);
        assert_eq!(last["superseded"], 1);
    }
}

#[test]
fn model_12_identical_row_put_in_after_the_commit_is_a_row_of_its_own() {
    let (world, mut rows) = alike();
    let killed = world.purge(&world.stored("logs"));
    killed.env("RT_FAIL", "purge.committed=kill").run().status(KILLED);
    assert_eq!(world.due(), 0);
    world.sql(&twin());
    for (row, count) in &mut rows {
        *count += i64::from(row.contains(OLD[0]));
    }
    world.recovers(&rows);
    assert_eq!(world.archived().values().sum::<i64>(), 4);
}

#[test]
fn model_12_after_a_vacuum_lines_that_were_not_named_are_served_first() {
    let (world, mut rows) = alike();
    let killed = world.purge(&world.stored("logs")).arg("--batch-size=1");
    killed.env("RT_FAIL", "purge.committed:2=kill").run().status(KILLED);
    assert_eq!(world.due(), 1);
    world.sql("VACUUM");
    world.recovers(&rows);
    // The same where the batch was named but not committed.
    world.sql(&format!("{0};{0};{0}", twin()));
    for (row, count) in &mut rows {
        *count += 3 * i64::from(row.contains(OLD[0]));
    }
    let killed = world.purge(&world.stored("logs")).arg("--batch-size=1");
    killed.env("RT_FAIL", "purge.deleted:2=kill").run().status(KILLED);
    world.sql("VACUUM");
    world.recovers(&rows);
}

#[test]
fn model_12_identical_row_that_gets_a_deleted_ones_rowid_stays_archived() {
    // The number may fall, and the content must not be lost.
    let (world, rows) = alike();
    world.sql(&format!("DELETE FROM logs WHERE at LIKE '{NEW}%'"));
    let killed = world.purge(&world.stored("logs"));
    killed.env("RT_FAIL", "purge.committed=kill").run().status(KILLED);
    world.sql(&twin());
    world.job().run().status(0);
    world.sound();
    let kept: Vec<i64> = world.archived().into_values().collect();
    assert!(kept == [3] || kept == [4], "{rows:?}{}", world.picture());
}

#[test]
fn model_14_batch_that_differs_inside_is_rolled_back_and_compared_again() {
    for change in ["UPDATE logs SET body = 'second'", "DELETE FROM logs"] {
        let (world, mut rows) = three();
        let purge = world.purge(&world.stored("logs"));
        let point = "purge.purging";
        let out = world.meanwhile(purge, point, Then::GoesOn, |world| {
            world.sql(&format!("{change} WHERE n = 2"));
        });
        out.status(0).stdout_has("\"records\":2");
        rows.retain(|row, _| !row.contains("|2|"));
        for (row, count) in world.database() {
            if row.contains("|2|") {
                rows.insert(row, count);
            }
        }
        assert_eq!(world.all(), rows, "{}", world.picture());
        assert_eq!(world.count("purging"), 2);
        world.recovers(&world.all());
    }
}

#[test]
fn model_14_nothing_is_written_while_the_database_is_locked() {
    for table in ["uuids", "logs"] {
        let world = World::filled(&[table], 2);
        let rows = world.all();
        let purge = world.purge(&world.stored(table));
        world.meanwhile(purge, "purge.purging", Then::GoesOn, |world| {
            // Somebody else gets the write lock at once.
            let db = world.connect();
            db.busy_timeout(std::time::Duration::ZERO).unwrap();
            db.execute_batch("BEGIN IMMEDIATE; COMMIT").unwrap();
        });
        world.recovers(&rows);
    }
}

#[test]
fn batch_killed_between_event_and_commit_is_compared_anew() {
    for point in ["purge.purging", "purge.deleted"] {
        for n in 1..=3 {
            let world = World::filled(&["logs"], 4);
            let rows = world.all();
            let purge = world.purge(&world.stored("logs"));
            let killed = purge.arg("--batch-size=1");
            let fail = format!("{point}:{n}=kill");
            killed.env("RT_FAIL", fail).run().status(KILLED);
            assert_eq!(world.due(), 8 - (n - 1));
            world.recovers(&rows);
        }
    }
}

#[test]
fn batch_killed_after_its_commit_is_not_stored_again() {
    for n in 1..=5 {
        let world = World::filled(&["logs"], 4);
        let rows = world.all();
        let killed = world.purge(&world.stored("logs")).arg("--batch-size=1");
        let fail = format!("purge.committed:{n}=kill");
        killed.env("RT_FAIL", fail).run().status(KILLED);
        assert_eq!(world.due(), 8 - n);
        world.recovers(&rows);
    }
}
