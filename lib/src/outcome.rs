//! What a step of the way says when it is through with a table: the records
//! that rt-export, rt-store and rt-purge hand on to rt-report.
//!
//! The three records of one table must add up; a table of which one is missing
//! was not finished, whatever the exit status of a pipeline's last program
//! says.

mod kept;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Exit};
use crate::time::Shape;

/// What became of a table in a run.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Rows were archived, proven and deleted.
    Archived,
    /// There was nothing to do.
    NoRecords,
    /// A dry run: what would have been done.
    DryRun,
    /// The policy keeps this table out.
    Exempt,
    /// The policy does not name this table.
    NoPolicy,
    /// The database has no such table.
    NoTable,
    /// The step failed; the message says why.
    #[default]
    Failed,
}

/// One record of the stream, by its `type`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// From rt-export: all rows are out.
    Exported(Box<Exported>),
    /// From rt-store: all rows are published, the receipts are printed.
    Stored(Stored),
    /// From rt-purge: all segments of a table are settled, or not.
    Purged(Purged),
    /// The run ended before the tables of which nothing else is said.
    Ended(Ended),
}

/// Why a run began no more tables, from rt-purge or from a script.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ended {
    /// What the program that failed said; a signal says nothing.
    pub message: Option<String>,
    /// How it ended.
    pub exit_status: u8,
}

/// How far the rows that go reach, and how much they are. What was not looked
/// at is null.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Extent {
    /// The least time, RFC 3339.
    pub oldest: Option<String>,
    /// The greatest time, RFC 3339.
    pub newest: Option<String>,
    /// UTC days with a row.
    pub days: u64,
    /// The rows as lines of JSON, in bytes.
    pub text_size_bytes: u64,
    /// Rows of the table, those that stay included.
    pub table_rows: Option<u64>,
    /// Rows past their hot, warm and cold period together: as soon as they
    /// are archived, they are due for deletion.
    pub past_retention: u64,
}

/// What became of the archives themselves in a run, by its `type`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Upkeep {
    /// From rt-consolidate.
    Consolidation(Consolidation),
    /// From rt-expire.
    Expiry(Expiry),
    /// From a job that could not begin.
    Ended(Ended),
}

/// The record of rt-consolidate.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Consolidation {
    /// `consolidated`, `no_records`, `dry_run` or `failed`.
    pub status: String,
    /// Warm files that went into a month's tar.
    pub consolidated: u64,
    /// The tars, relative to the tree.
    pub cold_files: Vec<String>,
    /// The warm files.
    pub removed_warm: Vec<String>,
    /// Warm files that are due, and on hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_hold: Vec<String>,
    /// Why it failed, or what was left.
    pub message: Option<String>,
    /// The exit status of a failure, or of a part not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

impl Step for Consolidation {
    type Record = Upkeep;

    fn end(&mut self) -> End<'_> {
        (&mut self.status, &mut self.message, &mut self.exit_status)
    }

    fn record(self) -> Upkeep {
        Upkeep::Consolidation(self)
    }
}

/// The record of rt-expire.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Expiry {
    /// `purged`, `held`, `no_records`, `dry_run` or `failed`.
    pub status: String,
    /// Files that are gone, or hold less, relative to the tree.
    pub purged_files: Vec<String>,
    /// Tables' days that are gone.
    pub purged_members: u64,
    /// What this freed: of files that hold less, what went out of them.
    pub purged_bytes: u64,
    /// Their rows, by table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Span>,
    /// What is past its retention and is asked about first, by table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Span>,
    /// What is past its retention and was archived too lately, by table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Span>,
    /// What is past its retention and on hold, by table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_hold: Vec<Span>,
    /// With `--shipped-only`: what is past its retention and at no remote, by
    /// table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unshipped: Vec<Span>,
    /// Why it failed, or what was left.
    pub message: Option<String>,
    /// The exit status of a failure, or of a part not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

/// Archived rows of a table, and from which day to which they are.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Span {
    /// The table.
    pub table: String,
    /// `whole` for files with all rows of a run; none for days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Why they are asked about: `ledger`, `clock`, `backlog`, `shorter` or
    /// `half`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How many.
    pub rows: u64,
    /// The first day.
    pub oldest: String,
    /// The last one.
    pub newest: String,
    /// The instant before which rows are past their retention, RFC 3339.
    pub cutoff_date: String,
}

impl Step for Expiry {
    type Record = Upkeep;

    fn end(&mut self) -> End<'_> {
        (&mut self.status, &mut self.message, &mut self.exit_status)
    }

    fn record(self) -> Upkeep {
        Upkeep::Expiry(self)
    }
}

/// What a step's record says of its end: status, message, exit status.
pub type End<'r> =
    (&'r mut String, &'r mut Option<String>, &'r mut Option<u8>);

/// The record of a step of upkeep.
pub trait Step: Default {
    /// What it is printed as.
    type Record: Serialize;

    /// What it says of the step's end.
    fn end(&mut self) -> End<'_>;

    /// It as a record of the stream.
    fn record(self) -> Self::Record;

    /// Notes that a part was left undone, and why.
    fn leave(&mut self, exit: Exit, why: String) {
        let exit = match exit {
            Exit::Disagree => Exit::Disagree,
            _ => Exit::Partial,
        };
        let (_, message, exit_status) = self.end();
        let before = Exit::from_code(exit_status.unwrap_or(0));
        *exit_status = Some(before.and(exit).code());
        *message = Some(why);
    }

    /// Notes why it failed.
    fn fail(&mut self, error: &Error) {
        let (status, message, exit_status) = self.end();
        "failed".clone_into(status);
        *message = Some(error.to_string());
        *exit_status = Some(error.exit().code());
    }
}

/// The record of rt-export.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Exported {
    /// The table, as the schema writes it.
    pub table: String,
    /// Any status; `archived` here means that rows came out.
    pub status: Status,
    /// Rows written, or in a dry run rows that would be.
    pub rows: u64,
    /// Rows without a readable time, which stay.
    pub undated: u64,
    /// What most of these look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undated_shape: Option<Shape>,
    /// Rows dated more than a day ahead of now, which stay.
    #[serde(default)]
    pub future: u64,
    /// Due rows that stay because they are on hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held: u64,
    /// Due rows that stay because a row that stays points at them.
    pub referenced: u64,
    /// Due rows that stay because JSON cannot hold them exactly, or because
    /// they cannot be found again without a secret in them.
    pub unrepresentable: u64,
    /// The instant before which rows were due, RFC 3339.
    pub cutoff_date: Option<String>,
    /// How far the rows reach.
    #[serde(flatten)]
    pub extent: Extent,
    /// In a dry run of what is due, the rows of each day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub day_rows: BTreeMap<String, u64>,
    /// Columns whose values were replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<String>,
    /// Secrets that were replaced, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, u64>,
    /// Why it failed, or what to know.
    pub message: Option<String>,
    /// The exit status of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

/// The record of rt-store.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Stored {
    /// The table.
    pub table: String,
    /// `archived`, `no_records` or `failed`.
    pub status: Status,
    /// Rows stored.
    pub rows: u64,
    /// Segments published, a receipt each.
    pub segments: u64,
    /// Records without a readable time, which were not stored.
    pub undated: u64,
    /// Records of more days than one run stores, which the next one does.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left: u64,
    /// Why it failed, or what to know.
    pub message: Option<String>,
    /// The exit status of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

/// The record of rt-purge. `rows` is the sum of the six counts below it; of a
/// segment that was not settled, the rows that were deleted count.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Purged {
    /// The table.
    pub table: String,
    /// `archived`, `no_records` or `failed`.
    pub status: Status,
    /// These segments were left by a run that did not finish (`--pending`);
    /// they count beside, not within, what this run exported and stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recovered: bool,
    /// Rows of the settled segments.
    pub rows: u64,
    /// Proven and deleted by this run.
    pub records: u64,
    /// Differed from their archived form: stay, and were taken out again.
    pub changed: u64,
    /// A row that stays points at them: stay, and were taken out again.
    pub referenced: u64,
    /// A trigger kept them: stay, and were taken out again.
    pub refused: u64,
    /// An application deleted them, or they are second copies: were taken out
    /// again.
    pub gone: u64,
    /// Gone or different in a segment that another run stored or began: it is
    /// not known who removed them, and their archived form is kept.
    pub superseded: u64,
    /// Of the records, those that the archives had before: rows that had been
    /// put back. No second line is kept of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u64,
    /// Rows that triggers inserted, changed or deleted beside these, as SQLite
    /// counts them: in the tables of a search index too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trigger_changes: u64,
    /// The files that hold the rows now, relative to the tree.
    pub archive_files: Vec<String>,
    /// Why it failed, or what to know.
    pub message: Option<String>,
    /// The exit status of a failure, or of a part not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

impl Purged {
    /// The result of a table of which nothing was settled so far.
    pub fn new(table: &str, status: Status) -> Purged {
        Purged { table: table.to_owned(), status, ..Purged::default() }
    }
}

/// Whether a count is left out of a record.
pub fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// From rt-purge with `--reclaim`: what the database file lost.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename = "reclaimed")]
pub struct Reclaimed {
    /// `incremental` or `full`.
    pub reclaim: String,
    /// By how much the file is shorter, in bytes.
    pub gained_bytes: u64,
}
