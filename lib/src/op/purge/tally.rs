//! What became of the lines of a segment.
//!
//! Invariants. Each line has one verdict. A line leaves the archive only by
//! [`Tally::out`]: its row stays, or is an application's to remove, or the
//! same record stands elsewhere. What is in doubt stays (`superseded`).

use crate::archive::Counts;
use crate::line_set::LineSet;

/// What was found of a line's row, and what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It was equal, and is deleted.
    Deleted,
    /// It is not what the line says.
    Differs,
    /// It is not there.
    Missing,
    /// A row that stays points at it.
    Referenced,
    /// A trigger kept it.
    Refused,
    /// It is the row of another line too.
    Copy,
}

/// The verdicts on a segment's lines.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Another run stored the segment, or began to delete its rows: what it
    /// deleted, and what was put back since, is not known.
    pub recovering: bool,
    /// A row that is missing may have gone with another one, by a trigger.
    pub missing_keeps_line: bool,
    pub deleted: u64,
    pub changed: LineSet,
    pub referenced: LineSet,
    pub refused: LineSet,
    pub gone: LineSet,
    pub superseded: LineSet,
    /// Lines whose rows were deleted, and whose record stood in the archives
    /// before.
    pub repeated: LineSet,
    /// Lines whose rows were found equal.
    pub found: LineSet,
}

impl Tally {
    /// Notes the verdict on a line.
    pub fn note(&mut self, line: u64, verdict: Verdict) {
        let lines = match verdict {
            Verdict::Deleted => {
                self.deleted += 1;
                return;
            }
            Verdict::Differs if self.recovering => &mut self.superseded,
            Verdict::Missing if self.recovering || self.missing_keeps_line => {
                &mut self.superseded
            }
            Verdict::Differs => &mut self.changed,
            Verdict::Missing | Verdict::Copy => &mut self.gone,
            Verdict::Referenced => &mut self.referenced,
            Verdict::Refused => &mut self.refused,
        };
        lines.add(line);
    }

    /// The lines that are taken out of the archive.
    pub fn out(&self) -> LineSet {
        let mut out = self.changed.clone();
        out.union(&self.referenced);
        out.union(&self.refused);
        out.union(&self.gone);
        out.union(&self.repeated);
        out
    }

    /// The lines whose rows were deleted, of so many.
    pub fn deleted_lines(&self, rows: u64) -> LineSet {
        let mut lines: LineSet = (0..rows).collect();
        lines.subtract(&self.out());
        lines.subtract(&self.superseded);
        lines
    }

    /// The lines that are taken out because their rows, which are equal, stay.
    pub fn kept(&self) -> LineSet {
        let mut kept = self.referenced.clone();
        kept.union(&self.refused);
        kept
    }

    /// Lines whose rows were to stay, and went all the same: they stay.
    pub fn keep_lines(&mut self, missing: &LineSet) {
        for lines in [&mut self.referenced, &mut self.refused] {
            lines.subtract(missing);
        }
        self.superseded.union(missing);
    }

    /// Lines in doubt whose record stands elsewhere: they go.
    pub fn drop_copies(&mut self, copies: &LineSet) {
        self.superseded.subtract(copies);
        self.gone.union(copies);
    }

    pub fn counts(&self) -> Counts {
        Counts {
            deleted: self.deleted.saturating_sub(self.repeated.len()),
            changed: self.changed.len(),
            referenced: self.referenced.len(),
            refused: self.refused.len(),
            gone: self.gone.len(),
            repeated: self.repeated.len(),
            superseded: self.superseded.len(),
        }
    }
}
