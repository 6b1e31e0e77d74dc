//! What rt-verify was asked for.

use std::path::PathBuf;

use jiff::Timestamp;

use super::absent::Key;
use crate::archive::Selection;
use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::time::clock;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// The tables; none named means all.
    pub tables: Vec<String>,
    /// `--since`.
    pub since: Option<Timestamp>,
    /// `--until`.
    pub until: Option<Timestamp>,
    /// `--quick`: no archive is opened.
    pub quick: bool,
    /// `--sample`: so many hundredths of all bytes.
    pub sample: Option<u64>,
    /// `--balance`: the books of each table's day.
    pub balance: bool,
    /// `--absent`: a key that no archive may hold.
    pub absent: Option<Key>,
    /// `--duplicates`: rows that are archived more than once.
    pub duplicates: bool,
    /// `--salvage`: the lines of this archive, in place of all else.
    pub salvage: Option<PathBuf>,
    /// `--repair`: what the ledger does not know is taken in.
    pub repair: bool,
    /// `--yes`: the repair is done, and not only planned.
    pub yes: bool,
}

impl Options {
    /// Refuses what makes no sense together.
    pub(super) fn check(&self) -> Result<()> {
        clock::check_span(("since", self.since), ("until", self.until))?;
        let reads = self.absent.is_some() || self.duplicates;
        if self.quick && (self.sample.is_some() || reads) {
            return Err(Error::usage(
                "--quick opens no archive: --sample, --absent and \
                 --duplicates have no meaning beside it",
            ));
        }
        if self.sample.is_some() && (reads || self.balance) {
            return Err(Error::usage(
                "--absent, --duplicates and --balance are about all archives, \
                 and not about a --sample",
            ));
        }
        if self.yes && !self.repair {
            return Err(Error::usage("--yes is for --repair"));
        }
        let chosen = !self.selection().is_all();
        if self.repair && (chosen || self.quick || self.sample.is_some()) {
            return Err(Error::usage("--repair looks at the whole tree"));
        }
        match self.sample {
            Some(101..) => {
                Err(Error::usage("--sample takes a percentage, 1 to 100"))
            }
            _ => Ok(()),
        }
    }

    /// The archives that are asked for.
    pub(super) fn selection(&self) -> Selection<'_> {
        Selection {
            tables: &self.tables,
            database: None,
            since: self.since,
            until: self.until,
        }
    }
}
