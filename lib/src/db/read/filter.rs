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

use crate::db::read::hot_hour::HotHour;
use crate::time::{self, Shape, Shapes, Unit};
use crate::value::{Owned, Value};

/// From an instant on, and before another one.
pub type Span = (Option<Timestamp>, Option<Timestamp>);

fn is_in(at: Timestamp, (from, to): &Span) -> bool {
    from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
}

/// Which rows are meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The column that dates a row, and what its values mean.
    pub timestamp: Option<(usize, Option<Unit>)>,
    /// Rows at or after this instant.
    pub since: Option<Timestamp>,
    /// Rows before this instant.
    pub before: Option<Timestamp>,
    /// Rows after this instant are counted as of the future.
    pub future: Option<Timestamp>,
    /// Rows between any of these instants are on hold: counted, and not meant.
    pub held: Vec<Span>,
    /// Rows for which this SQL expression is true.
    pub condition: Option<String>,
    /// Not the row of greatest id, where SQLite would give that id again.
    pub keep_greatest: bool,
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

/// What was met on the way to the rows that are meant.
#[derive(Clone, Debug, Default)]
pub struct Met {
    /// Rows, or index entries, looked at.
    pub visited: u64,
    /// Rows without a readable time.
    pub undated: u64,
    /// What most of these look like.
    pub shape: Option<Shape>,
    /// Rows of the future.
    pub future: u64,
    /// Rows that are meant but for a hold.
    pub held: u64,
    /// There is a row with a readable time.
    pub dated: bool,
}

/// What the function counted, shared with the walk that steps the statement.
#[derive(Debug)]
pub(in crate::db) struct Tally {
    visited: AtomicU64,
    undated: AtomicU64,
    future: AtomicU64,
    held: AtomicU64,
    shapes: Mutex<Shapes>,
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

    /// What was met so far.
    pub(in crate::db) fn met(&self) -> Met {
        let undated = self.undated.load(Relaxed);
        let shapes = self.shapes.lock();
        Met {
            visited: self.visited(),
            undated,
            shape: shapes.ok().and_then(|shapes| shapes.commonest()),
            future: self.future.load(Relaxed),
            held: self.held.load(Relaxed),
            dated: self.visited() > undated,
        }
    }

    fn count_undated(&self, value: Value<'_>) {
        self.undated.fetch_add(1, Relaxed);
        if let Ok(mut shapes) = self.shapes.lock() {
            shapes.add(value);
        }
    }

    /// Whether a row that would be meant is on hold, which counts it.
    fn holds(&self, held: &[Span], at: Timestamp) -> bool {
        let holds = held.iter().any(|span| is_in(at, span));
        self.held.fetch_add(u64::from(holds), Relaxed);
        holds
    }

    /// Whether the row that just came out is one that was meant.
    pub(in crate::db) fn passed(&self) -> bool {
        self.verdict.load(Relaxed) == PASSES
    }

    /// Whether the nibble has lasted long enough.
    pub(in crate::db) fn overdue(&self) -> bool {
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
        future: AtomicU64::new(0),
        held: AtomicU64::new(0),
        shapes: Mutex::default(),
        verdict: AtomicU8::new(PASSES),
        started: Mutex::new(Instant::now()),
    });
    let counts = Arc::clone(&tally);
    let unit = filter.timestamp.clone().and_then(|(_, unit)| unit);
    let dated = filter.timestamp.is_some();
    let timed = filter.needs_time();
    let Filter { since, before, future, .. } = *filter;
    let held = filter.held.clone();
    let hour = HotHour::new(before.filter(|_| unit.is_none()), future);
    connection.create_scalar_function(
        FUNCTION,
        2,
        // Not deterministic: it counts, so each row must call it.
        FunctionFlags::SQLITE_UTF8,
        move |context| {
            let visited = counts.visited.fetch_add(1, Relaxed) + 1;
            let mut passes = truth(context.get_raw(1));
            if dated {
                let value = value(context.get_raw(0));
                passes &= match instant(value, &hour, unit.as_ref()) {
                    Time::Hot => false,
                    Time::At(at) => {
                        if future.is_some_and(|f| at > f) {
                            counts.future.fetch_add(1, Relaxed);
                        }
                        is_in(at, &(since, before))
                            && !(passes && counts.holds(&held, at))
                    }
                    Time::None => {
                        counts.count_undated(value);
                        !timed
                    }
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

/// When a row was.
enum Time {
    At(Timestamp),
    /// It has a readable time, from the cutoff on and not of the future.
    Hot,
    None,
}

fn instant(value: Value<'_>, hour: &HotHour, unit: Option<&Unit>) -> Time {
    if hour.holds(value) {
        return Time::Hot;
    }
    match time::instant(value, unit) {
        Some(at) => {
            hour.learn(value, at);
            Time::At(at)
        }
        None => Time::None,
    }
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
