//! rt-report: the results of a job's steps, put together and judged.
//!
//! Standard input holds what rt-export, rt-store and rt-purge said when they
//! were through with a table. A step that says nothing was not finished,
//! whatever the status of the pipeline was that it ran in: so a table that the
//! job was for is judged by what is there, and fails for what is missing.

use std::borrow::Cow;
use std::io::{BufRead, Write};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Exit, Notes, Result};
use crate::ledger::{Event, Job, Ledger};
use crate::outcome::{Outcome, Status};
use crate::{fsx, timestamp};

mod judge;
mod print;

use judge::{Seen, sum};

/// What rt-report was asked for.
#[derive(Debug)]
pub struct Options {
    /// The job's name.
    pub mode: String,
    /// The run's now.
    pub now: Timestamp,
    /// Whether the job was to change nothing.
    pub dry_run: bool,
    /// JSON in place of a table for people.
    pub json: bool,
    /// The file that takes the report in place of `output`.
    pub file: Option<PathBuf>,
    /// The tree that the job worked on.
    pub archives: PathBuf,
    /// The tables that the job was for, in order.
    pub tables: Vec<String>,
}

/// A job's report; the keys are the contract of rt-report(1).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The job's name.
    pub mode: String,
    /// The run's now, RFC 3339.
    pub timestamp: String,
    /// Whether it was to change nothing.
    pub dry_run: bool,
    /// The sum of the tables' `records`.
    pub total_archived: u64,
    /// One result a table.
    pub tables: Vec<TableResult>,
}

/// What became of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableResult {
    /// The table, as the schema writes it where a record shows that.
    pub table: String,
    /// What became of it.
    pub status: Status,
    /// Rows proven and deleted; in a dry run, those that would be.
    pub records: u64,
    /// The instant before which rows were due, RFC 3339.
    pub cutoff_date: Option<String>,
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
    /// Rows that JSON cannot hold exactly.
    pub unrepresentable: u64,
    /// Why it failed, or what to know.
    pub message: Option<String>,
}

/// Reads the results, writes the report, and gives both it and the job's exit
/// status.
pub fn run(
    options: &Options,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<(Report, Exit)> {
    let mut tables: Vec<Seen> = Vec::new();
    for table in &options.tables {
        if !tables.iter().any(|seen| seen.is(table)) {
            tables.push(Seen::named(table));
        }
    }
    let unreadable = read(input, &mut tables, notes)?;
    let (results, exits): (Vec<TableResult>, Vec<Exit>) =
        tables.iter().map(Seen::judge).unzip();
    let mut exit = overall(&exits);
    if unreadable {
        exit = exit.and(Exit::Data);
    }
    let report = Report {
        mode: options.mode.clone(),
        timestamp: timestamp::rfc3339(options.now),
        dry_run: options.dry_run,
        total_archived: sum(results.iter().map(|r| r.records)),
        tables: results,
    };
    let text = if options.json {
        print::json(&report)?
    } else {
        print::table(&report)
    };
    if !options.dry_run {
        enter(options, &report, exit)?;
    }
    match &options.file {
        Some(path) => fsx::write_whole(path, text.as_bytes(), true)?,
        None => output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush())
            .map_err(|e| {
                Error::stream("cannot write to standard output", e)
            })?,
    }
    Ok((report, exit))
}

/// Enters the end of the job in the ledger. A tree that is not there has had
/// no job: whoever runs one has made it for its lock.
fn enter(options: &Options, report: &Report, exit: Exit) -> Result<()> {
    if !options.archives.is_dir() {
        return Ok(());
    }
    let failed = |t: &&TableResult| t.status == Status::Failed;
    let job = Job {
        mode: report.mode.clone(),
        exit_status: exit.code(),
        total_archived: report.total_archived,
        tables: report.tables.len() as u64,
        failed: report.tables.iter().filter(failed).count() as u64,
    };
    let mut ledger = Ledger::open(&options.archives, options.now, true)?;
    ledger.append(&[Event::Job(job)])
}

/// Sorts the records on the input to their tables. Gives whether there were
/// lines that are none; the tables that they spoke of will lack a step.
fn read(
    input: &mut dyn BufRead,
    tables: &mut Vec<Seen>,
    notes: &mut dyn Notes,
) -> Result<bool> {
    let mut unreadable = false;
    let mut line = Vec::new();
    for n in 1.. {
        line.clear();
        let read = input
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::stream("cannot read standard input", e))?;
        if read == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match record(&line) {
            Ok(Some(outcome)) => {
                let name = judge::table(&outcome);
                match tables.iter_mut().find(|seen| seen.is(name)) {
                    Some(seen) => seen.add(outcome),
                    None => {
                        let mut seen = Seen::unnamed(name);
                        seen.add(outcome);
                        tables.push(seen);
                    }
                }
            }
            Ok(None) => {}
            Err(why) => {
                unreadable = true;
                notes.warn(&format!("line {n} is not a record: {why}"));
            }
        }
    }
    Ok(unreadable)
}

/// A record of one of the types known here; others are nobody's business.
fn record(line: &[u8]) -> serde_json::Result<Option<Outcome>> {
    #[derive(Deserialize)]
    struct Any<'a> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'a, str>,
    }
    let any: Any<'_> = serde_json::from_slice(line)?;
    match &*any.kind {
        "exported" | "stored" | "purged" => {
            serde_json::from_slice(line).map(Some)
        }
        _ => Ok(None),
    }
}

/// The status of the job: what all tables agree on, else that it was done in
/// part, unless one of them found something graver.
fn overall(exits: &[Exit]) -> Exit {
    let all = exits.iter().fold(Exit::Done, |all, &exit| all.and(exit));
    let mixed = exits.contains(&Exit::Done) && all != Exit::Done;
    if mixed { all.and(Exit::Partial) } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_partly_done_when_some_tables_failed() {
        use Exit::*;
        for (exits, want) in [
            (&[][..], Done),
            (&[Done, Done], Done),
            (&[Failed, Failed], Failed),
            (&[Busy, Busy], Busy),
            (&[Done, Failed], Partial),
            (&[Done, Busy], Partial),
            (&[Partial, Done], Partial),
            (&[Done, Failed, Data], Data),
            (&[Data, Disagree, Done], Disagree),
            (&[Usage, Failed], Failed),
        ] {
            assert_eq!(overall(exits), want, "{exits:?}");
        }
    }

    #[test]
    fn unknown_types_are_passed_over_and_torn_lines_are_not() {
        assert_eq!(record(b"{\"type\":\"x\",\"table\":1}").unwrap(), None);
        for line in
            [&b"{}"[..], b"{\"type\":\"exported\"}", b"{\"type\":", b"7"]
        {
            assert!(record(line).is_err());
        }
    }
}
