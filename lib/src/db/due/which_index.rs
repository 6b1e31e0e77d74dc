//! Which index finds the rows of a table by their time.
//!
//! It leads with the column that dates them, in the order of its bytes, over all
//! rows: rows without a time are counted too, and a partial index does not tell
//! them.

use crate::db::{Database, Key, Kind, Table};
use crate::error::Result;

/// An index that leads with the column that dates a table's rows.
#[derive(Debug)]
pub enum TimeIndex {
    /// It finds the rows that are due.
    Serves,
    /// There is none.
    Missing,
    /// The one of this name does not hold all rows.
    Partial(String),
    /// The one of this name is in the order of a collation.
    Collated(String),
    /// No index would be asked: the table is WITHOUT ROWID, or no table, or the
    /// database is in UTF-16.
    NoneCan,
}

impl Database {
    /// Whether an index finds the rows of a table by their time.
    pub fn time_index_of(
        &self,
        table: &Table,
        column: usize,
    ) -> Result<TimeIndex> {
        let is_rowid = table.key == Key::Rowid(column);
        if table.kind != Kind::Ordinary
            || table.without_rowid
            || self.utf16
            || is_rowid
        {
            return Ok(TimeIndex::NoneCan);
        }
        if self.time_index(table, column)?.is_some() {
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

    /// An index that leads with the time column, in plain byte order, over
    /// all rows, and whether it is in the order of time and rowid; such a one
    /// if there is one.
    pub(super) fn time_index(
        &self,
        table: &Table,
        column: usize,
    ) -> Result<Option<(String, bool)>> {
        let found: Vec<(String, bool)> = self.rows(
            "cannot read the indexes",
            "SELECT l.name, NOT x.desc AND (SELECT count(*) = 1 \
             FROM pragma_index_xinfo(l.name, 'main') AS k WHERE k.key) AS o \
             FROM pragma_index_list(?1, 'main') AS l, \
             pragma_index_xinfo(l.name, 'main') AS x \
             WHERE NOT l.partial AND x.seqno = 0 AND x.name = ?2 \
             COLLATE NOCASE AND x.coll = 'BINARY' COLLATE NOCASE \
             ORDER BY o DESC, l.seq LIMIT 1",
            [&table.name, &table.columns[column].name],
        )?;
        Ok(found.into_iter().next())
    }
}
