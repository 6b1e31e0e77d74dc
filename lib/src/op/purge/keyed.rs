//! Segments whose rows have a usable key: compared whole, named in one
//! `purging` event, then deleted in batches.

use super::compare::Proof;
use super::delete::{Deletion, Guarded};
use super::proof::{columns_now, form};
use super::settle::{Settler, Subject, Target};
use super::tally::Tally;
use crate::db::{Database, Remover};
use crate::error::Result;
use crate::fail;
use crate::ledger::{Event, Purging};
use crate::runs::Runs;
use crate::tree::records;

impl Settler<'_> {
    /// Compares all segments, then deletes the rows of all; gives what became
    /// of each one's lines.
    pub(super) fn settle_keyed(
        &mut self,
        target: &Target<'_>,
        group: &[Subject],
    ) -> Result<Vec<Tally>> {
        let guarded = !target.references.is_empty();
        let version = self.database.data_version()?;
        self.pace.look(version);
        if guarded {
            self.database.begin_doomed(target.table)?;
        }
        let (proofs, spools) = self.prove_all(target, group)?;
        fail::point("purge.compared");
        let mut set = Guarded {
            version: Some(self.database.data_version()?),
            referenced: vec![Runs::default(); group.len()],
        };
        if guarded {
            set.follow(self.database, target)?;
        }
        fail::point("purge.guarded");
        self.name_lines(group, &proofs, &set)?;
        let mut deletion =
            Deletion { settler: self, target, group, version, set, proofs };
        deletion.run(spools)?;
        let referenced = std::mem::take(&mut deletion.set.referenced);
        let proofs = deletion.proofs.into_iter().zip(referenced);
        let mut tallies = Vec::new();
        for ((proof, referenced), subject) in proofs.zip(group) {
            let mut tally = Tally { referenced, ..proof.tally };
            self.look_for_kept(target, subject, &mut tally)?;
            tallies.push(tally);
        }
        Ok(tallies)
    }

    /// Rows that were to stay may have gone with one that was deleted, by a
    /// trigger: their lines stay instead.
    fn look_for_kept(
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
        let (mut line, mut row) = (0, Vec::new());
        let mut missing = Runs::default();
        subject.text()?.read(&mut |piece| {
            for record in records(piece) {
                if kept.contains(line) {
                    let key = subject.lines.key(record)?;
                    if remover.by_key(&key, &mut row)?.is_none() {
                        missing.add(line);
                    }
                }
                line += 1;
            }
            Ok(())
        })?;
        tally.keep_lines(&missing);
        Ok(())
    }

    /// Names the lines whose rows are about to go, unless that was done.
    fn name_lines(
        &mut self,
        group: &[Subject],
        proofs: &[Proof],
        set: &Guarded,
    ) -> Result<()> {
        let mut events = Vec::new();
        for (index, proof) in proofs.iter().enumerate() {
            let referenced = &set.referenced[index];
            let lines = match referenced.is_empty() {
                true => proof.equal.clone(),
                false => proof
                    .equal
                    .iter()
                    .filter(|line| !referenced.contains(*line))
                    .collect(),
            };
            if !lines.is_empty() && !proof.recovering {
                events.push(Event::Purging(Purging {
                    id: group[index].open.segment.id.clone(),
                    lines,
                    schema_version: None,
                }));
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        self.work.ledger_mut().append(&events)?;
        fail::point("purge.purging");
        Ok(())
    }
}

/// Reads rows as a segment's records have them; none when columns are gone,
/// and no row can be equal.
pub(super) fn remover<'d>(
    database: &'d Database,
    target: &Target<'_>,
    subject: &Subject,
) -> Result<Option<Remover<'d>>> {
    match columns_now(&subject.open.segment, target.table) {
        Some((columns, extras)) => {
            let segment = &subject.open.segment;
            let form = form(segment, target.table, &columns)?;
            database.remover(target.table, form, &extras).map(Some)
        }
        None => Ok(None),
    }
}
