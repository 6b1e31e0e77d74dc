//! Whole lines off a stream.

use std::io::{ErrorKind, Read};

use crate::error::{Error, Result};
use crate::io::large::relieve;

/// How much is read at a time, in bytes.
const READ_BYTES: usize = 1 << 18;

/// Lines off a stream.
pub(super) struct Lines<'i> {
    input: &'i mut (dyn Read + Send),
    /// What was read behind the lines that were given.
    rest: Vec<u8>,
    has_ended: bool,
}

impl<'i> Lines<'i> {
    pub fn new(input: &'i mut (dyn Read + Send)) -> Lines<'i> {
        Lines { input, rest: Vec::new(), has_ended: false }
    }

    /// The first line, which is still to come; none where no line ends.
    pub fn peek(&mut self) -> Result<Option<&[u8]>> {
        let mut searched = 0;
        loop {
            let end = memchr::memchr(b'\n', &self.rest[searched..]);
            if let Some(end) = end {
                return Ok(Some(&self.rest[..searched + end]));
            }
            searched = self.rest.len();
            let mut text = std::mem::take(&mut self.rest);
            let done = self.read(&mut text);
            self.rest = text;
            if done? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes the next lines, as many as are there, none only at the end of the
    /// stream; whether that was reached.
    pub fn fill(&mut self, text: &mut Vec<u8>) -> Result<bool> {
        std::mem::swap(text, &mut self.rest);
        let mut end = memchr::memrchr(b'\n', text);
        while !self.has_ended && end.is_none() {
            let before = text.len();
            self.read(text)?;
            let found = memchr::memrchr(b'\n', &text[before..]);
            end = found.map(|at| before + at);
        }
        let end = end.map_or(0, |at| at + 1);
        relieve(&mut self.rest);
        self.rest.clear();
        self.rest.extend_from_slice(&text[end..]);
        text.truncate(end);
        Ok(self.has_ended)
    }

    /// Whether the stream ends in the middle of a line, once it has ended.
    pub fn is_cut(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Reads something behind a text; 0 at the end of the stream.
    fn read(&mut self, text: &mut Vec<u8>) -> Result<usize> {
        let before = text.len();
        text.resize(before + READ_BYTES, 0);
        let read = loop {
            match self.input.read(&mut text[before..]) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let n = *read.as_ref().unwrap_or(&0);
        text.truncate(before + n);
        self.has_ended = n == 0;
        read.map_err(|e| Error::stream("cannot read the rows", e))
    }
}

/// The error for a line that is no row of the table.
pub(super) fn bad(number: u64, what: &str) -> Error {
    Error::data(format!("line {number} {what}"))
        .hint("nothing was imported; rt-import takes what rt-cat writes")
}

/// The error for a stream that ends in the middle of a line.
pub(super) fn cut(number: u64) -> Error {
    bad(number, "has no end: the stream was cut short")
}
