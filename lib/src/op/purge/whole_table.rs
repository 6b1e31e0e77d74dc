//! All rows of a table in one short transaction, where all of them go.
//!
//! SQLite can give up the pages of a table without looking at its rows, which
//! takes a fraction of what deleting them one by one does. That is exactly the
//! deletion of what was proven only if every row of the table was proven and
//! nobody has committed anything since before the first one was compared; and
//! it tells no trigger, and no table that points here, about the rows. So it is
//! tried first, and whatever speaks against it leaves the rows to the chunks.
//!
//! How long it would hold the lock is measured on pages of the table. Where
//! that is longer than a batch may, the first segments go in chunks until the
//! rest fits: of rows with random keys, which rewrite pages of their index over
//! and over, each one that needs not go alone is spared.

use std::time::{Duration, Instant};

use super::session::{Session, TooLong};
use super::target::Target;
use crate::archive::Begun;
use crate::crash;
use crate::error::Result;
use crate::proof::{Subject, all_equal};

/// So many rows of a table without rowid are compared, of which the digests
/// are held in memory.
const MOST_KEYS: u64 = 1_000_000;

/// A table of more than so many times the pages that fit goes in chunks: to
/// count its rows costs more than is gained.
const LEAST_PART: u64 = 4;

/// The part of the rows that goes in chunks before it is asked again.
const STEP: f64 = 0.1;

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
    let rows = rows_of(subjects);
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

/// How the rows of segments are to go.
pub(super) enum Way {
    /// All at once, if nobody commits meanwhile.
    AtOnce,
    /// Those of so many segments chunk by chunk; then it is asked again.
    First(usize),
    /// Chunk by chunk.
    Chunks,
}

/// How all rows that are left may go. Reads some pages of the table, and
/// counts its rows, if nothing else speaks against all at once.
pub(super) fn way(
    session: &mut Session<'_>,
    target: &Target<'_>,
    subjects: &[Subject],
) -> Result<Way> {
    let (database, table) = (session.database, target.table);
    let rows = rows_of(subjects);
    if !may_go(session, target, subjects, rows) {
        return Ok(Way::Chunks);
    }
    let Some(pages) = database.pages_to_free()? else {
        return Ok(Way::Chunks);
    };
    let seconds_a_page = database.seconds_a_page(table)?;
    let fit = session.pace.pages_within_a_hold(seconds_a_page);
    if pages > fit.saturating_mul(LEAST_PART)
        || !database.has_rows(table, rows)?
    {
        return Ok(Way::Chunks);
    }
    if pages <= fit {
        return Ok(Way::AtOnce);
    }
    session.too_long.get_or_insert(TooLong {
        hold: Duration::from_secs_f64(pages as f64 * seconds_a_page),
        chunks: (0, Duration::ZERO),
    });
    // The time alone goes on meanwhile, and with it the hold.
    let over = ((pages - fit) as f64 / pages as f64).min(STEP);
    let mut sum = 0;
    let first = subjects.iter().position(|subject| {
        sum += subject.segment.segment().rows;
        sum as f64 >= over * rows as f64
    });
    Ok(match first {
        Some(last) if last + 1 < subjects.len() => Way::First(last + 1),
        _ => Way::Chunks,
    })
}

fn rows_of(subjects: &[Subject]) -> u64 {
    subjects.iter().map(|s| s.segment.segment().rows).sum()
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
        && are_of_one_store(subjects)
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
