//! rt-report: the results of a job's steps, put together and judged.
//!
//! Standard input holds what rt-export, rt-store and rt-purge said when they
//! were through with a table. A step that says nothing was not finished,
//! whatever the status of the pipeline was that it ran in: so a table that the
//! job was for is judged by what is there, and fails for what is missing.

use std::io::{BufRead, Write};

use crate::archive::{Job, record_job};
use crate::error::{Error, Exit, Notes, Result};
use crate::io::output::write_whole;
use crate::outcome::Outcome;

mod about;
mod columns;
mod input;
mod judge;
mod left;
mod metrics;
mod page;
mod parts;
mod place;
mod policies;
mod print;
mod records;
mod result;
mod sample;
mod show;
mod single;
mod stats;
mod upkeep;

pub use about::Options;

use about::About;
use input::{overall, read};
use judge::Seen;
use place::Place;
use result::{Counts, Made, Report, TableResult, sum};

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
        About::Page => page::make(options, input, notes)?,
        About::Metrics => metrics::make(options, input, notes)?,
    };
    if let (Some(counts), false) = (made.counts, options.settings.dry_run) {
        enter(options, counts, made.exit)?;
    }
    match &options.file {
        // A file is no terminal, whoever looks on.
        Some(path) => {
            write_whole(path, columns::plain(&made.text).as_bytes())?;
        }
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
    let types = ["exported", "stored", "purged", "ended"];
    let (sample, rest) = sample::part(input)?;
    let readable = read(&mut &rest[..], &types, notes, |outcome: Outcome| {
        let Some(name) = judge::table(&outcome) else {
            tables.iter_mut().for_each(|seen| seen.add(outcome.clone()));
            return;
        };
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
        place: Place::of(&options.settings)?,
        total_archived: sum(results.iter().map(|r| r.records)),
        tables: results,
        verified: sample,
    };
    Ok(Made {
        text: options.form(&report, || {
            let files = report.tables.iter().flat_map(|t| &t.archive_files);
            let files = files.map(String::as_str).collect();
            print::table(&report) + &left::lines(&options.settings, &files)
        })?,
        exit: sample::judge(
            &report.verified,
            overall(&exits).and(readable),
            notes,
        ),
        counts: Some(report.counts()),
    })
}

/// Enters the end of the job in the ledger. A tree that is not there has had
/// no job: a job makes the tree for its lock.
fn enter(options: &Options, counts: Counts, exit: Exit) -> Result<()> {
    let archives = options.settings.archives();
    if !archives.is_dir() {
        return Ok(());
    }
    let Counts { total_archived, tables, failed } = counts;
    let job = Job {
        mode: options.mode.clone(),
        database: options.settings.database()?,
        exit_status: exit.code(),
        total_archived,
        tables,
        failed,
        duration_seconds: Place::of(&options.settings)?.duration_seconds,
    };
    record_job(&archives, options.settings.now()?, job)
}
