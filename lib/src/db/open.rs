//! Connections: what a database is opened for, and what each connection is
//! set to.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::FromSql;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Params, Row,
};
use rustix::fs::{Access as AccessFlags, access};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::db::access::Access;
use crate::db::deadline::Deadline;
use crate::db::journal_file::{self, LogFile, beside};
use crate::db::sql::{error, is_full};
use crate::db::value_room;
use crate::db::waiting::wait_for_locks;
use crate::db::wal_leftovers::WalLeftovers;
use crate::db::whole_schema::WholeSchema;
use crate::error::{Error, Result, quoted};

/// An open database.
#[derive(Debug)]
pub struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// TEXT is stored as UTF-16: what UTF-8 cannot give back exactly is
    /// unrepresentable.
    pub(super) utf16: bool,
    pub(super) wal: bool,
    pub(super) log: LogFile,
    /// The last error was that there is no room.
    pub(super) full: Cell<bool>,
    /// What is deleted is overwritten.
    pub(super) overwrites: Cell<bool>,
    /// The schema as it was read last.
    pub(super) schema: RefCell<Option<WholeSchema>>,
    /// How long locks are waited for.
    pub(super) busy: Duration,
    pub(super) deadline: Deadline,
    /// Device and inode of the file that was opened.
    file: (u64, u64),
    /// Dropped behind the connection.
    _leftovers: Option<WalLeftovers>,
}

/// Where a database is, as the ledger has it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Identity {
    /// The canonical path.
    pub path: String,
    /// Its device.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
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

    /// An empty one in memory.
    pub(super) fn in_memory() -> Result<Self> {
        let path = Path::new(":memory:");
        Database::connect(path, Access::Insert, Duration::ZERO)
            .map_err(|e| not_opened(path, e))
    }

    /// One try to open it; an error comes with whether a journal has to be
    /// undone, which a connection that only reads cannot do.
    fn open_once(
        path: &Path,
        access: Access,
        busy: Duration,
    ) -> std::result::Result<Self, (Error, bool)> {
        let file = check_regular(path).map_err(|error| (error, false))?;
        let leftovers =
            if access.writes() { None } else { WalLeftovers::of(path) };
        let opened = Database::connect(path, access, busy).map_err(|e| {
            let undo = !access.writes()
                && e.sqlite_error_code() == Some(ErrorCode::ReadOnly);
            (not_opened(path, e), undo)
        })?;
        let _leftovers = leftovers.filter(|_| opened.wal);
        let opened = Database { _leftovers, file, ..opened };
        opened.check_path().map_err(|error| (error, false))?;
        if access.writes() {
            opened.check_writable().map_err(|error| (error, false))?;
        }
        Ok(opened)
    }

    fn connect(
        path: &Path,
        access: Access,
        busy: Duration,
    ) -> rusqlite::Result<Self> {
        let mode = match access.writes() {
            false => OpenFlags::SQLITE_OPEN_READ_ONLY,
            true => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let mut connection = Connection::open_with_flags(
            path,
            mode | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        wait_for_locks(&mut connection, busy)?;
        // What is inserted, our input bounds.
        if access != Access::Insert {
            value_room::bound(&connection, path)?;
        }
        let deadline = Deadline::watched_by(&mut connection)?;
        // Cache sizes below zero are KiB.
        connection.execute_batch(
            "PRAGMA foreign_keys=OFF; PRAGMA cache_size=-16000; \
             PRAGMA temp.cache_size=-8000;",
        )?;
        if access.writes() {
            connection.execute_batch("PRAGMA synchronous=EXTRA")?;
        }
        if access == Access::Insert {
            // Keys come in any order: an index that is not all there is read
            // and written again for every few rows. All of the process stays
            // below 64 MiB with this.
            connection.execute_batch("PRAGMA cache_size=-40000")?;
        }
        let pragma = |name: &str| {
            connection.query_row(&format!("PRAGMA {name}"), [], |row| {
                row.get::<_, String>(0)
            })
        };
        let utf16 = pragma("encoding")?.starts_with("UTF-16");
        let wal = pragma("journal_mode")?.eq_ignore_ascii_case("wal");
        if access == Access::Delete {
            journal_file::prepare(&connection, wal)?;
        }
        Ok(Database {
            connection,
            path: path.to_owned(),
            utf16,
            wal,
            log: LogFile::default(),
            full: Cell::new(false),
            overwrites: Cell::new(false),
            schema: RefCell::new(None),
            busy,
            deadline,
            file: (0, 0),
            _leftovers: None,
        })
    }

    /// Whether its path still names the file that is open.
    ///
    /// # Errors
    /// Status 3 where another file, or none, is there now: what is done to the
    /// open one, nobody would see.
    pub fn check_path(&self) -> Result<()> {
        match std::fs::metadata(&self.path) {
            Ok(meta) if (meta.dev(), meta.ino()) == self.file => Ok(()),
            _ => Err(Error::partial(format!(
                "{} was replaced or removed while it was open",
                quoted(&self.path)
            ))
            .hint(
                "no more rows were deleted; run the same command again: what \
                 was left is settled in the file that is there now",
            )),
        }
    }

    /// Refuses a database that cannot be written, before anything is done
    /// that counts on it: its file, or the folder of a journal that has yet
    /// to be made.
    pub fn check_writable(&self) -> Result<()> {
        let refuse = |path: &Path, errno: Errno| {
            Error::io("write", path, errno.into()).hint(
                "run it as a user who may write the database and its folder, \
                 where they are not mounted read-only",
            )
        };
        let path = std::fs::canonicalize(&self.path)
            .map_err(|e| Error::io("open", &self.path, e))?;
        access(&path, AccessFlags::WRITE_OK).map_err(|e| refuse(&path, e))?;
        let journal = if self.wal { "-wal" } else { "-journal" };
        match path.parent() {
            Some(folder) if !beside(&path, journal).exists() => {
                access(folder, AccessFlags::WRITE_OK)
                    .map_err(|e| refuse(folder, e))
            }
            _ => Ok(()),
        }
    }

    /// A second connection that reads the same database.
    pub fn reader(&self) -> Result<Database> {
        let reader = Database::open(&self.path, Access::Read, self.busy)?;
        if reader.file != self.file {
            self.check_path()?;
        }
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
    pub(super) fn fail(&self, doing: &str, source: rusqlite::Error) -> Error {
        self.full.set(is_full(&source));
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

    pub(super) fn pragma_number(&self, name: &str) -> Result<i64> {
        let sql = format!("PRAGMA {name}");
        self.one("cannot read its state", &sql, [])
    }

    /// Begins a read transaction, which ends when the guard is dropped.
    pub fn begin_read(&self) -> Result<ReadLock<'_>> {
        self.run("BEGIN")?;
        Ok(ReadLock { database: self })
    }

    /// All rows that a query gives; `doing` is for the message.
    pub(super) fn rows<T>(
        &self,
        doing: &str,
        sql: &str,
        values: impl Params,
    ) -> Result<Vec<T>>
    where
        T: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
    {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| {
                s.query_map(values, |row| row.try_into())?.collect()
            })
            .map_err(|e| self.fail(doing, e))
    }

    /// The value that a query gives; none where it gives no row.
    pub(super) fn value<T: FromSql>(
        &self,
        doing: &str,
        sql: &str,
        values: impl Params,
    ) -> Result<Option<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(values, |row| row.get(0)).optional())
            .map_err(|e| self.fail(doing, e))
    }

    /// The value that a query gives, which must give a row.
    pub(super) fn one<T: FromSql>(
        &self,
        doing: &str,
        sql: &str,
        values: impl Params,
    ) -> Result<T> {
        let none = || self.fail(doing, rusqlite::Error::QueryReturnedNoRows);
        self.value(doing, sql, values)?.ok_or_else(none)
    }

    /// How many rows a statement changed.
    pub(super) fn execute(
        &self,
        doing: &str,
        sql: &str,
        values: impl Params,
    ) -> Result<usize> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(values))
            .map_err(|e| self.fail(doing, e))
    }

    pub(super) fn run(&self, sql: &str) -> Result<()> {
        self.connection
            .execute_batch(sql)
            .map_err(|e| self.fail(&format!("cannot run {sql}"), e))
    }
}

/// A read transaction; dropped, it ends.
#[derive(Debug)]
pub struct ReadLock<'d> {
    database: &'d Database,
}

impl Drop for ReadLock<'_> {
    fn drop(&mut self) {
        // The transaction changed temporary tables at most. Should COMMIT
        // fail, the next BEGIN says so.
        if self.database.run("COMMIT").is_err() {}
    }
}

/// Refuses what is not a file, or has a journal that is none; gives its device
/// and inode.
fn check_regular(path: &Path) -> Result<(u64, u64)> {
    let meta = std::fs::metadata(path).map_err(|e| {
        Error::io("open", path, e)
            .hint("name the database with --db FILE, or set RT_DB")
    })?;
    if !meta.is_file() {
        return Err(Error::failed(format!(
            "cannot open {}: not a regular file",
            quoted(path)
        )));
    }
    journal_file::check_files(path)?;
    Ok((meta.dev(), meta.ino()))
}

const UNLOGGED: &str = "\
    it keeps a write-ahead log, whose index (-shm) must be made beside it: \
    name it where its folder can be written, or copy it there together with \
    its -wal file";

/// The error of a database that SQLite does not open.
fn not_opened(path: &Path, source: rusqlite::Error) -> Error {
    let unlogged = matches!(
        source.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    ) && keeps_log(path);
    let error = error(&format!("cannot open {}", quoted(path)), source);
    if unlogged { error.hint(UNLOGGED) } else { error }
}

/// Whether the file says that it has a write-ahead log
/// (<https://www.sqlite.org/fileformat.html#file_format_version_numbers>).
fn keeps_log(path: &Path) -> bool {
    let mut head = [0; 20];
    File::open(path).and_then(|mut f| f.read_exact(&mut head)).is_ok()
        && head[18..] == [2, 2]
}

/// Lets SQLite undo what a program that died had begun to write.
fn undo(path: &Path, busy: Duration) -> Result<()> {
    journal_file::visit(path, busy).map_err(|e| not_opened(path, e))
}
