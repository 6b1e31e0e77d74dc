//! Names and errors as SQLite has them.

use rusqlite::ErrorCode;

use crate::error::{Error, Exit};

/// A name as SQL has it.
pub(super) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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
