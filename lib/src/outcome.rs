//! What a step of the way says when it is through with a table: the records
//! that rt-export, rt-store and rt-purge hand on to rt-report.
//!
//! The three records of one table must add up; a table of which one is missing
//! was not finished, whatever the exit status of a pipeline's last program
//! says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Exit};

/// What became of a table in a run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
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
    Failed,
}

/// One record of the stream, by its `type`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// From rt-export: all rows are out.
    Exported(Exported),
    /// From rt-store: all rows are published, the receipts are printed.
    Stored(Stored),
    /// From rt-purge: all segments of a table are settled, or not.
    Purged(Purged),
}

/// What became of the archives themselves in a run, by its `type`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Upkeep {
    /// From rt-consolidate.
    Consolidation(Consolidation),
    /// From rt-expire.
    Expiry(Expiry),
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
    /// Why it failed, or what was left.
    pub message: Option<String>,
    /// The exit status of a failure, or of a part not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

impl Consolidation {
    /// Notes that a part was left undone, and why.
    pub fn leave(&mut self, exit: Exit, why: String) {
        leave(&mut self.message, &mut self.exit_status, exit, why);
    }

    /// Notes why it failed.
    pub fn fail(&mut self, error: &Error) {
        self.status = "failed".to_owned();
        self.message = Some(error.to_string());
        self.exit_status = Some(error.exit().code());
    }
}

/// The record of rt-expire.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Expiry {
    /// `purged`, `no_records`, `dry_run` or `failed`.
    pub status: String,
    /// Files that are gone, or hold less, relative to the tree.
    pub purged_files: Vec<String>,
    /// Tables' days that are gone.
    pub purged_members: u64,
    /// Their bytes.
    pub purged_bytes: u64,
    /// Why it failed, or what was left.
    pub message: Option<String>,
    /// The exit status of a failure, or of a part not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

impl Expiry {
    /// Notes that a part was left undone, and why.
    pub fn leave(&mut self, exit: Exit, why: String) {
        leave(&mut self.message, &mut self.exit_status, exit, why);
    }

    /// Notes why it failed.
    pub fn fail(&mut self, error: &Error) {
        self.status = "failed".to_owned();
        self.message = Some(error.to_string());
        self.exit_status = Some(error.exit().code());
    }
}

/// The exit status of a record is that of all that was left so far.
fn leave(
    message: &mut Option<String>,
    exit_status: &mut Option<u8>,
    exit: Exit,
    why: String,
) {
    let exit = match exit {
        Exit::Disagree => Exit::Disagree,
        _ => Exit::Partial,
    };
    let before = Exit::from_code(exit_status.unwrap_or(0));
    *exit_status = Some(before.and(exit).code());
    *message = Some(why);
}

/// The record of rt-export.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Exported {
    /// The table, as the schema writes it.
    pub table: String,
    /// Any status; `archived` here means that rows came out.
    pub status: Status,
    /// Rows written, or in a dry run rows that would be.
    pub rows: u64,
    /// Rows without a readable time, which stay.
    pub undated: u64,
    /// Due rows that stay because a row that stays points at them.
    pub referenced: u64,
    /// Due rows that stay because JSON cannot hold them exactly, or because
    /// they cannot be found again without a secret in them.
    pub unrepresentable: u64,
    /// The instant before which rows were due, RFC 3339.
    pub cutoff_date: Option<String>,
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
    /// Why it failed, or what to know.
    pub message: Option<String>,
    /// The exit status of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

/// The record of rt-purge. `rows` is the sum of the six counts below it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
        Purged {
            table: table.to_owned(),
            status,
            recovered: false,
            rows: 0,
            records: 0,
            changed: 0,
            referenced: 0,
            refused: 0,
            gone: 0,
            superseded: 0,
            archive_files: Vec::new(),
            message: None,
            exit_status: None,
        }
    }
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
