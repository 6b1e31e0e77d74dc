//! The rows that go together, as far as the foreign keys that point at the
//! table are concerned.
//!
//! Invariant. A row is deleted only while it is in the set, which is kept in a
//! temporary table: all lines' rows that were found equal, less those at which
//! a row outside the set points, until none is left to strike. It is made in
//! one pass over the lines, before the first row goes.

use super::tally::{Tally, Verdict};
use super::target::Target;
use crate::db::{Database, RowAddress, SetRow};
use crate::error::Result;
use crate::proof::ProvenRow;

/// The set.
pub(super) struct PointsAt {
    /// `data_version` before the foreign keys were followed; none when they
    /// have to be followed again whatever it is.
    pub version: Option<i64>,
}

impl PointsAt {
    /// An empty set.
    pub fn begin(
        database: &Database,
        target: &Target<'_>,
    ) -> Result<PointsAt> {
        database.delete_set(target.table).begin()?;
        Ok(PointsAt { version: None })
    }

    /// Adds a line's row; false where it is another line's already.
    pub fn add(
        &mut self,
        database: &Database,
        target: &Target<'_>,
        row: ProvenRow,
    ) -> Result<bool> {
        database.delete_set(target.table).add(&SetRow {
            address: row.address,
            segment: row.segment as u32,
            line: row.line,
            digest: row.digest,
        })
    }

    /// Up to `most` rows that are in the set and were not given before.
    pub fn take(
        database: &Database,
        target: &Target<'_>,
        most: usize,
    ) -> Result<Vec<ProvenRow>> {
        let rows = database
            .delete_set(target.table)
            .take(most, target.references.own())?;
        let proven = |row: SetRow| ProvenRow {
            segment: row.segment as usize,
            line: row.line,
            digest: row.digest,
            order: 0,
            address: row.address,
        };
        Ok(rows.into_iter().map(proven).collect())
    }

    /// Follows the foreign keys, outside any write transaction: rows at which
    /// a row that stays points leave the set.
    pub fn follow(
        &mut self,
        database: &Database,
        target: &Target<'_>,
        tallies: &mut [Tally],
    ) -> Result<()> {
        self.version = Some(database.data_version()?);
        let set = database.delete_set(target.table);
        set.referenced(&target.references, &mut |segment, line| {
            if let Some(tally) = tallies.get_mut(segment as usize) {
                tally.note(line, Verdict::Referenced);
            }
        })
    }

    /// A row that stays leaves the set, and keeps those at which it points.
    pub fn stays(
        &mut self,
        database: &Database,
        target: &Target<'_>,
        address: &RowAddress,
    ) -> Result<()> {
        if target.references.own() {
            self.version = None;
        }
        self.leaves(database, target, address)
    }

    /// A row leaves the set: it is gone, or stays.
    pub fn leaves(
        &mut self,
        database: &Database,
        target: &Target<'_>,
        address: &RowAddress,
    ) -> Result<()> {
        database.delete_set(target.table).remove(address)
    }
}
