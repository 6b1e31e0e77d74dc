//! Finding archived rows again, and deleting them.
//!
//! Invariants. Rows are found by key or rowid and compared by the caller in
//! their encoded form. A deletion names single rows. Nothing is committed here
//! unless the caller says so, and a transaction that is dropped rolls back.

use rusqlite::{Statement, params_from_iter};

use super::filter;
use super::restored::Restored;
use super::walk::{select_list, view};
use super::{Database, Fit, Form, Table, ident};
use crate::error::Result;
use crate::value::{Owned, Value};

/// Where a row stands: by this it is read again and deleted.
#[derive(Clone, Debug)]
pub enum Place {
    /// At this rowid.
    Rowid(i64),
    /// Under this WITHOUT ROWID key.
    Key(Vec<Owned>),
}

/// Reads and deletes single rows of a table.
pub struct Remover<'d> {
    database: &'d Database,
    form: Form,
    extras: usize,
    rowid: bool,
    by_key: Option<Statement<'d>>,
    at: Statement<'d>,
    delete: Statement<'d>,
    there: Statement<'d>,
    /// Rows that a trigger could keep or put back are looked for after their
    /// deletion.
    triggers: Option<Restored<'d>>,
}

/// A row that was found; its encoded form is in the caller's buffer.
#[derive(Debug)]
pub struct Found {
    /// Where it stands.
    pub place: Place,
    /// Columns that its archived form does not know are all NULL, and the form
    /// can hold it.
    pub comparable: bool,
}

/// What came of a batch of deletions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deleted {
    /// All of them, and none is there any more.
    All,
    /// Not all: a trigger kept or put back one. The transaction must be
    /// rolled back.
    NotAll,
}

impl Database {
    /// A remover that encodes rows in a form, and wants `extras` to be NULL.
    pub fn remover<'d>(
        &'d self,
        table: &Table,
        form: Form,
        extras: &[usize],
    ) -> Result<Remover<'d>> {
        let prepare = |sql: String| {
            self.connection
                .prepare(&sql)
                .map_err(|e| self.fail("cannot prepare to compare", e))
        };
        let all: Vec<usize> =
            form.columns().iter().chain(extras).copied().collect();
        let mut list = select_list(self, table, &all);
        let name = ident(&table.name);
        let cursor = table.cursor();
        list.extend(cursor.iter().map(|c| format!("{name}.{c}")));
        let (list, from) = (list.join(", "), table.quoted());
        let equals = |columns: &[String]| {
            let terms: Vec<String> = columns
                .iter()
                .enumerate()
                .map(|(i, c)| format!("{name}.{c} = ?{}", i + 1))
                .collect();
            terms.join(" AND ")
        };
        let key: Vec<String> = table
            .key_columns()
            .iter()
            .map(|c| table.columns[*c].in_key())
            .collect();
        let by_key = match key.is_empty() {
            true => None,
            false => Some(prepare(format!(
                "SELECT {list} FROM {from} WHERE {}",
                equals(&key)
            ))?),
        };
        let here = equals(&cursor);
        Ok(Remover {
            database: self,
            form,
            extras: extras.len(),
            rowid: !table.without_rowid,
            by_key,
            at: prepare(format!("SELECT {list} FROM {from} WHERE {here}"))?,
            delete: prepare(format!("DELETE FROM {from} WHERE {here}"))?,
            there: prepare(format!("SELECT 1 FROM {from} WHERE {here}"))?,
            triggers: match self.delete_triggers(table)?.is_empty() {
                true => None,
                false => Some(self.restored(table)?),
            },
        })
    }

    /// Takes the write lock, waiting for it as long as the busy timeout says.
    pub fn begin_write(&self) -> Result<WriteLock<'_>> {
        self.run("BEGIN IMMEDIATE")?;
        Ok(WriteLock { database: self, open: true })
    }
}

/// The write lock; dropped, it rolls back.
#[derive(Debug)]
pub struct WriteLock<'d> {
    database: &'d Database,
    open: bool,
}

impl WriteLock<'_> {
    /// Commits. With a rollback journal this waits for readers, as long as
    /// the busy timeout says.
    pub fn commit(mut self) -> Result<()> {
        self.database.run("COMMIT")?;
        self.open = false;
        Ok(())
    }

    /// Undoes everything since the lock was taken.
    pub fn roll_back(mut self) -> Result<()> {
        self.open = false;
        self.database.roll_back()
    }
}

impl Database {
    /// Ends the transaction without its changes, unless that was done: by a
    /// trigger that says RAISE(ROLLBACK), or by SQLite itself after a failure.
    fn roll_back(&self) -> Result<()> {
        match self.connection.is_autocommit() {
            true => Ok(()),
            false => self.run("ROLLBACK"),
        }
    }
}

impl Drop for WriteLock<'_> {
    fn drop(&mut self) {
        // On the way out with an error that says more. Should this fail too,
        // closing the connection rolls back.
        if self.open && self.database.roll_back().is_err() {}
    }
}

impl Remover<'_> {
    /// The row under a key, encoded (without metadata and closing brace) in
    /// place of what `out` held.
    pub fn by_key(
        &mut self,
        key: &[Owned],
        out: &mut Vec<u8>,
    ) -> Result<Option<Found>> {
        match &mut self.by_key {
            Some(statement) => find(
                self.database,
                statement,
                (&mut self.form, self.extras, self.rowid),
                key,
                out,
            ),
            None => Ok(None),
        }
    }

    /// The row at a place, encoded likewise.
    pub fn at(
        &mut self,
        place: &Place,
        out: &mut Vec<u8>,
    ) -> Result<Option<Found>> {
        let one;
        let values = match place {
            Place::Rowid(rowid) => {
                one = [Owned::Integer(*rowid)];
                &one[..]
            }
            Place::Key(key) => key,
        };
        find(
            self.database,
            &mut self.at,
            (&mut self.form, self.extras, self.rowid),
            values,
            out,
        )
    }

    /// Deletes one row inside the open transaction; whether it went, and is
    /// not there again.
    pub fn delete(&mut self, place: &Place) -> Result<Deleted> {
        let fail = |e| self.database.fail("cannot delete", e);
        let one;
        let values = match place {
            Place::Rowid(rowid) => {
                one = [Owned::Integer(*rowid)];
                &one[..]
            }
            Place::Key(key) => key,
        };
        let before = match &mut self.triggers {
            Some(triggers) => Some(triggers.before(place)?),
            None => None,
        };
        let deleted = match self.delete.execute(params_from_iter(values)) {
            Ok(changes) => changes == 1,
            // A trigger failed, by RAISE or otherwise: it keeps the row.
            Err(error)
                if self.triggers.is_some() && !is_environment(&error) =>
            {
                false
            }
            Err(other) => return Err(fail(other)),
        };
        if !deleted {
            return Ok(Deleted::NotAll);
        }
        if let (Some(triggers), Some(before)) = (&mut self.triggers, before)
            && (self.there.exists(params_from_iter(values)).map_err(fail)?
                || triggers.is_back(&before)?)
        {
            return Ok(Deleted::NotAll);
        }
        Ok(Deleted::All)
    }

    /// Whether a row stands at a place.
    pub fn there(&mut self, place: &Place) -> Result<bool> {
        let fail = |e| self.database.fail("cannot look again", e);
        match place {
            Place::Rowid(rowid) => self.there.exists([rowid]).map_err(fail),
            Place::Key(key) => {
                self.there.exists(params_from_iter(key)).map_err(fail)
            }
        }
    }

    /// Whether triggers can keep rows or put them back.
    pub fn has_triggers(&self) -> bool {
        self.triggers.is_some()
    }
}

/// Whether an error is about the database or the machine, and not about what
/// a trigger did.
fn is_environment(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::*;
    matches!(
        error.sqlite_error_code(),
        None | Some(
            DatabaseBusy
                | DatabaseLocked
                | DatabaseCorrupt
                | DiskFull
                | SystemIoFailure
                | OutOfMemory
                | ReadOnly
                | OperationInterrupted
                | NotADatabase
                | CannotOpen
                | FileLockingProtocolFailed
        )
    )
}

fn find(
    database: &Database,
    statement: &mut Statement<'_>,
    (form, extras, rowid): (&mut Form, usize, bool),
    values: &[Owned],
    out: &mut Vec<u8>,
) -> Result<Option<Found>> {
    let fail = |e| database.fail("cannot compare", e);
    out.clear();
    let mut rows = statement.query(params_from_iter(values)).map_err(fail)?;
    let Some(row) = rows.next().map_err(fail)? else {
        return Ok(None);
    };
    let columns = form.columns().len();
    let view = view(database, row, columns + extras);
    let mut comparable = form.append(&view, out)? == Fit::Whole;
    for i in columns..columns + extras {
        comparable &= matches!(view.value(i)?, Some(Value::Null));
    }
    let place = if rowid {
        Place::Rowid(view.rowid().unwrap_or(0))
    } else {
        let width = (columns + extras) * if database.utf16 { 2 } else { 1 };
        let mut key = Vec::new();
        let mut at = width;
        while let Ok(value) = row.get_ref(at) {
            key.push(filter::value(value).to_owned());
            at += 1;
        }
        Place::Key(key)
    };
    Ok(Some(Found { place, comparable }))
}
