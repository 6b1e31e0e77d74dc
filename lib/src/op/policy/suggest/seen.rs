//! What is seen of a table: its shape, a sample of its rows, and the column
//! that holds when a row came to be.

use jiff::Timestamp;

use super::words::{self, Column};
use crate::db::{Child, Database, Kind, PointsTo, References, Table};
use crate::error::{Error, Exit, Result, quote};
use crate::op::policy::times::{Reading, spelled, units};
use crate::time::Unit;
use crate::value::Owned;

/// A table as far as it was looked at.
pub(super) struct Seen {
    pub table: Table,
    /// A few rows, all columns.
    pub rows: Vec<Vec<Owned>>,
    pub points_to: Vec<PointsTo>,
    references: References,
    pub unique: Vec<Vec<String>>,
    /// What dates a row, or why nothing does.
    pub time: std::result::Result<Time, String>,
    /// Whether SQLite gives ids of rows that went to new ones.
    pub gives_ids_again: bool,
    /// Why its deletions would be refused.
    pub triggers: Option<String>,
}

/// The column that dates a row.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub column: usize,
    /// What its numbers count, or the pattern of its texts; none where they
    /// need none.
    pub unit: Option<Unit>,
}

/// What a name of the schema turned out to be.
pub(super) enum Look {
    Table(Box<Seen>),
    /// A view, or a table that is virtual or belongs to one.
    NoTable(&'static str),
    /// Why it cannot be archived as it is.
    Refused(String),
}

impl Seen {
    pub(super) fn look(
        database: &mut Database,
        name: &str,
        now: Timestamp,
    ) -> Result<Look> {
        let table = match database.table(name) {
            Ok(Some(table)) => table,
            Ok(None) => return Ok(Look::Refused("it is gone".to_owned())),
            Err(error) => return refused(error),
        };
        match table.kind {
            Kind::Ordinary => {}
            Kind::View => return Ok(Look::NoTable("a view")),
            Kind::Virtual => return Ok(Look::NoTable("a virtual table")),
            Kind::Shadow => {
                return Ok(Look::NoTable("part of a virtual table"));
            }
        }
        let references = match database.references(&table) {
            Ok(references) => references,
            Err(error) => return refused(error),
        };
        let triggers = match database.check_triggers(&table) {
            Ok(()) => None,
            Err(error) => Some(why(error)?),
        };
        let all: Vec<usize> = (0..table.columns.len()).collect();
        let rows = database.sample(&table, &all)?;
        let time = time(&table, &rows, now);
        Ok(Look::Table(Box::new(Seen {
            points_to: database.points_to(&table)?,
            unique: database.unique_keys(&table)?,
            gives_ids_again: database.gives_ids_again(&table)?,
            table,
            rows,
            references,
            time,
            triggers,
        })))
    }

    pub(super) fn name(&self) -> &str {
        &self.table.name
    }

    /// The tables with a foreign key to this one.
    pub(super) fn children(&self) -> impl Iterator<Item = Child<'_>> {
        self.references.pointers()
    }

    /// The sampled values of a column.
    pub(super) fn values(&self, column: usize) -> Vec<&Owned> {
        values(&self.rows, column)
    }

    /// Whether the rows hold nothing but NULL in a column.
    pub(super) fn is_empty(&self, column: usize) -> bool {
        self.values(column).iter().all(|v| matches!(v, Owned::Null))
    }

    /// The columns that are called like this kind and hold times, or nothing
    /// yet where their names say times.
    pub(super) fn columns(
        &self,
        kind: Column,
        now: Timestamp,
    ) -> impl Iterator<Item = usize> {
        let holds = move |c: &usize| {
            if self.is_empty(*c) {
                return words::says_time(&self.table.columns[*c].name);
            }
            let values = self.values(*c);
            !units(&values, now).is_empty()
                || Reading::of(values.into_iter(), None, now).undated.values
                    == 0
        };
        let called = move |c: &usize| {
            words::column(&self.table.columns[*c].name) == kind
        };
        (0..self.table.columns.len()).filter(called).filter(holds)
    }
}

/// An error that is about the table; one of the database ends the program.
fn why(error: Error) -> Result<String> {
    match error.exit() {
        Exit::Busy | Exit::Interrupted | Exit::Terminated => Err(error),
        _ => Ok(error.to_string()),
    }
}

fn refused(error: Error) -> Result<Look> {
    why(error).map(Look::Refused)
}

fn values(rows: &[Vec<Owned>], column: usize) -> Vec<&Owned> {
    rows.iter().filter_map(|row| row.get(column)).collect()
}

/// The column that dates a row: among those that are called like the time at
/// which it came to be, the clearest one that holds nothing else.
fn time(
    table: &Table,
    rows: &[Vec<Owned>],
    now: Timestamp,
) -> std::result::Result<Time, String> {
    if rows.is_empty() {
        return Err("it has no rows that would show".to_owned());
    }
    let mut candidates: Vec<(Column, usize)> = table
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| (words::column(&column.name), i))
        .filter(|(kind, _)| matches!(kind, Column::Written(_)))
        .collect();
    candidates.sort();
    let mut reasons = Vec::new();
    for (_, column) in candidates {
        match reading(&values(rows, column), now) {
            Ok(unit) => return Ok(Time { column, unit }),
            Err(reason) => {
                let name = quote(&table.columns[column].name);
                reasons.push(format!("{name} {reason}"));
            }
        }
    }
    if reasons.is_empty() {
        reasons.push("no column says when a row was written".to_owned());
    }
    Err(reasons.join("; "))
}

/// What the numbers of a column count, or the pattern of its texts, or why it
/// does not hold times.
fn reading(
    values: &[&Owned],
    now: Timestamp,
) -> std::result::Result<Option<Unit>, String> {
    let plain = Reading::of(values.iter().copied(), None, now);
    if plain.given == 0 {
        return Err("holds nothing but NULL".to_owned());
    }
    if plain.given < values.len() {
        return Err("is NULL in some rows".to_owned());
    }
    if plain.numbers == 0 && plain.is_sound() {
        return Ok(None);
    }
    let of = values.first().map(|v| spelled(v)).unwrap_or_default();
    let texts = plain.numbers == 0;
    match units(values, now)[..] {
        [unit] if texts || plain.numbers == plain.given => {
            Ok(Some(unit.clone()))
        }
        [] if texts => Err(format!(
            "holds values that do not read as times from 2000 to now, such \
             as {}",
            plain.example()
        )),
        [] | [_] => Err(format!(
            "holds values that are times from 2000 to now in no one unit, \
             such as {}",
            of
        )),
        ref several => {
            let words: Vec<String> =
                several.iter().map(ToString::to_string).collect();
            let words = words.join(" or ");
            let can = if texts { "can be" } else { "can count" };
            Err(format!("{can} {words}, such as {of}"))
        }
    }
}
