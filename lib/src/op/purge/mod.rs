//! rt-purge: rows whose archived form is proven leave the database.
//!
//! Read it in the order of the steps of rt-protocol(7): `receipts` (what comes
//! on standard input), `plan` (what is to be settled), `settle` (one table,
//! steps 1 to 6), and what that calls in its order: `rows`, `whole_table`, `chunk`
//! and `proof`, `delete`, `batch`, `recover`. `tally`, `target`
//! and `session` are the words they share; `rehearse` is the dry run.

mod batch;
mod chunk;
mod delete;
mod options;
mod plan;
mod receipts;
mod recover;
mod rehearse;
mod rows;
mod session;
mod settle;
mod tally;
mod target;
mod whole_table;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use self::options::{Results, Waited};
use self::plan::{Group, Triggers, failed};
use self::receipts::{Input, read_receipts};
use self::session::{Counted, Session};
use crate::archive::{Archive, LedgerBefore, Receipt, enter_by_hand};
use crate::db::{Access, Database, LogRoom, Pace, Reclaim, Watched};
use crate::error::{Error, Exit, Notes, Result};
use crate::io::jsonl;
use crate::outcome::{Ended, Outcome, Purged, Status};
use crate::signal::{self, Limit, Stop, Stoppable};

pub use self::options::Options;

/// Settles what the receipts on `input` name, or what `--pending` finds.
/// Results go to `output`, behind what else came on `input`. A dry run makes
/// the same plan and says what would become of it.
pub fn run(
    options: &Options,
    input: impl Read + AsFd,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let began = Instant::now();
    options.check()?;
    let stop = Stop::listen()?;
    if let Some(time) = options.max_runtime {
        signal::end_at(began + time);
    }
    // First of all: whatever is appended later is of this run's time.
    let ledger = LedgerBefore::look(&options.settings.archives());
    let database = Watched::begin(|| options.settings.open(Access::Read));
    let mut read = Input::default();
    if !options.pending && options.archive.is_none() {
        let mut input = Stoppable { input, stop: &stop };
        let done = read_receipts(options, &mut input);
        stop.check()?;
        read = done?;
    }
    let out = std::mem::take(&mut read.others);
    let waited = Waited { receipts: read.receipts, database, ledger };
    let done = match options.settings.dry_run {
        true => rehearse::rehearse(options, waited, &stop, notes),
        false => work(options, waited, &stop, notes),
    };
    let mut results = done.unwrap_or_else(|error| Results {
        list: Vec::new(),
        reclaimed: None,
        end: Err(error),
    });
    if let (true, Err(error)) = (results.list.is_empty(), &results.end) {
        let all = [String::new()];
        let names = match &options.tables[..] {
            [] => &all,
            names => names,
        };
        results.list.extend(names.iter().map(|name| failed(name, error)));
    }
    let exit = print(options, &mut results, out, output)?;
    match results.end.err().or(read.fault) {
        None => Ok(exit),
        Some(error) => {
            let exit = exit.and(error.exit());
            Err(error.with_exit(exit))
        }
    }
}

/// Prints what came through and the results; gives the gravest status.
fn print(
    options: &Options,
    results: &mut Results,
    mut out: Vec<u8>,
    output: &mut dyn Write,
) -> Result<Exit> {
    let mut exit = Exit::Done;
    for result in results.list.drain(..) {
        if let Some(code) = result.exit_status {
            exit = exit.and(Exit::from_code(code));
        }
        if let Some(outcome) = said(options, result) {
            jsonl::append(&mut out, &outcome)?;
        }
    }
    if let Some(reclaimed) = &results.reclaimed {
        jsonl::append(&mut out, reclaimed)?;
    }
    output
        .write_all(&out)
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write the results", e))?;
    Ok(exit)
}

/// The record of a result. A run that names no table, and failed before the
/// first one, has ended for all of them.
fn said(options: &Options, result: Purged) -> Option<Outcome> {
    if !result.table.is_empty() {
        return Some(Outcome::Purged(result));
    }
    let exit_status = result.exit_status.filter(|_| options.pending)?;
    Some(Outcome::Ended(Ended { message: result.message, exit_status }))
}

fn work(
    options: &Options,
    waited: Waited,
    stop: &Stop,
    notes: &mut dyn Notes,
) -> Result<Results> {
    let mut database = options.settings.open(Access::Delete)?;
    database.check_reclaim(options.reclaim)?;
    if options.secure_delete {
        database.delete_securely()?;
    }
    let mut results =
        Results { list: Vec::new(), reclaimed: None, end: Ok(()) };
    let anything = !waited.receipts.is_empty()
        || options.pending
        || options.archive.is_some();
    for name in options.tables.iter().filter(|_| !options.pending) {
        if let Some(table) = database.table(name)? {
            database.check_purgeable(&table)?;
        }
    }
    if !anything && !options.tables.is_empty() {
        say_nothing(options, &database, &mut results.list)?;
        return Ok(results);
    }
    if anything {
        let limit = Limit { stop };
        let list = &mut results.list;
        results.end =
            settle(options, waited, &mut database, limit, list, notes)?;
        if results.end.is_ok() && options.tables.len() > 1 {
            say_nothing(options, &database, &mut results.list)?;
        }
    }
    if results.end.is_ok() {
        match database.reclaim_as(options.reclaim, notes) {
            Ok(reclaimed) => results.reclaimed = reclaimed,
            Err(error) => results.end = Err(error),
        }
    }
    let copied = database.end_journal();
    results.end = results.end.and(copied);
    match database.cut_overwritten_log() {
        Ok(said) => said.iter().for_each(|said| notes.warn(said)),
        Err(error) => results.end = results.end.and(Err(error)),
    }
    Ok(results)
}

/// Plans under the lock, and settles table by table. The outer error is one
/// before anything was done, the inner one ended the run half-way.
fn settle(
    options: &Options,
    waited: Waited,
    database: &mut Database,
    limit: Limit<'_>,
    results: &mut Vec<Purged>,
    notes: &mut dyn Notes,
) -> Result<Result<()>> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let identity = Database::identity(&options.settings.db())?;
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let root = options.settings.archives();
    let mut archive = Archive::begin(&root, now, wait, notes)?;
    archive.warn_of_database(&options.settings.db(), notes);
    let others_bytes = waited.others_bytes(options.pending);
    let receipts = waited.receipts;
    let mut groups =
        plan(options, receipts, (&mut archive, database), results)?;
    for result in results.iter() {
        notes.warn(result.message.as_deref().unwrap_or_default());
    }
    for blocked in archive.blocked().iter().filter(|_| options.pending) {
        let error = Error::new(blocked.exit, blocked.message.clone());
        results.push(failed(&blocked.table, &error));
    }
    plan::order(&mut groups, database)?;
    let schema_version = database.schema_version()?;
    let triggers = plan::triggers(database, &mut groups, &policy)?;
    let alone = waited.database.and_then(|db| db.alone_since(&identity));
    let alone = alone.unwrap_or_else(Instant::now);
    let mut session = Session {
        archive: &mut archive,
        database,
        identity,
        pace: Pace::new(options.limits, database.is_wal(), alone),
        log: LogRoom::new(database)?,
        limit,
        schema_version,
        counted: Counted::default(),
        too_long: None,
    };
    let to_do = (&groups[..], others_bytes, &triggers);
    let done = settle_groups(&mut session, to_do, results, notes);
    let pace = session.pace;
    if done.is_ok() {
        std::thread::sleep(match options.reclaim {
            Reclaim::None => pace.last_rest(),
            _ => pace.rest(),
        });
    }
    if let Some(holds) = pace.holds() {
        notes.verbose(&holds);
    }
    for result in results.iter_mut() {
        result.recovered = options.pending;
    }
    Ok(done)
}

/// What is to be settled.
fn plan(
    options: &Options,
    receipts: Vec<Receipt>,
    (archive, database): (&mut Archive, &Database),
    results: &mut Vec<Purged>,
) -> Result<Vec<Group>> {
    let identity = Database::identity(&options.settings.db())?;
    if options.moved {
        let name = options.settings.database()?;
        archive.record_moved(name.as_deref(), database, &identity)?;
    }
    if let Some(file) = &options.archive {
        let name = options.tables.first().map(String::as_str);
        let named = (name, file.as_path());
        let name = options.settings.database()?;
        let database = (database, name.as_deref());
        let open = enter_by_hand(archive, named, database, &identity)?;
        return Ok(vec![plan::single(open)]);
    }
    let ledger = archive.ledger();
    let mut groups =
        plan::groups(options, ledger, &identity, receipts, results)?;
    if options.pending {
        groups.retain(|group| archive.block_of(&group.table).is_none());
    }
    Ok(groups)
}

/// Settles the groups one by one; an error is the end of the whole run.
fn settle_groups(
    session: &mut Session<'_>,
    (groups, others_bytes, triggers): (&[Group], u64, &Triggers),
    results: &mut Vec<Purged>,
    notes: &mut dyn Notes,
) -> Result<()> {
    for group in groups {
        let refused = &triggers.refused;
        if let Some((table, why)) =
            refused.iter().find(|(t, _)| *t == group.table)
        {
            notes.warn(why);
            results.push(failed(table, &Error::failed(why.clone())));
            continue;
        }
        let (result, done) = settle::settle_table(
            session,
            group,
            others_bytes,
            &triggers.writes,
        );
        if let (true, Some(_), Some(message)) =
            (result.superseded > 0, result.exit_status, &result.message)
            && done.is_ok()
        {
            notes.warn(message);
        }
        if let Some((at_once, rows, took)) = session.too_long.take() {
            notes.verbose(&at_once.too_long(&group.table, rows, took));
        }
        results.push(result);
        let Err(error) = done else { continue };
        if error.ends_run()
            || session.limit.check().is_err()
            || session.log.is_held()
        {
            return Err(error);
        }
        notes.warn(&error.to_string());
        if let Some(hint) = error.next_step() {
            notes.warn(hint);
        }
    }
    Ok(())
}

/// Adds the results of the named tables of which nothing was stored.
fn say_nothing(
    options: &Options,
    database: &Database,
    results: &mut Vec<Purged>,
) -> Result<()> {
    for name in &options.tables {
        let said = |r: &Purged| r.table.eq_ignore_ascii_case(name);
        if results.iter().any(said) {
            continue;
        }
        results.push(match database.table(name)? {
            Some(table) => Purged::new(&table.name, Status::NoRecords),
            // What is not there needs no receipts; rt-export has said so.
            None => Purged::new(name, Status::NoTable),
        });
    }
    Ok(())
}
