//! The two events of a settlement that rest on the database: deletion was
//! begun, and it is over.
//!
//! Invariants. Both take a [`Flushed`] by value: the database's journal and
//! its folder were flushed right before, whoever committed. A row can only be
//! deleted by whoever holds a [`Begun`], and only a durable `purging` gives
//! one.

use super::event::{Counts, Event, Purging, Segment, Settled};
use super::owner::Archive;
use super::segment::VerifiedSegment;
use crate::crash;
use crate::db::Flushed;
use crate::error::Result;
use crate::line_set::LineSet;
use crate::outcome::Purged;

/// The ledger says, durably, that the deletion of these rows was begun.
#[derive(Debug)]
pub struct Begun(());

impl Archive {
    /// Notes that the rows of segments with keys are about to go; of those
    /// of which that was noted before, nothing is written.
    pub fn begin_deletion<'s>(
        &mut self,
        segments: impl IntoIterator<Item = &'s VerifiedSegment>,
        _flushed: Flushed,
    ) -> Result<Begun> {
        let mut events = Vec::new();
        for segment in segments {
            let id = segment.id();
            let open = self.state().open(id);
            if open.is_some_and(|open| open.purging.is_empty()) {
                events.push(Event::Purging(Purging {
                    id: id.to_owned(),
                    lines: LineSet::default(),
                    schema_version: None,
                }));
            }
        }
        self.append(&events)?;
        crash::point("purge.purging");
        Ok(Begun(()))
    }

    /// Notes that exactly these lines' rows, which have no usable key, are
    /// about to go in one transaction; their rowids hold as long as
    /// `schema_version` does.
    pub fn begin_batch(
        &mut self,
        segment: &VerifiedSegment,
        lines: LineSet,
        schema_version: i64,
        _flushed: Flushed,
    ) -> Result<Begun> {
        self.append(&[Event::Purging(Purging {
            id: segment.id().to_owned(),
            lines,
            schema_version: Some(schema_version),
        })])?;
        crash::point("purge.purging");
        Ok(Begun(()))
    }

    /// Notes that segments are settled.
    pub fn record_settled(
        &mut self,
        done: Vec<Settled>,
        _flushed: Flushed,
    ) -> Result<()> {
        crash::point("purge.before_purge");
        let events: Vec<Event> = done.into_iter().map(Event::Purge).collect();
        self.append(&events)?;
        crash::point("purge.settled");
        Ok(())
    }
}

impl Settled {
    /// The event that a segment is settled.
    pub fn of(segment: &Segment, counts: Counts) -> Settled {
        Settled {
            id: segment.id.clone(),
            table: segment.table.clone(),
            file: segment.file.clone(),
            rows: segment.rows,
            counts,
        }
    }

    /// Adds what became of the segment to its table's result.
    pub fn add_to(&self, result: &mut Purged) {
        let counts = &self.counts;
        result.rows += self.rows;
        result.records += counts.deleted + counts.repeated;
        result.repeated += counts.repeated;
        result.changed += counts.changed;
        result.referenced += counts.referenced;
        result.refused += counts.refused;
        result.gone += counts.gone;
        result.superseded += counts.superseded;
    }
}
