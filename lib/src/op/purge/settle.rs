//! One table's segments are settled. The steps are those of rt-protocol(7),
//! in their order:
//!
//! 1. what was settled before is answered from the ledger;
//! 2. files, folders and ledger are made durable, and each segment's bytes are
//!    read back against its digest;
//! 3. the database's journal is flushed, and one `purging` a segment written;
//! 4. rows are deleted: all at once, or chunk by chunk, compared right before;
//! 5. lines whose row stays are taken out again;
//! 6. `purge`.
//!
//! Rows without usable key are settled segment by segment, with a `purging` a
//! batch in place of step 3; all others together.

use super::plan::{Group, Known};
use super::recover;
use super::rows::{self, Lines, Through};
use super::session::{self, Session};
use super::tally::Tally;
use super::target::{Target, Writes};
use crate::archive::{DurableSegment, Open, SegmentState, Settled};
use crate::crash;
use crate::db::Kind;
use crate::error::{Error, Exit, Result, quote};
use crate::io::durable;
use crate::outcome::{Purged, Status};
use crate::progress;
use crate::proof::Subject;

/// Settles segments of one table; the result says how far it came.
pub(super) fn settle_table(
    session: &mut Session<'_>,
    group: &Group,
    others_bytes: u64,
    writes: &[Writes],
) -> (Purged, Result<()>) {
    let mut result = Purged::new(&group.table, Status::NoRecords);
    let mut settling = Settling {
        session,
        others_bytes,
        result: &mut result,
        all_gone: false,
    };
    let mut done = settling.settle(group, writes);
    progress::end();
    let all_gone = settling.all_gone;
    if done.is_err() {
        // SQLite has errors of its own for a file that is not there any more.
        done = session.database.check_path().and(done);
    }
    if result.records + result.superseded > 0 {
        result.status = Status::Archived;
    }
    done = done.and(say_referenced(&mut result, session));
    result.say_kept(all_gone);
    result.say_refused(&group.triggers);
    let so_far = std::mem::take(&mut session.counted);
    result.trigger_changes = so_far.changes.saturating_sub(so_far.deleted);
    // Where it ended half-way, rows are gone all the same.
    result.rows += so_far.unsettled;
    result.records += so_far.unsettled;
    if let Err(error) = &done {
        result.say_failed(error, session.limit.check().is_err());
    }
    (result, done)
}

/// Says which tables point at the rows that stay for that.
fn say_referenced(result: &mut Purged, session: &Session<'_>) -> Result<()> {
    if result.referenced == 0 || result.message.is_some() {
        return Ok(());
    }
    let Some(table) = session.database.table(&result.table)? else {
        return Ok(());
    };
    let references = session.database.references(&table)?;
    result.say_referenced(references.children());
    Ok(())
}

/// The settlement of one table.
struct Settling<'g, 's> {
    session: &'g mut Session<'s>,
    others_bytes: u64,
    result: &'g mut Purged,
    /// All rows of a segment that was recovered were gone.
    all_gone: bool,
}

impl Settling<'_, '_> {
    fn settle(&mut self, group: &Group, writes: &[Writes]) -> Result<()> {
        let waiting = self.answer(group)?;
        let done = match waiting.is_empty() {
            true => Ok(()),
            false => self.settle_open(&group.table, waiting, writes),
        };
        let named = self.name_files(group);
        done.and(named)
    }

    /// Step 1: gives the segments that are left.
    fn answer(&mut self, group: &Group) -> Result<Vec<Open>> {
        let mut waiting = Vec::new();
        for known in &group.segments {
            match known {
                Known::Settled(settled) => settled.add_to(self.result),
                Known::Open(open) => waiting.push((**open).clone()),
            }
        }
        Ok(waiting)
    }

    fn settle_open(
        &mut self,
        name: &str,
        waiting: Vec<Open>,
        writes: &[Writes],
    ) -> Result<()> {
        if let Some(blocked) = self.session.archive.block_of(name) {
            return Err(Error::new(blocked.exit, blocked.message.clone()));
        }
        let (waiting, done) = self.already_done(waiting)?;
        self.record(done)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let table = self.session.database.table(name)?;
        let table = table.filter(|table| table.kind == Kind::Ordinary);
        let Some(table) = table else {
            return self.without_table(waiting);
        };
        if waiting.iter().any(|open| open.segment.leaves_out()) {
            self.session.database.delete_securely()?;
        }
        let target = Target::new(self.session.database, &table, writes)?;
        let rows = waiting.iter().map(|open| open.segment.rows).sum();
        let words = format!("deleting from {}", quote(&table.name));
        progress::begin(words, "rows", Some(rows));
        let subjects = self.read_back(&target, waiting)?;
        let (keyed, keyless): (Vec<_>, Vec<_>) = subjects
            .into_iter()
            .partition(|s| s.segment.segment().keyless_rows == 0);
        for subject in keyless {
            self.settle_together(&target, &[subject])?;
        }
        match keyed.is_empty() {
            true => Ok(()),
            false => self.settle_together(&target, &keyed),
        }
    }

    /// The table is not there: its rows are gone, and the lines stay, also
    /// where some were about to be taken out.
    fn without_table(&mut self, waiting: Vec<Open>) -> Result<()> {
        self.all_gone = true;
        let durable = self.session.archive.make_durable(waiting)?;
        let mut done = Vec::new();
        for open in durable.iter().map(DurableSegment::open) {
            let counts = recover::without_rows(&open.segment);
            if open.retract.is_some() && !open.segment.adopted {
                let flushed = self.session.database.flush()?;
                let archive = &mut self.session.archive;
                archive.withdraw(&open.segment, counts, flushed)?;
            }
            done.push(Settled::of(&open.segment, counts));
        }
        self.record(done)
    }

    /// Segments whose lines were taken out by a run that then stopped, which
    /// only lack their `purge`, and those that are left to settle.
    fn already_done(
        &mut self,
        waiting: Vec<Open>,
    ) -> Result<(Vec<Open>, Vec<Settled>)> {
        let (mut left, mut done) = (Vec::new(), Vec::new());
        for open in waiting {
            if self.session.archive.is_changed_by_hand(&open.segment)? {
                self.leave_by_hand(&open, &mut done)?;
                continue;
            }
            let state = self.session.archive.segment_state(&open)?;
            match (&open.retract, state) {
                (Some(retract), SegmentState::Retracted) => {
                    done.push(Settled::of(&open.segment, retract.counts));
                }
                _ => left.push(open),
            }
        }
        Ok((left, done))
    }

    /// A file made by hand that is no longer what it was when it was entered:
    /// no more rows go on its strength.
    fn leave_by_hand(
        &mut self,
        open: &Open,
        done: &mut Vec<Settled>,
    ) -> Result<()> {
        let segment = &open.segment;
        match open.purging.is_empty() {
            true => self.session.archive.void(&segment.id)?,
            false => {
                let counts = recover::without_rows(segment);
                done.push(Settled::of(segment, counts));
            }
        }
        self.result.exit_status = Some(Exit::Partial.code());
        self.result.message = Some(format!(
            "{} is no longer what it was when it was entered: no more rows \
             are deleted on its strength",
            quote(&segment.file)
        ));
        Ok(())
    }

    /// Step 2.
    fn read_back(
        &mut self,
        target: &Target<'_>,
        waiting: Vec<Open>,
    ) -> Result<Vec<Subject>> {
        let durable = self.session.archive.make_durable(waiting)?;
        crash::point("purge.synced");
        let mut subjects = Vec::new();
        for segment in durable {
            self.session.limit.check()?;
            subjects.push(Subject::new(segment.verify()?, target.table)?);
        }
        Ok(subjects)
    }

    /// Steps 3 to 6, of segments with keys or of one without.
    fn settle_together(
        &mut self,
        target: &Target<'_>,
        subjects: &[Subject],
    ) -> Result<()> {
        let tallies = self.tallies(target, subjects);
        let altered = self.session.is_altered(target)?;
        if altered && tallies.iter().any(|tally| tally.recovering) {
            return Err(session::altered(&target.table.name));
        }
        let of = Lines { target, subjects, tallies };
        let Through { tallies, stopped } =
            match subjects[0].segment.segment().keyless_rows {
                0 => {
                    // Step 3.
                    let flushed = self.session.database.flush()?;
                    let begun = self.session.archive.begin_deletion(
                        subjects.iter().map(|s| &s.segment),
                        flushed,
                    )?;
                    rows::delete_keyed(self.session, of, begun)?
                }
                _ if altered => rows::leave(self.session, of)?,
                _ => rows::delete_keyless(self.session, of)?,
            };
        let mut done = Vec::new();
        let deleted: u64 = tallies.iter().map(|t| t.deleted).sum();
        for (subject, mut tally) in subjects.iter().zip(tallies) {
            recover::look_for_kept(self.session, target, subject, &mut tally)?;
            recover::drop_second_copies(self.session, subject, &mut tally)?;
            recover::drop_repeated(self.session, subject, &mut tally)?;
            done.push(self.take_out(subject, &tally)?);
        }
        self.record(done)?;
        self.session.counted.unsettled -= deleted;
        stopped.map_or(Ok(()), Err)
    }

    /// The verdicts on the lines of each segment, before any is known.
    fn tallies(&self, target: &Target<'_>, of: &[Subject]) -> Vec<Tally> {
        of.iter()
            .map(|subject| Tally {
                recovering: recover::recovers(
                    subject.segment.open(),
                    self.others_bytes,
                    &self.session.identity,
                ),
                missing_keeps_line: target.missing_keeps_line,
                ..Tally::default()
            })
            .collect()
    }

    /// Step 5.
    fn take_out(
        &mut self,
        subject: &Subject,
        tally: &Tally,
    ) -> Result<Settled> {
        let segment = subject.segment.segment();
        if !segment.adopted {
            let flushed = self.session.database.flush()?;
            self.session.database.check_path()?;
            self.session.archive.retract(
                &subject.segment,
                &tally.out(),
                tally.counts(),
                &|line| subject.shape.time(line),
                flushed,
            )?;
        }
        self.all_gone |=
            tally.recovering && tally.superseded.len() == segment.rows;
        let counts = tally.counts();
        match counts.sum() == segment.rows {
            true => Ok(Settled::of(segment, counts)),
            false => Err(Error::failed(format!(
                "not every line of a segment in {} was looked at, which is a \
                 bug",
                quote(&segment.file)
            ))),
        }
    }

    /// Step 6.
    fn record(&mut self, done: Vec<Settled>) -> Result<()> {
        if done.is_empty() {
            return Ok(());
        }
        for settled in &done {
            settled.add_to(self.result);
        }
        self.session.database.check_path()?;
        let flushed = self.session.database.flush()?;
        self.session.archive.record_settled(done, flushed)
    }

    /// Files of these segments that hold rows that are gone from the database,
    /// or may be: of those that are not settled, those that were begun.
    fn name_files(&mut self, group: &Group) -> Result<()> {
        let archive = &self.session.archive;
        for known in &group.segments {
            let file = match archive.state().open(known.id()) {
                Some(open) if !open.purging.is_empty() => &open.segment.file,
                Some(_) => continue,
                None => match archive.ledger().settled(known.id())? {
                    Some(settled) => &settled.file,
                    None => continue,
                },
            };
            let path = archive.tree().path(file)?;
            let there = !durable::is_gone(&path)?;
            let files = &mut self.result.archive_files;
            if there && !files.contains(file) {
                files.push(file.clone());
            }
        }
        Ok(())
    }
}
