//! Segments whose rows have a usable key: compared whole, named in one
//! `purging` event, then deleted in batches.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::proof::{columns_now, digest};
use super::settle::{Settler, Subject, Tally, Target};
use super::spool::{Proven, Spool};
use crate::db::{Database, Deleted, Place, Remover};
use crate::error::{Error, Result};
use crate::fail;
use crate::fsx::FileId;
use crate::ledger::{Event, Purging};
use crate::runs::Runs;
use crate::tree::not_as_said;

/// What the comparison of one segment found.
struct Proof {
    tally: Tally,
    /// Lines whose rows are to go.
    equal: Runs,
    /// A run that crashed had begun to delete rows of this segment.
    recovering: bool,
}

/// How often the foreign keys of a child without index are read again outside
/// the write lock before they are read inside it.
const ATTEMPTS: u32 = 5;

/// Called when a segment's rows are gone.
type OnSettled<'f> =
    &'f mut dyn FnMut(&mut Settler<'_>, &Subject, &Tally) -> Result<()>;

impl Settler<'_> {
    /// Settles segments together: all are compared before the first row goes,
    /// for the foreign keys are about all of them.
    pub(super) fn settle_keyed(
        &mut self,
        target: &Target<'_>,
        group: &[Subject],
        settled: OnSettled<'_>,
    ) -> Result<()> {
        let guarded = !target.references.is_empty();
        let version = self.database.data_version()?;
        let mut proofs = Vec::new();
        let mut spools = Vec::new();
        if guarded {
            self.database.begin_doomed(target.table)?;
        }
        for (index, subject) in group.iter().enumerate() {
            let (proof, spool) = self.prove(target, subject, index as u32)?;
            proofs.push(proof);
            spools.push(spool);
        }
        fail::point("purge.compared");
        let mut set = Guarded {
            version: Some(self.database.data_version()?),
            referenced: vec![Runs::default(); group.len()],
        };
        if guarded {
            set.follow(self.database, target)?;
        }
        // Newest first where rows point at rows of the same table: who points
        // goes before the one pointed at.
        let mut order: Vec<_> =
            proofs.into_iter().zip(spools).zip(group).enumerate().collect();
        if target.references.own() {
            order.reverse();
        }
        for (index, ((proof, spool), subject)) in order {
            self.name_lines(subject, &proof, &set.referenced[index])?;
            let mut deletion = Deletion {
                settler: self,
                target,
                subject,
                version,
                index,
                set: &mut set,
                tally: proof.tally,
                recovering: proof.recovering,
            };
            deletion.run(spool)?;
            let mut tally = deletion.tally;
            tally.referenced = std::mem::take(&mut set.referenced[index]);
            settled(self, subject, &tally)?;
        }
        Ok(())
    }

    /// Compares each line of a segment with its row.
    fn prove(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
        index: u32,
    ) -> Result<(Proof, Spool)> {
        // Lines in the order of the rowids cannot name a row twice. Others
        // are looked up in a set, which is only made when it is needed.
        let ordered = !target.table.without_rowid;
        if ordered
            && target.references.is_empty()
            && let Some(done) = self.compare(target, subject, index, false)?
        {
            return Ok(done);
        }
        if target.references.is_empty() {
            self.database.begin_doomed(target.table)?;
        }
        self.compare(target, subject, index, true)?.ok_or_else(|| {
            Error::failed("rows in no order were not looked up in a set")
        })
    }

    /// `None` when lines were out of order and there was no set.
    fn compare(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
        index: u32,
        with_set: bool,
    ) -> Result<Option<(Proof, Spool)>> {
        let named = subject.open.named();
        let recovering = !subject.open.purging.is_empty();
        let mut proof = Proof {
            tally: Tally::default(),
            equal: Runs::default(),
            recovering,
        };
        let mut spool = Spool::new(self.work.tree().root());
        let database = self.database;
        let mut remover = remover(database, target, subject)?;
        let (mut line, mut last, mut row) = (0, None, Vec::new());
        let mut in_order = true;
        subject.text.read(&mut |piece| {
            self.check_time()?;
            let reading = database.begin_read()?;
            for record in records(piece) {
                let number = line;
                line += 1;
                if recovering && !named.contains(number) {
                    // Its row had changed, or was gone, when its segment was
                    // compared: it was never to be deleted on this line.
                    proof.tally.changed.add(number);
                    continue;
                }
                let parsed = subject.lines.parse(record);
                let key = subject.lines.key(record)?;
                let found = match &mut remover {
                    Some(remover) => remover.by_key(&key, &mut row)?,
                    None => None,
                };
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
                        index,
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
                spool.add(&Proven {
                    segment: index,
                    line: number,
                    digest: digest(&row),
                    place: found.place,
                })?;
            }
            drop(reading);
            Ok(())
        })?;
        Ok((in_order || with_set).then_some((proof, spool)))
    }

    /// Names the lines whose rows are about to go, unless that was done.
    fn name_lines(
        &mut self,
        subject: &Subject,
        proof: &Proof,
        referenced: &Runs,
    ) -> Result<()> {
        let lines: Runs = proof
            .equal
            .iter()
            .filter(|line| !referenced.contains(*line))
            .collect();
        if lines.is_empty() || proof.recovering {
            return Ok(());
        }
        self.work.ledger_mut().append(&[Event::Purging(Purging {
            id: subject.open.segment.id.clone(),
            lines,
            schema_version: None,
        })])?;
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

/// The rows that go together, as far as the foreign keys are concerned.
struct Guarded {
    /// `data_version` before the foreign keys were followed; none when they
    /// have to be followed again whatever it is.
    version: Option<i64>,
    /// By segment, the lines whose rows stay because a row that stays points
    /// at them.
    referenced: Vec<Runs>,
}

impl Guarded {
    /// Follows the foreign keys, outside any write transaction.
    fn follow(
        &mut self,
        database: &Database,
        target: &Target<'_>,
    ) -> Result<()> {
        self.version = Some(database.data_version()?);
        let referenced = &mut self.referenced;
        database.struck(
            target.table,
            &target.references,
            &mut |segment, line| {
                if let Some(lines) = referenced.get_mut(segment as usize) {
                    lines.add(line);
                }
            },
        )
    }
}

/// Reads rows as the segment's records have them; none when columns are gone,
/// and no row can be equal.
pub(super) fn remover<'d>(
    database: &'d Database,
    target: &Target<'_>,
    subject: &Subject,
) -> Result<Option<Remover<'d>>> {
    match columns_now(&subject.open.segment, target.table) {
        Some((columns, extras)) => {
            database.remover(target.table, &columns, &extras).map(Some)
        }
        None => Ok(None),
    }
}

/// The records of a piece: its lines without newline; of a JSON array the
/// rows.
pub(super) fn records(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    piece.split(|b| *b == b'\n').filter(|line| !line.is_empty()).filter_map(
        |line| match line {
            b"[" | b"]" => None,
            _ => Some(line.strip_suffix(b",").unwrap_or(line)),
        },
    )
}

/// The deletion of one segment's rows.
struct Deletion<'d, 's, 't> {
    settler: &'d mut Settler<'s>,
    target: &'d Target<'t>,
    subject: &'d Subject,
    /// `data_version` before the first row was compared.
    version: i64,
    /// Which segment of the group this is.
    index: usize,
    set: &'d mut Guarded,
    tally: Tally,
    recovering: bool,
}

/// How a batch ended.
enum Ended {
    /// So many rows of it are through.
    After(usize),
    /// A trigger kept the row at this place; nothing was done.
    Kept(usize),
    /// The foreign keys have to be followed again; nothing was done.
    Stale,
}

/// What became of a row, before it is known that the batch was committed.
enum Fate {
    Deleted,
    Changed,
    Missing,
    Referenced,
}

impl Deletion<'_, '_, '_> {
    fn run(&mut self, spool: Spool) -> Result<()> {
        let mut rows = spool.into_rows(self.target.references.own())?;
        let found = remover(self.settler.database, self.target, self.subject)?;
        let Some(mut remover) = found else { return Ok(()) };
        let mut queue: VecDeque<Proven> = VecDeque::new();
        let (mut most, mut attempts) = (usize::MAX, 0);
        loop {
            self.settler.check_time()?;
            let hold = self.settler.pace.hold();
            let wanted = self
                .settler
                .pace
                .rows(hold)
                .saturating_mul(2)
                .clamp(1, self.settler.pace.most_rows());
            while queue.len() < wanted {
                match rows.next()? {
                    Some(row) if self.stays_put(&row) => {}
                    Some(row) => queue.push_back(row),
                    None => break,
                }
            }
            if queue.is_empty() {
                return Ok(());
            }
            let length = queue.len().min(most).min(wanted);
            let batch = &queue.make_contiguous()[..length];
            match self.batch(&mut remover, batch, hold, attempts)? {
                Ended::After(done) => {
                    queue.drain(..done);
                    (most, attempts) = (usize::MAX, 0);
                }
                Ended::Kept(0) => {
                    if let Some(row) = queue.pop_front() {
                        self.kept(&mut remover, &row)?;
                    }
                    most = usize::MAX;
                }
                // Those before it go first.
                Ended::Kept(place) => most = place,
                Ended::Stale => {
                    attempts += 1;
                    self.set.follow(self.settler.database, self.target)?;
                    queue.retain(|row| !self.stays_put(row));
                }
            }
        }
    }

    /// One transaction. No I/O of ours happens between BEGIN and COMMIT but
    /// a look at the archive file's identity.
    fn batch(
        &mut self,
        remover: &mut Remover<'_>,
        batch: &[Proven],
        hold: Duration,
        attempts: u32,
    ) -> Result<Ended> {
        let database = self.settler.database;
        let lock = database.begin_write()?;
        let begun = Instant::now();
        let now = database.data_version()?;
        let moved = now != self.version;
        self.settler.pace.look(now);
        let mut struck = Vec::new();
        if !self.target.references.is_empty() && self.set.version != Some(now)
        {
            if self.target.references.needs_scan() && attempts < ATTEMPTS {
                lock.roll_back()?;
                return Ok(Ended::Stale);
            }
            let places: Vec<&Place> = batch.iter().map(|r| &r.place).collect();
            struck = database.struck_now(
                self.target.table,
                &self.target.references,
                &places,
            )?;
        }
        let (mut fates, mut row) =
            (Vec::with_capacity(batch.len()), Vec::new());
        for (place, proven) in batch.iter().enumerate() {
            let fate = if struck.contains(&place) {
                Fate::Referenced
            } else if moved {
                match remover.at(&proven.place, &mut row)? {
                    None => Fate::Missing,
                    Some(found)
                        if !found.comparable
                            || digest(&row) != proven.digest =>
                    {
                        Fate::Changed
                    }
                    Some(_) => Fate::Deleted,
                }
            } else {
                Fate::Deleted
            };
            if matches!(fate, Fate::Deleted)
                && remover.delete(&proven.place)? == Deleted::NotAll
            {
                lock.roll_back()?;
                return Ok(Ended::Kept(place));
            }
            fates.push(fate);
            if self.settler.pace.enough(begun, hold) {
                break;
            }
        }
        let (subject, deleting) = (self.subject, begun.elapsed());
        match FileId::at(&subject.path) {
            Ok(id) if id == subject.text.id() => {}
            _ => {
                lock.roll_back()?;
                return Err(not_as_said(
                    &subject.path,
                    "changed while its rows were being deleted",
                ));
            }
        }
        fail::point("purge.deleted");
        lock.commit()?;
        fail::point("purge.committed");
        let committing = begun.elapsed().saturating_sub(deleting);
        let done = fates.len();
        for (proven, fate) in batch.iter().zip(fates) {
            self.note(proven, &fate)?;
        }
        self.settler.pace.pause(done as u64, deleting, committing);
        Ok(Ended::After(done))
    }

    /// A row whose deletion a trigger prevented, alone in its batch.
    fn kept(&mut self, remover: &mut Remover<'_>, row: &Proven) -> Result<()> {
        if remover.there(&row.place)? {
            self.tally.refused.add(row.line);
            self.stays(row)
        } else {
            self.note(row, &Fate::Missing)
        }
    }

    fn note(&mut self, row: &Proven, fate: &Fate) -> Result<()> {
        match fate {
            Fate::Deleted => {
                self.tally.deleted += 1;
                return Ok(());
            }
            Fate::Referenced => {
                self.set.referenced[self.index].add(row.line);
            }
            Fate::Missing if self.recovering || self.target.keep_missing => {
                self.tally.superseded += 1;
            }
            Fate::Changed if self.recovering => self.tally.superseded += 1,
            Fate::Missing => self.tally.gone.add(row.line),
            Fate::Changed => self.tally.changed.add(row.line),
        }
        self.stays(row)
    }

    /// A row that stays keeps those at which it points.
    fn stays(&mut self, row: &Proven) -> Result<()> {
        if self.target.references.own() {
            self.settler
                .database
                .remove_doomed(self.target.table, &row.place)?;
            self.set.version = None;
        }
        Ok(())
    }

    fn stays_put(&self, row: &Proven) -> bool {
        self.set.referenced[self.index].contains(row.line)
    }
}
