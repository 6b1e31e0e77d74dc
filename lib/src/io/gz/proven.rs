//! gzip in, proven text out: nothing of a member comes before its CRC-32 and
//! length hold, and damaged members are passed over.
//!
//! Members of ours come whole. The text of any other is held until the member
//! is at its end, beyond a size in a file: memory is bounded, the room needed
//! for temporary files is that of the longest such text.

use std::io::{Read, Seek, Write};

use tempfile::SpooledTempFile;

use super::damage::Damage;
use super::pieces::{PIECE, Piece, Pieces};
use crate::error::Result;
use crate::io::durable;
use crate::io::spool::{spool, unheld};

/// What comes next.
pub enum Step {
    /// Text that is proven, at least one byte.
    Text,
    /// A member is damaged, and nothing of it comes.
    Damaged(Damage),
    /// All was read.
    End,
}

/// Reads the proven text of one or more gzip members.
pub struct Proven<R: Read> {
    pieces: Pieces<R>,
    /// The text of a member that is not proven yet.
    waiting: SpooledTempFile,
    /// That of one that is, being given.
    giving: Option<SpooledTempFile>,
    /// It could not be held; whatever fails then, this is why.
    full: bool,
}

impl<R: Read> Proven<R> {
    /// A reader that opens members of ours on `threads` threads, or on the
    /// caller's. `name` is what messages call the input.
    pub fn new(
        input: R,
        name: impl Into<String>,
        threads: usize,
    ) -> Proven<R> {
        Proven {
            pieces: Pieces::new(input, name, threads, true),
            waiting: spool(),
            giving: None,
            full: false,
        }
    }

    /// The same, where `members` members of ours, `offset` bytes, were read
    /// before by others and are proven.
    pub fn behind(mut self, members: u64, offset: u64) -> Proven<R> {
        self.pieces = self.pieces.behind(members, offset);
        self
    }

    /// Whether text could not be held for want of room.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Puts the next piece of text into `out`, in place of what is there.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] for what is empty,
    /// [`crate::error::Exit::Failed`] when reading fails or there is no room
    /// to hold text. After an error there is no more text.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<Step> {
        loop {
            if self.give(out)? {
                return Ok(Step::Text);
            }
            match self.pieces.next(out)? {
                Piece::Whole if !out.is_empty() => return Ok(Step::Text),
                Piece::Whole => {}
                Piece::Part => {
                    let held = self.waiting.write_all(out);
                    self.full |= held.is_err();
                    held.map_err(unheld)?;
                }
                Piece::Proven => {
                    self.waiting.rewind().map_err(unheld)?;
                    let proven = std::mem::replace(&mut self.waiting, spool());
                    self.giving = Some(proven);
                }
                Piece::Damaged(damage) => {
                    self.waiting = spool();
                    out.clear();
                    return Ok(Step::Damaged(damage));
                }
                Piece::End => return Ok(Step::End),
            }
        }
    }

    /// Gives on what was held, if anything is left of it.
    fn give(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        let Some(held) = &mut self.giving else { return Ok(false) };
        out.resize(PIECE, 0);
        let n = durable::read_full(held, out).map_err(unheld)?;
        out.truncate(n);
        if n == 0 {
            self.giving = None;
        }
        Ok(n > 0)
    }
}

#[cfg(test)]
#[path = "proven_tests.rs"]
mod tests;
