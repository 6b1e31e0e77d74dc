//! rt-store: row records into warm files by day, or into one file, durably,
//! and a receipt for each segment.
//!
//! Lines are gathered a day at a time into blocks, blocks are compressed in
//! parallel and written in order. What is held is bounded: when all days
//! together hold too much, the day with most bytes is cut early, which depends
//! on the rows' order alone, never on threads. One file for all rows is made
//! in the same way, as if they were of one day, but is a JSON array: it is
//! whole or not at all. How publication is made safe stands in
//! [`crate::archive`].

mod days;
mod lines;
mod options;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use self::days::{Days, Done, empty};
use crate::archive::{Archive, Ledger, Origin, Receipt, Segment};
use crate::crash;
use crate::db::{Access, Database, Table};
use crate::error::{Error, Exit, Notes, Result};
use crate::io::{durable, jsonl};
use crate::outcome::{Outcome, Status, Stored};
use crate::settings::columns::{ColumnChoice, rule};
use crate::settings::policy::Policy;
use crate::signal::{Stop, Stoppable};

pub use self::options::Options;

/// Stores what comes on `input`; receipts and a `stored` record go to
/// `output`. In a dry run `input` is handed on as it is.
pub fn run(
    options: &Options,
    mut input: impl Read + AsFd,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    if options.settings.dry_run {
        rehearse(options)?;
        std::io::copy(&mut input, output)
            .map_err(|e| Error::stream("cannot hand on the input", e))?;
        return Ok(Exit::Done);
    }
    let stop = Stop::listen()?;
    let input = &mut Stoppable { input, stop: &stop };
    let (record, receipts, result) = match store(options, input, notes, &stop)
    {
        Ok(done) => done,
        Err(error) => (
            Stored {
                message: Some(error.to_string()),
                exit_status: Some(error.exit().code()),
                ..empty(&options.table)
            },
            Vec::new(),
            Err(error),
        ),
    };
    // The lock is free by now: a reader that waits for it is served.
    let mut out = Vec::new();
    for segment in receipts {
        jsonl::append(&mut out, &Receipt { segment })?;
    }
    jsonl::append(&mut out, &Outcome::Stored(record))?;
    output
        .write_all(&out)
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write the receipts", e))?;
    result
}

/// Whether the table could be stored here.
fn rehearse(options: &Options) -> Result<()> {
    let now = options.settings.now()?;
    let root = options.settings.archives();
    let mut ledger = Ledger::open(&root, now, false)?;
    ledger.check_end()?;
    let name = options.settings.database()?;
    let origin = Origin::new(&options.table, name.as_deref());
    let Ok(identity) = Database::identity(&options.settings.db()) else {
        // rt-export says that it is not there.
        return Ok(());
    };
    let Err(other) = ledger.state().check_source(&origin, &identity) else {
        return Ok(());
    };
    // What another database has under its name is no matter of this one.
    let database = options.settings.open(Access::Read)?;
    match database.table(&options.table)? {
        Some(_) => Err(other),
        None => Ok(()),
    }
}

fn store(
    options: &Options,
    input: &mut dyn Read,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Done> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let mut database = options.settings.open(Access::Read)?;
    let found = look(options, &policy, &mut database);
    let (table, chosen) = match found {
        // Nothing came, and rt-export has said why: the table is not there,
        // or nothing dates its rows.
        Err(e) if e.exit() == Exit::Usage && is_empty(input)? => {
            return Ok(nothing(options, &database));
        }
        other => other?,
    };
    let dated = chosen.need_timestamp(&table)?;
    let retention = match options.single {
        true => Some(policy.whole(&table.name)),
        false => rule(&policy, &table.name).map(|r| r.retention()),
    };
    let retention = retention.map(|period| period.to_string());
    let identity = Database::identity(&options.settings.db())?;
    drop(database);
    let root = options.settings.archives();
    let mut work = Archive::begin(&root, now, Duration::ZERO, notes)?;
    let name = options.settings.database()?;
    let origin = Origin::new(&table.name, name.as_deref());
    work.state().check_source(&origin, &identity)?;
    work.check_free(&origin, &identity)?;
    let mut days =
        Days::new(options, &table, origin, &chosen, now, dated, retention);
    let read = days.read(&work, input, stop);
    let cut_off = match read {
        Ok(()) => None,
        Err(error) if days.whole_lines_count(&error) => Some(error),
        Err(error) => return Err(error),
    };
    let drafts = days.finish(&work, &identity)?;
    let receipts: Vec<Segment> =
        drafts.iter().map(|(segment, _)| segment.clone()).collect();
    if !drafts.is_empty() {
        stop.check()?;
        work.publish(drafts)?;
    }
    drop(work);
    crash::point("store.unlocked");
    Ok(days.end(receipts, cut_off, notes))
}

/// The table and its columns, if its rows can be stored at all.
fn look(
    options: &Options,
    policy: &Policy,
    database: &mut Database,
) -> Result<(Table, ColumnChoice)> {
    let table = database.need_table(&options.table)?;
    database.check_purgeable(&table)?;
    let rule = rule(policy, &table.name);
    let chosen = options.columns.choose(&table, rule)?;
    chosen.check_complete(&table)?;
    chosen.need_timestamp(&table)?;
    if !rule.is_some_and(|r| r.triggers_trust) {
        database.check_triggers(&table)?;
    }
    Ok((table, chosen))
}

/// Whether the input ends before its first byte.
fn is_empty(input: &mut dyn Read) -> Result<bool> {
    durable::read_full(input, &mut [0])
        .map(|n| n == 0)
        .map_err(|e| Error::stream("cannot read the rows", e))
}

fn nothing(options: &Options, database: &Database) -> Done {
    let status = match database.table(&options.table) {
        Ok(None) => Status::NoTable,
        _ => Status::NoRecords,
    };
    let record = Stored { status, ..empty(&options.table) };
    (record, Vec::new(), Ok(Exit::Done))
}
