//! rt-purge: rows whose archived form is proven leave the database.
//!
//! It reads all receipts before it takes the lock, settles segment by segment
//! and table by table, and prints one result a table behind whatever else came
//! on its input. The protocol is described in [`crate::archive`]; keyed and
//! keyless rows have a module each.

mod adopt;
mod ahead;
mod at_once;
mod batches;
mod compare;
mod delete;
mod groups;
mod keyed;
mod keyless;
mod matching;
mod pace;
mod proof;
mod queue;
mod receipts;
mod removers;
mod settle;
mod spool;
mod tally;
mod together;
mod turns;
mod watch;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::groups::{
    Group, Triggers, by_table, order, pending, triggers, trusted,
};
use self::pace::Pace;
use self::receipts::{Input, read_receipts};
use self::settle::Settler;
use self::watch::Watch;
use crate::archive::{Archive, Receipt};
use crate::db::{Access, Database, Table};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::outcome::{Outcome, Purged, Reclaimed, Status};
use crate::settings::Settings;
use crate::signal::{Stop, Stoppable};

pub use self::pace::Limits;

/// Whether free pages are given back afterwards.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reclaim {
    /// They stay in the file, for rows to come.
    #[default]
    None,
    /// In steps, where `auto_vacuum=incremental` is set.
    Incremental,
    /// By VACUUM, which needs twice the room.
    Full,
}

impl std::str::FromStr for Reclaim {
    type Err = Error;

    fn from_str(word: &str) -> Result<Reclaim> {
        match word {
            "none" => Ok(Reclaim::None),
            "incremental" => Ok(Reclaim::Incremental),
            "full" => Ok(Reclaim::Full),
            _ => Err(Error::usage(format!(
                "--reclaim takes none, incremental or full, not {}",
                quote(word)
            ))),
        }
    }
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// Only this table.
    pub table: Option<String>,
    /// `--pending`.
    pub pending: bool,
    /// `--archive`.
    pub archive: Option<PathBuf>,
    /// `--batch-size`.
    pub batch_size: Option<u64>,
    /// `--sleep`.
    pub sleep: Option<Duration>,
    /// `--max-stall`.
    pub max_stall: Option<Duration>,
    /// `--max-runtime`.
    pub max_runtime: Option<Duration>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
    /// `--reclaim`.
    pub reclaim: Reclaim,
    /// `--moved`.
    pub moved: bool,
}

/// Settles what the receipts on `input` name, or what `--pending` finds.
/// Results go to `output`. In a dry run `input` is handed on as it is.
pub fn run(
    options: &Options,
    mut input: impl Read + AsFd,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let began = Instant::now();
    if options.pending && options.archive.is_some() {
        return Err(Error::usage(
            "--pending and --archive exclude each other",
        ));
    }
    let from_input = !options.pending && options.archive.is_none();
    if options.settings.dry_run {
        if from_input {
            std::io::copy(&mut input, output)
                .map_err(|e| Error::stream("cannot hand on the input", e))?;
        }
        return Ok(Exit::Done);
    }
    let stop = Stop::listen()?;
    let mut read = Input::default();
    let mut watch = None;
    if from_input {
        watch = Watch::begin(&options.settings);
        let mut input = Stoppable { input, stop: &stop };
        let done = read_receipts(options, &mut input);
        stop.check()?;
        read = done?;
    }
    let mut out = std::mem::take(&mut read.others);
    let waited = Waited { receipts: read.receipts, watch, began };
    let results = match work(options, waited, &stop, notes) {
        Ok(results) => results,
        Err(error) => {
            let table = options.table.clone().unwrap_or_default();
            Results {
                list: vec![failed(&table, &error)],
                reclaimed: None,
                end: Err(error),
            }
        }
    };
    let mut exit = Exit::Done;
    for result in results.list {
        if let Some(code) = result.exit_status {
            exit = exit.and(Exit::from_code(code));
        }
        if !result.table.is_empty() {
            append(&mut out, &Outcome::Purged(result))?;
        }
    }
    if let Some(reclaimed) = &results.reclaimed {
        append(&mut out, reclaimed)?;
    }
    output
        .write_all(&out)
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write the results", e))?;
    match (results.end, read.fault) {
        (Err(error), _) => {
            let exit = exit.and(error.exit());
            Err(error.with_exit(exit))
        }
        (Ok(()), Some(fault)) => {
            let exit = exit.and(fault.exit());
            Err(fault.with_exit(exit))
        }
        (Ok(()), None) => Ok(exit),
    }
}

fn append(out: &mut Vec<u8>, record: &impl serde::Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, record)
        .map_err(|e| Error::failed(format!("cannot write a record: {e}")))?;
    out.push(b'\n');
    Ok(())
}

fn failed(table: &str, error: &Error) -> Purged {
    Purged {
        table: table.to_owned(),
        status: Status::Failed,
        recovered: false,
        rows: 0,
        records: 0,
        changed: 0,
        referenced: 0,
        refused: 0,
        gone: 0,
        superseded: 0,
        archive_files: Vec::new(),
        message: Some(error.to_string()),
        exit_status: Some(error.exit().code()),
    }
}

/// The results, and how the run ended.
struct Results {
    list: Vec<Purged>,
    reclaimed: Option<Reclaimed>,
    end: Result<()>,
}

/// What was there before the work began.
struct Waited {
    receipts: Vec<Receipt>,
    watch: Option<Watch>,
    began: Instant,
}

fn work(
    options: &Options,
    Waited { receipts, watch, began }: Waited,
    stop: &Stop,
    notes: &mut dyn Notes,
) -> Result<Results> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let mut database = options.settings.open(Access::Delete)?;
    let identity = Database::identity(&options.settings.db())?;
    let mut results =
        Results { list: Vec::new(), reclaimed: None, end: Ok(()) };
    let anything =
        !receipts.is_empty() || options.pending || options.archive.is_some();
    if let Some(name) = &options.table {
        let table = database.table(name)?;
        if !anything {
            // What is not there needs no receipts; rt-export has said so.
            results.list.push(nothing(name, table)?);
            return Ok(results);
        }
        database.need_table(name)?.check_purgeable()?;
    }
    if anything {
        let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
        let root = options.settings.archives();
        let mut work = Archive::begin(&root, now, wait, notes)?;
        let mut groups = if let Some(file) = &options.archive {
            vec![adopt::adopt(options, file, &database, &identity, &mut work)?]
        } else if options.pending {
            pending(options, &work, &identity, notes, &mut results)
        } else {
            by_table(&work, receipts)?
        };
        order(&mut groups, &database)?;
        let schema_version = database.schema_version()?;
        let Triggers { refused, writes } =
            triggers(&mut database, &mut groups, &trusted(&policy))?;
        let alone = watch.and_then(|watch| watch.alone_since(&identity));
        let alone = alone.unwrap_or_else(Instant::now);
        let mut settler = Settler {
            work: &mut work,
            database: &database,
            identity,
            pace: Pace::new(limits(options), database.is_wal(), alone),
            turns: Arc::default(),
            stop,
            deadline: options.max_runtime.map(|d| began + d),
            writes,
            schema_version,
            moved: options.moved,
        };
        let settled = settle(
            options,
            &mut settler,
            groups,
            &refused,
            &mut results,
            notes,
        );
        if settled.is_ok() {
            std::thread::sleep(match options.reclaim {
                Reclaim::None => settler.last_rest(),
                _ => settler.rest(),
            });
        }
        if let Some(holds) = settler.pace.holds() {
            notes.verbose(&holds);
        }
        results.end = settled;
    }
    if results.end.is_ok() {
        match reclaim(options, &database, notes) {
            Ok(reclaimed) => results.reclaimed = reclaimed,
            Err(error) => results.end = Err(error),
        }
    }
    let copied = database.end_journal();
    results.end = results.end.and(copied);
    Ok(results)
}

/// Settles the groups one by one; an error is the end of the whole run.
fn settle(
    options: &Options,
    settler: &mut Settler<'_>,
    groups: Vec<Group>,
    refused: &[(String, String)],
    results: &mut Results,
    notes: &mut dyn Notes,
) -> Result<()> {
    for group in groups {
        let why = refused.iter().find(|(t, _)| *t == group.table);
        if let Some((table, message)) = why {
            let error = Error::failed(message.clone());
            notes.warn(message);
            results.list.push(failed(table, &error));
            continue;
        }
        let recovered = options.pending;
        let (result, done) = settler.settle_table(&group, recovered);
        results.list.push(result);
        let Err(error) = done else { continue };
        let ends =
            matches!(error.exit(), Exit::Interrupted | Exit::Terminated);
        if ends || settler.check_time().is_err() {
            return Err(error);
        }
        notes.warn(&error.to_string());
        if let Some(hint) = error.next_step() {
            notes.warn(hint);
        }
    }
    Ok(())
}

/// The result of a table of which nothing was stored.
fn nothing(name: &str, table: Option<Table>) -> Result<Purged> {
    let (name, status) = match table {
        Some(table) => {
            table.check_purgeable()?;
            (table.name, Status::NoRecords)
        }
        None => (name.to_owned(), Status::NoTable),
    };
    Ok(Purged {
        status,
        message: None,
        exit_status: None,
        ..failed(&name, &Error::failed(""))
    })
}

fn limits(options: &Options) -> Limits {
    Limits {
        max_stall: options.max_stall.unwrap_or(Duration::from_millis(500)),
        at_once: options.max_stall.unwrap_or(Duration::from_secs(2)),
        sleep: options.sleep.unwrap_or(Duration::ZERO),
        rows: options.batch_size,
    }
}

fn reclaim(
    options: &Options,
    database: &Database,
    notes: &mut dyn Notes,
) -> Result<Option<Reclaimed>> {
    let (word, full) = match options.reclaim {
        Reclaim::None => return Ok(None),
        Reclaim::Incremental => ("incremental", false),
        Reclaim::Full => ("full", true),
    };
    let gained_bytes = database.reclaim(full)?;
    notes.verbose(&format!("{gained_bytes} bytes given back"));
    Ok(Some(Reclaimed { reclaim: word.to_owned(), gained_bytes }))
}
