//! The next lines across segments that are settled together, compared with
//! their rows.
//!
//! Invariants. Rows are read outside any write transaction, a piece of text a
//! read transaction. `version` is `data_version` before the first row of the
//! chunk was read: as long as it holds, the rows are what they were. No row is
//! in a chunk twice. Where foreign keys point at the table, a row is deleted only
//! while it is in the delete set: all lines' rows that were found equal, less
//! those at which a row outside the set points, until none is left to strike. It
//! is made in one pass over the lines, before the first row goes.

use super::tally::{Tally, Verdict};
use super::target::Target;
use crate::archive::ReadAhead;
use crate::crash;
use crate::db::{Database, KnownRows, ProvenRow};
use crate::error::Result;
use crate::proof::{
    Accesses, Finding, Helper, KeyedFinder, KeylessFinder, Look, Source,
    Subject, compare,
};
use crate::record::records;

/// So many rows are compared before they are put into the set.
const ROWS_GATHERED: usize = 10_000;

/// The most rows that are compared ahead of the batch that takes them, more
/// than one takes of random keys: 64 bytes each, and 35 for the digest.
const ROWS_AHEAD: usize = 64_000;

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
    /// Compares every other piece.
    helper: Option<Helper>,
    /// The segment and the number of the next line.
    segment: usize,
    line: u64,
    /// Pieces that are needed no more.
    used: Vec<Vec<u8>>,
}

/// Rows that were found equal, and are to go next.
pub(super) struct Chunk {
    from: Rows,
    /// The rows, in the order in which they go.
    pub rows: Vec<ProvenRow>,
    pub version: i64,
    known: KnownRows,
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
    pub fn begin(
        subjects: &[Subject],
        finder: Finder,
        helper: Option<Helper>,
    ) -> Result<Chunk> {
        let lines = Lines {
            ahead: ReadAhead::begin(subjects.iter().map(|s| &s.segment))?,
            finder,
            helper,
            segment: 0,
            line: 0,
            used: Vec::new(),
        };
        Ok(Chunk {
            from: Rows::Lines(Box::new(lines)),
            rows: Vec::new(),
            version: 0,
            known: KnownRows::default(),
        })
    }

    /// Puts the rows of all lines into a set, and follows the foreign keys;
    /// the chunk then gives the rows of the set. Gives what [`follow`] does.
    pub fn gather(
        &mut self,
        source: Source<'_>,
        with: &mut Comparison<'_, '_>,
    ) -> Result<i64> {
        let database = source.database;
        let set = database.delete_set(with.target.table);
        set.begin()?;
        let version = database.data_version()?;
        loop {
            self.fill(source, with, ROWS_GATHERED, &|| false)?;
            if self.rows.is_empty() {
                break;
            }
            self.known = KnownRows::default();
            // In one transaction: each one looks at all that wait for disk.
            let _adding = database.begin_read()?;
            for row in self.rows.drain(..) {
                if !set.add(&row)? {
                    with.tallies[row.segment].note(row.line, Verdict::Copy);
                }
            }
        }
        crash::point("purge.compared");
        let followed = follow(database, with.target, with.tallies)?;
        (self.from, self.version) = (Rows::Set, version);
        Ok(followed)
    }

    /// Compares lines until `wanted` rows wait, if there are as many, and more
    /// while there is time for it. Lines whose rows are not to go get their
    /// verdict here.
    pub fn fill(
        &mut self,
        source: Source<'_>,
        with: &mut Comparison<'_, '_>,
        wanted: usize,
        has_time: &dyn Fn() -> bool,
    ) -> Result<()> {
        let Rows::Lines(lines) = &mut self.from else {
            let more = wanted.saturating_sub(self.rows.len());
            if more > 0 {
                let set = source.database.delete_set(with.target.table);
                let own = with.target.references.own();
                self.rows.extend(set.take(more, own)?);
            }
            return Ok(());
        };
        if self.rows.is_empty() {
            self.version = source.database.data_version()?;
        }
        while self.rows.len() < wanted
            || self.rows.len() < ROWS_AHEAD && has_time()
        {
            source.limit.check()?;
            let mut sink = (&mut self.rows, &mut self.known);
            if !lines.compare_next(source, with, &mut sink)? {
                break;
            }
        }
        Ok(())
    }

    /// The first rows, in the order in which they go together: that of the
    /// key, where it is an index of its own, so that they come to each of its
    /// pages once. Rows of a set stay as they are.
    pub fn first(&mut self, rows: usize) -> &[ProvenRow] {
        let batch = &mut self.rows[..rows];
        if matches!(self.from, Rows::Lines(_)) {
            batch.sort_unstable_by_key(|row| {
                (row.order, row.segment, row.line)
            });
        }
        batch
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
            self.known.forget(&row);
        }
        if self.rows.is_empty() {
            self.known = KnownRows::default();
        }
    }

    /// Takes out the row at a place.
    pub fn remove(&mut self, place: usize) -> ProvenRow {
        self.rows.remove(place)
    }
}

/// Follows the foreign keys that point at the table, outside any write
/// transaction: rows at which a row that stays points leave the set. Gives
/// `data_version` before.
pub(super) fn follow(
    database: &Database,
    target: &Target<'_>,
    tallies: &mut [Tally],
) -> Result<i64> {
    let version = database.data_version()?;
    let set = database.delete_set(target.table);
    set.referenced(&target.references, &mut |segment, line| {
        if let Some(tally) = tallies.get_mut(segment) {
            tally.note(line, Verdict::Referenced);
        }
    })?;
    crash::point("purge.guarded");
    Ok(version)
}

/// Where rows that were found equal go, and what is known of them.
type Sink<'k> = (&'k mut Vec<ProvenRow>, &'k mut KnownRows);

impl Lines {
    /// Compares the next lines, one piece or two; false where there are none.
    fn compare_next(
        &mut self,
        source: Source<'_>,
        with: &mut Comparison<'_, '_>,
        sink: &mut Sink<'_>,
    ) -> Result<bool> {
        let used = self.used.pop().unwrap_or_default();
        let Some((segment, piece)) = self.ahead.next(used)? else {
            return Ok(false);
        };
        let mut given = None;
        if let Some(helper) = &self.helper
            && piece.len() <= crate::io::large::LARGE
            && let used = self.used.pop().unwrap_or_default()
            && let Some((segment, piece)) = self.ahead.next(used)?
        {
            helper.give(segment, piece)?;
            given = Some((helper, segment));
        }
        let database = source.database;
        let found = match &mut self.finder {
            Finder::Keyed(finder) => {
                let (accesses, subjects) =
                    (&mut *with.accesses, with.subjects);
                compare(database, accesses, finder, subjects, &piece, segment)?
            }
            Finder::Keyless(finder) => {
                let reading = database.begin_read()?;
                let line = match segment == self.segment {
                    true => self.line,
                    false => 0,
                };
                let found =
                    keyless(finder, source, with, (segment, line), &piece);
                drop(reading);
                found?
            }
        };
        let theirs = match given {
            Some((helper, segment)) => {
                let (found, piece) = helper.take()?;
                self.used.push(piece);
                Some((segment, found))
            }
            None => None,
        };
        self.used.push(piece);
        self.note(with, segment, found, sink);
        if let Some((segment, found)) = theirs {
            self.note(with, segment, found, sink);
        }
        Ok(true)
    }

    /// Notes what was found for the lines of a piece.
    fn note(
        &mut self,
        with: &mut Comparison<'_, '_>,
        segment: usize,
        found: Vec<Finding>,
        (rows, known): &mut Sink<'_>,
    ) {
        if segment != self.segment {
            (self.segment, self.line) = (segment, 0);
        }
        let tally = &mut with.tallies[segment];
        for finding in found {
            let line = self.line;
            self.line += 1;
            let found = match finding {
                Look::Equal(found) => found,
                Look::Differs => {
                    tally.note(line, Verdict::Differs);
                    continue;
                }
                Look::Missing => {
                    tally.note(line, Verdict::Missing);
                    continue;
                }
            };
            if tally.recovering {
                tally.found.add(line);
            }
            let keyed = matches!(self.finder, Finder::Keyed(_));
            if keyed && !known.is_new(rows, &found.0, found.1) {
                tally.note(line, Verdict::Copy);
                continue;
            }
            rows.push(ProvenRow::new(segment, line, found));
        }
    }
}

/// What is found for the lines of a piece of a segment without keys.
fn keyless(
    finder: &mut KeylessFinder,
    source: Source<'_>,
    with: &mut Comparison<'_, '_>,
    (segment, first): (usize, u64),
    piece: &[u8],
) -> Result<Vec<Finding>> {
    let subject = &with.subjects[segment];
    let mut found = Vec::new();
    for (line, record) in (first..).zip(records(piece)) {
        found.push(match finder.committed().contains(line) {
            // A run that was killed deleted it.
            true => Look::Missing,
            false => {
                let at = (segment, subject);
                let table = with.target.table;
                let look = finder.look(
                    source,
                    with.accesses,
                    at,
                    table,
                    (line, record),
                )?;
                look.keep(&subject.shape)
            }
        });
    }
    Ok(found)
}
