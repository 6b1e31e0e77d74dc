//! gzip in, text out, up to the first damage.

use std::io::Read;

use super::pieces::{Piece, Pieces};
use crate::error::Result;

/// Reads the text of one or more gzip members.
pub struct Reader<R: Read> {
    pieces: Pieces<R>,
}

impl<R: Read> Reader<R> {
    /// A reader on the caller's thread. `name` is what messages call the
    /// input: `standard input`, or a path in quotes.
    pub fn new(input: R, name: impl Into<String>) -> Reader<R> {
        Reader::parallel(input, name, 0)
    }

    /// A reader that opens members of ours on `threads` threads, up to
    /// `threads + 2` ahead.
    pub fn parallel(
        input: R,
        name: impl Into<String>,
        threads: usize,
    ) -> Reader<R> {
        Reader { pieces: Pieces::new(input, name, threads, false) }
    }

    /// Puts the next piece of text into `out`, at least one byte, in place of
    /// what is there; false when all members were read to their end.
    ///
    /// The text of a member of ours comes in one piece and is proven by its
    /// CRC-32 before; a stream's comes in pieces, proven after the last.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] for what is empty, not gzip, truncated or
    /// corrupt, or has garbage (but zeros) at its end, with the offset in
    /// bytes; [`crate::error::Exit::Failed`] when reading fails. After an
    /// error there is no more text.
    pub fn next_block(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        loop {
            match self.pieces.next(out)? {
                Piece::Whole | Piece::Part if !out.is_empty() => {
                    return Ok(true);
                }
                Piece::Whole | Piece::Part | Piece::Proven => {}
                Piece::Damaged(damage) => return Err(damage.error),
                Piece::End => return Ok(false),
            }
        }
    }

    /// Offset of the first member whose header says a size or a number of
    /// lines that is not so. Its text is not in doubt.
    pub fn false_header(&self) -> Option<u64> {
        self.pieces.false_header()
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
pub(super) mod tests;
