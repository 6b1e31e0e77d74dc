//! Write transactions, and the deletion of all rows of a table at once.

use std::time::Instant;

use crate::db::{Database, Table};
use crate::error::Result;

/// So many pages are read to know how long one takes: some milliseconds, for a
/// reader of a database with a rollback journal holds up who commits.
const PAGES_MEASURED: u32 = 4_000;

/// What freeing a page takes of what dbstat takes to read it: measured on
/// tables of 13 rows a page, 0.7 with a write-ahead log and 1.0 without.
const FREEING_WAL: f64 = 0.8;
const FREEING_ROLLBACK: f64 = 1.1;

impl Database {
    /// Takes the write lock, waiting for it as long as the busy timeout says.
    /// What was committed before is durable by then.
    pub fn begin_write(&self) -> Result<WriteLock<'_>> {
        self.end_flush()?;
        self.run("BEGIN IMMEDIATE")?;
        Ok(WriteLock { database: self })
    }

    /// Ends the transaction without its changes, unless that was done: by a
    /// trigger that says RAISE(ROLLBACK), or by SQLite itself after a failure.
    fn roll_back(&self) -> Result<()> {
        match self.connection.is_autocommit() {
            true => Ok(()),
            false => self.run("ROLLBACK"),
        }
    }

    /// All rows that this connection has changed so far, by triggers too
    /// (<https://www.sqlite.org/c3ref/total_changes.html>).
    pub fn total_changes(&self) -> u64 {
        self.connection.total_changes()
    }

    /// Whether a table has so many rows. Reads at most one more.
    pub fn has_rows(&self, table: &Table, rows: u64) -> Result<bool> {
        let hint = if table.without_rowid { "" } else { " NOT INDEXED" };
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {}{hint} LIMIT ?1)",
            table.quoted()
        );
        let most = i64::try_from(rows.saturating_add(1)).unwrap_or(i64::MAX);
        let found: i64 = self.one("cannot count rows", &sql, [most])?;
        Ok(u64::try_from(found) == Ok(rows))
    }

    /// Pages that a deletion of all rows at once may have to free: an upper
    /// bound. `None` where it has to do more with each page than that: zero
    /// it (`secure_delete`), or move others into its place (`auto_vacuum`).
    pub fn pages_to_free(&self) -> Result<Option<u64>> {
        let zeroes = self.pragma_number("secure_delete")? == 1;
        if zeroes || self.pragma_number("auto_vacuum")? == 1 {
            return Ok(None);
        }
        let all = self.pragma_number("page_count")?;
        let free = self.pragma_number("freelist_count")?;
        Ok(Some((all - free).max(0) as u64))
    }

    /// How long the deletion of all rows at once takes a page, in seconds, as
    /// the first pages of a table are read and taken apart right now: each
    /// page is read for its cells either way, and freeing it takes less beside
    /// that than dbstat takes to count them.
    pub fn seconds_a_page(&self, table: &Table) -> Result<f64> {
        let begun = Instant::now();
        let pages: u32 = self.with_small_cache(|| {
            self.one(
                "cannot count rows",
                "SELECT count(*) FROM (SELECT 1 FROM dbstat('main') \
                 WHERE name = ?1 LIMIT ?2)",
                rusqlite::params![table.name, PAGES_MEASURED],
            )
        })?;
        let part = if self.wal { FREEING_WAL } else { FREEING_ROLLBACK };
        let elapsed = begun.elapsed().as_secs_f64();
        Ok(elapsed * part / f64::from(pages.max(1)))
    }

    /// Deletes all rows of a table inside the open transaction: SQLite gives
    /// up the b-trees' pages without looking at the rows
    /// (<https://www.sqlite.org/lang_delete.html#the_truncate_optimization>).
    /// Gives how many rows there were.
    pub fn delete_all(&self, table: &Table) -> Result<u64> {
        let sql = format!("DELETE FROM {}", table.quoted());
        let delete = || self.execute("cannot delete", &sql, []);
        // Each page is read once. With a rollback journal a small cache would
        // be written, and waited for, before the end.
        let rows = match self.wal {
            true => self.with_small_cache(delete),
            false => delete(),
        };
        rows.map(|rows| rows as u64)
    }
}

/// The write lock; dropped, it rolls back.
#[derive(Debug)]
pub struct WriteLock<'d> {
    database: &'d Database,
}

impl WriteLock<'_> {
    /// Commits, and gives when the lock was free again. With a rollback
    /// journal it is durable when it returns, and waits for readers as long as
    /// the busy timeout says; the flush of a write-ahead log has begun.
    pub fn commit(self) -> Result<Instant> {
        self.database.run("COMMIT")?;
        let free = Instant::now();
        self.database.begin_flush()?;
        Ok(free)
    }

    /// Undoes everything since the lock was taken.
    pub fn roll_back(self) -> Result<()> {
        self.database.roll_back()
    }
}

impl Drop for WriteLock<'_> {
    fn drop(&mut self) {
        // On the way out with an error that says more. Should this fail too,
        // closing the connection rolls back.
        if self.database.roll_back().is_err() {}
    }
}
