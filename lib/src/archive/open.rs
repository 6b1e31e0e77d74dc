//! A segment between its intent and its end, by the ledger.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::{Purging, Retract, Segment};
use crate::line_set::LineSet;

/// A segment that is not settled.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Open {
    /// What its intent says.
    pub segment: Arc<Segment>,
    /// Whether `published` followed.
    pub published: bool,
    /// Deletions that were begun.
    pub purging: Vec<Purging>,
    /// The last retraction that was begun.
    pub retract: Option<Retract>,
    /// Where the line of its intent begins in the ledger, in bytes.
    pub at_bytes: u64,
}

/// What of a segment stays in its file when it is settled.
#[derive(Clone, Copy, Debug)]
pub struct Remaining {
    /// Its lines.
    pub rows: u64,
    /// Its bytes in the file.
    pub size_bytes: u64,
    /// The bytes of its lines, uncompressed.
    pub text_size_bytes: u64,
}

impl Open {
    /// What of it stays by its last retraction. A file outside of the tree is
    /// never rewritten: all of it stays.
    pub fn remaining(&self) -> Remaining {
        let (segment, retract) = (&self.segment, self.retract.as_ref());
        match retract.filter(|_| !segment.adopted) {
            Some(left) => Remaining {
                rows: left.rows,
                size_bytes: left.size_bytes,
                text_size_bytes: left.text_size_bytes,
            },
            None => Remaining {
                rows: segment.rows,
                size_bytes: segment.size_bytes,
                text_size_bytes: segment.text_size_bytes,
            },
        }
    }

    /// The lines whose deletion was begun.
    pub fn named(&self) -> LineSet {
        let mut lines = LineSet::default();
        for event in &self.purging {
            lines.union(&event.lines);
        }
        lines
    }
}
