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
use crate::signal::Stop;

use job::{Job, write_nothing};
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
    let name = match (options.look, options.tables.as_slice()) {
        (true, _) => return look::look(options, output, notes, &stop),
        (false, [name]) => name,
        (false, _) => return Err(Error::usage("one TABLE is exported")),
    };
    let done = export(options, name, output, notes, &stop);
    let record = match &done {
        Ok(done) => done.record.clone(),
        // A reader that went away leaves no result: nobody was told all.
        Err(error) if error.exit() == Exit::Closed => {
            return done.map(|done| done.exit);
        }
        Err(error) => Exported {
            message: Some(error.to_string()),
            exit_status: Some(error.exit().code()),
            ..empty(name, Status::Failed)
        },
    };
    let record = Outcome::Exported(Box::new(record));
    if options.settings.dry_run {
        jsonl::print(&record, output)?;
    } else if let Some(path) = &options.result {
        write_whole(path, &jsonl::line(&record)?)?;
    }
    done.map(|done| done.exit)
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
