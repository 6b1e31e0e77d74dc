//! Finding archived rows again, and deleting them.
//!
//! Invariants. Rows are found by key or rowid and compared by the caller in
//! their encoded form. A deletion names single rows. Nothing is committed here
//! unless the caller says so, and a transaction that is dropped rolls back.

use rusqlite::{Statement, params_from_iter};

use crate::db::delete::reinserted::Reinserted;
use crate::db::delete::row_address::RowAddress;
use crate::db::read::filter;
use crate::db::read::row_view::{RowView, select_list, view};
use crate::db::{ArchivedForm, Database, Fit, Table, ident};
use crate::error::Result;
use crate::value::{Owned, Value};

/// Reads and deletes single rows of a table.
pub struct RowAccess<'d> {
    database: &'d Database,
    form: ArchivedForm,
    extras: usize,
    rowid: bool,
    by_key: Option<Statement<'d>>,
    /// The rows of greater rowid than ?1, in order.
    behind: Option<Statement<'d>>,
    at: Statement<'d>,
    delete: Statement<'d>,
    /// Deletes all rows between two rowids.
    delete_range: Option<Statement<'d>>,
    /// Deletes the rows of a JSON array of rowids.
    delete_rows: Option<Statement<'d>>,
    there: Statement<'d>,
    /// Rows that a trigger could keep or put back are looked for after their
    /// deletion.
    triggers: Option<Reinserted<'d>>,
}

/// Gets a row's rowid, its encoded form and whether that can be compared;
/// says whether it wants another one.
pub type EachRow<'e> = dyn FnMut(i64, &[u8], bool) -> Result<bool> + 'e;

/// A row that was found; its encoded form is in the caller's buffer.
#[derive(Debug)]
pub struct Found {
    /// Where it stands.
    pub address: RowAddress,
    /// Columns that its archived form does not know are all NULL, and the form
    /// can hold it.
    pub comparable: bool,
}

impl Database {
    /// Access that encodes rows in a form, and wants `extras` to be NULL.
    pub fn row_access<'d>(
        &'d self,
        table: &Table,
        form: ArchivedForm,
        extras: &[usize],
    ) -> Result<RowAccess<'d>> {
        let prepare = |sql: String| {
            self.connection
                .prepare(&sql)
                .map_err(|e| self.fail("cannot prepare to compare", e))
        };
        let texts = Texts::of(self, table, &form, extras);
        Ok(RowAccess {
            database: self,
            form,
            extras: extras.len(),
            rowid: !table.without_rowid,
            by_key: texts.by_key.map(prepare).transpose()?,
            behind: texts.behind.map(prepare).transpose()?,
            at: prepare(texts.at)?,
            delete: prepare(texts.delete)?,
            delete_range: texts.delete_range.map(prepare).transpose()?,
            delete_rows: texts.delete_rows.map(prepare).transpose()?,
            there: prepare(texts.there)?,
            // Last, for it reads the schema anew: what was prepared before is
            // of the schema that the caller knows.
            triggers: match self.delete_triggers(table)?.is_empty() {
                true => None,
                false => Some(self.reinserted(table)?),
            },
        })
    }
}

/// The statements of [`RowAccess`], by the fields that they become.
struct Texts {
    by_key: Option<String>,
    behind: Option<String>,
    at: String,
    delete: String,
    delete_range: Option<String>,
    delete_rows: Option<String>,
    there: String,
}

impl Texts {
    fn of(
        database: &Database,
        table: &Table,
        form: &ArchivedForm,
        extras: &[usize],
    ) -> Texts {
        let all: Vec<usize> =
            form.columns().iter().chain(extras).copied().collect();
        let mut list = select_list(database, table, &all);
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
        let here = equals(&cursor);
        let rowid = cursor.first().filter(|_| !table.without_rowid);
        Texts {
            by_key: (!key.is_empty()).then(|| {
                format!("SELECT {list} FROM {from} WHERE {}", equals(&key))
            }),
            behind: rowid.map(|rowid| {
                format!(
                    "SELECT {list} FROM {from} NOT INDEXED \
                     WHERE {name}.{rowid} > ?1 ORDER BY {name}.{rowid}"
                )
            }),
            at: format!("SELECT {list} FROM {from} WHERE {here}"),
            delete: format!("DELETE FROM {from} WHERE {here}"),
            delete_range: rowid.map(|rowid| {
                format!(
                    "DELETE FROM {from} \
                     WHERE {name}.{rowid} BETWEEN ?1 AND ?2"
                )
            }),
            delete_rows: rowid.map(|rowid| {
                format!(
                    "DELETE FROM {from} WHERE {name}.{rowid} IN \
                     (SELECT value FROM json_each(?1))"
                )
            }),
            there: format!("SELECT 1 FROM {from} WHERE {here}"),
        }
    }
}

impl RowAccess<'_> {
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

    /// Rows behind `rowid` in the order of the table, as long as `each` wants
    /// another one. One pass costs less than a search for each row.
    pub fn behind(
        &mut self,
        rowid: i64,
        out: &mut Vec<u8>,
        each: &mut EachRow<'_>,
    ) -> Result<()> {
        let Some(statement) = &mut self.behind else { return Ok(()) };
        let fail = |e| self.database.fail("cannot compare", e);
        let (form, extras) = (&mut self.form, self.extras);
        let columns = form.columns().len() + extras;
        let mut rows = statement.query([rowid]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            let view = view(self.database, row, columns);
            let comparable = encode(&view, form, extras, out)?;
            let Some(rowid) = view.rowid() else { break };
            if !each(rowid, out, comparable)? {
                break;
            }
        }
        Ok(())
    }

    /// The row at an address, encoded (without metadata and closing brace) in
    /// place of what `out` held.
    pub fn at(
        &mut self,
        address: &RowAddress,
        out: &mut Vec<u8>,
    ) -> Result<Option<Found>> {
        let values = &*address.values();
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
    pub fn delete(&mut self, address: &RowAddress) -> Result<bool> {
        let fail = |e| self.database.fail("cannot delete", e);
        let values = &*address.values();
        let before = match &mut self.triggers {
            Some(triggers) => Some(triggers.before(address)?),
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
        let back = match (&mut self.triggers, before) {
            (Some(triggers), Some(before)) if deleted => {
                self.there.exists(params_from_iter(values)).map_err(fail)?
                    || triggers.is_back(&before)?
            }
            _ => false,
        };
        Ok(deleted && !back)
    }

    /// Deletes the rows from one rowid to another inside the open
    /// transaction, of a table without triggers; the caller has proven a row
    /// for each rowid between them. Whether all of them went.
    pub fn delete_range(&mut self, first: i64, last: i64) -> Result<bool> {
        let fail = |e| self.database.fail("cannot delete", e);
        let Some(statement) = &mut self.delete_range else {
            return Ok(false);
        };
        let changes = statement.execute([first, last]).map_err(fail)?;
        Ok(last.abs_diff(first).checked_add(1) == Some(changes as u64))
    }

    /// Deletes the rows at some rowids by one statement inside the open
    /// transaction, of a table whose triggers do not write to it. Whether all
    /// of them went.
    pub fn delete_rows(&mut self, rowids: &[i64]) -> Result<bool> {
        let fail = |e| self.database.fail("cannot delete", e);
        let Some(statement) = &mut self.delete_rows else {
            return Ok(false);
        };
        match statement.execute([format!("{rowids:?}")]) {
            Ok(changes) => Ok(changes == rowids.len()),
            // A trigger failed, by RAISE or otherwise: it keeps a row.
            Err(error) if !is_environment(&error) => Ok(false),
            Err(other) => Err(fail(other)),
        }
    }

    /// Whether a row stands at an address.
    pub fn there(&mut self, address: &RowAddress) -> Result<bool> {
        self.there
            .exists(params_from_iter(&*address.values()))
            .map_err(|e| self.database.fail("cannot look again", e))
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
    (form, extras, rowid): (&mut ArchivedForm, usize, bool),
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
    let comparable = encode(&view, form, extras, out)?;
    let address = if rowid {
        RowAddress::Rowid(view.rowid().unwrap_or(0))
    } else {
        let width = (columns + extras) * if database.utf16 { 2 } else { 1 };
        let mut key = Vec::new();
        let mut at = width;
        while let Ok(value) = row.get_ref(at) {
            key.push(filter::value(value).to_owned());
            at += 1;
        }
        RowAddress::Key(key)
    };
    Ok(Some(Found { address, comparable }))
}

/// Puts a row's encoded form, without metadata and closing brace, in place of
/// what `out` held; whether it can be compared.
fn encode(
    view: &RowView<'_>,
    form: &mut ArchivedForm,
    extras: usize,
    out: &mut Vec<u8>,
) -> Result<bool> {
    out.clear();
    let mut comparable = form.append(view, out)? == Fit::Whole;
    let columns = form.columns().len();
    for i in columns..columns + extras {
        comparable &= matches!(view.value(i)?, Some(Value::Null));
    }
    Ok(comparable)
}
