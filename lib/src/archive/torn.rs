//! What stands behind the last whole line of the ledger, moved away.
//!
//! Invariant. The bytes are durable in `ledger.torn` before they are cut.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::FlockOperation;

use crate::error::{Error, Result};
use crate::io::durable;
use crate::io::regular::open_regular;

/// Under flock: moves the bytes of the ledger behind the first `whole` ones to
/// `ledger.torn` beside it.
pub(super) fn move_aside(file: &File, path: &Path, whole: u64) -> Result<()> {
    let fail = |e| Error::io("read", path, e);
    let mut from = file.try_clone().map_err(fail)?;
    from.seek(SeekFrom::Start(whole)).map_err(fail)?;
    let aside = path.with_file_name("ledger.torn");
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    let done = open_regular(&mut options, &aside).and_then(|mut out| {
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
    let path = root.join("ledger.jsonl");
    let file = open_regular(OpenOptions::new().read(true).append(true), &path)
        .map_err(|e| Error::io("open", &path, e))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|e| Error::io("lock", &path, e.into()))?;
    move_aside(&file, &path, whole)
}
