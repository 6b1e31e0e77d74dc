//! What an application does between the export and the purge.

use crate::support::world::{World, counts, purged};

/// Five rows of the 1st, three of the 2nd, two that are not due.
const ROWS: &str = "
CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, v);
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10)
INSERT INTO t SELECT n, CASE WHEN n < 6 THEN '2026-01-01' WHEN n < 9 THEN
    '2026-01-02' ELSE '2026-01-14' END || 'T0' || (n % 10) || ':00:00Z',
    'v' || n FROM s;
";

/// The ids that are in the database, and those that are in the archives.
fn whereabouts(world: &World) -> (String, String) {
    (world.row("SELECT id FROM t ORDER BY id"), world.archived_of("id"))
}

#[test]
fn undisturbed_rows_go_and_others_stay() {
    let world = World::of(ROWS);
    let out = world.purge(&world.stored("t")).run();
    out.status(0).stderr("");
    let result = purged(&out);
    assert_eq!(counts(&result), "records 8");
    assert_eq!(result["status"], "archived");
    assert_eq!(
        result["archive_files"].to_string(),
        r#"["warm/2026-01-01/t.jsonl.gz","warm/2026-01-02/t.jsonl.gz"]"#
    );
    let (there, archived) = whereabouts(&world);
    assert_eq!(there, "9 10");
    assert_eq!(archived, "1 2 3 4 5 6 7 8");
    for row in world.records() {
        assert_eq!(row["_archived_at"], crate::support::NOW);
    }
}

#[test]
fn row_updated_stays_and_its_line_is_taken_out() {
    let world = World::of(ROWS);
    let receipts = world.stored("t");
    world.sql("UPDATE t SET v = 'new' WHERE id IN (2, 7)");
    let out = world.purge(&receipts).run();
    out.status(0).stderr("");
    assert_eq!(counts(&purged(&out)), "records 6, changed 2");
    assert_eq!(
        whereabouts(&world),
        ("2 7 9 10".to_owned(), "1 3 4 5 6 8".to_owned())
    );
    assert_eq!(world.row("SELECT v FROM t WHERE id = 2"), "new");
    // It is due as it is now, and goes with the next run.
    world.run("t");
    assert_eq!(whereabouts(&world).0, "9 10");
    assert_eq!(world.archived_of("v"), "v1 v3 v4 v5 v6 v8 new new");
}

#[test]
fn change_that_sql_calls_equal_is_a_change() {
    for (kind, before, after) in [
        ("TEXT COLLATE NOCASE", "'ABC'", "'abc'"),
        ("TEXT COLLATE RTRIM", "'a'", "'a  '"),
        ("", "1", "1.0"),
        ("", "0.0", "-0.0"),
        ("BLOB", "'a'", "x'61'"),
        ("BLOB", "''", "x''"),
        ("TEXT", "''", "NULL"),
        ("BLOB", "1", "'1'"),
    ] {
        for key in ["id INTEGER PRIMARY KEY", "id INTEGER"] {
            let world = World::of(&format!(
                "CREATE TABLE t ({key}, at TEXT, v {kind});
                INSERT INTO t VALUES (1, '2026-01-01', {before}),
                    (2, '2026-01-01', 'other');"
            ));
            let receipts = world.stored("t");
            // -0.0 as a literal is the integer's; as a parameter it is kept.
            let db = rusqlite::Connection::open(world.dir.join("db")).unwrap();
            if after == "-0.0" {
                let sql = "UPDATE t SET v = ?1 WHERE id = 1";
                db.execute(sql, [-0.0f64]).unwrap();
            } else {
                let sql = format!("UPDATE t SET v = {after} WHERE id = 1");
                db.execute(&sql, []).unwrap();
            }
            let out = world.purge(&receipts).run();
            out.status(0);
            let counts = counts(&purged(&out));
            let case = format!("{kind} {before} {after} {key}: {counts}");
            assert_eq!(world.row("SELECT id FROM t"), "1", "{case}");
            assert_eq!(world.archived_of("id"), "2", "{case}");
            assert_eq!(counts, "records 1, changed 1", "{case}");
        }
    }
}

#[test]
fn key_that_sql_calls_equal_is_a_change() {
    for (kind, after) in [
        ("TEXT COLLATE NOCASE PRIMARY KEY", "'K1'"),
        ("TEXT COLLATE RTRIM PRIMARY KEY", "'k1 '"),
    ] {
        for end in ["", "WITHOUT ROWID"] {
            let world = World::of(&format!(
                "CREATE TABLE t (id {kind}, at TEXT) {end};
                INSERT INTO t VALUES ('k1', '2026-01-01'),
                    ('k2', '2026-01-01');"
            ));
            let receipts = world.stored("t");
            world.sql(&format!("UPDATE t SET id = {after} WHERE id = 'k1'"));
            let out = world.purge(&receipts).run();
            out.status(0);
            assert_eq!(counts(&purged(&out)), "records 1, changed 1");
            let kept = world.row("SELECT quote(id) FROM t");
            assert_eq!(kept, after, "{kind} {end}");
            assert_eq!(world.archived_of("id"), "k2", "{kind} {end}");
        }
    }
}

#[test]
fn row_inserted_with_an_old_time_stays() {
    let world = World::of(ROWS);
    let receipts = world.stored("t");
    world.sql("INSERT INTO t VALUES (0, '2026-01-01T03:00:00Z', 'late')");
    let out = world.purge(&receipts).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 8");
    assert_eq!(whereabouts(&world).0, "0 9 10");
}

#[test]
fn row_deleted_by_the_application_leaves_no_line() {
    let world = World::of(ROWS);
    let receipts = world.stored("t");
    world.sql("DELETE FROM t WHERE id IN (3, 8)");
    let out = world.purge(&receipts).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 6, gone 2");
    assert_eq!(
        whereabouts(&world),
        ("9 10".to_owned(), "1 2 4 5 6 7".to_owned())
    );
}

#[test]
fn row_deleted_and_put_back_as_it_was_goes() {
    let world = World::of(ROWS);
    let receipts = world.stored("t");
    world.sql(
        "CREATE TEMP TABLE kept AS SELECT * FROM t WHERE id = 3;
        DELETE FROM t WHERE id = 3;
        INSERT INTO t SELECT * FROM kept",
    );
    let out = world.purge(&receipts).run();
    assert_eq!(counts(&purged(&out)), "records 8");
}

#[test]
fn second_copy_of_a_line_is_taken_out() {
    for shape in ["", "WITHOUT ROWID"] {
        let world = World::of(
            &ROWS.replace("at TEXT, v)", &format!("at TEXT, v) {shape}")),
        );
        let rows = world.exported("t").stdout;
        let out = world.store("t", &format!("{rows}{rows}")).run();
        out.status(0).stderr("");
        let receipts = out.stdout;
        let out = world.purge(&receipts).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), "records 8, gone 8", "{shape}");
        assert_eq!(
            whereabouts(&world),
            ("9 10".to_owned(), "1 2 3 4 5 6 7 8".to_owned())
        );
    }
}

#[test]
fn file_without_lines_is_removed_with_its_folder() {
    let world = World::of(ROWS);
    world.sql(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, at TEXT);
        INSERT INTO u VALUES (1, '2026-01-02')",
    );
    let receipts = world.stored("t");
    world.purge(&world.stored("u")).run().status(0);
    world.sql("UPDATE t SET v = NULL");
    let out = world.purge(&receipts).run();
    out.status(0);
    let result = purged(&out);
    assert_eq!(counts(&result), "changed 8");
    assert_eq!(result["status"], "no_records");
    assert_eq!(result["archive_files"].to_string(), "[]");
    assert_eq!(world.files(), ["warm/2026-01-02/u.jsonl.gz"]);
    assert!(!world.dir.join("archives/warm/2026-01-01").exists());
    // Both days can be used again.
    world.run("t");
    assert_eq!(world.row("SELECT count(*) FROM t"), "2");
    assert_eq!(world.archived_of("id"), "1 1 2 3 4 5 6 7 8");
}

#[test]
fn earlier_segments_of_a_file_keep_their_bytes() {
    let world = World::of(ROWS);
    world.run("t");
    let file = "archives/warm/2026-01-01/t.jsonl.gz";
    let before = std::fs::read(world.dir.join(file)).unwrap();
    for (change, counted, lines) in [
        ("v = 'x' WHERE id = 21", "records 1, changed 1", 6),
        ("v = v || 'y'", "changed 2", 6),
    ] {
        world.sql(
            "DELETE FROM t WHERE id > 20;
            INSERT INTO t VALUES (21, '2026-01-01', 'a'),
                (22, '2026-01-01', 'b')",
        );
        let receipts = world.stored("t");
        world.sql(&format!("UPDATE t SET {change}"));
        let out = world.purge(&receipts).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), counted);
        let bytes = std::fs::read(world.dir.join(file)).unwrap();
        assert!(bytes.starts_with(&before), "{change}");
        assert_eq!(world.dir.zcat(file).lines().count(), lines);
    }
    assert_eq!(world.archived_of("id"), "1 2 3 4 5 6 7 8 22");
    world.purge(&world.stored("t")).run().status(0);
    assert_eq!(world.row("SELECT id FROM t"), "9 10");
}

#[test]
fn receipts_given_again_touch_nothing() {
    let world = World::of(ROWS);
    let receipts = world.stored("t");
    world.sql("UPDATE t SET v = 'new' WHERE id = 2");
    let first = world.purge(&receipts).run();
    // What is derived from the ledger may be renewed.
    let files = || {
        let tree = world.dir.tree();
        let lines = tree.lines().filter(|l| !l.contains("checkpoint"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (there, before) = (whereabouts(&world), files());
    // Equal to its line again, which is no longer there.
    world.sql("UPDATE t SET v = 'v2' WHERE id = 2");
    let second = world.purge(&receipts).run();
    second.status(0).stdout(&first.stdout);
    assert_eq!(whereabouts(&world), there);
    assert_eq!(files(), before);
}

#[test]
fn column_added_is_a_change_unless_it_is_null() {
    for (key, added, counted, kept) in [
        ("INTEGER PRIMARY KEY", "w TEXT", "records 2", 0),
        ("INTEGER PRIMARY KEY", "w DEFAULT 7", "changed 2", 2),
        ("INTEGER", "w TEXT", "records 2", 0),
        ("INTEGER", "w DEFAULT 7", "changed 2", 2),
    ] {
        let world = World::of(&format!(
            "CREATE TABLE t (id {key}, at TEXT);
            INSERT INTO t VALUES (1, '2026-01-01'), (2, '2026-01-01')"
        ));
        let receipts = world.stored("t");
        world.sql(&format!("ALTER TABLE t ADD COLUMN {added}"));
        let out = world.purge(&receipts).run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), counted, "{key} {added}");
        let left = world.row("SELECT count(*) FROM t");
        assert_eq!(left, kept.to_string(), "{key} {added}");
        assert_eq!(world.records().len(), 2 - kept, "{key} {added}");
    }
}

#[test]
fn column_dropped_or_renamed_is_a_change_of_all_rows() {
    for key in ["INTEGER PRIMARY KEY", "INTEGER"] {
        for change in ["DROP COLUMN v", "RENAME COLUMN v TO w"] {
            let world = World::of(&format!(
                "CREATE TABLE t (id {key}, at TEXT, v);
                INSERT INTO t VALUES (1, '2026-01-01', 'a'),
                    (2, '2026-01-01', 'b')"
            ));
            let receipts = world.stored("t");
            world.sql(&format!("ALTER TABLE t {change}"));
            let out = world.purge(&receipts).run();
            out.status(0).stderr("");
            let case = format!("{key} {change}");
            assert_eq!(counts(&purged(&out)), "changed 2", "{case}");
            assert_eq!(world.row("SELECT id FROM t"), "1 2", "{case}");
            assert_eq!(world.files().len(), 0, "{case}");
        }
    }
}

#[test]
fn table_renamed_leaves_its_archived_rows_as_they_are() {
    let world = World::of(ROWS);
    let receipts = world.stored("t");
    world.sql("ALTER TABLE t RENAME TO other");
    let out = world.purge(&receipts).run();
    out.status(3);
    assert_eq!(counts(&purged(&out)), "superseded 8");
    assert_eq!(world.row("SELECT count(*) FROM other"), "10");
    assert_eq!(world.records().len(), 8);
    world.pending().run().status(0).stdout("");
}
