//! A text of any length as one gzip member, for readers that stop at the
//! first. It has no extra field, as its length is not known at its start.

use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use crate::error::{Error, Result};

/// What stands for an unknown system in a member's header.
const UNKNOWN: u8 = 255;

/// A member that is being made.
pub struct OneMember {
    encoder: GzEncoder<Vec<u8>>,
}

impl OneMember {
    /// One at `level`, 1 to 9.
    pub fn new(level: u8) -> OneMember {
        let encoder = GzBuilder::new()
            .operating_system(UNKNOWN)
            .write(Vec::new(), Compression::new(u32::from(level)));
        OneMember { encoder }
    }

    /// Takes text, and gives the bytes that are ready.
    pub fn add(&mut self, text: &[u8]) -> Result<Vec<u8>> {
        self.encoder
            .write_all(text)
            .map_err(|e| Error::stream("cannot compress", e))?;
        Ok(std::mem::take(self.encoder.get_mut()))
    }

    /// Gives the last bytes.
    pub fn end(self) -> Result<Vec<u8>> {
        self.encoder.finish().map_err(|e| Error::stream("cannot compress", e))
    }
}
