//! Which index finds the rows of a table by their time.
//!
//! It leads with the column that dates them, in the order of its bytes, and
//! holds all rows that can be meant: a partial one where the condition of the
//! rows that are meant implies its own, which SQLite's planner decides.

use rusqlite::ErrorCode;

use crate::db::{Database, Key, Kind, Table, ident};
use crate::error::Result;

/// An index that finds the rows that are meant by their time.
pub(super) struct Served {
    pub name: String,
    /// Whether the index is in the order of time and rowid.
    pub ordered: bool,
    /// Whether the index holds a part of the table, with all rows that can be
    /// meant.
    pub partial: bool,
}

/// An index that leads with the column that dates a table's rows.
#[derive(Debug)]
pub enum TimeIndex {
    /// It finds the rows that are due.
    Serves,
    /// There is none.
    Missing,
    /// The one of this name may not hold all rows that are meant.
    Partial(String),
    /// The one of this name is in the order of a collation.
    Collated(String),
    /// No index would be asked: the table is WITHOUT ROWID, or no table, or the
    /// database is in UTF-16.
    NoneCan,
}

impl Database {
    /// Whether an index finds those rows of a table by their time for which a
    /// condition, if there is one, is true.
    pub fn time_index_of(
        &self,
        table: &Table,
        column: usize,
        condition: Option<&str>,
    ) -> Result<TimeIndex> {
        let is_rowid = table.key == Key::Rowid(column);
        if table.kind != Kind::Ordinary
            || table.without_rowid
            || self.utf16
            || is_rowid
        {
            return Ok(TimeIndex::NoneCan);
        }
        if self.time_index(table, column, condition)?.is_some() {
            return Ok(TimeIndex::Serves);
        }
        let found: Vec<(String, bool)> = self.rows(
            "cannot read the indexes",
            "SELECT l.name, l.partial FROM pragma_index_list(?1, 'main') AS l, \
             pragma_index_xinfo(l.name, 'main') AS x \
             WHERE x.seqno = 0 AND x.name = ?2 COLLATE NOCASE \
             ORDER BY l.partial LIMIT 1",
            [&table.name, &table.columns[column].name],
        )?;
        Ok(match found.into_iter().next() {
            None => TimeIndex::Missing,
            Some((name, true)) => TimeIndex::Partial(name),
            Some((name, false)) => TimeIndex::Collated(name),
        })
    }

    /// An index that leads with the time column, in plain byte order, over all
    /// rows for which the condition is true, if there is one.
    pub(super) fn time_index(
        &self,
        table: &Table,
        column: usize,
        condition: Option<&str>,
    ) -> Result<Option<Served>> {
        let found: Vec<(String, bool, bool)> = self.rows(
            "cannot read the indexes",
            "SELECT l.name, NOT x.desc AND (SELECT count(*) = 1 \
             FROM pragma_index_xinfo(l.name, 'main') AS k WHERE k.key) AS o, \
             l.partial FROM pragma_index_list(?1, 'main') AS l, \
             pragma_index_xinfo(l.name, 'main') AS x \
             WHERE x.seqno = 0 AND x.name = ?2 \
             COLLATE NOCASE AND x.coll = 'BINARY' COLLATE NOCASE \
             ORDER BY l.partial, o DESC, l.seq",
            [&table.name, &table.columns[column].name],
        )?;
        for (name, ordered, partial) in found {
            let serves = !partial
                || match condition {
                    Some(expr) => self.is_taken(table, column, &name, expr)?,
                    None => false,
                };
            if serves {
                return Ok(Some(Served { name, ordered, partial }));
            }
        }
        Ok(None)
    }

    /// Whether the planner takes an index for rows of any time, and of none,
    /// for which a condition is true.
    fn is_taken(
        &self,
        table: &Table,
        column: usize,
        index: &str,
        condition: &str,
    ) -> Result<bool> {
        // The rows of no time are asked for, so that no comparison with a time
        // implies that there is one.
        let asked = self.connection.prepare(&format!(
            "SELECT 1 FROM {} INDEXED BY {} WHERE {} IS NULL AND (\n{condition}\n)",
            table.quoted(),
            ident(index),
            ident(&table.columns[column].name),
        ));
        match asked {
            Ok(_) => Ok(true),
            // SQLite says "no query solution" so; it has prepared the condition
            // itself before.
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::Unknown) => {
                Ok(false)
            }
            Err(e) => Err(self.fail("cannot read the indexes", e)),
        }
    }
}
