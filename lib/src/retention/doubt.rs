//! What is asked before rows are deleted for good, in words.

use std::collections::BTreeMap;

use super::brakes::Leap;
use super::ending::{Ending, Fate, Why, spans};
use crate::archive::{Clock, LOST, State};
use crate::error::{counted, quote};
use crate::outcome::Span;

/// Something that is held, and why.
#[derive(Debug)]
pub struct Doubt {
    /// Why.
    pub why: Why,
    /// The table; none where it is about all of them.
    pub table: Option<String>,
    /// How many rows it is about.
    pub rows: u64,
    /// What was found.
    pub text: String,
}

/// Asks about what a plan holds: once about the ledger and about the clock,
/// else by table.
pub fn doubts(
    endings: &[Ending],
    state: &State,
    rows: &BTreeMap<String, u64>,
    clock: Clock,
) -> Vec<Doubt> {
    let held = |why| spans(endings, |fate| fate == Fate::Held(why));
    let all = [(Why::Ledger, lost_lines()), (Why::Clock, leapt(clock))];
    let of_all = all.into_iter().filter_map(|(why, what)| {
        let spans = held(why);
        (!spans.is_empty()).then(|| about_all(why, &what, &spans))
    });
    let mut out: Vec<Doubt> = of_all.collect();
    for why in [Why::Backlog, Why::Shorter, Why::Half] {
        for span in held(why) {
            let text = match why {
                Why::Backlog => backlog(endings, &span),
                Why::Shorter => shorter(endings, state, &span),
                Why::Half | Why::Clock | Why::Ledger => half(rows, &span),
            };
            let (table, rows) = (Some(span.table), span.rows);
            out.push(Doubt { why, table, rows, text });
        }
    }
    out
}

/// What is said of a ledger whose last lines never reached the disk.
fn lost_lines() -> String {
    format!(
        "the ledger lost lines, and one of them may have been a hold (look \
         at what rt-hold prints, then remove {LOST})"
    )
}

fn about_all(why: Why, what: &str, spans: &[Span]) -> Doubt {
    let tables = spans.iter().map(said).collect::<Vec<_>>().join(", ");
    Doubt {
        why,
        table: None,
        rows: spans.iter().map(|s| s.rows).sum(),
        text: format!("{what}, and would end {tables}"),
    }
}

fn leapt(clock: Clock) -> String {
    match Leap::of(clock) {
        Some(Leap::Ahead(days)) => {
            format!("the clock leapt {days} days ahead since the last expiry")
        }
        Some(Leap::Back(hours)) => {
            format!("the clock went {hours} hours back since the last expiry")
        }
        None => "the clock was ahead when rows were archived, or is back now"
            .to_owned(),
    }
}

fn backlog(endings: &[Ending], span: &Span) -> String {
    let of_span = endings.iter().filter(|e| {
        e.table == span.table && e.fate == Fate::Held(Why::Backlog)
    });
    let days = of_span.filter_map(|e| e.archived);
    let days = days.map(|at| at.strftime("%Y-%m-%d").to_string());
    let last = days.max().unwrap_or_default();
    format!(
        "past their retention of {} before they were archived, the last on \
         {last}: {}",
        retention(endings, span),
        said(span)
    )
}

fn shorter(endings: &[Ending], state: &State, span: &Span) -> String {
    let before = state.retention(&span.table, span.tier.is_some());
    let before = before.map(ToString::to_string).unwrap_or_default();
    format!(
        "to stay by the retention of {before} that held before, and the \
         policy says {} now: {}",
        retention(endings, span),
        said(span)
    )
}

fn half(rows: &BTreeMap<String, u64>, span: &Span) -> String {
    let have = rows.get(&span.table).copied().unwrap_or_default();
    let (table, share) = (quote(&span.table), span.rows);
    if share.saturating_mul(2) > have {
        return format!(
            "more than half: {share} of the {have} archived rows of {table}, \
             from {} to {}",
            span.oldest, span.newest
        );
    }
    let all: u64 = rows.values().sum();
    format!(
        "with others more than half of all {all} archived rows: {}",
        said(span)
    )
}

/// How long the policy keeps a table's rows.
fn retention<'e>(endings: &'e [Ending], span: &Span) -> &'e str {
    let is = |e: &&Ending| {
        e.table == span.table && e.is_whole() == span.tier.is_some()
    };
    let ending = endings.iter().find(is);
    ending.map_or("", |e| e.retention.as_str())
}

/// Rows, their table and their days.
fn said(span: &Span) -> String {
    let Span { table, rows, oldest, newest, .. } = span;
    format!(
        "{} of {} from {oldest} to {newest}",
        counted(*rows, "row"),
        quote(table)
    )
}
