//! The journal of a connection that deletes: what it costs those who wait for
//! the write lock.
//!
//! A write-ahead log is flushed behind each commit and copied between two
//! transactions, not inside them as SQLite would do by itself: neither holds
//! anybody up. A rollback journal is kept and overwritten (`PERSIST`) until
//! the run ends: to unlink it and make that durable is the dearer half of a
//! commit.
//!
//! Invariant. Nothing is written on the strength of a commit before
//! [`Database::flush`] has returned. Others see a commit earlier, and a run
//! may be killed in between: so what writes into the ledger that rows are gone
//! flushes first, also where another run deleted them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::db::Database;
use crate::db::journal_file::beside;
use crate::db::waiting::without_waiting;
use crate::error::{Error, Result};
use crate::io::durable;

/// What the log may keep in its file when a run is over, in bytes.
const LOG_KEPT: i64 = 4 << 20;
/// A log longer than this is long, in bytes: twice what SQLite lets it be.
const LOG_LONG: u64 = 8 << 20;
/// How many checkpoints are tried to come to the end of the log.
const ATTEMPTS: u32 = 6;
/// How many are tried where the log is long.
const MOST_ATTEMPTS: u32 = 30;
/// How long the checkpoint of another connection is waited for at a time; and
/// how many times at most.
const WAIT: Duration = Duration::from_millis(2);
const MOST_WAITS: u32 = 50;

/// The journal of a database and its folder were flushed: all that was
/// committed is durable.
#[derive(Debug)]
pub struct Flushed(());

impl Database {
    /// Makes durable what was committed, by any program: one that was
    /// killed may have left that to do. To be called before anything is
    /// written that says that rows are gone.
    pub fn flush(&self) -> Result<Flushed> {
        if self.wal {
            self.flush_log()?;
            return Ok(Flushed(()));
        }
        // Its journal ends a commit: overwritten, or unlinked. And another
        // program may have turned to a write-ahead log meanwhile.
        let journal = self.beside("-journal");
        for path in [&journal, &self.beside("-wal")] {
            if let Some(file) = durable::open_if_there(path)? {
                file.sync_data().map_err(|e| Error::io("flush", path, e))?;
            }
        }
        durable::sync_parent(&journal)?;
        Ok(Flushed(()))
    }

    /// Makes durable what is in the write-ahead log.
    fn flush_log(&self) -> Result<()> {
        self.end_flush()?;
        let log = self.log_file()?;
        log.sync_data().map_err(|e| self.not_flushed(e))
    }

    /// Begins to make durable what is in the write-ahead log, on a thread of
    /// its own: meanwhile the next rows are compared.
    pub(super) fn begin_flush(&self) -> Result<()> {
        if !self.wal {
            return Ok(());
        }
        let log = self.log_file()?;
        self.log.begin_flush(log).map_err(|e| self.not_flushed(e))
    }

    /// Waits for a flush that was begun.
    pub(super) fn end_flush(&self) -> Result<()> {
        self.log.end_flush().map_err(|e| self.not_flushed(e))
    }

    fn not_flushed(&self, error: std::io::Error) -> Error {
        Error::io("flush", self.beside("-wal"), error)
    }

    /// The write-ahead log. While the connection is open, its file stays what
    /// it is.
    fn log_file(&self) -> Result<&Arc<File>> {
        match self.log.file.get() {
            Some(log) => Ok(log),
            None => {
                let path = self.beside("-wal");
                let log = durable::open_read(&path)?;
                durable::sync_parent(&path)?;
                Ok(self.log.file.get_or_init(|| Arc::new(log)))
            }
        }
    }

    /// The path of a journal: beside the file that SQLite opened, not beside
    /// a link to it.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let database = self.connection.path().map(Path::new);
        beside(database.unwrap_or(&self.path), suffix)
    }

    /// Whether the write-ahead log is longer than `bytes`, and not all of it
    /// has been copied into the database.
    pub fn log_exceeds(&self, bytes: u64) -> Result<bool> {
        let log = self.log_length()?;
        Ok(!log.is_copied && log.bytes > bytes)
    }

    /// How long the write-ahead log is; nothing where there is none.
    pub(super) fn log_length(&self) -> Result<LogLength> {
        if !self.wal {
            return Ok(LogLength { bytes: 0, is_copied: true });
        }
        let page = self.pragma_number("page_size")?.max(1) as u64;
        let log = self.checkpoint_as("NOOP")?;
        // A header, and one before each page
        // (https://www.sqlite.org/fileformat2.html#walformat).
        let bytes = log.pages.saturating_mul(page + 24).saturating_add(32);
        Ok(LogLength { bytes, is_copied: log.is_copied() })
    }

    /// Copies the write-ahead log into the database; holds up neither readers
    /// nor writers. The log can begin anew when all of it has been copied: so
    /// what somebody adds meanwhile is copied too, again and again where the
    /// log has grown long because somebody always did.
    pub fn checkpoint(&self) -> Result<()> {
        if !self.wal {
            return Ok(());
        }
        let mut waits = 0;
        for attempt in 1..=MOST_ATTEMPTS {
            // Another connection may be copying the log after its own commit.
            // It is waited for: a commit behind it would be more for it to
            // copy, and the log would not begin anew.
            while self.checkpoint_as("PASSIVE")?.busy && waits < MOST_WAITS {
                waits += 1;
                std::thread::sleep(WAIT);
            }
            // PASSIVE reports the length of the log at its start; ask again
            // for frames appended meanwhile.
            let log = self.log_length()?;
            let long = log.bytes > LOG_LONG;
            if log.is_copied || attempt >= ATTEMPTS && !long {
                break;
            }
        }
        Ok(())
    }

    /// Copies all of the log and, where nobody is using it, gives the room of
    /// its file back; a rollback journal that was kept goes.
    pub fn end_journal(&self) -> Result<()> {
        let fail = |e| self.fail("cannot end its journal", e);
        if !self.wal {
            // Asked first: somebody may have turned to a write-ahead log, and
            // DELETE would turn the database back.
            let mode: String =
                self.one("cannot end its journal", "PRAGMA journal_mode", [])?;
            if mode.eq_ignore_ascii_case("persist") {
                // Where somebody is writing it stays: it is theirs now.
                self.connection
                    .execute_batch("PRAGMA journal_mode=DELETE")
                    .map_err(fail)?;
            }
            return Ok(());
        }
        self.checkpoint()?;
        let length =
            std::fs::metadata(self.beside("-wal")).map_or(0, |m| m.len());
        if length > LOG_KEPT as u64 {
            // Where somebody is at work, nothing is cut, and nothing is lost.
            self.truncate_log()?;
        }
        Ok(())
    }

    /// Copies what is left of the log and gives the room of its file back;
    /// not where somebody is using it.
    pub(super) fn truncate_log(&self) -> Result<()> {
        without_waiting(|| self.checkpoint_as("TRUNCATE")).map(drop)
    }

    /// What a checkpoint says
    /// (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>).
    fn checkpoint_as(&self, mode: &str) -> Result<Log> {
        let sql = format!("PRAGMA main.wal_checkpoint({mode})");
        let doing = "cannot checkpoint";
        let said: Vec<(i64, i64, i64)> = self.rows(doing, &sql, [])?;
        let Some((busy, pages, copied)) = said.first().copied() else {
            return Err(self.fail(doing, rusqlite::Error::QueryReturnedNoRows));
        };
        // Both numbers are -1 where nothing was found out.
        Ok(Log {
            busy: busy != 0 || pages < 0 || copied < 0,
            pages: pages.max(0) as u64,
            copied: copied.max(0) as u64,
        })
    }
}

/// The length of a write-ahead log.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogLength {
    /// What is in use of it, in bytes; its file may be longer.
    pub bytes: u64,
    /// All of it has been copied into the database.
    pub is_copied: bool,
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
