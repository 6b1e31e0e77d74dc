//! How long a value may become that a statement makes.
//!
//! A view, a generated column or a condition of a few bytes can make a value of
//! a billion. What is stored is no longer than the files that hold it: only a
//! value that is worked out can be, and many times longer is none that
//! anybody keeps.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::limits::Limit;

use crate::db::journal_file::beside;

/// What a value may have in any case, in bytes, and for each byte that is
/// stored: the files may grow while they are open.
const ANY: u64 = 4 << 20;
const A_BYTE: u64 = 4;

/// Bounds the values and rows of a connection to the database in this file
/// (<https://www.sqlite.org/c3ref/limit.html>). SQLite's own bound stays where
/// it is lower.
pub(super) fn bound(
    connection: &Connection,
    path: &Path,
) -> rusqlite::Result<()> {
    // A log that is not there adds nothing.
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |m| m.len());
    let canonical = path.canonicalize();
    let path = canonical.as_deref().unwrap_or(path);
    let stored = length(path).saturating_add(length(&beside(path, "-wal")));
    let most = ANY.saturating_add(stored.saturating_mul(A_BYTE));
    let limit = i32::try_from(most).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, limit)?;
    Ok(())
}
