//! Delete triggers that write to the table itself, or fail.

use super::{
    archive, archive_with, archived, conserved, count, live, trusting, with,
};

const TWO: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v); \
                   INSERT INTO t VALUES(1, OLD, 'one'), (2, OLD, 'two');";

#[test]
fn a_row_that_a_trigger_replaced_is_not_deleted_unproven() {
    let trigger = "CREATE TRIGGER g AFTER DELETE ON t WHEN old.id = 1 BEGIN \
                   INSERT OR REPLACE INTO t VALUES(2, OLD, 'never'); END;";
    let sql = format!("{TWO}{}", trigger.replace("OLD", "'2026-01-01'"));
    for world in [with("", &sql), trusting(&sql)] {
        let out = archive(&world);
        assert_eq!(count(out.status(0), "changed"), 1);
        assert_eq!(live(&world, "v"), ["never"]);
        assert_eq!(archived(&world, "v"), ["one"]);
    }
}

#[test]
fn a_row_that_a_trusted_trigger_updated_is_not_deleted_unproven() {
    let world = trusting(&format!(
        "{TWO} CREATE TRIGGER g AFTER DELETE ON t WHEN old.id = 1 BEGIN \
         UPDATE t SET v = 'never' WHERE id = 2; END"
    ));
    let out = archive(&world);
    assert_eq!(count(out.status(0), "changed"), 1);
    assert_eq!(live(&world, "v"), ["never"]);
    assert_eq!(archived(&world, "v"), ["one"]);
}

#[test]
fn without_a_key_it_is_not_deleted_unproven_either() {
    let table = "CREATE TABLE t(at, v); \
                 INSERT INTO t VALUES(OLD, 'one'), (OLD, 'two');";
    for step in [
        "INSERT OR REPLACE INTO t(rowid, at, v) VALUES(2, OLD, 'never')",
        "UPDATE t SET v = 'never' WHERE v = 'two'",
    ] {
        let world = trusting(&format!(
            "{table} CREATE TRIGGER g AFTER DELETE ON t \
             WHEN old.v = 'one' BEGIN {step}; END"
        ));
        let out = archive(&world);
        out.status(0);
        assert_eq!(count(&out, "records"), 1, "{step}");
        assert_eq!(live(&world, "v"), ["never"], "{step}");
        assert_eq!(archived(&world, "v"), ["one"], "{step}");
    }
}

#[test]
fn the_line_of_a_row_that_a_trigger_displaced_stays() {
    let world = with(
        "",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, slot UNIQUE); \
         INSERT INTO t VALUES(1, OLD, 'a'), (2, OLD, 'b'); \
         CREATE TRIGGER g AFTER DELETE ON t WHEN old.id = 1 BEGIN \
         INSERT OR REPLACE INTO t VALUES(9, '2026-05-31', 'b'); END",
    );
    let out = archive(&world);
    assert_eq!(count(out.status(0), "superseded"), 1);
    conserved(&world, "id", &["1", "2", "9"]);
    assert_eq!(live(&world, "id"), ["9"]);
}

#[test]
fn a_kill_between_rows_of_which_one_takes_the_other_loses_neither() {
    for (point, flags) in [
        ("purge.committed", "--batch-size 1"),
        ("purge.committed:2", "--batch-size 1"),
        ("purge.deleted", "--batch-size 1"),
        ("purge.deleted:2", "--batch-size 1"),
        ("purge.deleted", ""),
        ("purge.committed", ""),
        ("purge.purging", ""),
        ("purge.before_purge", ""),
    ] {
        for key in ["INTEGER PRIMARY KEY", ""] {
            let world = trusting(&format!(
                "CREATE TABLE t(id {key}, at, par); INSERT INTO t VALUES \
                 (1, OLD, NULL), (2, OLD, 1), (3, OLD, NULL), (4, OLD, 3); \
                 CREATE TRIGGER g AFTER DELETE ON t BEGIN \
                 DELETE FROM t WHERE par = old.id; END"
            ));
            let kill = format!("{point}=kill");
            let out = archive_with(&world, &kill, flags);
            out.status(137);
            world.pending().run().status_of(&[0, 3]);
            conserved(&world, "id", &["1", "2", "3", "4"]);
            archive(&world).status(0);
            conserved(&world, "id", &["1", "2", "3", "4"]);
        }
    }
}

#[test]
fn a_row_that_was_to_stay_and_went_with_another_one_keeps_its_line() {
    for (fail, status) in [
        ("", 0),
        ("purge.committed=kill", 137),
        ("purge.before_purge=kill", 137),
    ] {
        for key in ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY", "UNIQUE"] {
            let world = trusting(&format!(
                "CREATE TABLE t(id {key}, at); \
                 CREATE TABLE c(par REFERENCES t(id)); \
                 INSERT INTO t VALUES(1, OLD), (2, OLD), (3, OLD); \
                 CREATE TRIGGER g AFTER DELETE ON t WHEN old.id = 1 BEGIN \
                 DELETE FROM t WHERE id = 2; END"
            ));
            // It is pointed at after the export, which leaves out such rows.
            world.sh("rt-export --due t | rt-store t >r").run().status(0);
            world.sql("INSERT INTO c VALUES(2)");
            let purge = "RT_FAIL=\"$FAIL\" rt-purge t <r";
            world.sh(purge).env("FAIL", fail).run().status(status);
            world.pending().run().status_of(&[0, 3]);
            conserved(&world, "id", &["1", "2", "3"]);
        }
    }
}

#[test]
fn a_trusted_trigger_may_take_rows_of_another_table_of_the_run() {
    let world = trusting(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at); \
         CREATE TABLE u(id INTEGER PRIMARY KEY, at); \
         INSERT INTO t VALUES(1, OLD); INSERT INTO u VALUES(1, OLD); \
         CREATE TRIGGER g AFTER DELETE ON t BEGIN DELETE FROM u; END",
    );
    let script = "for t in t u; do rt-export --due $t | rt-store $t; done";
    world.sh(&format!("({script}) | rt-purge")).run().status(0);
    assert_eq!(archived(&world, "id"), ["1", "1"]);
}

#[test]
fn a_row_that_another_ones_trigger_puts_back_is_in_one_place() {
    let world = with(
        "",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v); \
         INSERT INTO t VALUES(1, OLD, 'a'), (2, OLD, 'b'); \
         CREATE TRIGGER g AFTER DELETE ON t WHEN old.id = 2 BEGIN \
         INSERT INTO t VALUES(1, '2026-01-01', 'a'); END",
    );
    for _ in 0..2 {
        // The time makes the batch long enough for both rows.
        let out = archive_with(&world, "purge.purging=sleep 1", "");
        out.status(3).stdout_has("kept");
        conserved(&world, "id", &["1", "2"]);
    }
}

#[test]
fn a_row_for_which_a_trigger_fails_stays_and_the_others_go() {
    let json = "INSERT INTO log VALUES(json_extract(old.k, '$.a'))";
    let raise = |how: &str| {
        format!("SELECT raise({how}, 'no') WHERE NOT json_valid(old.k)")
    };
    let steps =
        [json.to_owned(), raise("ROLLBACK"), raise("ABORT"), raise("FAIL")];
    for step in &steps {
        for key in ["INTEGER PRIMARY KEY", ""] {
            let world = with(
                "",
                &format!(
                    "CREATE TABLE log(a); CREATE TABLE t(id {key}, at, k); \
                     INSERT INTO t VALUES(1, OLD, '{{}}'), (2, OLD, '{{'), \
                     (3, OLD, '{{}}'), (4, OLD, '{{}}'); \
                     CREATE TRIGGER g AFTER DELETE ON t BEGIN {step}; END"
                ),
            );
            for records in [3, 0] {
                let out = archive(&world);
                assert_eq!(count(out.status(3), "refused"), 1, "{step}");
                assert_eq!(count(&out, "records"), records, "{step}");
                assert_eq!(live(&world, "id"), ["2"], "{step}");
                conserved(&world, "id", &["1", "2", "3", "4"]);
            }
            world.sql("UPDATE t SET k = '{}'");
            archive(&world).status(0);
            assert_eq!(live(&world, "id"), [""; 0]);
        }
    }
}

#[test]
fn row_that_was_to_stay_and_went_with_another_keeps_one_of_two_lines() {
    // A trigger keeps `a` as long as `b` is there, and takes it then.
    let world = trusting(
        "CREATE TABLE t (id TEXT PRIMARY KEY, at);
         INSERT INTO t VALUES ('a', '2026-01-02'), ('b', '2026-01-02');
         CREATE TRIGGER keeps BEFORE DELETE ON t
         WHEN old.id = 'a' AND EXISTS (SELECT 1 FROM t WHERE id = 'b')
         BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER takes AFTER DELETE ON t WHEN old.id = 'b'
         BEGIN DELETE FROM t WHERE id = 'a'; END;",
    );
    for times in [1, 2] {
        let world = world.copy();
        // The export met each row so often, and another run stored them.
        let rows = world.export("t").repeat(times);
        let receipts = world.store("t", &rows).run();
        receipts.status(0);
        world.purge_later(&receipts.bytes).run().status(0);
        assert_eq!(world.row("SELECT count(*) FROM t"), "0");
        assert_eq!(world.archived_of("id"), "a b", "{times}");
    }
}
