//! What stands behind the last whole line of the ledger, moved away.
//!
//! Invariant. The bytes are durable in a file beside the ledger before they are
//! cut: in `ledger.torn`, or in `ledger.lost` where they stand in the place of
//! lines that were durable.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags};

use super::ledger::{self, Ledger};
use crate::error::{Error, Result};
use crate::io::beneath;
use crate::io::durable;
use crate::io::tree_path::TreePath;

/// Where the torn end of an append goes, which nobody acted on.
pub const TORN: &str = "ledger.torn";

/// Where goes what is left of lines that somebody may have acted on.
pub const LOST: &str = "ledger.lost";

/// So many zero bytes in a row are no damage to a line, which has none, but
/// the rest of a block that never reached the disk.
const UNWRITTEN_BYTES: usize = 64;

impl Ledger {
    /// Whether lines of it were lost that were durable, and nobody has looked
    /// since: [`LOST`] is there.
    pub fn has_lost_lines(&self) -> Result<bool> {
        Ok(!durable::is_gone(&self.path.folder().join(LOST))?)
    }
}

/// What the end of a ledger was relieved of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Torn {
    /// How many bytes were no whole line.
    pub bytes: u64,
    /// How many lines `lock` knew behind the last that is left.
    pub lost_lines: u64,
}

/// Under flock: makes the bytes of the ledger behind the first `whole` ones
/// durable in a file of this name beside it.
pub(super) fn set_aside(
    file: &File,
    path: &TreePath,
    whole: u64,
    name: &str,
) -> Result<()> {
    let mut from =
        behind(file, whole).map_err(|e| Error::io("read", path, e))?;
    let aside = path.folder().join(name);
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
    let done = beneath::open(&aside, flags).and_then(|mut out| {
        io::copy(&mut from, &mut out)?;
        out.sync_all()
    });
    done.map_err(|e| Error::io("write", &aside, e))?;
    durable::sync_parent(&aside)
}

/// Under flock: cuts the ledger behind its first `whole` bytes.
pub(super) fn cut(file: &File, path: &TreePath, whole: u64) -> Result<()> {
    file.set_len(whole)
        .and_then(|()| file.sync_all())
        .map_err(|e| Error::io("write", path, e))
}

/// Whether blocks that were never written stand behind the first `whole` bytes
/// of the ledger.
pub(super) fn has_unwritten(
    file: &File,
    path: &TreePath,
    whole: u64,
) -> Result<bool> {
    zeros_behind(file, whole).map_err(|e| Error::io("read", path, e))
}

fn zeros_behind(file: &File, whole: u64) -> io::Result<bool> {
    let mut from = behind(file, whole)?;
    let mut zeros = 0;
    loop {
        let bytes = from.fill_buf()?;
        for byte in bytes {
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            if zeros == UNWRITTEN_BYTES {
                return Ok(true);
            }
        }
        match bytes.len() {
            0 => return Ok(false),
            count => from.consume(count),
        }
    }
}

fn behind(file: &File, whole: u64) -> io::Result<BufReader<File>> {
    let mut from = file.try_clone()?;
    from.seek(SeekFrom::Start(whole))?;
    Ok(BufReader::new(from))
}

/// Moves all behind the first `whole` bytes of a broken ledger away, as an
/// operator asked for. The tree's lock is held.
pub(super) fn cut_ledger(root: &Path, whole: u64) -> Result<()> {
    let path = ledger::path(root);
    let file = beneath::open(&path, OFlags::RDWR | OFlags::APPEND)
        .map_err(|e| Error::io("open", &path, e))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|e| Error::io("lock", &path, e.into()))?;
    set_aside(&file, &path, whole, TORN)?;
    cut(&file, &path, whole)
}
