//! What the ledger held when a run began to wait for its receipts.
//!
//! In a pipeline that is most of the time. A segment that the ledger had
//! already was stored by another run.

use std::io;
use std::path::Path;

use super::ledger;
use crate::io::durable::FileId;
use crate::io::tree_path::TreePath;

/// The ledger as it was.
pub struct LedgerBefore {
    path: TreePath,
    /// Its identity, or why it could not be looked at.
    ledger: io::Result<FileId>,
}

impl LedgerBefore {
    /// Looks at the ledger of the tree at `root`. What is wrong with it is
    /// said once it is needed, and may be gone by then.
    pub fn look(root: &Path) -> LedgerBefore {
        let path = ledger::path(root);
        LedgerBefore { ledger: FileId::at(&path), path }
    }

    /// How much of the ledger of now was there before, in bytes. All of it
    /// (`u64::MAX`) where another one was put in its place, and where it could
    /// not be looked at: every line is in doubt then.
    pub fn bytes(&self) -> u64 {
        let before = match &self.ledger {
            Ok(before) => before,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return 0,
            Err(_) => return u64::MAX,
        };
        let file = |id: &FileId| (id.device, id.inode);
        match FileId::at(&self.path) {
            Ok(now) if file(&now) == file(before) => before.size_bytes,
            _ => u64::MAX,
        }
    }
}
