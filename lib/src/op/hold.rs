//! rt-hold: what is to stay where it is, in the database and in the archives.

use std::io::Write;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::archive::{Archive, Held, Hold, Ledger, Tree};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::jsonl;
use crate::settings::Settings;
use crate::time::{Day, clock, rfc3339};

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Verb {
    /// Prints all holds.
    #[default]
    List,
    /// Begins one.
    Add,
    /// Ends some.
    Release,
}

impl FromStr for Verb {
    type Err = Error;

    fn from_str(word: &str) -> Result<Verb> {
        match word {
            "list" => Ok(Verb::List),
            "add" => Ok(Verb::Add),
            "release" => Ok(Verb::Release),
            _ => Err(Error::usage(format!(
                "{} is no list, add or release",
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
    /// What is to be done.
    pub verb: Verb,
    /// The tables, or the holds.
    pub names: Vec<String>,
    /// `--reason`.
    pub reason: Option<String>,
    /// `--since`: the first of the rows.
    pub since: Option<Timestamp>,
    /// `--before`: behind the last of the rows.
    pub before: Option<Timestamp>,
    /// `--until`: the hold ends by itself.
    pub until: Option<Timestamp>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

/// A hold as it is printed.
#[derive(Serialize)]
#[serde(tag = "type", rename = "hold")]
struct Shown<'h> {
    #[serde(flatten)]
    hold: &'h Hold,
    at: Option<String>,
    /// `held`, `over` or `released`.
    status: &'static str,
}

/// Lists, adds or releases; the holds go to `output`.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let now = options.settings.now()?;
    let root = options.settings.archives();
    let adds = options.verb == Verb::Add;
    let asked = [options.since, options.before, options.until];
    if !adds && (options.reason.is_some() || asked.iter().any(Option::is_some))
    {
        return Err(Error::usage(
            "--reason, --since, --before and --until are for add",
        ));
    }
    if options.verb == Verb::List {
        let ledger = Ledger::read(&root, now, notes)?;
        let wanted = |held: &&Held| {
            let mut names = options.names.iter();
            options.names.is_empty()
                || names.any(|n| n.eq_ignore_ascii_case(&held.hold.table))
        };
        let holds = ledger.state().holds().iter().filter(wanted);
        return print(holds, now, output);
    }
    if options.names.is_empty() {
        return Err(Error::usage("TABLE or ID is missing"));
    }
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let mut archive = Archive::begin(&root, now, wait, notes)?;
    let ids = match options.verb {
        Verb::Add => add(options, &mut archive, now)?,
        _ => release(options, &mut archive)?,
    };
    let is_one = |held: &&Held| ids.contains(&held.hold.id);
    print(archive.state().holds().iter().filter(is_one), now, output)
}

/// Begins a hold over each table; gives their ids.
fn add(
    options: &Options,
    archive: &mut Archive,
    now: Timestamp,
) -> Result<Vec<String>> {
    let reason = options.reason.clone().filter(|reason| !reason.is_empty());
    let Some(reason) = reason else {
        return Err(Error::usage("--reason is missing")
            .hint("say why: whoever finds rows held will ask"));
    };
    let span = (("since", options.since), ("before", options.before));
    clock::check_span(span.0, span.1)?;
    if options.until.is_some_and(|until| until <= now) {
        return Err(Error::usage("--until is not ahead of now"));
    }
    // The day of the last instant before.
    let instant = SignedDuration::from_nanos(1);
    let last = options.before.map(|t| t.checked_sub(instant).unwrap_or(t));
    let day = |at: Timestamp| Day::of(at).to_string();
    let database = options.settings.database()?;
    let mut ids = Vec::new();
    for name in &options.names {
        let id = Tree::new_id()?;
        archive.hold(Hold {
            id: id.clone(),
            table: name.clone(),
            database: database.clone(),
            first_day: options.since.map(day),
            last_day: last.map(day),
            reason: reason.clone(),
            until: options.until.map(rfc3339),
            rows_sha256: None,
        })?;
        ids.push(id);
    }
    Ok(ids)
}

/// Ends the holds that are named, all or none; gives their ids. One that was
/// released before is no error: the same command may be given again.
fn release(options: &Options, archive: &mut Archive) -> Result<Vec<String>> {
    let (mut ids, mut open) = (Vec::new(), Vec::new());
    for name in &options.names {
        let Some(held) = archive.state().holds().find(name) else {
            return Err(Error::usage(format!(
                "there is no hold {}",
                quote(name)
            ))
            .hint("rt-hold list prints all of them, with their ids"));
        };
        if !held.released && !open.contains(name) {
            open.push(name.clone());
        }
        ids.push(name.clone());
    }
    archive.release(&open)?;
    Ok(ids)
}

fn print<'h>(
    holds: impl Iterator<Item = &'h Held>,
    now: Timestamp,
    output: &mut dyn Write,
) -> Result<Exit> {
    let mut out = Vec::new();
    for held in holds {
        let status = match (held.released, held.hold.is_over(now)) {
            (true, _) => "released",
            (false, true) => "over",
            (false, false) => "held",
        };
        let at = held.at.map(rfc3339);
        jsonl::append(&mut out, &Shown { hold: &held.hold, at, status })?;
    }
    output
        .write_all(&out)
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write to standard output", e))?;
    Ok(Exit::Done)
}
