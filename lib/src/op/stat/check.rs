//! What needs attention: a record a breach, and nothing where all is well.
//!
//! "It ran and found nothing" is an event in the ledger; that there is none
//! says "it never ran". A tree that is not there has had no job.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use bytesize::ByteSize;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::options::Options;
use crate::archive::{Ledger, State};
use crate::db::{Access, Database, Question};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::jsonl;
use crate::settings::policy::{self, Entry, Every, Policy, Rule};
use crate::time::{Age, rfc3339};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The record of a breach.
#[derive(Default, Serialize)]
#[serde(tag = "type", rename = "breach")]
struct Breach {
    what: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
}

/// Prints the breaches; status 6 if there is one.
pub(super) fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let root = options.settings.archives();
    let ledger = Ledger::open(&root, now, false)?;
    let mut exit = Exit::Done;
    let mut tell = |breach: Breach| {
        exit = Exit::Limit;
        jsonl::print(&breach, output)
    };
    for (mode, days) in modes(&policy, now)? {
        notes.verbose(&format!("looking at the {mode} job"));
        if let Some(breach) = job(ledger.state(), mode, days, now) {
            tell(breach)?;
        }
    }
    for breach in unsettled(ledger.state()) {
        tell(breach)?;
    }
    notes.verbose(&format!("measuring {}", quote(&root.to_string_lossy())));
    let limit = options.max_size.unwrap_or(10 << 30);
    let size_bytes = size_below(&root)?;
    if size_bytes > limit {
        tell(Breach {
            what: "archives_size",
            message: format!(
                "the archives take {}, more than {}",
                ByteSize(size_bytes),
                ByteSize(limit)
            ),
            size_bytes: Some(size_bytes),
            ..Breach::default()
        })?;
    }
    let database = options.settings.open(Access::Read)?;
    for entry in policy.entries() {
        let Entry::Rule(rule) = entry else { continue };
        notes.verbose(&format!("counting {}", quote(&rule.table)));
        for breach in table(options, &database, rule, now)? {
            tell(breach)?;
        }
    }
    Ok(exit)
}

/// The jobs that the policy calls for, and their periods in days.
fn modes(policy: &Policy, now: Timestamp) -> Result<Vec<(&'static str, i32)>> {
    let (mut daily, mut weekly, mut monthly) = (false, false, false);
    for entry in policy.entries() {
        let Entry::Rule(rule) = entry else { continue };
        daily |= rule.every == Every::Day;
        weekly |= rule.every == Every::Week;
        monthly |= policy::cold_cutoff(rule, now)?.is_some();
    }
    let all = [
        (daily, ("daily", 1)),
        (weekly, ("weekly", 7)),
        (monthly, ("monthly", 31)),
    ];
    Ok(all.into_iter().filter(|(due, _)| *due).map(|(_, m)| m).collect())
}

/// A job that has not succeeded for one and a half of its periods. The full
/// job is all of them.
fn job(
    state: &State,
    mode: &'static str,
    days: i32,
    now: Timestamp,
) -> Option<Breach> {
    let last = state.last_success(mode).max(state.last_success("full"));
    let most = DAY * days * 3 / 2;
    if last.is_some_and(|last| now.duration_since(last) <= most) {
        return None;
    }
    let message = match (last, state.jobs().get(mode)) {
        (Some(last), _) => format!(
            "the {mode} job last succeeded {} hours ago, and is to every {}",
            now.duration_since(last).as_hours(),
            days * 24
        ),
        (None, Some((job, _))) => format!(
            "the {mode} job never succeeded: it last ended with status {}",
            job.exit_status
        ),
        (None, None) => format!("the {mode} job never ran"),
    };
    Some(Breach {
        what: "job",
        message,
        mode: Some(mode),
        last_success: last.map(rfc3339),
        ..Breach::default()
    })
}

/// What a run began and did not finish.
fn unsettled(state: &State) -> Vec<Breach> {
    let mut out = Vec::new();
    for open in state.intents().chain(state.unsettled()) {
        let segment = &open.segment;
        out.push(Breach {
            what: "unsettled",
            message: format!(
                "{} has a segment that is not settled",
                quote(&segment.file)
            ),
            table: Some(segment.table.clone()),
            rows: Some(segment.rows),
            file: Some(segment.file.clone()),
            ..Breach::default()
        });
    }
    for (_, change) in state.changes() {
        out.push(Breach {
            what: "unsettled",
            message: format!(
                "a change of {} was begun and not finished",
                quote(&change.file)
            ),
            file: Some(change.file.clone()),
            ..Breach::default()
        });
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
    let Some(table) = database.table(&rule.table)? else { return Ok(out) };
    let margin = match &options.margin {
        Some(margin) => margin.clone(),
        None => Age::parse("2d")?,
    };
    let cutoff = match policy::cutoff(rule, now)? {
        Some(cutoff) => Some(margin.before(cutoff)?),
        None => None,
    };
    // The rows of a weekly table wait for the job up to a week.
    let cutoff = match (cutoff, rule.every) {
        (Some(cutoff), Every::Week) => Some(cutoff - DAY * 7),
        (cutoff, _) => cutoff,
    };
    let census = database.census(
        &table,
        &Question {
            timestamp: options.columns.timestamp(&table, Some(rule))?,
            cutoff,
            condition: rule.where_.clone(),
            ..Question::default()
        },
    )?;
    if let (Some(cutoff), 1..) = (cutoff, census.stale) {
        out.push(Breach {
            what: "stale",
            message: format!(
                "{} rows of {} from before {} are still here",
                census.stale,
                quote(&table.name),
                rfc3339(cutoff)
            ),
            table: Some(table.name.clone()),
            rows: Some(census.stale),
            ..Breach::default()
        });
    }
    let most = options.max_undated.unwrap_or(1000);
    if census.undated > most {
        out.push(Breach {
            what: "undated",
            message: format!(
                "{} rows of {} have no readable time, more than {most}",
                census.undated,
                quote(&table.name)
            ),
            table: Some(table.name),
            rows: Some(census.undated),
            ..Breach::default()
        });
    }
    Ok(out)
}

/// The length of all files below a folder; what goes away meanwhile does not
/// count.
fn size_below(folder: &Path) -> Result<u64> {
    let mut folders = vec![folder.to_owned()];
    let mut size_bytes = 0;
    let gone = |e: &io::Error| e.kind() == io::ErrorKind::NotFound;
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if gone(&e) => continue,
            Err(e) => return Err(Error::io("read", &folder, e)),
        };
        for entry in entries {
            let entry = entry.map_err(|e| Error::io("read", &folder, e))?;
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => size_bytes += meta.len(),
                Err(e) if gone(&e) => {}
                Err(e) => return Err(Error::io("stat", &entry.path(), e)),
            }
        }
    }
    Ok(size_bytes)
}
