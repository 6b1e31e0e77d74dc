//! What following the foreign keys costs: by the plans that SQLite makes for
//! the statements over the set, and by the steps that its machine takes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

use super::*;
use crate::db::read::filter::value;
use crate::db::{Access, Database, Filter, RowAddress, Selection, Table};
use crate::value::Owned;

/// The keys of parents: columns, and the constraint that makes them the key.
const PARENTS: [(&str, &str); 10] = [
    ("k INTEGER", "k"),
    ("k INT", "k"),
    ("k TEXT", "k"),
    ("k TEXT COLLATE NOCASE", "k"),
    ("k TEXT", "k COLLATE RTRIM DESC"),
    ("k BLOB", "k"),
    ("k", "k"),
    ("k REAL", "k"),
    ("k DECIMAL(9)", "k"),
    ("k TEXT", "k2, k DESC"),
];

/// What the column of a child that points holds.
const CHILDREN: [&str; 6] =
    ["", "INTEGER", "TEXT", "TEXT COLLATE NOCASE", "REAL", "BLOB"];

/// A table and who points at it.
#[derive(Clone, Copy, Debug)]
struct Case {
    parent: (&'static str, &'static str),
    without_rowid: bool,
    child: &'static str,
    /// The table points at itself.
    own: bool,
    indexed: bool,
}

/// All of them.
fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for bits in 0..8 {
        for parent in PARENTS {
            for child in CHILDREN {
                all.push(Case {
                    parent,
                    without_rowid: bits & 1 != 0,
                    child,
                    own: bits & 2 != 0,
                    indexed: bits & 4 != 0,
                });
            }
        }
    }
    all
}

/// What was executed.
#[derive(Default)]
struct Seen {
    /// Steps of SQLite's machine.
    steps: i64,
    /// The statements' texts, and what their counters said last.
    counters: BTreeMap<String, i32>,
}

impl Seen {
    /// A statement was executed; its counter goes on until it is made anew.
    fn note(&mut self, text: String, counter: i32) {
        let last = self.counters.insert(text, counter).unwrap_or(0);
        let more = if counter < last { counter } else { counter - last };
        self.steps += i64::from(more);
    }
}

impl Case {
    /// A database of so many rows. Of ten, one points at itself, two are a
    /// chain, two are a circle, and one is pointed at by a row that stays.
    fn make(self, path: &Path, rows: u64) {
        let Case { parent: (column, key), child, .. } = self;
        let (from, to) = match key.contains("k2") {
            true => ("r, r2", "k, k2"),
            false => ("r", "k"),
        };
        let foreign = format!(", FOREIGN KEY ({from}) REFERENCES t ({to})");
        let none = String::new();
        let (of_t, of_c) = match self.own {
            true => (foreign, none),
            false => (none, foreign),
        };
        let rest = if self.without_rowid { "WITHOUT ROWID" } else { "" };
        let child_table = if self.own { "t" } else { "c" };
        let index = match self.indexed {
            true => format!("CREATE INDEX i ON {child_table}({from});"),
            false => String::new(),
        };
        let sql = format!(
            "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN;
            CREATE TABLE t ({column}, k2 INT, n INT UNIQUE, due INT,
                r {child}, r2 INT, PRIMARY KEY ({key}) {of_t}) {rest};
            CREATE TABLE c (r {child}, r2 INT {of_c});
            {index}
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
                WHERE n < {rows})
            INSERT INTO t SELECT n + 100, n % 7, n, n % 10 <> 5, NULL, NULL
                FROM s;
            WITH points(m, d) AS (VALUES (0, 0), (1, 1), (2, 1), (3, 1),
                (6, 1), (7, -1), (5, -1))
            UPDATE t SET (r, r2) = (SELECT p.k, p.k2 FROM t AS p, points
                WHERE m = t.n % 10 AND p.n = t.n + d);
            INSERT INTO c SELECT r, r2 FROM t WHERE n % 10 = 5; COMMIT"
        );
        Connection::open(path).unwrap().execute_batch(&sql).unwrap();
    }
}

/// A database whose statements are noted.
fn open(path: &Path, seen: &Arc<Mutex<Seen>>) -> Database {
    let busy = Duration::from_secs(1);
    let mut database = Database::open(path, Access::Delete, busy).unwrap();
    let heard = Arc::clone(seen);
    let hear = move |event: TraceEvent<'_>| {
        if let TraceEvent::Profile(statement, _) = event {
            let steps = statement.get_status(StatementStatus::VmStep);
            heard.lock().unwrap().note(statement.sql().into_owned(), steps);
        }
    };
    let profile = TraceEventCodes::SQLITE_TRACE_PROFILE;
    database.connection.trace_v2(profile, Some(hear)).unwrap();
    database
}

/// The addresses of the rows that are due.
fn due_rows(database: &Database, table: &Table) -> Vec<RowAddress> {
    let columns = table.cursor();
    let sql = format!("SELECT {} FROM t WHERE due", columns.join(", "));
    let mut statement = database.connection.prepare(&sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut out = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let part = |i| value(row.get_ref(i).unwrap()).to_owned();
        let key: Vec<Owned> = (0..columns.len()).map(part).collect();
        out.push(RowAddress::of(key, table.without_rowid));
    }
    out
}

/// All that a run does with a set: export, deletion, and the look inside the
/// write lock.
fn follow_all(path: &Path, seen: &Arc<Mutex<Seen>>) -> Database {
    let database = open(path, seen);
    let table = database.table("t").unwrap().unwrap();
    let references = database.references(&table).unwrap();
    assert!(!references.is_empty());
    let filter =
        Filter { condition: Some("due = 1".into()), ..Filter::default() };
    let selection =
        Selection { filter, unreferenced: true, ..Selection::default() };
    drop(database.select(&table, &[0], &selection).unwrap());
    let set = database.delete_set(&table);
    database.run("PRAGMA synchronous = OFF").unwrap();
    set.begin().unwrap();
    for (line, address) in (0..).zip(due_rows(&database, &table)) {
        set.add(&ProvenRow::new(0, line, (address, 0, 0))).unwrap();
    }
    set.referenced(&references, &mut |_, _| ()).unwrap();
    let terms: Vec<String> =
        table.cursor().iter().map(|c| format!("{c} = ?")).collect();
    let delete = format!("DELETE FROM t WHERE {}", terms.join(" AND "));
    let mut taken = 0;
    loop {
        let rows = set.take(100, references.own()).unwrap();
        if rows.is_empty() {
            break;
        }
        if taken == 0 || !references.needs_scan() {
            let found = set.referenced_in(&references, &rows, None).unwrap();
            // Nobody has written: what was found before holds.
            assert_eq!(found, Some(Vec::new()));
        }
        database.run("BEGIN").unwrap();
        for ProvenRow { address, .. } in &rows {
            let values = address.values();
            let values = rusqlite::params_from_iter(&*values);
            assert_eq!(database.execute("", &delete, values).unwrap(), 1);
            set.remove(address).unwrap();
        }
        database.run("COMMIT").unwrap();
        taken += rows.len();
    }
    assert!(taken > 0);
    database
}

/// Every table that is read for each row of another one is searched.
fn no_scan_in_a_loop(database: &Database, sql: &str, case: &str) {
    let mut statement = database
        .connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|e| panic!("{case}: {e}\n{sql}"));
    let marks = statement.parameter_count();
    let steps: Vec<(i64, i64, String)> = statement
        .query_map(rusqlite::params_from_iter(vec![0; marks]), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(3)?))
        })
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let reads =
        |step: &str| step.starts_with("SCAN") || step.starts_with("SEARCH");
    for (i, (_, parent, step)) in steps.iter().enumerate() {
        let inside = |(_, p, s): &&(i64, i64, String)| p == parent && reads(s);
        let mut looped = steps[..i].iter().any(|s| inside(&s));
        let mut up = *parent;
        while let Some((_, parent, step)) = steps.iter().find(|s| s.0 == up) {
            looped |= step.starts_with("CORRELATED");
            up = *parent;
        }
        let slow = step.starts_with("SCAN") || step.contains("AUTOMATIC");
        assert!(!(looped && slow), "{case}: {step}\n{sql}\n{steps:#?}");
    }
}

#[test]
fn no_statement_over_the_set_scans_inside_a_loop() {
    for case in cases() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        case.make(&path, 60);
        let seen = Arc::default();
        let database = follow_all(&path, &seen);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        let mut texts: Vec<String> = seen.counters.into_keys().collect();
        let plain = ["SELECT", "INSERT", "UPDATE", "DELETE"];
        texts.retain(|sql| {
            sql.contains("\"rt ") && plain.iter().any(|w| sql.starts_with(w))
        });
        assert!(texts.len() > 5, "{case:?}");
        for sql in texts {
            no_scan_in_a_loop(&database, &sql, &format!("{case:?}"));
        }
    }
}

#[test]
fn twice_the_rows_take_twice_the_steps() {
    // Some of each kind.
    for case in cases().into_iter().step_by(23) {
        let steps = |rows| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("db");
            case.make(&path, rows);
            let seen = Arc::default();
            follow_all(&path, &seen);
            let steps = seen.lock().unwrap().steps;
            steps as f64
        };
        let (one, two) = (steps(200), steps(400));
        assert!(two < 2.2 * one, "{case:?}: {one} and {two} steps");
    }
}
