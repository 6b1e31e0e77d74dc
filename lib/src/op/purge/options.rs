//! What a run is asked for, and what it gives.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::watch::Watch;
use crate::archive::Receipt;
use crate::db::{Limits, Reclaim};
use crate::error::Result;
use crate::outcome::{Purged, Reclaimed};
use crate::settings::Settings;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// Only this table.
    pub table: Option<String>,
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
    /// `--moved`.
    pub moved: bool,
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
    pub watch: Watch,
    pub began: Instant,
}
