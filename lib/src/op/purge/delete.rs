//! The deletion of rows that were proven: chunk by chunk, each in one or more
//! short transactions, as long as the pace allows.
//!
//! Invariants. Whoever deletes holds a [`Begun`]. Inside the write lock, when
//! somebody else has committed since a row was read, the row is looked at
//! again, and one that differs stays. `changes()` is one for each row, and none
//! of the rows is there at the end: a trigger may keep it or put it back. Rows
//! without usable key go whole batches at a time, each named in the ledger
//! before its BEGIN: recovery tells from it which batches were committed.

use std::collections::BTreeSet;
use std::time::Instant;

use super::chunk::{Chunk, Comparison, follow};
use super::session::{Session, altered};
use super::tally::{Tally, Verdict};
use super::target::Target;
use crate::archive::Begun;
use crate::crash;
use crate::db::{ProvenRow, circle_end, circle_start};
use crate::error::Result;
use crate::proof::{Accesses, Subject};

/// How often the foreign keys of a child without index are read again outside
/// the write lock before they are read inside it.
const ATTEMPTS: u32 = 5;

/// The deletion of the rows of segments that are settled together.
pub(super) struct Deletion<'d, 's, 't> {
    pub session: &'d mut Session<'s>,
    pub target: &'d Target<'t>,
    pub subjects: &'d [Subject],
    pub accesses: Accesses<'d>,
    /// By segment.
    pub tallies: Vec<Tally>,
    /// `data_version` before the foreign keys that point at the table were
    /// followed; none when they have to be followed again whatever it is.
    pub followed: Option<i64>,
    /// None for rows without usable key: each batch is begun by itself.
    pub begun: Option<&'d Begun>,
    /// Several rows that were to go by one statement did not: each is tried.
    pub one_by_one: bool,
}

/// How a transaction ended.
pub(super) enum Ended {
    /// So many rows of the batch are through.
    After(usize),
    /// A trigger kept the row at this place; nothing was done.
    Kept(usize),
    /// Of several rows one did not go; nothing was done.
    KeptOfSeveral,
    /// The foreign keys have to be followed again; nothing was done.
    Stale,
    /// The table is not what it was; nothing was done, and no row may go.
    Altered,
    /// There was no room for so many rows; nothing was done.
    Full(usize),
    /// Rows at these places stay, and may keep others; nothing was done.
    Differ(Vec<(usize, Verdict)>),
}

impl Deletion<'_, '_, '_> {
    /// Deletes the rows of all chunks.
    pub fn run(&mut self, chunk: &mut Chunk) -> Result<()> {
        // How many rows stand before one that a trigger keeps.
        let mut before: Option<usize> = None;
        let mut attempts = 0;
        loop {
            self.session.limit.check()?;
            if before.is_none() || chunk.rows.is_empty() {
                let wanted = self.wanted()?;
                self.fill(chunk, wanted)?;
            }
            if chunk.rows.is_empty() {
                return Ok(());
            }
            let wanted = self.wanted()?;
            let rows = self.session.pace.batch(wanted, chunk.rows.len());
            // Those before it go first, then it is tried alone.
            let rows = before.map_or(rows, |before| rows.min(before.max(1)));
            let rows = circle_end(&chunk.rows, rows);
            let one = circle_end(&chunk.rows, 1);
            match self.transaction(chunk, rows, attempts)? {
                Ended::After(done) => {
                    chunk.drop_first(done);
                    if self.target.recheck_after_each_row {
                        self.followed = None;
                    }
                    before = before.and_then(|rows| rows.checked_sub(done));
                    attempts = 0;
                }
                Ended::Kept(place) => {
                    let first = circle_start(&chunk.rows, place);
                    before = (first > 0).then_some(first);
                    if before.is_none() {
                        self.kept(&chunk.remove(place))?;
                    }
                }
                Ended::KeptOfSeveral => self.one_by_one = true,
                Ended::Differ(verdicts) => {
                    for (place, verdict) in verdicts.into_iter().rev() {
                        let row = chunk.remove(place);
                        self.note(&row, verdict)?;
                    }
                }
                Ended::Stale => {
                    (attempts, before) = (attempts + 1, None);
                    self.follow(chunk)?;
                }
                Ended::Altered => self.leave(chunk)?,
                Ended::Full(rows) => self.session.make_room(rows, one)?,
            }
        }
    }

    /// How many rows a batch may take; the clock decides how many it does.
    fn wanted(&mut self) -> Result<usize> {
        let rows = self.session.hold_rows()?;
        Ok(if self.target.recheck_after_each_row { 1 } else { rows })
    }

    fn fill(&mut self, chunk: &mut Chunk, wanted: usize) -> Result<()> {
        if self.session.is_altered(self.target)? {
            self.leave(chunk)?;
        }
        let known = chunk.rows.len();
        if known < wanted && self.session.pace.reads_late() {
            self.session.pause()?;
        }
        let mut with = Comparison {
            target: self.target,
            subjects: self.subjects,
            accesses: &mut self.accesses,
            tallies: &mut self.tallies,
        };
        let (source, pace) = (self.session.source(), &self.session.pace);
        let filled =
            chunk.fill(source, &mut with, wanted, &|| pace.has_time());
        if let Err(error) = filled {
            return Err(match self.session.is_altered(self.target)? {
                true => altered(&self.target.table.name),
                false => error,
            });
        }
        if chunk.rows.len() > known {
            crash::point("purge.compared");
        }
        Ok(())
    }

    /// Follows the foreign keys again; rows at which a row that stays points
    /// leave the chunk.
    fn follow(&mut self, chunk: &mut Chunk) -> Result<()> {
        let (database, target) = (self.session.database, self.target);
        self.followed = Some(follow(database, target, &mut self.tallies)?);
        let (own, tallies) = (target.references.own(), &self.tallies);
        // Rows that point at each other the set gives again, in its new order.
        chunk.rows.retain(|row| {
            !own && !tallies[row.segment].referenced.contains(row.line)
        });
        Ok(())
    }

    /// No row of an altered table is what was archived: all that are left
    /// stay. Where it is not known which are left, the next run sees.
    fn leave(&mut self, chunk: &mut Chunk) -> Result<()> {
        if self.tallies.iter().any(|tally| tally.recovering) {
            return Err(altered(&self.target.table.name));
        }
        self.accesses.close();
        while let Some(row) = chunk.rows.pop() {
            self.note(&row, Verdict::Differs)?;
        }
        Ok(())
    }

    /// One transaction with the first `rows` of the chunk. No I/O of ours
    /// happens between BEGIN and COMMIT but a look at identities of files.
    fn transaction(
        &mut self,
        chunk: &mut Chunk,
        rows: usize,
        attempts: u32,
    ) -> Result<Ended> {
        let version = chunk.version;
        let batch = chunk.first(rows);
        self.begin_batch(batch)?;
        self.session.pause()?;
        let database = self.session.database;
        let lock = database.begin_write()?;
        let begun = Instant::now();
        let now = database.data_version()?;
        if self.session.is_altered(self.target)? {
            lock.roll_back()?;
            return Ok(Ended::Altered);
        }
        self.session.pace.look(now);
        let hold = match attempts < ATTEMPTS {
            true => self.session.pace.hold(),
            false => self.session.pace.most_hold(),
        };
        // A trigger of ours may change rows too, and data_version does not
        // move for our own commits.
        let moved = now != version || self.target.triggers_write_here;
        let mut before = database.total_changes();
        let outcome = match self.stays(batch, now, moved, attempts)? {
            Some(ended) => Err(ended),
            None => {
                let clock = self.begun.as_ref().map(|_| (begun, hold));
                before = database.total_changes();
                let deleted = self.delete(batch, moved, clock);
                match rows > 1 && deleted.is_err() && database.was_full() {
                    true => Err(Ended::Full(rows)),
                    false => deleted?,
                }
            }
        };
        let verdicts = match outcome {
            Ok(verdicts) => verdicts,
            Err(ended) => {
                lock.roll_back()?;
                return Ok(ended);
            }
        };
        let done = verdicts.len();
        let files: BTreeSet<usize> =
            batch[..done].iter().map(|row| row.segment).collect();
        let files = files.into_iter().map(|index| &self.subjects[index]);
        if !self.session.commit(lock, begun, done as u64, files)? {
            return Ok(Ended::Full(done));
        }
        self.session.counted.changes += database.total_changes() - before;
        let _noting = database.begin_read()?;
        for (row, verdict) in batch.iter().zip(verdicts) {
            self.note(row, verdict)?;
        }
        Ok(Ended::After(done))
    }

    /// Names a batch of rows without usable key in the ledger.
    fn begin_batch(&mut self, batch: &[ProvenRow]) -> Result<()> {
        let (None, Some(first)) = (&self.begun, batch.first()) else {
            return Ok(());
        };
        let flushed = self.session.database.flush()?;
        self.session.archive.begin_batch(
            &self.subjects[first.segment].segment,
            batch.iter().map(|row| row.line).collect(),
            self.session.schema_version,
            flushed,
        )?;
        Ok(())
    }

    /// Inside the write lock: why none of the batch may go as it is, if rows
    /// of it stay: they have changed and may keep others, or a row that stays
    /// points at them now.
    fn stays(
        &mut self,
        batch: &[ProvenRow],
        now: i64,
        moved: bool,
        attempts: u32,
    ) -> Result<Option<Ended>> {
        let references = &self.target.references;
        if moved && (references.own() || self.begun.is_none()) {
            let differ = self.differing(batch)?;
            if !differ.is_empty() {
                return Ok(Some(Ended::Differ(differ)));
            }
        }
        if references.is_empty() || self.followed == Some(now) {
            return Ok(None);
        }
        let last = attempts >= ATTEMPTS;
        if references.needs_scan() && !last {
            return Ok(Some(Ended::Stale));
        }
        let set = self.session.database.delete_set(self.target.table);
        // The other half is for the rows.
        let limit = last.then(|| self.session.pace.most_hold() / 2);
        let Some(stay) = set.referenced_in(references, batch, limit)? else {
            return Ok(Some(Ended::Stale));
        };
        // They have left the set: each gets its verdict before any row goes.
        let verdicts: Vec<(usize, Verdict)> =
            stay.into_iter().map(|i| (i, Verdict::Referenced)).collect();
        Ok((!verdicts.is_empty()).then_some(Ended::Differ(verdicts)))
    }

    /// The places of a batch's rows that are not what they were.
    fn differing(
        &mut self,
        batch: &[ProvenRow],
    ) -> Result<Vec<(usize, Verdict)>> {
        let look = |(place, row)| Ok((place, self.look_again(row)?));
        let mut all: Vec<_> =
            batch.iter().enumerate().map(look).collect::<Result<_>>()?;
        all.retain(|(_, verdict)| *verdict != Verdict::Deleted);
        Ok(all)
    }

    /// A row whose deletion a trigger prevented, alone in its batch.
    fn kept(&mut self, row: &ProvenRow) -> Result<()> {
        let there = self.accesses.is_there(row.segment, &row.address)?;
        let verdict = if there { Verdict::Refused } else { Verdict::Missing };
        self.note(row, verdict)
    }

    fn note(&mut self, row: &ProvenRow, verdict: Verdict) -> Result<()> {
        self.tallies[row.segment].note(row.line, verdict);
        self.session.counted.add(u64::from(verdict == Verdict::Deleted));
        if self.target.references.is_empty() {
            return Ok(());
        }
        // A row that stays keeps those at which it points.
        if verdict != Verdict::Deleted && self.target.references.own() {
            self.followed = None;
        }
        let set = self.session.database.delete_set(self.target.table);
        set.remove(&row.address)
    }
}
