//! All rows of a table in one short transaction, where all of them go.
//!
//! SQLite can give up the pages of a table without looking at its rows, which
//! takes a fraction of what deleting them one by one does. That is exactly the
//! deletion of what was proven only if every row of the table was proven and
//! nobody has committed anything since before the first one was compared; and
//! it tells no trigger, and no table that points here, about the rows.

use std::time::Instant;

use super::delete::Deletion;
use super::pace::end;
use super::settle::{Settler, Subject, Target};
use crate::error::Result;

impl Deletion<'_, '_, '_> {
    /// Deletes all rows of the table; false when that cannot be done, and
    /// nothing was.
    pub(super) fn all_at_once(&mut self) -> Result<bool> {
        let Some(proven) = self.all_proven()? else { return Ok(false) };
        let database = self.settler.database;
        let lock = database.begin_write()?;
        let begun = Instant::now();
        let now = database.data_version()?;
        self.settler.pace.look(now);
        if now != self.version
            || database.schema_version()? != self.settler.schema_version
            || database.delete_all(self.target.table)? != proven
        {
            lock.roll_back()?;
            return Ok(false);
        }
        let held = end(lock, begun, self.group)?;
        for proof in &mut self.proofs {
            proof.tally.deleted += proof.equal.len();
        }
        self.settler.pause(proven, held)?;
        Ok(true)
    }

    /// How many rows were proven, if they seem to be all that the table has
    /// and may go at once.
    fn all_proven(&mut self) -> Result<Option<u64>> {
        let proven = self.proofs.iter().map(|p| p.equal.len()).sum();
        if self.proofs.iter().any(|p| p.recovering) {
            return Ok(None);
        }
        let (target, group) = (self.target, self.group);
        let all = self.settler.may_go_at_once(target, group, proven)?;
        Ok(all.then_some(proven))
    }
}

impl Settler<'_> {
    /// Whether so many rows, proven by these segments, are all that the table
    /// has and may go at once. Reads the table's b-tree once, if nothing else
    /// speaks against it.
    pub(super) fn may_go_at_once(
        &self,
        target: &Target<'_>,
        group: &[Subject],
        rows: u64,
    ) -> Result<bool> {
        let (database, table) = (self.database, target.table);
        if rows == 0
            || rows > self.pace.most_rows() as u64
            || !target.references.is_empty()
            || !database.delete_triggers(table)?.is_empty()
        {
            return Ok(false);
        }
        // Of one store, no row has lines in two segments: it has one day.
        let store = |s: &Subject| s.open.segment.archived_at.clone();
        if group.windows(2).any(|two| store(&two[0]) != store(&two[1])) {
            return Ok(false);
        }
        let fits = database
            .pages_to_free()?
            .is_some_and(|pages| self.pace.allows_at_once(pages));
        Ok(fits && database.count(table)? == rows)
    }
}
