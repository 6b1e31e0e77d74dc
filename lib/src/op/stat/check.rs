//! What needs attention: a record a breach, and nothing where all is well.
//!
//! What could not be looked at is a breach, too: nothing is called well that
//! was not seen. Only a policy that makes no sense ends the check.

use std::io::Write;

use jiff::{SignedDuration, Timestamp};

use super::breach::Breach;
use super::files;
use super::jobs;
use super::options::Options;
use super::unread;
use crate::archive::{Ledger, Tree};
use crate::db::{Access, Database, Question, Table};
use crate::error::{Error, Exit, Notes, Result, are, counted, quote, quoted};
use crate::io::jsonl;
use crate::retention::{Doubt, Limits, Plan};
use crate::settings::policy::{self, Entry, Every, Policy, Rule};
use crate::time::{self, Age, rfc3339};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Prints the breaches; status 6 if there is one, 5 if the archives are not
/// what the ledger says.
pub(super) fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let name = options.settings.database()?;
    let mut exit = Exit::Done;
    let mut tell = |breaches: Vec<Breach>| -> Result<()> {
        for breach in breaches {
            exit = exit.and(match breach.damage {
                true => Exit::Disagree,
                false => Exit::Limit,
            });
            jsonl::print(&breach, output)?;
        }
        Ok(())
    };
    let mut with_tables = true;
    let tree = Tree::new(&options.settings.archives());
    notes.verbose(&format!("looking at {}", quoted(tree.root())));
    match Ledger::open_whole(tree.root(), now) {
        Ok(mut ledger) => {
            if let Err(error) = ledger.check_end() {
                tell(vec![files::unreadable(&error)])?;
            }
            let state = ledger.state();
            with_tables = jobs::archive_tables(state, name.as_deref());
            tell(archives(options, &policy, &tree, &ledger, now)?)?;
        }
        Err(error) => tell(vec![files::unreadable(&error)])?,
    }
    tell(match files::size(options, tree.root()) {
        Ok(breach) => breach.into_iter().collect(),
        Err(error) => vec![unreadable(&error)],
    })?;
    if with_tables {
        tell(tables(options, &policy, now, notes))?;
    }
    Ok(exit)
}

/// What the ledger and the files say.
fn archives(
    options: &Options,
    policy: &Policy,
    tree: &Tree,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<Vec<Breach>> {
    let state = ledger.state();
    let name = options.settings.database()?;
    let mut out = jobs::judge(state, policy, name.as_deref(), now)?;
    if !tree.root().is_dir() {
        let why = format!(": there is no folder {}", quoted(tree.root()));
        out.iter_mut().for_each(|breach| breach.message.push_str(&why));
    }
    out.extend(files::unsettled(state));
    match files::judge(options, tree, ledger, now) {
        Ok(breaches) => out.extend(breaches),
        Err(e) if e.exit() == Exit::Disagree => {
            out.push(files::unreadable(&e));
        }
        Err(error) => out.push(unreadable(&error)),
    }
    out.extend(unread::judge(options, tree, ledger, now)?);
    out.extend(files::no_policy(ledger.files()?, policy));
    out.extend(held(ledger, policy, now)?);
    Ok(out)
}

/// What rt-expire asks about before it deletes it for good.
fn held(
    ledger: &Ledger,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<Breach>> {
    let files = ledger
        .files()?
        .files()
        .map(|(n, f)| (n.to_owned(), f.clone()))
        .collect();
    let plan = Plan::make(ledger, &files, policy, now, &Limits::default())?;
    let breach = |doubt: Doubt| Breach {
        table: doubt.table,
        rows: Some(doubt.rows),
        ..Breach::new("held", doubt.text)
            .hint("rt-expire -n, and rt-expire --yes if it is meant")
    };
    Ok(plan.doubts.into_iter().map(breach).collect())
}

/// What could not be looked at.
fn unreadable(error: &Error) -> Breach {
    let breach = Breach::new("unreadable", error.to_string());
    match error.next_step() {
        Some(hint) => breach.hint(hint),
        None => breach,
    }
}

/// The policy's tables in the database.
fn tables(
    options: &Options,
    policy: &Policy,
    now: Timestamp,
    notes: &mut dyn Notes,
) -> Vec<Breach> {
    let database = match options.settings.open(Access::Read) {
        Ok(database) => database,
        Err(error) => return vec![unreadable(&error)],
    };
    let mut out = Vec::new();
    for entry in policy.entries() {
        let Entry::Rule(rule) = entry else { continue };
        notes.verbose(&format!("counting {}", quote(&rule.table)));
        match table(options, &database, rule, now) {
            Ok(breaches) => out.extend(breaches),
            Err(error) => out.push(Breach {
                table: Some(rule.table.clone()),
                ..unreadable(&error)
            }),
        }
    }
    out
}

/// Rows of a table that should be gone by now, or cannot be dated.
fn table(
    options: &Options,
    database: &Database,
    rule: &Rule,
    now: Timestamp,
) -> Result<Vec<Breach>> {
    let mut out = Vec::new();
    let Some(table) = database.table(&rule.table)? else {
        if !rule.optional {
            out.push(no_table(options, rule));
        }
        return Ok(out);
    };
    let cutoff = cutoff(options, rule, now)?;
    let census = database.census(
        &table,
        &Question {
            timestamp: options.columns.timestamp(&table, Some(rule))?,
            cutoff,
            future: Some(time::future(now)),
            condition: rule.where_.clone(),
            keep_greatest: rule.keep_greatest_id,
            ..Question::default()
        },
    )?;
    if let (Some(cutoff), 1..) = (cutoff, census.stale) {
        let message = format!(
            "{} of {} from before {} {} still here",
            counted(census.stale, "row"),
            quote(&table.name),
            rfc3339(cutoff),
            are(census.stale)
        );
        let hint = format!("rt-archive {}", quote(&table.name));
        let breach = Breach::new("stale", message).hint(hint);
        out.push(of_rows(breach, &table, census.stale));
    }
    out.extend(future(&table, census.future));
    out.extend(undated(options, &table, census.undated));
    Ok(out)
}

fn future(table: &Table, rows: u64) -> Option<Breach> {
    let message = format!(
        "{} of {} {} dated more than a day ahead of now",
        counted(rows, "row"),
        quote(&table.name),
        are(rows)
    );
    let breach = Breach::new("future", message).hint(
        "look whether the policy's unit is right, or a clock was wrong; see \
         rt-policy(5)",
    );
    (rows > 0).then(|| of_rows(breach, table, rows))
}

fn undated(options: &Options, table: &Table, rows: u64) -> Option<Breach> {
    let most = options.max_undated.unwrap_or(1000);
    let message = format!(
        "the time of {} of {} cannot be read, more than {most}",
        counted(rows, "row"),
        quote(&table.name)
    );
    let breach = Breach::new("undated", message).hint(format!(
        "rt-stat --undated {} shows what they look like; say in the policy \
         what the column's values mean, see rt-policy(5)",
        quote(&table.name)
    ));
    (rows > most).then(|| of_rows(breach, table, rows))
}

fn of_rows(breach: Breach, table: &Table, rows: u64) -> Breach {
    Breach { table: Some(table.name.clone()), rows: Some(rows), ..breach }
}

/// A line of the policy that is about nothing.
fn no_table(options: &Options, rule: &Rule) -> Breach {
    let message = format!(
        "{} has no table {}, which the policy names",
        quoted(options.settings.db()),
        quote(&rule.table)
    );
    Breach {
        table: Some(rule.table.clone()),
        ..Breach::new("no_table", message).hint(
            "correct the table's name in the policy, or add \
             \"optional\":true to its line",
        )
    }
}

/// The instant before which no row is to be there any more.
fn cutoff(
    options: &Options,
    rule: &Rule,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let margin = match &options.margin {
        Some(margin) => margin.clone(),
        None => Age::parse("2d")?,
    };
    let Some(cutoff) = policy::cutoff(rule, now)? else { return Ok(None) };
    let cutoff = margin.before(cutoff)?;
    // The rows of a weekly table wait for the job up to a week.
    Ok(Some(match rule.every {
        Every::Week => cutoff - WEEK,
        Every::Day => cutoff,
    }))
}
