//! A month's tar: an ordinary `.tar.gz`, written so that nothing in it is
//! compressed twice.
//!
//! The outer gzip is a row of members (RFC 1952 allows that, and every tar
//! reads it): tar headers and padding are deflated, what is compressed already
//! is stored, unless it is small. Headers carry no clock, no user and no host.
//!
//! Each entry can be entered by itself: its [`Place`] says which gzip member of
//! the file its header stands in, and where in that member's text. What holds
//! the places is the last entry, [`INDEX`], in the last gzip member; no reader
//! here counts it among the entries.
//!
//! What is read may have been written by any tar. Only regular files with
//! names that stay inside are accepted; folders are passed over; a link, an
//! absolute name or one with `..` is refused.

mod headers;
mod index;
mod read;

use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result, quoted};
use crate::io::digest::hex;
use crate::io::durable::{self, Temp};
use crate::io::gz;
use crate::io::tree_path::TreePath;

pub use index::{INDEX, read_index};
pub use read::{Entry, Walk, read_tar, salvage_at, salvage_tar};

/// How much is stored in one gzip member.
const PIECE: usize = 1 << 20;

/// Entries up to this length are deflated together with the headers around
/// them: a gzip member each would cost more than it saves.
const SMALL: u64 = 64 << 10;

/// So much waits at most when an entry begins: who enters there must read it.
const WAITING: usize = 256 << 10;

/// Where an entry can be entered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// Offset in the file of the gzip member in which its header stands.
    pub offset_bytes: u64,
    /// How much of that member's text stands before the header.
    pub skip_bytes: u64,
}

/// A tar in the making.
pub struct TarWriter {
    temp: Temp,
    folder: TreePath,
    hash: Sha256,
    size: u64,
    /// Headers and padding that wait to be deflated.
    waiting: Vec<u8>,
    deflate: gz::Encoder,
    store: gz::Encoder,
    member: Vec<u8>,
    /// What is still missing of the entry that was begun.
    missing: u64,
    /// The entry goes with the headers around it.
    small: bool,
    padding: usize,
    entry: Sha256,
}

impl TarWriter {
    /// A new tar under a temporary name in `folder`.
    pub fn create(folder: &TreePath) -> Result<TarWriter> {
        Ok(TarWriter {
            temp: Temp::in_tree(folder)?,
            folder: folder.clone(),
            hash: Sha256::new(),
            size: 0,
            waiting: Vec::new(),
            deflate: gz::Encoder::new(1),
            store: gz::Encoder::stored(),
            member: Vec::new(),
            missing: 0,
            small: false,
            padding: 0,
            entry: Sha256::new(),
        })
    }

    /// Begins an entry of `size` bytes; says where.
    pub fn begin(&mut self, name: &str, size: u64) -> Result<Place> {
        if self.waiting.len() > WAITING {
            self.flush_waiting()?;
        }
        let place = Place {
            offset_bytes: self.size,
            skip_bytes: self.waiting.len() as u64,
        };
        self.header(name, size)?;
        self.missing = size;
        self.small = size <= SMALL;
        self.padding = padding(size);
        self.entry = Sha256::new();
        Ok(place)
    }

    fn header(&mut self, name: &str, size: u64) -> Result<()> {
        let mut header = ::tar::Header::new_gnu();
        header.set_entry_type(::tar::EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        // The builder knows how long names are written; it gets no data.
        let mut builder = ::tar::Builder::new(Vec::new());
        builder
            .append_data(&mut header, name, io::empty())
            .map_err(|e| Error::stream("cannot write a tar header", e))?;
        self.waiting.extend_from_slice(builder.get_ref());
        Ok(())
    }

    /// Adds the index, which is to be the last entry: it stands in one gzip
    /// member with the tar's end.
    pub fn index(&mut self, text: &[u8]) -> Result<()> {
        self.flush_waiting()?;
        let size = text.len() as u64;
        self.header(INDEX, size)?;
        self.waiting.extend_from_slice(text);
        self.waiting.extend(std::iter::repeat_n(0, padding(size)));
        Ok(())
    }

    /// Copies the whole of `input` into the entry.
    pub fn copy(
        &mut self,
        input: &mut dyn Read,
        from: impl AsRef<Path>,
    ) -> Result<()> {
        let mut piece = vec![0u8; PIECE];
        loop {
            let n = durable::read_full(input, &mut piece)
                .map_err(|e| Error::io("read", &from, e))?;
            if n == 0 {
                return Ok(());
            }
            self.entry.update(&piece[..n]);
            self.missing =
                self.missing.checked_sub(n as u64).ok_or_else(|| {
                    Error::failed(format!(
                        "{} grew while it was read",
                        quoted(&from)
                    ))
                })?;
            if self.small {
                self.waiting.extend_from_slice(&piece[..n]);
                if self.waiting.len() >= PIECE {
                    self.flush_waiting()?;
                }
                continue;
            }
            self.flush_waiting()?;
            self.member.clear();
            self.store.member(&piece[..n], None, &mut self.member)?;
            self.put_member()?;
        }
    }

    /// Ends the entry; gives the SHA-256 of what it holds.
    pub fn end(&mut self) -> Result<String> {
        if self.missing > 0 {
            return Err(Error::failed(
                "a file became shorter while it was read",
            ));
        }
        self.waiting.extend(std::iter::repeat_n(0, self.padding));
        Ok(hex(&self.entry.clone().finalize()))
    }

    fn flush_waiting(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.member.clear();
        self.deflate.member(&self.waiting, None, &mut self.member)?;
        self.waiting.clear();
        self.put_member()
    }

    fn put_member(&mut self) -> Result<()> {
        self.hash.update(&self.member);
        self.size += self.member.len() as u64;
        let folder = &self.folder;
        self.temp
            .file()?
            .write_all(&self.member)
            .map_err(|e| Error::io("write a file in", folder, e))
    }

    /// Ends the tar and fsyncs it; gives it with its length and SHA-256.
    pub fn finish(mut self) -> Result<(Temp, u64, String)> {
        self.waiting.extend(std::iter::repeat_n(0, 1024));
        self.flush_waiting()?;
        self.temp.sync()?;
        Ok((self.temp, self.size, hex(&self.hash.finalize())))
    }
}

/// What fills up the last block of an entry.
fn padding(size: u64) -> usize {
    (512 - (size % 512) as usize) % 512
}

#[cfg(test)]
mod arbitrary_tests;
