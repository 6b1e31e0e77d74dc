//! Which rows the lines without usable key have taken: a row for each line,
//! and the lines that still look for a row of their content. Both stand in
//! temporary tables, which SQLite keeps on disk when they are large.

use rusqlite::params;

use crate::db::Database;
use crate::error::Result;

/// The temporary table of lines without usable key and their rows.
const CLAIMS: &str = "temp.\"rt claims\"";

/// The temporary table of lines that look for a row of their content.
const SEEKING: &str = "temp.\"rt seeking\"";

/// For messages.
const DOING: &str = "cannot note a row";

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
        let sql = format!("INSERT INTO {SEEKING} VALUES (?1, ?2, ?3)");
        let values = params![digest, late, line.cast_signed()];
        self.execute(DOING, &sql, values).map(drop)
    }

    /// Whether any line still looks for a row.
    pub fn is_seeking(&self) -> Result<bool> {
        let sql = format!("SELECT line FROM {SEEKING} LIMIT 1");
        Ok(self.value::<i64>(DOING, &sql, [])?.is_some())
    }

    /// Whether a line looks for a row of this content.
    pub fn is_sought(&self, digest: &[u8]) -> Result<bool> {
        let sql = format!("SELECT line FROM {SEEKING} WHERE digest = ?1");
        Ok(self.value::<i64>(DOING, &sql, [digest])?.is_some())
    }

    /// The next line that looks for a row of this content; it is taken off
    /// the list.
    pub fn serve(&self, digest: &[u8]) -> Result<Option<u64>> {
        let line: Option<i64> = self.value(
            DOING,
            &format!(
                "SELECT line FROM {SEEKING} WHERE digest = ?1 \
                 ORDER BY late, line LIMIT 1"
            ),
            [digest],
        )?;
        let sql =
            format!("DELETE FROM {SEEKING} WHERE digest = ?1 AND line = ?2");
        if let Some(line) = line {
            self.execute(DOING, &sql, params![digest, line])?;
        }
        Ok(line.map(i64::cast_unsigned))
    }

    /// Claims a row for a line; false when either is taken.
    pub fn claim(&self, line: u64, rowid: i64) -> Result<bool> {
        let sql = format!("INSERT OR IGNORE INTO {CLAIMS} VALUES (?1, ?2)");
        let values = params![line.cast_signed(), rowid];
        Ok(self.execute(DOING, &sql, values)? == 1)
    }

    /// The row that a line claimed.
    pub fn claim_of(&self, line: u64) -> Result<Option<i64>> {
        let sql = format!("SELECT place FROM {CLAIMS} WHERE line = ?1");
        self.value(DOING, &sql, [line.cast_signed()])
    }

    /// Whether a row is claimed.
    pub fn is_claimed(&self, rowid: i64) -> Result<bool> {
        let sql = format!("SELECT line FROM {CLAIMS} WHERE place = ?1");
        Ok(self.value::<i64>(DOING, &sql, [rowid])?.is_some())
    }
}
