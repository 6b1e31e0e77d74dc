//! The report as JSON, and as a table for people.

use bytesize::ByteSize;
use serde::Serialize;

use super::columns::with_total;
use super::result::{Report, TableResult, sum};
use crate::error::{Error, Result};
use crate::outcome::Status;

const COLUMNS: usize = 12;
const HEADS: [&str; COLUMNS] = [
    "TABLE", "STATUS", "RECORDS", "SHARE", "DAYS", "SIZE", "STAYED",
    "UNDATED", "OLDEST", "NEWEST", "CUTOFF", "MESSAGE",
];

/// Which of them hold numbers, and are set to the right.
const NUMBERS: std::ops::Range<usize> = 2..8;

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
    let sizes = report.tables.iter().map(|t| t.extent.text_size_bytes);
    let sums = [
        of(|t| t.records),
        String::new(),
        String::new(),
        size(sum(sizes)),
        of(stayed),
        of(|t| t.undated),
    ];
    out.push_str(&with_total(HEADS, NUMBERS, rows, sums));
    out.push_str(&report.place.lines());
    if let Some(sample) = &report.verified {
        out.push_str(&sample.lines());
    }
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
    let extent = &result.extent;
    let none = || "-".to_owned();
    let dated = extent.oldest.is_some();
    [
        result.table.clone(),
        status(result.status).to_owned(),
        result.records.to_string(),
        share(result.records, extent.table_rows).unwrap_or_else(none),
        if dated { extent.days.to_string() } else { none() },
        match extent.text_size_bytes {
            0 => none(),
            bytes => size(bytes),
        },
        stayed(result).to_string(),
        result.undated.to_string(),
        date(&extent.oldest),
        date(&extent.newest),
        result.cutoff_date.as_deref().map_or_else(none, to_the_second),
        result.message.clone().unwrap_or_default(),
    ]
}

/// Which part of a table's rows that is; never 0 or 100 % but where it is
/// none or all.
fn share(rows: u64, of: Option<u64>) -> Option<String> {
    let of = of.filter(|of| *of > 0)?;
    let percent = u128::from(rows) * 100 / u128::from(of);
    Some(match percent {
        0 if rows > 0 => "<1%".to_owned(),
        100.. => "100%".to_owned(),
        _ => format!("{percent}%"),
    })
}

/// The day of a time.
pub(super) fn date(time: &Option<String>) -> String {
    let time = time.as_deref().unwrap_or("-");
    time.split('T').next().unwrap_or(time).to_owned()
}

/// A time in UTC without its fraction of a second.
fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => time.to_owned(),
    }
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

/// A length for people.
pub(super) fn size(bytes: u64) -> String {
    ByteSize(bytes).to_string()
}
