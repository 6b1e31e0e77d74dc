//! Whether a trigger put a row back that was just deleted.
//!
//! A row with a key is back when its key is. One without is back when the
//! trigger added any row to the table: which one it was meant to be, nobody
//! can tell.

use rusqlite::{OptionalExtension, Statement, params_from_iter};

use crate::db::read::filter;
use crate::db::{Database, Key, RowAddress, Table, ident};
use crate::error::Result;
use crate::value::Owned;

/// Looks for the rows of one table.
pub(in crate::db) struct Reinserted<'d> {
    database: &'d Database,
    /// Of a key with an index of its own: reads it, and looks for it.
    key: Option<(Statement<'d>, Statement<'d>)>,
    /// Two statements: the greatest rowid other than ?1; is there a rowid
    /// above ?1.
    ends: Option<(Statement<'d>, Statement<'d>)>,
}

/// What is known of a row before its deletion, but for its address.
pub(in crate::db) enum RowBefore {
    /// The row's address is its key.
    Address,
    /// The row's key.
    Key(Vec<Owned>),
    /// The row has no key: the greatest rowid of the other rows.
    Last(i64),
}

impl Database {
    pub(in crate::db) fn reinserted<'d>(
        &'d self,
        table: &Table,
    ) -> Result<Reinserted<'d>> {
        let prepare = |sql: String| {
            self.connection
                .prepare(&sql)
                .map_err(|e| self.fail("cannot prepare to look again", e))
        };
        let mut out = Reinserted { database: self, key: None, ends: None };
        if table.without_rowid || matches!(table.key, Key::Rowid(_)) {
            return Ok(out);
        }
        let (from, rowid) = (table.quoted(), table.cursor().join(""));
        let parts: Vec<_> =
            table.key_columns().iter().map(|c| &table.columns[*c]).collect();
        let key: Vec<String> = parts.iter().map(|c| ident(&c.name)).collect();
        let compared: Vec<String> = parts.iter().map(|c| c.in_key()).collect();
        if !key.is_empty() {
            out.key = Some((
                prepare(format!(
                    "SELECT {} FROM {from} WHERE {rowid} = ?1",
                    key.join(", ")
                ))?,
                prepare(format!(
                    "SELECT 1 FROM {from} WHERE {} = ?",
                    compared.join(" = ? AND ")
                ))?,
            ));
        }
        out.ends = Some((
            prepare(format!(
                "SELECT {rowid} FROM {from} WHERE {rowid} <> ?1 \
                 ORDER BY {rowid} DESC LIMIT 1"
            ))?,
            prepare(format!("SELECT 1 FROM {from} WHERE {rowid} > ?1"))?,
        ));
        Ok(out)
    }
}

impl Reinserted<'_> {
    /// To be called before the row at an address is deleted.
    pub(in crate::db) fn before(
        &mut self,
        address: &RowAddress,
    ) -> Result<RowBefore> {
        let fail = |e| self.database.fail("cannot read a key", e);
        let RowAddress::Rowid(rowid) = address else {
            return Ok(RowBefore::Address);
        };
        if let Some((read, _)) = &mut self.key {
            let width = read.column_count();
            let key = read
                .query_row([rowid], |row| {
                    (0..width)
                        .map(|i| Ok(filter::value(row.get_ref(i)?).to_owned()))
                        .collect::<rusqlite::Result<Vec<Owned>>>()
                })
                .optional()
                .map_err(fail)?
                .unwrap_or_default();
            if !key.iter().any(|part| matches!(part, Owned::Null)) {
                return Ok(RowBefore::Key(key));
            }
        }
        let Some((last, _)) = &mut self.ends else {
            return Ok(RowBefore::Address);
        };
        let last = last
            .query_row([rowid], |row| row.get(0))
            .optional()
            .map_err(fail)?;
        Ok(RowBefore::Last(last.unwrap_or(i64::MIN)))
    }

    /// Whether the row is back, under whatever rowid.
    pub(in crate::db) fn is_back(
        &mut self,
        before: &RowBefore,
    ) -> Result<bool> {
        let found = match (before, &mut self.key, &mut self.ends) {
            (RowBefore::Key(key), Some((_, look)), _) if !key.is_empty() => {
                look.exists(params_from_iter(key))
            }
            (RowBefore::Last(last), _, Some((_, beyond))) => {
                beyond.exists([last])
            }
            _ => Ok(false),
        };
        found.map_err(|e| self.database.fail("cannot look again", e))
    }
}
