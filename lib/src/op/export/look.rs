//! `--look`: which of a job's tables have rows that are due, in one process.
//!
//! A table of which nothing is due, and nothing else is to be said, is done
//! with: its result is what an export of it would give, and neither rt-store
//! nor rt-purge would say more. Every other table is named, to be exported by
//! itself, which then also says what is wrong with it: so a look never fails,
//! and what it cannot tell costs an export, no more.
//!
//! With `--together`, small tables are named for one run of several. A table is
//! small when few rows of it are due, nothing points at it and no trigger fires
//! when they go: then it is all the same what was done to others before.

use std::io::{self, Write};

use super::job::Job;
use super::options::Options;
use super::rows::Done;
use crate::archive::{Ledger, Origin};
use crate::db::{Database, Identity};
use crate::error::{Error, Exit, Notes, Result};
use crate::io::jsonl;
use crate::io::output::{shell_words, write_whole};
use crate::outcome::{Exported, Extent, Outcome, Status};
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
    let mut small = Together::default();
    for table in &options.tables {
        stop.check()?;
        match eyes.as_mut().and_then(|eyes| eyes.seen(table, notes)) {
            Some(Seen::Idle(record)) => {
                let record = Outcome::Exported(record);
                jsonl::append(&mut results, &record)?;
            }
            Some(Seen::Small(extent)) => small.add(table, &extent),
            None => left.push(table.as_str()),
        }
    }
    stop.check()?;
    if let Some(file) = &options.together {
        write_whole(file, small.words().as_bytes())?;
    }
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

/// What a look makes of a table that need not be exported by itself.
enum Seen {
    /// Nothing is due: its result.
    Idle(Box<Exported>),
    /// Few rows are due; how much they are.
    Small(Extent),
}

/// The rows of a small table are no more text than this, in bytes.
const SMALL_BYTES: u64 = 1 << 20;

/// What one run takes together, in tables, in files and in bytes of text:
/// rt-store has all of its files in the making at once, and for each table what
/// compresses them, which is 0.2 MiB.
const RUN_TABLES: usize = 64;
const RUN_FILES: u64 = 512;
const RUN_BYTES: u64 = 16 << 20;

/// Small tables, a list a run.
#[derive(Default)]
struct Together<'t> {
    runs: Vec<Vec<&'t str>>,
    files: u64,
    bytes: u64,
}

impl<'t> Together<'t> {
    fn add(&mut self, table: &'t str, extent: &Extent) {
        self.files += extent.days;
        self.bytes += extent.text_size_bytes;
        let full = self.files > RUN_FILES || self.bytes > RUN_BYTES;
        let last = self.runs.last_mut().filter(|_| !full);
        match last.filter(|run| run.len() < RUN_TABLES) {
            Some(run) => run.push(table),
            None => {
                self.runs.push(vec![table]);
                self.files = extent.days;
                self.bytes = extent.text_size_bytes;
            }
        }
    }

    /// Words for a shell, a line a run.
    fn words(&self) -> String {
        self.runs.iter().map(|run| shell_words(run)).collect()
    }
}

/// What the look needs of the place.
struct Eyes<'e> {
    job: Job<'e>,
    database: Database,
    ledger: Ledger,
    together: bool,
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
            together: options.together.is_some(),
            name: settings.database()?,
            here: Database::identity(&settings.db())?,
            job,
        })
    }

    /// What there is to do with a table with which nothing is wrong.
    fn seen(&mut self, table: &str, notes: &mut dyn Notes) -> Option<Seen> {
        let mut said = Kept::default();
        if self.job.without_rule(table, &mut said).is_some() {
            return None;
        }
        let database = &mut self.database;
        let rows = &mut io::sink();
        let done = self.job.export(database, table, rows, &mut said).ok()?;
        let Done { record, exit, whole } = done;
        let nothing =
            matches!(record.status, Status::NoRecords | Status::DryRun)
                && record.rows == 0;
        let origin = Origin::new(&record.table, self.name.as_deref());
        let state = self.ledger.state();
        let free = state
            .check_source(&origin, &self.here)
            .and_then(|()| state.check_settled(&origin, &self.here));
        let sound = exit == Exit::Done && record.unrepresentable == 0;
        if !sound || free.is_err() {
            return None;
        }
        if nothing {
            said.0.iter().for_each(|message| notes.verbose(message));
            return Some(Seen::Idle(Box::new(record)));
        }
        let small = whole && self.is_small(table, &record.extent)?;
        small.then_some(Seen::Small(record.extent))
    }

    /// Whether a table of which so much is due can be one of several.
    fn is_small(&self, name: &str, extent: &Extent) -> Option<bool> {
        if !self.together || extent.text_size_bytes > SMALL_BYTES {
            return Some(false);
        }
        let table = self.database.table(name).ok()??;
        let alone = self.database.references(&table).ok()?.is_empty()
            && self.database.delete_triggers(&table).ok()?.is_empty();
        // A line of names is one line, and the stream has a name as it is.
        Some(alone && table.name == name && !name.contains('\n'))
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
