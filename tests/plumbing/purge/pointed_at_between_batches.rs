//! Foreign keys, while an application or a trigger writes between two
//! batches.

use super::{
    archive, archive_with, archived, conserved, count, live, meanwhile, whole,
    with,
};

#[test]
fn a_row_stays_when_a_new_one_under_a_deleted_key_points_at_it() {
    for index in ["", "CREATE INDEX i ON t(par);"] {
        let world = with(
            "",
            &format!(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, at, \
                 par REFERENCES t(id)); {index} INSERT INTO t VALUES \
                 (1, OLD, NULL), (2, OLD, NULL), (3, OLD, NULL)"
            ),
        );
        let insert = "insert into t values(3, '2026-05-31', 1)";
        let Some(fail) = meanwhile("purge.committed", insert) else { return };
        let out = archive_with(&world, &fail, "--batch-size 1");
        assert_eq!(count(out.status(0), "referenced"), 1);
        whole(&world);
        assert_eq!(live(&world, "id"), ["1", "3"]);
        assert_eq!(archived(&world, "id"), ["2", "3"]);
    }
}

#[test]
fn a_deleted_row_keeps_its_line_when_a_new_one_under_its_key_is_pointed_at() {
    for (key, index) in [
        ("INTEGER PRIMARY KEY", ""),
        ("INTEGER PRIMARY KEY", "CREATE INDEX i ON c(par);"),
        ("UNIQUE", ""),
    ] {
        let world = with(
            "",
            &format!(
                "CREATE TABLE t(id {key}, at, v); \
                 CREATE TABLE c(par REFERENCES t(id)); {index} \
                 INSERT INTO t VALUES \
                 (1, OLD, 'one'), (2, OLD, 'two'), (3, OLD, 'three')"
            ),
        );
        let insert = "insert into t(rowid, id, at, v) \
                      values(1, 1, '2026-05-31', 'new'); \
                      insert into c values(1)";
        let Some(fail) = meanwhile("purge.committed", insert) else { return };
        let out = archive_with(&world, &fail, "--batch-size 1");
        assert_eq!(count(out.status(0), "records"), 3, "{key} {index}");
        conserved(&world, "v", &["new", "one", "three", "two"]);
        whole(&world);
    }
}

#[test]
fn a_row_stays_when_one_that_points_at_it_changes_and_stays() {
    let change = |key: &str, index: &str, point: &str| {
        let world = with(
            "",
            &format!(
                "CREATE TABLE t(id {key}, at, par REFERENCES t(id), v); \
                 {index} INSERT INTO t VALUES (1, OLD, NULL, 'one'), \
                 (2, OLD, 1, 'two'), (3, OLD, NULL, 'three')"
            ),
        );
        let update = "update t set v = 'new' where id = 2";
        let Some(fail) = meanwhile(point, update) else { return };
        // The time makes the batch long enough for all rows.
        let fail = fail.replacen('=', "=sleep 1; ", 1);
        let out = archive_with(&world, &fail, "");
        assert_eq!(count(out.status(0), "changed"), 1);
        assert_eq!(count(&out, "referenced"), 1, "{key} {index} {point}");
        assert_eq!(live(&world, "id"), ["1", "2"]);
        conserved(&world, "v", &["new", "one", "three"]);
        whole(&world);
    };
    for key in ["INTEGER PRIMARY KEY", "UNIQUE"] {
        for index in ["", "CREATE INDEX i ON t(par);"] {
            for point in ["purge.compared", "purge.purging"] {
                change(key, index, point);
            }
        }
    }
}

#[test]
fn a_row_without_key_stays_when_one_points_at_it_between_two_batches() {
    for index in ["", "CREATE INDEX i ON c(par);"] {
        let world = with(
            "",
            &format!(
                "CREATE TABLE t(u UNIQUE, at); \
                 CREATE TABLE c(par REFERENCES t(u)); {index} \
                 INSERT INTO t VALUES(1, OLD), (2, OLD), (3, OLD)"
            ),
        );
        let insert = "insert into c values(2)";
        let Some(fail) = meanwhile("purge.committed", insert) else { return };
        let out = archive_with(&world, &fail, "--batch-size 1");
        assert_eq!(count(out.status(0), "referenced"), 1, "{index}");
        assert_eq!(live(&world, "u"), ["2"]);
        conserved(&world, "u", &["1", "2", "3"]);
        whole(&world);
    }
}

#[test]
fn a_row_stays_when_a_trigger_points_another_one_at_it() {
    for key in ["INTEGER PRIMARY KEY", "UNIQUE"] {
        for index in ["", "CREATE INDEX i ON c(par);"] {
            let world = with(
                "",
                &format!(
                    "CREATE TABLE t(id {key}, at); \
                     CREATE TABLE c(par REFERENCES t(id)); {index} \
                     INSERT INTO t VALUES(1, OLD), (2, OLD), (3, OLD); \
                     CREATE TRIGGER g AFTER DELETE ON t WHEN old.id = 1 \
                     BEGIN INSERT INTO c VALUES(2); END"
                ),
            );
            let out = archive(&world);
            assert_eq!(count(out.status(0), "referenced"), 1, "{key} {index}");
            assert_eq!(live(&world, "id"), ["2"]);
            conserved(&world, "id", &["1", "2", "3"]);
            whole(&world);
        }
    }
}
