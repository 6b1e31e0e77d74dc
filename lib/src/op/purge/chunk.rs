//! The next lines across segments that are settled together, compared with
//! their rows.
//!
//! Invariants. Rows are read outside any write transaction, a piece of text a
//! read transaction. `version` is `data_version` before the first row of the
//! chunk was read: as long as it holds, the rows are what they were. No row is
//! in a chunk twice.

use std::collections::HashSet;

use super::points_at::PointsAt;
use super::tally::{Tally, Verdict};
use super::target::Target;
use crate::archive::ReadAhead;
use crate::crash;
use crate::error::Result;
use crate::proof::{
    Accesses, KeyedFinder, KeylessFinder, Look, ProvenRow, Source, Subject,
    row_digest,
};
use crate::record::records;

/// So many rows are compared before they are put into the set.
const ROWS_GATHERED: usize = 10_000;

/// How the rows of lines are found.
pub(super) enum Finder {
    Keyed(KeyedFinder),
    Keyless(KeylessFinder),
}

/// Where the rows of a chunk come from.
enum Rows {
    /// Lines that are compared one behind the other.
    Lines(Box<Lines>),
    /// The set of the rows that go together, which were compared before.
    Set,
}

/// Lines across segments, up to the next one.
struct Lines {
    ahead: ReadAhead,
    finder: Finder,
    /// The segment and the number of the next line.
    segment: usize,
    line: u64,
    /// A piece that is needed no more.
    used: Vec<u8>,
}

/// Rows that were found equal, and are to go next.
pub(super) struct Chunk {
    from: Rows,
    /// The rows, in the order in which they go.
    pub rows: Vec<ProvenRow>,
    pub version: i64,
    /// The digests of `rows`: of rows with keys, equal ones are one.
    known: HashSet<u128>,
}

/// What a chunk is compared with.
pub(super) struct Comparison<'c, 'd> {
    pub target: &'c Target<'c>,
    pub subjects: &'c [Subject],
    pub accesses: &'c mut Accesses<'d>,
    pub tallies: &'c mut [Tally],
}

impl Chunk {
    /// An empty chunk before the first line.
    pub fn begin(subjects: &[Subject], finder: Finder) -> Result<Chunk> {
        let lines = Lines {
            ahead: ReadAhead::begin(subjects.iter().map(|s| &s.segment))?,
            finder,
            segment: 0,
            line: 0,
            used: Vec::new(),
        };
        Ok(Chunk {
            from: Rows::Lines(Box::new(lines)),
            rows: Vec::new(),
            version: 0,
            known: HashSet::new(),
        })
    }

    /// Puts the rows of all lines into a set, and follows the foreign keys;
    /// the chunk then gives the rows of the set.
    pub fn gather(
        &mut self,
        source: Source<'_>,
        with: &mut Comparison<'_, '_>,
    ) -> Result<PointsAt> {
        let (database, target) = (source.database, with.target);
        let mut set = PointsAt::begin(database, target)?;
        let version = database.data_version()?;
        loop {
            self.fill(source, with, ROWS_GATHERED)?;
            if self.rows.is_empty() {
                break;
            }
            self.known.clear();
            for row in self.rows.drain(..) {
                let (segment, line) = (row.segment, row.line);
                if !set.add(database, target, row)? {
                    with.tallies[segment].note(line, Verdict::Copy);
                }
            }
        }
        crash::point("purge.compared");
        set.follow(database, target, with.tallies)?;
        crash::point("purge.guarded");
        (self.from, self.version) = (Rows::Set, version);
        Ok(set)
    }

    /// Compares lines until `wanted` rows wait, if there are as many. Lines
    /// whose rows are not to go get their verdict here.
    pub fn fill(
        &mut self,
        source: Source<'_>,
        with: &mut Comparison<'_, '_>,
        wanted: usize,
    ) -> Result<()> {
        let Rows::Lines(lines) = &mut self.from else {
            let more = wanted.saturating_sub(self.rows.len());
            if more > 0 {
                let rows = PointsAt::take(source.database, with.target, more)?;
                self.rows.extend(rows);
            }
            return Ok(());
        };
        if self.rows.is_empty() {
            self.version = source.database.data_version()?;
        }
        let before = self.rows.len();
        while self.rows.len() < wanted {
            source.limit.check()?;
            let used = std::mem::take(&mut lines.used);
            let Some((segment, piece)) = lines.ahead.next(used)? else {
                break;
            };
            if segment != lines.segment {
                (lines.segment, lines.line) = (segment, 0);
                if let Finder::Keyed(finder) = &mut lines.finder {
                    *finder = KeyedFinder::default();
                }
            }
            let reading = source.database.begin_read()?;
            lines.compare(
                source,
                with,
                &piece,
                (&mut self.rows, &mut self.known),
            )?;
            drop(reading);
            lines.used = piece;
        }
        if self.rows.len() > before {
            // Rows that go in the order of the key's index come to each of
            // its pages once, and not once a row.
            self.rows.sort_by_key(|row| row.order);
        }
        Ok(())
    }

    /// How many segments are through: no line of theirs is left to compare,
    /// and no row waits.
    pub fn finished(&self, segments: usize) -> usize {
        let read = match &self.from {
            Rows::Lines(lines) => lines.segment,
            Rows::Set => 0,
        };
        let waiting = self.rows.iter().map(|row| row.segment).min();
        read.min(waiting.unwrap_or(segments))
    }

    /// Drops the first rows: they are through.
    pub fn drop_first(&mut self, rows: usize) {
        for row in self.rows.drain(..rows) {
            self.known.remove(&row.digest);
        }
    }

    /// Takes out the row at a place.
    pub fn remove(&mut self, place: usize) -> ProvenRow {
        let row = self.rows.remove(place);
        self.known.remove(&row.digest);
        row
    }
}

impl Lines {
    /// Compares the lines of a piece with their rows.
    fn compare(
        &mut self,
        source: Source<'_>,
        with: &mut Comparison<'_, '_>,
        piece: &[u8],
        (rows, known): (&mut Vec<ProvenRow>, &mut HashSet<u128>),
    ) -> Result<()> {
        let segment = self.segment;
        let subject = &with.subjects[segment];
        let Lines { finder, line, .. } = self;
        let tally = &mut with.tallies[segment];
        let mut sink = Sink { segment, subject, tally, rows };
        match finder {
            Finder::Keyed(finder) => {
                let access = with.accesses.of(segment);
                finder.piece(access, &subject.shape, piece, &mut |look| {
                    *line += 1;
                    sink.take(*line - 1, look, Some(&mut *known));
                    Ok(())
                })
            }
            Finder::Keyless(finder) => {
                for record in records(piece) {
                    *line += 1;
                    let number = *line - 1;
                    if finder.committed().contains(number) {
                        sink.tally.superseded.add(number);
                        continue;
                    }
                    let look = finder.look(
                        source,
                        with.accesses,
                        (segment, subject),
                        with.target.table,
                        (number, record),
                    )?;
                    sink.take(number, look, None);
                }
                Ok(())
            }
        }
    }
}

/// Where the lines of a piece go.
struct Sink<'k> {
    segment: usize,
    subject: &'k Subject,
    tally: &'k mut Tally,
    rows: &'k mut Vec<ProvenRow>,
}

impl Sink<'_> {
    /// Takes what was found for a line; `known` are the rows that wait, where
    /// equal ones are one.
    fn take(
        &mut self,
        line: u64,
        look: Look<'_>,
        known: Option<&mut HashSet<u128>>,
    ) {
        let (address, row) = match look {
            Look::Equal(address, row) => (address, row),
            Look::Differs => return self.tally.note(line, Verdict::Differs),
            Look::Missing => return self.tally.note(line, Verdict::Missing),
        };
        if self.tally.recovering {
            self.tally.found.add(line);
        }
        let digest = row_digest(row);
        if known.is_some_and(|known| !known.insert(digest)) {
            return self.tally.note(line, Verdict::Copy);
        }
        self.rows.push(ProvenRow {
            segment: self.segment,
            line,
            digest,
            order: self.subject.shape.order(row),
            address,
        });
    }
}
