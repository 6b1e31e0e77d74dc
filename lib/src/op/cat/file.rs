//! Files of the archives, open, and what the ledger says of them.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use crate::archive::tiers::WarmFile;
use crate::archive::{FileState, Origin, State};
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

/// The lengths and digests that a file may have: the ledger's, and those of
/// what is under way with it.
pub(super) fn forms<'s>(state: &'s State, file: &str) -> Vec<(u64, &'s str)> {
    let known = state.file(file).map(|f| (f.size_bytes, f.sha256.as_str()));
    let mut forms: Vec<_> = known.into_iter().collect();
    for open in state.intents().chain(state.unsettled()) {
        let (segment, retract) = (&open.segment, open.retract.as_ref());
        if segment.file == file {
            let before = segment.offset_bytes;
            let after = before + segment.size_bytes;
            forms.push((after, &segment.file_sha256));
            forms.extend(retract.and_then(|retract| {
                let sha256 = retract.file_sha256.as_deref()?;
                Some((before + retract.size_bytes, sha256))
            }));
        }
    }
    forms
}

/// Whether a file may be gone: its end is under way.
pub(super) fn goes(state: &State, file: &str) -> bool {
    let retracted = state.unsettled().any(|o| {
        o.segment.file == file
            && o.retract.as_ref().is_some_and(|r| r.file_sha256.is_none())
    });
    let changed = state.changes().iter().any(|(_, c)| {
        (c.file == file && c.after.is_none())
            || c.removes.iter().any(|r| r.file == file)
    });
    retracted || changed
}
