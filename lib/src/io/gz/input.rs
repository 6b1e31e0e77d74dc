//! A buffered input that can look ahead as far as a member is long, knows its
//! offset, takes back what was taken in vain, and can go back to a mark.

use std::io::{self, BufRead, Read};

use crate::error::Error;
use crate::signal;

/// Bytes asked of the source at once, at least.
const READ: usize = 256 * 1024;

pub(super) struct Input<R> {
    source: R,
    /// `buffer[begin..end]` is what was read and not used.
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    /// Offset of `begin` in the source.
    offset: u64,
    ended: bool,
    /// The source failed; kept because decoders in between wrap errors.
    failure: Option<io::Error>,
    /// Index of the byte that can be gone back to.
    mark: Option<usize>,
    /// How far it may lie back, in bytes.
    keep: usize,
}

impl<R: Read> Input<R> {
    /// An input of which up to `keep` bytes can be gone back.
    pub(super) fn new(source: R, keep: usize) -> Input<R> {
        Input {
            source,
            buffer: Vec::new(),
            begin: 0,
            end: 0,
            offset: 0,
            ended: false,
            failure: None,
            mark: None,
            keep,
        }
    }

    /// Counts offsets from here on, where others have read what is before.
    pub(super) fn begin_at(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// Keeps what follows, as far as may be, so that it can be read again.
    pub(super) fn mark(&mut self) {
        self.mark = (self.keep > 0).then_some(self.begin);
    }

    /// What was kept is no longer needed.
    pub(super) fn unmark(&mut self) {
        self.mark = None;
    }

    /// Goes back to the mark; false where there is none, or where it lies too
    /// far back by now.
    pub(super) fn rewind(&mut self) -> bool {
        let Some(mark) = self.mark.take() else { return false };
        self.offset -= (self.begin - mark) as u64;
        self.begin = mark;
        true
    }

    /// Offset of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Why the source failed, if it did.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// The next bytes, without using them: at least `wanted`, or all that are
    /// left.
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.end - self.begin < wanted && !self.ended {
            self.make_room(wanted);
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(n) => {
                    self.end += n;
                    signal::passed(n)?;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(&self.buffer[self.begin..self.end])
    }

    /// Room behind `end` for a read that is worth it.
    fn make_room(&mut self, wanted: usize) {
        self.mark = self.mark.filter(|m| self.begin - m <= self.keep);
        let kept = self.mark.unwrap_or(self.begin);
        let full = self.begin + wanted > self.buffer.len();
        if kept > 0 && (kept == self.end || full) {
            self.buffer.copy_within(kept..self.end, 0);
            self.end -= kept;
            self.begin -= kept;
            self.mark = self.mark.map(|_| 0);
        }
        let enough = (self.begin + wanted).max(self.end + READ / 4).max(READ);
        if self.buffer.len() < enough {
            self.buffer.resize(enough, 0);
        }
    }

    /// Uses up `n` bytes that were peeked at.
    pub(super) fn skip(&mut self, n: usize) {
        let n = n.min(self.end - self.begin);
        self.begin += n;
        self.offset += n as u64;
    }

    /// Takes back the last bytes used.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        let mut buffer = bytes.to_vec();
        buffer.extend_from_slice(&self.buffer[self.begin..self.end]);
        self.begin = 0;
        self.end = buffer.len();
        self.buffer = buffer;
        self.mark = None;
        self.offset -= bytes.len() as u64;
    }
}

impl<R: Read> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if let Err(error) = self.peek(1) {
            let kind = error.kind();
            self.failure = Some(error);
            return Err(kind.into());
        }
        Ok(&self.buffer[self.begin..self.end])
    }

    fn consume(&mut self, n: usize) {
        self.skip(n);
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

/// What a failed read of an input means; `name` is what messages call it.
pub(super) fn failed(name: &str, error: io::Error) -> Error {
    Error::stream(&format!("cannot read {name}"), error)
}
