//! What a run is asked for, and what it gives.

use std::path::PathBuf;
use std::time::Duration;

use crate::archive::{LedgerBefore, Receipt};
use crate::db::{Limits, Reclaim, Watched};
use crate::error::{Error, Result};
use crate::outcome::{Purged, Reclaimed};
use crate::settings::Settings;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// Only these tables; all, where none is named.
    pub tables: Vec<String>,
    /// `--pending`.
    pub pending: bool,
    /// `--archive`.
    pub archive: Option<PathBuf>,
    /// `--batch-size`, `--sleep` and `--max-stall`.
    pub limits: Limits,
    /// `--max-runtime`.
    pub max_runtime: Option<Duration>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
    /// `--reclaim`.
    pub reclaim: Reclaim,
    /// `--secure-delete`.
    pub secure_delete: bool,
    /// `--moved`.
    pub moved: bool,
}

impl Options {
    /// Refuses what does not go together.
    pub(super) fn check(&self) -> Result<()> {
        let others =
            usize::from(self.pending) + usize::from(self.archive.is_some());
        match (others, self.tables.len()) {
            (2, _) => {
                Err(Error::usage("--pending and --archive exclude each other"))
            }
            (1, 2..) => Err(Error::usage(
                "--pending and --archive take one TABLE at most",
            )),
            _ => Ok(()),
        }
    }

    /// Whether a table is one of those that are named.
    pub(super) fn is_asked_for(&self, table: &str) -> bool {
        let named = |t: &String| t.eq_ignore_ascii_case(table);
        self.tables.is_empty() || self.tables.iter().any(named)
    }
}

/// The results, and how the run ended.
pub(super) struct Results {
    pub list: Vec<Purged>,
    pub reclaimed: Option<Reclaimed>,
    pub end: Result<()>,
}

/// What was there before the work began.
pub(super) struct Waited {
    pub receipts: Vec<Receipt>,
    /// Whoever has been alone with the database since then may hold the write
    /// lock for longer from the first batch on.
    pub database: Option<Watched>,
    pub ledger: LedgerBefore,
}

impl Waited {
    /// Which segments another run stored: those whose intent begins in the
    /// ledger before this, in bytes. All are what other runs left, if they
    /// come by `--pending`.
    pub fn others_bytes(&self, pending: bool) -> u64 {
        match pending {
            true => u64::MAX,
            false => self.ledger.bytes(),
        }
    }
}
