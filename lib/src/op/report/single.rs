//! The report of a job that puts one table's rows into one file when the table
//! is over a size.
//!
//! The size comes as the record of rt-stat, what became of the rows as the
//! records of the three steps, and what is in the file from the ledger.

use std::collections::BTreeMap;
use std::io::BufRead;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::about::Options;
use super::input::read;
use super::judge::{self, Seen};
use super::place::Place;
use super::print;
use super::result::{Counts, Made, TableResult};
use crate::archive::{Job, Ledger};
use crate::error::{Error, Notes, Result, are, counted, quote};
use crate::outcome::{Extent, Outcome, Reclaimed, Status};
use crate::time::Shape;

/// What rt-stat says of the table.
#[derive(Deserialize)]
struct Size {
    live_bytes: Option<u64>,
    threshold_bytes: u64,
    over: bool,
}

/// Any record that counts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Record {
    Outcome(Box<Outcome>),
    Reclaimed(Reclaimed),
    Size(Size),
}

/// The report when there was nothing to do. Its keys and those of
/// [`SingleReport`] are the contract of rt-scaletrace(1).
#[derive(Serialize)]
struct Below {
    status: &'static str,
    table_size_bytes: Option<u64>,
    threshold_bytes: u64,
    #[serde(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct SingleReport {
    status: Status,
    table: String,
    archived_file_path: Option<String>,
    original_size_bytes: Option<u64>,
    table_size_bytes: Option<u64>,
    compressed_size_bytes: Option<u64>,
    rows_archived: u64,
    cutoff_timestamp: Option<String>,
    #[serde(flatten)]
    extent: Extent,
    threshold_bytes: u64,
    changed: u64,
    referenced: u64,
    refused: u64,
    gone: u64,
    superseded: u64,
    undated: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    undated_shape: Option<Shape>,
    future: u64,
    unrepresentable: u64,
    redacted: Vec<String>,
    secrets: BTreeMap<String, u64>,
    reclaimed_bytes: Option<u64>,
    message: Option<String>,
    #[serde(flatten)]
    place: Place,
}

/// Reads the records and judges them.
pub(super) fn make(
    options: &Options,
    table: &str,
    input: &mut dyn BufRead,
    notes: &mut dyn Notes,
) -> Result<Made> {
    let types =
        ["exported", "stored", "purged", "ended", "reclaimed", "table_size"];
    let (mut outcomes, mut size, mut reclaimed) = (Vec::new(), None, None);
    let readable = read(input, &types, notes, |record| match record {
        Record::Outcome(outcome) => outcomes.push(*outcome),
        Record::Reclaimed(record) => reclaimed = Some(record.gained_bytes),
        Record::Size(record) => size = Some(record),
    })?;
    let size = size
        .ok_or_else(|| Error::data("there is no record of rt-stat --over"))?;
    if !size.over && outcomes.is_empty() {
        let below = Below {
            status: "below_threshold",
            table_size_bytes: size.live_bytes,
            threshold_bytes: size.threshold_bytes,
            place: Place::of(&options.settings)?,
        };
        let takes = size.live_bytes.map_or("less".to_owned(), bytes);
        notes.verbose(&format!(
            "table {} is not over {}: it takes {takes}",
            quote(table),
            bytes(size.threshold_bytes)
        ));
        let text = print::json(&below)?;
        // That it is well again is on record where a failure is.
        let counts = failed_before(options)?.then(Counts::default);
        return Ok(Made { text, exit: readable, counts });
    }
    // Under the threshold again, there is only what was recovered.
    let mut seen = match size.over {
        true => Seen::named(table),
        false => Seen::unnamed(table),
    };
    for outcome in outcomes {
        if judge::table(&outcome).is_none_or(|name| seen.is(name)) {
            seen.add(outcome);
        }
    }
    let (result, exit) = seen.judge();
    let counts = Counts {
        total_archived: result.records,
        tables: 1,
        failed: u64::from(result.status == Status::Failed),
    };
    let report = put_together(options, result, &size, reclaimed)?;
    notes.verbose(&report.line());
    Ok(Made {
        text: print::json(&report)?,
        exit: exit.and(readable),
        counts: Some(counts),
    })
}

/// Whether the last run in this tree that had something to do failed.
fn failed_before(options: &Options) -> Result<bool> {
    let root = options.settings.archives();
    let ledger = Ledger::open(&root, options.settings.now()?, false)?;
    let name = options.settings.database()?;
    let mine = |job: &Job| job.mode == options.mode && job.database == name;
    let mut jobs = ledger.state().jobs();
    Ok(jobs.any(|(job, ..)| mine(job) && job.exit_status != 0))
}

impl SingleReport {
    /// What became of the table, for people.
    fn line(&self) -> String {
        let table = quote(&self.table);
        let rows = counted(self.rows_archived, "row");
        let are = are(self.rows_archived);
        let line = match (self.status, &self.archived_file_path) {
            (Status::Archived, Some(file)) => {
                let size = self
                    .compressed_size_bytes
                    .map_or_else(String::new, |size| {
                        format!(", {}", bytes(size))
                    });
                format!("{rows} of {table} {are} in {}{size}", quote(file))
            }
            (Status::DryRun, _) => {
                format!("{rows} of {table} would be archived")
            }
            (Status::Failed, _) => format!(
                "table {table}: {}",
                self.message.as_deref().unwrap_or("failed")
            ),
            _ => format!("no rows of {table} are due"),
        };
        match self.reclaimed_bytes {
            Some(gained) => format!(
                "{line}; the database file is {} shorter",
                bytes(gained)
            ),
            None => line,
        }
    }
}

fn bytes(bytes: u64) -> String {
    ByteSize(bytes).to_string()
}

/// The report; what the file holds is as the ledger says.
fn put_together(
    options: &Options,
    result: TableResult,
    size: &Size,
    reclaimed: Option<u64>,
) -> Result<SingleReport> {
    let root = options.settings.archives();
    let ledger = Ledger::open(&root, options.settings.now()?, false)?;
    // What was recovered comes first; this run's own file is the last.
    let file = result.archive_files.last();
    let files = ledger.files()?;
    let held = file.and_then(|file| files.file(file));
    let rows = match (result.status, held) {
        (Status::Archived, Some(held)) => {
            held.members.iter().map(|m| m.rows).sum()
        }
        _ => result.records,
    };
    Ok(SingleReport {
        status: result.status,
        table: result.table,
        archived_file_path: file
            .map(|file| root.join(file).to_string_lossy().into_owned()),
        original_size_bytes: held.and_then(|held| held.text_size_bytes),
        table_size_bytes: size.live_bytes,
        compressed_size_bytes: held.map(|held| held.size_bytes),
        rows_archived: rows,
        cutoff_timestamp: result.cutoff_date,
        extent: result.extent,
        threshold_bytes: size.threshold_bytes,
        changed: result.changed,
        referenced: result.referenced,
        refused: result.refused,
        gone: result.gone,
        superseded: result.superseded,
        undated: result.undated,
        undated_shape: result.undated_shape,
        future: result.future,
        unrepresentable: result.unrepresentable,
        redacted: result.redacted,
        secrets: result.secrets,
        reclaimed_bytes: reclaimed,
        message: result.message,
        place: Place::of(&options.settings)?,
    })
}
