//! What a report holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::place::Place;
use super::sample::Sample;
use crate::error::Exit;
use crate::outcome::{Extent, Status, is_zero};
use crate::time::Shape;

/// A report, what it says about the job, and the line for the ledger.
pub(super) struct Made {
    pub text: String,
    pub exit: Exit,
    pub counts: Option<Counts>,
}

/// What the ledger is told of a job.
#[derive(Default)]
pub(super) struct Counts {
    pub total_archived: u64,
    pub tables: u64,
    pub failed: u64,
}

/// A job's report; the keys are the contract of rt-report(1).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// The job's name.
    pub mode: String,
    /// The run's now, RFC 3339.
    pub timestamp: String,
    /// Whether it was to change nothing.
    pub dry_run: bool,
    /// Where the job worked, and for how long.
    #[serde(flatten)]
    pub place: Place,
    /// The sum of the tables' `records`.
    pub total_archived: u64,
    /// One result a table.
    pub tables: Vec<TableResult>,
    /// What rt-verify found in a share of the archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verified: Option<Sample>,
}

/// What became of a table.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TableResult {
    /// The table, as the schema writes it where a record shows that.
    pub table: String,
    /// What became of it.
    pub status: Status,
    /// Rows proven and deleted; in a dry run, rows that would be.
    pub records: u64,
    /// The instant before which rows were due, RFC 3339.
    pub cutoff_date: Option<String>,
    /// How far the rows reach that went, or would go.
    #[serde(flatten)]
    pub extent: Extent,
    /// The files that hold the rows, relative to the tree.
    pub archive_files: Vec<String>,
    /// Rows that stay because they changed meanwhile.
    pub changed: u64,
    /// Rows that stay because a row that stays points at them.
    pub referenced: u64,
    /// Rows that stay because a trigger kept them.
    pub refused: u64,
    /// Rows that somebody else deleted.
    pub gone: u64,
    /// Rows archived by a run that crashed while deleting them, and not there
    /// as archived any more.
    pub superseded: u64,
    /// Rows without a readable time.
    pub undated: u64,
    /// What most of these look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undated_shape: Option<Shape>,
    /// Rows dated more than a day ahead of now.
    #[serde(default)]
    pub future: u64,
    /// Due rows that stay because they are on hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held: u64,
    /// Rows that JSON cannot hold exactly, or that hold a secret in their key.
    pub unrepresentable: u64,
    /// Rows that triggers changed beside these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trigger_changes: u64,
    /// In a dry run, the rows of each day.
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
}

impl Report {
    /// What the ledger is told of it.
    pub(super) fn counts(&self) -> Counts {
        let failed = |t: &&TableResult| t.status == Status::Failed;
        Counts {
            total_archived: self.total_archived,
            tables: self.tables.len() as u64,
            failed: self.tables.iter().filter(failed).count() as u64,
        }
    }
}

/// A sum of counts that were read, and can be anything.
pub(super) fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}
