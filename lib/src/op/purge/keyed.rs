//! Segments whose rows have a usable key: each compared whole, named in one
//! `purging` event, then deleted in batches; all of them before the first row
//! goes, or some while the rows of others do.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::sync_channel;

use super::ahead::{Ahead, SENT, Shared};
use super::compare::{Proof, Run};
use super::delete::{Deletion, Guarded};
use super::proof::{columns_now, form};
use super::settle::{Settler, Subject, Target};
use super::tally::Tally;
use crate::archive::{Event, Purging};
use crate::crash;
use crate::db::{Database, RowAccess};
use crate::error::Result;
use crate::line_set::LineSet;
use crate::record::records;

/// What was found of each segment, and which of its lines' rows stay because
/// another row points at them.
type Outcome = (Vec<Proof>, Vec<LineSet>);

impl Settler<'_> {
    /// Compares all segments and deletes the rows of all; gives what became of
    /// each one's lines.
    pub(super) fn settle_keyed(
        &mut self,
        target: &Target<'_>,
        group: &[Subject],
    ) -> Result<Vec<Tally>> {
        let version = self.database.data_version()?;
        self.pace.look(version);
        let run = Run { target, group, limit: self.limit(), turns: None };
        let threads = match self.may_overlap(target, group)? {
            true => self.readers(group)?,
            false => Vec::new(),
        };
        let (proofs, referenced) = match threads.is_empty() {
            true => self.one_by_the_other(run, version)?,
            false => self.overlapping(run, version, threads)?,
        };
        let mut tallies = Vec::new();
        let found = proofs.into_iter().zip(referenced);
        for ((proof, referenced), subject) in found.zip(group) {
            let mut tally = Tally { referenced, ..proof.tally };
            self.look_for_kept(target, subject, &mut tally)?;
            tallies.push(tally);
        }
        Ok(tallies)
    }

    /// Compares all segments, then deletes.
    fn one_by_the_other(
        &mut self,
        run: Run<'_>,
        version: i64,
    ) -> Result<Outcome> {
        let (target, group) = (run.target, run.group);
        let guarded = !target.references.is_empty();
        if guarded {
            self.database.delete_set(target.table).begin()?;
        }
        let (proofs, spools) = self.prove_all(&run)?;
        crash::point("purge.compared");
        let mut set = Guarded {
            version: Some(self.database.data_version()?),
            referenced: vec![LineSet::default(); group.len()],
        };
        if guarded {
            set.follow(self.database, target)?;
        }
        crash::point("purge.guarded");
        let named = group.iter().zip(&proofs).zip(&set.referenced);
        let named = named.filter_map(|((subject, proof), referenced)| {
            subject.purging(proof, referenced)
        });
        self.name(named.collect())?;
        let ahead = None;
        let settler = self;
        let mut deletion =
            Deletion { settler, target, group, version, set, proofs, ahead };
        deletion.run(spools)?;
        Ok((deletion.proofs, deletion.set.referenced))
    }

    /// Whether segments can be compared while the rows of others go; not where
    /// all of the table may go at once, which needs all proofs before.
    fn may_overlap(
        &self,
        target: &Target<'_>,
        group: &[Subject],
    ) -> Result<bool> {
        let rows = group.iter().map(|s| s.open.segment.rows).sum();
        Ok(self.database.is_wal()
            && self.is_simple(target)?
            && !self.may_go_at_once(target, group, rows)?)
    }

    /// Deletes the rows of segments that were compared while others are.
    fn overlapping(
        &mut self,
        run: Run<'_>,
        version: i64,
        threads: Vec<Database>,
    ) -> Result<Outcome> {
        let (target, group) = (run.target, run.group);
        let folder = self.work.tree().root().to_owned();
        let next = AtomicUsize::new(0);
        let turns = Arc::clone(&self.turns);
        turns.begin();
        let shared = Shared { run, next: &next, folder: &folder };
        let in_turns =
            Shared { run: Run { turns: Some(&turns), ..run }, ..shared };
        let set = Guarded {
            version: Some(version),
            referenced: vec![LineSet::default(); group.len()],
        };
        let proofs = group.iter().map(|_| Proof::default()).collect();
        std::thread::scope(|scope| {
            let (out, come) = sync_channel(SENT);
            for reader in threads {
                let out = out.clone();
                let work = move || in_turns.work(&reader, &out);
                // Where the system gives fewer threads, fewer do it.
                if std::thread::Builder::new()
                    .spawn_scoped(scope, work)
                    .is_err()
                {
                    break;
                }
            }
            drop(out);
            let ahead = Some(Ahead::new(shared, &turns, come));
            let settler = self;
            let mut deletion = Deletion {
                settler,
                target,
                group,
                version,
                set,
                proofs,
                ahead,
            };
            let done = deletion.run(Vec::new());
            // With it go the receiver and the turns: no thread waits for them.
            let Deletion { proofs, set, .. } = deletion;
            done.map(|()| (proofs, set.referenced))
        })
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
        let mut missing = LineSet::default();
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

    /// Writes down which lines' rows are about to go.
    pub(super) fn name(&mut self, named: Vec<Purging>) -> Result<()> {
        if named.is_empty() {
            return Ok(());
        }
        let events: Vec<Event> =
            named.into_iter().map(Event::Purging).collect();
        self.work.ledger_mut().append(&events)?;
        crash::point("purge.purging");
        Ok(())
    }
}

impl Subject {
    /// What names the lines whose rows are about to go; none where there are
    /// none, or a run that crashed has named them.
    pub(super) fn purging(
        &self,
        proof: &Proof,
        referenced: &LineSet,
    ) -> Option<Purging> {
        let lines: LineSet = match referenced.is_empty() {
            true => proof.equal.clone(),
            false => proof
                .equal
                .iter()
                .filter(|line| !referenced.contains(*line))
                .collect(),
        };
        (!lines.is_empty() && !proof.recovering).then(|| Purging {
            id: self.open.segment.id.clone(),
            lines,
            schema_version: None,
        })
    }
}

/// Reads rows as a segment's records have them; none when columns are gone,
/// and no row can be equal.
pub(super) fn remover<'d>(
    database: &'d Database,
    target: &Target<'_>,
    subject: &Subject,
) -> Result<Option<RowAccess<'d>>> {
    match columns_now(&subject.open.segment, target.table) {
        Some((columns, extras)) => {
            let segment = &subject.open.segment;
            let form = form(segment, target.table, &columns)?;
            database.row_access(target.table, form, &extras).map(Some)
        }
        None => Ok(None),
    }
}
