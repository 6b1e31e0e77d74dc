//! What all of a run works with: the archives, the database, the pace, and
//! when it has to end.
//!
//! Invariant. Every COMMIT that deletes goes through [`Session::commit`]: not
//! before the archive files are those that were proven, `lock` is the file
//! that is held, and the database's path is the file that is open.

use std::time::{Duration, Instant};

use super::target::Target;
use crate::archive::Archive;
use crate::crash;
use crate::db::{AtOnce, Database, Identity, Key, LogRoom, Pace, WriteLock};
use crate::error::{Error, Result, quote};
use crate::progress;
use crate::proof::{Source, Subject};
use crate::signal::{self, Limit};

/// What a run works with.
pub(super) struct Session<'s> {
    pub archive: &'s mut Archive,
    pub database: &'s Database,
    /// The file that is open.
    pub identity: Identity,
    pub pace: Pace,
    pub log: LogRoom,
    pub limit: Limit<'s>,
    /// What was looked up in the schema, triggers above all, holds as long as
    /// this does.
    pub schema_version: i64,
    /// What of the table at hand was done so far.
    pub counted: Counted,
    /// Where all rows of the table at hand could go at once, but for too long:
    /// that, and how many went in chunks for how long.
    pub too_long: Option<(AtOnce, u64, Duration)>,
}

/// What was done of a table, whether its segments are settled or not.
#[derive(Default)]
pub(super) struct Counted {
    /// Rows that were deleted.
    pub deleted: u64,
    /// Those of segments that are not settled yet.
    pub unsettled: u64,
    /// Rows that changed by that, those that triggers changed included.
    pub changes: u64,
}

impl Counted {
    /// Counts rows that were deleted.
    pub fn add(&mut self, rows: u64) {
        self.deleted += rows;
        self.unsettled += rows;
    }
}

impl<'s> Session<'s> {
    /// What lines are compared with.
    pub fn source(&self) -> Source<'s> {
        Source { database: self.database, limit: self.limit }
    }

    /// Whether rows may not be deleted any more by where they were found: the
    /// schema has changed in what concerns the table, or VACUUM has given
    /// rowids that are no keys to other rows.
    pub fn is_altered(&mut self, target: &Target<'_>) -> Result<bool> {
        if self.database.schema_version()? == self.schema_version {
            return Ok(false);
        }
        let table = target.table;
        let lasting =
            table.without_rowid || matches!(table.key, Key::Rowid(_));
        Ok(!lasting || self.check_same(target).is_err())
    }

    /// Whether the schema still says of the table what it said, triggers and
    /// foreign keys included.
    ///
    /// # Errors
    /// Status 3 where it does not.
    pub fn check_same(&mut self, target: &Target<'_>) -> Result<()> {
        let version = self.database.schema_version()?;
        if version == self.schema_version {
            return Ok(());
        }
        let table = target.table;
        let same = match self.database.table(&table.name)? {
            Some(now) => {
                now.schema == table.schema
                    && self.database.references(&now)? == target.references
            }
            None => false,
        };
        if !same {
            return Err(altered(&table.name));
        }
        self.schema_version = version;
        Ok(())
    }

    /// How many rows a batch that begins now may take, with what others have
    /// committed up to now in mind.
    pub fn hold_rows(&mut self) -> Result<usize> {
        self.pace.look(self.database.data_version()?);
        let rows = self.pace.rows(self.pace.hold());
        Ok(rows.clamp(1, self.pace.most_rows()))
    }

    /// Commits a batch of `rows` that holds the write lock since `begun`, and
    /// begins the pause, in which a long write-ahead log is copied. False
    /// where there was no room for it, and it may go in smaller ones: it is
    /// undone.
    ///
    /// # Errors
    /// An archive file of the batch, the lock or the database is not what it
    /// was: the batch is undone.
    pub fn commit<'b>(
        &mut self,
        lock: WriteLock<'_>,
        begun: Instant,
        rows: u64,
        batch: impl IntoIterator<Item = &'b Subject>,
    ) -> Result<bool> {
        let deleted = Instant::now();
        if let Err(error) = self.check_commit(batch) {
            lock.roll_back()?;
            return Err(error);
        }
        crash::point("purge.deleted");
        let free = match lock.commit() {
            Err(_) if rows > 1 && self.database.was_full() => {
                return Ok(false);
            }
            free => free?,
        };
        crash::point("purge.committed");
        progress::add(rows, 0);
        self.pace.note(rows, begun, deleted, free);
        self.log.copy(self.database, self.pace.log_bytes())?;
        Ok(true)
    }

    /// Leaves the lock to others for the rest of the pause.
    ///
    /// # Errors
    /// Status 3 where a reader makes the write-ahead log too long.
    pub fn pause(&mut self) -> Result<()> {
        self.log.wait(self.database, self.limit)?;
        signal::sleep(self.pace.rest())
    }

    /// Makes room for smaller batches, where one of `rows` was undone because
    /// the file system is full: what its journal took is given back.
    ///
    /// # Errors
    /// None can be smaller: `least` rows go together.
    pub fn make_room(&mut self, rows: usize, least: usize) -> Result<()> {
        self.log.make(self.database)?;
        if rows <= least {
            return Err(self.database.no_room());
        }
        self.pace.take_at_most(rows as u64 / 2);
        Ok(())
    }

    fn check_commit<'b>(
        &self,
        batch: impl IntoIterator<Item = &'b Subject>,
    ) -> Result<()> {
        for subject in batch {
            subject.segment.check_file()?;
        }
        self.archive.check_lock()?;
        self.database.check_path()
    }
}

/// The error for a table whose schema changed while its rows were compared.
pub(super) fn altered(table: &str) -> Error {
    Error::partial(format!("table {} was altered meanwhile", quote(table)))
        .hint("run it again: it goes on where it stopped")
}
