//! Files of the tree that are not what the ledger says.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::options::Options;
use crate::archive::tiers::{cold_files, warm_files, whole_files};
use crate::archive::{Member, Origin, State, Tree};
use crate::error::{Error, Result};
use crate::time::Day;

/// A file that is not what the ledger says.
#[derive(Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename = "mismatch")]
pub(super) struct Mismatch {
    pub file: String,
    /// Whose rows it holds, where that is known.
    #[serde(skip)]
    pub origins: Vec<Origin>,
    pub reason: Reason,
    size_bytes: Option<u64>,
    ledger_size_bytes: Option<u64>,
}

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reason {
    /// The ledger has it, the tree has not.
    Missing,
    /// The ledger has another length.
    Size,
    /// The tree has it, the ledger has not.
    Unknown,
}

/// Files that are not what the ledger says; what an intent names is passed
/// over. Strangers are looked for where nothing was selected.
pub(super) fn mismatches(
    options: &Options,
    database: Option<&str>,
    tree: &Tree,
    state: &State,
) -> Result<Vec<Mismatch>> {
    let mut moving = BTreeSet::new();
    for open in state.intents().chain(state.unsettled()) {
        if !open.published || open.retract.is_some() {
            moving.insert(open.segment.file.as_str());
        }
    }
    for (_, change) in state.changes() {
        moving.insert(&change.file);
        moving.extend(change.removes.iter().map(|r| r.file.as_str()));
    }
    let mut wrong = Vec::new();
    for (file, known) in state.files() {
        let asked = known.members.iter().any(|m| wanted(options, database, m));
        if !asked || moving.contains(file) {
            continue;
        }
        let size_bytes = size(&tree.path(file)?)?;
        if size_bytes != Some(known.size_bytes) {
            let mut origins: Vec<Origin> =
                known.members.iter().filter_map(Member::origin).collect();
            origins.sort();
            origins.dedup();
            wrong.push(Mismatch {
                file: file.to_owned(),
                origins,
                reason: match size_bytes {
                    Some(_) => Reason::Size,
                    None => Reason::Missing,
                },
                size_bytes,
                ledger_size_bytes: Some(known.size_bytes),
            });
        }
    }
    let everything = options.tables.is_empty()
        && database.is_none()
        && options.since.is_none()
        && options.until.is_none();
    if everything {
        strangers(tree, state, &moving, &mut wrong)?;
    }
    wrong.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(wrong)
}

/// Files of the tree that the ledger does not know.
fn strangers(
    tree: &Tree,
    state: &State,
    moving: &BTreeSet<&str>,
    wrong: &mut Vec<Mismatch>,
) -> Result<()> {
    let warm = warm_files(tree, state)?;
    let warm = warm.into_iter().map(|w| (w.file, w.origin));
    let others = cold_files(tree)?.into_iter().chain(whole_files(tree)?);
    for (file, origin) in warm.chain(others.map(|file| (file, None))) {
        if state.file(&file).is_none() && !moving.contains(&*file) {
            wrong.push(Mismatch {
                size_bytes: size(&tree.path(&file)?)?,
                file,
                origins: origin.into_iter().collect(),
                reason: Reason::Unknown,
                ledger_size_bytes: None,
            });
        }
    }
    Ok(())
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

/// The length of a file; none of what is not there, or is no file.
fn size(path: &Path) -> Result<Option<u64>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(meta.is_file().then_some(meta.len())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("stat", path, e)),
    }
}
