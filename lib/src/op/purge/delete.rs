//! The deletion of rows that were proven: in short transactions, each as long
//! as the pace allows, with whatever somebody else has committed since the
//! proof looked at again inside the lock.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use super::ahead::Ahead;
use super::compare::Proof;
use super::pace::end;
use super::queue::Queue;
use super::removers::{Fate, Removers, segment, still};
use super::settle::{Settler, Subject, Target, altered};
use super::spool::{Proven, Spool};
use crate::crash;
use crate::db::{Database, Deleted, RowAddress};
use crate::error::Result;
use crate::line_set::LineSet;

/// How often the foreign keys of a child without index are read again outside
/// the write lock before they are read inside it.
const ATTEMPTS: u32 = 5;

/// The rows that go together, as far as the foreign keys are concerned.
pub(super) struct Guarded {
    /// `data_version` before the foreign keys were followed; none when they
    /// have to be followed again whatever it is.
    pub version: Option<i64>,
    /// By segment, the lines whose rows stay because a row that stays points
    /// at them.
    pub referenced: Vec<LineSet>,
}

impl Guarded {
    /// Follows the foreign keys, outside any write transaction.
    pub fn follow(
        &mut self,
        database: &Database,
        target: &Target<'_>,
    ) -> Result<()> {
        self.version = Some(database.data_version()?);
        let referenced = &mut self.referenced;
        database.delete_set(target.table).referenced(
            &target.references,
            &mut |segment, line| {
                if let Some(lines) = referenced.get_mut(segment as usize) {
                    lines.add(line);
                }
            },
        )
    }
}

/// The deletion of the rows of a group.
pub(super) struct Deletion<'d, 's, 't> {
    pub settler: &'d mut Settler<'s>,
    pub target: &'d Target<'t>,
    pub group: &'d [Subject],
    /// `data_version` before the first row was compared.
    pub version: i64,
    pub set: Guarded,
    /// By segment.
    pub proofs: Vec<Proof>,
    /// Segments that are compared while the rows of others go.
    pub ahead: Option<Ahead<'d>>,
}

/// How a batch ended.
enum Ended {
    /// So many rows of it are through.
    After(usize),
    /// A trigger kept the row at this place; nothing was done.
    Kept(usize),
    /// The foreign keys have to be followed again; nothing was done.
    Stale,
    /// The table is not what it was; nothing was done, and no row may go.
    Altered,
    /// Rows at these places stay, and may keep others; nothing was done.
    Differ(Vec<(usize, Fate)>),
}

impl Deletion<'_, '_, '_> {
    pub fn run(&mut self, spools: Vec<Spool>) -> Result<()> {
        // Made first: they are of the schema in which the rows were compared.
        let mut removers =
            Removers::new(self.settler.database, self.target, self.group)?;
        if self.ahead.is_none() && self.all_at_once()? {
            return Ok(());
        }
        let own = self.target.references.own();
        let mut queue = Queue::new(spools, own)?;
        // How many rows stand before one that a trigger keeps.
        let mut before: Option<usize> = None;
        let mut attempts = 0;
        loop {
            self.settler.check_time()?;
            let hold = self.settler.hold()?;
            if self.compares_on()? {
                continue;
            }
            let wanted = self.wanted(hold);
            if before.is_none() || queue.len() == 0 {
                self.supply(&mut queue, wanted)?;
                queue.sort();
            }
            if queue.len() == 0 {
                return Ok(());
            }
            self.rest()?;
            // Those before it go first, then it is tried alone.
            let most = before.map_or(usize::MAX, |rows| rows.max(1));
            let rows = match queue.len() <= self.at_most(wanted) {
                true => queue.len(),
                false => wanted,
            };
            let batch = queue.first(most.min(rows));
            match self.batch(&mut removers, batch, hold, attempts)? {
                Ended::After(done) => {
                    queue.drop_first(done);
                    if self.target.one_by_one {
                        self.set.version = None;
                    }
                    before = before.and_then(|rows| rows.checked_sub(done));
                    attempts = 0;
                }
                Ended::Kept(0) => {
                    if let Some(row) = queue.remove(0) {
                        self.kept(&mut removers, &row)?;
                    }
                    before = None;
                }
                Ended::Kept(place) => before = Some(place),
                Ended::Differ(fates) => {
                    for (place, fate) in fates.into_iter().rev() {
                        if let Some(row) = queue.remove(place) {
                            self.note(&row, &fate)?;
                        }
                    }
                }
                Ended::Stale => {
                    attempts += 1;
                    self.set.follow(self.settler.database, self.target)?;
                    queue.retain(|row| self.is_to_go(row));
                }
                Ended::Altered => return self.leave(queue),
            }
        }
    }

    /// How many rows a batch may take; the clock decides how many it does.
    fn wanted(&self, hold: Duration) -> usize {
        let pace = &self.settler.pace;
        match self.target.one_by_one {
            true => 1,
            false => pace.rows(hold).clamp(1, pace.most_rows()),
        }
    }

    /// How many rows one batch takes rather than leave a short one behind,
    /// with a pause of its own.
    fn at_most(&self, wanted: usize) -> usize {
        (wanted + wanted / 4).min(self.settler.pace.most_rows())
    }

    /// Compares a segment before the next rows go: beside an application
    /// that commits, where it cannot be done on other threads meanwhile, and
    /// as long as that lets the batches grow so long that rows with random
    /// keys go well. Whether it did.
    fn compares_on(&mut self) -> Result<bool> {
        let Some(ahead) = &mut self.ahead else { return Ok(false) };
        let pace = &self.settler.pace;
        let beside = pace.is_beside_others();
        let scattered = self.group.iter().any(|s| s.lines.has_order());
        if beside || scattered && pace.grows() {
            // Nothing is deleted meanwhile.
            self.settler.turns.stop(false);
            if ahead.help(self.settler.database)? {
                return Ok(true);
            }
        }
        self.settler.turns.stop(beside);
        Ok(false)
    }

    /// Sees to it that so many rows wait, or a few more, if there are as many.
    fn supply(&mut self, queue: &mut Queue, wanted: usize) -> Result<()> {
        let most = self.at_most(wanted);
        queue.fill(most, |row| self.is_to_go(row))?;
        let mut rows = queue.len();
        let mut come = Vec::new();
        while rows < wanted
            && let Some(ahead) = &mut self.ahead
            && let Some(found) = ahead.next(self.settler.database)?
        {
            rows += found.proof.equal.len() as usize;
            come.push(found);
        }
        if come.is_empty() {
            return Ok(());
        }
        crash::point("purge.compared");
        let named = come.iter().filter_map(|found| {
            let subject = &self.group[found.index];
            subject.purging(&found.proof, &LineSet::default())
        });
        let named = named.collect();
        self.settler.name(named)?;
        for found in come {
            self.proofs[found.index] = found.proof;
            queue.push(found.spool)?;
        }
        queue.fill(most, |row| self.is_to_go(row))
    }

    /// Leaves the lock to others for what is left of the pause, comparing
    /// segments in that time.
    fn rest(&mut self) -> Result<()> {
        loop {
            let rest = self.settler.rest();
            if rest.is_zero() {
                return Ok(());
            }
            let helped = match &mut self.ahead {
                Some(ahead) => ahead.help(self.settler.database)?,
                None => false,
            };
            if !helped {
                std::thread::sleep(self.settler.rest());
            }
        }
    }

    /// All rows that are left stay: no row of an altered table is what was
    /// archived. Where it is not known which are left, the next run sees.
    fn leave(&mut self, mut queue: Queue) -> Result<()> {
        // Likewise where segments are not compared yet.
        if self.ahead.is_some()
            || self.proofs.iter().any(|proof| proof.recovering)
        {
            return Err(altered(&self.target.table.name));
        }
        while let Some(row) = queue.next()? {
            if self.is_to_go(&row) {
                self.note(&row, &Fate::Changed)?;
            }
        }
        Ok(())
    }

    /// One transaction. No I/O of ours happens between BEGIN and COMMIT but
    /// a look at the archive files' identity.
    fn batch(
        &mut self,
        removers: &mut Removers<'_>,
        batch: &[Proven],
        hold: Duration,
        attempts: u32,
    ) -> Result<Ended> {
        let database = self.settler.database;
        let lock = database.begin_write()?;
        let begun = Instant::now();
        let now = database.data_version()?;
        if self.settler.is_altered(self.target)? {
            lock.roll_back()?;
            return Ok(Ended::Altered);
        }
        // A trigger of ours may change rows too, and data_version does not
        // move for our own commits.
        let moved = now != self.version || removers.have_triggers();
        self.settler.pace.look(now);
        let hold = hold.min(self.settler.pace.hold());
        if moved && self.target.references.own() {
            let differ = removers.differing(batch)?;
            if !differ.is_empty() {
                lock.roll_back()?;
                return Ok(Ended::Differ(differ));
            }
        }
        let mut struck = HashSet::new();
        if !self.target.references.is_empty() && self.set.version != Some(now)
        {
            if self.target.references.needs_scan() && attempts < ATTEMPTS {
                lock.roll_back()?;
                return Ok(Ended::Stale);
            }
            struck.extend(self.struck(batch)?);
        }
        let mut fates = Vec::with_capacity(batch.len());
        let as_proven = !moved && struck.is_empty();
        while let Some(proven) = batch.get(fates.len()) {
            let place = fates.len();
            let remover = removers.of(proven)?;
            let run = match as_proven && remover.has_runs() {
                true => run_of(&batch[place..]),
                false => None,
            };
            if let Some((first, last, rows)) = run {
                if remover.delete_run(first, last)? == Deleted::NotAll {
                    lock.roll_back()?;
                    return Ok(Ended::Kept(place));
                }
                fates.resize_with(place + rows, || Fate::Deleted);
                if self.settler.pace.enough(begun, hold) {
                    break;
                }
                continue;
            }
            let fate = if struck.contains(&place) {
                Fate::Referenced
            } else if moved {
                still(remover, proven)?
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
        let back = removers.back_again(batch, &fates)?;
        if let Some(place) = back {
            lock.roll_back()?;
            return Ok(Ended::Kept(place));
        }
        let done = fates.len();
        let files: BTreeSet<usize> =
            batch[..done].iter().map(segment).collect();
        let files = files.into_iter().map(|index| &self.group[index]);
        let held = end(lock, begun, files)?;
        for (proven, fate) in batch.iter().zip(fates) {
            self.note(proven, &fate)?;
        }
        self.settler.pause(done as u64, held)?;
        Ok(Ended::After(done))
    }

    fn struck(&self, batch: &[Proven]) -> Result<Vec<usize>> {
        let places: Vec<&RowAddress> =
            batch.iter().map(|r| &r.place).collect();
        self.settler
            .database
            .delete_set(self.target.table)
            .referenced_in(&self.target.references, &places)
    }

    /// A row whose deletion a trigger prevented, alone in its batch.
    fn kept(
        &mut self,
        removers: &mut Removers<'_>,
        row: &Proven,
    ) -> Result<()> {
        if removers.of(row)?.there(&row.place)? {
            self.proofs[segment(row)].tally.refused.add(row.line);
            self.stays(row)
        } else {
            self.note(row, &Fate::Missing)
        }
    }

    fn note(&mut self, row: &Proven, fate: &Fate) -> Result<()> {
        let index = segment(row);
        let proof = &mut self.proofs[index];
        let tally = &mut proof.tally;
        match fate {
            Fate::Deleted => {
                tally.deleted += 1;
                // Whoever takes its place under its key is another row.
                return self.leaves_the_set(row);
            }
            Fate::Referenced => self.set.referenced[index].add(row.line),
            Fate::Missing if proof.recovering || self.target.keep_missing => {
                tally.superseded += 1;
            }
            Fate::Changed if proof.recovering => tally.superseded += 1,
            Fate::Missing => tally.gone.add(row.line),
            Fate::Changed => tally.changed.add(row.line),
        }
        self.stays(row)
    }

    /// A row that stays keeps those at which it points.
    fn stays(&mut self, row: &Proven) -> Result<()> {
        if self.target.references.own() {
            self.set.version = None;
        }
        self.leaves_the_set(row)
    }

    fn leaves_the_set(&self, row: &Proven) -> Result<()> {
        match self.target.references.is_empty() {
            true => Ok(()),
            false => self
                .settler
                .database
                .delete_set(self.target.table)
                .remove(&row.place),
        }
    }

    /// Whether a row that was spooled is to go: its comparison counts, and
    /// nothing points at it.
    fn is_to_go(&self, row: &Proven) -> bool {
        let index = segment(row);
        self.proofs[index].tag == row.segment
            && !self.set.referenced[index].contains(row.line)
    }
}

/// The longest run in a batch, in rows: between two runs the clock is read.
const RUN: usize = 32;

/// The rows at the beginning whose rowids follow each other without a gap:
/// the first and the last rowid, and how many. `None` for less than two.
fn run_of(batch: &[Proven]) -> Option<(i64, i64, usize)> {
    let rowid = |row: &Proven| match row.place {
        RowAddress::Rowid(rowid) => Some(rowid),
        RowAddress::Key(_) => None,
    };
    let first = rowid(batch.first()?)?;
    let mut last = first;
    let mut rows = 1;
    for row in batch.iter().skip(1).take(RUN - 1) {
        let next = rowid(row)?;
        if last.checked_add(1) != Some(next) {
            break;
        }
        (last, rows) = (next, rows + 1);
    }
    (rows > 1).then_some((first, last, rows))
}
