//! Changes of the tree by rt-consolidate, rt-expire and rt-rewrite, many at
//! once: a file is made durable once, a folder once, and the ledger twice a
//! batch.
//!
//! # Which write is durable before which
//!
//! 1. what is new is a draft (`month`, `erase`), fsynced and read back;
//! 2. ledger: an intent for each change names its file before and after, and
//!    each file that goes; one write; fsync;
//! 3. rename each draft, or unlink where nothing is left; fsync the files and
//!    their folders up to the root;
//! 4. unlink each named file that still has its digest; remove empty folders;
//!    fsync what the names were in;
//! 5. ledger: the end of each change; one write; fsync.
//!
//! A crash before 2 leaves drafts. Between 2 and 5 each file by itself is its
//! old self (`void`) or the new one: then recovery fsyncs it and its folders
//! first, for the rename may still be lost, and only then does 4 again.
//! Nothing goes that is not in a durable tar. No file is named by two changes
//! that are open, so their order among each other says nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::change::Change;
use super::event::Event;
use super::month::FileDraft;
use super::owner::{Archive, not_as_said};
use super::state::Kind;
use crate::crash;
use crate::error::{Error, Result, quote};
use crate::io::digest::is_file;
use crate::io::durable::{self, FileId};
use crate::io::sync_many;
use crate::io::tree_path::TreePath;

/// A batch is full when its intents name so many files and members: they are
/// held in memory and written at once.
const MOST_NAMES: usize = 8192;
/// And when its drafts are so many bytes, which stand on the disk beside what
/// they replace.
const MOST_BYTES: u64 = 1 << 30;

/// A change that is ready to be published.
pub struct Ready {
    /// What its intent says.
    pub change: Change,
    /// The file as it is to be; none where it goes.
    pub draft: Option<FileDraft>,
    /// The file that was held against the ledger, where that was long ago
    /// when the intent is written.
    pub proven: Option<FileId>,
}

/// Changes that are published together.
pub struct Batch {
    kind: Kind,
    ready: Vec<Ready>,
    names: usize,
    bytes: u64,
}

impl Batch {
    /// An empty one.
    pub fn new(kind: Kind) -> Batch {
        Batch { kind, ready: Vec::new(), names: 0, bytes: 0 }
    }

    /// Adds a change.
    pub fn add(&mut self, ready: Ready) {
        let change = &ready.change;
        self.names +=
            change.members.len() + change.removes.len() + change.expires.len();
        self.bytes += change.after.as_ref().map_or(0, |a| a.size_bytes);
        self.ready.push(ready);
    }

    /// Whether it is to be published before more is added.
    pub fn is_full(&self) -> bool {
        self.names >= MOST_NAMES || self.bytes >= MOST_BYTES
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }
}

impl Archive {
    /// Publishes changes: the intents, the files, what goes, and the ends.
    /// Gives how many are done and durable, from the first on, and what ended
    /// it: what is not done has an open intent then, or none.
    pub fn publish_changes(&mut self, batch: Batch) -> (usize, Result<()>) {
        if batch.is_empty() {
            return (0, Ok(()));
        }
        if let Err(error) = self.intend(&batch) {
            return (0, Err(error));
        }
        crash::point("change.intent");
        let (mut named, mut ended) = (Vec::new(), Ok(()));
        for Ready { change, draft, .. } in batch.ready {
            ended = self.put(&change, draft);
            if ended.is_err() {
                break;
            }
            crash::point("change.renamed");
            named.push((batch.kind, change));
        }
        match self.finish_changes(&named) {
            Ok(()) => (named.len(), ended),
            Err(error) => (0, Err(error)),
        }
    }

    /// Writes the intents, if each file is still the one that was proven.
    fn intend(&mut self, batch: &Batch) -> Result<()> {
        let open = self.state().changes().iter().map(|(_, change)| change);
        let mut seen: HashSet<&str> = open.flat_map(files_of).collect();
        for Ready { change, proven, .. } in &batch.ready {
            if let Some(twice) = files_of(change).find(|f| !seen.insert(f)) {
                return Err(Error::disagree(format!(
                    "{} is named by two changes that are not done",
                    quote(twice)
                )));
            }
            let path = self.tree.path(&change.file)?;
            if let Some(proven) = proven
                && FileId::at(&path).ok() != Some(*proven)
            {
                return Err(not_as_said(&path, "was changed meanwhile"));
            }
        }
        let event = |ready: &Ready| {
            let intent = Box::new(ready.change.clone());
            match batch.kind {
                Kind::Consolidate => Event::Consolidate(intent),
                Kind::Expire => Event::Expire(intent),
                Kind::Erase => Event::Erase(intent),
            }
        };
        let events: Vec<Event> = batch.ready.iter().map(event).collect();
        self.append(&events)
    }

    /// Gives a file its new form.
    fn put(&self, change: &Change, draft: Option<FileDraft>) -> Result<()> {
        let path = self.tree.path(&change.file)?;
        match draft {
            Some(draft) => draft.put(&path, change.before.is_some()),
            // What came back since then was put back by somebody.
            None if change.by_hand => Ok(()),
            None => durable::remove_if_there(&path),
        }
    }

    /// From the files in their new form on: makes those durable, removes what
    /// is in them now, and says so. The intents are durable.
    pub(super) fn finish_changes(
        &mut self,
        changes: &[(Kind, Change)],
    ) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let form =
            |(_, c): &(Kind, Change)| (c.after.is_some(), c.file.clone());
        self.sync_forms(changes.iter().map(form))?;
        crash::point("change.synced");
        for removed in changes.iter().flat_map(|(_, c)| &c.removes) {
            let path = self.tree.path(&removed.file)?;
            let Some(file) = durable::open_if_there(&path)? else { continue };
            if is_file(file, &path, (removed.size_bytes, &removed.sha256))? {
                durable::remove_if_there(&path)?;
                crash::point("change.removed");
            }
        }
        self.settle_folders(changes)?;
        crash::point("change.before_end");
        let end = |(kind, change): &(Kind, Change)| {
            let id = change.id.clone();
            match kind {
                Kind::Consolidate => Event::Consolidated { id },
                Kind::Expire => Event::Expired { id },
                Kind::Erase => Event::Erased { id },
            }
        };
        let ends: Vec<Event> = changes.iter().map(end).collect();
        self.append(&ends)?;
        crash::point("change.ended");
        Ok(())
    }

    /// Says that changes were not made, of files in their old form. The
    /// intents are durable.
    pub(super) fn void_changes(&mut self, changes: &[Change]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        // A rename back may still be lost, and so may an unlink.
        let form = |c: &Change| (c.before.is_some(), c.file.clone());
        self.sync_forms(changes.iter().map(form))?;
        let void = |change: &Change| Event::Void { id: change.id.clone() };
        let events: Vec<Event> = changes.iter().map(void).collect();
        self.append(&events)
    }

    /// fsyncs files, or that they are gone: those that are to be there, and
    /// all folders above that are, up to the one that the root is in, each
    /// once.
    fn sync_forms(
        &self,
        forms: impl Iterator<Item = (bool, String)>,
    ) -> Result<()> {
        let (mut there, mut folders) = (Vec::new(), BTreeSet::new());
        for (is_there, file) in forms {
            let path = self.tree.path(&file)?;
            if let Some(nearest) = durable::nearest_folder(&path)? {
                folders.insert(nearest);
            }
            if is_there {
                there.push(path);
            }
        }
        self.sync_contents(&mut there)?;
        self.sync_up(folders)
    }

    /// Removes the folders of files that may be gone where they are empty, and
    /// fsyncs what those names were in, each folder once.
    fn settle_folders(&self, changes: &[(Kind, Change)]) -> Result<()> {
        // Of what goes after the files were made durable, any folder is yet
        // to be; of a file that went before, one that is empty.
        let mut folders: BTreeMap<TreePath, bool> = BTreeMap::new();
        for (_, change) in changes {
            let removed = change.removes.iter().map(|r| (&r.file, true));
            let gone = change.after.is_none().then_some((&change.file, false));
            for (file, later) in removed.chain(gone) {
                let path = self.tree.path(file)?;
                *folders.entry(path.folder()).or_default() |= later;
            }
        }
        let mut changed = BTreeSet::new();
        for (folder, later) in folders {
            // Who removed it may have died before that was durable.
            if durable::remove_if_empty(&folder)? {
                let there = durable::nearest_folder(&folder)?;
                changed.extend(there);
            } else if later {
                changed.insert(folder);
            }
        }
        let mut changed: Vec<TreePath> = changed.into_iter().collect();
        sync_many(&mut changed, |folder| durable::sync_folder(&*folder))
    }
}

/// The files that a change is about.
fn files_of(change: &Change) -> impl Iterator<Item = &str> {
    let removed = change.removes.iter().map(|r| r.file.as_str());
    removed.chain([change.file.as_str()])
}
