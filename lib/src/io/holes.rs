//! Files in which nothing was written for a stretch. A disk keeps nothing of
//! such a hole, so that a file can be longer than any disk, and hours are
//! needed to read it. The files of the archives are written from the first byte
//! to the last, and have none.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

use crate::error::Error;

/// Holes of a file that it may have, in bytes: so much is read in a moment, and
/// held in memory where it is one line. A copy may have them where zeros were.
const MOST_BYTES: u64 = 16 << 20;
/// The unit of [`MetadataExt::blocks`], whatever a file system's own is
/// (stat(3type), `st_blocks`).
const BLOCK_BYTES: u64 = 512;

/// An error (5) for a file that is as long as no disk.
///
/// A file system that compresses, or does not know, keeps less than a file is
/// long without a hole in it: so the file is asked for one.
pub fn check(file: &File, meta: &Metadata) -> io::Result<()> {
    let kept = meta.blocks().saturating_mul(BLOCK_BYTES);
    let missing = meta.len().saturating_sub(kept);
    if missing <= MOST_BYTES || !has_hole(file, meta.len())? {
        return Ok(());
    }
    let error = Error::disagree(
        "it is longer by far than what was ever written to it",
    );
    Err(io::Error::other(
        error.hint("put it back from a backup, or move it elsewhere"),
    ))
}

/// Whether a file of a length has a hole; it stands at its beginning then.
fn has_hole(file: &File, length: u64) -> io::Result<bool> {
    let found = rustix::fs::seek(file, SeekFrom::Hole(0));
    rustix::fs::seek(file, SeekFrom::Start(0))?;
    match found {
        // Behind its end a file counts as a hole.
        Ok(hole) => Ok(hole < length),
        // A file system that knows of no holes.
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
