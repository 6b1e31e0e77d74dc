//! What was there when a run began to wait for its receipts.
//!
//! In a pipeline that is most of the time. Whoever has been alone with the
//! database since then may hold the write lock for longer from the first batch
//! on. And a segment that the ledger had already was stored by another run.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use super::recover::Stored;
use crate::db::{Access, Identity, Watched};
use crate::io::durable::FileId;
use crate::settings::Settings;

pub(super) struct Watch {
    database: Option<Watched>,
    /// The ledger as it was, or why it could not be looked at.
    ledger: io::Result<FileId>,
    path: PathBuf,
}

impl Watch {
    /// Begins to watch. What is wrong with database or tree is said once they
    /// are needed, and may be gone by then.
    pub fn begin(settings: &Settings) -> Watch {
        let path = settings.archives().join("ledger.jsonl");
        // First of all: whatever is appended later is of this run's time.
        let ledger = FileId::at(&path);
        let open = || settings.open(Access::Read);
        Watch { database: Watched::begin(open), ledger, path }
    }

    /// Since when nobody has committed in this database, if nobody has.
    pub fn alone_since(&self, identity: &Identity) -> Option<Instant> {
        self.database.as_ref()?.alone_since(identity)
    }

    /// Which segments were stored before. In a ledger that was put in the
    /// place of the one that was there, all were.
    pub fn stored(&self) -> Stored {
        let before = match &self.ledger {
            Ok(before) => before,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Stored::Before(0);
            }
            // What was in it is not known, so every line is in doubt.
            Err(_) => return Stored::ByOthers,
        };
        match FileId::at(&self.path) {
            Ok(now)
                if now.device == before.device
                    && now.inode == before.inode =>
            {
                Stored::Before(before.size_bytes)
            }
            _ => Stored::ByOthers,
        }
    }
}
