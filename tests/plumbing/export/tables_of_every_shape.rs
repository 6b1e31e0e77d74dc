//! Tables of every shape: each row once, in order, with its rowid just where
//! nothing else would find it again.

use rusqlite::Connection;

use super::{export, ids, open, rows_of, table, with_result};
use crate::support::Dir;
use crate::support::rows::{Cell, Row, cell};

fn with(statements: &str) -> Dir {
    let dir = Dir::new();
    dir.sql("x.db", statements);
    dir
}

/// Exports in batches of two; the rows must be those of the table, in the
/// given order, without `_rowid`.
fn keyed(dir: &Dir, name: &str, order: &str) {
    let came = rows_of(dir, &["--batch-size", "2", "--", name]);
    assert!(came.len() > 4, "too few rows to walk in batches");
    assert_eq!(came, table(dir, name, order));
}

/// The rows' own columns, and their `_rowid` in place of the record's end.
fn split(rows: Vec<Row>) -> Vec<(Row, Option<Cell>)> {
    rows.into_iter()
        .map(|mut row| match row.last() {
            Some((name, _)) if name == "_rowid" => {
                let rowid = row.pop().unwrap().1;
                (row, Some(rowid))
            }
            _ => (row, None),
        })
        .collect()
}

#[test]
fn without_a_key_identical_rows_come_each_with_its_rowid() {
    let dir = with(
        "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'x'), (1, 'x'), \
         (1, 'x'), (NULL, NULL); DELETE FROM t WHERE rowid = 2",
    );
    let rows = split(rows_of(&dir, &["--batch-size", "1", "t"]));
    let rowids: Vec<_> = rows.iter().map(|(_, rowid)| rowid.clone()).collect();
    assert_eq!(rowids, [1, 3, 4].map(|i| Some(Cell::Integer(i))));
    assert_eq!(rows[0].0, rows[1].0);
}

#[test]
fn a_key_stands_for_the_rowid_unless_it_has_a_null() {
    let dir = with(
        "CREATE TABLE i(id INTEGER PRIMARY KEY, v);
         INSERT INTO i VALUES (9, 1), (-9223372036854775808, 2), (3, 3),
           (9223372036854775807, 4), (-1, 5), (0, 6);
         CREATE TABLE s(k TEXT PRIMARY KEY, v);
         INSERT INTO s VALUES ('b', 1), ('a', 2), ('', 3), (x'00', 4),
           ('c', 5);
         CREATE TABLE c(a TEXT, b INT, v, PRIMARY KEY(b, a));
         INSERT INTO c VALUES ('b', 2, 1), ('a', 2, 2), ('b', 1, 3),
           (NULL, 1, 4), ('a', NULL, 5), (NULL, NULL, 6), (NULL, NULL, 6);
         CREATE TABLE d(id INTEGER PRIMARY KEY DESC, v);
         INSERT INTO d VALUES (1, 1), (5, 2), (3, 3), (NULL, 4), (2, 5)",
    );
    keyed(&dir, "i", "id");
    keyed(&dir, "s", "rowid");
    let rows = split(rows_of(&dir, &["--batch-size", "2", "c"]));
    let want = table(&dir, "c", "rowid");
    assert_eq!(rows.iter().map(|r| r.0.clone()).collect::<Vec<_>>(), want);
    let rowids: Vec<_> = rows.into_iter().map(|(_, rowid)| rowid).collect();
    let some = |i| Some(Cell::Integer(i));
    let want = [None, None, None, some(4), some(5), some(6), some(7)];
    assert_eq!(rowids, want);
    // Not an alias of the rowid, by an old quirk of SQLite's: NULL is kept.
    let rows = split(rows_of(&dir, &["--batch-size", "2", "d"]));
    let rowids: Vec<_> = rows.into_iter().map(|(_, rowid)| rowid).collect();
    assert_eq!(rowids, [None, None, None, some(4), None]);
}

#[test]
fn without_rowid_the_key_leads_through_the_batches() {
    let mut dir = with(
        "CREATE TABLE one(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
         CREATE TABLE falls(k INT PRIMARY KEY DESC, v) WITHOUT ROWID;
         CREATE TABLE two(a, b, v, PRIMARY KEY(a, b)) WITHOUT ROWID;
         CREATE TABLE both(a, b, v, PRIMARY KEY(a DESC, b DESC))
           WITHOUT ROWID;
         CREATE TABLE mixed(v, a, b, c, PRIMARY KEY(c DESC, a, b DESC))
           WITHOUT ROWID;
         CREATE TABLE nocase(k TEXT COLLATE NOCASE PRIMARY KEY, v)
           WITHOUT ROWID",
    );
    fill_keys(&mut dir);
    keyed(&dir, "one", "k");
    keyed(&dir, "falls", "k DESC");
    keyed(&dir, "two", "a, b");
    keyed(&dir, "both", "a DESC, b DESC");
    keyed(&dir, "mixed", "c DESC, a, b DESC");
    keyed(&dir, "nocase", "k");
}

/// Keys of all classes, several rows to each leading part.
fn fill_keys(dir: &mut Dir) {
    let parts =
        "(VALUES (1), (2.5), ('a'), ('B'), (x'00'), (x''), (''), (-7))";
    dir.sql(
        "x.db",
        &format!(
            "INSERT INTO one SELECT quote(column1), 1 FROM {parts};
             INSERT INTO falls SELECT column1, 1 FROM {parts};
             INSERT INTO two SELECT p.column1, q.column1, 1
               FROM {parts} AS p, {parts} AS q;
             INSERT INTO both SELECT a, b, v FROM two;
             INSERT INTO mixed SELECT 1, p.a, p.b, q.column1
               FROM two AS p, {parts} AS q;
             INSERT INTO nocase VALUES ('b', 1), ('A', 1), ('a1', 1),
               ('B2', 1), ('c', 1), (x'41', 1)"
        ),
    );
}

#[test]
fn without_rowid_keys_that_are_not_utf8_are_found_again() {
    let dir = with(
        "CREATE TABLE t(k TEXT PRIMARY KEY, at) WITHOUT ROWID;
         CREATE TABLE u(r REFERENCES t(k));
         INSERT INTO t VALUES (CAST(x'61ff' AS TEXT), '2025-01-01'),
           (CAST(x'80' AS TEXT), '2025-01-01'), ('a', '2025-01-01')",
    );
    let args = ["--due", "--before", "2026-01-01", "--timestamp-column", "at"];
    let rows = rows_of(&dir, &[&args[..], &["t"]].concat());
    assert_eq!(rows, table(&dir, "t", "k"));
}

#[test]
fn strict_and_generated_columns_come_out_like_any() {
    let dir = with(
        "CREATE TABLE s(id INTEGER PRIMARY KEY, a ANY, t TEXT, r REAL)
           STRICT;
         INSERT INTO s VALUES (1, '01', '1', 1), (2, 1, '', 0.5),
           (3, x'', 'x', -1), (4, 1.0, 'y', 2), (5, NULL, NULL, NULL);
         CREATE TABLE g(id INTEGER PRIMARY KEY, a,
           v AS (a * 2) VIRTUAL, s TEXT AS (a || '!') STORED, b);
         INSERT INTO g(a, b) VALUES (1, 1), (2.5, 2), ('x', 3), (NULL, 4),
           (x'31', 5)",
    );
    keyed(&dir, "s", "id");
    keyed(&dir, "g", "id");
    let first = &rows_of(&dir, &["g"])[0];
    let names: Vec<&str> = first.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["id", "a", "v", "s", "b"]);
    assert_eq!(*cell(first, "v"), Cell::Integer(2));
}

#[test]
fn columns_may_be_called_rowid_and_id() {
    let dir = with(
        "CREATE TABLE t(rowid TEXT, _id, oid); \
         INSERT INTO t VALUES ('b', 1, 9), ('a', 2, 8), ('c', 3, 7)",
    );
    let rows = split(rows_of(&dir, &["--batch-size", "1", "t"]));
    let held: Vec<Row> = rows.iter().map(|(row, _)| row.clone()).collect();
    assert_eq!(held, table(&dir, "t", "_rowid_"));
    assert_eq!(rows[2].1, Some(Cell::Integer(3)));
}

#[test]
fn what_a_record_cannot_name_is_refused() {
    let dir = with(
        "CREATE TABLE a(id INTEGER PRIMARY KEY, _Archived_At);
         CREATE TABLE r(id INTEGER PRIMARY KEY, _rowid);
         CREATE TABLE n(rowid, _rowid_, oid);
         CREATE TABLE k(id INTEGER PRIMARY KEY, rowid, _rowid_, oid);
         INSERT INTO k VALUES (1, 2, 3, 4)",
    );
    export(&dir, &["a"]).run().status(2).stderr_has("'_archived_at'");
    export(&dir, &["r"]).run().status(2).stderr_has("'_rowid'");
    export(&dir, &["n"]).run().status(2).stderr_has("hide its rowid");
    // A key finds its rows all the same.
    assert_eq!(rows_of(&dir, &["k"]), table(&dir, "k", "id"));
}

#[test]
fn any_name_is_a_name() {
    for name in [
        "with space",
        "it's \"quoted\"",
        "a.b",
        "main.t",
        "../../etc/x",
        "new\nline",
        "--",
        "--due",
        "-v",
        "select",
        "TABLE",
        "h\u{e9}\u{1F600}",
        "[x]",
        "`y`",
        "%",
        "a]b",
    ] {
        let dir = Dir::new();
        let ident = format!("\"{}\"", name.replace('"', "\"\""));
        dir.sql(
            "x.db",
            &format!(
                "CREATE TABLE {ident}({ident} TEXT, id INTEGER PRIMARY KEY);
                 INSERT INTO {ident} VALUES ('2025-01-01', 1), \
                 ('2027-01-01', 2), (NULL, 3)"
            ),
        );
        let args = ["--timestamp-column", name, "--before", "2026-01-01"];
        let all = rows_of(&dir, &["--", name]);
        assert_eq!(all, table(&dir, name, "id"), "{name:?}");
        let old = ids(&dir, &[&args[..], &["--due", "--", name]].concat());
        assert_eq!(old, [1], "{name:?}");
        let column = ["--exclude", "id", "--where", &ident, "--", name];
        export(&dir, &column).run().status(2);
    }
}

#[test]
fn names_are_matched_as_sqlite_does_and_written_as_the_schema_has_them() {
    let dir = with(
        "CREATE TABLE \"MiXed\"(\"Id\" INTEGER PRIMARY KEY, \"At\");
         INSERT INTO MiXed VALUES (1, '2025-01-01')",
    );
    let args = ["--timestamp-column", "aT", "--before", "2026-01-01", "mixed"];
    let (out, record) = with_result(&dir, &args);
    out.status(0).stdout("{\"Id\":1,\"At\":\"2025-01-01\"}\n");
    assert_eq!(record["table"], "MiXed");
}

#[test]
fn utf16_text_comes_out_unless_utf8_cannot_give_it_back() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let dir = with(&format!(
            "PRAGMA encoding = '{encoding}';
             CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT, w);
             INSERT INTO t VALUES (1, 'h\u{e9}\u{1F600}', x'00d8'),
               (2, 'a' || char(0) || 'b', NULL), (3, '', 1.5),
               (4, CAST(x'00d8' AS TEXT), 4), (5, CAST(x'd800' AS TEXT), 5),
               (6, 'x', CAST(x'6100d8' AS TEXT)), (7, 'plain', 7)"
        ));
        let held: i64 = open(&dir)
            .query_row(
                "SELECT count(*) FROM t WHERE CAST(v AS BLOB) IN \
                 (x'00d8', x'd800')",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(held, 2, "{encoding}: SQLite keeps any bytes");
        let (out, record) = with_result(&dir, &["t"]);
        out.status(3).stderr_has("cannot give back, and stay");
        let rows = crate::support::rows::parse(&out.bytes);
        let came = crate::support::rows::integers(&rows, "id");
        let lone = if encoding == "UTF-16le" { 4 } else { 5 };
        assert!(!came.contains(&lone), "{came:?}");
        assert!([1, 2, 3, 7].iter().all(|id| came.contains(id)), "{came:?}");
        assert_eq!(record["rows"].as_u64(), Some(came.len() as u64));
        let left = 7 - came.len() as u64;
        assert_eq!(record["unrepresentable"].as_u64(), Some(left));
        let all = table(&dir, "t", "id");
        for row in rows {
            assert!(all.contains(&row), "{row:?}");
        }
    }
}

#[test]
fn the_journal_makes_no_difference() {
    for mode in ["wal", "delete", "truncate", "persist"] {
        let dir = with(&format!(
            "PRAGMA journal_mode = {mode};
             CREATE TABLE t(id INTEGER PRIMARY KEY); \
             INSERT INTO t VALUES (1), (2), (3), (4), (5)"
        ));
        keyed(&dir, "t", "id");
        let live: Connection = open(&dir);
        live.execute_batch("INSERT INTO t VALUES (6)").unwrap();
        keyed(&dir, "t", "id");
        live.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (7)")
            .unwrap();
        assert_eq!(ids(&dir, &["t"]), [1, 2, 3, 4, 5, 6], "{mode}");
    }
}

#[test]
fn views_and_virtual_tables_are_exported_and_never_due() {
    let dir = with(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v);
         INSERT INTO t VALUES (1, 'one'), (2, 1.0), (3, x'00'), (4, NULL),
           (5, 'five'), (6, '6');
         CREATE VIEW w AS SELECT v, 8 AS rowid, 9 AS _rowid_, id AS oid
           FROM t ORDER BY id DESC;
         CREATE VIRTUAL TABLE f USING fts5(title, body UNINDEXED);
         INSERT INTO f(rowid, title, body) VALUES (10, 'a', 1), (20, 'b', 2),
           (5, 'c', NULL), (30, 'a', 1), (40, 'd', 4)",
    );
    let mut came = rows_of(&dir, &["--batch-size", "2", "w"]);
    let mut held = table(&dir, "w", "1");
    came.sort();
    held.sort();
    assert_eq!(came, held);
    let rows = rows_of(&dir, &["--batch-size", "2", "f"]);
    let (rows, rowids): (Vec<Row>, Vec<_>) = split(rows).into_iter().unzip();
    assert_eq!(rows, table(&dir, "f", "rowid"));
    let want = [5, 10, 20, 30, 40].map(|i| Some(Cell::Integer(i)));
    assert_eq!(rowids, want);
    for name in ["w", "f", "f_content"] {
        let args = ["--due", "--before", "2026-01-01"];
        let column = match name {
            "w" => "v",
            "f" => "title",
            _ => "id",
        };
        let column = ["--timestamp-column", column, name];
        export(&dir, &[&args[..], &column].concat())
            .run()
            .status(2)
            .stdout("")
            .stderr_has("never purged");
    }
}
