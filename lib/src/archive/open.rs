//! A segment between its intent and its end, by the ledger.

use serde::{Deserialize, Serialize};

use super::event::{Purging, Retract, Segment};
use crate::line_set::LineSet;

/// A segment that is not settled.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Open {
    /// What its intent says.
    pub segment: Segment,
    /// Whether `published` followed.
    pub published: bool,
    /// Deletions that were begun.
    pub purging: Vec<Purging>,
    /// The last retraction that was begun.
    pub retract: Option<Retract>,
    /// Where the line of its intent begins in the ledger, in bytes.
    pub at_bytes: u64,
}

impl Open {
    /// The lines whose deletion was begun.
    pub fn named(&self) -> LineSet {
        let mut lines = LineSet::default();
        for event in &self.purging {
            lines.union(&event.lines);
        }
        lines
    }
}
