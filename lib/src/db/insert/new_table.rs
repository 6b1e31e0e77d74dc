//! A table made from the CREATE statements that its archives keep.

use rusqlite::Batch;
use rusqlite::fallible_iterator::FallibleIterator;

use crate::db::{Database, Table};
use crate::error::{Error, Result, quote};

/// What becomes of a statement, by how it begins: SQLite keeps the first words
/// of each in this form.
const RUN: [&str; 3] =
    ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "];
const LEFT_OUT: [&str; 2] = ["CREATE TRIGGER ", "CREATE VIEW "];

/// The shape of a table by its CREATE statements.
pub fn table_of(schema: &str, name: &str) -> Result<Table> {
    let database = Database::in_memory()?;
    database.make_table(schema)?;
    database.need_table(name)
}

impl Database {
    /// Runs the statements that make a table and its indexes; its triggers
    /// are left out, and any other statement is refused.
    pub fn make_table(&self, schema: &str) -> Result<()> {
        let fail = |e| self.fail("cannot make the table", e);
        let mut batch = Batch::new(&self.connection, schema);
        while let Some(mut statement) = batch.next().map_err(fail)? {
            let text = statement.expanded_sql().unwrap_or_default();
            let text = text.trim_start();
            let begins = |word: &&&str| {
                text.get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            };
            if LEFT_OUT.iter().any(|word| begins(&word)) {
                continue;
            }
            if !RUN.iter().any(|word| begins(&word)) {
                return Err(Error::data(format!(
                    "the schema holds a statement that makes no table: {}",
                    quote(text.lines().next().unwrap_or_default())
                )));
            }
            statement.raw_execute().map_err(fail)?;
        }
        Ok(())
    }
}
