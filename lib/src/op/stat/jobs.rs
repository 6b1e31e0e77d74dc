//! Whether the jobs of a tree run, by their events in the ledger.
//!
//! "It ran and found nothing" is an event; that there is none says "it never
//! ran". A tree is judged by what runs in it: where no scheduled job ever ran,
//! but rt-archive, rt-cleanup or rt-scaletrace did, these count in its place.

use jiff::{SignedDuration, Timestamp};

use super::breach::Breach;
use crate::archive::State;
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

/// The jobs that need attention.
pub(super) fn judge(
    state: &State,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<Breach>> {
    let jobs = Jobs { state, now };
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
pub(super) fn archive_tables(state: &State) -> bool {
    let mut modes = state.jobs().keys().peekable();
    modes.peek().is_none()
        || modes.any(|m| !["cleanup", "scaletrace"].contains(&m.as_str()))
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

struct Jobs<'s> {
    state: &'s State,
    now: Timestamp,
}

impl Jobs<'_> {
    fn ran(&self, mode: &str) -> bool {
        self.state.jobs().contains_key(mode)
    }

    fn is_ahead(&self, at: Timestamp) -> bool {
        at.duration_since(self.now) > AHEAD
    }

    /// Jobs whose last end or success lies ahead: until then they would seem
    /// to have run.
    fn ahead(&self) -> Vec<Breach> {
        let mut found: Vec<(&String, Timestamp)> = Vec::new();
        for (mode, (_, at)) in self.state.jobs() {
            let latest = (*at).max(self.state.last_success(mode));
            found.extend(
                latest.filter(|at| self.is_ahead(*at)).map(|at| (mode, at)),
            );
        }
        found.sort();
        let breach = |(mode, at): (&String, Timestamp)| Breach {
            mode: Some(mode.clone()),
            ..Breach::new(
                "job",
                format!(
                    "the last {mode} job is dated {}, ahead of the clock, \
                     which says {}",
                    rfc3339(at),
                    rfc3339(self.now)
                ),
            )
            .hint(format!("look at the clock, then run {}", program(mode)))
        };
        found.into_iter().map(breach).collect()
    }

    /// A job that has not succeeded for one and a half of its periods.
    fn late(&self, wanted: &Wanted) -> Option<Breach> {
        let &Wanted { mode, days, also, instead } = wanted;
        let own = [mode, also];
        let scheduled = ["daily", "weekly", "monthly", "full"];
        let by_hand = !own.iter().any(|m| self.ran(m)) && self.ran(instead);
        let only_by_hand = !self.state.jobs().is_empty()
            && !scheduled.iter().any(|m| self.ran(m));
        if only_by_hand && !by_hand {
            return None;
        }
        let counts = if by_hand { vec![instead] } else { own.to_vec() };
        let ends: Vec<Timestamp> =
            counts.iter().filter_map(|m| self.state.last_success(m)).collect();
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
        let message = match (last, self.state.jobs().get(mode)) {
            (Some(last), _) => format!(
                "the {mode} job last succeeded {} hours ago, and is to every \
                 {}",
                self.now.duration_since(last).as_hours(),
                days * 24
            ),
            (None, Some((job, _))) => format!(
                "the {mode} job never succeeded: it last ended with status {}",
                job.exit_status
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
        let (job, at) = self.state.jobs().get(mode)?;
        if job.exit_status == 0 {
            return None;
        }
        let at = at.map_or_else(|| "an unknown time".to_owned(), rfc3339);
        Some(Breach {
            mode: Some(mode.to_owned()),
            last_success: self.state.last_success(mode).map(rfc3339),
            ..Breach::new(
                "job",
                format!(
                    "the last rt-scaletrace ended with status {}, at {at}",
                    job.exit_status
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
