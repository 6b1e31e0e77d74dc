//! `--look`: which of a job's tables have rows that are due, in one process.
//!
//! A table of which nothing is due, and nothing else is to be said, is done
//! with: its result is what an export of it would give, and neither rt-store
//! nor rt-purge would say more. Every other table is named, to be exported by
//! itself, which then also says what is wrong with it: so a look never fails,
//! and what it cannot tell costs an export, no more.

use std::io::{self, Write};

use super::job::Job;
use super::options::Options;
use super::rows::Done;
use crate::archive::{Ledger, Origin};
use crate::db::{Database, Identity};
use crate::error::{Error, Exit, Notes, Result};
use crate::io::jsonl;
use crate::io::output::{shell_words, write_whole};
use crate::outcome::{Exported, Outcome, Status};
use crate::signal::Stop;

/// Writes the names of the tables that are to be exported to `output`, as
/// words for a shell; the results of the others go to the result file.
pub(super) fn look(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Exit> {
    if !options.due {
        return Err(Error::usage("--look goes with --due"));
    }
    let mut eyes = Eyes::open(options, stop).ok();
    let (mut results, mut left) = (Vec::new(), Vec::new());
    for table in &options.tables {
        stop.check()?;
        match eyes.as_mut().and_then(|eyes| eyes.idle(table, notes)) {
            Some(record) => {
                let record = Outcome::Exported(Box::new(record));
                jsonl::append(&mut results, &record)?;
            }
            None => left.push(table),
        }
    }
    stop.check()?;
    // The names come last: who has them has the results of the others.
    if let Some(path) = &options.result {
        write_whole(path, &results)?;
    }
    output
        .write_all(shell_words(&left).as_bytes())
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write the names", e))?;
    Ok(Exit::Done)
}

/// What the look needs of the place.
struct Eyes<'e> {
    job: Job<'e>,
    database: Database,
    ledger: Ledger,
    /// The database's name in the tree.
    name: Option<String>,
    here: Identity,
}

impl<'e> Eyes<'e> {
    fn open(options: &'e Options, stop: &'e Stop) -> Result<Eyes<'e>> {
        let settings = &options.settings;
        let job = Job::new(options, stop)?;
        let root = settings.archives();
        let mut ledger = Ledger::open(&root, job.now, false)?;
        ledger.check_end()?;
        Ok(Eyes {
            database: job.open()?,
            ledger,
            name: settings.database()?,
            here: Database::identity(&settings.db())?,
            job,
        })
    }

    /// The result of a table of which nothing is due and nothing is wrong.
    fn idle(
        &mut self,
        table: &str,
        notes: &mut dyn Notes,
    ) -> Option<Exported> {
        let mut said = Kept::default();
        if self.job.without_rule(table, &mut said).is_some() {
            return None;
        }
        let database = &mut self.database;
        let rows = &mut io::sink();
        let done = self.job.export(database, table, rows, &mut said).ok()?;
        let Done { record, exit } = done;
        let nothing =
            matches!(record.status, Status::NoRecords | Status::DryRun)
                && record.rows == 0
                && record.unrepresentable == 0;
        let origin = Origin::new(&record.table, self.name.as_deref());
        let state = self.ledger.state();
        let free = state
            .check_source(&origin, &self.here)
            .and_then(|()| state.check_settled(&origin, &self.here));
        if !nothing || exit != Exit::Done || free.is_err() {
            return None;
        }
        said.0.iter().for_each(|message| notes.verbose(message));
        Some(record)
    }
}

/// What was said of a table with `-v`. A warning is left to its export.
#[derive(Default)]
struct Kept(Vec<String>);

impl Notes for Kept {
    fn warn(&mut self, _: &str) {}

    fn verbose(&mut self, message: &str) {
        self.0.push(message.to_owned());
    }
}
