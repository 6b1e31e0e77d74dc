//! rt-export: rows of a table, as lines of JSON, in the order of its rowid or
//! key.
//!
//! A batch is encoded in memory within one short read transaction and written
//! after it, so that a slow reader of ours holds up nobody. What dates a row,
//! what is due and what a row that stays points at is decided by `db`.

mod after;
mod extent;
mod options;
mod rows;

use std::io::Write;

use jiff::Timestamp;

use crate::db::{
    Access, Database, Filter, PlannedDeletions, Selection, Table,
};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::jsonl;
use crate::io::output::write_whole;
use crate::outcome::{Exported, Outcome, Status};
use crate::settings::columns::{ColumnChoice, rule};
use crate::settings::condition;
use crate::settings::policy::{self, Entry, Policy};
use crate::signal::Stop;
use crate::time::{self, clock, rfc3339};

use extent::Reach;
pub use options::Options;
use rows::{Done, Rows, empty};

/// Exports. In a dry run the result record takes the place of the rows; the
/// result file is written when all rows are out, or when it failed.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let stop = Stop::listen()?;
    let done = match export(options, output, notes, &stop) {
        // What SQLite says of a statement that a signal ended is no reason.
        Err(error) if error.exit() == Exit::Failed => {
            stop.check().and(Err(error))
        }
        done => done,
    };
    let record = match &done {
        Ok(done) => done.record.clone(),
        // A reader that went away leaves no result: nobody was told all.
        Err(error) if error.exit() == Exit::Closed => {
            return done.map(|done| done.exit);
        }
        Err(error) => Exported {
            message: Some(error.to_string()),
            exit_status: Some(error.exit().code()),
            ..empty(&options.table, Status::Failed)
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
    output: &mut dyn Write,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Done> {
    clock::check_span(("since", options.since), ("before", options.before))?;
    if let Some(text) = &options.condition {
        condition::check("--where", text)?;
    }
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    if options.due
        && let Some(done) = without_rule(options, &policy, notes)
    {
        if done.exit == Exit::Done {
            write_nothing(options, output)?;
        }
        return Ok(done);
    }
    let mut database = options.settings.open(Access::Read)?;
    database.end_when(stop.asked())?;
    let Some(table) = database.table(&options.table)? else {
        let message = format!(
            "{} has no table {}",
            crate::error::quoted(&options.settings.db()),
            quote(&options.table)
        );
        return Ok(refused(options, Status::NoTable, message, notes));
    };
    let rule = rule(&policy, &table.name);
    let before = cutoff(options, rule, now)?;
    let (chosen, filter) = meant(options, rule, &table, (before, now))?;
    if options.due {
        database.check_purgeable(&table)?;
        chosen.check_complete(&table)?;
        if !rule.is_some_and(|r| r.triggers_trust) {
            database.check_triggers(&table)?;
        }
    }
    let never = options.due && before.is_none();
    let planned = planned(options, &policy, now, &database, &table)?;
    let selection = Selection { filter, unreferenced: options.due, planned };
    let mut record = empty(&table.name, Status::NoRecords);
    record.cutoff_date = before.map(rfc3339);
    if never {
        record.message = Some("its rows stay hot for ever".to_owned());
        write_nothing(options, output)?;
        return Ok(Done { record, exit: Exit::Done });
    }
    let due = database.select(&table, &chosen.columns, &selection)?;
    let end = rule.map(|rule| policy::end_cutoff(rule, now)).transpose()?;
    let reach = Reach::new(&chosen, end.flatten());
    Rows { options, table: &table, chosen: &chosen, stop, reach }
        .write(due, record, output, notes)
}

/// The columns, and the rows that are meant by what dates them.
fn meant(
    options: &Options,
    rule: Option<&policy::Rule>,
    table: &Table,
    (before, now): (Option<Timestamp>, Timestamp),
) -> Result<(ColumnChoice, Filter)> {
    let chosen = options.columns.choose(table, rule)?;
    let mut filter = Filter {
        timestamp: chosen.timestamp.clone(),
        since: options.since,
        before,
        future: Some(time::future(now)),
        condition: options.condition.clone(),
    };
    if filter.needs_time() || options.due {
        chosen.need_timestamp(table)?;
    }
    if options.due
        && let Some(ruled) = rule.and_then(|r| r.where_.as_deref())
    {
        filter.condition = Some(both(ruled, options.condition.as_deref()));
    }
    Ok((chosen, filter))
}

/// What a run would delete from other tables before this one's turn.
fn planned(
    options: &Options,
    policy: &Policy,
    now: Timestamp,
    database: &Database,
    table: &Table,
) -> Result<PlannedDeletions> {
    let Some(path) = &options.after else {
        return Ok(PlannedDeletions::default());
    };
    if !options.due || !options.settings.dry_run {
        return Err(Error::usage("--after is for a dry run of --due"));
    }
    let tables = after::tables(path)?;
    database.planned_before(table, &tables, &mut |other| {
        let rule = rule(policy, &other.name);
        let before = cutoff(options, rule, now)?;
        Ok(meant(options, rule, other, (before, now))?.1)
    })
}

/// The policy has no rule for the table, and no flag takes its place.
fn without_rule(
    options: &Options,
    policy: &Policy,
    notes: &mut dyn Notes,
) -> Option<Done> {
    match policy.get(&options.table) {
        Some(Entry::Rule(_)) => None,
        Some(Entry::Exempt(name)) => Some(Done {
            record: Exported {
                message: Some("the policy keeps it out".to_owned()),
                ..empty(name, Status::Exempt)
            },
            exit: Exit::Done,
        }),
        None | Some(Entry::Whole(..))
            if options.older_than.is_some() || options.before.is_some() =>
        {
            None
        }
        None | Some(Entry::Whole(..)) => {
            let message = format!(
                "the policy does not name table {}",
                quote(&options.table)
            );
            Some(refused(options, Status::NoPolicy, message, notes))
        }
    }
}

fn refused(
    options: &Options,
    status: Status,
    message: String,
    notes: &mut dyn Notes,
) -> Done {
    notes.warn(&message);
    Done {
        record: Exported {
            message: Some(message),
            ..empty(&options.table, status)
        },
        exit: Exit::Usage,
    }
}

/// Where no row is looked for, an array is still one: empty.
fn write_nothing(options: &Options, output: &mut dyn Write) -> Result<()> {
    if options.settings.dry_run {
        return Ok(());
    }
    output
        .write_all(options.frame().close())
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write rows", e))
}

/// The instant before which rows are meant.
fn cutoff(
    options: &Options,
    rule: Option<&policy::Rule>,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    match (&options.older_than, options.before, rule) {
        (Some(_), Some(_), _) => Err(Error::usage(
            "--older-than and --before say the same thing: give one",
        )),
        (Some(age), None, _) => age.before(now).map(Some),
        (None, Some(before), _) => Ok(Some(before)),
        (None, None, Some(rule)) if options.due => policy::cutoff(rule, now),
        (None, None, _) => Ok(None),
    }
}

fn both(ruled: &str, asked: Option<&str>) -> String {
    match asked {
        Some(asked) => format!("(\n{ruled}\n) AND (\n{asked}\n)"),
        None => ruled.to_owned(),
    }
}
