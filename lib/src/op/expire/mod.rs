//! rt-expire: archives past their retention go, table by table.
//!
//! A table's day leaves the cold tier, or the warm one where it never became
//! cold, when all its periods are over; nothing without a rule ever does. What
//! is past its retention and all the same does not go is decided by
//! `retention`.

mod change;
mod gone;
mod survey;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use self::change::{due, prove};
use self::survey::{expect, survey};
use crate::archive::{Archive, Kind, Ledger, Tree};
use crate::error::{Error, Exit, Notes, Result, counted, quote};
use crate::outcome::{Expiry, Step};
use crate::retention::{Fate, Files, Limits, Plan, spans};
use crate::settings::Settings;
use crate::settings::policy::Policy;
use crate::signal::Stop;
use crate::upkeep;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// `--yes` and `--grace`.
    pub limits: Limits,
    /// `--file`: only enter that these are gone.
    pub files: Vec<String>,
    /// `--after`: reports of dry runs that come before this one.
    pub after: Option<PathBuf>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

/// Expires; one record goes to `output`.
///
/// # Errors
/// Status 1 where something is held: the rest is done, and the record says
/// what of both.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    upkeep::run(output, |record, stop| expire(options, record, notes, stop))
}

fn expire(
    options: &Options,
    record: &mut Expiry,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Option<Error>> {
    let dry = options.settings.dry_run;
    upkeep::check_after(options.after.as_deref(), dry)?;
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let root = options.settings.archives();
    if dry {
        return rehearse(options, &policy, now, record, notes);
    }
    "no_records".clone_into(&mut record.status);
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let mut work = Archive::begin(&root, now, wait, notes)?;
    if !options.files.is_empty() {
        gone::enter(&options.files, &mut work, record, notes)?;
        return Ok(None);
    }
    let ledger = work.ledger();
    let (files, strangers) =
        survey(work.tree(), ledger.files()?, record, notes)?;
    let asked = Asked { options, policy: &policy, now };
    let (plan, question) = asked.plan(ledger, &files, record, notes)?;
    let due = due(&plan, &files, options.limits.shipped_only);
    // Where all that is due is held, nothing is changed.
    if question.is_none() || !due.is_empty() {
        for adopt in strangers {
            work.adopt(adopt)?;
        }
    }
    for blocked in work.blocked() {
        record.leave(blocked.exit, blocked.message.clone());
    }
    upkeep::change_all(due, Kind::Expire, &mut work, record, notes, stop)?;
    Ok(hold(record, question))
}

/// What a run would do, by the same brakes and proofs.
fn rehearse(
    options: &Options,
    policy: &Policy,
    now: Timestamp,
    record: &mut Expiry,
    notes: &mut dyn Notes,
) -> Result<Option<Error>> {
    "dry_run".clone_into(&mut record.status);
    let root = options.settings.archives();
    let ledger = Ledger::read(&root, now, notes)?;
    let tree = Tree::new(&root);
    if !options.files.is_empty() {
        gone::rehearse(&options.files, &tree, &ledger, record)?;
        return Ok(None);
    }
    let (mut files, _) = survey(&tree, ledger.files()?, record, notes)?;
    let expected = upkeep::expected(options.after.as_deref())?;
    let name = options.settings.database()?;
    expect(&mut files, expected, name.as_deref(), now);
    let asked = Asked { options, policy, now };
    let (plan, question) = asked.plan(&ledger, &files, record, notes)?;
    for one in &due(&plan, &files, options.limits.shipped_only) {
        let proof = prove(&tree, one).map(drop);
        if upkeep::done_or_left(proof, record, notes)? {
            one.count(record);
        }
    }
    Ok(hold(record, question))
}

/// What a plan depends on, beside the archives.
struct Asked<'a> {
    options: &'a Options,
    policy: &'a Policy,
    now: Timestamp,
}

impl Asked<'_> {
    /// The plan, what stays by it in the record, and what is asked.
    ///
    /// # Errors
    /// Status 1 where the clock is wrong: by it nothing is begun.
    fn plan(
        &self,
        ledger: &Ledger,
        files: &Files,
        record: &mut Expiry,
        notes: &mut dyn Notes,
    ) -> Result<(Plan, Option<Error>)> {
        let limits = &self.options.limits;
        let plan = Plan::make(ledger, files, self.policy, self.now, limits)?;
        for (table, files) in &plan.unruled {
            notes.warn(&format!(
                "no policy says how long {} is kept: {} of it {}",
                quote(table),
                counted(*files, "archive"),
                if *files == 1 { "stays" } else { "stay" }
            ));
        }
        let held = |fate| matches!(fate, Fate::Held(_));
        record.held = spans(&plan.endings, held);
        record.waiting = spans(&plan.endings, |fate| fate == Fate::Waits);
        record.on_hold = spans(&plan.endings, |fate| fate == Fate::OnHold);
        record.unshipped =
            spans(&plan.endings, |fate| fate == Fate::Unshipped);
        let texts: Vec<&str> =
            plan.doubts.iter().map(|d| d.text.as_str()).collect();
        if texts.is_empty() {
            return Ok((plan, None));
        }
        let error = Error::failed(format!(
            "not deleted for good without a question: {}",
            texts.join("; ")
        ))
        .hint(
            "look at the clock and the policy, and at what rt-expire -n \
             prints; if it is meant, say --yes",
        );
        match plan.asks_about_clock() {
            true => Err(error),
            false => Ok((plan, Some(error))),
        }
    }
}

/// Enters in the record that something is held; gives the error of the run.
fn hold(record: &mut Expiry, question: Option<Error>) -> Option<Error> {
    let question = question?;
    if record.status == "no_records" {
        "held".clone_into(&mut record.status);
    }
    let exit = match Exit::from_code(record.exit_status.unwrap_or(0)) {
        exit @ (Exit::Disagree | Exit::Data) => exit,
        _ => Exit::Failed,
    };
    record.exit_status = Some(exit.code());
    record.message = Some(match record.message.take() {
        Some(left) => format!("{left}; {question}"),
        None => question.to_string(),
    });
    Some(question.with_exit(exit))
}
