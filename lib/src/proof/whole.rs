//! Whether the lines of segments are rows of a table one to one, compared on
//! two connections where that is worth it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::access::access;
use super::find::{KeyedFinder, Look};
use super::helper::TEXT_FROM;
use super::subject::{Source, Subject};
use crate::db::{Database, RowAddress, Table};
use crate::error::{Error, Result};
use crate::io::digest::keyed_digest;
use crate::io::large::LARGE;
use crate::signal::Limit;

/// Whether each line is a row of the table, and no two lines of a segment are
/// one. `schema_version` is that in which the segments are known.
pub fn all_equal(
    source: Source<'_>,
    table: &Table,
    subjects: &[Subject],
    schema_version: i64,
) -> Result<bool> {
    let work = Work {
        limit: source.limit,
        table,
        subjects,
        next: AtomicUsize::new(0),
        differs: AtomicBool::new(false),
        large: Mutex::new(()),
    };
    let text = |s: &Subject| s.segment.segment().text_size_bytes;
    // Large rows are compared one at a time, and what a thread frees its
    // allocator may keep: a second one would only hold more of them.
    let large = subjects.iter().any(|s| text(s) > LARGE as u64 * s.rows());
    let enough = subjects.iter().map(text).sum::<u64>() >= TEXT_FROM;
    let second = match enough && !large && subjects.len() > 1 {
        true => Some(source.database.reader()?),
        false => None,
    };
    // What was looked up in one schema is compared in it.
    let second = match second {
        Some(second) if second.schema_version()? != schema_version => None,
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
        let mine = work.run(source.database);
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
    limit: Limit<'w>,
    table: &'w Table,
    subjects: &'w [Subject],
    next: AtomicUsize,
    /// A line was found that is no row, or a row twice.
    differs: AtomicBool,
    /// Who compares a large piece: one at a time.
    large: Mutex<()>,
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
        let mut access = access(database, self.table, subject)?;
        let mut finder = KeyedFinder::default();
        let (mut last, mut known) = (None, HashSet::new());
        subject.segment.read(&mut |piece| {
            self.limit.check()?;
            if self.differs.load(Ordering::Relaxed) {
                return Ok(());
            }
            let _one = (piece.len() > LARGE).then(|| {
                self.large.lock().unwrap_or_else(PoisonError::into_inner)
            });
            let reading = database.begin_read()?;
            let shape = &subject.shape;
            finder.piece(access.as_mut(), shape, piece, &mut |look| {
                let is_new = match look {
                    Look::Equal((RowAddress::Rowid(rowid), _)) => {
                        last.replace(rowid).is_none_or(|l| l < rowid)
                    }
                    Look::Equal((RowAddress::Key(_), row)) => {
                        known.insert(keyed_digest(row))
                    }
                    _ => false,
                };
                if !is_new {
                    self.differs.store(true, Ordering::Relaxed);
                }
                Ok(())
            })?;
            drop(reading);
            Ok(())
        })
    }
}
