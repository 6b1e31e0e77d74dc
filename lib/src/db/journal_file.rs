//! The files of a journal, and what a connection that deletes does with them.

use std::cell::{OnceCell, RefCell};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::db::waiting::wait_for_locks;
use crate::error::{Error, Result, quoted};
use crate::io::durable;

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

/// Refuses a database of which a journal is no file: SQLite would wait for a
/// pipe that nobody writes to.
pub(super) fn check_files(database: &Path) -> Result<()> {
    let database = std::fs::canonicalize(database)
        .map_err(|e| Error::io("open", database, e))?;
    for suffix in ["-journal", "-wal", "-shm"] {
        let path = beside(&database, suffix);
        let there = durable::metadata_if_there(&path)?;
        if there.is_some_and(|meta| !meta.is_file()) {
            let message = format!("{} is no regular file", quoted(&path));
            return Err(Error::failed(message).hint(
                "SQLite keeps a journal of the database under this name, and \
                 did not make that; see who did, and move it away",
            ));
        }
    }
    Ok(())
}

/// The path of a journal of the database in this file, which is no link.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// The file of a write-ahead log, as far as it was opened to be flushed.
#[derive(Debug, Default)]
pub(super) struct LogFile {
    pub file: OnceCell<Arc<File>>,
    /// A flush that was begun on a thread of its own.
    under_way: RefCell<Option<JoinHandle<io::Result<()>>>>,
}

impl LogFile {
    /// Begins to flush the file, once the flush before it has ended.
    pub fn begin_flush(&self, file: &Arc<File>) -> io::Result<()> {
        self.end_flush()?;
        let shared = Arc::clone(file);
        let begun =
            std::thread::Builder::new().spawn(move || shared.sync_data());
        match begun {
            Ok(thread) => {
                self.under_way.replace(Some(thread));
                Ok(())
            }
            // The system gives no thread.
            Err(_) => file.sync_data(),
        }
    }

    /// Waits for the flush that is under way, if there is one.
    pub fn end_flush(&self) -> io::Result<()> {
        let Some(thread) = self.under_way.take() else { return Ok(()) };
        let ended = thread.join();
        ended.unwrap_or_else(|_| Err(io::Error::other("a thread failed")))
    }
}

/// Opens a database as one who may write it, and reads a page of it: only the
/// first who reads looks at its journal.
pub(super) fn visit(path: &Path, busy: Duration) -> rusqlite::Result<()> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    wait_for_locks(&mut connection, busy)?;
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))
}
