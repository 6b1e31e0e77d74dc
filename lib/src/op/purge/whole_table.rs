//! All rows of a table in one short transaction, where all of them go.
//!
//! SQLite can give up the pages of a table without looking at its rows, which
//! takes a fraction of what deleting them one by one does. That is exactly the
//! deletion of what was proven only if every row of the table was proven and
//! nobody has committed anything since before the first one was compared; and
//! it tells no trigger, and no table that points here, about the rows. So it is
//! tried first, and whatever speaks against it leaves the rows to the chunks.

use std::time::Instant;

use super::session::Session;
use super::target::Target;
use crate::archive::Begun;
use crate::crash;
use crate::error::Result;
use crate::proof::{Subject, all_equal};

/// So many rows of a table without rowid are compared, of which the digests
/// are held in memory.
const MOST_KEYS: u64 = 1_000_000;

/// Deletes all rows of the table; false when that cannot be done, and nothing
/// was.
pub(super) fn delete(
    session: &mut Session<'_>,
    target: &Target<'_>,
    subjects: &[Subject],
    _begun: &Begun,
) -> Result<bool> {
    let database = session.database;
    let version = database.data_version()?;
    session.pace.look(version);
    let rows = subjects.iter().map(|s| s.segment.segment().rows).sum();
    if session.is_altered(target)? {
        return Ok(false);
    }
    if !may_go(session, target, subjects, rows)?
        || !all_equal(
            session.source(),
            target.table,
            subjects,
            session.schema_version,
        )?
    {
        return Ok(false);
    }
    crash::point("purge.compared");
    session.pause()?;
    let lock = database.begin_write()?;
    let begun = Instant::now();
    let now = database.data_version()?;
    session.pace.look(now);
    let same =
        now == version && database.schema_version()? == session.schema_version;
    let deleted = match same {
        true => database.delete_all(target.table),
        false => Ok(0),
    };
    // Batches need less room.
    let full = deleted.is_err() && database.was_full();
    if full || deleted? != rows {
        lock.roll_back()?;
        return Ok(false);
    }
    if !session.commit(lock, begun, rows, subjects)? {
        return Ok(false);
    }
    session.counted.add(rows);
    Ok(true)
}

/// Whether so many lines may be all rows of the table, and those may go at
/// once. Reads the table's b-tree once, if nothing else speaks against it.
fn may_go(
    session: &Session<'_>,
    target: &Target<'_>,
    subjects: &[Subject],
    rows: u64,
) -> Result<bool> {
    let (database, table) = (session.database, target.table);
    if rows == 0
        || rows > session.pace.most_rows() as u64
        || table.without_rowid && rows > MOST_KEYS
        || target.has_triggers
        || !target.references.is_empty()
        || !are_of_one_store(subjects)
    {
        return Ok(false);
    }
    let fits = database
        .pages_to_free()?
        .is_some_and(|pages| session.pace.allows_at_once(pages));
    Ok(fits && database.has_rows(table, rows)?)
}

/// Whether no row can have a line in two of the segments. Two segments of one
/// run never hold the same row (a row has one day, and a day one file); of two
/// runs they can, and the count would be too high.
fn are_of_one_store(subjects: &[Subject]) -> bool {
    let day = |s: &Subject| s.segment.path().folder();
    let store = |s: &Subject| s.segment.segment().archived_at.clone();
    subjects.windows(2).all(|two| {
        store(&two[0]) == store(&two[1])
            && subjects.iter().filter(|s| day(s) == day(&two[0])).count() == 1
    })
}
