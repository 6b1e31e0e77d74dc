//! What was there when a run began to wait for its receipts.
//!
//! In a pipeline that is most of the time. Whoever has been alone with the
//! database since then may hold the write lock for longer from the first batch
//! on. And a segment that the ledger had already was stored by another run.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::recover::Stored;
use crate::db::{Access, Database, Identity};
use crate::io::durable::FileId;
use crate::settings::Settings;

pub(super) struct Watch {
    database: Option<Watched>,
    /// The ledger as it was, or why it could not be looked at.
    ledger: io::Result<FileId>,
    path: PathBuf,
}

/// A database that is watched.
struct Watched {
    /// Kept open: `data_version` can only be compared on one connection.
    database: Database,
    identity: Identity,
    version: i64,
    since: Instant,
}

impl Watch {
    /// Begins to watch. What is wrong with database or tree is said once they
    /// are needed, and may be gone by then.
    pub fn begin(settings: &Settings) -> Watch {
        let path = ledger_path(&settings.archives());
        // First of all: whatever is appended later is of this run's time.
        let ledger = FileId::at(&path);
        Watch { database: Watched::begin(settings), ledger, path }
    }

    /// Since when nobody has committed in this database, if nobody has.
    pub fn alone_since(&self, identity: &Identity) -> Option<Instant> {
        let watched = self.database.as_ref()?;
        let version = watched.database.data_version().ok()?;
        let same = *identity == watched.identity && version == watched.version;
        same.then_some(watched.since)
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

impl Watched {
    fn begin(settings: &Settings) -> Option<Watched> {
        let since = Instant::now();
        let identity = Database::identity(&settings.db()).ok()?;
        let database = settings.open(Access::Read).ok()?;
        let version = database.data_version().ok()?;
        Some(Watched { database, identity, version, since })
    }
}

fn ledger_path(root: &Path) -> PathBuf {
    root.join("ledger.jsonl")
}
