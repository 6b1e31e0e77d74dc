//! Whether the jobs of a tree run, by their events in the ledger.
//!
//! "It ran and found nothing" is an event; that there is none says "it never
//! ran". A tree is judged by what runs in it: where no scheduled job ever ran,
//! but rt-archive, rt-cleanup or rt-scaletrace did, these count in its place.

use jiff::{SignedDuration, Timestamp};

use super::breach::Breach;
use crate::archive::{Job, State};
use crate::error::Result;
use crate::settings::policy::{self, Entry, Every, Policy};
use crate::time::rfc3339;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An event so far ahead of the clock was written, or is read, under a wrong
/// one.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// A job that the policy calls for.
struct Wanted {
    mode: &'static str,
    days: i32,
    /// A success of these counts, too.
    also: &'static str,
    /// What counts where none of the two ever ran.
    instead: &'static str,
}

/// The jobs of a database that need attention.
pub(super) fn judge(
    state: &State,
    policy: &Policy,
    database: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Breach>> {
    let jobs = Jobs::of(state, database, now);
    let mut out = jobs.ahead();
    for wanted in wanted(policy, now)? {
        let late = jobs.late(&wanted);
        // One job can stand for two that the policy calls for.
        let said = |b: &Breach| out.iter().any(|o| o.mode == b.mode);
        out.extend(late.filter(|breach| !said(breach)));
    }
    out.extend(jobs.scaletrace());
    Ok(out)
}

/// Whether rows of the policy's tables are taken to this tree: not where only
/// rt-cleanup and rt-scaletrace ran.
pub(super) fn archive_tables(state: &State, database: Option<&str>) -> bool {
    let jobs = Jobs::of(state, database, Timestamp::UNIX_EPOCH);
    let mut ends = jobs.ends.iter().map(|end| end.mode);
    jobs.ends.is_empty()
        || ends
            .any(|mode| !["cleanup", "scaletrace", "repair"].contains(&mode))
}

/// The jobs that the policy calls for.
fn wanted(policy: &Policy, now: Timestamp) -> Result<Vec<Wanted>> {
    let (mut daily, mut weekly, mut monthly) = (false, false, false);
    for entry in policy.entries() {
        let Entry::Rule(rule) = entry else { continue };
        daily |= rule.every == Every::Day;
        weekly |= rule.every == Every::Week;
        monthly |= policy::cold_cutoff(rule, now)?.is_some();
    }
    let job =
        |mode, days, instead| Wanted { mode, days, also: "full", instead };
    let all = [
        (daily, job("daily", 1, "archive")),
        (weekly, job("weekly", 7, "archive")),
        (monthly, job("monthly", 31, "cleanup")),
    ];
    Ok(all.into_iter().filter(|(due, _)| *due).map(|(_, w)| w).collect())
}

/// The last end of a mode's job.
struct End<'s> {
    mode: &'s str,
    job: &'s Job,
    at: Option<Timestamp>,
    success: Option<Timestamp>,
}

/// What ran for a database: its own jobs, and those on the archives of all.
struct Jobs<'s> {
    ends: Vec<End<'s>>,
    now: Timestamp,
}

impl<'s> Jobs<'s> {
    fn of(
        state: &'s State,
        database: Option<&str>,
        now: Timestamp,
    ) -> Jobs<'s> {
        let ends = state.jobs().filter_map(|(job, at, success)| {
            let own = job.database.as_deref() == database;
            let mode = match job.mode.as_str() {
                mode @ ("monthly" | "cleanup") => mode,
                "full" if !own => "monthly",
                mode if own => mode,
                _ => return None,
            };
            Some(End { mode, job, at, success })
        });
        Jobs { ends: ends.collect(), now }
    }

    fn modes<'j>(
        &'j self,
        modes: &'j [&str],
    ) -> impl Iterator<Item = &'j End<'s>> {
        let is = |end: &&End<'_>| modes.contains(&end.mode);
        self.ends.iter().filter(is)
    }

    fn last(&self, mode: &str) -> Option<&End<'s>> {
        self.ends.iter().find(|end| end.mode == mode)
    }

    fn ran(&self, modes: &[&str]) -> bool {
        self.modes(modes).next().is_some()
    }

    fn is_ahead(&self, at: Timestamp) -> bool {
        at.duration_since(self.now) > AHEAD
    }

    /// Jobs whose last end or success lies ahead: until then they would seem
    /// to have run.
    fn ahead(&self) -> Vec<Breach> {
        let breach = |end: &End<'_>| {
            let at =
                end.at.max(end.success).filter(|at| self.is_ahead(*at))?;
            let mode = end.mode;
            let message = format!(
                "the last {mode} job is dated {}, ahead of the clock, which \
                 says {}",
                rfc3339(at),
                rfc3339(self.now)
            );
            let hint =
                format!("look at the clock, then run {}", program(mode));
            Some(Breach {
                mode: Some(mode.to_owned()),
                ..Breach::new("job", message).hint(hint)
            })
        };
        self.ends.iter().filter_map(breach).collect()
    }

    /// A job that has not succeeded for one and a half of its periods.
    fn late(&self, wanted: &Wanted) -> Option<Breach> {
        let &Wanted { mode, days, also, instead } = wanted;
        let own = [mode, also];
        let scheduled = ["daily", "weekly", "monthly", "full"];
        let by_hand = !self.ran(&own) && self.ran(&[instead]);
        let only_by_hand = !self.ends.is_empty() && !self.ran(&scheduled);
        if only_by_hand && !by_hand {
            return None;
        }
        let counts = if by_hand { vec![instead] } else { own.to_vec() };
        let ends: Vec<Timestamp> =
            self.modes(&counts).filter_map(|end| end.success).collect();
        // That one lies ahead is said.
        if ends.iter().any(|at| self.is_ahead(*at)) {
            return None;
        }
        let last = ends.into_iter().max();
        let most = DAY * days * 3 / 2;
        if last.is_some_and(|at| self.now.duration_since(at) <= most) {
            return None;
        }
        let mode = if by_hand { instead } else { mode };
        let message = match (last, self.last(mode)) {
            (Some(last), _) => format!(
                "the {mode} job last succeeded {} hours ago, and is to every \
                 {}",
                self.now.duration_since(last).as_hours(),
                days * 24
            ),
            (None, Some(end)) => format!(
                "the {mode} job never succeeded: it last ended with status {}",
                end.job.exit_status
            ),
            (None, None) => format!("the {mode} job never ran"),
        };
        Some(Breach {
            mode: Some(mode.to_owned()),
            last_success: last.map(rfc3339),
            ..Breach::new("job", message).hint(program(mode))
        })
    }

    /// rt-scaletrace runs when there is something to do: its last end counts,
    /// whenever that was.
    fn scaletrace(&self) -> Option<Breach> {
        let mode = "scaletrace";
        let end = self.last(mode)?;
        if end.job.exit_status == 0 {
            return None;
        }
        let at = end.at.map_or_else(|| "an unknown time".to_owned(), rfc3339);
        Some(Breach {
            mode: Some(mode.to_owned()),
            last_success: end.success.map(rfc3339),
            ..Breach::new(
                "job",
                format!(
                    "the last rt-scaletrace ended with status {}, at {at}",
                    end.job.exit_status
                ),
            )
            .hint(program(mode))
        })
    }
}

/// The command that runs a job.
fn program(mode: &str) -> String {
    match mode {
        "archive" => "rt-archive all".to_owned(),
        "cleanup" => "rt-cleanup archives".to_owned(),
        _ => format!("rt-{mode}"),
    }
}
