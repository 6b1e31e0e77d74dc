//! rt-report: the results of a job's steps, put together and judged.
//!
//! Standard input holds what rt-export, rt-store and rt-purge said when they
//! were through with a table. A step that says nothing was not finished,
//! whatever the status of the pipeline was that it ran in: so a table that the
//! job was for is judged by what is there, and fails for what is missing.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::archive::{Job, record_job};
use crate::error::{Error, Exit, Notes, Result};
use crate::io::durable;
use crate::outcome::{Outcome, Status};
use crate::settings::Settings;
use crate::time;

mod columns;
mod judge;
mod parts;
mod policies;
mod print;
mod show;
mod single;
mod upkeep;

pub use parts::Part;
pub use show::Show;
pub use upkeep::Step;

use judge::{Seen, sum};

/// What rt-report was asked for.
#[derive(Debug)]
pub struct Options {
    /// Where; the tree is the one that the job worked on.
    pub settings: Settings,
    /// The job's name.
    pub mode: String,
    /// JSON in place of a table for people.
    pub json: bool,
    /// The file that takes the report in place of `output`.
    pub file: Option<PathBuf>,
    /// What the report is about.
    pub about: About,
}

/// What a report is about.
#[derive(Debug)]
pub enum About {
    /// Tables: those that the job was for, in order.
    Tables(Vec<String>),
    /// The archives: the steps that the job was to take.
    Upkeep(Vec<Step>),
    /// Jobs that one job consists of.
    Parts(Vec<Part>),
    /// One table, whose rows go into one file.
    Single(String),
    /// No job: what there is.
    Show(Show),
}

impl Default for Options {
    fn default() -> Options {
        Options {
            settings: Settings::default(),
            mode: "archive".to_owned(),
            json: false,
            file: None,
            about: About::Tables(Vec::new()),
        }
    }
}

impl Options {
    /// Takes a flag's word on what the report is about.
    pub fn add(&mut self, flag: &str, word: &str) -> Result<()> {
        match (flag, &mut self.about) {
            ("expect", About::Upkeep(steps)) => steps.push(word.parse()?),
            ("part", About::Parts(parts)) => parts.push(word.parse()?),
            (_, About::Tables(_)) => {
                self.about = match flag {
                    "single" => About::Single(word.to_owned()),
                    "expect" => About::Upkeep(vec![word.parse()?]),
                    "part" => About::Parts(vec![word.parse()?]),
                    _ => About::Show(word.parse()?),
                }
            }
            ("show", About::Show(_)) | ("single", About::Single(_)) => {
                let twice = format!("--{flag} is given twice");
                return Err(Error::usage(twice));
            }
            _ => {
                return Err(Error::usage(
                    "--expect, --part, --single and --show exclude one \
                     another",
                ));
            }
        }
        Ok(())
    }

    /// Takes the operands.
    pub fn tables(&mut self, tables: Vec<String>) -> Result<()> {
        match (&mut self.about, tables.as_slice()) {
            (About::Tables(all), _) => *all = tables,
            (_, []) => {}
            (_, [extra, ..]) => {
                let extra = crate::error::quote(extra);
                return Err(Error::usage(format!(
                    "unexpected operand {extra}"
                )));
            }
        }
        Ok(())
    }

    fn timestamp(&self) -> Result<String> {
        Ok(time::rfc3339(self.settings.now()?))
    }

    /// A report in the form that is wanted.
    fn form(
        &self,
        report: &impl Serialize,
        table: impl FnOnce() -> String,
    ) -> Result<String> {
        if self.json { print::json(report) } else { Ok(table()) }
    }
}

/// A report, what it says about the job, and the line for the ledger.
struct Made {
    text: String,
    exit: Exit,
    counts: Option<Counts>,
}

/// What the ledger is told of a job.
#[derive(Default)]
struct Counts {
    total_archived: u64,
    tables: u64,
    failed: u64,
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
    /// The sum of the tables' `records`.
    pub total_archived: u64,
    /// One result a table.
    pub tables: Vec<TableResult>,
}

/// What became of a table.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
    /// Rows that JSON cannot hold exactly, or that hold a secret in their key.
    pub unrepresentable: u64,
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
    fn counts(&self) -> Counts {
        let failed = |t: &&TableResult| t.status == Status::Failed;
        Counts {
            total_archived: self.total_archived,
            tables: self.tables.len() as u64,
            failed: self.tables.iter().filter(failed).count() as u64,
        }
    }
}

/// Reads the results, writes the report, and gives the job's exit status.
pub fn run(
    options: &Options,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let made = match &options.about {
        About::Tables(names) => tables(options, names, input, notes)?,
        About::Upkeep(steps) => upkeep::make(options, steps, input, notes)?,
        About::Parts(parts) => parts::make(options, parts, input, notes)?,
        About::Single(table) => single::make(options, table, input, notes)?,
        About::Show(show) => show::make(options, *show, input, notes)?,
    };
    if let (Some(counts), false) = (made.counts, options.settings.dry_run) {
        enter(options, counts, made.exit)?;
    }
    match &options.file {
        Some(path) => durable::write_whole(path, made.text.as_bytes())?,
        None => output
            .write_all(made.text.as_bytes())
            .and_then(|()| output.flush())
            .map_err(|e| {
                Error::stream("cannot write to standard output", e)
            })?,
    }
    Ok(made.exit)
}

/// The report of a job for tables.
fn tables(
    options: &Options,
    names: &[String],
    input: &mut dyn BufRead,
    notes: &mut dyn Notes,
) -> Result<Made> {
    let mut tables: Vec<Seen> = Vec::new();
    for table in names {
        if !tables.iter().any(|seen| seen.is(table)) {
            tables.push(Seen::named(table));
        }
    }
    let types = ["exported", "stored", "purged"];
    let readable = read(input, &types, notes, |outcome: Outcome| {
        let name = judge::table(&outcome);
        match tables.iter_mut().find(|seen| seen.is(name)) {
            Some(seen) => seen.add(outcome),
            None => {
                let mut seen = Seen::unnamed(name);
                seen.add(outcome);
                tables.push(seen);
            }
        }
    })?;
    let (results, exits): (Vec<TableResult>, Vec<Exit>) =
        tables.iter().map(Seen::judge).unzip();
    let report = Report {
        mode: options.mode.clone(),
        timestamp: options.timestamp()?,
        dry_run: options.settings.dry_run,
        total_archived: sum(results.iter().map(|r| r.records)),
        tables: results,
    };
    Ok(Made {
        text: options.form(&report, || print::table(&report))?,
        exit: overall(&exits).and(readable),
        counts: Some(report.counts()),
    })
}

/// Enters the end of the job in the ledger. A tree that is not there has had
/// no job: whoever runs one has made it for its lock.
fn enter(options: &Options, counts: Counts, exit: Exit) -> Result<()> {
    let archives = options.settings.archives();
    if !archives.is_dir() {
        return Ok(());
    }
    let Counts { total_archived, tables, failed } = counts;
    let job = Job {
        mode: options.mode.clone(),
        exit_status: exit.code(),
        total_archived,
        tables,
        failed,
    };
    record_job(&archives, options.settings.now()?, job)
}

/// Hands each record of one of these types to `take`. Gives `Data` if there
/// were lines that are none: what they spoke of will be missing.
fn read<R: DeserializeOwned>(
    input: &mut dyn BufRead,
    types: &[&str],
    notes: &mut dyn Notes,
    mut take: impl FnMut(R),
) -> Result<Exit> {
    let mut exit = Exit::Done;
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
        match record(&line, types) {
            Ok(Some(record)) => take(record),
            Ok(None) => {}
            Err(why) => {
                exit = Exit::Data;
                notes.warn(&format!("line {n} is not a record: {why}"));
            }
        }
    }
    Ok(exit)
}

/// A record of one of these types; others are nobody's business.
fn record<R: DeserializeOwned>(
    line: &[u8],
    types: &[&str],
) -> serde_json::Result<Option<R>> {
    #[derive(Deserialize)]
    struct Any {
        #[serde(rename = "type")]
        kind: String,
    }
    let any: Any = serde_json::from_slice(line)?;
    if !types.contains(&any.kind.as_str()) {
        return Ok(None);
    }
    serde_json::from_slice(line).map(Some)
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
        let record = |line| record::<Outcome>(line, &["exported"]);
        assert_eq!(record(b"{\"type\":\"x\",\"table\":1}").unwrap(), None);
        for line in
            [&b"{}"[..], b"{\"type\":\"exported\"}", b"{\"type\":", b"7"]
        {
            assert!(record(line).is_err());
        }
    }
}
