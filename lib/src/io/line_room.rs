//! How long a line may become that is put together of pieces.
//!
//! A few kilobytes of gzip can hold one line of gigabytes. What the ledger
//! names was a row once, however well it is compressed; of any other text, a
//! line may be long only where it was read out of much.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::error::{Error, Result};

/// The longest row of SQLite's, a billion bytes, with six characters of JSON
/// for each.
const MOST: u64 = 6_000_000_000;

/// What a line of an unknown text may have in any case, in bytes, and for each
/// byte that was read.
const STRANGE: u64 = 8 << 20;
const STRANGE_A_BYTE: u64 = 16;

/// Room for a line of a text.
pub struct LineRoom {
    /// What was read; none of a text that is known.
    read: Option<Rc<Cell<u64>>>,
}

/// An input whose bytes are counted.
pub struct Counted<R> {
    input: R,
    read: Rc<Cell<u64>>,
}

impl LineRoom {
    /// The room of a text out of `input`.
    pub fn of<R: Read>(input: R, is_known: bool) -> (Counted<R>, LineRoom) {
        let read = Rc::new(Cell::new(0));
        let room = LineRoom { read: (!is_known).then(|| read.clone()) };
        (Counted { input, read }, room)
    }

    /// Refuses a line that has come to this length and has no end yet.
    ///
    /// # Errors
    /// Status 4.
    pub fn check(&self, length: usize, name: &str) -> Result<()> {
        let most = match &self.read {
            None => MOST,
            Some(read) => {
                let earned = STRANGE_A_BYTE.saturating_mul(read.get());
                STRANGE.saturating_add(earned).min(MOST)
            }
        };
        match length as u64 <= most {
            true => Ok(()),
            false => Err(Error::data(format!(
                "{name}: a line of more than {most} bytes, which no row has \
                 in so little gzip"
            ))),
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        self.read.set(self.read.get() + n as u64);
        Ok(n)
    }
}
