//! Files of the tree that are not what the ledger says, by their lengths: none
//! is opened.

use std::collections::BTreeSet;
use std::io;

use serde::Serialize;

use super::inventory::Inventory;
use super::member::Member;
use super::names::{Origin, Tree};
use super::state::State;
use super::tiers::{cold_files, warm_files, whole_files};
use crate::error::{Error, Result};
use crate::io::beneath;
use crate::io::tree_path::TreePath;

/// A file that is not what the ledger says.
#[derive(Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename = "mismatch")]
pub struct Mismatch {
    /// Relative to the root.
    pub file: String,
    /// Whose rows it holds, where that is known.
    #[serde(skip)]
    pub origins: Vec<Origin>,
    /// What is wrong with it.
    pub reason: Reason,
    /// Its length; none where there is no file.
    pub size_bytes: Option<u64>,
    /// Its length by the ledger.
    pub ledger_size_bytes: Option<u64>,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The ledger has it, the tree has not.
    Missing,
    /// The ledger has another length.
    Size,
    /// The tree has it, the ledger has not.
    Unknown,
}

/// The files that an intent names, or a retraction: they may be in either form.
pub fn moving(state: &State) -> BTreeSet<&str> {
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
    moving
}

/// The files that anything is under way with: an intent names them, or a
/// segment that is not settled.
pub fn under_way(state: &State) -> BTreeSet<&str> {
    let open = state.intents().chain(state.unsettled());
    let mut files: BTreeSet<&str> =
        open.map(|open| open.segment.file.as_str()).collect();
    for (_, change) in state.changes() {
        files.insert(&change.file);
        files.extend(change.removes.iter().map(|r| r.file.as_str()));
        files.extend(change.after.iter().map(|after| after.file.as_str()));
    }
    files
}

/// Files with a member that is `wanted` which are not what the ledger says;
/// those that move are passed over. With `strangers` also those that the
/// ledger does not know.
pub fn mismatches(
    tree: &Tree,
    (state, files): (&State, &Inventory),
    wanted: &dyn Fn(&Member) -> bool,
    strangers: bool,
) -> Result<Vec<Mismatch>> {
    let moving = moving(state);
    let mut wrong = Vec::new();
    for (file, known) in files.files() {
        let asked = known.members.iter().any(wanted);
        if !asked || moving.contains(file) {
            continue;
        }
        // What a link keeps out of reach is missing here; who opens it says so.
        let size_bytes = match tree.path(file) {
            Ok(path) => size(&path)?,
            Err(_) => None,
        };
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
    if strangers {
        find_strangers(tree, files, &moving, &mut wrong)?;
    }
    wrong.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(wrong)
}

/// Files of the tree that the ledger does not know.
fn find_strangers(
    tree: &Tree,
    files: &Inventory,
    moving: &BTreeSet<&str>,
    wrong: &mut Vec<Mismatch>,
) -> Result<()> {
    let warm = warm_files(tree, files)?;
    let warm = warm.into_iter().map(|w| (w.file, w.origin));
    let others = cold_files(tree)?.into_iter().chain(whole_files(tree)?);
    for (file, origin) in warm.chain(others.map(|file| (file, None))) {
        if files.file(&file).is_none() && !moving.contains(&*file) {
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

/// The length of a file; none of what is not there, or is no file.
fn size(path: &TreePath) -> Result<Option<u64>> {
    match beneath::look(path) {
        Ok(meta) => Ok(meta.is_file().then_some(meta.len())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("stat", path, e)),
    }
}
