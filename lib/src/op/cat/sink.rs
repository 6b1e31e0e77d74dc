//! Where rows go, or where they are only counted.

use std::io::Write;

use super::form::Form;
use super::latest::{Older, Seen};
use super::options::Format;
use crate::error::{Error, Result};

/// How much is gathered before it is written.
const BUFFER: usize = 256 << 10;

/// Which of the rows that come are written.
#[derive(Debug)]
pub(super) enum Pick {
    /// All.
    All,
    /// None: their keys are noted.
    Note(Seen),
    /// The newest of each key.
    Newest(Older),
}

/// Takes rows in their order.
pub(super) struct Sink<'s> {
    output: &'s mut dyn Write,
    buffer: Vec<u8>,
    pub pick: Pick,
    /// The form in which they are written.
    pub form: Form,
    /// Count them, and write none.
    count: bool,
    /// Lines that came.
    pub rows: u64,
    /// How many more are wanted.
    left: u64,
    /// The output, or a temporary file, cannot be written; whatever fails
    /// then, this is why.
    pub failed: bool,
}

impl<'s> Sink<'s> {
    pub(super) fn new(
        output: &'s mut dyn Write,
        pick: Pick,
        format: Format,
        count: bool,
        limit: Option<u64>,
    ) -> Sink<'s> {
        Sink {
            output,
            buffer: Vec::new(),
            pick,
            form: Form::new(format),
            count,
            rows: 0,
            left: limit.unwrap_or(u64::MAX),
            failed: false,
        }
    }

    /// Whether no more rows are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Counts rows that nobody has read.
    pub(super) fn count(&mut self, rows: u64) {
        let rows = rows.min(self.left);
        self.left -= rows;
        self.rows += rows;
    }

    /// Takes whole lines, which are so many rows.
    pub(super) fn put(&mut self, lines: &[u8], rows: u64) -> Result<()> {
        match &mut self.pick {
            Pick::All => self.take(lines, rows),
            Pick::Note(seen) => {
                seen.note(lines);
                Ok(())
            }
            Pick::Newest(older) => {
                let (lines, rows) = older.pass(lines);
                self.take(&lines, rows)
            }
        }
    }

    fn take(&mut self, lines: &[u8], rows: u64) -> Result<()> {
        let mut lines = lines;
        if let Some(last) = self.left.checked_sub(1)
            && rows > self.left
        {
            let mut ends = memchr::memchr_iter(b'\n', lines);
            let end = ends.nth(usize::try_from(last).unwrap_or(usize::MAX));
            lines = &lines[..end.map_or(0, |end| end + 1)];
        } else if rows > self.left {
            return Ok(());
        }
        self.count(rows);
        if self.count {
            return Ok(());
        }
        if self.buffer.len() + lines.len() > BUFFER {
            self.flush()?;
        }
        if !self.form.is_plain() {
            self.form.append(lines, &mut self.buffer);
            return Ok(());
        }
        if lines.len() > BUFFER {
            return self.write(lines);
        }
        self.buffer.extend_from_slice(lines);
        Ok(())
    }

    /// Writes what is gathered, and what ends it.
    pub(super) fn end(&mut self) -> Result<()> {
        if !self.count {
            self.form.end(&mut self.buffer);
        }
        self.flush()
    }

    /// Writes what is gathered.
    fn flush(&mut self) -> Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        let done = self.write(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        done
    }

    /// Writes a text of its own, behind what is gathered.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<()> {
        let done = self.output.write_all(text);
        self.failed |= done.is_err();
        done.map_err(|e| Error::stream("cannot write rows", e))
    }
}
