//! Lines with usable keys, and the rows they are.
//!
//! Lines are in the order of the table, so the row of a line most often
//! stands right behind the row of the line before it: rows are read on from
//! there, and where the next one is, byte by byte, what the line says, it is
//! the line's row, for its key is among the bytes. Any other line is looked up
//! by its key.

use std::iter::Peekable;

use super::line::LineShape;
use crate::db::{RowAccess, RowAddress};
use crate::error::Result;
use crate::io::digest::keyed_digest;
use crate::io::large::relieve;
use crate::record::records;

/// What was found where a row is looked for.
pub enum Look<T> {
    /// A row that is what it should be.
    Equal(T),
    /// Something else.
    Differs,
    /// No row.
    Missing,
}

/// A row that is what a line says: where it stands, and its encoded form.
pub type Row<'r> = (RowAddress, &'r [u8]);

/// What was found for a line, to be kept: where the row stands, the digest of
/// its archived form, and where its key stands in the order of the keys.
pub type Finding = Look<(RowAddress, u128, u64)>;

impl Look<Row<'_>> {
    /// The finding, of a segment whose lines look like this.
    pub fn keep(self, shape: &LineShape) -> Finding {
        match self {
            Look::Equal((address, row)) => {
                Look::Equal((address, keyed_digest(row), shape.order(row)))
            }
            Look::Differs => Look::Differs,
            Look::Missing => Look::Missing,
        }
    }
}

/// Gets what was found for each line, in order.
pub type EachLine<'e> = dyn FnMut(Look<Row<'_>>) -> Result<()> + 'e;

/// Finds the rows of one segment's lines, in order.
#[derive(Default)]
pub struct KeyedFinder {
    /// The rowid of the last row that was found equal.
    last: Option<i64>,
    guess: Guess,
    row: Vec<u8>,
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

impl KeyedFinder {
    /// What is found for each line of a piece, wherever it lies in its
    /// segment.
    pub fn findings(
        &mut self,
        access: Option<&mut RowAccess<'_>>,
        shape: &LineShape,
        piece: &[u8],
    ) -> Result<Vec<Finding>> {
        self.last = None;
        let mut found = Vec::new();
        self.piece(access, shape, piece, &mut |look| {
            found.push(look.keep(shape));
            Ok(())
        })?;
        Ok(found)
    }

    /// Finds the rows of the lines of a piece. Without `access`, columns are
    /// gone and no row can be equal.
    pub fn piece(
        &mut self,
        access: Option<&mut RowAccess<'_>>,
        shape: &LineShape,
        piece: &[u8],
        each: &mut EachLine<'_>,
    ) -> Result<()> {
        let mut records = records(piece).peekable();
        let Some(access) = access else {
            return records.try_for_each(|_| each(Look::Differs));
        };
        while records.peek().is_some() {
            if let Some(last) = self.last
                && self.guess.is_likely()
            {
                self.follow(last, access, shape, &mut records, each)?;
            }
            if let Some(record) = records.next() {
                self.seek(access, shape, record, each)?;
            }
        }
        relieve(&mut self.row);
        Ok(())
    }

    /// Rows behind the last one, as long as each is what the next line says.
    fn follow<'p>(
        &mut self,
        last: i64,
        access: &mut RowAccess<'_>,
        shape: &LineShape,
        records: &mut Peekable<impl Iterator<Item = &'p [u8]>>,
        each: &mut EachLine<'_>,
    ) -> Result<()> {
        let mut found = None;
        let mut row = std::mem::take(&mut self.row);
        let done = access.behind(last, &mut row, &mut |rowid, row, fits| {
            let same = |record: &&[u8]| {
                fits && !row.is_empty() && shape.body(record) == row
            };
            if records.next_if(same).is_none() {
                return Ok(false);
            }
            found = Some(rowid);
            each(Look::Equal((RowAddress::Rowid(rowid), row)))?;
            Ok(records.peek().is_some())
        });
        self.row = row;
        self.guess.note(found.is_some());
        self.last = found.or(self.last);
        done
    }

    /// Looks a line's row up by its key.
    fn seek(
        &mut self,
        access: &mut RowAccess<'_>,
        shape: &LineShape,
        record: &[u8],
        each: &mut EachLine<'_>,
    ) -> Result<()> {
        let key = shape.key(record)?;
        let Some(found) = access.by_key(&key, &mut self.row)? else {
            return each(Look::Missing);
        };
        if !found.comparable || !shape.parse(record).is(&self.row) {
            return each(Look::Differs);
        }
        if let RowAddress::Rowid(rowid) = found.address {
            self.last = Some(rowid);
        }
        each(Look::Equal((found.address, &self.row)))
    }
}
