//! Keys and times that are spelled in more than one way.

use super::{archive, conserved, live, sh, with};

#[test]
fn a_stream_that_spells_a_column_in_another_case_settles() {
    for key in ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY", "UNIQUE"] {
        let dir = with(
            "",
            &format!(
                "CREATE TABLE t(id {key}, ts, v); \
                 INSERT INTO t VALUES(1, OLD, 'one'), (2, OLD, 'two')"
            ),
        );
        let pipe = "rt-export --due t | sed 's/\"id\"/\"ID\"/' | \
                    rt-store t | rt-purge t";
        sh(&dir, pipe).run().status(0).stdout_has("\"records\":2");
        assert_eq!(live(&dir, "v"), [""; 0], "{key}");
        conserved(&dir, "v", &["one", "two"]);
    }
}

#[test]
fn a_column_that_changes_its_case_after_the_store_is_the_same() {
    for key in ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY", "UNIQUE"] {
        let dir = with(
            "",
            &format!(
                "CREATE TABLE t(id {key}, ts, v); \
                 INSERT INTO t VALUES(1, OLD, 'one'), (2, OLD, 'two')"
            ),
        );
        sh(&dir, "rt-export --due t | rt-store t >r").run().status(0);
        dir.sql("x.db", "ALTER TABLE t RENAME COLUMN id TO Id");
        let out = sh(&dir, "rt-purge t <r").run();
        out.status(0).stdout_has("\"records\":2");
        conserved(&dir, "v", &["one", "two"]);
    }
}

#[test]
fn keys_that_differ_in_case_only_are_two_rows() {
    for rest in ["", "WITHOUT ROWID"] {
        for export in ["rt-export --due", "rt-export --due --batch-size 1"] {
            let dir = with(
                "",
                &format!(
                    "CREATE TABLE t(k TEXT COLLATE NOCASE, ts, \
                     PRIMARY KEY(k COLLATE BINARY)) {rest}; \
                     INSERT INTO t VALUES('a', OLD), ('A', OLD)"
                ),
            );
            let pipe = format!("{export} t | rt-store t | rt-purge t");
            let out = sh(&dir, &pipe).run();
            out.status(0).stdout_has("\"records\":2");
            assert_eq!(live(&dir, "k"), [""; 0], "{rest} {export}");
            conserved(&dir, "k", &["A", "a"]);
        }
    }
}

#[test]
fn a_time_of_invalid_text_in_an_index_is_undated() {
    for bad in ["ff", "fffe", "c3", "ff00", "3230ff"] {
        let dir = with(
            "",
            &format!(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, ts TEXT); \
                 CREATE INDEX i ON t(ts); \
                 INSERT INTO t VALUES(1, OLD), (2, CAST(x'{bad}' AS TEXT)), \
                 (3, CAST(x'{bad}' AS TEXT)), (4, '2026-05-31')"
            ),
        );
        let out = sh(&dir, "rt-export --due --result r t").run();
        out.status(0).expect("one row", out.stdout.lines().count() == 1);
        let result = dir.read("r");
        assert!(result.contains("\"undated\":2"), "{bad}: {result}");
        archive(&dir).status(0);
        assert_eq!(live(&dir, "id"), ["2", "3", "4"]);
    }
}
