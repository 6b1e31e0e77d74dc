//! The files of a journal, and what a connection that deletes does with them.

use std::cell::OnceCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// Readies a connection that is going to delete. `NORMAL` leaves out what
/// [`WriteLock::commit`](crate::db::WriteLock::commit) does, and nothing else
/// (<https://www.sqlite.org/pragma.html#pragma_synchronous>). A program
/// that turns the database to a write-ahead log later finds a connection that
/// does it all by itself.
pub(super) fn prepare(
    connection: &Connection,
    wal: bool,
) -> rusqlite::Result<()> {
    connection.execute_batch(match wal {
        true => "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;",
        false => "PRAGMA synchronous=EXTRA; PRAGMA journal_mode=PERSIST;",
    })
}

/// The path of a journal of the database in this file, which is no link.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// The file of a write-ahead log, as far as it was opened to be flushed.
pub(super) type LogFile = OnceCell<File>;

/// Opens a database as one who may write it, and reads a page of it: only the
/// first who reads looks at its journal.
pub(super) fn visit(path: &Path, busy: Duration) -> rusqlite::Result<()> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy)?;
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))
}
