//! What a reader leaves beside a database in WAL mode.
//!
//! Where nobody has such a database open it has no log. A connection that only
//! reads makes an empty one and its index, and, not allowed to write, leaves
//! both (<https://www.sqlite.org/wal.html#readonly>). A connection that may
//! write takes them away when it is the last to close, and SQLite's own locks
//! tell it whether it is. So one is opened and closed, once the reader is gone
//! and if the log is still empty: it finds nothing to write.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::db::journal_file::{beside, visit};

/// Takes away what the reader made, when it is dropped.
#[derive(Debug)]
pub(super) struct WalLeftovers {
    database: PathBuf,
    log: PathBuf,
}

impl WalLeftovers {
    /// Of a reader that is about to open this database; none where a log is
    /// there already.
    pub(super) fn of(path: &Path) -> Option<WalLeftovers> {
        let database = fs::canonicalize(path).ok()?;
        let log = beside(&database, "-wal");
        (!log.exists()).then_some(WalLeftovers { database, log })
    }
}

impl Drop for WalLeftovers {
    fn drop(&mut self) {
        if !fs::metadata(&self.log).is_ok_and(|log| log.len() == 0) {
            return;
        }
        // Who may not write leaves them: they harm nobody.
        if visit(&self.database, Duration::ZERO).is_err() {}
    }
}
