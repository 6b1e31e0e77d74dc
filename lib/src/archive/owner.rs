//! Who works on a tree: the lock, the ledger and the files in one hand.
//!
//! Invariants. Nothing is appended to the ledger, and nothing renamed, unless
//! `lock` is still the file that is held. A table whose file is not what the
//! ledger says is left alone; other tables go on.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::event::{Event, Job};
use super::inventory::Inventory;
use super::ledger::Ledger;
use super::lock::Lock;
use super::names::Tree;
use super::state::State;
use super::torn::{LOST, TORN, Torn, cut_ledger};
use crate::error::{Error, Exit, Notes, Result, counted, quoted};
use crate::io::tree_path::TreePath;
use crate::io::{durable, exposed, sync_many};

/// A tree under its lock, with every open intent of earlier runs completed or
/// void.
#[derive(Debug)]
pub struct Archive {
    pub(super) tree: Tree,
    pub(super) ledger: Ledger,
    /// Files that are not what the ledger says, or could not be recovered:
    /// nobody touches them, nor their tables.
    pub(super) blocked: Vec<Blocked>,
    /// Folders that were fsynced, with those above them, and in which nothing
    /// was renamed since: nobody else does while the lock is held.
    pub(super) durable_folders: BTreeSet<TreePath>,
    /// Held until this is dropped.
    lock: Lock,
}

/// A file that is left alone.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// Its table.
    pub table: String,
    /// Why: status 5 for damage, 3 for what could not be done.
    pub exit: Exit,
    /// What was found.
    pub message: String,
}

impl Archive {
    /// Takes the lock, waiting up to `wait`, and recovers.
    pub fn begin(
        root: &Path,
        now: Timestamp,
        wait: Duration,
        notes: &mut dyn Notes,
    ) -> Result<Archive> {
        let ledger = || Ledger::open(root, now, true);
        Archive::locked(root, wait, notes, ledger)
    }

    /// The same wherever the ledger ends, for who takes in what it does not
    /// know. What stands behind its first `cut` bytes is moved away.
    pub fn begin_repair(
        root: &Path,
        now: Timestamp,
        wait: Duration,
        notes: &mut dyn Notes,
        cut: Option<u64>,
    ) -> Result<Archive> {
        let ledger = || {
            if let Some(whole) = cut {
                cut_ledger(root, whole)?;
            }
            Ledger::open_unmarked(root, now)
        };
        Archive::locked(root, wait, notes, ledger)
    }

    fn locked(
        root: &Path,
        wait: Duration,
        notes: &mut dyn Notes,
        open: impl FnOnce() -> Result<Ledger>,
    ) -> Result<Archive> {
        let lock = Lock::take(root, wait, notes)?;
        // Under one rt-lock siblings wait for each other at least as long as
        // a publication takes.
        let wait = if lock.is_inherited() {
            wait.max(Duration::from_secs(60))
        } else {
            wait
        };
        lock.work(root, wait)?;
        let mut ledger = open()?;
        warn_of_torn(root, ledger.mend_tail()?, notes);
        ledger.warn_if_lost(notes)?;
        let mut archive = Archive {
            tree: Tree::new(root),
            ledger,
            blocked: Vec::new(),
            durable_folders: BTreeSet::new(),
            lock,
        };
        archive.recover(notes)?;
        Ok(archive)
    }

    /// Says that others may write beside the database, unless rt-lock, which
    /// has the lock, has said so.
    pub fn warn_of_database(&self, path: &Path, notes: &mut dyn Notes) {
        if !self.lock.is_inherited()
            && let Some(said) = exposed::of_database(path)
        {
            notes.warn(&said);
        }
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the ledger says but for the files.
    pub fn state(&self) -> &State {
        self.ledger.state()
    }

    /// What the files are, by the ledger.
    pub fn files(&self) -> Result<&Inventory> {
        self.ledger.files()
    }

    /// Appends events while the lock is still the one that is held.
    pub(super) fn append(&mut self, events: &[Event]) -> Result<()> {
        self.check_lock()?;
        self.ledger.append(events)
    }

    /// Whether `lock` is still the file that is held: else another run may
    /// be at work in the tree.
    pub fn check_lock(&self) -> Result<()> {
        match self.lock.is_held(self.tree.root()) {
            true => Ok(()),
            false => Err(Error::partial(format!(
                "the lock of {} was removed or replaced meanwhile",
                quoted(self.tree.root())
            ))
            .hint(
                "nothing more was done; leave that file alone, and run the \
                 same command again",
            )),
        }
    }

    /// What is left alone.
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// Why a table is left alone, if it is.
    pub fn block_of(&self, table: &str) -> Option<&Blocked> {
        self.blocked.iter().find(|b| b.table.eq_ignore_ascii_case(table))
    }

    /// fsyncs a file, its folders up to the root, and the ledger, whatever
    /// process wrote them.
    pub fn sync_file(&self, file: &str) -> Result<()> {
        self.sync_files([file])
    }

    /// fsyncs files, their folders up to the root, each once, and the ledger,
    /// whatever process wrote them.
    pub fn sync_files<'f>(
        &self,
        files: impl IntoIterator<Item = &'f str>,
    ) -> Result<()> {
        let paths = files.into_iter().map(|file| self.tree.path(file));
        let mut paths: Vec<TreePath> = paths.collect::<Result<_>>()?;
        self.sync_contents(&mut paths)?;
        self.sync_folders_of(&paths)?;
        self.ledger.sync()
    }

    /// fsyncs files, which must be there.
    pub(super) fn sync_contents(&self, paths: &mut [TreePath]) -> Result<()> {
        sync_many(paths, |path| {
            let path = &*path;
            durable::open_if_there(path)?
                .ok_or_else(|| not_as_said(path, "is missing"))?
                .sync_all()
                .map_err(|e| Error::io("fsync", path, e))
        })
    }

    /// fsyncs the folders of files, up to the one that the root is in, each
    /// once; of files outside the tree their own folder.
    pub fn sync_folders_of(&self, paths: &[TreePath]) -> Result<()> {
        self.sync_up(paths.iter().map(TreePath::folder))
    }

    /// fsyncs folders and those above them, up to the one that the root is in,
    /// each once; of folders outside the tree only themselves.
    pub(super) fn sync_up(
        &self,
        folders: impl IntoIterator<Item = TreePath>,
    ) -> Result<()> {
        let depth = |f: &TreePath| f.path().components().count();
        let mut all = BTreeSet::new();
        for folder in folders {
            all.extend(folder.up_to_root());
        }
        // From below: a name is durable before the folder that it is in.
        let mut folders: Vec<TreePath> = all.into_iter().collect();
        folders.sort_by_key(|f| Reverse(depth(f)));
        for level in folders.chunk_by_mut(|a, b| depth(a) == depth(b)) {
            sync_many(level, |folder| durable::sync_folder(&*folder))?;
        }
        durable::sync_parent(self.tree.top())
    }

    /// fsyncs the folders of a path that is gone, from the nearest one that
    /// is still there, and the ledger.
    pub fn sync_nearest(&self, path: &TreePath) -> Result<()> {
        if let Some(folder) = durable::nearest_folder(path)? {
            durable::sync_up(&folder)?;
        }
        self.ledger.sync()
    }
}

/// Says what the end of the ledger was relieved of.
fn warn_of_torn(root: &Path, torn: Torn, notes: &mut dyn Notes) {
    let Torn { bytes, lost_lines } = torn;
    if lost_lines > 0 {
        notes.warn(&format!(
            "the last {} of the ledger never reached the disk, which had said \
             that they did; what is left was moved to {}. Archiving goes on, \
             for no row rests on them; a hold may have been among them: look \
             at what rt-hold prints, then remove that file. Until then nothing \
             is deleted for good",
            counted(lost_lines, "line"),
            quoted(root.join(LOST))
        ));
    } else if bytes > 0 {
        notes.warn(&format!(
            "the last {bytes} bytes of the ledger were no whole event, as \
             after a power cut; they were moved to {}",
            quoted(root.join(TORN))
        ));
    }
}

/// The error for a file that is not what the ledger says.
pub fn not_as_said(path: impl AsRef<Path>, what: &str) -> Error {
    Error::disagree(format!("{} {what}", quoted(path))).hint(
        "the file was changed from outside; put it back from a backup. \
         Where a whole tree was put back, rt-verify --repair says what can be \
         taken in as it is. Nothing of this table is touched until then",
    )
}

/// Notes in the ledger of a tree that a job came to its end. It needs no lock
/// of the tree: nothing rests on it.
pub fn record_job(root: &Path, now: Timestamp, job: Job) -> Result<()> {
    Ledger::open(root, now, true)?.append(&[Event::Job(job)])
}
