//! Receipts that were saved and are given later: between store and purge
//! anything may have happened. Only an rt-purge that already waited when the
//! rows were stored knows that they were there.

use super::*;
use crate::support::world::Bag;

#[test]
fn saved_receipts_keep_the_lines_of_rows_that_a_restore_took() {
    for table in ["uuids", "numbers", "logs"] {
        let world = World::new(&[table]);
        back_up_database(&world);
        world.fill(table, crate::support::world::OLD[0], 3);
        let rows = world.all();
        let receipts = world.stored(table);
        put_back_database(&world);
        let out = world.purge_later(&receipts).run();
        out.status(PARTLY);
        kept(&out, 3);
        world.sound();
        assert_eq!(world.all(), rows, "{}", world.picture());
        at_rest(&world);
    }
}

#[test]
fn receipts_of_a_tree_put_back_keep_the_lines_of_rows_that_went() {
    for point in ["purge.synced", "purge.purging", "purge.committed:2"] {
        let world = World::filled(&["uuids"], 3);
        let rows = world.all();
        let receipts = world.stored("uuids");
        back_up_tree(&world);
        let killed = world.purge_later(&receipts).arg("--batch-size=1");
        killed.env("RT_FAIL", format!("{point}=kill")).run().status(KILLED);
        world.pending().run();
        put_back_tree(&world);
        world.purge_later(&receipts).run();
        assert_eq!(world.all(), rows, "{point}{}", world.picture());
        at_rest(&world);
    }
}

#[test]
fn rows_that_changed_or_went_in_a_pipeline_leave_no_copy() {
    for table in ["uuids", "numbers", "logs"] {
        let world = World::filled(&[table], 3);
        let mut rows = Bag::new();
        let out = world.piped(world.pipe(&[]), table, |world| {
            world.sql(&format!(
                "UPDATE {table} SET body = 'second' WHERE rowid IN
                    (SELECT min(rowid) FROM {table});
                 DELETE FROM {table} WHERE rowid IN
                    (SELECT max(rowid) FROM {table} WHERE at < '2026-01-10')"
            ));
            rows = world.database();
        });
        out.status(0).stdout_has("\"changed\":1").stdout_has("\"gone\":1");
        kept(&out, 0);
        world.sound();
        assert_eq!(world.all(), rows, "{}", world.picture());
        world.recovers(&rows);
    }
}
