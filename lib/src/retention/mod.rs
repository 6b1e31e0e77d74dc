//! What of the archives is past its retention, and what of that goes.
//!
//! Invariants. What was archived within the grace stays, whatever was said.
//! What a wrong clock, policy or unit would delete is held until somebody says
//! that it is meant; what is beyond doubt goes all the same. The plan is a
//! function of ledger, files, policy and now, so that a dry run, the run and
//! the alert say the same.

mod brakes;
mod doubt;
mod ending;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::archive::{FileState, Holds, Inventory, Ledger, Member, is_whole};
use crate::error::Result;
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy};

pub use doubt::Doubt;
pub use ending::{Ending, Fate, Files, Limits, spans};

use doubt::doubts;
use ending::Why;

/// What is past its retention, and what is asked about.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order of the files.
    pub endings: Vec<Ending>,
    /// What is held, and why.
    pub doubts: Vec<Doubt>,
    /// Archives of tables that the policy does not name, which stay.
    pub unruled: BTreeMap<String, u64>,
}

impl Plan {
    /// Looks at these files.
    pub fn make(
        ledger: &Ledger,
        files: &Files,
        policy: &Policy,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Plan> {
        let (state, known) = (ledger.state(), ledger.files()?);
        let mut plan = Plan::default();
        let waits: BTreeSet<&str> = state
            .unsettled()
            .chain(state.intents())
            .map(|open| open.segment.file.as_str())
            .collect();
        for (file, held) in files {
            if waits.contains(&**file) {
                continue;
            }
            for member in &held.members {
                plan.look(
                    (known, state.holds()),
                    policy,
                    now,
                    (file, member),
                )?;
            }
        }
        let clock = state.clock().at(now);
        let endings = &mut plan.endings;
        if !limits.yes {
            brakes::doubt(endings, ledger, policy, now)?;
        }
        brakes::grace(endings, policy, now, limits.grace.as_ref());
        if limits.shipped_only {
            keep_unshipped(endings, known, files);
        }
        if !limits.yes {
            let rows = brakes::rows_of(files);
            brakes::half(endings, &rows);
            plan.doubts = doubts(endings, state, &rows, clock);
        }
        Ok(plan)
    }

    /// Whether the clock is in question, and with it all that goes by it.
    pub fn asks_about_clock(&self) -> bool {
        self.doubts.iter().any(|q| q.why == Why::Clock)
    }

    fn look(
        &mut self,
        (known, holds): (&Inventory, &Holds),
        policy: &Policy,
        now: Timestamp,
        (file, member): (&str, &Member),
    ) -> Result<()> {
        let Some(table) = &member.table else { return Ok(()) };
        let (retention, cutoff) = match (is_whole(file), rule(policy, table)) {
            (true, _) => {
                let period = policy.whole(table);
                let cutoff =
                    period.before(now).map_err(|e| e.during(table))?;
                (period, cutoff)
            }
            (false, Some(rule)) => {
                (rule.retention(), policy::end_cutoff(rule, now)?)
            }
            (false, None) => {
                *self.unruled.entry(table.clone()).or_default() += 1;
                return Ok(());
            }
        };
        let Some(cutoff) = cutoff else { return Ok(()) };
        let mut ending = Ending {
            file: file.to_owned(),
            member: member.clone(),
            table: table.clone(),
            fate: Fate::Goes,
            retention: retention.to_string(),
            cutoff,
            archived: known.archived(file, member),
        };
        if ending.ended(cutoff) {
            if is_on_hold(holds, &ending, now) {
                ending.fate = Fate::OnHold;
            }
            self.endings.push(ending);
        }
        Ok(())
    }
}

/// What is at no remote as it is now stays.
fn keep_unshipped(endings: &mut [Ending], known: &Inventory, files: &Files) {
    for ending in endings.iter_mut().filter(|e| e.fate == Fate::Goes) {
        let file = files.get(&ending.file);
        let has =
            |f: &FileState| known.shipments().have(&ending.file, &f.sha256);
        if !file.is_some_and(has) {
            ending.fate = Fate::Unshipped;
        }
    }
}

/// Whether a hold is over rows of an ending; where its days cannot be told,
/// any hold over its table is.
fn is_on_hold(holds: &Holds, ending: &Ending, now: Timestamp) -> bool {
    let Some(origin) = ending.member.origin() else { return false };
    let reach = ending.reach();
    holds.of(&origin, now).any(|hold| {
        reach.is_none_or(|(first, last)| hold.reaches(first, last))
    })
}
