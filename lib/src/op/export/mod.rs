//! rt-export: rows of a table, as lines of JSON, in the order of its rowid or
//! key.
//!
//! A batch is encoded in memory within one short read transaction and written
//! after it, so that a slow reader of ours holds up nobody. What dates a row,
//! what is due and what a row that stays points at is decided by `db`.

mod after;
mod extent;
mod job;
mod look;
mod on_hold;
mod options;
mod rows;

use std::io::Write;

use crate::error::{Error, Exit, Notes, Result};
use crate::io::jsonl;
use crate::io::output::write_whole;
use crate::outcome::{Exported, Outcome, Status};
use crate::signal::{self, Stop};

use job::{Job, write_nothing};
use options::Format;
pub use options::Options;
use rows::{Done, empty};

/// Exports. In a dry run the result record takes the place of the rows; the
/// result file is written when all rows are out, or when it failed.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let stop = Stop::listen()?;
    signal::end_soon()?;
    if options.look {
        return look::look(options, output, notes, &stop);
    }
    let mut records = Vec::new();
    let done = match options.tables.as_slice() {
        [name] => {
            let done = export(options, name, output, notes, &stop);
            note(name, done, &mut records)
        }
        names => several(options, names, output, notes, &stop, &mut records),
    };
    // A reader that went away leaves no result: nobody was told all.
    if done.as_ref().is_err_and(|error| error.exit() == Exit::Closed) {
        return done;
    }
    let mut lines = Vec::new();
    for record in records {
        let record = Outcome::Exported(Box::new(record));
        match options.settings.dry_run {
            true => jsonl::print(&record, output)?,
            false => jsonl::append(&mut lines, &record)?,
        }
    }
    if let (Some(path), false) = (&options.result, lines.is_empty()) {
        write_whole(path, &lines)?;
    }
    done
}

/// Adds the record of a table, whatever became of it.
fn note(
    name: &str,
    done: Result<Done>,
    records: &mut Vec<Exported>,
) -> Result<Exit> {
    match done {
        Ok(Done { record, exit, .. }) => {
            records.push(record);
            Ok(exit)
        }
        Err(error) => {
            records.push(Exported {
                message: Some(error.to_string()),
                exit_status: Some(error.exit().code()),
                ..empty(name, Status::Failed)
            });
            Err(error)
        }
    }
}

fn export(
    options: &Options,
    name: &str,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Done> {
    let job = Job::new(options, stop)?;
    if let Some(done) = job.without_rule(name, notes) {
        if done.exit == Exit::Done {
            write_nothing(options, output)?;
        }
        return Ok(done);
    }
    let mut database = job.open()?;
    job.export(&mut database, name, output, notes)
}

/// Exports one table after the other, the rows of each behind a line with its
/// name. One that fails leaves the others alone.
fn several(
    options: &Options,
    names: &[String],
    output: &mut dyn Write,
    notes: &mut dyn Notes,
    stop: &Stop,
    records: &mut Vec<Exported>,
) -> Result<Exit> {
    if options.format != Format::Jsonl || options.after.is_some() {
        return Err(Error::usage("--format and --after go with one TABLE"));
    }
    let job = Job::new(options, stop)?;
    let mut database = job.open()?;
    let mut exit = Exit::Done;
    for name in names {
        let done = match job.without_rule(name, notes) {
            Some(done) => Ok(done),
            None => job.export(&mut database, name, output, notes),
        };
        match note(name, done, records) {
            Ok(ended) => exit = exit.and(ended),
            Err(error) if ends_run(&error) => return Err(error),
            Err(error) => {
                notes.warn(&error.to_string());
                exit = exit.and(error.exit());
            }
        }
    }
    Ok(exit)
}

/// Whether an error ends the whole run: a signal, or that nobody reads on.
fn ends_run(error: &Error) -> bool {
    error.ends_run() || error.exit() == Exit::Closed
}
