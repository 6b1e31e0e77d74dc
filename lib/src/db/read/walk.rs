//! Reads in nibbles: a table walked once, in the order of its rowid or key,
//! without holding a transaction while anybody else works.
//!
//! A batch is one read transaction: it ends when enough rows, enough bytes or
//! enough time are together, and the next one goes on behind the last row. A
//! row that moves in between can be met twice or not at all; the proof before
//! deletion makes that harmless.

use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{ToSql, params_from_iter};

use crate::db::read::filter::{self, FUNCTION, Filter, Met, Tally};
use crate::db::read::row_view::{RowView, select_list, view};
use crate::db::{Database, Kind, Table, ident, sql};
use crate::error::{Error, Result, quote};
use crate::value::Owned;

/// The column in whose order the copy of a view is walked. Its name has a
/// space, to stand in no user's way.
const ORDER: &str = "\"rt order\"";

/// Where a walk stands: the rowid, or the key, of the last row.
pub type Position = Vec<Owned>;

/// When a batch is full.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// After so many rows.
    pub rows: usize,
    /// After so many encoded bytes.
    pub bytes: usize,
}

impl Default for Batch {
    fn default() -> Batch {
        Batch { rows: 1000, bytes: 4 << 20 }
    }
}

/// A walk over the meant rows of a table.
pub struct Walk<'d> {
    database: &'d Database,
    columns: usize,
    first: String,
    next: String,
    /// How many cursor columns stand behind the columns.
    cursor: usize,
    tally: Option<Arc<Tally>>,
    /// Rows that came, which are all where nothing is filtered.
    came: u64,
    position: Option<Position>,
    ended: bool,
}

/// The WHERE term that lets through what is meant.
pub(in crate::db) fn condition(table: &Table, filter: &Filter) -> String {
    let name = ident(&table.name);
    let time = match &filter.timestamp {
        Some((column, _)) => {
            format!("{name}.{}", ident(&table.columns[*column].name))
        }
        None => "NULL".to_owned(),
    };
    match &filter.condition {
        // On a line of its own: the expression may end in a comment.
        Some(expr) => format!("{FUNCTION}({time}, (\n{expr}\n) IS TRUE)"),
        None => format!("{FUNCTION}({time}, 1)"),
    }
}

impl Database {
    /// A walk over the rows of a table, `columns` of each, that `filter`
    /// means; all rows without one.
    pub fn walk<'d>(
        &'d self,
        table: &Table,
        columns: &[usize],
        filter: Option<&Filter>,
    ) -> Result<Walk<'d>> {
        let (from, cursor) = match table.kind {
            Kind::Ordinary | Kind::Shadow => {
                let name = ident(&table.name);
                let cursor = table
                    .cursor()
                    .into_iter()
                    .map(|c| format!("{name}.{c}"))
                    .collect();
                // Without rowid, the table is its key's index.
                let hint =
                    if table.without_rowid { "" } else { " NOT INDEXED" };
                (format!("{}{hint}", table.quoted()), cursor)
            }
            Kind::View | Kind::Virtual => {
                self.materialize(table)?;
                let name = ident(&table.name);
                (format!("temp.{name}"), vec![format!("{name}.{ORDER}")])
            }
        };
        self.walk_from(table, columns, filter, &from, &cursor)
    }

    /// A walk over `from`, in the order of `cursor`, which must be unique.
    pub(in crate::db) fn walk_from<'d>(
        &'d self,
        table: &Table,
        columns: &[usize],
        filter: Option<&Filter>,
        from: &str,
        cursor: &[String],
    ) -> Result<Walk<'d>> {
        let tally = match filter {
            Some(filter) => Some(
                filter::install(&self.connection, filter)
                    .map_err(|e| self.fail("cannot prepare to read", e))?,
            ),
            None => None,
        };
        let mut list = select_list(self, table, columns);
        list.extend(cursor.iter().cloned());
        let list = list.join(", ");
        let meant = match filter {
            Some(filter) => condition(table, filter),
            None => "1".to_owned(),
        };
        let falls = |part| table.falls(part);
        let order = order(cursor, falls);
        let behind = behind(cursor, falls);
        Ok(Walk {
            database: self,
            columns: columns.len(),
            first: format!(
                "SELECT {list} FROM {from} WHERE {meant} ORDER BY {order}"
            ),
            next: format!(
                "SELECT {list} FROM {from} WHERE {behind} AND {meant} \
                 ORDER BY {order}"
            ),
            cursor: cursor.len(),
            tally,
            came: 0,
            position: None,
            ended: false,
        })
    }

    /// Refuses a condition on rows of a table that SQLite does not understand.
    ///
    /// A name in double quotes that is no column would be a string to SQLite,
    /// and the condition mean something else. It is so still in the views and
    /// triggers of the database, which may rely on it
    /// (<https://www.sqlite.org/quirks.html#dblquote>).
    ///
    /// # Errors
    /// Status 2, with SQLite's reason.
    pub fn check_condition(&self, table: &Table, expr: &str) -> Result<()> {
        let from = table.quoted();
        let strict = |on: bool| {
            self.connection
                .set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, !on)
                .map_err(|e| self.fail("cannot set it up", e))
        };
        let prepare = |sql: String| self.connection.prepare(&sql).map(drop);
        strict(true)?;
        if prepare(format!("SELECT 1 FROM {from}")).is_err() {
            strict(false)?;
        }
        // On a line of its own: the expression may end in a comment.
        let done = prepare(format!("SELECT 1 FROM {from} WHERE (\n{expr}\n)"));
        strict(false)?;
        done.map_err(|source| self.unclear(expr, source))
    }

    /// The error of a condition that cannot be prepared. One that SQLite does
    /// not understand is a usage error.
    fn unclear(&self, expr: &str, source: rusqlite::Error) -> Error {
        let unclear = matches!(
            &source,
            rusqlite::Error::SqlInputError { error, .. }
                if error.code == rusqlite::ErrorCode::Unknown
        );
        if !unclear {
            return self.fail("cannot prepare to read", source);
        }
        let reason = sql::error("", source).to_string();
        Error::usage(format!(
            "the condition {} does not work{reason}",
            quote(expr)
        ))
        .hint("it is an SQL expression over the table's columns")
    }

    /// A view or virtual table has no order to go on in: its rows are copied
    /// to a temporary table first, without affinity, so that each value stays
    /// what it is; under their rowids, where they have any.
    fn materialize(&self, table: &Table) -> Result<()> {
        let name = ident(&table.name);
        let names: Vec<String> =
            table.columns.iter().map(|c| ident(&c.name)).collect();
        let names = names.join(", ");
        let (rowid, order) = match &table.rowid {
            Some(rowid) => (format!("{rowid}, "), format!("{ORDER}, ")),
            None => (String::new(), String::new()),
        };
        self.connection
            .execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.{name}; \
                 CREATE TEMP TABLE {name}({names}, \
                 {ORDER} INTEGER PRIMARY KEY); \
                 INSERT INTO temp.{name}({order}{names}) \
                 SELECT {rowid}{names} FROM main.{name};"
            ))
            .map_err(|e| self.fail("cannot read a view", e))
    }
}

/// The order of a walk: that in which the table is kept.
pub(in crate::db) fn order(
    cursor: &[String],
    falls: impl Fn(usize) -> bool,
) -> String {
    let parts: Vec<String> = cursor
        .iter()
        .enumerate()
        .map(|(i, c)| format!("{c} {}", if falls(i) { "DESC" } else { "ASC" }))
        .collect();
    parts.join(", ")
}

/// The rows behind the last one. A comparison of row values is one seek in
/// the key's index; parts of mixed direction need it spelled out.
pub(in crate::db) fn behind(
    cursor: &[String],
    falls: impl Fn(usize) -> bool,
) -> String {
    let parts = cursor.len();
    let all = |want| (0..parts).all(|i| falls(i) == want);
    let marks: Vec<String> = (1..=parts).map(|i| format!("?{i}")).collect();
    for (want, sign) in [(false, '>'), (true, '<')] {
        if all(want) {
            return match cursor {
                [one] => format!("{one} {sign} ?1"),
                many => format!(
                    "({}) {sign} ({})",
                    many.join(", "),
                    marks.join(", ")
                ),
            };
        }
    }
    let mut term = String::from("0");
    for i in (0..parts).rev() {
        let sign = if falls(i) { '<' } else { '>' };
        let (column, mark) = (&cursor[i], &marks[i]);
        term = format!(
            "({column} {sign} {mark} OR ({column} IS {mark} AND {term}))"
        );
    }
    term
}

impl Walk<'_> {
    /// One batch: `each` gets every row and gives the bytes it has gathered
    /// in this batch. Returns whether there may be more. No transaction is
    /// open when it returns.
    pub fn batch(
        &mut self,
        limit: Batch,
        each: &mut dyn FnMut(&RowView<'_>) -> Result<usize>,
    ) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let database = self.database;
        let fail = |e| database.fail("cannot read", e);
        let sql = match self.position {
            Some(_) => &self.next,
            None => &self.first,
        };
        let mut statement =
            database.connection.prepare_cached(sql).map_err(fail)?;
        let mark: Vec<&dyn ToSql> = match &self.position {
            Some(position) => {
                position.iter().map(|v| v as &dyn ToSql).collect()
            }
            None => Vec::new(),
        };
        if let Some(tally) = &self.tally {
            tally.start();
        }
        let mut rows =
            statement.query(params_from_iter(mark)).map_err(fail)?;
        let width = self.columns * if database.utf16 { 2 } else { 1 };
        let mut count = 0;
        while let Some(row) = rows.next().map_err(fail)? {
            let passed = self.tally.as_ref().is_none_or(|t| t.passed());
            let mut full = !passed;
            if passed {
                let bytes = each(&view(database, row, self.columns))?;
                count += 1;
                self.came += 1;
                full = count >= limit.rows || bytes >= limit.bytes;
            }
            if full {
                let mut position = Vec::with_capacity(self.cursor);
                for i in width..width + self.cursor {
                    let value = row.get_ref(i).map_err(fail)?;
                    position.push(filter::value(value).to_owned());
                }
                drop(rows);
                drop(statement);
                self.position = Some(position);
                return Ok(true);
            }
        }
        self.ended = true;
        Ok(false)
    }

    /// Whether it has come to the end of the table.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Rows looked at so far.
    pub fn visited(&self) -> u64 {
        self.tally.as_ref().map_or(self.came, |t| t.visited())
    }

    /// What was met so far.
    pub fn met(&self) -> Met {
        match &self.tally {
            Some(tally) => tally.met(),
            None => Met { visited: self.came, ..Met::default() },
        }
    }
}
