//! The report as JSON, and as a table for people.

use serde::Serialize;

use super::columns::with_total;
use super::result::{Report, TableResult, sum};
use crate::error::{Error, Result};
use crate::outcome::Status;

const COLUMNS: usize = 7;
const HEADS: [&str; COLUMNS] =
    ["TABLE", "STATUS", "RECORDS", "STAYED", "UNDATED", "CUTOFF", "MESSAGE"];

/// Which of them hold numbers, and are set to the right.
const NUMBERS: std::ops::Range<usize> = 2..5;

/// A report as one JSON object, indented by two.
pub(super) fn json(report: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(report)
        .map(|text| text + "\n")
        .map_err(|e| Error::failed(format!("cannot write JSON: {e}")))
}

/// The report as columns of text.
pub(super) fn table(report: &Report) -> String {
    let mut out = heading("Archive Results", report.dry_run);
    let rows = report.tables.iter().map(cells);
    let of = |count: fn(&TableResult) -> u64| {
        sum(report.tables.iter().map(count)).to_string()
    };
    let sums = [of(|t| t.records), of(stayed), of(|t| t.undated)];
    out.push_str(&with_total(HEADS, NUMBERS, rows, sums));
    out.push_str(&report.place.lines());
    out
}

/// The heading of a report.
pub(super) fn heading(words: &str, dry_run: bool) -> String {
    format!("{words}\n{}", if dry_run { "DRY RUN\n" } else { "" })
}

/// The rows of a table that were due and did not go.
fn stayed(result: &TableResult) -> u64 {
    sum([
        result.changed,
        result.referenced,
        result.refused,
        result.unrepresentable,
    ])
}

fn cells(result: &TableResult) -> [String; COLUMNS] {
    [
        result.table.clone(),
        status(result.status).to_owned(),
        result.records.to_string(),
        stayed(result).to_string(),
        result.undated.to_string(),
        result.cutoff_date.clone().unwrap_or_else(|| "-".to_owned()),
        result.message.clone().unwrap_or_default(),
    ]
}

/// The word that the JSON form has for it.
fn status(status: Status) -> &'static str {
    match status {
        Status::Archived => "archived",
        Status::NoRecords => "no_records",
        Status::DryRun => "dry_run",
        Status::Exempt => "exempt",
        Status::NoPolicy => "no_policy",
        Status::NoTable => "no_table",
        Status::Failed => "failed",
    }
}
