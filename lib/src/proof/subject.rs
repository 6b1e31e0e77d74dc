//! What is compared with what.

use std::collections::BTreeSet;

use super::line::LineShape;
use crate::archive::VerifiedSegment;
use crate::db::{Database, Table};
use crate::error::Result;
use crate::signal::Limit;

/// What lines are compared with, and until when.
#[derive(Clone, Copy)]
pub struct Source<'s> {
    /// Where the rows are.
    pub database: &'s Database,
    /// When the comparison has to end.
    pub limit: Limit<'s>,
}

/// A segment whose lines are compared with rows of a table.
pub struct Subject {
    /// The segment.
    pub segment: VerifiedSegment,
    /// What its lines look like.
    pub shape: LineShape,
}

impl Subject {
    /// A segment of a table's rows.
    pub fn new(segment: VerifiedSegment, table: &Table) -> Result<Subject> {
        let shape = LineShape::new(segment.segment(), table)?;
        Ok(Subject { segment, shape })
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.segment.segment().rows
    }

    /// How many rows all of them have.
    pub fn rows_of(subjects: &[Subject]) -> u64 {
        subjects.iter().map(Subject::rows).sum()
    }

    /// Whether no row can have a line in two of the segments. Two segments of
    /// one run never hold the same row (a row has one day, and a day one file);
    /// of two runs they can, and the count would be too high.
    pub fn are_of_one_store(subjects: &[Subject]) -> bool {
        let store = |s: &Subject| s.segment.segment().archived_at.clone();
        let mut days = BTreeSet::new();
        subjects.windows(2).all(|two| store(&two[0]) == store(&two[1]))
            && subjects.iter().all(|s| days.insert(s.segment.path().folder()))
    }
}
