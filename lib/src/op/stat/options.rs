//! What rt-stat was asked for.

use jiff::Timestamp;

use crate::error::{Error, Result, quote};
use crate::settings::Settings;
use crate::settings::columns::Columns;
use crate::time::{Age, clock};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// The tables; where none is named, the policy's tables that exist.
    pub tables: Vec<String>,
    /// `--over`, in bytes.
    pub over: Option<u64>,
    /// `--always`: a record also of a table that is not over it.
    pub always: bool,
    /// `--timestamp-column` and `--unit`.
    pub columns: Columns,
    /// `--undated`: what the undated rows of the one table look like.
    pub undated: bool,
    /// `--archives`: the tiers, in place of the database's tables.
    pub archives: bool,
    /// `--files`: the archives one by one.
    pub files: bool,
    /// `--sums`: the tiers and tables too.
    pub sums: bool,
    /// `--since`: days that end at or before it are left out.
    pub since: Option<Timestamp>,
    /// `--until`: days that begin at or after it are left out.
    pub until: Option<Timestamp>,
    /// `--history`: what the ledger tells of the past.
    pub history: bool,
    /// `--check`: what passes a limit.
    pub check: bool,
    /// `--margin`: how far past its policy a row may be.
    pub margin: Option<Age>,
    /// `--max-size`: of the archive tree, in bytes.
    pub max_size: Option<u64>,
    /// `--max-undated`: of a table.
    pub max_undated: Option<u64>,
    /// `--max-unread`: since an archive was last read.
    pub max_unread: Option<Age>,
}

impl Options {
    /// Refuses flags and operands that have no meaning together.
    pub(super) fn check(&self) -> Result<()> {
        self.check_modes()?;
        clock::check_span(("since", self.since), ("until", self.until))?;
        if self.archives {
            return Ok(());
        }
        let dated =
            self.columns.timestamp.is_some() || self.columns.unit.is_some();
        match (self.over.or(self.undated.then_some(0)), self.tables.as_slice())
        {
            (Some(_), [_]) if dated && !self.undated => Err(Error::usage(
                "--over measures bytes: --timestamp-column and --unit have \
                 no meaning beside it",
            )),
            (Some(_), [_]) => Ok(()),
            (Some(_), []) => Err(Error::usage("TABLE is missing")),
            (Some(_), [_, extra, ..]) => Err(Error::usage(format!(
                "unexpected operand {}",
                quote(extra)
            ))),
            (None, []) if dated => Err(Error::usage(
                "--timestamp-column and --unit are for tables that are named",
            )),
            (None, _) => Ok(()),
        }
    }

    /// Whether each flag has a meaning beside the others.
    fn check_modes(&self) -> Result<()> {
        let dated =
            self.columns.timestamp.is_some() || self.columns.unit.is_some();
        let listed =
            self.files || self.since.is_some() || self.until.is_some();
        let limited = self.margin.is_some()
            || self.max_size.is_some()
            || self.max_undated.is_some()
            || self.max_unread.is_some();
        let modes = [
            self.over.is_some(),
            self.undated,
            self.archives,
            self.history,
            self.check,
        ];
        let wrong = if modes.iter().filter(|m| **m).count() > 1 {
            "--over, --undated, --archives, --history and --check are asked \
             one at a time"
        } else if self.always && self.over.is_none() {
            "--always is for --over"
        } else if listed && !self.archives {
            "--files, --since and --until are for --archives"
        } else if self.sums && !self.files {
            "--sums is for --files"
        } else if limited && !self.check {
            "--margin, --max-size, --max-undated and --max-unread are for \
             --check"
        } else if dated && (self.archives || self.history || self.check) {
            "--timestamp-column and --unit are for tables that are named"
        } else if self.check && !self.tables.is_empty() {
            "--check takes no TABLE: it looks at all that the policy names"
        } else if self.history && !self.tables.is_empty() {
            "--history takes no TABLE: it tells of all"
        } else {
            return Ok(());
        };
        Err(Error::usage(wrong))
    }
}
