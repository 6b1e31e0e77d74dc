//! The parts of a stream: rows of one day that were archived together, which
//! are of one segment, and rows of which no archive says anything.
//!
//! A side database notes each part that was imported by the digest of its
//! text. Where one comes that has the day and the time of one that is there, it
//! is inserted on trial: is it the same, its rows are taken back, and what was
//! wrong with them does not count.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::batch::{Batch, Row};
use super::result::Imported;
use crate::archive::StoredSegments;
use crate::db::{Database, ImportedPart};
use crate::error::{Error, Result};
use crate::io::digest::hex;
use crate::time::{self, Day, Unit, rfc3339};

/// What dates a row: the column, and what its values mean.
pub(super) type Dated = Option<(usize, Option<Unit>)>;

/// The day of a row, where it can be told.
pub(super) fn day(dated: &Dated, batch: &Batch, row: &Row) -> Option<Day> {
    let (column, unit) = dated.as_ref()?;
    let value = batch.value_of(row, *column)?;
    time::instant(value, unit.as_ref()).map(Day::of)
}

/// Which part rows are of: when they were archived, and their day, where
/// segments are told apart by it.
pub(super) type Of = (Option<String>, Option<Day>);

/// A part begins or ends.
#[derive(Debug)]
pub(super) enum Turn {
    /// A part of this kind begins.
    Begin(Of),
    /// It ends, and this is the digest of its text and the number of its
    /// rows.
    End(String, u64),
}

/// Tells the parts of a stream apart.
pub(super) struct Divider<'s> {
    dated: Dated,
    segments: &'s StoredSegments,
    part: Option<Of>,
    hash: Sha256,
    rows: u64,
}

impl<'s> Divider<'s> {
    pub fn new(dated: Dated, segments: &'s StoredSegments) -> Divider<'s> {
        let hash = Sha256::new();
        Divider { dated, segments, part: None, hash, rows: 0 }
    }

    /// Notes in a batch where parts begin and end.
    pub fn batch(&mut self, batch: &mut Batch) {
        let mut start = 0;
        let mut turns = Vec::new();
        for (index, row) in batch.rows.iter().enumerate() {
            if let Some(of) = self.other(batch, row) {
                self.hash.update(&batch.text[start..row.line.start]);
                start = row.line.start;
                turns.extend(self.end().map(|end| (index, end)));
                turns.push((index, Turn::Begin(of.clone())));
                self.part = Some(of);
            }
            self.rows += 1;
        }
        let end = batch.rows.last().map_or(start, |row| row.line.end);
        self.hash.update(&batch.text[start..end]);
        if batch.is_last {
            turns.extend(self.end().map(|end| (batch.rows.len(), end)));
        }
        batch.turns = turns;
    }

    /// The part that a row is of, if that is not the one under way.
    fn other(&self, batch: &Batch, row: &Row) -> Option<Of> {
        let at = batch.archived_at(row);
        let is = |day: Option<Day>| {
            let part = self.part.as_ref();
            part.is_some_and(|(of, d)| of.as_deref() == at && *d == day)
        };
        let mut day = at.and_then(|_| day(&self.dated, batch, row));
        if is(day) {
            return None;
        }
        if let Some(at) = at {
            // A file with all rows of a run has one part.
            let of = self.segments.of(at, day);
            day =
                day.filter(|_| of.iter().any(|s| s.file.starts_with("warm/")));
        }
        (!is(day)).then(|| (at.map(str::to_owned), day))
    }

    /// Ends the part that is under way.
    fn end(&mut self) -> Option<Turn> {
        self.part.take()?;
        let hash = std::mem::take(&mut self.hash);
        let rows = std::mem::take(&mut self.rows);
        Some(Turn::End(hex(&hash.finalize()), rows))
    }
}

/// What a side database has of a table.
pub(super) struct Known<'s> {
    parts: Vec<ImportedPart>,
    segments: &'s StoredSegments,
    table: String,
    now: Timestamp,
}

/// A part under way.
pub(super) struct Part {
    of: Of,
    /// It may be there already; the counts before it.
    trial: Option<Imported>,
    /// What was wrong with a row of it.
    pub refused: Option<Error>,
}

impl<'s> Known<'s> {
    pub fn read(
        database: &Database,
        table: &str,
        segments: &'s StoredSegments,
        now: Timestamp,
    ) -> Result<Known<'s>> {
        database.make_imports()?;
        let parts = database.imports(table)?;
        Ok(Known { parts, segments, table: table.to_owned(), now })
    }

    /// Begins a part.
    pub fn begin(
        &self,
        database: &Database,
        of: Of,
        so_far: &Imported,
    ) -> Result<Part> {
        let name = of.1.map(|day| day.to_string());
        let may_be_there =
            self.parts.iter().any(|(at, d, _)| *at == of.0 && *d == name);
        let mut trial = None;
        if may_be_there {
            database.begin_part()?;
            trial = Some(so_far.clone());
        }
        Ok(Part { of, trial, refused: None })
    }

    /// Ends a part, the digest and number of whose lines these are: it is
    /// noted, or taken back if it was there already.
    pub fn end(
        &self,
        database: &Database,
        part: Part,
        (sha256, rows): (&str, u64),
        counts: &mut Imported,
    ) -> Result<()> {
        let is_there = part.trial.is_some()
            && self.parts.iter().any(|(_, _, known)| known == sha256);
        if part.trial.is_some() {
            database.end_part(is_there)?;
        }
        if let (true, Some(before)) = (is_there, part.trial) {
            let skipped = counts.skipped + rows;
            *counts = Imported { skipped, ..before };
            return Ok(());
        }
        if let Some(error) = part.refused {
            return Err(error);
        }
        let (archived_at, day) = &part.of;
        let of = match archived_at {
            Some(at) => self.segments.of(at, *day),
            None => Vec::new(),
        };
        let ids: Vec<&str> = of.iter().map(|s| s.id.as_str()).collect();
        let (day, now) = (day.map(|d| d.to_string()), rfc3339(self.now));
        let ids = Some(ids.join(" ")).filter(|ids| !ids.is_empty());
        let columns = [
            Some(&self.table[..]),
            archived_at.as_deref(),
            day.as_deref(),
            Some(sha256),
            of.first().map(|s| s.file.as_str()),
            ids.as_deref(),
            Some(&now),
        ];
        database.note_import(columns, rows)?;
        counts.segments += 1;
        Ok(())
    }
}

impl Part {
    /// Keeps why a row was refused until the part has ended, if it may be
    /// there already.
    pub fn refuse(&mut self, error: Error) -> Result<()> {
        match self.trial {
            Some(_) => self.refused = Some(error),
            None => return Err(error),
        }
        Ok(())
    }
}
