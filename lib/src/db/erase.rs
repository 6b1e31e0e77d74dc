//! Write transactions, the write-ahead log that they fill, and the deletion of
//! all rows of a table at once.
//!
//! A connection that deletes does not checkpoint when it commits, as SQLite
//! does by itself: that would be within the time that others wait. Its caller
//! does it between two transactions.

use std::time::Duration;

use super::{Database, Table, ident};
use crate::error::Result;

/// What the log may keep in its file when a run is over, in bytes.
const LOG_KEPT: i64 = 4 << 20;

/// A log longer than this is long, in bytes: twice what SQLite lets it be.
const LOG_LONG: u64 = 8 << 20;
/// How often a checkpoint is tried to come to the end of the log, and of a
/// long one.
const ATTEMPTS: u32 = 3;
const MOST_ATTEMPTS: u32 = 30;

impl Database {
    /// Takes the write lock, waiting for it as long as the busy timeout says.
    pub fn begin_write(&self) -> Result<WriteLock<'_>> {
        self.run("BEGIN IMMEDIATE")?;
        Ok(WriteLock { database: self, open: true })
    }

    /// Ends the transaction without its changes, unless that was done: by a
    /// trigger that says RAISE(ROLLBACK), or by SQLite itself after a failure.
    fn roll_back(&self) -> Result<()> {
        match self.connection.is_autocommit() {
            true => Ok(()),
            false => self.run("ROLLBACK"),
        }
    }

    /// Whether more than `bytes` of the write-ahead log have not been copied
    /// into the database.
    pub fn log_exceeds(&self, bytes: u64) -> Result<bool> {
        if !self.wal {
            return Ok(false);
        }
        let page = self.pragma_number("page_size")?.max(1) as u64;
        let log = self.log("NOOP")?;
        let left = log.pages.saturating_sub(log.copied);
        Ok(left.saturating_mul(page) > bytes)
    }

    /// Copies the write-ahead log into the database; holds up neither readers
    /// nor writers. The log can begin anew when all of it has been copied: so
    /// what somebody adds meanwhile is copied too, again and again where the
    /// log has grown long because somebody always did.
    pub fn checkpoint(&self) -> Result<()> {
        if !self.wal {
            return Ok(());
        }
        let page = self.pragma_number("page_size")?.max(1) as u64;
        for attempt in 1..=MOST_ATTEMPTS {
            // By its own word it has come to the end; what was added while it
            // was at it, it does not know.
            self.log("PASSIVE")?;
            let log = self.log("NOOP")?;
            let long = log.pages.saturating_mul(page) > LOG_LONG;
            if log.is_copied() || attempt >= ATTEMPTS && !long {
                break;
            }
        }
        Ok(())
    }

    /// Copies all of the log and, where nobody is using it, gives the room of
    /// its file back.
    pub fn end_log(&self) -> Result<()> {
        if !self.wal {
            return Ok(());
        }
        self.checkpoint()?;
        let fail = |e| self.fail("cannot cut its log", e);
        let length = self
            .path
            .file_name()
            .map(|name| {
                let mut name = name.to_owned();
                name.push("-wal");
                self.path.with_file_name(name)
            })
            .and_then(|path| std::fs::metadata(path).ok())
            .map_or(0, |m| m.len());
        if length > LOG_KEPT as u64 {
            let busy = self.pragma_number("busy_timeout")?;
            self.connection.busy_timeout(Duration::ZERO).map_err(fail)?;
            // Where somebody is at work, nothing is cut, and nothing is lost.
            self.log("TRUNCATE")?;
            let busy = Duration::from_millis(busy.max(0) as u64);
            self.connection.busy_timeout(busy).map_err(fail)?;
        }
        Ok(())
    }

    /// What a checkpoint says
    /// (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>).
    fn log(&self, mode: &str) -> Result<Log> {
        self.connection
            .prepare_cached(&format!("PRAGMA main.wal_checkpoint({mode})"))
            .and_then(|mut s| {
                s.query_row([], |row| {
                    let number = |i| row.get::<_, i64>(i);
                    let busy = number(0)? != 0;
                    let pages = u64::try_from(number(1)?);
                    let copied = u64::try_from(number(2)?);
                    // Both are -1 where nothing was found out.
                    Ok(Log {
                        busy: busy || pages.is_err() || copied.is_err(),
                        pages: pages.unwrap_or(0),
                        copied: copied.unwrap_or(0),
                    })
                })
            })
            .map_err(|e| self.fail("cannot checkpoint", e))
    }

    /// How many rows a table has. Reads its b-tree's pages once.
    pub fn count(&self, table: &Table) -> Result<u64> {
        let hint = if table.without_rowid { "" } else { " NOT INDEXED" };
        let sql = format!("SELECT count(*) FROM {}{hint}", table.quoted());
        self.connection
            .query_row(&sql, [], |row| row.get::<_, i64>(0))
            .map(|rows| rows.max(0) as u64)
            .map_err(|e| self.fail("cannot count rows", e))
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

    /// Deletes all rows of a table inside the open transaction: SQLite gives
    /// up the b-trees' pages without looking at the rows
    /// (<https://www.sqlite.org/lang_delete.html#the_truncate_optimization>).
    /// Gives how many rows there were.
    pub fn delete_all(&self, table: &Table) -> Result<u64> {
        self.connection
            .execute(&format!("DELETE FROM main.{}", ident(&table.name)), [])
            .map(|rows| rows as u64)
            .map_err(|e| self.fail("cannot delete", e))
    }
}

/// The write-ahead log, by a checkpoint's word.
struct Log {
    /// Nothing was found out.
    busy: bool,
    /// Pages in the log.
    pages: u64,
    /// How many of them have been copied into the database.
    copied: u64,
}

impl Log {
    /// All of it was copied: the next one who writes can begin it anew.
    fn is_copied(&self) -> bool {
        !self.busy && self.pages == self.copied
    }
}

/// The write lock; dropped, it rolls back.
#[derive(Debug)]
pub struct WriteLock<'d> {
    database: &'d Database,
    open: bool,
}

impl WriteLock<'_> {
    /// Commits. With a rollback journal this waits for readers, as long as
    /// the busy timeout says.
    pub fn commit(mut self) -> Result<()> {
        self.database.run("COMMIT")?;
        self.open = false;
        Ok(())
    }

    /// Undoes everything since the lock was taken.
    pub fn roll_back(mut self) -> Result<()> {
        self.open = false;
        self.database.roll_back()
    }
}

impl Drop for WriteLock<'_> {
    fn drop(&mut self) {
        // On the way out with an error that says more. Should this fail too,
        // closing the connection rolls back.
        if self.open && self.database.roll_back().is_err() {}
    }
}
