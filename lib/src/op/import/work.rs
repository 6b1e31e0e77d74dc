//! Lines into the table, part by part, and what is checked at the end.

use std::collections::{BTreeMap, HashSet};

use super::lines::{Parser, Row, bad};
use super::options::Options;
use super::part::{Known, Part};
use super::result::Imported;
use crate::archive::{Ledger, Origin};
use crate::db::{
    Dangling, Database, Insert, Inserted, Kind, NewRow, OnConflict, Table,
};
use crate::error::{Error, Notes, Result, counted, quote};
use crate::settings::columns::rule;
use crate::time::{self, Day, Unit};
use crate::value::Value;

/// What dates a row: the column, and what its values mean.
pub(super) type Dated = Option<(usize, Option<Unit>)>;

/// Rows on their way into one table.
pub(super) struct Work<'w> {
    options: &'w Options,
    database: &'w Database,
    table: &'w Table,
    dated: Dated,
    /// What a side database has; the live one notes nothing.
    known: Option<Known>,
    parser: Parser,
    insert: Insert<'w>,
    /// Rows that pointed at nothing before.
    dangling: HashSet<Dangling>,
    /// The table held rows before.
    had_rows: bool,
    part: Option<Part>,
    counts: Imported,
    /// How many rows had no value for a column.
    missing: BTreeMap<usize, u64>,
}

impl<'w> Work<'w> {
    pub fn new(
        options: &'w Options,
        database: &'w Database,
        table: &'w Table,
        dated: Dated,
        known: Option<Known>,
    ) -> Result<Work<'w>> {
        if table.kind != Kind::Ordinary {
            return Err(Error::usage(format!(
                "{} is no table that rows can be imported into",
                quote(&table.name)
            )));
        }
        if options.keep_rowid
            && (table.without_rowid || !table.can_be_keyless())
        {
            return Err(Error::usage(format!(
                "the rows of {} have no rowid beside their key",
                quote(&table.name)
            ))
            .hint("leave --keep-rowid out: the key is kept as it is"));
        }
        let insert = database.insert(table);
        Ok(Work {
            dangling: database.dangling(table)?,
            had_rows: !database.has_rows(table, 0)?,
            parser: Parser::new(table, options.ignore_extra),
            counts: Imported {
                table: table.name.clone(),
                ..Imported::default()
            },
            part: None,
            missing: BTreeMap::new(),
            options,
            database,
            table,
            dated,
            known,
            insert,
        })
    }

    /// Takes in a line.
    pub fn line(&mut self, number: u64, line: &[u8]) -> Result<()> {
        let row =
            self.parser.parse(line).map_err(|what| bad(number, &what))?;
        let values: Vec<Value<'_>> =
            row.values.iter().map(|v| v.value()).collect();
        let at = row.archived_at.as_deref().map(String::from_utf8_lossy);
        self.turn(at.as_deref(), &row)?;
        if self.part.as_mut().is_some_and(|part| !part.add(line)) {
            return Ok(());
        }
        match self.insert(number, &row, &values) {
            Ok(()) => Ok(()),
            Err(error) => match &mut self.part {
                Some(part) => part.refuse(error),
                None => Err(error),
            },
        }
    }

    /// Ends the part that is under way, and begins the one of a row that was
    /// archived at this time, unless it is the same.
    fn turn(&mut self, at: Option<&str>, row: &Row<'_>) -> Result<()> {
        let Some(known) = &self.known else { return Ok(()) };
        let mut day = at.and_then(|_| day(&self.dated, row));
        if self.part.as_ref().is_some_and(|part| part.is(at, day)) {
            return Ok(());
        }
        if let Some(at) = at {
            day = known.day(at, day);
        }
        if self.part.as_ref().is_some_and(|part| part.is(at, day)) {
            return Ok(());
        }
        if let Some(part) = self.part.take() {
            known.end(self.database, part, &mut self.counts)?;
        }
        let of = (at.map(str::to_owned), day);
        self.part = Some(known.begin(self.database, of, &self.counts)?);
        Ok(())
    }

    fn insert(
        &mut self,
        number: u64,
        row: &Row<'_>,
        values: &[Value<'_>],
    ) -> Result<()> {
        let rowid = self.rowid(number, row)?;
        if row.columns.len() < self.parser.writable() {
            for column in self.parser.missing(&row.columns) {
                *self.missing.entry(column).or_default() += 1;
            }
        }
        let new = NewRow { columns: &row.columns, values, rowid };
        let done = self.insert.row(&new, self.options.on_conflict);
        let done =
            done.map_err(|e| e.during(format_args!("line {number}")))?;
        match done {
            Inserted::Yes => self.counts.rows += 1,
            Inserted::Present => self.counts.present += 1,
            Inserted::Replaced => self.counts.replaced += 1,
            Inserted::Conflict(key) => match self.options.on_conflict {
                OnConflict::Skip => self.counts.conflicts += 1,
                _ => return Err(taken(number, self.table, &key)),
            },
        }
        Ok(())
    }

    /// The rowid that a row is to have, where that was asked for.
    fn rowid(&self, number: u64, row: &Row<'_>) -> Result<Option<i64>> {
        if !self.options.keep_rowid {
            return Ok(None);
        }
        if self.had_rows {
            return Err(Error::failed(format!(
                "table {} is not empty: --keep-rowid is for one that is",
                quote(&self.table.name)
            ))
            .hint("leave --keep-rowid out: new rowids are given then"));
        }
        match row.rowid {
            Some(rowid) => Ok(Some(rowid)),
            None => Err(bad(number, "has no _rowid, which is to be kept")),
        }
    }

    /// Ends the last part, checks the foreign keys, and says what the schemas'
    /// difference means.
    pub fn end(mut self, notes: &mut dyn Notes) -> Result<Imported> {
        if let (Some(part), Some(known)) = (self.part.take(), &self.known) {
            known.end(self.database, part, &mut self.counts)?;
        }
        let dangling = self.database.dangling(self.table)?;
        let mut new: Vec<&Dangling> =
            dangling.difference(&self.dangling).collect();
        if !new.is_empty() || dangling.len() > self.dangling.len() {
            new.sort_by_key(|d| d.rowid);
            return Err(orphans(self.table, &new));
        }
        let absent = self.database.absent_parents(self.table)?;
        if !absent.is_empty() && self.counts.rows > 0 {
            notes.verbose(&format!(
                "{} points at {}, which is not there",
                quote(&self.table.name),
                absent.join(", ")
            ));
        }
        self.counts.message = self.difference();
        Ok(self.counts)
    }

    /// What became of columns that only the rows, or only the table, have.
    fn difference(&self) -> Option<String> {
        let mut said = Vec::new();
        for (column, rows) in &self.missing {
            let name = quote(&self.table.columns[*column].name);
            let rows = counted(*rows, "row");
            said.push(format!("{rows} without column {name} got its default"));
        }
        if !self.parser.extra.is_empty() {
            let names: Vec<String> =
                self.parser.extra.iter().map(|name| quote(name)).collect();
            said.push(format!(
                "{} of the rows, which the table does not have, was left out",
                names.join(", ")
            ));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// The day of a row, where it can be told.
pub(super) fn day(dated: &Dated, row: &Row<'_>) -> Option<Day> {
    let (column, unit) = dated.as_ref()?;
    let at = row.columns.iter().position(|c| c == column)?;
    time::instant(row.values[at].value(), unit.as_ref()).map(Day::of)
}

/// Refuses a table whose triggers would write for each row, unless that is
/// meant.
pub(super) fn check_triggers(
    options: &Options,
    database: &mut Database,
    table: &Table,
) -> Result<()> {
    if options.fire || table.kind != Kind::Ordinary {
        return Ok(());
    }
    let replace = options.on_conflict == OnConflict::Replace;
    let names = database.insert_triggers(table, replace)?;
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
    Err(Error::failed(format!(
        "trigger {} of table {} would write for each row",
        names.join(", "),
        quote(&table.name)
    ))
    .hint("nothing was imported; if that is meant, say --triggers fire"))
}

/// What dates the rows: the flags say, else the ledger, else the policy.
pub(super) fn dated(
    options: &Options,
    ledger: &Ledger,
    origin: &Origin,
    table: &Table,
) -> Result<Dated> {
    let unit = options.columns.unit.clone();
    if let Some(name) = &options.columns.timestamp {
        return Ok(Some((table.need_column(name)?, unit)));
    }
    if let Some(source) = ledger.state().source(origin) {
        let said = source.unit.as_deref().map(str::parse).transpose()?;
        let column = table.column(&source.timestamp_column);
        return Ok(column.map(|column| (column, unit.or(said))));
    }
    let policy = options.settings.load_policy()?;
    let ruled = rule(&policy, &options.table);
    Ok(ruled.and_then(|rule| {
        let column = table.column(&rule.timestamp)?;
        Some((column, unit.or_else(|| rule.unit.clone())))
    }))
}

fn taken(number: u64, table: &Table, key: &str) -> Error {
    Error::failed(format!(
        "line {number}: a row of {} has this key ({key}) and differs",
        quote(&table.name)
    ))
    .hint(
        "nothing was imported; --on-conflict skip keeps such rows, \
         --on-conflict replace puts the archived ones in their place",
    )
}

/// The error for rows that would point at no row.
fn orphans(table: &Table, rows: &[&Dangling]) -> Error {
    const NAMED: usize = 5;
    let named: Vec<String> = rows
        .iter()
        .take(NAMED)
        .map(|row| match row.rowid {
            Some(rowid) => format!("row {rowid} at {}", quote(&row.parent)),
            None => format!("a row at {}", quote(&row.parent)),
        })
        .collect();
    let more = match rows.len() > NAMED {
        true => format!(", and {} more", rows.len() - NAMED),
        false => String::new(),
    };
    Error::failed(format!(
        "rows of {} would point at rows that are not there: {}{more}",
        quote(&table.name),
        named.join(", ")
    ))
    .hint("nothing was imported; import the rows that they point at first")
}
