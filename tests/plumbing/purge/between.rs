//! What an application does between the export and the purge.

use crate::support::way::{Way, counts, purged};

/// Five rows of the 1st, three of the 2nd, two that are not due.
const ROWS: &str = "
CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, v);
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10)
INSERT INTO t SELECT n, CASE WHEN n < 6 THEN '2026-01-01' WHEN n < 9 THEN
    '2026-01-02' ELSE '2026-01-14' END || 'T0' || (n % 10) || ':00:00Z',
    'v' || n FROM s;
";

/// The ids that are in the database, and those that are in the archives.
fn whereabouts(way: &Way) -> (String, String) {
    (way.row("SELECT id FROM t ORDER BY id"), way.archived_of("id"))
}

#[test]
fn undisturbed_rows_go_and_others_stay() {
    let way = Way::new(ROWS);
    let out = way.purge(&way.stored("t")).run();
    out.status(0).stderr("");
    let result = purged(&out);
    assert_eq!(counts(&result), "records 8");
    assert_eq!(result["status"], "archived");
    assert_eq!(
        result["archive_files"].to_string(),
        r#"["warm/2026-01-01/t.jsonl.gz","warm/2026-01-02/t.jsonl.gz"]"#
    );
    let (there, archived) = whereabouts(&way);
    assert_eq!(there, "9 10");
    assert_eq!(archived, "1 2 3 4 5 6 7 8");
    for row in way.archived() {
        assert_eq!(row["_archived_at"], crate::support::NOW);
    }
}

#[test]
fn row_updated_stays_and_its_line_is_taken_out() {
    let way = Way::new(ROWS);
    let receipts = way.stored("t");
    way.sql("UPDATE t SET v = 'new' WHERE id IN (2, 7)");
    let out = way.purge(&receipts).run();
    out.status(0).stderr("");
    assert_eq!(counts(&purged(&out)), "records 6, changed 2");
    assert_eq!(
        whereabouts(&way),
        ("2 7 9 10".to_owned(), "1 3 4 5 6 8".to_owned())
    );
    assert_eq!(way.row("SELECT v FROM t WHERE id = 2"), "new");
    // It is due as it is now, and goes with the next run.
    way.run("t");
    assert_eq!(whereabouts(&way).0, "9 10");
    assert_eq!(way.archived_of("v"), "v1 v3 v4 v5 v6 v8 new new");
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
            let way = Way::new(&format!(
                "CREATE TABLE t ({key}, at TEXT, v {kind});
                INSERT INTO t VALUES (1, '2026-01-01', {before}),
                    (2, '2026-01-01', 'other');"
            ));
            let receipts = way.stored("t");
            // -0.0 as a literal is the integer's; as a parameter it is kept.
            let db = rusqlite::Connection::open(way.dir.join("d")).unwrap();
            if after == "-0.0" {
                let sql = "UPDATE t SET v = ?1 WHERE id = 1";
                db.execute(sql, [-0.0f64]).unwrap();
            } else {
                let sql = format!("UPDATE t SET v = {after} WHERE id = 1");
                db.execute(&sql, []).unwrap();
            }
            let out = way.purge(&receipts).run();
            out.status(0);
            let counts = counts(&purged(&out));
            let case = format!("{kind} {before} {after} {key}: {counts}");
            assert_eq!(way.row("SELECT id FROM t"), "1", "{case}");
            assert_eq!(way.archived_of("id"), "2", "{case}");
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
            let way = Way::new(&format!(
                "CREATE TABLE t (id {kind}, at TEXT) {end};
                INSERT INTO t VALUES ('k1', '2026-01-01'),
                    ('k2', '2026-01-01');"
            ));
            let receipts = way.stored("t");
            way.sql(&format!("UPDATE t SET id = {after} WHERE id = 'k1'"));
            let out = way.purge(&receipts).run();
            out.status(0);
            assert_eq!(counts(&purged(&out)), "records 1, changed 1");
            let kept = way.row("SELECT quote(id) FROM t");
            assert_eq!(kept, after, "{kind} {end}");
            assert_eq!(way.archived_of("id"), "k2", "{kind} {end}");
        }
    }
}

#[test]
fn row_inserted_with_an_old_time_stays() {
    let way = Way::new(ROWS);
    let receipts = way.stored("t");
    way.sql("INSERT INTO t VALUES (0, '2026-01-01T03:00:00Z', 'late')");
    let out = way.purge(&receipts).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 8");
    assert_eq!(whereabouts(&way).0, "0 9 10");
}

#[test]
fn row_deleted_by_the_application_leaves_no_line() {
    let way = Way::new(ROWS);
    let receipts = way.stored("t");
    way.sql("DELETE FROM t WHERE id IN (3, 8)");
    let out = way.purge(&receipts).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 6, gone 2");
    assert_eq!(
        whereabouts(&way),
        ("9 10".to_owned(), "1 2 4 5 6 7".to_owned())
    );
}

#[test]
fn row_deleted_and_put_back_as_it_was_goes() {
    let way = Way::new(ROWS);
    let receipts = way.stored("t");
    way.sql(
        "CREATE TEMP TABLE kept AS SELECT * FROM t WHERE id = 3;
        DELETE FROM t WHERE id = 3;
        INSERT INTO t SELECT * FROM kept",
    );
    let out = way.purge(&receipts).run();
    assert_eq!(counts(&purged(&out)), "records 8");
}

#[test]
fn second_copy_of_a_line_is_taken_out() {
    for shape in ["", "WITHOUT ROWID"] {
        let way = Way::new(
            &ROWS.replace("at TEXT, v)", &format!("at TEXT, v) {shape}")),
        );
        let rows = way.due("t").stdout;
        let receipts = way.store("t", format!("{rows}{rows}"));
        let out = way.purge(&receipts).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), "records 8, gone 8", "{shape}");
        assert_eq!(
            whereabouts(&way),
            ("9 10".to_owned(), "1 2 3 4 5 6 7 8".to_owned())
        );
    }
}

#[test]
fn file_without_lines_is_removed_with_its_folder() {
    let way = Way::new(ROWS);
    way.sql(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, at TEXT);
        INSERT INTO u VALUES (1, '2026-01-02')",
    );
    let receipts = way.stored("t");
    way.purge(&way.stored("u")).run().status(0);
    way.sql("UPDATE t SET v = NULL");
    let out = way.purge(&receipts).run();
    out.status(0);
    let result = purged(&out);
    assert_eq!(counts(&result), "changed 8");
    assert_eq!(result["status"], "no_records");
    assert_eq!(result["archive_files"].to_string(), "[]");
    assert_eq!(way.files(), ["warm/2026-01-02/u.jsonl.gz"]);
    assert!(!way.dir.join("a/warm/2026-01-01").exists());
    // Both days can be used again.
    way.run("t");
    assert_eq!(way.row("SELECT count(*) FROM t"), "2");
    assert_eq!(way.archived_of("id"), "1 1 2 3 4 5 6 7 8");
}

#[test]
fn earlier_segments_of_a_file_keep_their_bytes() {
    let way = Way::new(ROWS);
    way.run("t");
    let file = "a/warm/2026-01-01/t.jsonl.gz";
    let before = std::fs::read(way.dir.join(file)).unwrap();
    for (change, counted, lines) in [
        ("v = 'x' WHERE id = 21", "records 1, changed 1", 6),
        ("v = v || 'y'", "changed 2", 6),
    ] {
        way.sql(
            "DELETE FROM t WHERE id > 20;
            INSERT INTO t VALUES (21, '2026-01-01', 'a'),
                (22, '2026-01-01', 'b')",
        );
        let receipts = way.stored("t");
        way.sql(&format!("UPDATE t SET {change}"));
        let out = way.purge(&receipts).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), counted);
        let bytes = std::fs::read(way.dir.join(file)).unwrap();
        assert!(bytes.starts_with(&before), "{change}");
        assert_eq!(way.dir.zcat(file).lines().count(), lines);
    }
    assert_eq!(way.archived_of("id"), "1 2 3 4 5 6 7 8 22");
    way.purge(&way.stored("t")).run().status(0);
    assert_eq!(way.row("SELECT id FROM t"), "9 10");
}

#[test]
fn receipts_given_again_touch_nothing() {
    let way = Way::new(ROWS);
    let receipts = way.stored("t");
    way.sql("UPDATE t SET v = 'new' WHERE id = 2");
    let first = way.purge(&receipts).run();
    let (there, files) = (whereabouts(&way), way.dir.tree());
    // Equal to its line again, which is no longer there.
    way.sql("UPDATE t SET v = 'v2' WHERE id = 2");
    let second = way.purge(&receipts).run();
    second.status(0).stdout(&first.stdout);
    assert_eq!(whereabouts(&way), there);
    assert_eq!(way.dir.tree(), files);
}

#[test]
fn column_added_is_a_change_unless_it_is_null() {
    for (key, added, counted, kept) in [
        ("INTEGER PRIMARY KEY", "w TEXT", "records 2", 0),
        ("INTEGER PRIMARY KEY", "w DEFAULT 7", "changed 2", 2),
        ("INTEGER", "w TEXT", "records 2", 0),
        ("INTEGER", "w DEFAULT 7", "changed 2", 2),
    ] {
        let way = Way::new(&format!(
            "CREATE TABLE t (id {key}, at TEXT);
            INSERT INTO t VALUES (1, '2026-01-01'), (2, '2026-01-01')"
        ));
        let receipts = way.stored("t");
        way.sql(&format!("ALTER TABLE t ADD COLUMN {added}"));
        let out = way.purge(&receipts).run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), counted, "{key} {added}");
        let left = way.row("SELECT count(*) FROM t");
        assert_eq!(left, kept.to_string(), "{key} {added}");
        assert_eq!(way.archived().len(), 2 - kept, "{key} {added}");
    }
}

#[test]
fn column_dropped_or_renamed_is_a_change_of_all_rows() {
    for key in ["INTEGER PRIMARY KEY", "INTEGER"] {
        for change in ["DROP COLUMN v", "RENAME COLUMN v TO w"] {
            let way = Way::new(&format!(
                "CREATE TABLE t (id {key}, at TEXT, v);
                INSERT INTO t VALUES (1, '2026-01-01', 'a'),
                    (2, '2026-01-01', 'b')"
            ));
            let receipts = way.stored("t");
            way.sql(&format!("ALTER TABLE t {change}"));
            let out = way.purge(&receipts).run();
            out.status(0).stderr("");
            let case = format!("{key} {change}");
            assert_eq!(counts(&purged(&out)), "changed 2", "{case}");
            assert_eq!(way.row("SELECT id FROM t"), "1 2", "{case}");
            assert_eq!(way.files().len(), 0, "{case}");
        }
    }
}

#[test]
fn table_dropped_leaves_its_segments_as_they_are() {
    let way = Way::new(ROWS);
    let receipts = way.stored("t");
    way.sql("ALTER TABLE t RENAME TO other");
    let out = way.purge(&receipts).run();
    out.status(2);
    assert_eq!(purged(&out)["status"], "failed");
    assert_eq!(way.row("SELECT count(*) FROM other"), "10");
    assert_eq!(way.archived().len(), 8);
    way.sql("ALTER TABLE other RENAME TO t");
    let out = way.cmd("rt-purge").arg("--pending").run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 8");
}
