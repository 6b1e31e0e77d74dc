//! What stands behind the last whole line of the ledger, moved away.
//!
//! Invariant. The bytes are durable in `ledger.torn` before they are cut.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags};

use super::ledger;
use crate::error::{Error, Result};
use crate::io::beneath;
use crate::io::durable;
use crate::io::tree_path::TreePath;

/// Under flock: moves the bytes of the ledger behind the first `whole` ones to
/// `ledger.torn` beside it.
pub(super) fn move_aside(
    file: &File,
    path: &TreePath,
    whole: u64,
) -> Result<()> {
    let fail = |e| Error::io("read", path, e);
    let mut from = file.try_clone().map_err(fail)?;
    from.seek(SeekFrom::Start(whole)).map_err(fail)?;
    let aside = path.folder().join("ledger.torn");
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
    let done = beneath::open(&aside, flags).and_then(|mut out| {
        std::io::copy(&mut from, &mut out)?;
        out.sync_all()
    });
    done.map_err(|e| Error::io("write", &aside, e))?;
    durable::sync_parent(&aside)?;
    file.set_len(whole)
        .and_then(|()| file.sync_all())
        .map_err(|e| Error::io("write", path, e))
}

/// Moves all behind the first `whole` bytes of a broken ledger away, as an
/// operator asked for. The tree's lock is held.
pub(super) fn cut_ledger(root: &Path, whole: u64) -> Result<()> {
    let path = ledger::path(root);
    let file = beneath::open(&path, OFlags::RDWR | OFlags::APPEND)
        .map_err(|e| Error::io("open", &path, e))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|e| Error::io("lock", &path, e.into()))?;
    move_aside(&file, &path, whole)
}
