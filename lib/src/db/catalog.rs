//! What a database has: the tables and views by name.

use crate::db::Database;
use crate::error::Result;

impl Database {
    /// The names of all tables and views, but for those of SQLite itself, in
    /// the order in which they were made.
    pub fn table_names(&self) -> Result<Vec<String>> {
        self.connection
            .prepare(
                "SELECT name FROM main.sqlite_schema \
                 WHERE type IN ('table', 'view') \
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
            )
            .and_then(|mut statement| {
                statement.query_map([], |row| row.get(0))?.collect()
            })
            .map_err(|e| self.fail("cannot read the schema", e))
    }
}
