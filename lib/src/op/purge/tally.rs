//! What became of the lines of a segment, in the ledger's and the result's
//! words.

use crate::archive::{Counts, Open, Settled};
use crate::line_set::LineSet;
use crate::outcome::Purged;

/// What was found out about the lines of a segment.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub deleted: u64,
    pub changed: LineSet,
    pub referenced: LineSet,
    pub refused: LineSet,
    pub gone: LineSet,
    pub superseded: u64,
}

impl Tally {
    /// The lines whose rows this run did not delete and whose archived form
    /// is not needed.
    pub fn out(&self) -> LineSet {
        let mut out = self.changed.clone();
        out.union(&self.referenced);
        out.union(&self.refused);
        out.union(&self.gone);
        out
    }

    /// Lines that are to go because their rows, which are equal, stay.
    pub fn kept(&self) -> LineSet {
        let mut kept = self.referenced.clone();
        kept.union(&self.refused);
        kept
    }

    /// Of those, lines whose rows went all the same.
    pub fn keep_lines(&mut self, missing: &LineSet) {
        for lines in [&mut self.referenced, &mut self.refused] {
            *lines = lines.iter().filter(|l| !missing.contains(*l)).collect();
        }
        self.superseded += missing.len();
    }

    pub fn counts(&self) -> Counts {
        Counts {
            deleted: self.deleted,
            changed: self.changed.len(),
            referenced: self.referenced.len(),
            refused: self.refused.len(),
            gone: self.gone.len(),
            superseded: self.superseded,
        }
    }
}

/// The event that a segment is settled.
pub(super) fn settled(open: &Open, counts: Counts) -> Settled {
    Settled {
        id: open.segment.id.clone(),
        table: open.segment.table.clone(),
        file: open.segment.file.clone(),
        rows: open.segment.rows,
        counts,
    }
}

/// Adds what became of a segment to its table's result.
pub(super) fn add(result: &mut Purged, settled: &Settled) {
    let counts = &settled.counts;
    result.rows += settled.rows;
    result.records += counts.deleted;
    result.changed += counts.changed;
    result.referenced += counts.referenced;
    result.refused += counts.refused;
    result.gone += counts.gone;
    result.superseded += counts.superseded;
}
