//! Tables of every shape, in databases of every kind: what goes is in the
//! archives as it was, what stays is not.

use rusqlite::types::ValueRef;
use serde_json::Value;

use crate::support::world::{World, counts, purged};

/// A table: its name, its columns before `n`, `at` and `v`, what comes behind
/// them, and the expressions for the first ones.
struct Shape {
    name: &'static str,
    first: &'static str,
    last: &'static str,
    values: &'static str,
}

const fn shape(
    first: &'static str,
    last: &'static str,
    values: &'static str,
) -> Shape {
    Shape { name: "t", first, last, values }
}

const SHAPES: &[Shape] = &[
    shape("id INTEGER PRIMARY KEY,", ")", "n * 3,"),
    shape("id INTEGER PRIMARY KEY DESC,", ")", "n * 3,"),
    shape("id TEXT PRIMARY KEY,", ")", "'k' || (n * 7 % 11),"),
    shape(
        "id PRIMARY KEY,",
        ")",
        "CASE n % 3 WHEN 0 THEN n WHEN 1 THEN
        n || '' ELSE CAST(n AS BLOB) END,",
    ),
    shape("id REAL PRIMARY KEY,", ")", "n / 8.0,"),
    shape("a TEXT, b INT,", ", PRIMARY KEY (b, a))", "'k' || n % 2, n,"),
    // Keys with NULL, which are none.
    shape("id TEXT PRIMARY KEY,", ")", "CASE WHEN n % 2 THEN 'k' || n END,"),
    shape(
        "a, b,",
        ", PRIMARY KEY (a, b))",
        "'k', CASE WHEN n % 2 THEN n END,",
    ),
    shape("id TEXT PRIMARY KEY,", ") WITHOUT ROWID", "'k' || (n * 7 % 11),"),
    shape(
        "a TEXT, b INT,",
        ", PRIMARY KEY (a DESC, b)) WITHOUT ROWID",
        "'k' || n % 2, n,",
    ),
    shape("id TEXT PRIMARY KEY,", ") STRICT", "'k' || n,"),
    shape("id INTEGER PRIMARY KEY,", ") STRICT, WITHOUT ROWID", "n,"),
    shape(
        "id INTEGER PRIMARY KEY, g AS (n * 2), s AS (n || v) STORED,",
        ")",
        "n,",
    ),
    shape("id AS (n * 2),", ")", ""),
    shape("id,", ")", "n,"),
    shape("rowid TEXT, _id, oid,", ")", "'r' || n, n, n,"),
    shape(
        "\"select\" TEXT PRIMARY KEY, \"a \"\"b\"\".c/'d\" BLOB,",
        ")",
        "'k' || n, CAST(x'00ff' || n AS BLOB),",
    ),
    Shape {
        name: "../../etc/\"x\"\n--",
        first: "\"\u{e9} \n\" TEXT PRIMARY KEY,",
        last: ")",
        values: "'\u{20ac}' || n,",
    },
];

const KINDS: [&str; 2] = [
    "PRAGMA encoding = 'UTF-8'; PRAGMA journal_mode = WAL;",
    "PRAGMA encoding = 'UTF-16le'; PRAGMA journal_mode = DELETE;",
];

impl Shape {
    /// Rows 1 to 8 are due, on two days; 9 and 10 are not.
    fn make(&self, kind: &str) -> World {
        let world = World::of("");
        let (table, first) = (self.quoted(), self.first);
        world.sql(&format!(
            "{kind} CREATE TABLE {table} ({first} n INT, at TEXT, v ANY{};",
            self.last
        ));
        self.insert(&world, 1, 10);
        let name = Value::from(self.name);
        world.dir.write(
            "policy",
            format!(
                "{{\"table\":{name},\"timestamp\":\"at\",\"hot\":\"7d\",\
                 \"warm\":\"30d\",\"cold\":\"365d\"}}\n"
            ),
        );
        world
    }

    fn insert(&self, world: &World, from: u32, to: u32) {
        world.sql(&format!(
            "WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1
                FROM s WHERE n < {to})
            INSERT INTO {} SELECT {} n, CASE WHEN n IN (9, 10) THEN
                '2026-01-14' WHEN n < 6 THEN '2026-01-01' ELSE '2026-01-02'
                END, CASE n WHEN 1 THEN 'one' WHEN 2 THEN 2.5
                WHEN 3 THEN x'00' ELSE NULL END FROM s",
            self.quoted(),
            self.values
        ));
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.name.replace('"', "\"\""))
    }

    fn there(&self, world: &World) -> String {
        let query = format!("SELECT n FROM {} ORDER BY n", self.quoted());
        world.row(&query)
    }
}

/// Whether an archived record is this row, column by column by name.
fn is_row(record: &Value, row: &rusqlite::Row<'_>) -> bool {
    let names: Vec<&str> = row.as_ref().column_names().collect();
    let metadata = ["_archived_at", "_rowid"];
    let mut keys = record.as_object().unwrap().keys();
    keys.all(|k| metadata.contains(&k.as_str()) || names.contains(&k.as_str()))
        && names.iter().enumerate().all(|(i, name)| {
            match row.get_ref_unwrap(i) {
                ValueRef::Null => record[*name].is_null(),
                ValueRef::Integer(n) => record[*name].as_i64() == Some(n),
                ValueRef::Real(r) => {
                    record[*name].is_f64() && record[*name].as_f64() == Some(r)
                }
                ValueRef::Text(t) => {
                    record[*name].as_str().map(str::as_bytes) == Some(t)
                }
                ValueRef::Blob(_) => record[*name]["$base64"] == true,
            }
        })
}

#[test]
fn rows_of_every_shape_go_and_are_archived_as_they_were() {
    for shape in SHAPES {
        for kind in KINDS {
            let world = shape.make(kind);
            let case = format!("{} {} {kind}", shape.first, shape.last);
            std::fs::copy(world.dir.join("db"), world.dir.join("before"))
                .unwrap();
            let copy = format!("{} WHERE n < 9 ORDER BY n", shape.quoted());
            let receipts = world.stored(shape.name);
            let out = world.purge(&receipts).run();
            out.status(0).stderr("");
            assert_eq!(counts(&purged(&out)), "records 8", "{case}");
            assert_eq!(shape.there(&world), "9 10", "{case}");
            let mut archived = world.records();
            archived.sort_by_key(|row| row["n"].as_i64());
            assert_eq!(archived.len(), 8, "{case}");
            // What was there before, as SQLite gives it.
            let wal = world.dir.join("before");
            let db = rusqlite::Connection::open(wal).unwrap();
            let mut rows =
                db.prepare(&format!("SELECT * FROM {copy}")).unwrap();
            let mut rows = rows.query([]).unwrap();
            for record in &archived {
                let row = rows.next().unwrap().unwrap();
                assert!(is_row(record, row), "{case}: {record}");
            }
        }
    }
}

#[test]
fn rows_of_every_shape_stay_when_they_changed() {
    for shape in SHAPES {
        for kind in KINDS {
            let world = shape.make(kind);
            let case = format!("{} {} {kind}", shape.first, shape.last);
            let receipts = world.stored(shape.name);
            let table = shape.quoted();
            world.sql(&format!(
                "UPDATE {table} SET v = 'new' WHERE n IN (1, 7, 9);
                DELETE FROM {table} WHERE n IN (2, 8)"
            ));
            shape.insert(&world, 11, 11);
            let out = world.purge(&receipts).run();
            out.status(0).stderr("");
            let counted = counts(&purged(&out));
            assert_eq!(counted, "records 4, changed 2, gone 2", "{case}");
            assert_eq!(shape.there(&world), "1 7 9 10 11", "{case}");
            assert_eq!(world.archived_of("n"), "3 4 5 6", "{case}");
            world.run(shape.name);
            assert_eq!(shape.there(&world), "9 10", "{case}");
            assert_eq!(world.archived_of("n"), "1 3 4 5 6 7 11", "{case}");
        }
    }
}

#[test]
fn identical_rows_without_key_are_counted_not_merged() {
    for kind in KINDS {
        let world = World::of(&format!(
            "{kind} CREATE TABLE t (at TEXT, v);
            INSERT INTO t VALUES ('2026-01-01', 'a'), ('2026-01-01', 'a'),
                ('2026-01-01', 'a'), ('2026-01-01', 'b'),
                ('2026-01-14', 'a')"
        ));
        let receipts = world.stored("t");
        // Three were stored, five are there: three go, whichever.
        world.sql(
            "INSERT INTO t VALUES ('2026-01-01', 'a'), ('2026-01-01', 'a')",
        );
        let out = world.purge(&receipts).run();
        assert_eq!(counts(&purged(&out)), "records 4");
        let count = "SELECT count(*) FROM t WHERE at < '2026-01-14'";
        assert_eq!(world.row(count), "2");
        assert_eq!(world.archived_of("v"), "a a a b");
        // Two are stored now, one is deleted by somebody: one goes.
        let receipts = world.stored("t");
        world.sql("DELETE FROM t WHERE rowid = (SELECT max(rowid) FROM t)");
        let out = world.purge(&receipts).run();
        assert_eq!(counts(&purged(&out)), "records 1, gone 1");
        assert_eq!(world.row("SELECT at, v FROM t"), "2026-01-14|a");
        assert_eq!(world.archived_of("v"), "a a a a b");
    }
}

#[test]
fn rows_without_key_are_found_by_content_after_vacuum() {
    for kind in KINDS {
        let world = World::of(&format!(
            "{kind} CREATE TABLE t (at TEXT, v);
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
                WHERE n < 60)
            INSERT INTO t SELECT CASE WHEN n % 3 THEN '2026-01-01' ELSE
                '2026-01-14' END, n % 10 FROM s;
            DELETE FROM t WHERE rowid < 20"
        ));
        let due = "SELECT v, count(*) FROM t WHERE at = '2026-01-01'
            GROUP BY v";
        let before = world.rows(due);
        let receipts = world.stored("t");
        world.sql("VACUUM");
        let out = world.purge(&receipts).arg("--batch-size=3").run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), "records 27");
        assert!(world.rows(due).is_empty());
        assert_eq!(world.row("SELECT count(*) FROM t"), "14");
        world.sql("CREATE TABLE back (v INT)");
        for row in world.records() {
            world.sql(&format!("INSERT INTO back VALUES ({})", row["v"]));
        }
        let back = "SELECT v, count(*) FROM back GROUP BY v";
        assert_eq!(world.rows(back), before);
    }
}

#[test]
fn rowid_that_names_another_row_now_is_not_believed() {
    let world = World::of(
        "CREATE TABLE t (at TEXT, v);
        INSERT INTO t(rowid, at, v) VALUES (5, '2026-01-01', 'a'),
            (6, '2026-01-01', 'b'), (7, '2026-01-14', 'c')",
    );
    let receipts = world.stored("t");
    // The rows have changed places.
    world.sql(
        "UPDATE t SET rowid = rowid + 100;
        UPDATE t SET rowid = CASE rowid WHEN 105 THEN 7 WHEN 106 THEN 5
            ELSE 6 END",
    );
    let out = world.purge(&receipts).run();
    assert_eq!(counts(&purged(&out)), "records 2");
    assert_eq!(world.row("SELECT v FROM t"), "c");
    assert_eq!(world.archived_of("v"), "a b");
}
