//! The room that the journal of a deleting connection takes.
//!
//! A write-ahead log begins anew only when all of it has been copied and no
//! reader needs it any more: one that does not let go makes it grow with each
//! batch. So deletion waits once it has grown by [`MOST_GROWTH`], and ends if
//! that does not help. Where the file system is nearly full, what a batch took
//! is given back behind it: the ledger and the application need some too.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::db::Database;
use crate::db::journal::LogLength;
use crate::db::sql::NO_ROOM;
use crate::error::{Error, Result, quoted};
use crate::io::space;
use crate::signal::Limit;
use crate::time::clock::wall;

/// How much longer the log may become than it was, in bytes.
const MOST_GROWTH: u64 = 64 << 20;
/// With less room than that, in bytes, the journal is cut behind each batch.
const LEAST_FREE: u64 = 4 << 20;
/// Between two looks at a log that is waited for.
const WAIT: Duration = Duration::from_millis(50);

/// What is known of the log of a run that deletes.
#[derive(Debug)]
pub struct LogRoom {
    /// How long it may become, in bytes.
    most_bytes: u64,
    /// How long it was behind the last batch, and whether all of it has been
    /// copied: then it begins anew, if no reader is in the way.
    log: LogLength,
    /// By how much a batch has made it longer at most.
    growth_bytes: u64,
    /// Since when it is known that not all of it can be copied.
    held_since: Option<Timestamp>,
    /// The wait for it was in vain.
    is_held: bool,
    /// A batch found no room.
    was_full: bool,
}

impl LogRoom {
    /// Before the first batch.
    pub fn new(database: &Database) -> Result<LogRoom> {
        let log = database.log_length()?;
        if database.free_bytes()? < MOST_GROWTH {
            database.keep_no_journal()?;
        }
        Ok(LogRoom {
            most_bytes: log.bytes + MOST_GROWTH,
            log,
            growth_bytes: 0,
            held_since: None,
            is_held: false,
            was_full: false,
        })
    }

    /// Behind a batch: copies a log that is longer than `bytes`.
    pub fn copy(&mut self, database: &Database, bytes: u64) -> Result<()> {
        if self.was_full || database.free_bytes()? < LEAST_FREE {
            self.give_back(database)?;
        }
        let before = self.log.bytes;
        self.log = database.log_length()?;
        let now = self.log.bytes;
        let growth = now.checked_sub(before).unwrap_or(now);
        self.growth_bytes = self.growth_bytes.max(growth);
        if !self.log.is_copied && self.log.bytes > bytes {
            database.checkpoint()?;
            self.look(database)?;
        }
        Ok(())
    }

    /// Behind a checkpoint.
    fn look(&mut self, database: &Database) -> Result<()> {
        self.log = database.log_length()?;
        self.held_since = match self.log.is_copied {
            true => None,
            false => self.held_since.or_else(|| Some(wall())),
        };
        Ok(())
    }

    /// Before a batch: waits, as long as the busy timeout says, for a log that
    /// would become too long.
    ///
    /// # Errors
    /// Status 3 where a reader does not let go of it.
    pub fn wait(
        &mut self,
        database: &Database,
        limit: Limit<'_>,
    ) -> Result<()> {
        let end = Instant::now() + database.busy;
        while self.is_too_long() {
            self.give_back(database)?;
            if !self.is_too_long() {
                break;
            }
            limit.check()?;
            if Instant::now() >= end {
                self.is_held = true;
                return Err(self.held(database));
            }
            std::thread::sleep(WAIT);
        }
        Ok(())
    }

    fn is_too_long(&self) -> bool {
        let LogLength { bytes, is_copied } = self.log;
        // The next batch may be longer than any before it.
        let growth = self.growth_bytes + self.growth_bytes / 2;
        let room = self.most_bytes.saturating_sub(growth);
        bytes > if is_copied { self.most_bytes } else { room }
    }

    /// Makes room where a batch found none.
    pub fn make(&mut self, database: &Database) -> Result<()> {
        self.was_full = true;
        self.give_back(database)
    }

    /// Copies the log, and cuts its file where nobody is using it.
    fn give_back(&mut self, database: &Database) -> Result<()> {
        database.keep_no_journal()?;
        database.checkpoint()?;
        if database.is_wal() {
            database.truncate_log()?;
        }
        self.look(database)
    }

    /// Whether a reader did not let go of it.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    fn held(&self, database: &Database) -> Error {
        let path = &database.path;
        let since = self.held_since.unwrap_or_else(wall);
        Error::partial(format!(
            "{}: another program has been reading since {since:.0} or \
             earlier, and its write-ahead log, which cannot begin anew \
             meanwhile, has grown to {} MiB",
            quoted(path),
            self.log.bytes >> 20
        ))
        .hint(format!(
            "end that program or its transaction (fuser {} names those that \
             have it open), then run the same command again: it goes on where \
             it stopped",
            quoted(database.beside("-shm"))
        ))
    }
}

impl Database {
    /// Whether the last error was that its file system is full.
    pub fn was_full(&self) -> bool {
        self.full.take()
    }

    /// The error where not even a batch that cannot be smaller finds room.
    pub fn no_room(&self) -> Error {
        let path = quoted(&self.path);
        Error::failed(format!("{path}: its file system is full")).hint(NO_ROOM)
    }

    /// From now on each transaction gives back what its rollback journal has
    /// taken.
    fn keep_no_journal(&self) -> Result<()> {
        self.run("PRAGMA main.journal_size_limit=0")
    }

    fn free_bytes(&self) -> Result<u64> {
        let log = self.beside("-wal");
        space::free_bytes(log.parent().unwrap_or(Path::new("")))
    }
}
