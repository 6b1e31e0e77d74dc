//! A segment with usable keys, compared line by line with the table.
//!
//! Lines are in the order of the table, so the row of a line most often
//! stands right behind the row of the line before it: rows are read on from
//! there, and where the next one is, byte by byte, what the line says, it is
//! the line's row, for its key is among the bytes. Any other line is looked up
//! by its key.

use std::iter::Peekable;

use super::keyed::remover;
use super::proof::fingerprint;
use super::settle::{Limit, Subject, Target};
use super::spool::{Proven, Spool};
use super::tally::Tally;
use super::turns::Turns;
use crate::db::{Database, RowAccess, RowAddress};
use crate::error::{Error, Result};
use crate::line_set::LineSet;
use crate::record::records;

/// What the comparison of one segment found.
#[derive(Default)]
pub(super) struct Proof {
    pub tally: Tally,
    /// Lines whose rows are to go.
    pub equal: LineSet,
    /// A run that crashed had begun to delete rows of this segment.
    pub recovering: bool,
    /// How the spool knows this segment's rows.
    pub tag: u32,
}

/// The comparison of a group.
#[derive(Clone, Copy)]
pub(super) struct Run<'r> {
    pub target: &'r Target<'r>,
    pub group: &'r [Subject],
    pub limit: Limit<'r>,
    /// Where it reads only in its turn, beside the deletion.
    pub turns: Option<&'r Turns>,
}

impl Run<'_> {
    /// Compares each line of a segment with its row. `None` when lines were
    /// out of order and there was no set; what then went to the spool is
    /// marked as an attempt that failed.
    pub fn compare(
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
                equal: LineSet::default(),
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
            let turn = match self.turns {
                Some(turns) => Some(turns.take().ok_or_else(unneeded)?),
                None => None,
            };
            let reading = database.begin_read()?;
            comparison.piece(piece, &mut row)?;
            // The spool may write to a file, which no transaction waits for.
            drop(reading);
            drop(turn);
            for row in comparison.proven.drain(..) {
                spool.add(&row)?;
            }
            Ok(())
        })?;
        let whole = comparison.in_order || with_set;
        Ok(whole.then_some(comparison.proof))
    }

    /// The same for a segment whose lines are in no order, or a table that
    /// keeps a set of rows: lines in the order of the rowids cannot name a row
    /// twice, others are looked up in the set.
    pub fn compare_in_set(
        &self,
        database: &Database,
        index: usize,
        spool: &mut Spool,
    ) -> Result<Proof> {
        // Else it was begun for the whole group.
        if self.target.references.is_empty() {
            database.delete_set(self.target.table).begin()?;
        }
        self.compare(database, index, true, spool)?.ok_or_else(|| {
            Error::failed("rows in no order were not looked up in a set")
        })
    }
}

/// What a comparison says that nobody listens to any more.
fn unneeded() -> Error {
    Error::failed("a comparison ended early")
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
    remover: Option<RowAccess<'c>>,
    /// Lines that a run which crashed had named.
    named: LineSet,
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
            self.found(self.line - 1, RowAddress::Rowid(rowid), row)?;
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
            Some(found) => self.found(number, found.address, row)?,
            None => self.proof.note(number, missing, keep_missing),
        }
        Ok(())
    }

    /// A line's row is what the line says.
    fn found(
        &mut self,
        line: u64,
        place: RowAddress,
        row: &[u8],
    ) -> Result<()> {
        let mut unique = true;
        if let RowAddress::Rowid(rowid) = &place {
            self.in_order &= self.last.is_none_or(|l| l < *rowid);
            self.last = Some(*rowid);
        }
        if self.with_set {
            let table = self.target.table;
            unique = self
                .database
                .delete_set(table)
                .add(&place, self.index, line)?;
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
