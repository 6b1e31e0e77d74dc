//! What is past its retention, and what becomes of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::archive::{FileState, Member, is_whole};
use crate::outcome::Span;
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy};
use crate::time::{Age, Day, rfc3339};

/// Files by name, with what they hold.
pub type Files = BTreeMap<String, FileState>;

/// What was said about the brakes.
#[derive(Debug, Default)]
pub struct Limits {
    /// `--yes`: what is held is meant.
    pub yes: bool,
    /// `--grace`: in place of 7 days.
    pub grace: Option<Age>,
    /// `--shipped-only`: only what is at a remote goes, and it stays there.
    pub shipped_only: bool,
}

/// Why rows are held, the gravest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Why {
    /// The ledger lost lines, of which one may have been a hold.
    Ledger,
    /// The clock leapt.
    Clock,
    /// They were past their retention when they were archived.
    Backlog,
    /// By a longer retention that held before they would stay.
    Shorter,
    /// They are more than half of what is archived.
    Half,
}

impl Why {
    /// The word for it in records.
    pub fn word(self) -> &'static str {
        match self {
            Why::Ledger => "ledger",
            Why::Clock => "clock",
            Why::Backlog => "backlog",
            Why::Shorter => "shorter",
            Why::Half => "half",
        }
    }
}

/// What becomes of a member that is past its retention.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It goes.
    Goes,
    /// It was archived within the grace.
    Waits,
    /// It is asked about first.
    Held(Why),
    /// An operator said that it stays.
    OnHold,
    /// The row is at no remote, and only what is at one was to go.
    Unshipped,
}

/// A table's day in a file, past its retention.
#[derive(Debug)]
pub struct Ending {
    /// The file.
    pub file: String,
    /// What of it.
    pub member: Member,
    /// Its table.
    pub table: String,
    /// What becomes of it.
    pub fate: Fate,
    /// How long the policy keeps it.
    pub retention: String,
    /// The instant before which rows are past that.
    pub cutoff: Timestamp,
    /// When its latest rows were archived.
    pub archived: Option<Timestamp>,
}

impl Ending {
    /// Adds its rows to those of its table that go or stay for the same
    /// reason.
    pub fn count(&self, spans: &mut Vec<Span>) {
        let why = match self.fate {
            Fate::Held(why) => Some(why.word()),
            Fate::Goes | Fate::Waits | Fate::OnHold | Fate::Unshipped => None,
        };
        let (oldest, newest) = self.days();
        let tier = self.is_whole().then(|| "whole".to_owned());
        let same = |s: &&mut Span| {
            s.table == self.table && s.tier == tier && s.why.as_deref() == why
        };
        if let Some(span) = spans.iter_mut().find(same) {
            span.rows += self.member.rows;
            span.oldest = oldest.min(std::mem::take(&mut span.oldest));
            span.newest = newest.max(std::mem::take(&mut span.newest));
            return;
        }
        spans.push(Span {
            table: self.table.clone(),
            tier,
            why: why.map(str::to_owned),
            rows: self.member.rows,
            oldest,
            newest,
            cutoff_date: rfc3339(self.cutoff),
        });
    }

    /// Its first and its last day, where they can be told.
    pub fn reach(&self) -> Option<(Day, Day)> {
        let (first, last) = self.days();
        Some((first.parse().ok()?, last.parse().ok()?))
    }

    /// Its first and its last day: those of its rows, where it has all of a
    /// run, or of the run where their times are not known.
    fn days(&self) -> (String, String) {
        let run = self.archived.map(rfc3339);
        let day = |time: &Option<String>| {
            let text = self.member.day.as_ref().or(time.as_ref());
            let text = text.or(run.as_ref()).map(String::as_str);
            text.and_then(|t| t.get(..10)).unwrap_or_default().to_owned()
        };
        (day(&self.member.oldest), day(&self.member.newest))
    }

    /// Whether all of it is past its retention at an instant: a day when its
    /// rows are, a whole file when the run is that wrote it.
    pub fn ended(&self, cutoff: Timestamp) -> bool {
        match self.is_whole() {
            true => self.archived.is_some_and(|at| at < cutoff),
            false => ended(&self.member, cutoff),
        }
    }

    /// Whether it is a file with all rows of a run.
    pub fn is_whole(&self) -> bool {
        is_whole(&self.file)
    }
}

/// The rows of what has a fate, by table.
pub fn spans(endings: &[Ending], wanted: impl Fn(Fate) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    for ending in endings.iter().filter(|e| wanted(e.fate)) {
        ending.count(&mut spans);
    }
    spans
}

/// Whether all of a member's day is before an instant.
fn ended(member: &Member, cutoff: Timestamp) -> bool {
    let day = member.day.as_deref().and_then(|d| d.parse::<Day>().ok());
    day.is_some_and(|day| day.next().start() <= cutoff)
}

/// How long an ending's rows are kept in files, in seconds; none where that
/// has no end.
pub fn archived_for(ending: &Ending, policy: &Policy) -> Option<i64> {
    let seconds = |period: &policy::Period| match period {
        policy::Period::Age(age) => Some(age.seconds()),
        policy::Period::Forever => None,
    };
    if ending.is_whole() {
        return seconds(&policy.whole(&ending.table));
    }
    let rule = rule(policy, &ending.table)?;
    let cold = rule.cold.as_ref().map_or(Some(0), seconds)?;
    Some(seconds(&rule.warm)?.saturating_add(cold))
}
