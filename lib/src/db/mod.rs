//! The database: connections, the shape of a table, reads in nibbles, and the
//! checks and deletions of a purge. No SQL stands anywhere else.
//!
//! Invariants. No file or pipe of ours is touched while a transaction is open:
//! callers get rows in memory, in batches, and a batch's transaction has ended
//! when they write it. Values are compared in Rust, by class and bytes, never
//! by SQL (whose `=` knows collations and affinities).

mod delete;
mod due;
mod foreign_keys;
mod journal;
mod read;
mod schema;
mod triggers;
mod wal_leftovers;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Error, Exit, Result, quoted};

pub use delete::{
    DeleteSet, Deleted, Found, RowAccess, RowAddress, WriteLock,
};
pub use due::{Due, PlannedDeletions, Selection};
pub use foreign_keys::References;
pub use read::{
    ArchivedForm, Batch, Census, Filter, Fit, Position, Question, Redaction,
    RowEncoder, RowView, TableSize, Walk,
};
pub use schema::{Column, Key, Kind, Table};
use wal_leftovers::WalLeftovers;

/// The log of an incremental vacuum is copied in steps of so many bytes.
const LOG_STEP: u64 = 4 << 20;

/// An open database.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    path: PathBuf,
    /// TEXT is stored as UTF-16: what UTF-8 cannot give back exactly is
    /// unrepresentable.
    utf16: bool,
    wal: bool,
    log: journal::LogFile,
    /// Dropped behind the connection.
    _leftovers: Option<WalLeftovers>,
}

/// Where a database is, as the ledger has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// The canonical path.
    pub path: String,
    /// Its device.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
}

/// What is opened for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Reading only; nothing in the database changes, whatever state it is
    /// in: for dry runs.
    Look,
    /// Reading only; but where a program died while it wrote, SQLite is let
    /// to undo that first, as any program that opens the database does.
    Read,
    /// Deleting: commits are durable when they return, also against a power
    /// cut ([`WriteLock::commit`]), foreign keys are ours to check, and the
    /// write-ahead log is ours to copy ([`Database::checkpoint`]).
    Delete,
}

impl Database {
    /// Opens a database that exists. Waits up to `busy` for locks.
    pub fn open(path: &Path, access: Access, busy: Duration) -> Result<Self> {
        let first = Database::open_once(path, access, busy);
        match first {
            Err((error, true)) if access == Access::Look => Err(error.hint(
                "a program died while it wrote: any run that is no dry run \
                 lets SQLite undo that",
            )),
            Err((_, true)) => {
                undo(path, busy)?;
                Database::open_once(path, access, busy).map_err(|(e, _)| e)
            }
            other => other.map_err(|(error, _)| error),
        }
    }

    /// The same; an error comes with whether a journal has to be undone, which
    /// a connection that only reads cannot do.
    fn open_once(
        path: &Path,
        access: Access,
        busy: Duration,
    ) -> std::result::Result<Self, (Error, bool)> {
        let plain = |error| (error, false);
        let meta = std::fs::metadata(path)
            .map_err(|e| {
                Error::io("open", path, e)
                    .hint("name the database with --db FILE, or set RT_DB")
            })
            .map_err(plain)?;
        if !meta.is_file() {
            return Err(plain(Error::failed(format!(
                "cannot open {}: not a regular file",
                quoted(path)
            ))));
        }
        let (mode, leftovers) = match access {
            Access::Look | Access::Read => {
                (OpenFlags::SQLITE_OPEN_READ_ONLY, WalLeftovers::of(path))
            }
            Access::Delete => (OpenFlags::SQLITE_OPEN_READ_WRITE, None),
        };
        let doing = format!("cannot open {}", quoted(path));
        let fail = |e: rusqlite::Error| {
            use rusqlite::ErrorCode::ReadOnly;
            let undo = access != Access::Delete
                && e.sqlite_error_code() == Some(ReadOnly);
            (error(&doing, e), undo)
        };
        let connection = Connection::open_with_flags(
            path,
            mode | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(fail)?;
        // SQLite counts milliseconds in 31 bits.
        let longest = Duration::from_millis(i32::MAX as u64);
        connection.busy_timeout(busy.min(longest)).map_err(fail)?;
        connection
            .execute_batch(
                "PRAGMA foreign_keys=OFF; PRAGMA cache_size=-16000; \
                 PRAGMA temp.cache_size=-8000;",
            )
            .map_err(fail)?;
        if access == Access::Delete {
            connection
                .execute_batch("PRAGMA cache_size=-20000")
                .map_err(fail)?;
        }
        let pragma = |name: &str| {
            connection
                .query_row(&format!("PRAGMA {name}"), [], |row| {
                    row.get::<_, String>(0)
                })
                .map_err(fail)
        };
        let utf16 = pragma("encoding")?.starts_with("UTF-16");
        let wal = pragma("journal_mode")?.eq_ignore_ascii_case("wal");
        if access == Access::Delete {
            journal::prepare(&connection, wal).map_err(fail)?;
        }
        Ok(Database {
            connection,
            path: path.to_owned(),
            utf16,
            wal,
            log: journal::LogFile::new(),
            _leftovers: leftovers.filter(|_| wal),
        })
    }

    /// A second connection that reads the same database.
    pub fn reader(&self) -> Result<Database> {
        let busy = self.pragma_number("busy_timeout")?.max(0) as u64;
        let busy = Duration::from_millis(busy);
        let reader = Database::open(&self.path, Access::Read, busy)?;
        reader.run("PRAGMA cache_size=-2000")?;
        Ok(reader)
    }

    /// Where it is. The path must be UTF-8, for the ledger is.
    pub fn identity(path: &Path) -> Result<Identity> {
        let fail = |e| Error::io("open", path, e);
        let canonical = std::fs::canonicalize(path).map_err(fail)?;
        let meta = std::fs::metadata(&canonical).map_err(fail)?;
        let path = canonical.into_os_string().into_string().map_err(|p| {
            Error::usage(format!(
                "the path {} is not valid UTF-8",
                quoted(Path::new(&p))
            ))
        })?;
        Ok(Identity { path, device: meta.dev(), inode: meta.ino() })
    }

    /// Whether it keeps a write-ahead log: readers then do not hold up
    /// writers, nor they readers.
    pub fn is_wal(&self) -> bool {
        self.wal
    }

    /// An error of SQLite's, in our words.
    fn fail(&self, doing: &str, source: rusqlite::Error) -> Error {
        error(&format!("{}: {doing}", quoted(&self.path)), source)
    }

    /// A number that changes when another connection has committed
    /// (<https://www.sqlite.org/pragma.html#pragma_data_version>).
    pub fn data_version(&self) -> Result<i64> {
        self.pragma_number("data_version")
    }

    /// A number that changes with the schema, and with VACUUM
    /// (<https://www.sqlite.org/pragma.html#pragma_schema_version>).
    pub fn schema_version(&self) -> Result<i64> {
        self.pragma_number("schema_version")
    }

    fn pragma_number(&self, name: &str) -> Result<i64> {
        self.connection
            .prepare_cached(&format!("PRAGMA {name}"))
            .and_then(|mut s| s.query_row([], |row| row.get(0)))
            .map_err(|e| self.fail("cannot read its state", e))
    }

    /// Begins a read transaction, which ends when the guard is dropped.
    pub fn begin_read(&self) -> Result<ReadLock<'_>> {
        self.run("BEGIN")?;
        Ok(ReadLock { database: self })
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.connection
            .execute_batch(sql)
            .map_err(|e| self.fail(&format!("cannot {sql}"), e))
    }

    /// Gives the file's free pages back to the file system: `full` rewrites
    /// it (VACUUM), else its tail is cut where `auto_vacuum=incremental`
    /// allows. Gives the bytes gained.
    pub fn reclaim(&self, full: bool) -> Result<u64> {
        let before = self.file_bytes()?;
        if full {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            crate::io::durable::need_space(folder, before.saturating_mul(2))?;
            self.run("VACUUM")?;
        } else {
            self.incremental()?;
        }
        // In WAL mode the file shrinks at the next checkpoint.
        self.checkpoint()?;
        Ok(before.saturating_sub(self.file_bytes()?))
    }

    /// Frees pages in steps, so that no step holds the lock for long.
    fn incremental(&self) -> Result<()> {
        if self.pragma_number("auto_vacuum")? != 2 {
            return Err(Error::usage(format!(
                "{} has no incremental vacuum",
                quoted(&self.path)
            ))
            .hint(
                "use --reclaim full, or set PRAGMA auto_vacuum=incremental \
                 and VACUUM once",
            ));
        }
        let mut free = self.pragma_number("freelist_count")?;
        while free > 0 {
            let mut step = self
                .connection
                .prepare("PRAGMA incremental_vacuum(200)")
                .map_err(|e| self.fail("cannot vacuum", e))?;
            let mut rows =
                step.query([]).map_err(|e| self.fail("cannot vacuum", e))?;
            while rows
                .next()
                .map_err(|e| self.fail("cannot vacuum", e))?
                .is_some()
            {}
            drop(rows);
            let left = self.pragma_number("freelist_count")?;
            if left >= free {
                break;
            }
            free = left;
            if self.log_exceeds(LOG_STEP)? {
                self.checkpoint()?;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn file_bytes(&self) -> Result<u64> {
        std::fs::metadata(&self.path)
            .map(|m| m.len())
            .map_err(|e| Error::io("stat", &self.path, e))
    }
}

/// A read transaction; dropped, it ends.
#[derive(Debug)]
pub struct ReadLock<'d> {
    database: &'d Database,
}

impl Drop for ReadLock<'_> {
    fn drop(&mut self) {
        // It holds no changes but those to temporary tables; should it fail,
        // the next BEGIN says so.
        if self.database.run("COMMIT").is_err() {}
    }
}

/// Lets SQLite undo what a program that died had begun to write.
fn undo(path: &Path, busy: Duration) -> Result<()> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(busy)?;
            connection.query_row("PRAGMA schema_version", [], |_| Ok(()))
        })
        .map_err(|e| error(&format!("cannot recover {}", quoted(path)), e))
}

/// A name as SQL has it.
fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// SQLite's error as ours: the class by what an operator can do about it.
fn error(doing: &str, source: rusqlite::Error) -> Error {
    let reason = match &source {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    let message = format!("{doing}: {reason}");
    let Some(code) = source.sqlite_error_code() else {
        return Error::failed(message);
    };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Error::new(Exit::Busy, message).hint(
                "another program keeps it locked: wait longer with \
                 --busy-timeout, or run again later; nothing was lost",
            )
        }
        ErrorCode::NotADatabase => Error::failed(message)
            .hint("name a SQLite database with --db FILE"),
        ErrorCode::DatabaseCorrupt => Error::failed(message).hint(
            "the database is damaged: check it with PRAGMA integrity_check \
             and recover it before archiving; nothing was deleted",
        ),
        ErrorCode::DiskFull => Error::failed(message)
            .hint("make room, then run the same command again"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            Error::failed(message)
                .hint("run it as a user who may write the database")
        }
        _ => Error::failed(message),
    }
}
