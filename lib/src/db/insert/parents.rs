//! Rows that point at no row: what SQLite would check at COMMIT, by name.

use std::collections::HashSet;

use crate::db::{Database, Table};
use crate::error::Result;

/// A row whose foreign key points at no row: its rowid, where it has one, the
/// table that it points at, and which key of the table it is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Dangling {
    /// The rowid.
    pub rowid: Option<i64>,
    /// The table that it points at.
    pub parent: String,
    key: i64,
}

impl Database {
    /// The tables that a table points at and that are not there: of those
    /// nothing can be said.
    pub fn absent_parents(&self, table: &Table) -> Result<Vec<String>> {
        let names: Vec<(String,)> = self.rows(
            "cannot read the foreign keys",
            "SELECT DISTINCT f.\"table\" FROM \
             pragma_foreign_key_list(?1, 'main') AS f \
             WHERE NOT EXISTS (SELECT 1 FROM main.sqlite_schema AS s \
             WHERE s.type = 'table' AND s.name = f.\"table\" COLLATE NOCASE)",
            [&table.name],
        )?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// The rows of a table that point at no row of a table that is there.
    pub fn dangling(&self, table: &Table) -> Result<HashSet<Dangling>> {
        if self.points_to(table)?.is_empty() {
            return Ok(HashSet::new());
        }
        let absent = self.absent_parents(table)?;
        let found: Vec<(Option<i64>, String, i64)> = self.rows(
            "cannot check the foreign keys",
            "SELECT rowid, parent, fkid FROM pragma_foreign_key_check(?1)",
            [&table.name],
        )?;
        let is_absent =
            |name: &str| absent.iter().any(|a| a.eq_ignore_ascii_case(name));
        Ok(found
            .into_iter()
            .filter(|(_, parent, _)| !is_absent(parent))
            .map(|(rowid, parent, key)| Dangling { rowid, parent, key })
            .collect())
    }
}
