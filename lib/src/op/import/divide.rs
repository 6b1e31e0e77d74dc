//! A stream told apart into the parts that came of one segment each.

use sha2::{Digest, Sha256};

use super::batch::{Batch, Of, Row, Turn};
use crate::archive::StoredSegments;
use crate::io::digest::hex;
use crate::time::{self, Day, Unit};

/// What dates a row: the column, and what its values mean.
pub(super) type Dated = Option<(usize, Option<Unit>)>;

/// The day of a row, where it can be told.
pub(super) fn day(dated: &Dated, batch: &Batch, row: &Row) -> Option<Day> {
    let (column, unit) = dated.as_ref()?;
    let value = batch.value_of(row, *column)?;
    time::instant(value, unit.as_ref()).map(Day::of)
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
