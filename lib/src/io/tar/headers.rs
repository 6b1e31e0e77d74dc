//! Headers of a tar that name other headers: long names, and what pax says of
//! a file. Who reads a tar holds them in memory, so one that is long is refused
//! before; so are more names than a month can have.

use std::io::{self, Read};

/// The length of a header, and of the blocks that a tar is made of.
pub(super) const BLOCK: usize = 512;
/// Where its sum stands, and how long that is.
const SUM_AT: usize = 148;
const SUM_LEN: usize = 8;

/// The longest such header, in bytes.
const LONGEST: u64 = 64 << 10;

/// Where in a header the length of what follows stands, and its kind.
const SIZE_AT: usize = 124;
const SIZE_LEN: usize = 12;
const KIND_AT: usize = 156;

/// A tar's text, on its way to who reads it.
pub(super) struct Headers<R> {
    text: R,
    /// What was seen of the next block.
    block: Vec<u8>,
    /// How much is passed over: the contents of a file.
    skip: u64,
}

impl<R: Read> Headers<R> {
    pub(super) fn new(text: R) -> Headers<R> {
        Headers { text, block: Vec::with_capacity(BLOCK), skip: 0 }
    }

    fn look(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let passed = self.skip.min(bytes.len() as u64);
            self.skip -= passed;
            bytes = &bytes[passed as usize..];
            let n = bytes.len().min(BLOCK - self.block.len());
            self.block.extend_from_slice(&bytes[..n]);
            bytes = &bytes[n..];
            if self.block.len() == BLOCK {
                self.header()?;
                self.block.clear();
            }
        }
        Ok(())
    }

    fn header(&mut self) -> io::Result<()> {
        if !is_header(&self.block) {
            return Ok(());
        }
        let size = size(&self.block[SIZE_AT..SIZE_AT + SIZE_LEN]);
        let describes =
            matches!(self.block[KIND_AT], b'L' | b'K' | b'x' | b'g');
        if describes && size > LONGEST {
            return Err(io::Error::other("a header of more than 64 KiB"));
        }
        self.skip =
            size.checked_next_multiple_of(BLOCK as u64).unwrap_or(size);
        Ok(())
    }
}

/// A length: octal digits, or a number of 95 bits where the first one is set.
fn size(field: &[u8]) -> u64 {
    if field[0] & 0x80 != 0 {
        return field[4..].iter().fold(0, |n, b| n << 8 | u64::from(*b));
    }
    let text = std::str::from_utf8(field).unwrap_or_default();
    u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).unwrap_or(0)
}

impl<R: Read> Read for Headers<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.text.read(out)?;
        self.look(&out[..n])?;
        Ok(n)
    }
}

/// Whether the sum of a header is what it says.
pub(super) fn is_header(block: &[u8]) -> bool {
    let field = block.get(SUM_AT..SUM_AT + SUM_LEN).unwrap_or_default();
    let said = std::str::from_utf8(field)
        .ok()
        .map(|text| text.trim_matches(['\0', ' ']))
        .and_then(|digits| u32::from_str_radix(digits, 8).ok());
    let sum = |bytes: &[u8]| bytes.iter().map(|b| u32::from(*b)).sum::<u32>();
    // The sum itself counts as spaces.
    let is = sum(block) - sum(field) + u32::from(b' ') * SUM_LEN as u32;
    said == Some(is)
}
