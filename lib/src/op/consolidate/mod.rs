//! rt-consolidate: warm files whose day is due go into the tar of their
//! month. The order of writes stands in [`crate::archive`]'s `batch`.
//!
//! What is not what the ledger says, is damaged or waits for its settlement is
//! left where it is and named; the rest goes on.

mod month;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use self::month::{Month, prove};
use crate::archive::tiers::{WarmFile, linked_folders, warm_files};
use crate::archive::{
    Archive, Holds, Inventory, Kind, Ledger, Origin, Tree, month_file,
    not_as_said,
};
use crate::error::{Exit, Notes, Result, quote};
use crate::io::durable;
use crate::outcome::{Consolidation, Step};
use crate::settings::Settings;
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy};
use crate::signal::Stop;
use crate::time::{Age, Day};
use crate::upkeep::{self, Expected};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// `--older-than`: in place of every table's hot and warm periods.
    pub older_than: Option<Age>,
    /// `--after`: reports of dry runs that come before this one.
    pub after: Option<PathBuf>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

/// What is due, by the month's file.
type Months = BTreeMap<String, Vec<WarmFile>>;

/// Consolidates; one record goes to `output`.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    upkeep::run(output, |record, stop| {
        consolidate(options, record, notes, stop).map(|()| None)
    })
}

fn consolidate(
    options: &Options,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<()> {
    let dry = options.settings.dry_run;
    upkeep::check_after(options.after.as_deref(), dry)?;
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let root = options.settings.archives();
    let tree = Tree::new(&root);
    if dry {
        record.status = "dry_run".to_owned();
        let ledger = Ledger::read(&root, now, notes)?;
        let months =
            due(&tree, &ledger, &policy, now, options, record, notes)?;
        for (file, warm) in months {
            rehearse(&tree, ledger.files()?, file, warm, record, notes)?;
        }
        record.consolidated = record.removed_warm.len() as u64;
        return Ok(());
    }
    record.status = "no_records".to_owned();
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let mut work = Archive::begin(&root, now, wait, notes)?;
    let ledger = work.ledger();
    let mut months = due(&tree, ledger, &policy, now, options, record, notes)?;
    for warm in months.values_mut() {
        warm.retain(|w| {
            w.origin.as_ref().is_none_or(|o| work.block_of(&o.table).is_none())
        });
    }
    for blocked in work.blocked() {
        record.leave(blocked.exit, blocked.message.clone());
    }
    months.retain(|_, warm| !warm.is_empty());
    let months = months.into_iter().map(|(file, warm)| Month::new(file, warm));
    let (kind, work) = (Kind::Consolidate, &mut work);
    let ended = upkeep::change_all(months, kind, work, record, notes, stop);
    if record.consolidated > 0 {
        record.status = "consolidated".to_owned();
    }
    ended
}

/// What a month's run would do, by the same proofs.
fn rehearse(
    tree: &Tree,
    files: &Inventory,
    file: String,
    warm: Vec<WarmFile>,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
) -> Result<()> {
    if let Err(error) = tree.stranger(files, &file) {
        let exit = error.exit();
        return upkeep::leave(error, exit, record, notes);
    }
    let before = record.removed_warm.len();
    for one in warm {
        // What a run before this one is to make cannot be looked at yet.
        if durable::is_gone(&one.path).unwrap_or(false) {
            record.removed_warm.push(one.file);
            continue;
        }
        let proof = prove(files, &one).and_then(|(_, known)| match known {
            Some(_) => Ok(()),
            None => tree.count_records(&one.file, one.plain).map(drop),
        });
        match proof {
            Ok(()) => record.removed_warm.push(one.file),
            Err(error) => {
                upkeep::leave(error, Exit::Partial, record, notes)?;
            }
        }
    }
    if record.removed_warm.len() > before {
        record.cold_files.push(file);
    }
    Ok(())
}

/// The warm file that a run before this one would make.
fn to_come(
    tree: &Tree,
    (expected, database): (&Expected, Option<&str>),
    there: &BTreeSet<String>,
) -> Option<WarmFile> {
    let Expected { table, day, .. } = expected;
    let day = day.parse::<Day>().ok()?;
    let origin = Origin::new(table, database);
    let file = Tree::warm_file(&origin, day, true);
    if there.contains(&file) {
        return None;
    }
    Some(WarmFile {
        path: tree.path(&file).ok()?,
        file,
        day,
        stem: origin.stem(),
        origin: Some(origin),
        plain: false,
        size_bytes: 0,
    })
}

/// The warm files that are due and can go, by month.
fn due(
    tree: &Tree,
    ledger: &Ledger,
    policy: &Policy,
    now: Timestamp,
    options: &Options,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
) -> Result<Months> {
    let mut months = Months::new();
    let (state, known) = (ledger.state(), ledger.files()?);
    let mut files = warm_files(tree, known)?;
    let there: BTreeSet<String> =
        files.iter().map(|w| w.file.clone()).collect();
    let name = options.settings.database()?;
    for expected in upkeep::expected(options.after.as_deref())? {
        let expected = (&expected, name.as_deref());
        files.extend(to_come(tree, expected, &there));
    }
    for link in linked_folders(tree)? {
        notes.warn(&link.to_string());
        record.leave(link.exit(), link.to_string());
    }
    for warm in files {
        let cutoff = cutoff(options, policy, &warm, now)?;
        let end = warm.day.next().start();
        if cutoff.is_none_or(|cutoff| end > cutoff) {
            continue;
        }
        let waits = state
            .unsettled()
            .chain(state.intents())
            .any(|o| o.segment.file == warm.file);
        if waits {
            notes.verbose(&format!(
                "{} waits: a segment is not settled",
                quote(&warm.file)
            ));
            continue;
        }
        if is_on_hold(state.holds(), &warm, now) {
            notes.verbose(&format!("{} is on hold", quote(&warm.file)));
            record.on_hold.push(warm.file);
            continue;
        }
        let known = known.file(&warm.file);
        if known.is_some_and(|k| k.size_bytes != warm.size_bytes) {
            let error =
                not_as_said(&warm.path, "is not as long as the ledger says");
            notes.warn(&error.to_string());
            record.leave(Exit::Partial, error.to_string());
            continue;
        }
        months.entry(month_file(warm.day)).or_default().push(warm);
    }
    Ok(months)
}

/// Before which instant a warm file's day must have ended; none where it
/// stays warm.
fn cutoff(
    options: &Options,
    policy: &Policy,
    warm: &WarmFile,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    match (&options.older_than, &warm.origin) {
        (Some(age), _) => age.before(now).map(Some),
        (None, Some(origin)) => match rule(policy, &origin.table) {
            Some(rule) if rule.cold.is_none() => Ok(None),
            Some(rule) => policy::cold_cutoff(rule, now),
            None => Ok(None),
        },
        (None, None) => Ok(None),
    }
}

/// Whether a hold is over a warm file's day.
fn is_on_hold(holds: &Holds, warm: &WarmFile, now: Timestamp) -> bool {
    let Some(origin) = &warm.origin else { return false };
    let mut holds = holds.of(origin, now);
    holds.any(|hold| hold.reaches(warm.day, warm.day))
}
