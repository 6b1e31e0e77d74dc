//! Deletion of what must not stay readable: rows of which the archives were
//! not to have everything.
//!
//! SQLite leaves the bytes of a deleted row in free pages and in what is free
//! of other pages, unless it is told to overwrite them
//! (<https://www.sqlite.org/pragma.html#pragma_secure_delete>). A write-ahead
//! log has the pages as they were before, until its file is cut. What other
//! connections deleted or changed before stays until VACUUM.

use std::fs;

use crate::db::Database;
use crate::error::Result;

/// What of a database may still hold values that were deleted, or are to be
/// replaced in the archives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Residue {
    /// Pages that no table uses.
    pub free_pages: bool,
    /// The write-ahead log is not empty.
    pub log: bool,
}

impl Database {
    /// From here on this connection overwrites what it deletes with zeros.
    pub fn delete_securely(&self) -> Result<()> {
        self.overwrites.set(true);
        let fail = |e| self.fail("cannot set secure_delete", e);
        self.connection
            .pragma_update(None, "secure_delete", true)
            .map_err(fail)
    }

    /// At the end: copies and cuts the log where something was overwritten.
    /// Gives what is to be said where somebody keeps it from that.
    pub fn cut_overwritten_log(&self) -> Result<Option<String>> {
        if !self.overwrites.get() || !self.wal {
            return Ok(None);
        }
        self.truncate_log()?;
        let log = fs::metadata(self.beside("-wal"));
        Ok((log.map_or(0, |log| log.len()) > 0).then(|| {
            "somebody is using the database: what was deleted stands in its \
             write-ahead log until the last one has closed it"
                .to_owned()
        }))
    }

    /// What may still hold deleted values.
    pub fn residue(&self) -> Result<Residue> {
        let log = fs::metadata(self.beside("-wal")).map_or(0, |m| m.len());
        Ok(Residue {
            free_pages: self.pragma_number("freelist_count")? > 0,
            log: log > 0,
        })
    }
}
