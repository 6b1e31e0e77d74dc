//! Triggers: they fire, and none of them loses a row.

use crate::support::world::{World, counts, purged};

/// Six rows that are due, in a table of this key, and another table.
fn with(key: &str, trigger: &str) -> World {
    World::of(&format!(
        "CREATE TABLE t (id {key}, at TEXT, v);
        CREATE TABLE other (id, v);
        CREATE TABLE log (what);
        INSERT INTO other VALUES (1, 'a'), (2, 'b');
        INSERT INTO t VALUES (1, '2026-01-01', 'a'), (2, '2026-01-01', 'b'),
            (3, '2026-01-01', 'c'), (4, '2026-01-02', 'd'),
            (5, '2026-01-02', 'e'), (6, '2026-01-02', 'f');
        {trigger}"
    ))
}

const KEYS: [&str; 3] = ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY", "INT"];

#[test]
fn trigger_that_destroys_other_rows_is_refused_and_named() {
    for body in [
        "DELETE FROM other WHERE id = old.id",
        "DELETE FROM t WHERE id = old.id + 1",
        "UPDATE t SET v = 'touched' WHERE id = old.id + 1",
        "INSERT INTO log VALUES (1); DELETE FROM log",
    ] {
        for when in ["BEFORE", "AFTER"] {
            let world = with("INTEGER PRIMARY KEY", "");
            let receipts = world.stored("t");
            world.sql(&format!(
                "CREATE TRIGGER harmful {when} DELETE ON t
                BEGIN {body}; END"
            ));
            let before = world.rows("SELECT * FROM t");
            let out = world.purge(&receipts).run();
            out.status(1).stderr_has("'harmful'");
            let result = purged(&out);
            assert_eq!(result["status"], "failed", "{body}");
            let message = result["message"].as_str().unwrap();
            assert!(message.contains("'harmful'"), "{message}");
            assert_eq!(world.rows("SELECT * FROM t"), before, "{body}");
            assert_eq!(world.row("SELECT v FROM other"), "a b");
            // And nothing of it is ever stored.
            world.sql("DROP TRIGGER harmful");
            let rows = world.exported("t").bytes;
            world.purge(&receipts).run().status(0);
            world.sql(&format!(
                "CREATE TRIGGER harmful {when} DELETE ON t
                BEGIN {body}; END"
            ));
            let tree = world.dir.tree();
            let out = world.cmd("rt-store").arg("t").stdin(rows).run();
            out.status(1).stderr_has("'harmful'");
            assert_eq!(world.dir.tree(), tree, "{body}");
        }
    }
}

#[test]
fn trigger_that_only_adds_elsewhere_fires() {
    for key in KEYS {
        let world = with(
            key,
            "CREATE TRIGGER logs AFTER DELETE ON t
            BEGIN INSERT INTO log VALUES (old.v); END",
        );
        let out = world.purge(&world.stored("t")).run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), "records 6", "{key}");
        assert_eq!(purged(&out)["trigger_changes"], 6, "{key}");
        let logged = world.row("SELECT what FROM log ORDER BY what");
        assert_eq!(logged, "a b c d e f", "{key}");
    }
}

#[test]
fn trigger_that_keeps_or_restores_rows_loses_nothing_and_is_named() {
    for body in [
        "BEFORE DELETE ON t WHEN old.v IN ('b', 'f')
            BEGIN SELECT raise(IGNORE); END",
        "BEFORE DELETE ON t WHEN old.v IN ('b', 'f')
            BEGIN SELECT raise(ABORT, 'kept'); END",
        "AFTER DELETE ON t WHEN old.v IN ('b', 'f')
            BEGIN SELECT raise(FAIL, 'kept'); END",
        "BEFORE DELETE ON t WHEN old.v IN ('b', 'f')
            BEGIN SELECT raise(ROLLBACK, 'kept'); END",
        "AFTER DELETE ON t WHEN old.v IN ('b', 'f')
            BEGIN INSERT INTO t VALUES (old.id, old.at, old.v); END",
        "AFTER DELETE ON t WHEN old.v IN ('b', 'f')
            BEGIN INSERT INTO t VALUES (old.id, old.at, 'b' || old.v); END",
    ] {
        for key in KEYS {
            let world = with(
                key,
                &format!(
                    "CREATE TRIGGER keeps {body};
                    CREATE TRIGGER innocent AFTER INSERT ON other
                        BEGIN DELETE FROM log; END"
                ),
            );
            let out = world.purge(&world.stored("t")).run();
            let case = format!("{key} {body}");
            out.status(3);
            let result = purged(&out);
            assert_eq!(counts(&result), "records 4, refused 2", "{case}");
            let message = result["message"].as_str().unwrap();
            assert!(message.contains("'keeps'"), "{message}");
            assert!(!message.contains("innocent"), "{message}");
            let left = world.row("SELECT v FROM t ORDER BY id");
            assert_eq!(left, "b f", "{case}");
            assert_eq!(world.archived_of("v"), "a c d e", "{case}");
        }
    }
}

#[test]
fn row_that_a_trigger_puts_under_another_key_is_another_row() {
    for key in ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY"] {
        let world = with(
            key,
            "CREATE TRIGGER moves AFTER DELETE ON t WHEN old.v IN ('b', 'f')
            BEGIN INSERT INTO t VALUES (old.id + 100, old.at, old.v); END",
        );
        let out = world.purge(&world.stored("t")).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), "records 6", "{key}");
        assert_eq!(world.row("SELECT v FROM t ORDER BY id"), "b f", "{key}");
        assert_eq!(world.archived_of("id"), "1 2 3 4 5 6", "{key}");
    }
}

#[test]
fn row_without_key_that_a_trigger_restores_at_the_end_is_refused() {
    // With gaps between the rowids the restored row gets one in a gap.
    for rowids in ["", "UPDATE t SET rowid = rowid * 10"] {
        for key in ["INT", "TEXT PRIMARY KEY"] {
            let world = with(key, rowids);
            world.sql(
                "UPDATE t SET id = NULL WHERE v = 'f';
                CREATE TRIGGER keeps AFTER DELETE ON t WHEN old.v = 'f'
                BEGIN INSERT INTO t VALUES (old.id, old.at, old.v); END",
            );
            let out = world.purge(&world.stored("t")).run();
            out.status(3);
            assert_eq!(counts(&purged(&out)), "records 5, refused 1");
            assert_eq!(world.row("SELECT v FROM t"), "f", "{key} {rowids}");
            assert_eq!(world.archived_of("v"), "a b c d e");
        }
    }
}

#[test]
fn trusted_triggers_do_as_they_are_told() {
    for key in KEYS {
        let world = with(
            key,
            "CREATE TRIGGER more AFTER DELETE ON t
            BEGIN
                DELETE FROM other WHERE v = old.v;
                DELETE FROM t WHERE v = 'b' AND old.v = 'a';
            END",
        );
        let policy = world.dir.read("policy").replacen(
            "\"at\",",
            "\"at\",\"triggers\":\"trust\",",
            1,
        );
        world.dir.write("policy", policy);
        let out = world.purge(&world.stored("t")).run();
        out.status(0).stderr("");
        let result = purged(&out);
        // The lines of rows that went with another one are kept.
        assert_eq!(result["rows"], 6);
        assert_eq!(result["gone"], 0);
        assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{key}");
        // Deleted by a trigger, the second one fired none.
        assert_eq!(world.row("SELECT v FROM other"), "b", "{key}");
        assert_eq!(world.archived_of("v"), "a b c d e f", "{key}");
    }
}

#[test]
fn full_text_index_is_kept_in_step() {
    let world = World::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, v TEXT);
        CREATE VIRTUAL TABLE f USING fts5(v, content='t', content_rowid='id');
        CREATE TRIGGER t_insert AFTER INSERT ON t BEGIN
            INSERT INTO f(rowid, v) VALUES (new.id, new.v); END;
        CREATE TRIGGER t_delete AFTER DELETE ON t BEGIN
            INSERT INTO f(f, rowid, v) VALUES ('delete', old.id, old.v); END;
        CREATE TRIGGER t_update AFTER UPDATE ON t BEGIN
            INSERT INTO f(f, rowid, v) VALUES ('delete', old.id, old.v);
            INSERT INTO f(rowid, v) VALUES (new.id, new.v); END;
        INSERT INTO t VALUES (1, '2026-01-01', 'alpha beta'),
            (2, '2026-01-02', 'beta gamma'), (3, '2026-01-14', 'beta')",
    );
    let out = world.purge(&world.stored("t")).run();
    out.status(0).stderr("");
    assert_eq!(counts(&purged(&out)), "records 2");
    world.sql("INSERT INTO f(f, rank) VALUES ('integrity-check', 1)");
    let found = |word: &str| {
        world.row(&format!("SELECT rowid FROM f WHERE f MATCH '{word}'"))
    };
    assert_eq!([found("beta"), found("alpha")], ["3", ""]);
}

/// FTS5 writes what it holds in memory at the end of each statement: of rows
/// that go one by one, each would write some ten rows of the index.
#[test]
fn full_text_index_is_written_by_few_statements() {
    for key in ["id INTEGER PRIMARY KEY", "id INTEGER, k TEXT PRIMARY KEY"] {
        let world = World::of(&format!(
            "CREATE TABLE t ({key}, at TEXT, v TEXT);
            CREATE VIRTUAL TABLE f USING fts5(v, content='t');
            CREATE TRIGGER t_delete AFTER DELETE ON t BEGIN
              INSERT INTO f(f, rowid, v)
                VALUES ('delete', old.rowid, old.v); END;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
              WHERE i < 3000) INSERT INTO t(id, at, v) SELECT 3 * i,
              '2026-01-01', 'alpha beta w' || i % 91 FROM n;"
        ));
        if key.contains("k TEXT") {
            world.sql("UPDATE t SET k = hex(randomblob(8))");
        }
        world.sql("INSERT INTO f(f) VALUES ('rebuild')");
        let out = world.purge(&world.stored("t")).run();
        out.status(0).stderr("");
        let result = purged(&out);
        assert_eq!(result["records"], 3000, "{result}");
        let changes = result["trigger_changes"].as_u64().unwrap();
        // About two a row are of its size, which the index keeps by itself.
        assert!(changes < 9_000, "{key}: {changes}");
        world.sql("INSERT INTO f(f, rank) VALUES ('integrity-check', 1)");
    }
}

/// Rows go together until one is kept, and what was begun is undone: each
/// trigger fires once for each row that goes.
#[test]
fn trigger_that_keeps_some_of_many_rows_keeps_just_these() {
    for keeps in ["RAISE(IGNORE)", "RAISE(ABORT, 'no')", "RAISE(FAIL, 'no')"] {
        let world = World::of(&format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, v TEXT);
            CREATE TABLE log (id);
            CREATE TRIGGER some BEFORE DELETE ON t WHEN old.id % 100 = 77
              BEGIN SELECT {keeps}; END;
            CREATE TRIGGER logged AFTER DELETE ON t
              BEGIN INSERT INTO log VALUES (old.id); END;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
              WHERE i < 400) INSERT INTO t SELECT i, '2026-01-01', 'a' FROM n"
        ));
        let out = world.purge(&world.stored("t")).run();
        out.status(3).stderr_has("");
        assert_eq!(counts(&purged(&out)), "records 396, refused 4", "{keeps}");
        let left = "SELECT group_concat(id, ' ') FROM t";
        assert_eq!(world.row(left), "77 177 277 377");
        let logged = "SELECT count(*) || ' ' || count(DISTINCT id) FROM log";
        assert_eq!(world.row(logged), "396 396");
    }
}
