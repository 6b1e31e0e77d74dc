//! A second connection that compares every other piece of lines, on a thread
//! of its own.
//!
//! Invariant. It holds a read transaction only while a piece is compared, and
//! the caller waits for each piece that it gave away before it deletes: what
//! others commit meanwhile moves `data_version` on the connection that
//! deletes.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, Scope};

use super::access::Accesses;
use super::find::{Finding, KeyedFinder};
use super::subject::Subject;
use crate::db::{Database, Table};
use crate::error::{Error, Result};

/// So much text is worth a second connection, in bytes.
pub(super) const TEXT_FROM: u64 = 8 << 20;

/// What comes back: what was found for each line, and the piece.
type Done = Result<(Vec<Finding>, Vec<u8>)>;

/// A thread that compares pieces.
pub struct Helper {
    pieces: Sender<(usize, Vec<u8>)>,
    done: Receiver<Done>,
}

impl Helper {
    /// Starts one where there is enough text to compare, the schema is still
    /// the one that the caller knows, and the system gives a thread.
    pub fn start<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        (database, schema_version): (&Database, i64),
        table: &'env Table,
        subjects: &'env [Subject],
    ) -> Result<Option<Helper>> {
        let text: u64 =
            subjects.iter().map(|s| s.segment.segment().text_size_bytes).sum();
        if text < TEXT_FROM {
            return Ok(None);
        }
        let reader = database.reader()?;
        if reader.schema_version()? != schema_version {
            return Ok(None);
        }
        let (pieces, come) = channel::<(usize, Vec<u8>)>();
        let (out, done) = channel();
        let work = move || {
            let mut side = Accesses::new(&reader, table, subjects);
            let mut finder = KeyedFinder::default();
            for (segment, piece) in come {
                let found = match &mut side {
                    Ok(side) => compare(
                        &reader,
                        side,
                        &mut finder,
                        subjects,
                        &piece,
                        segment,
                    ),
                    Err(error) => Err(Error::failed(error.to_string())),
                };
                // A caller that has gone needs no answer.
                if out.send(found.map(|found| (found, piece))).is_err() {
                    return;
                }
            }
        };
        let started = Builder::new().spawn_scoped(scope, work);
        Ok(started.ok().map(|_| Helper { pieces, done }))
    }

    /// Gives a piece of a segment's lines away.
    pub fn give(&self, segment: usize, piece: Vec<u8>) -> Result<()> {
        self.pieces.send((segment, piece)).map_err(|_| ended())
    }

    /// What was found in the piece that was given away, and the piece.
    pub fn take(&self) -> Done {
        self.done.recv().map_err(|_| ended())?
    }
}

fn ended() -> Error {
    Error::failed("a comparing thread ended early, which is a bug")
}

/// So much text, in bytes, is compared in one read transaction where those hold
/// up the commits of others: some milliseconds of reading.
const PART: usize = 64 << 10;

/// Compares a piece in a read transaction of its own, or in several where
/// readers hold up writers.
pub fn compare(
    database: &Database,
    accesses: &mut Accesses<'_>,
    finder: &mut KeyedFinder,
    subjects: &[Subject],
    piece: &[u8],
    segment: usize,
) -> Result<Vec<Finding>> {
    let shape = &subjects[segment].shape;
    let most = if database.is_wal() { piece.len() } else { PART };
    let (mut rest, mut found) = (piece, Vec::new());
    while !rest.is_empty() {
        let line_end = memchr::memchr(b'\n', &rest[most.min(rest.len())..]);
        let part = line_end.map_or(rest.len(), |at| most + at + 1);
        let reading = database.begin_read()?;
        let access = accesses.of(segment);
        found.append(&mut finder.findings(access, shape, &rest[..part])?);
        drop(reading);
        rest = &rest[part..];
    }
    Ok(found)
}
