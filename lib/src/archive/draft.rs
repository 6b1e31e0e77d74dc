//! A file in the making: what is there now, and a segment behind it, under a
//! temporary name.

use std::fs::File;
use std::io::{Read, Write};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::io::digest::hex;
use crate::io::durable::{self, Temp};
use crate::io::tree_path::TreePath;

/// Lines that are to become one member.
#[derive(Debug, Default)]
pub struct Block {
    /// The lines.
    pub text: Vec<u8>,
    /// How many they are.
    pub lines: u64,
    /// The least and the greatest timestamp among them.
    pub range: Option<(Timestamp, Timestamp)>,
}

impl Block {
    /// Notes a line's timestamp.
    pub fn count(&mut self, at: Timestamp) {
        self.lines += 1;
        self.range = Some(match self.range {
            Some((least, greatest)) => (least.min(at), greatest.max(at)),
            None => (at, at),
        });
    }

    /// The range as a member's header has it: whole microseconds around it.
    pub fn microseconds(&self) -> Option<(i64, i64)> {
        self.range.map(|(least, greatest)| {
            let floor = |ns: i128| ns.div_euclid(1000) as i64;
            (
                floor(least.as_nanosecond()),
                floor(greatest.as_nanosecond() + 999),
            )
        })
    }
}

/// The sums over a segment that its intent states.
#[derive(Debug)]
pub struct Sums {
    /// SHA-256 of the whole file.
    pub file_sha256: String,
    /// Length of the segment in the file.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its lines.
    pub rows: u64,
    /// Length of its text.
    pub text_size_bytes: u64,
    /// SHA-256 of its text.
    pub text_sha256: String,
    /// Least and greatest timestamp.
    pub range: Option<(Timestamp, Timestamp)>,
}

/// A file in the making.
#[derive(Debug)]
pub struct Draft {
    temp: Temp,
    folder: TreePath,
    offset: u64,
    before_sha256: Option<String>,
    /// Where something was there before; else the segment's is the file's.
    file_hash: Option<Sha256>,
    segment_hash: Sha256,
    text_hash: Sha256,
    size: u64,
    text_size: u64,
    rows: u64,
    range: Option<(Timestamp, Timestamp)>,
    /// Some line has no time: what the others say is not of all.
    undated: bool,
    synced: bool,
}

impl Draft {
    /// A draft in `folder` that begins with the first `length` bytes of
    /// `present`, if there is a file already.
    pub fn begin(
        folder: &TreePath,
        present: Option<(File, &TreePath)>,
        length: u64,
    ) -> Result<Draft> {
        let mut draft = Draft {
            temp: Temp::in_tree(folder)?,
            folder: folder.clone(),
            offset: 0,
            before_sha256: None,
            file_hash: None,
            segment_hash: Sha256::new(),
            text_hash: Sha256::new(),
            size: 0,
            text_size: 0,
            rows: 0,
            range: None,
            undated: false,
            synced: false,
        };
        if let Some((file, path)) = present {
            draft.copy(file, path, length)?;
        }
        // Hundreds of days may be open at once, but not their files.
        draft.temp.park();
        Ok(draft)
    }

    fn copy(
        &mut self,
        file: File,
        path: &TreePath,
        length: u64,
    ) -> Result<()> {
        let mut hash = Sha256::new();
        let mut from = file.take(length);
        let mut piece = vec![0u8; 1 << 18];
        loop {
            let n = durable::read_full(&mut from, &mut piece)
                .map_err(|e| Error::io("read", path, e))?;
            if n == 0 {
                break;
            }
            hash.update(&piece[..n]);
            self.offset += n as u64;
            self.put(&piece[..n])?;
        }
        if self.offset != length {
            return Err(Error::disagree(format!(
                "{} is shorter than it was",
                crate::error::quoted(path)
            )));
        }
        self.before_sha256 = Some(hex(&hash.clone().finalize()));
        self.file_hash = Some(hash);
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let folder = &self.folder;
        self.synced = false;
        self.temp
            .file()?
            .write_all(bytes)
            .map_err(|e| Error::io("write a file in", folder, e))
    }

    /// The length of what was there before.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// SHA-256 of what was there before.
    pub fn before_sha256(&self) -> Option<&str> {
        self.before_sha256.as_deref()
    }

    /// Takes the sums of a block, in the order in which blocks are written.
    pub fn count(&mut self, block: &Block) {
        self.text_hash.update(&block.text);
        self.text_size += block.text.len() as u64;
        self.rows += block.lines;
        self.range = match (self.range, block.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }

    /// Notes that a line of the next block has no time.
    pub(super) fn is_undated(&mut self) {
        self.undated = true;
    }

    /// Appends a block's member, or its text where nothing is compressed.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(hash) = &mut self.file_hash {
            hash.update(bytes);
        }
        self.segment_hash.update(bytes);
        self.size += bytes.len() as u64;
        self.put(bytes)?;
        self.temp.park();
        Ok(())
    }

    /// fsyncs it: when many are, [`crate::io::sync_many`] saves most of the waiting.
    pub fn sync(&mut self) -> Result<()> {
        self.temp.sync()?;
        self.temp.park();
        self.synced = true;
        Ok(())
    }

    /// fsyncs it, unless that is done, and gives its sums.
    pub fn finish(&mut self) -> Result<Sums> {
        if !self.synced {
            self.sync()?;
        }
        let sha256 = hex(&self.segment_hash.clone().finalize());
        let file_sha256 = match &self.file_hash {
            Some(hash) => hex(&hash.clone().finalize()),
            None => sha256.clone(),
        };
        Ok(Sums {
            file_sha256,
            size_bytes: self.size,
            sha256,
            rows: self.rows,
            text_size_bytes: self.text_size,
            text_sha256: hex(&self.text_hash.clone().finalize()),
            range: self.range.filter(|_| !self.undated),
        })
    }

    /// Gives it its name: in the place of the file it began with, or as a new
    /// one. The caller fsyncs the folder.
    pub fn publish(self, path: &TreePath) -> Result<()> {
        match self.before_sha256 {
            Some(_) => self.temp.replace(path),
            None => self.temp.publish_new(path),
        }
    }

    /// The temporary file, which was finished.
    pub(super) fn into_temp(self) -> Temp {
        self.temp
    }

    /// Puts it in the place of a file of which it is a rewrite.
    pub fn replace(self, path: &TreePath) -> Result<()> {
        self.temp.replace(path)
    }
}
