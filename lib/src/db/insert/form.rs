//! The statements for rows with one set of columns.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, Statement, ToSql, ffi};

use super::new_row::NewRow;
use crate::db::read::row_view::{select_list, view};
use crate::db::{Database, Table, ident};
use crate::error::{Error, Result, quote};
use crate::value::Value;

/// Inserts and reads back rows with the same columns.
pub(super) struct Form<'d> {
    database: &'d Database,
    table: &'d Table,
    pub columns: Vec<usize>,
    pub with_rowid: bool,
    insert: Statement<'d>,
    replace: Statement<'d>,
    /// The row that was inserted last, by rowid or by key.
    read_back: Statement<'d>,
    /// The row with a row's key, and where its key's values stand in a row;
    /// none for a row without all of its key.
    by_key: Option<(Statement<'d>, Vec<usize>)>,
}

/// A value on its way into a statement, without a copy.
struct Bound<'v>(Value<'v>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(i) => ValueRef::Integer(i),
            Value::Real(r) => ValueRef::Real(r),
            Value::Text(t) => ValueRef::Text(t),
            Value::Blob(b) => ValueRef::Blob(b),
        }))
    }
}

/// The statements of a [`Form`], by the fields that they become.
struct Texts {
    insert: String,
    replace: String,
    read_back: String,
    by_key: String,
}

impl Texts {
    fn of(database: &Database, table: &Table, row: &NewRow<'_>) -> Texts {
        let name = |c: &usize| ident(&table.columns[*c].name);
        let mut names: Vec<String> = row.columns.iter().map(name).collect();
        if row.rowid.is_some() {
            names.extend(table.rowid.clone());
        }
        let values = match names.is_empty() {
            true => "DEFAULT VALUES".to_owned(),
            false => {
                let marks = vec!["?"; names.len()].join(", ");
                format!("({}) VALUES ({marks})", names.join(", "))
            }
        };
        let (into, list) = (
            table.quoted(),
            match row.columns.is_empty() {
                true => "NULL".to_owned(),
                false => select_list(database, table, row.columns).join(", "),
            },
        );
        let select = |terms: &[String]| {
            format!("SELECT {list} FROM {into} WHERE {}", terms.join(" AND "))
        };
        let equals = |c: &usize| format!("{} = ?", table.columns[*c].in_key());
        let key: Vec<String> =
            table.key_columns().iter().map(equals).collect();
        // OR ABORT: the conflict clauses of the schema do not count.
        Texts {
            insert: format!("INSERT OR ABORT INTO {into} {values}"),
            replace: format!("INSERT OR REPLACE INTO {into} {values}"),
            read_back: match &table.rowid {
                Some(rowid) => select(&[format!("{rowid} = ?")]),
                None => select(&key),
            },
            by_key: select(&key),
        }
    }
}

impl<'d> Form<'d> {
    pub fn new(
        database: &'d Database,
        table: &'d Table,
        row: &NewRow<'_>,
    ) -> Result<Form<'d>> {
        let prepare = |sql: String| {
            database
                .connection
                .prepare(&sql)
                .map_err(|e| database.fail("cannot prepare to insert", e))
        };
        let key = table.key_columns();
        let at = |k: &usize| row.columns.iter().position(|c| c == k);
        let places: Option<Vec<usize>> = key.iter().map(at).collect();
        let texts = Texts::of(database, table, row);
        let by_key = match places.filter(|places| !places.is_empty()) {
            Some(places) => Some((prepare(texts.by_key)?, places)),
            None => None,
        };
        Ok(Form {
            database,
            table,
            with_rowid: row.rowid.is_some(),
            insert: prepare(texts.insert)?,
            replace: prepare(texts.replace)?,
            read_back: prepare(texts.read_back)?,
            by_key,
            columns: row.columns.to_vec(),
        })
    }

    /// Inserts a row; gives what a key that is taken already is.
    pub fn insert(&mut self, row: &NewRow<'_>) -> Result<Option<String>> {
        match execute(&mut self.insert, row) {
            Ok(()) => Ok(None),
            Err(error) => match taken(&error) {
                Some(what) => Ok(Some(what)),
                None => Err(self.refused(error)),
            },
        }
    }

    /// Inserts a row in the place of those that have a key of it.
    pub fn replace(&mut self, row: &NewRow<'_>) -> Result<()> {
        execute(&mut self.replace, row).map_err(|e| self.refused(e))
    }

    /// Compares the row that was inserted last with what was to be inserted.
    pub fn compare(&mut self, row: &NewRow<'_>) -> Result<()> {
        let last = self.database.connection.last_insert_rowid();
        let what = match (&self.table.rowid, &self.by_key) {
            (None, Some((_, places))) => {
                let key = places.iter().map(|i| row.values[*i]);
                look(self.database, &mut self.read_back, key, row)?
            }
            _ => {
                let rowid = [Value::Integer(last)];
                look(self.database, &mut self.read_back, rowid, row)?
            }
        };
        match what {
            Some(Looked::Equal) => Ok(()),
            Some(Looked::Differs(column)) => Err(self.altered(row, column)),
            None => Err(Error::failed(format!(
                "a row is not in {} right after it was inserted",
                quote(&self.table.name)
            ))
            .hint("a trigger of the table took it; nothing was imported")),
        }
    }

    /// Whether the row with its key is equal.
    pub fn is_there(&mut self, row: &NewRow<'_>) -> Result<bool> {
        let Some((statement, places)) = &mut self.by_key else {
            return Ok(false);
        };
        let key = places.iter().map(|i| row.values[*i]);
        let what = look(self.database, statement, key, row)?;
        Ok(matches!(what, Some(Looked::Equal)))
    }

    fn refused(&self, source: rusqlite::Error) -> Error {
        let doing = format!("cannot insert into {}", quote(&self.table.name));
        let broken =
            source.sqlite_error_code() == Some(ErrorCode::ConstraintViolation);
        let error = self.database.fail(&doing, source);
        match broken {
            true => error.hint("nothing was imported"),
            false => error,
        }
    }

    /// The error for a value that the table holds otherwise.
    fn altered(&self, row: &NewRow<'_>, at: usize) -> Error {
        let column = &self.table.columns[self.columns[at]];
        Error::failed(format!(
            "column {} of {} (declared {}) does not hold {} as it is",
            quote(&column.name),
            quote(&self.table.name),
            quote(&column.declared),
            class(row.values[at])
        ))
        .hint(
            "nothing was imported; the column's type, or a trigger, changes \
             the value: import into a table as the archives keep it, with \
             --into FILE --create",
        )
    }
}

/// The storage class of a value, for a message.
fn class(value: Value<'_>) -> &'static str {
    match value {
        Value::Null => "a NULL",
        Value::Integer(_) => "an INTEGER",
        Value::Real(_) => "a REAL",
        Value::Text(_) => "a TEXT",
        Value::Blob(_) => "a BLOB",
    }
}

fn execute(
    statement: &mut Statement<'_>,
    row: &NewRow<'_>,
) -> rusqlite::Result<()> {
    let mut at = 1;
    for value in row.values {
        statement.raw_bind_parameter(at, Bound(*value))?;
        at += 1;
    }
    if let Some(rowid) = row.rowid {
        statement.raw_bind_parameter(at, rowid)?;
    }
    statement.raw_execute().map(drop)
}

/// What a row that was looked for is.
enum Looked {
    Equal,
    /// In this of its columns.
    Differs(usize),
}

/// Looks for a row by `key`, and compares it column by column.
fn look<'v>(
    database: &Database,
    statement: &mut Statement<'_>,
    key: impl IntoIterator<Item = Value<'v>>,
    row: &NewRow<'_>,
) -> Result<Option<Looked>> {
    let fail = |e| database.fail("cannot read a row back", e);
    for (i, value) in key.into_iter().enumerate() {
        statement.raw_bind_parameter(i + 1, Bound(value)).map_err(fail)?;
    }
    let mut rows = statement.raw_query();
    let Some(found) = rows.next().map_err(fail)? else { return Ok(None) };
    let found = view(database, found, row.columns.len());
    for (i, value) in row.values.iter().enumerate() {
        // What UTF-8 does not give back exactly is not what came as UTF-8.
        let same = found.value(i)?.is_some_and(|v| v.identical(*value));
        if !same {
            return Ok(Some(Looked::Differs(i)));
        }
    }
    Ok(Some(Looked::Equal))
}

/// The columns of a key that another row has, as SQLite names them.
fn taken(error: &rusqlite::Error) -> Option<String> {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return None;
    };
    let is_key = matches!(
        code.extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID
    );
    let message = message.as_deref().unwrap_or_default();
    let what = message.rsplit(": ").next().unwrap_or_default();
    is_key.then(|| what.to_owned())
}
