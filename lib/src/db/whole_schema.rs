//! What can only be read of all tables at once, read once a connection: the
//! CREATE statements, for `sqlite_schema` has no index; the list of tables, which
//! SQLite makes anew for each that is asked for; and the foreign keys, which
//! stand with the table that points. So a run over all tables of a
//! database costs what the tables are, not their square.
//!
//! Invariant. What is given is of the schema as it stands: its version is
//! compared on each look, and a changed schema is read again.

use std::collections::HashMap;

use rusqlite::{Connection, Result};

/// A part of a foreign key: child table, the number of its foreign key, the
/// child's column, and the parent's where it is named.
pub(super) type Part = (String, i64, String, Option<String>);

/// A table's name as the schema writes it, its type, and whether it is WITHOUT
/// ROWID.
pub(super) type Listed = (String, String, bool);

/// The schema of a database as of a version.
#[derive(Debug)]
pub(super) struct WholeSchema {
    version: i64,
    /// By table, in lower case: the statements of the table, its indexes and
    /// its triggers.
    statements: HashMap<String, String>,
    /// By parent, in lower case: by child, key and place in the key.
    parts: HashMap<String, Vec<Part>>,
    /// By table, in lower case: what SQLite lists of it.
    listed: HashMap<String, Listed>,
    /// The pairs (child, parent) of all foreign keys, each once.
    pairs: Vec<(String, String)>,
}

impl WholeSchema {
    /// Reads it; `version` is what it was before.
    pub fn read(connection: &Connection, version: i64) -> Result<Self> {
        let mut schema = WholeSchema {
            version,
            statements: HashMap::new(),
            listed: HashMap::new(),
            parts: HashMap::new(),
            pairs: Vec::new(),
        };
        schema.read_statements(connection)?;
        schema.read_list(connection)?;
        schema.read_foreign_keys(connection)?;
        Ok(schema)
    }

    fn read_statements(&mut self, connection: &Connection) -> Result<()> {
        let mut listed = connection.prepare(
            "SELECT tbl_name, sql || ';' || char(10) \
             FROM main.sqlite_schema WHERE sql IS NOT NULL \
             ORDER BY type <> 'table', type <> 'view', rowid",
        )?;
        let mut rows = listed.query([])?;
        while let Some(row) = rows.next()? {
            let table: String = row.get(0)?;
            let sql: String = row.get(1)?;
            let table = table.to_ascii_lowercase();
            self.statements.entry(table).or_default().push_str(&sql);
        }
        Ok(())
    }

    /// SQLite goes through all tables for this list, and resolves each view,
    /// also where one table is asked for.
    fn read_list(&mut self, connection: &Connection) -> Result<()> {
        let mut listed = connection.prepare(
            "SELECT name, type, wr FROM pragma_table_list \
             WHERE schema = 'main'",
        )?;
        let mut rows = listed.query([])?;
        while let Some(row) = rows.next()? {
            let table: Listed = (row.get(0)?, row.get(1)?, row.get(2)?);
            self.listed.insert(table.0.to_ascii_lowercase(), table);
        }
        Ok(())
    }

    /// Only a table whose statement has the keyword points at another.
    fn read_foreign_keys(&mut self, connection: &Connection) -> Result<()> {
        let mut listed = connection.prepare(
            "SELECT f.\"table\", t.name, f.id, f.\"from\", f.\"to\" \
             FROM main.sqlite_schema AS t, \
             pragma_foreign_key_list(t.name, 'main') AS f \
             WHERE t.type = 'table' AND t.sql LIKE '%references%' \
             ORDER BY t.name, f.id, f.seq",
        )?;
        let mut rows = listed.query([])?;
        while let Some(row) = rows.next()? {
            let (parent, child): (String, String) = (row.get(0)?, row.get(1)?);
            let part = (child.clone(), row.get(2)?, row.get(3)?, row.get(4)?);
            let lower = parent.to_ascii_lowercase();
            self.parts.entry(lower).or_default().push(part);
            self.pairs.push((child, parent));
        }
        self.pairs.sort();
        self.pairs.dedup();
        Ok(())
    }

    /// Whether the schema still has the version that was read.
    pub fn is_of(&self, version: i64) -> bool {
        self.version == version
    }

    /// What SQLite lists of a table, if it is there.
    pub fn listed(&self, table: &str) -> Option<&Listed> {
        self.listed.get(&table.to_ascii_lowercase())
    }

    /// The CREATE statements of a table, its indexes and its triggers.
    pub fn statements(&self, table: &str) -> String {
        let found = self.statements.get(&table.to_ascii_lowercase());
        found.cloned().unwrap_or_default()
    }

    /// The parts of all foreign keys that point at a table: the parts of one
    /// key together, in the key's order.
    pub fn parts(&self, parent: &str) -> Vec<Part> {
        let found = self.parts.get(&parent.to_ascii_lowercase());
        found.cloned().unwrap_or_default()
    }

    /// The pairs (child, parent) of all foreign keys.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }
}
