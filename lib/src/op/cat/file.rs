//! Files of the archives, open, and what the ledger says of them.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use crate::archive::tiers::WarmFile;
use crate::archive::{FileState, Origin};
use crate::error::{Error, Result};

/// A warm file, open.
pub(super) struct Warm {
    pub file: WarmFile,
    pub open: File,
    /// How much of it is meant, in bytes.
    pub limit: u64,
}

/// The same open file, to be read from its start. Both read on from where the
/// other one stopped.
pub(super) fn from_start(open: &File, path: &Path) -> Result<File> {
    let fail = |e| Error::io("read", path, e);
    let mut file = open.try_clone().map_err(fail)?;
    file.seek(SeekFrom::Start(0)).map_err(fail)?;
    Ok(file)
}

/// Whether a file of the ledger's holds rows of a table.
pub(super) fn holds(file: &FileState, origin: &Origin) -> bool {
    file.members.iter().any(|member| member.is_of(origin))
}
