//! What rt-export was asked for.

use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::io::jsonl;
use crate::record::Frame;
use crate::settings::Settings;
use crate::settings::columns::Columns;
use crate::time::Age;

/// So many rows that are due a look takes in at most, to tell whether a table
/// is a small one.
const LOOKED_AT: u64 = 256;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// A row a line.
    #[default]
    Jsonl,
    /// One array, a row a line.
    Json,
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// The table; of rows that are due, any number of them.
    pub tables: Vec<String>,
    /// `--look`: only which tables have rows that are due.
    pub look: bool,
    /// `--together`: where a look names the tables that one run may take.
    pub together: Option<PathBuf>,
    /// `--due`.
    pub due: bool,
    /// `--older-than`.
    pub older_than: Option<Age>,
    /// `--before`.
    pub before: Option<Timestamp>,
    /// `--since`.
    pub since: Option<Timestamp>,
    /// `--where`.
    pub condition: Option<String>,
    /// `--limit`.
    pub limit: Option<u64>,
    /// `--after`: results of dry runs, whose tables come before.
    pub after: Option<PathBuf>,
    /// `--format`.
    pub format: Format,
    /// The columns.
    pub columns: Columns,
    /// `--batch-size`.
    pub batch_size: Option<u64>,
    /// `--result`.
    pub result: Option<PathBuf>,
}

impl Options {
    /// How many rows are asked for; a look tells whether a row is due, and
    /// whether more than a few are.
    pub(super) fn at_most(&self) -> Option<u64> {
        match (self.look, &self.together) {
            (false, _) => self.limit,
            (true, None) => Some(1),
            (true, Some(_)) => Some(LOOKED_AT + 1),
        }
    }

    /// The line that says which table the next rows are of, where several
    /// are.
    pub(super) fn naming(&self, table: &str) -> Result<Option<Vec<u8>>> {
        let several = self.tables.len() > 1;
        let named = several && !self.look && !self.settings.dry_run;
        named.then(|| jsonl::line(&table)).transpose()
    }

    /// What the rows stand in.
    pub(super) fn frame(&self) -> Frame {
        Frame::new(self.format == Format::Json)
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Format> {
        match word {
            "jsonl" => Ok(Format::Jsonl),
            "json" => Ok(Format::Json),
            _ => Err(Error::usage(format!(
                "--format takes jsonl or json, not '{word}'"
            ))),
        }
    }
}
