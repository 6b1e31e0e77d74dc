//! The report as JSON, and as a table for people.

use super::judge::sum;
use super::{Report, TableResult};
use crate::error::{Error, Result};
use crate::outcome::Status;

const COLUMNS: usize = 7;
const HEADS: [&str; COLUMNS] =
    ["TABLE", "STATUS", "RECORDS", "STAYED", "UNDATED", "CUTOFF", "MESSAGE"];

/// Which of them hold numbers, and are set to the right.
const NUMBERS: std::ops::Range<usize> = 2..5;

/// The report as one JSON object, indented by two.
pub(super) fn json(report: &Report) -> Result<String> {
    serde_json::to_string_pretty(report)
        .map(|text| text + "\n")
        .map_err(|e| Error::failed(format!("cannot write JSON: {e}")))
}

/// The report as columns of text.
pub(super) fn table(report: &Report) -> String {
    let mut out = String::from("Archive Results\n");
    if report.dry_run {
        out.push_str("DRY RUN\n");
    }
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(report.tables.iter().map(cells));
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &rows {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
            line.push_str(&if NUMBERS.contains(&i) {
                format!("{cell:>width$}  ")
            } else {
                format!("{cell:width$}  ")
            });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn cells(result: &TableResult) -> [String; COLUMNS] {
    let stayed = sum([
        result.changed,
        result.referenced,
        result.refused,
        result.unrepresentable,
    ]);
    [
        printable(&result.table),
        status(result.status).to_owned(),
        result.records.to_string(),
        stayed.to_string(),
        result.undated.to_string(),
        printable(result.cutoff_date.as_deref().unwrap_or("-")),
        printable(result.message.as_deref().unwrap_or_default()),
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

/// A name or a message that stays on its line, and does not command the
/// terminal.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
