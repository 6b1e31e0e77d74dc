//! Rows of lines that follow one another, taken apart: what the thread that
//! reads hands to the one that inserts, and gets back to be used again.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::Error;
use crate::io::large::relieve;
use crate::record::Decoded;
use crate::time::Day;
use crate::value::{Owned, Value};

/// Which part rows are of: when they were archived, and their day, where
/// segments are told apart by it.
pub(super) type Of = (Option<String>, Option<Day>);

/// A part begins or ends.
#[derive(Debug)]
pub(super) enum Turn {
    /// A part of this kind begins.
    Begin(Of),
    /// It ends, and this is the digest of its text and the number of its
    /// rows.
    End(String, u64),
}

/// Some whole lines and what is in them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The lines, each with its end.
    pub text: Vec<u8>,
    /// Their rows, in order.
    pub rows: Vec<Row>,
    /// The values of the rows.
    pub cells: Cells,
    /// Where parts of the stream begin and end, each in front of the row with
    /// this index.
    pub turns: Vec<(usize, Turn)>,
    /// Nothing is behind these lines.
    pub is_last: bool,
    /// What is behind these rows is none.
    pub failed: Option<Error>,
}

/// A line's row.
#[derive(Debug)]
pub(super) struct Row {
    /// The line's number in the stream, from 1.
    pub number: u64,
    /// Where the line stands in the text, with its end.
    pub line: Range<usize>,
    /// `_archived_at`.
    pub archived_at: Option<Bytes>,
    /// `_rowid`.
    pub rowid: Option<i64>,
    /// Which cells hold its values.
    pub cells: Range<usize>,
}

/// Values of rows, one behind the other, each with its column.
#[derive(Debug, Default)]
pub(super) struct Cells {
    columns: Vec<usize>,
    values: Vec<Cell>,
    /// Bytes that do not stand in the text as they are.
    made: Vec<Vec<u8>>,
}

/// A value.
#[derive(Clone, Copy, Debug)]
enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Bytes),
    Blob(Bytes),
}

/// Bytes of the text, or what was made of some.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bytes {
    There { start: usize, end: usize },
    Made(usize),
}

impl Batch {
    /// Makes it empty; its memory is used again.
    pub fn clear(&mut self) {
        relieve(&mut self.text);
        self.text.clear();
        self.rows.clear();
        self.cells.columns.clear();
        self.cells.values.clear();
        self.cells.made.clear();
        self.turns.clear();
        (self.is_last, self.failed) = (false, None);
    }

    /// The columns that a row has a value for, but for generated ones.
    pub fn columns(&self, row: &Row) -> &[usize] {
        self.cells.columns(row.cells.clone())
    }

    /// Their values.
    pub fn values(&self, row: &Row) -> impl Iterator<Item = Value<'_>> {
        self.cells.values[row.cells.clone()].iter().map(|c| self.value(c))
    }

    /// The value of a column.
    pub fn value_of(&self, row: &Row, column: usize) -> Option<Value<'_>> {
        let at = self.columns(row).iter().position(|c| *c == column)?;
        Some(self.value(&self.cells.values[row.cells.start + at]))
    }

    /// When a row was archived.
    pub fn archived_at(&self, row: &Row) -> Option<&str> {
        std::str::from_utf8(self.bytes(row.archived_at?)).ok()
    }

    fn value(&self, cell: &Cell) -> Value<'_> {
        match *cell {
            Cell::Null => Value::Null,
            Cell::Integer(integer) => Value::Integer(integer),
            Cell::Real(real) => Value::Real(real),
            Cell::Text(text) => Value::Text(self.bytes(text)),
            Cell::Blob(blob) => Value::Blob(self.bytes(blob)),
        }
    }

    fn bytes(&self, bytes: Bytes) -> &[u8] {
        match bytes {
            Bytes::There { start, end } => &self.text[start..end],
            Bytes::Made(at) => &self.cells.made[at],
        }
    }
}

impl Cells {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The columns of some of them.
    pub fn columns(&self, of: Range<usize>) -> &[usize] {
        &self.columns[of]
    }

    /// One more, read off this text.
    pub fn push(&mut self, text: &[u8], column: usize, value: Decoded<'_>) {
        let cell = match value {
            Decoded::There(Value::Text(t)) => Cell::Text(there(text, t)),
            Decoded::There(Value::Blob(b)) => Cell::Blob(there(text, b)),
            Decoded::Made(Owned::Text(text)) => Cell::Text(self.keep(text)),
            Decoded::Made(Owned::Blob(blob)) => Cell::Blob(self.keep(blob)),
            other => match other.value() {
                Value::Integer(integer) => Cell::Integer(integer),
                Value::Real(real) => Cell::Real(real),
                _ => Cell::Null,
            },
        };
        self.columns.push(column);
        self.values.push(cell);
    }

    /// Bytes that were read off this text.
    pub fn hold(&mut self, text: &[u8], bytes: Cow<'_, [u8]>) -> Bytes {
        match bytes {
            Cow::Borrowed(bytes) => there(text, bytes),
            Cow::Owned(bytes) => self.keep(bytes),
        }
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Bytes {
        self.made.push(bytes);
        Bytes::Made(self.made.len() - 1)
    }
}

/// Where a piece of a text stands in it.
fn there(text: &[u8], piece: &[u8]) -> Bytes {
    let start = piece.as_ptr().addr() - text.as_ptr().addr();
    Bytes::There { start, end: start + piece.len() }
}
