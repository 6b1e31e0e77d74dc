//! All rows of a table in one short transaction, where all of them go.
//!
//! SQLite can give up the pages of a table without looking at its rows, which
//! takes a fraction of what deleting them one by one does. That is exactly the
//! deletion of what was proven only if every row of the table was proven and
//! nobody has committed anything since before the first one was compared; and
//! it tells no trigger, and no table that points here, about the rows. So it is
//! tried first, and whatever speaks against it leaves the rows to the chunks.

use std::time::{Duration, Instant};

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
    let rows = Subject::rows_of(subjects);
    if session.is_altered(target)?
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

/// How many segments go chunk by chunk before it is asked again: none where all
/// rows may go at once. Reads some pages of the table, and counts its rows, if
/// nothing else speaks against that.
pub(super) fn first_in_chunks(
    session: &mut Session<'_>,
    target: &Target<'_>,
    subjects: &[Subject],
) -> Result<usize> {
    let (database, table) = (session.database, target.table);
    let rows = Subject::rows_of(subjects);
    if !may_go(session, target, subjects, rows) {
        return Ok(subjects.len());
    }
    let at_once = match database.at_once(table, &session.pace)? {
        Some(at) if at.is_near() && database.has_rows(table, rows)? => at,
        _ => return Ok(subjects.len()),
    };
    if at_once.fits() {
        return Ok(0);
    }
    session.too_long.get_or_insert((at_once, 0, Duration::ZERO));
    let rows: Vec<u64> = subjects.iter().map(Subject::rows).collect();
    Ok(at_once.first_part(&rows).unwrap_or(rows.len()))
}

/// Whether so many lines may go at once, if they are all rows of the table.
fn may_go(
    session: &Session<'_>,
    target: &Target<'_>,
    subjects: &[Subject],
    rows: u64,
) -> bool {
    rows > 0
        && session.pace.is_alone()
        && rows <= session.pace.most_rows() as u64
        && !(target.table.without_rowid && rows > MOST_KEYS)
        && !target.has_triggers
        && target.references.is_empty()
        && Subject::are_of_one_store(subjects)
}
