//! What rt-import was asked for.

use std::path::PathBuf;

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
    /// `--into`: a database beside the live one.
    pub into: Option<PathBuf>,
    /// `--create`: makes database and table where they are not there.
    pub create: bool,
    /// `--schema`: a file with the table's CREATE statements.
    pub schema: Option<PathBuf>,
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
        if self.into.is_none() {
            return Err(Error::usage("nothing says where the rows go").hint(
                "name a database beside the live one with --into FILE \
                 (--create makes it)",
            ));
        }
        if self.schema.is_some() && !self.create {
            return Err(Error::usage("--schema is for --create"));
        }
        Ok(())
    }
}
