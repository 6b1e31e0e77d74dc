//! Members of ours, cut off an input one by one by the sizes in their headers:
//! to be opened elsewhere, or passed over unopened.
//!
//! A header is a hint: what it says is true only of a member that was opened
//! and proven. What cannot be cut off stays, for who reads it as a stream.

use std::io::{self, Read};

use super::ahead::{Cut, WHOLE_MAX};
use super::member::{
    HEADER_MAX, HeaderParse, MemberInfo, Opener, parse_header,
};
use crate::io::durable::read_full;

/// Cuts members off an input, each in reads of its own: what is passed over is
/// not read.
pub struct Cutter<R> {
    input: R,
    /// The first bytes of the next member.
    begun: Vec<u8>,
    /// Offset of the next member.
    offset: u64,
    /// The header of the next member, once it was looked at.
    next: Option<(MemberInfo, usize)>,
}

impl<R: Read> Cutter<R> {
    /// A cutter of `input`, which stands at its start.
    pub fn new(input: R) -> Cutter<R> {
        Cutter { input, begun: Vec::new(), offset: 0, next: None }
    }

    /// Offset of the next member.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What the header of the next member says; none at the end, and where
    /// something follows that cannot be cut off.
    pub fn peek(&mut self) -> io::Result<Option<MemberInfo>> {
        self.read_to(HEADER_MAX)?;
        self.next = match parse_header(&self.begun) {
            HeaderParse::Ours { info, header_len }
                if info.size_bytes <= WHOLE_MAX as u64 =>
            {
                Some((info, header_len))
            }
            _ => None,
        };
        Ok(self.next.map(|(info, _)| info))
    }

    /// Whether all of the input was cut off; it is no gzip where nothing was.
    pub fn is_at_end(&self) -> bool {
        self.begun.is_empty() && self.offset > 0
    }

    /// Cuts off the member that was looked at; false when the input ends
    /// before it does.
    pub fn cut(&mut self, cut: &mut Cut) -> io::Result<bool> {
        let Some((info, header_len)) = self.next.take() else {
            return Ok(false);
        };
        let size = info.size_bytes as usize;
        self.read_to(size)?;
        let Some(bytes) = self.begun.get(..size) else { return Ok(false) };
        cut.bytes.clear();
        cut.bytes.extend_from_slice(bytes);
        cut.start = self.offset;
        (cut.header_len, cut.info, cut.proven) = (header_len, info, false);
        self.begun.drain(..size);
        self.offset += info.size_bytes;
        Ok(true)
    }

    /// Passes the member that was looked at over; `skip` moves the input on
    /// without reading.
    pub fn pass(
        &mut self,
        skip: impl FnOnce(&mut R, u64) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some((info, _)) = self.next.take() else { return Ok(()) };
        let size = info.size_bytes as usize;
        let left = size.saturating_sub(self.begun.len());
        self.begun.drain(..size - left);
        self.offset += info.size_bytes;
        match left {
            0 => Ok(()),
            left => skip(&mut self.input, left as u64),
        }
    }

    /// What was not cut off: bytes that were read, and the input behind them.
    pub fn rest(self) -> (Vec<u8>, R) {
        (self.begun, self.input)
    }

    /// Reads on until so many bytes of the next member are there, or the end
    /// is.
    fn read_to(&mut self, size: usize) -> io::Result<()> {
        let there = self.begun.len();
        if there >= size {
            return Ok(());
        }
        self.begun.resize(size, 0);
        let n = read_full(&mut self.input, &mut self.begun[there..]);
        self.begun.truncate(there + n.as_ref().map_or(0, |n| *n));
        n.map(drop)
    }
}

impl Opener {
    /// Opens a member that was cut off: `text` is its text where `proven`.
    pub fn open_cut(&mut self, cut: &mut Cut) {
        let Cut { bytes, header_len, info, text, .. } = cut;
        cut.proven =
            self.open(bytes, *header_len, info.lines, WHOLE_MAX, text);
    }
}
