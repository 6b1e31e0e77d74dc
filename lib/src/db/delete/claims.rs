//! Which rows the lines without usable key have taken: a row for each line,
//! and the lines that still look for a row of their content. Both stand in
//! temporary tables, which SQLite keeps on disk when they are large.

use rusqlite::{OptionalExtension, params};

use crate::db::Database;
use crate::error::Result;

/// The temporary table of lines without usable key and their rows.
const CLAIMS: &str = "temp.\"rt claims\"";

/// The temporary table of lines that look for a row of their content.
const SEEKING: &str = "temp.\"rt seeking\"";

impl Database {
    /// Begins anew: no line has a row, and none looks for one.
    pub fn begin_claims(&self) -> Result<()> {
        self.run(&format!(
            "DROP TABLE IF EXISTS {CLAIMS}; \
             CREATE TABLE {CLAIMS}(line INTEGER PRIMARY KEY, \
             place INTEGER UNIQUE); \
             DROP TABLE IF EXISTS {SEEKING}; \
             CREATE TABLE {SEEKING}(digest, late, line, \
             PRIMARY KEY(digest, late, line)) WITHOUT ROWID"
        ))
    }

    /// Notes a line that looks for a row of its content, by its digest; one
    /// that is `late` is served after the others.
    pub fn seek(&self, digest: &[u8], late: bool, line: u64) -> Result<()> {
        self.connection
            .prepare_cached(&format!(
                "INSERT INTO {SEEKING} VALUES (?1, ?2, ?3)"
            ))
            .and_then(|mut s| {
                s.execute(params![digest, late, line.cast_signed()])
            })
            .map(drop)
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// Whether any line still looks for a row.
    pub fn is_seeking(&self) -> Result<bool> {
        self.connection
            .prepare_cached(&format!("SELECT 1 FROM {SEEKING} LIMIT 1"))
            .and_then(|mut s| s.exists([]))
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// Whether a line looks for a row of this content.
    pub fn is_sought(&self, digest: &[u8]) -> Result<bool> {
        self.connection
            .prepare_cached(&format!(
                "SELECT 1 FROM {SEEKING} WHERE digest = ?1"
            ))
            .and_then(|mut s| s.exists([digest]))
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// The next line that looks for a row of this content; it is taken off
    /// the list.
    pub fn serve(&self, digest: &[u8]) -> Result<Option<u64>> {
        let fail = |e| self.fail("cannot note a row", e);
        let line: Option<i64> = self
            .connection
            .prepare_cached(&format!(
                "SELECT line FROM {SEEKING} WHERE digest = ?1 \
                 ORDER BY late, line LIMIT 1"
            ))
            .and_then(|mut s| {
                s.query_row([digest], |row| row.get(0)).optional()
            })
            .map_err(fail)?;
        if let Some(line) = line {
            self.connection
                .prepare_cached(&format!(
                    "DELETE FROM {SEEKING} WHERE digest = ?1 AND line = ?2"
                ))
                .and_then(|mut s| s.execute(params![digest, line]))
                .map_err(fail)?;
        }
        Ok(line.map(i64::cast_unsigned))
    }

    /// Claims a row for a line; false when either is taken.
    pub fn claim(&self, line: u64, rowid: i64) -> Result<bool> {
        self.connection
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO {CLAIMS} VALUES (?1, ?2)"
            ))
            .and_then(|mut s| s.execute(params![line.cast_signed(), rowid]))
            .map(|n| n == 1)
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// The row that a line claimed.
    pub fn claim_of(&self, line: u64) -> Result<Option<i64>> {
        self.one(
            &format!("SELECT place FROM {CLAIMS} WHERE line = ?1"),
            line.cast_signed(),
        )
    }

    /// Whether a row is claimed.
    pub fn is_claimed(&self, rowid: i64) -> Result<bool> {
        let sql = format!("SELECT line FROM {CLAIMS} WHERE place = ?1");
        Ok(self.one(&sql, rowid)?.is_some())
    }

    fn one(&self, sql: &str, value: i64) -> Result<Option<i64>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| {
                s.query_row([value], |row| row.get(0)).optional()
            })
            .map_err(|e| self.fail("cannot note a row", e))
    }
}
