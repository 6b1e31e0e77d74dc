//! The brakes: what is kept from going, and for which of the reasons.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::ending::{Ending, Fate, Files, Why, archived_for};
use crate::archive::{Clock, Ledger, State};
use crate::error::Result;
use crate::settings::columns::rule;
use crate::settings::policy::{self, Period, Policy};
use crate::time::Age;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What was archived more lately stays.
const GRACE_HOURS: i64 = 7 * 24;

/// A greater step of the clock ahead is asked about.
const AHEAD_HOURS: i64 = 45 * 24;

/// A greater step back, or rows archived by a clock that was so far ahead.
const BACK_HOURS: i64 = 24;

/// How the clock leapt further than runs explain.
#[derive(Clone, Copy, Debug)]
pub enum Leap {
    /// By so many days.
    Ahead(i64),
    /// By so many hours.
    Back(i64),
}

impl Leap {
    /// The leap of a clock, if it made one.
    pub fn of(clock: Clock) -> Option<Leap> {
        let (ahead, back) = (clock.forward.as_hours(), clock.back.as_hours());
        if clock.forward > SignedDuration::from_hours(AHEAD_HOURS) {
            return Some(Leap::Ahead(ahead / 24));
        }
        let most = SignedDuration::from_hours(BACK_HOURS);
        (clock.back > most).then_some(Leap::Back(back))
    }
}

/// What the clock, the ledger or the policy puts in question is held, whether
/// or not it still waits: who made a mistake is to know while it can be undone.
pub fn doubt(
    endings: &mut [Ending],
    ledger: &Ledger,
    policy: &Policy,
    now: Timestamp,
) -> Result<()> {
    let (state, lost) = (ledger.state(), ledger.has_lost_lines()?);
    let leapt = Leap::of(state.clock().at(now)).is_some();
    for ending in endings.iter_mut().filter(|e| e.fate == Fate::Goes) {
        let why = if lost {
            Why::Ledger
        } else if leapt || archived_ahead(ending, now) {
            Why::Clock
        } else if is_backlog(ending, policy)? {
            Why::Backlog
        } else if would_stay(ending, state, now) {
            Why::Shorter
        } else {
            continue;
        };
        ending.fate = Fate::Held(why);
    }
    Ok(())
}

/// What was archived within the grace waits.
pub fn grace(
    endings: &mut [Ending],
    policy: &Policy,
    now: Timestamp,
    grace: Option<&Age>,
) {
    let hours = grace.map_or(GRACE_HOURS, Age::hours);
    let grace = HOUR * i32::try_from(hours).unwrap_or(i32::MAX);
    for ending in endings.iter_mut().filter(|e| e.fate == Fate::Goes) {
        if waits(ending, policy, now, grace) {
            ending.fate = Fate::Waits;
        }
    }
}

/// Whether it was archived within the grace. A time that is ahead of now is
/// no time: the clock was wrong, or is.
fn waits(
    ending: &Ending,
    policy: &Policy,
    now: Timestamp,
    grace: SignedDuration,
) -> bool {
    let Some(archived) = ending.archived else { return false };
    if archived_ahead(ending, now) {
        return false;
    }
    let kept = archived_for(ending, policy);
    let half = kept.map_or(SignedDuration::MAX, |seconds| {
        SignedDuration::from_secs(seconds / 2)
    });
    now.duration_since(archived) < grace.min(half)
}

fn archived_ahead(ending: &Ending, now: Timestamp) -> bool {
    let ahead = |at: Timestamp| at.duration_since(now) > HOUR * 24;
    ending.archived.is_some_and(ahead)
}

/// Whether its rows were past their retention when they were archived: the
/// backlog of a first run, or the work of a wrong unit. A whole file is as old
/// as its run.
fn is_backlog(ending: &Ending, policy: &Policy) -> Result<bool> {
    let rule = rule(policy, &ending.table).filter(|_| !ending.is_whole());
    let (Some(archived), Some(rule)) = (ending.archived, rule) else {
        return Ok(false);
    };
    let cutoff = policy::end_cutoff(rule, archived)?;
    Ok(cutoff.is_some_and(|cutoff| ending.ended(cutoff)))
}

/// Whether it would stay by the retention that held before.
fn would_stay(ending: &Ending, state: &State, now: Timestamp) -> bool {
    match state.retention(&ending.table, ending.is_whole()) {
        None => false,
        Some(Period::Forever) => true,
        // What reaches back before the calendar ends nothing.
        Some(Period::Age(age)) => {
            !age.before(now).is_ok_and(|cutoff| ending.ended(cutoff))
        }
    }
}

/// The archived rows, by table.
pub fn rows_of(files: &Files) -> BTreeMap<String, u64> {
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for member in files.values().flat_map(|file| &file.members) {
        if let Some(table) = &member.table {
            *rows.entry(table.clone()).or_default() += member.rows;
        }
    }
    rows
}

/// Holds what is more than half of a table, then what is more than half of
/// all. What is held already does not go, and does not count.
pub fn half(endings: &mut [Ending], rows: &BTreeMap<String, u64>) {
    let going = |endings: &[Ending], table: Option<&str>| {
        let goes = endings.iter().filter(|e| e.fate == Fate::Goes);
        goes.filter(|e| table.is_none_or(|t| e.table == t))
            .map(|e| e.member.rows)
            .sum::<u64>()
    };
    let hold = |endings: &mut [Ending], table: Option<&str>| {
        let goes = endings.iter_mut().filter(|e| e.fate == Fate::Goes);
        for ending in goes.filter(|e| table.is_none_or(|t| e.table == t)) {
            ending.fate = Fate::Held(Why::Half);
        }
    };
    for (table, have) in rows {
        if going(endings, Some(table)).saturating_mul(2) > *have {
            hold(endings, Some(table));
        }
    }
    let all: u64 = rows.values().sum();
    if going(endings, None).saturating_mul(2) > all {
        hold(endings, None);
    }
}
