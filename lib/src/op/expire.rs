//! rt-expire: archives past their retention go, table by table.
//!
//! A table's day leaves the cold tier, or the warm one where it never became
//! cold, when all its periods are over; nothing without a rule ever does. The
//! brakes are for a clock or a policy that is wrong: a run that would delete
//! much, or after a leap of the clock, needs to be told that it is meant.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::archive::tiers::cold_files;
use crate::archive::{
    Adopt, Archive, Change, FileState, Kind, Ledger, Member, State, Tree,
    not_as_said,
};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::digest::file_sha256;
use crate::io::{durable, jsonl};
use crate::outcome::{Expiry, Upkeep};
use crate::settings::Settings;
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy, Rule};
use crate::signal::Stop;
use crate::time::Day;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// `--yes`: past the brakes.
    pub yes: bool,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

/// Files by name, with what they hold.
type Files = BTreeMap<String, FileState>;

/// What is due of one file.
struct Due {
    file: String,
    before: FileState,
    /// Members that go.
    goes: Vec<Member>,
    /// Nothing but schemas is left.
    all: bool,
}

/// Expires; one record goes to `output`.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let stop = Stop::listen()?;
    let mut record = Expiry::default();
    let done = expire(options, &mut record, notes, &stop);
    if let Err(error) = &done {
        record.fail(error);
    }
    let exit = Exit::from_code(record.exit_status.unwrap_or(0));
    jsonl::print(&Upkeep::Expiry(record), output)?;
    done.map(|()| exit)
}

fn expire(
    options: &Options,
    record: &mut Expiry,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<()> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let root = options.settings.archives();
    if options.settings.dry_run {
        return rehearse(options, &policy, now, record, notes);
    }
    record.status = "no_records".to_owned();
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let mut work = Archive::begin(&root, now, wait, notes)?;
    let state = work.state();
    let (files, strangers) = survey(work.tree(), state, record, notes)?;
    let due = due(state, &files, &policy, now, notes)?;
    if !options.yes {
        brakes(state, &files, &due, now)?;
    }
    for adopt in strangers {
        work.adopt(adopt)?;
    }
    for blocked in work.blocked() {
        record.leave(blocked.exit, blocked.message.clone());
    }
    for one in due {
        stop.check()?;
        match one_file(&mut work, &one) {
            Ok(()) => {
                notes.verbose(&format!(
                    "{}: {} members past their retention",
                    quote(&one.file),
                    one.goes.len()
                ));
                count(record, &one);
                record.status = "purged".to_owned();
            }
            Err(error) if error.exit() == Exit::Failed => return Err(error),
            Err(error) => {
                notes.warn(&error.to_string());
                record.leave(error.exit(), error.to_string());
            }
        }
    }
    Ok(())
}

/// What a run would do, by the same brakes and proofs.
fn rehearse(
    options: &Options,
    policy: &Policy,
    now: Timestamp,
    record: &mut Expiry,
    notes: &mut dyn Notes,
) -> Result<()> {
    record.status = "dry_run".to_owned();
    let root = options.settings.archives();
    let ledger = Ledger::open(&root, now, false)?;
    let (tree, state) = (Tree::new(&root), ledger.state());
    let (files, _) = survey(&tree, state, record, notes)?;
    let due = due(state, &files, policy, now, notes)?;
    if !options.yes {
        brakes(state, &files, &due, now)?;
    }
    for one in &due {
        match prove(&tree, one) {
            Ok(()) => count(record, one),
            Err(error) => {
                notes.warn(&error.to_string());
                record.leave(error.exit(), error.to_string());
            }
        }
    }
    Ok(())
}

fn count(record: &mut Expiry, due: &Due) {
    record.purged_files.push(due.file.clone());
    record.purged_members += due.goes.len() as u64;
    record.purged_bytes += due.goes.iter().map(|m| m.size_bytes).sum::<u64>();
}

/// All files by name, also files that the ledger does not know; and what takes
/// the unknown ones in.
fn survey(
    tree: &Tree,
    state: &State,
    record: &mut Expiry,
    notes: &mut dyn Notes,
) -> Result<(Files, Vec<Adopt>)> {
    let mut files: Files =
        state.files().map(|(n, f)| (n.to_owned(), f.clone())).collect();
    let mut strangers = Vec::new();
    for file in cold_files(tree)? {
        if files.contains_key(&file) {
            continue;
        }
        match tree.stranger(state, &file) {
            Ok(None) => {}
            Ok(Some(adopt)) => {
                let state = FileState {
                    size_bytes: adopt.named.size_bytes,
                    sha256: adopt.named.sha256.clone(),
                    members: adopt.members.clone(),
                    text_size_bytes: None,
                };
                files.insert(file, state);
                strangers.push(adopt);
            }
            Err(error) => {
                notes.warn(&error.to_string());
                record.leave(error.exit(), error.to_string());
            }
        }
    }
    Ok((files, strangers))
}

/// What is past its retention, by file.
fn due(
    state: &State,
    files: &Files,
    policy: &Policy,
    now: Timestamp,
    notes: &mut dyn Notes,
) -> Result<Vec<Due>> {
    let mut strangers: BTreeMap<String, u64> = BTreeMap::new();
    let mut out = Vec::new();
    for (file, before) in files {
        let waits = state
            .unsettled()
            .chain(state.intents())
            .any(|o| o.segment.file == *file);
        let tiered = file.starts_with("warm/") || file.starts_with("cold/");
        if waits || !tiered {
            continue;
        }
        let mut goes = Vec::new();
        for member in &before.members {
            let Some(table) = &member.table else { continue };
            let Some(rule) = rule(policy, table) else {
                *strangers.entry(table.clone()).or_default() += 1;
                continue;
            };
            if is_due(rule, member, now)? {
                goes.push(member.clone());
            }
        }
        if goes.is_empty() {
            continue;
        }
        let stays =
            |m: &Member| !m.name.starts_with("schema/") && !goes.contains(m);
        let all = !before.members.iter().any(stays);
        out.push(Due {
            file: file.clone(),
            before: before.clone(),
            goes,
            all,
        });
    }
    for (table, files) in strangers {
        notes.warn(&format!(
            "no policy says how long {} is kept: {files} archives of it stay",
            quote(&table)
        ));
    }
    Ok(out)
}

/// Whether all of a member's day is past hot, warm and cold.
fn is_due(rule: &Rule, member: &Member, now: Timestamp) -> Result<bool> {
    let day = member.day.as_deref().and_then(|d| d.parse::<Day>().ok());
    let Some(day) = day else { return Ok(false) };
    let cutoff = policy::end_cutoff(rule, now)?;
    Ok(cutoff.is_some_and(|cutoff| day.next().start() <= cutoff))
}

/// Refuses what a wrong clock or a wrong policy would do.
fn brakes(
    state: &State,
    files: &Files,
    due: &[Due],
    now: Timestamp,
) -> Result<()> {
    if due.is_empty() {
        return Ok(());
    }
    let hint = "look at the clock and the policy; if it is meant, say --yes";
    let clock = state.clock().at(now);
    if clock.forward > SignedDuration::from_hours(45 * 24) {
        return Err(Error::failed(format!(
            "the clock leapt {} days ahead since the last expiry",
            clock.forward.as_hours() / 24
        ))
        .hint(hint));
    }
    if clock.back > SignedDuration::from_hours(24) {
        return Err(Error::failed(format!(
            "the clock went {} hours back since the last expiry",
            clock.back.as_hours()
        ))
        .hint(hint));
    }
    let mut tables: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let (mut all, mut going) = (0, 0);
    for file in files.values() {
        for member in &file.members {
            all += member.rows;
            let table = member.table.as_deref().unwrap_or_default();
            tables.entry(table).or_default().0 += member.rows;
        }
    }
    for member in due.iter().flat_map(|d| &d.goes) {
        going += member.rows;
        let table = member.table.as_deref().unwrap_or_default();
        tables.entry(table).or_default().1 += member.rows;
    }
    let most = |(have, go): &(u64, u64)| go.saturating_mul(2) > *have;
    let what = match tables.iter().find(|(_, counts)| most(counts)) {
        Some((table, (have, go))) => {
            format!("{go} of the {have} archived rows of {}", quote(table))
        }
        None if most(&(all, going)) => {
            format!("{going} of all {all} archived rows")
        }
        None => return Ok(()),
    };
    Err(Error::failed(format!("this would delete {what}: more than half"))
        .hint(hint))
}

/// A file must be what the ledger says, before anything of it goes.
fn prove(tree: &Tree, due: &Due) -> Result<()> {
    let path = tree.path(&due.file)?;
    let file = durable::open_if_there(&path)?
        .ok_or_else(|| not_as_said(&path, "is missing"))?;
    match file_sha256(file, &path)? == due.before.sha256 {
        true => Ok(()),
        false => Err(not_as_said(&path, "is not what the ledger says")),
    }
}

/// One file: rewritten without what is due, or removed.
fn one_file(work: &mut Archive, due: &Due) -> Result<()> {
    prove(work.tree(), due)?;
    let draft = match due.all {
        true => None,
        false => work.draft_month(
            &due.file,
            Some(&due.before),
            &|member| !due.goes.contains(member),
            Vec::new(),
        )?,
    };
    let change = Change {
        id: Tree::new_id()?,
        file: due.file.clone(),
        before: Some(due.before.named(&due.file)),
        after: draft.as_ref().map(|d| d.after.clone()),
        members: draft.as_ref().map(|d| d.members.clone()).unwrap_or_default(),
        removes: Vec::new(),
        expires: due.goes.clone(),
    };
    work.change(Kind::Expire, change, draft)
}
