//! What was imported into a side database, in a table of its own there.

use crate::db::Database;
use crate::error::Result;

/// Of an import: when its rows were archived, their day, and the digest of
/// their text.
pub type ImportedPart = (Option<String>, Option<String>, String);

impl Database {
    /// Makes the table `_rt_import`, if it is not there.
    pub fn make_imports(&self) -> Result<()> {
        self.run(
            "CREATE TABLE IF NOT EXISTS _rt_import (\
             table_name TEXT NOT NULL, archived_at TEXT, day TEXT, \
             sha256 TEXT NOT NULL, rows INTEGER NOT NULL, file TEXT, \
             segment TEXT, imported_at TEXT NOT NULL, \
             PRIMARY KEY (table_name, sha256))",
        )
    }

    /// What was imported of a table.
    pub fn imports(&self, table: &str) -> Result<Vec<ImportedPart>> {
        self.rows(
            "cannot read _rt_import",
            "SELECT archived_at, day, sha256 FROM main._rt_import \
             WHERE table_name = ?1 COLLATE NOCASE",
            [table],
        )
    }

    /// Notes an import: `parts` are the columns of `_rt_import` other than
    /// the number of rows, in order.
    pub fn note_import(
        &self,
        parts: [Option<&str>; 7],
        rows: u64,
    ) -> Result<()> {
        let [table, at, day, sha256, file, segment, now] = parts;
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.execute(
            "cannot write _rt_import",
            "INSERT OR IGNORE INTO main._rt_import VALUES \
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (table, at, day, sha256, rows, file, segment, now),
        )
        .map(drop)
    }

    /// Begins a part of the transaction that can be undone alone.
    pub fn begin_part(&self) -> Result<()> {
        self.run("SAVEPOINT rt_part")
    }

    /// Ends it, without its changes if it is to be undone.
    pub fn end_part(&self, undo: bool) -> Result<()> {
        if undo {
            self.run("ROLLBACK TO rt_part")?;
        }
        self.run("RELEASE rt_part")
    }
}
