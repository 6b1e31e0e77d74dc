//! Segments with rows that have no usable key.
//!
//! A row is found by the rowid that its line carries, as long as it has the
//! line's content; else any row of that content, each row for one line only.
//! Identical rows are interchangeable, so what counts is how many there are.
//! Each batch is named in an event of its own before its transaction, and is
//! committed whole or not at all: recovery tells by that which batches were.

use super::batches::Batches;
use super::keyed::remover;
use super::settle::{Settler, Subject, Target};
use super::tally::Tally;
use crate::crash;
use crate::db::RowAddress;
use crate::error::Result;
use crate::line_set::LineSet;

/// What is known of the segment's lines before this run deletes any.
pub(super) struct Before {
    /// Lines that an event of an earlier run names.
    pub named: LineSet,
    /// Lines of batches that an earlier run committed.
    pub known: LineSet,
    /// Rowids no longer say which row is which.
    pub renumbered: bool,
}

impl Settler<'_> {
    /// Settles one segment.
    pub(super) fn settle_keyless(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
    ) -> Result<Tally> {
        let before = self.look_back(target, subject)?;
        self.database.begin_claims()?;
        self.match_rows(target, subject, &before, &before.known)?;
        crash::point("purge.compared");
        let version = self.database.data_version()?;
        self.guard(target, subject)?;
        let mut batches = Batches {
            target,
            subject,
            tally: Tally::default(),
            waiting: Vec::new(),
            version,
            guarded: None,
            altered: false,
            before,
        };
        batches.follow(self.database)?;
        crash::point("purge.guarded");
        batches.run(self)?;
        let before = batches.before;
        let mut tally = batches.tally;
        tally.superseded += before.known.len();
        self.look_for_claimed(target, subject, &mut tally)?;
        Ok(tally)
    }

    /// Rows that were to stay may have gone with one that was deleted, by a
    /// trigger: their lines stay instead.
    fn look_for_claimed(
        &self,
        target: &Target<'_>,
        subject: &Subject,
        tally: &mut Tally,
    ) -> Result<()> {
        let kept = tally.kept();
        if !target.keep_missing || kept.is_empty() {
            return Ok(());
        }
        let Some(mut remover) = remover(self.database, target, subject)?
        else {
            return Ok(());
        };
        let mut missing = LineSet::default();
        for line in kept.iter() {
            if let Some(rowid) = self.database.claim_of(line)?
                && !remover.there(&RowAddress::Rowid(rowid))?
            {
                missing.add(line);
            }
        }
        tally.keep_lines(&missing);
        Ok(())
    }

    /// Which batches of an earlier run were committed: those of which no row
    /// is there.
    fn look_back(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
    ) -> Result<Before> {
        let schema = self.database.schema_version()?;
        let purging = &subject.open.purging;
        let mut before = Before {
            named: subject.open.named(),
            known: LineSet::default(),
            renumbered: purging
                .iter()
                .any(|p| p.schema_version != Some(schema)),
        };
        if purging.is_empty() {
            return Ok(before);
        }
        self.database.begin_claims()?;
        let none = LineSet::default();
        if before.renumbered {
            self.match_rows(target, subject, &before, &none)?;
        } else {
            self.match_single(target, subject, &none, true, &mut |_, _| {
                Ok(())
            })?;
        }
        for event in purging {
            let mut there = false;
            for line in event.lines.iter() {
                there |= self.database.claim_of(line)?.is_some();
            }
            if !there {
                before.known.union(&event.lines);
            }
        }
        Ok(before)
    }

    /// Makes the claimed rows the set that the foreign keys are about.
    fn guard(&mut self, target: &Target<'_>, subject: &Subject) -> Result<()> {
        if target.references.is_empty() {
            return Ok(());
        }
        self.database.delete_set(target.table).begin()?;
        for line in 0..subject.open.segment.rows {
            if let Some(rowid) = self.database.claim_of(line)? {
                let place = RowAddress::Rowid(rowid);
                self.database.delete_set(target.table).add(&place, 0, line)?;
            }
        }
        Ok(())
    }
}
