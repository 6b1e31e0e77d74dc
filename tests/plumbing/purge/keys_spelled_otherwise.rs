//! Keys and times that are spelled in more than one way.

use super::{archive, conserved, live, with};

#[test]
fn a_stream_that_spells_a_column_in_another_case_settles() {
    for key in ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY", "UNIQUE"] {
        let world = with(
            "",
            &format!(
                "CREATE TABLE t(id {key}, at, v); \
                 INSERT INTO t VALUES(1, OLD, 'one'), (2, OLD, 'two')"
            ),
        );
        let pipe = "rt-export --due t | sed 's/\"id\"/\"ID\"/' | \
                    rt-store t | rt-purge t";
        world.sh(pipe).run().status(0).stdout_has("\"records\":2");
        assert_eq!(live(&world, "v"), [""; 0], "{key}");
        conserved(&world, "v", &["one", "two"]);
    }
}

#[test]
fn a_column_that_changes_its_case_after_the_store_is_the_same() {
    for key in ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY", "UNIQUE"] {
        let world = with(
            "",
            &format!(
                "CREATE TABLE t(id {key}, at, v); \
                 INSERT INTO t VALUES(1, OLD, 'one'), (2, OLD, 'two')"
            ),
        );
        world.sh("rt-export --due t | rt-store t >r").run().status(0);
        world.sql("ALTER TABLE t RENAME COLUMN id TO Id");
        let out = world.sh("rt-purge t <r").run();
        out.status(0).stdout_has("\"records\":2");
        conserved(&world, "v", &["one", "two"]);
    }
}

#[test]
fn keys_that_differ_in_case_only_are_two_rows() {
    for rest in ["", "WITHOUT ROWID"] {
        for export in ["rt-export --due", "rt-export --due --batch-size 1"] {
            let world = with(
                "",
                &format!(
                    "CREATE TABLE t(k TEXT COLLATE NOCASE, at, \
                     PRIMARY KEY(k COLLATE BINARY)) {rest}; \
                     INSERT INTO t VALUES('a', OLD), ('A', OLD)"
                ),
            );
            let pipe = format!("{export} t | rt-store t | rt-purge t");
            let out = world.sh(&pipe).run();
            out.status(0).stdout_has("\"records\":2");
            assert_eq!(live(&world, "k"), [""; 0], "{rest} {export}");
            conserved(&world, "k", &["A", "a"]);
        }
    }
}

#[test]
fn a_time_of_invalid_text_in_an_index_is_undated() {
    for bad in ["ff", "fffe", "c3", "ff00", "3230ff"] {
        let world = with(
            "",
            &format!(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT); \
                 CREATE INDEX i ON t(at); \
                 INSERT INTO t VALUES(1, OLD), (2, CAST(x'{bad}' AS TEXT)), \
                 (3, CAST(x'{bad}' AS TEXT)), (4, '2026-05-31')"
            ),
        );
        let out = world.sh("rt-export --due --result r t").run();
        out.status(0).expect("one row", out.stdout.lines().count() == 1);
        let result = world.dir.read("r");
        assert!(result.contains("\"undated\":2"), "{bad}: {result}");
        archive(&world).status(0);
        assert_eq!(live(&world, "id"), ["2", "3", "4"]);
    }
}
