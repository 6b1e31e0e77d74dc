//! Files of the tree that are not what the ledger says.

use super::options::Options;
use crate::archive::{Member, Mismatch, State, Tree};
use crate::error::Result;
use crate::time::Day;

/// Files that are not what the ledger says. Strangers are looked for where
/// nothing was selected.
pub(super) fn mismatches(
    options: &Options,
    database: Option<&str>,
    tree: &Tree,
    state: &State,
) -> Result<Vec<Mismatch>> {
    let everything = options.tables.is_empty()
        && database.is_none()
        && options.since.is_none()
        && options.until.is_none();
    let wanted = |member: &Member| wanted(options, database, member);
    crate::archive::mismatches(tree, state, &wanted, everything)
}

/// Whether a member's table and day were asked for. What has no day is judged
/// by its rows' times.
pub(super) fn wanted(
    options: &Options,
    database: Option<&str>,
    member: &Member,
) -> bool {
    if database.is_some() && member.database.as_deref() != database {
        return false;
    }
    let named = |t: &String| {
        member.table.as_ref().is_some_and(|m| m.eq_ignore_ascii_case(t))
    };
    if !options.tables.is_empty() && !options.tables.iter().any(named) {
        return false;
    }
    let day = |text: &Option<String>| {
        let text = text.as_deref()?.get(..10)?;
        text.parse::<Day>().ok()
    };
    let first = day(&member.day).or_else(|| day(&member.oldest));
    let last = day(&member.day).or_else(|| day(&member.newest));
    let late = |since| last.is_none_or(|d| d.next().start() > since);
    let early = |until| first.is_none_or(|d| d.start() < until);
    options.since.is_none_or(late) && options.until.is_none_or(early)
}
