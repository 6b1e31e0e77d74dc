//! Lines into the table, part by part, and what is checked at the end.

use std::collections::{BTreeMap, HashSet};

use super::batch::{Batch, Row, Turn};
use super::divide::Dated;
use super::lines::bad;
use super::options::Options;
use super::parser::Parser;
use super::part::{Known, Part};
use super::result::Imported;
use crate::archive::{Ledger, Origin};
use crate::db::{
    Dangling, Database, Insert, Inserted, Kind, NewRow, OnConflict, Table,
};
use crate::error::{Error, Notes, Result, counted, quote};
use crate::settings::columns::rule;
use crate::value::Value;

/// Rows on their way into one table.
pub(super) struct Work<'w> {
    options: &'w Options,
    database: &'w Database,
    table: &'w Table,
    /// What a side database has; the live one notes nothing.
    known: Option<Known<'w>>,
    /// The columns that take a value.
    writable: Vec<usize>,
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
        known: Option<Known<'w>>,
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
            writable: writable(table),
            counts: Imported {
                table: table.name.clone(),
                ..Imported::default()
            },
            part: None,
            missing: BTreeMap::new(),
            options,
            database,
            table,
            known,
            insert,
        })
    }

    /// Inserts the rows of a batch.
    pub fn batch(&mut self, batch: &Batch) -> Result<()> {
        let mut turns = batch.turns.iter().peekable();
        let mut values = Vec::new();
        for (index, row) in batch.rows.iter().enumerate() {
            while let Some((_, turn)) = turns.next_if(|(at, _)| *at == index) {
                self.turn(turn)?;
            }
            if self.part.as_ref().is_some_and(|p| p.refused.is_some()) {
                continue;
            }
            values.clear();
            values.extend(batch.values(row));
            if let Err(error) = self.insert(batch, row, &values) {
                match &mut self.part {
                    Some(part) => part.refuse(error)?,
                    None => return Err(error),
                }
            }
        }
        turns.try_for_each(|(_, turn)| self.turn(turn))
    }

    /// Ends the part that is under way, or begins one.
    fn turn(&mut self, turn: &Turn) -> Result<()> {
        let Some(known) = &self.known else { return Ok(()) };
        match (turn, self.part.take()) {
            (Turn::End(sha256, rows), Some(part)) => {
                let what = (&sha256[..], *rows);
                known.end(self.database, part, what, &mut self.counts)?;
            }
            (Turn::End(..), None) => {}
            (Turn::Begin(of), _) => {
                let of = of.clone();
                let part = known.begin(self.database, of, &self.counts)?;
                self.part = Some(part);
            }
        }
        Ok(())
    }

    fn insert(
        &mut self,
        batch: &Batch,
        row: &Row,
        values: &[Value<'_>],
    ) -> Result<()> {
        let (number, rowid) = (row.number, self.rowid(row)?);
        let columns = batch.columns(row);
        if columns.len() < self.writable.len() {
            let is_missing = |c: &&usize| !columns.contains(*c);
            for column in self.writable.iter().filter(is_missing) {
                *self.missing.entry(*column).or_default() += 1;
            }
        }
        let new = NewRow { columns, values, rowid };
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
    fn rowid(&self, row: &Row) -> Result<Option<i64>> {
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
            None => Err(bad(row.number, "has no _rowid, which is to be kept")),
        }
    }

    /// Checks the foreign keys, and says what the schemas' difference means:
    /// this is what took the rows apart.
    pub fn end(
        mut self,
        parser: &Parser,
        notes: &mut dyn Notes,
    ) -> Result<Imported> {
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
        self.counts.message = self.difference(parser);
        Ok(self.counts)
    }

    /// What became of columns that only the rows, or only the table, have.
    fn difference(&self, parser: &Parser) -> Option<String> {
        let mut said = Vec::new();
        for (column, rows) in &self.missing {
            let name = quote(&self.table.columns[*column].name);
            let rows = counted(*rows, "row");
            said.push(format!("{rows} without column {name} got its default"));
        }
        if !parser.extra.is_empty() {
            let names: Vec<String> =
                parser.extra.iter().map(|name| quote(name)).collect();
            said.push(format!(
                "{} of the rows, which the table does not have, was left out",
                names.join(", ")
            ));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// The columns of a table that take a value.
fn writable(table: &Table) -> Vec<usize> {
    let all = table.columns.iter().enumerate();
    all.filter(|(_, c)| !c.generated).map(|(at, _)| at).collect()
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
