//! Which rows are meant, decided row by row inside SQLite.
//!
//! The decision is a function that SQLite calls with a row's timestamp and
//! the value of the WHERE expression. Only rows that pass are read whole, so
//! that rows that stay cost one column. The same call counts what was visited
//! and what has no readable time, and ends a nibble that took long: it then
//! lets one row through as a mark of how far the walk came.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use crate::time::{self, Unit};
use crate::value::{Owned, Value};

/// Which rows are meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The column that dates a row, and what its numbers mean.
    pub timestamp: Option<(usize, Option<Unit>)>,
    /// Rows at or after this instant.
    pub since: Option<Timestamp>,
    /// Rows before this instant.
    pub before: Option<Timestamp>,
    /// Rows for which this SQL expression is true.
    pub condition: Option<String>,
}

impl Filter {
    /// Whether only rows with a readable time can pass.
    pub fn needs_time(&self) -> bool {
        self.since.is_some() || self.before.is_some()
    }
}

/// How long one read transaction may last while no row comes out of it. A
/// reader holds up the writers of a database with a rollback journal.
const NIBBLE: Duration = Duration::from_millis(25);

/// The verdict on a row: it was not meant, and does not come out.
const STAYS: u8 = 0;
/// It was meant.
const PASSES: u8 = 1;
/// It was not meant, and comes out as a mark of how far the walk came.
const MARK: u8 = 2;

/// What the function counted, shared with the walk that steps the statement.
#[derive(Debug)]
pub(in crate::db) struct Tally {
    visited: AtomicU64,
    undated: AtomicU64,
    verdict: AtomicU8,
    started: Mutex<Instant>,
}

impl Tally {
    /// Starts a nibble.
    pub(in crate::db) fn start(&self) {
        if let Ok(mut started) = self.started.lock() {
            *started = Instant::now();
        }
    }

    /// Rows looked at so far.
    pub(in crate::db) fn visited(&self) -> u64 {
        self.visited.load(Relaxed)
    }

    /// Rows without a readable time so far.
    pub(in crate::db) fn undated(&self) -> u64 {
        self.undated.load(Relaxed)
    }

    /// Whether the row that just came out is one that was meant.
    pub(in crate::db) fn passed(&self) -> bool {
        self.verdict.load(Relaxed) == PASSES
    }

    fn overdue(&self) -> bool {
        self.started.lock().is_ok_and(|started| started.elapsed() > NIBBLE)
    }
}

/// The name of the function in SQL.
pub(in crate::db) const FUNCTION: &str = "rt_meant";

/// Makes the function known on this connection, in place of an earlier one.
pub(in crate::db) fn install(
    connection: &Connection,
    filter: &Filter,
) -> rusqlite::Result<Arc<Tally>> {
    let tally = Arc::new(Tally {
        visited: AtomicU64::new(0),
        undated: AtomicU64::new(0),
        verdict: AtomicU8::new(PASSES),
        started: Mutex::new(Instant::now()),
    });
    let counts = Arc::clone(&tally);
    let unit = filter.timestamp.and_then(|(_, unit)| unit);
    let dated = filter.timestamp.is_some();
    let timed = filter.needs_time();
    let (since, before) = (filter.since, filter.before);
    connection.create_scalar_function(
        FUNCTION,
        2,
        // Not deterministic: it counts, so each row must call it.
        FunctionFlags::SQLITE_UTF8,
        move |context| {
            let visited = counts.visited.fetch_add(1, Relaxed) + 1;
            let mut passes = truth(context.get_raw(1));
            if dated {
                let at = time::instant(value(context.get_raw(0)), unit);
                if at.is_none() {
                    counts.undated.fetch_add(1, Relaxed);
                }
                passes &= match at {
                    Some(at) => {
                        since.is_none_or(|s| at >= s)
                            && before.is_none_or(|b| at < b)
                    }
                    None => !timed,
                };
            }
            let verdict = if passes {
                PASSES
            } else if visited.is_multiple_of(256) && counts.overdue() {
                MARK
            } else {
                STAYS
            };
            counts.verdict.store(verdict, Relaxed);
            Ok(verdict != STAYS)
        },
    )?;
    Ok(tally)
}

/// Truth as a WHERE clause has it: a number other than zero. The condition is
/// handed over as `(expr) IS TRUE`, which is 0 or 1.
pub(in crate::db) fn truth(value: ValueRef<'_>) -> bool {
    matches!(value, ValueRef::Integer(i) if i != 0)
}

/// SQLite's value as ours.
#[inline]
pub(in crate::db) fn value(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(i) => Value::Integer(i),
        ValueRef::Real(r) => Value::Real(r),
        ValueRef::Text(t) => Value::Text(t),
        ValueRef::Blob(b) => Value::Blob(b),
    }
}

impl ToSql for Owned {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Owned::Null => ValueRef::Null,
            Owned::Integer(i) => ValueRef::Integer(*i),
            Owned::Real(r) => ValueRef::Real(*r),
            Owned::Text(t) => ValueRef::Text(t),
            Owned::Blob(b) => ValueRef::Blob(b),
        }))
    }
}
