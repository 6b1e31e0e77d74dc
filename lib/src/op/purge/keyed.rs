//! Segments whose rows have a usable key: compared whole, named in one
//! `purging` event, then deleted in batches.

use super::delete::{Deletion, Guarded};
use super::proof::{columns_now, digest, form};
use super::settle::{Settler, Subject, Tally, Target};
use super::spool::{Proven, Spool};
use crate::db::{Database, Place, Remover};
use crate::error::{Error, Result};
use crate::fail;
use crate::ledger::{Event, Purging};
use crate::runs::Runs;
use crate::tree::records;

/// What the comparison of one segment found.
pub(super) struct Proof {
    pub tally: Tally,
    /// Lines whose rows are to go.
    equal: Runs,
    /// A run that crashed had begun to delete rows of this segment.
    pub recovering: bool,
    /// How the spool knows this segment's rows.
    pub tag: u32,
}

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
        let mut spool = Spool::new(self.work.tree().root());
        let mut proofs = Vec::new();
        for (index, subject) in group.iter().enumerate() {
            proofs.push(self.prove(target, subject, index, &mut spool)?);
        }
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
        deletion.run(spool)?;
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

    /// Compares each line of a segment with its row.
    fn prove(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
        index: usize,
        spool: &mut Spool,
    ) -> Result<Proof> {
        // Lines in the order of the rowids cannot name a row twice. Others
        // are looked up in a set, which is only made when it is needed.
        let free = target.references.is_empty();
        if free
            && !target.table.without_rowid
            && let Some(proof) =
                self.compare(target, subject, index, false, spool)?
        {
            return Ok(proof);
        }
        if free {
            self.database.begin_doomed(target.table)?;
        }
        self.compare(target, subject, index, true, spool)?.ok_or_else(|| {
            Error::failed("rows in no order were not looked up in a set")
        })
    }

    /// `None` when lines were out of order and there was no set; what then
    /// went to the spool is marked as an attempt that failed.
    fn compare(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
        index: usize,
        with_set: bool,
        spool: &mut Spool,
    ) -> Result<Option<Proof>> {
        let tag = (index as u32) << 1 | u32::from(with_set);
        let named = subject.open.named();
        let recovering = !subject.open.purging.is_empty();
        let mut proof = Proof {
            tally: Tally::default(),
            equal: Runs::default(),
            recovering,
            tag,
        };
        let database = self.database;
        let mut remover = remover(database, target, subject)?;
        let (mut line, mut last, mut row) = (0, None, Vec::new());
        let (mut in_order, mut proven) = (true, Vec::new());
        subject.text()?.read(&mut |piece| {
            self.check_time()?;
            let reading = database.begin_read()?;
            for record in records(piece) {
                let number = line;
                line += 1;
                // Its row had changed, or was gone, when its segment was
                // compared: it was never to be deleted on this line.
                let unnamed = recovering && !named.contains(number);
                if unnamed && !target.keep_missing {
                    proof.tally.changed.add(number);
                    continue;
                }
                let parsed = subject.lines.parse(record);
                let found = match &mut remover {
                    Some(remover) => {
                        let key = subject.lines.key(record)?;
                        remover.by_key(&key, &mut row)?
                    }
                    None => None,
                };
                if unnamed {
                    // A trigger of a row that was deleted may have taken it.
                    match found {
                        Some(_) => proof.tally.changed.add(number),
                        None => proof.tally.superseded += 1,
                    }
                    continue;
                }
                let equal = found
                    .as_ref()
                    .is_some_and(|f| f.comparable && parsed.is(&row));
                let Some(found) = found.filter(|_| equal) else {
                    let missing = remover.is_some() && row.is_empty();
                    proof.note(number, missing, target.keep_missing);
                    continue;
                };
                let unique = match (&found.place, with_set) {
                    (place, true) => database.add_doomed(
                        target.table,
                        place,
                        index as u32,
                        number,
                    )?,
                    (Place::Rowid(rowid), false) => {
                        in_order &= last.is_none_or(|l| l < *rowid);
                        last = Some(*rowid);
                        true
                    }
                    (Place::Key(_), false) => false,
                };
                if !unique {
                    // A second copy of a row that goes.
                    proof.tally.gone.add(number);
                    continue;
                }
                proof.equal.add(number);
                proven.push(Proven {
                    segment: tag,
                    line: number,
                    digest: digest(&row),
                    place: found.place,
                });
            }
            // The spool may write to a file, which no transaction waits for.
            drop(reading);
            for row in proven.drain(..) {
                spool.add(&row)?;
            }
            Ok(())
        })?;
        Ok((in_order || with_set).then_some(proof))
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

impl Proof {
    /// A line whose row is not there, or differs.
    fn note(&mut self, line: u64, missing: bool, keep_missing: bool) {
        if self.recovering || (missing && keep_missing) {
            self.tally.superseded += 1;
        } else if missing {
            self.tally.gone.add(line);
        } else {
            self.tally.changed.add(line);
        }
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
