//! A segment with usable keys, compared line by line with the table.
//!
//! Lines are in the order of the table, so the row of a line most often
//! stands right behind the row of the line before it: rows are read on from
//! there, and where the next one is, byte by byte, what the line says, it is
//! the line's row, for its key is among the bytes. Any other line is looked up
//! by its key.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::keyed::remover;
use super::proof::fingerprint;
use super::settle::{Limit, Settler, Subject, Target};
use super::spool::{Proven, Spool};
use super::tally::Tally;
use crate::db::{Database, Place, Remover};
use crate::error::{Error, Result};
use crate::runs::Runs;
use crate::tree::records;

/// More threads would compare than the database can be read by.
const MOST_THREADS: usize = 4;
/// So much text is worth a second connection, in bytes.
const TOGETHER_FROM: u64 = 8 << 20;

/// What the comparison of one segment found.
pub(super) struct Proof {
    pub tally: Tally,
    /// Lines whose rows are to go.
    pub equal: Runs,
    /// A run that crashed had begun to delete rows of this segment.
    pub recovering: bool,
    /// How the spool knows this segment's rows.
    pub tag: u32,
}

impl Settler<'_> {
    /// Compares each line of each segment with its row, on all cores where no
    /// set of rows is needed; the proofs in order, and the rows that go.
    pub(super) fn prove_all(
        &self,
        target: &Target<'_>,
        group: &[Subject],
    ) -> Result<(Vec<Proof>, Vec<Spool>)> {
        let mut known = BTreeMap::new();
        let mut spools = Vec::new();
        if self.is_simple(target)? {
            for (proofs, spool) in self.prove_together(target, group)? {
                known.extend(proofs);
                spools.push(spool);
            }
        }
        let mut spool = Spool::new(self.work.tree().root());
        let mut proofs = Vec::new();
        for index in 0..group.len() {
            proofs.push(match known.remove(&index) {
                Some(proof) => proof,
                None => self.prove(target, group, index, &mut spool)?,
            });
        }
        spools.push(spool);
        Ok((proofs, spools))
    }

    /// Whether the lines of a segment can be compared without regard to those
    /// of others: nothing points at the rows, and no trigger moves them.
    fn is_simple(&self, target: &Target<'_>) -> Result<bool> {
        Ok(target.references.is_empty()
            && !target.table.without_rowid
            && self.database.delete_triggers(target.table)?.is_empty())
    }

    /// Compares segments on several threads, each with a connection of its
    /// own: what others commit meanwhile moves `data_version` on ours, where
    /// it is looked at before the first row goes. Segments whose lines are in
    /// no order are left out.
    fn prove_together(
        &self,
        target: &Target<'_>,
        group: &[Subject],
    ) -> Result<Vec<Proofs>> {
        let text: u64 =
            group.iter().map(|s| s.open.segment.text_size_bytes).sum();
        let cores = std::thread::available_parallelism()
            .map_or(1, std::num::NonZero::get);
        let threads = cores.min(MOST_THREADS).min(group.len());
        if threads < 2 || text < TOGETHER_FROM {
            return Ok(Vec::new());
        }
        let mut readers = Vec::new();
        for _ in 1..threads {
            let reader = self.database.reader()?;
            // What was looked up in one schema is compared in it.
            if reader.schema_version()? == self.schema_version {
                readers.push(reader);
            }
        }
        let run = Run { target, group, limit: self.limit() };
        let folder = self.work.tree().root();
        let next = AtomicUsize::new(0);
        let work = |database: &Database| {
            let mut spool = Spool::new(folder);
            let mut proofs = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= group.len() {
                    return Ok((proofs, spool));
                }
                let proof = run.compare(database, index, false, &mut spool)?;
                proofs.extend(proof.map(|proof| (index, proof)));
            }
        };
        std::thread::scope(|scope| {
            let spawn = |reader| {
                let builder = std::thread::Builder::new();
                builder.spawn_scoped(scope, move || work(&reader)).ok()
            };
            // Where the system gives fewer threads, fewer do it.
            let others: Vec<_> =
                readers.into_iter().map_while(spawn).collect();
            let mut done = vec![work(self.database)];
            for other in others {
                done.push(other.join().unwrap_or_else(|_| {
                    Err(Error::failed("a thread panicked, which is a bug"))
                }));
            }
            done.into_iter().collect()
        })
    }

    /// Compares each line of a segment with its row.
    fn prove(
        &self,
        target: &Target<'_>,
        group: &[Subject],
        index: usize,
        spool: &mut Spool,
    ) -> Result<Proof> {
        // Lines in the order of the rowids cannot name a row twice. Others
        // are looked up in a set, which is only made when it is needed.
        let free = target.references.is_empty();
        let run = Run { target, group, limit: self.limit() };
        if free
            && !target.table.without_rowid
            && let Some(proof) =
                run.compare(self.database, index, false, spool)?
        {
            return Ok(proof);
        }
        if free {
            self.database.begin_doomed(target.table)?;
        }
        run.compare(self.database, index, true, spool)?.ok_or_else(|| {
            Error::failed("rows in no order were not looked up in a set")
        })
    }
}

/// What one thread found: proofs by the place of their segments, and the rows
/// that go.
type Proofs = (Vec<(usize, Proof)>, Spool);

/// The comparison of a group.
#[derive(Clone, Copy)]
struct Run<'r> {
    target: &'r Target<'r>,
    group: &'r [Subject],
    limit: Limit<'r>,
}

impl Run<'_> {
    /// `None` when lines were out of order and there was no set; what then
    /// went to the spool is marked as an attempt that failed.
    fn compare(
        &self,
        database: &Database,
        index: usize,
        with_set: bool,
        spool: &mut Spool,
    ) -> Result<Option<Proof>> {
        let (target, subject) = (self.target, &self.group[index]);
        let mut comparison = Comparison {
            database,
            target,
            subject,
            remover: remover(database, target, subject)?,
            named: subject.open.named(),
            with_set,
            index: index as u32,
            proof: Proof {
                tally: Tally::default(),
                equal: Runs::default(),
                recovering: !subject.open.purging.is_empty(),
                tag: (index as u32) << 1 | u32::from(with_set),
            },
            line: 0,
            last: None,
            in_order: true,
            guess: Guess::default(),
            proven: Vec::new(),
        };
        let mut row = Vec::new();
        subject.text()?.read(&mut |piece| {
            self.limit.check()?;
            let reading = database.begin_read()?;
            comparison.piece(piece, &mut row)?;
            // The spool may write to a file, which no transaction waits for.
            drop(reading);
            for row in comparison.proven.drain(..) {
                spool.add(&row)?;
            }
            Ok(())
        })?;
        let whole = comparison.in_order || with_set;
        Ok(whole.then_some(comparison.proof))
    }
}

/// Whether it is worth while to look behind the last row. Where rows of many
/// segments take turns in the table it is not, and is tried ever more rarely.
#[derive(Default)]
struct Guess {
    misses: u32,
    wait: u32,
}

impl Guess {
    fn is_likely(&mut self) -> bool {
        self.wait = self.wait.saturating_sub(1);
        self.wait == 0
    }

    fn note(&mut self, hit: bool) {
        self.misses = if hit { 0 } else { (self.misses + 1).min(6) };
        self.wait = if hit { 0 } else { 1 << self.misses };
    }
}

/// A segment in the course of its comparison.
struct Comparison<'c> {
    database: &'c Database,
    target: &'c Target<'c>,
    subject: &'c Subject,
    /// None where columns are gone: no row can be equal.
    remover: Option<Remover<'c>>,
    /// Lines that a run which crashed had named.
    named: Runs,
    with_set: bool,
    index: u32,
    proof: Proof,
    /// The number of the next line.
    line: u64,
    /// The rowid of the last row that was found.
    last: Option<i64>,
    in_order: bool,
    guess: Guess,
    proven: Vec<Proven>,
}

impl Comparison<'_> {
    /// Compares the lines of a piece; `row` is scratch.
    fn piece(&mut self, piece: &[u8], row: &mut Vec<u8>) -> Result<()> {
        let mut records = records(piece).peekable();
        while records.peek().is_some() {
            if !self.proof.recovering
                && let Some(last) = self.last
                && self.guess.is_likely()
            {
                self.follow(last, &mut records, row)?;
            }
            if let Some(record) = records.next() {
                self.seek(record, row)?;
            }
        }
        Ok(())
    }

    /// Rows behind the last one, as long as each is what the next line says.
    fn follow<'p>(
        &mut self,
        last: i64,
        records: &mut Peekable<impl Iterator<Item = &'p [u8]>>,
        row: &mut Vec<u8>,
    ) -> Result<()> {
        let Some(mut remover) = self.remover.take() else { return Ok(()) };
        let lines = &self.subject.lines;
        let mut hit = false;
        let done = remover.behind(last, row, &mut |rowid, row, comparable| {
            let same = |record: &&[u8]| {
                comparable && !row.is_empty() && lines.body(record) == row
            };
            if records.next_if(same).is_none() {
                return Ok(false);
            }
            hit = true;
            self.line += 1;
            self.found(self.line - 1, Place::Rowid(rowid), row)?;
            Ok(records.peek().is_some())
        });
        self.remover = Some(remover);
        self.guess.note(hit);
        done
    }

    /// Looks a line's row up by its key.
    fn seek(&mut self, record: &[u8], row: &mut Vec<u8>) -> Result<()> {
        let number = self.line;
        self.line += 1;
        // Its row had changed, or was gone, when its segment was compared: it
        // was never to be deleted on this line.
        let unnamed = self.proof.recovering && !self.named.contains(number);
        let keep_missing = self.target.keep_missing;
        if unnamed && !keep_missing {
            self.proof.tally.changed.add(number);
            return Ok(());
        }
        let found = match &mut self.remover {
            Some(remover) => {
                let key = self.subject.lines.key(record)?;
                remover.by_key(&key, row)?
            }
            None => None,
        };
        if unnamed {
            // A trigger of a row that was deleted may have taken it.
            match found {
                Some(_) => self.proof.tally.changed.add(number),
                None => self.proof.tally.superseded += 1,
            }
            return Ok(());
        }
        let missing = self.remover.is_some() && found.is_none();
        let parsed = self.subject.lines.parse(record);
        match found.filter(|f| f.comparable && parsed.is(row)) {
            Some(found) => self.found(number, found.place, row)?,
            None => self.proof.note(number, missing, keep_missing),
        }
        Ok(())
    }

    /// A line's row is what the line says.
    fn found(&mut self, line: u64, place: Place, row: &[u8]) -> Result<()> {
        let mut unique = true;
        if let Place::Rowid(rowid) = &place {
            self.in_order &= self.last.is_none_or(|l| l < *rowid);
            self.last = Some(*rowid);
        }
        if self.with_set {
            let table = self.target.table;
            unique =
                self.database.add_doomed(table, &place, self.index, line)?;
        }
        if !unique {
            // A second copy of a row that goes.
            self.proof.tally.gone.add(line);
            return Ok(());
        }
        self.proof.equal.add(line);
        self.proven.push(Proven {
            segment: self.proof.tag,
            line,
            fingerprint: fingerprint(row),
            order: self.subject.lines.order(row),
            place,
        });
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
