//! SHA-256 (FIPS 180-4) of files and of what passes by, in hexadecimal, as
//! the ledger writes it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// SHA-256 of a file, read from where it stands to its end; `path` is for the
/// message.
pub fn file_sha256(mut file: File, path: &Path) -> Result<String> {
    let mut input = Hashing::new(&mut file);
    io::copy(&mut input, &mut io::sink())
        .map_err(|e| Error::io("read", path, e))?;
    Ok(input.sha256())
}

/// Reads on, and takes the digest of what it reads.
pub struct Hashing<'h> {
    inner: &'h mut dyn Read,
    hash: Sha256,
}

impl<'h> Hashing<'h> {
    /// A reader of `inner` whose digest is that of nothing so far.
    pub fn new(inner: &'h mut dyn Read) -> Hashing<'h> {
        Hashing { inner, hash: Sha256::new() }
    }

    /// SHA-256 of what was read.
    pub fn sha256(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        Ok(n)
    }
}
