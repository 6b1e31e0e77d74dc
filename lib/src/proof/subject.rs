//! What is compared with what.

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
}
