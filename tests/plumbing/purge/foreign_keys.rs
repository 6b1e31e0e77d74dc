//! Foreign keys: a row at which a row that stays points, stays too.

use crate::support::world::{World, counts, purged};

/// Eight parents, all due but the last, and who points at them.
fn parents(child: &str) -> World {
    World::of(&format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, up INT);
        {child};
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < 8)
        INSERT INTO t SELECT n, CASE WHEN n < 8 THEN '2026-01-0' ||
            (n % 2 + 1) ELSE '2026-01-14' END, NULL FROM s"
    ))
}

const PLAIN: &str = "CREATE TABLE c (t INT REFERENCES t)";
const INDEXED: &str =
    "CREATE TABLE c (t INT REFERENCES t); CREATE INDEX i ON c(t)";
const CASCADE: &str = "CREATE TABLE c (id INTEGER PRIMARY KEY, t INT
    REFERENCES t (id) ON DELETE CASCADE ON UPDATE CASCADE)";
const SET_NULL: &str = "CREATE TABLE c (x, t INT, FOREIGN KEY (t) REFERENCES
    T (ID) ON DELETE SET NULL); CREATE INDEX i ON c(t, x)";
const CHILDREN: [&str; 4] = [PLAIN, INDEXED, CASCADE, SET_NULL];

#[test]
fn parent_of_a_child_that_came_after_the_export_stays() {
    for child in CHILDREN {
        let world = parents(child);
        let receipts = world.stored("t");
        world.sql(
            "PRAGMA foreign_keys = OFF;
            INSERT INTO c(t) VALUES (3), (4), (3), (NULL), (99)",
        );
        let out = world.purge(&receipts).run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), "records 5, referenced 2");
        assert_eq!(world.row("SELECT id FROM t"), "3 4 8", "{child}");
        assert_eq!(world.archived_of("id"), "1 2 5 6 7", "{child}");
        let left = world.row("SELECT t FROM c");
        assert_eq!(left, "3 4 3 NULL 99", "{child}");
    }
}

#[test]
fn parent_of_a_child_that_comes_during_the_purge_stays() {
    for child in CHILDREN {
        for point in ["purge.compared", "purge.purging"] {
            let world = parents(child);
            let purge = world.purge(&world.stored("t"));
            let out = world.run_with(purge, point, |world| {
                world.sql("INSERT INTO c(t) VALUES (3), (4)");
            });
            out.status(0).stderr("");
            let case = format!("{child} {point}");
            let counted = counts(&purged(&out));
            assert_eq!(counted, "records 5, referenced 2", "{case}");
            assert_eq!(world.row("SELECT id FROM t"), "3 4 8", "{case}");
            assert_eq!(world.archived_of("id"), "1 2 5 6 7", "{case}");
        }
    }
}

#[test]
fn parents_of_children_that_come_between_all_batches_stay() {
    for child in CHILDREN {
        let world = parents(child);
        let purge = world.purge(&world.stored("t")).arg("--batch-size=1");
        let out = world.run_with(purge, "purge.committed:*", |world| {
            // Whoever is left gets a child, two at most.
            world.sql(
                "INSERT INTO c(t) SELECT max(id) FROM t WHERE id < 8 AND id
                NOT IN (SELECT t FROM c) AND (SELECT count(*) < 2 FROM c)
                HAVING max(id) IS NOT NULL",
            );
        });
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), "records 5, referenced 2");
        // Every child still has its parent, and no row is in two places.
        let orphans = "SELECT t FROM c WHERE t NOT IN (SELECT id FROM t)";
        assert_eq!(world.row(orphans), "", "{child}");
        let stayed = world.rows("SELECT id FROM t WHERE id < 8");
        assert_eq!(stayed.len(), 2, "{child}");
        let gone = world.archived_of("id");
        assert_eq!(gone.split(' ').count(), 5, "{child}");
        for id in stayed {
            assert!(!gone.split(' ').any(|g| g == id), "{child}");
        }
    }
}

#[test]
fn keys_are_compared_by_the_rules_of_the_parent() {
    for (key, value, points, stays) in [
        ("TEXT COLLATE NOCASE", "'abc'", "'ABC'", true),
        ("TEXT", "'abc'", "'ABC'", false),
        ("TEXT COLLATE RTRIM", "'abc'", "'abc  '", true),
        // As SQLite has it when it deletes; its own check of what points
        // where would find these two.
        ("TEXT", "'7'", "7", false),
        ("INTEGER", "7", "'7'", true),
        ("REAL", "7.0", "'7'", true),
        ("BLOB", "7", "'7'", false),
        ("BLOB", "x'61'", "'a'", false),
    ] {
        for index in ["", "CREATE INDEX i ON c(k)"] {
            let world = World::of(&format!(
                "CREATE TABLE t (k {key} PRIMARY KEY, at TEXT);
                CREATE TABLE c (k REFERENCES t(k));
                INSERT INTO t VALUES ({value}, '2026-01-01'),
                    (99, '2026-01-01');
                {index}"
            ));
            let receipts = world.stored("t");
            world.sql(&format!(
                "PRAGMA foreign_keys = OFF; INSERT INTO c VALUES ({points})"
            ));
            let out = world.purge(&receipts).run();
            out.status(0);
            let count = counts(&purged(&out));
            let case = format!("{key} {value} {points} {index}");
            let want = match stays {
                true => "records 1, referenced 1",
                false => "records 2",
            };
            assert_eq!(count, want, "{case}");
        }
    }
}

#[test]
fn key_with_a_null_part_points_at_nothing() {
    for keys in ["a INT, b INT, PRIMARY KEY (a, b)", "a INT, b INT"] {
        let world = World::of(&format!(
            "CREATE TABLE t (at TEXT, {keys});
            CREATE UNIQUE INDEX unique_key ON t(a, b);
            CREATE TABLE c (a INT, b INT,
                FOREIGN KEY (b, a) REFERENCES t (b, a));
            INSERT INTO t VALUES ('2026-01-01', 1, 1), ('2026-01-01', 1, 2)"
        ));
        let receipts = world.stored("t");
        world.sql("INSERT INTO c VALUES (1, 2), (1, NULL), (NULL, 1)");
        let out = world.purge(&receipts).run();
        assert_eq!(counts(&purged(&out)), "records 1, referenced 1");
        assert_eq!(world.row("SELECT a, b FROM t"), "1|2", "{keys}");
    }
}

/// Rows of a table that point at rows of the same table.
fn own(index: &str, shape: &str, rows: &str) -> World {
    World::of(&format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, up INT
            REFERENCES t(id) ON DELETE CASCADE) {shape};
        {index};
        INSERT INTO t VALUES {rows}"
    ))
}

const OWN: [(&str, &str); 3] = [
    ("", ""),
    ("CREATE INDEX up ON t(up)", ""),
    ("CREATE INDEX up ON t(up)", "WITHOUT ROWID"),
];

#[test]
fn chain_stays_to_its_end_when_its_last_row_stays() {
    for (index, shape) in OWN {
        let world = own(
            index,
            shape,
            "(1, '2026-01-01', NULL), (2, '2026-01-02', 1),
            (3, '2026-01-01', 2), (4, '2026-01-02', 3), (5, '2026-01-01', 1),
            (6, '2026-01-01', 6), (9, '2026-01-14', NULL)",
        );
        let receipts = world.stored("t");
        // 3 gets a child that stays: so do 2 and 1; not 4, which points at 3.
        world.sql("UPDATE t SET up = 3 WHERE id = 9");
        let out = world.purge(&receipts).arg("--batch-size=1").run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), "records 3, referenced 3");
        assert_eq!(world.row("SELECT id FROM t"), "1 2 3 9", "{shape}");
        assert_eq!(world.archived_of("id"), "4 5 6", "{shape}");
    }
}

#[test]
fn cycle_goes_as_a_whole_or_stays_as_a_whole() {
    for (index, shape) in OWN {
        let rows = "(1, '2026-01-01', 2), (2, '2026-01-02', 3),
            (3, '2026-01-03', 1), (9, '2026-01-14', NULL)";
        let world = own(index, shape, rows);
        let out = world.purge(&world.stored("t")).run();
        assert_eq!(counts(&purged(&out)), "records 3", "{shape}");
        let world = own(index, shape, rows);
        let receipts = world.stored("t");
        world.sql("UPDATE t SET up = 2 WHERE id = 9");
        let out = world.purge(&receipts).run();
        assert_eq!(counts(&purged(&out)), "referenced 3", "{shape}");
        assert_eq!(world.row("SELECT count(*) FROM t"), "4", "{shape}");
        assert!(world.files().is_empty(), "{shape}");
    }
}

#[test]
fn row_that_changes_during_the_purge_keeps_those_at_which_it_points() {
    for (index, shape) in OWN {
        let world = own(
            index,
            shape,
            "(1, '2026-01-01', NULL), (2, '2026-01-01', 1),
            (3, '2026-01-01', 2), (4, '2026-01-01', 3), (5, '2026-01-01', 4)",
        );
        let purge = world.purge(&world.stored("t")).arg("--batch-size=1");
        let out = world.run_with(purge, "purge.committed", |world| {
            world.sql("UPDATE t SET at = '2026-01-01 00:00' WHERE id = 3");
        });
        out.status(0).stderr("");
        let result = purged(&out);
        // 3 changed, 2 and 1 are above it; 5 and 4 went, in this order.
        assert_eq!(world.row("SELECT id FROM t"), "1 2 3", "{shape}");
        assert_eq!(
            counts(&result),
            "records 2, changed 1, referenced 2",
            "{shape}"
        );
        assert_eq!(world.archived_of("id"), "4 5", "{shape}");
    }
}

#[test]
fn table_without_usable_key_keeps_its_parents_too() {
    for index in ["", "CREATE INDEX i ON c(k)"] {
        for point in ["purge.compared", "purge.committed"] {
            let world = World::of(&format!(
                "CREATE TABLE t (k TEXT UNIQUE, at TEXT);
                CREATE TABLE c (k TEXT REFERENCES t(k));
                INSERT INTO t VALUES ('a', '2026-01-01'),
                    ('b', '2026-01-01'), ('c', '2026-01-01'),
                    ('d', '2026-01-02');
                {index}"
            ));
            let purge = world.purge(&world.stored("t")).arg("--batch-size=1");
            world.sql("INSERT INTO c VALUES ('b')");
            let out = world.run_with(purge, point, |world| {
                world.sql("INSERT INTO c VALUES ('c')");
            });
            out.status(0).stderr("");
            let counted = counts(&purged(&out));
            assert_eq!(counted, "records 2, referenced 2", "{point}");
            assert_eq!(world.row("SELECT k FROM t"), "b c", "{point}");
            assert_eq!(world.archived_of("k"), "a d", "{point}");
        }
    }
}

/// No row points at one that is not there.
fn no_pointer_dangles(world: &World, case: &str) {
    let dangling = world.rows("PRAGMA foreign_key_check");
    assert!(dangling.is_empty(), "{case}: {dangling:?}");
}

#[test]
fn row_that_changes_keeps_a_later_one_at_which_it_points() {
    for (index, shape) in OWN {
        let world = own(
            index,
            shape,
            "(1, '2026-01-01', 5), (2, '2026-01-01', 1),
            (3, '2026-01-01', 2), (4, '2026-01-01', NULL),
            (5, '2026-01-01', NULL)",
        );
        let purge = world.purge(&world.stored("t")).arg("--batch-size=1");
        let out = world.run_with(purge, "purge.committed", |world| {
            world.sql("UPDATE t SET at = '2026-01-01 00:00' WHERE id = 1");
        });
        out.status(0).stderr("");
        no_pointer_dangles(&world, shape);
        let left = world.row("SELECT id FROM t ORDER BY id");
        assert_eq!(left, "1 5", "{shape}");
        let counted = counts(&purged(&out));
        assert_eq!(counted, "records 3, changed 1, referenced 1", "{shape}");
        assert_eq!(world.archived_of("id"), "2 3 4", "{shape}");
    }
}

#[test]
fn circle_goes_in_one_transaction() {
    for (index, shape) in OWN {
        let rows = "(1, '2026-01-01', 4), (2, '2026-01-02', 1),
            (3, '2026-01-03', NULL), (4, '2026-01-01', 2),
            (5, '2026-01-02', 4), (6, '2026-01-01', 6),
            (7, '2026-01-01', 3), (8, '2026-01-01', 2)";
        for changed in [1, 2, 4] {
            let world = own(index, shape, rows);
            let purge = world.purge(&world.stored("t")).arg("--batch-size=1");
            let out = world.run_with(purge, "purge.committed:*", |world| {
                world.sql(&format!(
                    "UPDATE t SET at = '2026-01-01 00:00'
                    WHERE id = {changed} AND (SELECT count(*) FROM t) < 8"
                ));
            });
            out.status(0).stderr("");
            let case = format!("{shape} {changed}");
            no_pointer_dangles(&world, &case);
            // All of the circle or none.
            let circle = "SELECT id FROM t WHERE id IN (1, 2, 4) ORDER BY id";
            assert_eq!(world.row(circle), "1 2 4", "{case}");
            let counted = counts(&purged(&out));
            let want = "records 5, changed 1, referenced 2";
            assert_eq!(counted, want, "{case}");
        }
        let world = own(index, shape, rows);
        let purge = world.purge(&world.stored("t")).arg("--batch-size=1");
        let out = purge.run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), "records 8", "{shape}");
    }
}

#[test]
fn row_that_a_trigger_keeps_keeps_its_circle() {
    for (index, shape) in OWN {
        let world = own(
            index,
            shape,
            "(1, '2026-01-01', 4), (2, '2026-01-02', 1),
            (3, '2026-01-03', NULL), (4, '2026-01-01', 2)",
        );
        world.sql(
            "CREATE TRIGGER keep BEFORE DELETE ON t WHEN old.id = 2
            BEGIN SELECT raise(IGNORE); END",
        );
        let out = world.purge(&world.stored("t")).run();
        out.status(3);
        let counted = counts(&purged(&out));
        assert_eq!(counted, "records 1, referenced 2, refused 1", "{shape}");
        let left = world.row("SELECT id FROM t ORDER BY id");
        assert_eq!(left, "1 2 4", "{shape}");
        assert_eq!(world.archived_of("id"), "3", "{shape}");
    }
}

/// Whoever looks whether a child without index points at a row cannot finish
/// while others commit all the time: the write lock is not held for that.
#[test]
fn lock_is_not_held_to_read_a_large_child() {
    let world = parents(PLAIN);
    world.sql(
        "PRAGMA journal_mode = WAL;
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < 300000)
        INSERT INTO c SELECT NULL FROM s",
    );
    world.sql("CREATE TABLE log (n)");
    let purge = world.purge(&world.stored("t"));
    let purge = purge.args(["-v", "--max-stall=10ms"]);
    let out = world.run_with(purge, "purge.guarded:*", |world| {
        world.sql("INSERT INTO log VALUES (1)");
    });
    out.status(75);
    let why = "others commit all the time, and whether rows of c point at \
               rows of 't' is not found out in between";
    assert!(out.stderr.contains(why), "{}", out.stderr);
    assert!(out.stderr.contains("an index"), "{}", out.stderr);
    assert!(!out.stderr.contains("held the lock"), "{}", out.stderr);
    assert_eq!(world.row("SELECT count(*) FROM t"), "8");
    assert_eq!(purged(&world.pending().run())["records"], 7);
}
