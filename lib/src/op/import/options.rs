//! What rt-import was asked for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::db::OnConflict;
use crate::error::{Error, Result, quote};
use crate::settings::Settings;
use crate::settings::columns::Columns;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// The table.
    pub table: String,
    /// What writes the rows, in place of standard input.
    pub command: Vec<OsString>,
    /// `--into`: a database beside the live one.
    pub into: Option<PathBuf>,
    /// `--create`: makes database and table where they are not there.
    pub create: bool,
    /// `--schema`: a file with the table's CREATE statements.
    pub schema: Option<PathBuf>,
    /// `--hold`: into the live database, where this is why they stay.
    pub hold: Option<String>,
    /// `--until`: the hold ends by itself.
    pub until: Option<Timestamp>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
    /// `--on-conflict`.
    pub on_conflict: OnConflict,
    /// `--ignore-extra`.
    pub ignore_extra: bool,
    /// `--keep-rowid`.
    pub keep_rowid: bool,
    /// `--triggers fire`.
    pub fire: bool,
    /// `--timestamp-column` and `--unit`.
    pub columns: Columns,
}

impl Options {
    /// `--triggers`.
    pub fn triggers(&mut self, word: &str) -> Result<()> {
        match word {
            "fire" => self.fire = true,
            "refuse" => self.fire = false,
            _ => {
                return Err(Error::usage(format!(
                    "--triggers takes refuse or fire, not {}",
                    quote(word)
                )));
            }
        }
        Ok(())
    }

    /// Refuses what makes no sense together.
    pub(super) fn check(&self) -> Result<()> {
        let side = self.create || self.keep_rowid;
        match (&self.into, &self.hold) {
            (None, None) => {
                Err(Error::usage("nothing says where the rows go").hint(
                    "into a database beside the live one with --into FILE \
                     (--create makes it), or into the live one with --hold \
                     REASON, which keeps the next run from archiving them",
                ))
            }
            (Some(_), Some(_)) => {
                Err(Error::usage("--into and --hold exclude each other"))
            }
            (Some(_), None) if self.until.is_some() => {
                Err(Error::usage("--until is for --hold"))
            }
            (None, Some(_)) if side => {
                Err(Error::usage("--create and --keep-rowid are for --into"))
            }
            _ if self.schema.is_some() && !self.create => {
                Err(Error::usage("--schema is for --create"))
            }
            _ => Ok(()),
        }
    }
}
