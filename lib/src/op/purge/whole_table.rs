//! All rows of a table in one short transaction, where all of them go.
//!
//! SQLite can give up the pages of a table without looking at its rows, which
//! takes a fraction of what deleting them one by one does. That is exactly the
//! deletion of what was proven only if every row of the table was proven and
//! nobody has committed anything since before the first one was compared; and
//! it tells no trigger, and no table that points here, about the rows. So it is
//! tried first, and whatever speaks against it leaves the rows to the chunks.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use super::session::Session;
use super::target::Target;
use crate::archive::Begun;
use crate::crash;
use crate::db::{Database, RowAddress};
use crate::error::{Error, Result};
use crate::proof::{KeyedFinder, Look, Subject, access, row_digest};
use crate::signal::Limit;

/// So much text is worth a second connection, in bytes.
const TWO_READERS_FROM: u64 = 8 << 20;

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
        || !all_equal(session, target, subjects)?
    {
        return Ok(false);
    }
    crash::point("purge.compared");
    std::thread::sleep(session.pace.rest());
    let lock = database.begin_write()?;
    let begun = Instant::now();
    let now = database.data_version()?;
    session.pace.look(now);
    if now != version
        || database.schema_version()? != session.schema_version
        || database.delete_all(target.table)? != rows
    {
        lock.roll_back()?;
        return Ok(false);
    }
    session.commit(lock, begun, rows, subjects)?;
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
    Ok(fits && database.count(table)? == rows)
}

/// Whether no row can have a line in two of the segments. Two segments of one
/// run never hold the same row (a row has one day, and a day one file); of two
/// runs they can, and the count would be too high.
fn are_of_one_store(subjects: &[Subject]) -> bool {
    let day = |s: &Subject| s.segment.path().parent().map(ToOwned::to_owned);
    let store = |s: &Subject| s.segment.segment().archived_at.clone();
    subjects.windows(2).all(|two| {
        store(&two[0]) == store(&two[1])
            && subjects.iter().filter(|s| day(s) == day(&two[0])).count() == 1
    })
}

/// Whether each line is a row of the table, and no two are one.
fn all_equal(
    session: &Session<'_>,
    target: &Target<'_>,
    subjects: &[Subject],
) -> Result<bool> {
    let work = Work {
        target,
        subjects,
        limit: session.limit,
        next: AtomicUsize::new(0),
        differs: AtomicBool::new(false),
    };
    let text: u64 =
        subjects.iter().map(|s| s.segment.segment().text_size_bytes).sum();
    let second = match text >= TWO_READERS_FROM && subjects.len() > 1 {
        true => Some(session.database.reader()?),
        false => None,
    };
    // What was looked up in one schema is compared in it.
    let second = match second {
        Some(second) if second.schema_version()? != session.schema_version => {
            None
        }
        other => other,
    };
    std::thread::scope(|scope| {
        let other = second.and_then(|database| {
            let work = &work;
            // Where the system gives no thread, this one does it all.
            std::thread::Builder::new()
                .spawn_scoped(scope, move || work.run(&database))
                .ok()
        });
        let mine = work.run(session.database);
        let theirs = other.map(|thread| {
            thread.join().unwrap_or_else(|_| {
                Err(Error::failed("a thread panicked, which is a bug"))
            })
        });
        mine.and(theirs.unwrap_or(Ok(())))
    })?;
    Ok(!work.differs.load(Ordering::Relaxed))
}

/// Segments that threads compare, each one after the other.
struct Work<'w> {
    target: &'w Target<'w>,
    subjects: &'w [Subject],
    limit: Limit<'w>,
    next: AtomicUsize,
    /// A line was found that is no row, or a row twice.
    differs: AtomicBool,
}

impl Work<'_> {
    fn run(&self, database: &Database) -> Result<()> {
        loop {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(subject) = self.subjects.get(next) else { return Ok(()) };
            let done = self.compare(database, subject);
            if done.is_err() {
                self.differs.store(true, Ordering::Relaxed);
            }
            done?;
        }
    }

    /// Compares each line of a segment with its row. Lines in the order of
    /// the rowids cannot be one row twice; of rows without rowid, the digests
    /// tell.
    fn compare(&self, database: &Database, subject: &Subject) -> Result<()> {
        let mut access = access(database, self.target.table, subject)?;
        let mut finder = KeyedFinder::default();
        let (mut last, mut known) = (None, HashSet::new());
        subject.segment.read(&mut |piece| {
            self.limit.check()?;
            if self.differs.load(Ordering::Relaxed) {
                return Ok(());
            }
            let reading = database.begin_read()?;
            finder.piece(
                access.as_mut(),
                &subject.shape,
                piece,
                &mut |look| {
                    let is_new = match look {
                        Look::Equal(RowAddress::Rowid(rowid), _) => {
                            last.replace(rowid).is_none_or(|l| l < rowid)
                        }
                        Look::Equal(RowAddress::Key(_), row) => {
                            known.insert(row_digest(row))
                        }
                        _ => false,
                    };
                    if !is_new {
                        self.differs.store(true, Ordering::Relaxed);
                    }
                    Ok(())
                },
            )?;
            drop(reading);
            Ok(())
        })
    }
}
