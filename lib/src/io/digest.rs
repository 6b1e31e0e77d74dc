//! SHA-256 (FIPS 180-4) of files and of what passes by, in hexadecimal, as
//! the ledger writes it.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::path::Path;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::signal;

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Random bytes of the kernel's, as hexadecimal digits.
pub fn random_hex<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::failed(format!("no random numbers: {e}")))?;
    Ok(hex(&bytes))
}

/// A digest by which this process knows bytes again: 128 bits of SipHash under
/// a key that is drawn for the process, so that nobody can aim at a collision.
pub fn keyed_digest(bytes: &[u8]) -> u128 {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let mut hasher = KEY.build_hasher();
    hasher.write(bytes);
    let high = hasher.finish();
    // The state goes on behind its first half, as in SipHash-128.
    hasher.write_u8(1);
    u128::from(high) << 64 | u128::from(hasher.finish())
}

/// SHA-256 of a file, read from where it stands to its end; `path` is for the
/// message.
pub fn file_sha256(mut file: File, path: impl AsRef<Path>) -> Result<String> {
    let mut input = Hashing::new(&mut file);
    io::copy(&mut input, &mut io::sink())
        .map_err(|e| Error::io("read", path, e))?;
    Ok(input.sha256())
}

/// Whether a file, from where it stands, has a length in bytes and a SHA-256.
/// One of another length is not read.
pub fn is_file(
    file: File,
    path: impl AsRef<Path>,
    (size_bytes, sha256): (u64, &str),
) -> Result<bool> {
    let path = path.as_ref();
    let meta = file.metadata().map_err(|e| Error::io("stat", path, e))?;
    Ok(meta.len() == size_bytes && file_sha256(file, path)? == sha256)
}

/// Length and SHA-256 of bytes that pass by.
#[derive(Default)]
pub struct Sum {
    /// How many they are.
    pub size_bytes: u64,
    sha256: Sha256,
}

impl Sum {
    /// Takes in some more.
    pub fn add(&mut self, bytes: &[u8]) {
        self.size_bytes += bytes.len() as u64;
        self.sha256.update(bytes);
    }

    /// SHA-256 of all of them.
    pub fn hex(self) -> String {
        hex(&self.sha256.finalize())
    }
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
        signal::passed(n)?;
        Ok(n)
    }
}
