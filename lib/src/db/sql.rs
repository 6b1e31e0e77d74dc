//! Names and errors as SQLite has them.

use rusqlite::ErrorCode;

use crate::error::{Error, Exit};
use crate::signal;

/// A name as SQL has it.
pub(super) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What to do where the file system is full.
pub(super) const NO_ROOM: &str = "make room on the file system of the database, then \
                       run the same command again; nothing was lost";

/// Whether the file beside a write-ahead log (`-shm`) could not be made as
/// large as it must be (<https://www.sqlite.org/rescode.html>).
fn is_shared_memory(error: &rusqlite::Error) -> bool {
    const IOERR_SHMSIZE: i32 = 10 | 19 << 8;
    const IOERR_SHMMAP: i32 = 10 | 21 << 8;
    let code = error.sqlite_error().map(|e| e.extended_code);
    matches!(code, Some(IOERR_SHMSIZE | IOERR_SHMMAP))
}

/// Whether an error is that the file system of the database is full.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || is_shared_memory(error)
}

/// SQLite's error as ours: the class by what an operator can do about it.
pub(super) fn error(doing: &str, source: rusqlite::Error) -> Error {
    let reason = match &source {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    let message = format!("{doing}: {reason}");
    let Some(code) = source.sqlite_error_code() else {
        return Error::failed(message);
    };
    let stopped = matches!(
        code,
        ErrorCode::OperationInterrupted | ErrorCode::DatabaseBusy
    );
    if stopped && let Err(asked) = signal::check() {
        return asked;
    }
    match code {
        // So does a write-ahead log whose lock was asked for too often in
        // vain (SQLITE_PROTOCOL).
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => {
            Error::new(Exit::Busy, message).hint(
                "another program keeps it locked: wait longer with \
                 --busy-timeout, or run again later; nothing was lost",
            )
        }
        ErrorCode::NotADatabase => Error::failed(format!(
            "{doing}: not a database, or an encrypted one"
        ))
        .hint(
            "name a SQLite database with --db FILE; one that is encrypted \
             only the program that has its key can read",
        ),
        ErrorCode::DatabaseCorrupt => Error::failed(message).hint(
            "the database is damaged: check it with PRAGMA integrity_check \
             and recover it before archiving; nothing was deleted",
        ),
        ErrorCode::TooBig => Error::failed(message).hint(
            "a view, a generated column or a condition makes a value that is \
             longer by far than all that is stored: leave it out",
        ),
        _ if is_full(&source) => Error::failed(message).hint(NO_ROOM),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            Error::failed(message)
                .hint("run it as a user who may write the database")
        }
        _ => Error::failed(message),
    }
}
