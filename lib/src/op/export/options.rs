//! What rt-export was asked for.

use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::record::Frame;
use crate::settings::Settings;
use crate::settings::columns::Columns;
use crate::time::Age;

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
    /// The table; for `--look` any number of them.
    pub tables: Vec<String>,
    /// `--look`: only which tables have rows that are due.
    pub look: bool,
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
