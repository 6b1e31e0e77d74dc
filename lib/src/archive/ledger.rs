//! The ledger: what happened to every row that ever left a database.
//!
//! `ledger.jsonl` is append-only, an event a line, described in rt-ledger(5).
//! Each line has `seq`, the run's `at`, the clock's `wall`, and `prev`, the
//! SHA-256 of the line before (without its newline): a missing, reordered or
//! edited line shows.
//!
//! Invariants. Events are appended under flock on the file itself, in one
//! write, and are durable when [`Ledger::append`] returns. An event that its
//! own replay would refuse is not written. After a failed fsync the tail is
//! cut back and written anew, for the kernel may have dropped what it could
//! not write. What the ledger says is only ever what it says: no state is
//! inferred from files here.
//!
//! Who opens a ledger reads its checkpoint and the lines behind that one. All of
//! it is replayed where there is none, or anything about it disagrees.
//!
//! A torn tail is what a power cut can leave of the last append: bytes that
//! are no line, behind which no line of another append stands. Nobody has
//! acted on it, for an append is acted on only once it is durable; and were it
//! damage instead, recovery would still keep every archived record. So it is
//! moved to `ledger.torn`, cut, and said. Where lines had been durable in its
//! place and a disk dropped them, it is moved to `ledger.lost`, and nothing
//! expires while that is there. Anything else that does not follow from the
//! line before is damage.

use super::checkpoint::Checkpoint;
use super::end_mark::EndMark;
use super::event::Settled;
use super::forms::forms;
use super::inventory::Inventory;
use super::replay::{End, Replay};
use super::state::State;
use std::cell::OnceCell;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::OFlags;

use super::names::Tree;
use super::tiers::holds_files;
use crate::error::{Error, Notes, Result, quoted};
use crate::io::beneath;
use crate::io::durable;
use crate::io::tree_path::TreePath;

/// The ledger of a tree.
#[derive(Debug)]
pub struct Ledger {
    pub(super) file: Option<File>,
    pub(super) path: TreePath,
    pub(super) now: Timestamp,
    pub(super) replay: Replay,
    /// Where the replay began, if not with the first line, or what it has
    /// written since.
    pub(super) checkpoint: Option<Checkpoint>,
    /// The replay began with a checkpoint, and this is what all lines say.
    whole: OnceCell<Replay>,
    /// A checkpoint can be written.
    pub(super) keeps: bool,
    /// An append failed half-way: the replay may be ahead of the file.
    pub(super) broken: bool,
    /// It may end elsewhere than the mark says: what it lost is taken in.
    pub(super) unmarked: bool,
}

/// Where the ledger of a tree is.
pub(super) fn path(root: &Path) -> TreePath {
    TreePath::root(root).join("ledger.jsonl")
}

impl Ledger {
    /// Opens the ledger of a tree. Without `write` nothing is created or cut,
    /// and a tree without one has an empty ledger.
    pub fn open(root: &Path, now: Timestamp, write: bool) -> Result<Ledger> {
        if write
            && durable::is_gone(&path(root))?
            && let Some(mark) = EndMark::read(root)?
        {
            mark.check(root, 0, "")?;
        }
        Ledger::replayed(root, now, write)
    }

    /// Opens the ledger for who does not write but rests on what it says; what
    /// it may have lost is said.
    ///
    /// # Errors
    /// Status 5 when it does not end where `lock` says.
    pub fn read(
        root: &Path,
        now: Timestamp,
        notes: &mut dyn Notes,
    ) -> Result<Ledger> {
        let mut ledger = Ledger::replayed(root, now, false)?;
        ledger.check_end()?;
        ledger.warn_if_lost(notes)?;
        Ok(ledger)
    }

    /// Says when there are archives and it holds nothing: there was none, or it
    /// was lost.
    pub fn warn_if_lost(&self, notes: &mut dyn Notes) -> Result<()> {
        let tree = Tree::new(self.root());
        if self.replay.end.seq == 0 && holds_files(&tree)? {
            notes.warn(&format!(
                "{} holds archives and no ledger: nothing tells whether they \
                 are whole; if it had one, put that back from a backup before \
                 a job begins another",
                quoted(tree.root())
            ));
        }
        Ok(())
    }

    /// Opens it for writing wherever it ends: what it lost is to be taken in.
    pub(super) fn open_unmarked(
        root: &Path,
        now: Timestamp,
    ) -> Result<Ledger> {
        let ledger = Ledger::replayed(root, now, true)?;
        Ok(Ledger { unmarked: true, ..ledger })
    }

    fn replayed(root: &Path, now: Timestamp, write: bool) -> Result<Ledger> {
        let path = path(root);
        let file = if write {
            let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
            let file = beneath::open(&path, flags)
                .map_err(|e| Error::io("open", &path, e))?;
            // An empty one is new, or a run died that had just made it: its
            // name must last before anything is written into it.
            if durable::length(&file, &path)? == 0 {
                durable::sync_folder(root)?;
            }
            Some(file)
        } else {
            durable::open_if_there(&path)?
        };
        let mark = EndMark::read(root).ok().flatten();
        let found = file
            .as_ref()
            .filter(|file| mark.is_some_and(|mark| mark.is_of(file)))
            .and_then(|file| Checkpoint::read(root, file));
        let mut ledger = Ledger::of(file, path, now);
        if let Some((checkpoint, replay)) = found {
            ledger.replay = replay;
            ledger.checkpoint = Some(checkpoint);
            if ledger.catch_up().is_ok() {
                return Ok(ledger);
            }
            // Whatever the reason, the ledger itself has the last word.
            ledger.replay = Replay::empty();
            ledger.checkpoint = None;
        }
        ledger.catch_up()?;
        Ok(ledger)
    }

    /// Opens the ledger of a tree for reading, and replays all of it: each line
    /// is held against the one before.
    pub fn open_whole(root: &Path, now: Timestamp) -> Result<Ledger> {
        let path = path(root);
        let mut ledger = Ledger::of(durable::open_if_there(&path)?, path, now);
        ledger.catch_up()?;
        Ok(ledger)
    }

    fn of(file: Option<File>, path: TreePath, now: Timestamp) -> Ledger {
        Ledger {
            file,
            path,
            now,
            replay: Replay::empty(),
            checkpoint: None,
            whole: OnceCell::new(),
            keeps: true,
            broken: false,
            unmarked: false,
        }
    }

    /// What it says but for the files.
    pub fn state(&self) -> &State {
        &self.replay.state
    }

    /// What the files are.
    ///
    /// # Errors
    /// Status 5 when the checkpoint's inventory is damaged, and all lines, then
    /// followed instead, do not hold.
    pub fn files(&self) -> Result<&Inventory> {
        self.replay.inventory.get(|| {
            let Some(checkpoint) = &self.checkpoint else {
                return Ok(Inventory::default());
            };
            if let Some(inventory) = checkpoint.inventory() {
                return Ok(inventory);
            }
            let covered = self.replay_to(checkpoint.covers_bytes)?;
            Ok(covered.inventory.into_known().unwrap_or_default())
        })
    }

    /// The lengths and digests that a file may have.
    ///
    /// # Errors
    /// As [`Ledger::files`]: status 5 when the lines do not hold.
    pub fn forms(&self, file: &str) -> Result<Vec<(u64, &str)>> {
        Ok(forms(self.state(), self.files()?, file))
    }

    /// What became of a settled segment.
    ///
    /// # Errors
    /// Status 5 when the lines do not hold: all of them are followed for it.
    pub fn settled(&self, id: &str) -> Result<Option<&Settled>> {
        let known = self.replay.state.settled(id);
        if known.is_some() || self.checkpoint.is_none() {
            return Ok(known);
        }
        let whole = match self.whole.get() {
            Some(whole) => whole,
            None => {
                let whole = self.replay_to(self.replay.end.size_bytes)?;
                self.whole.get_or_init(|| whole)
            }
        };
        Ok(whole.state.settled(id))
    }

    /// The first so many bytes, replayed from the first line on.
    pub(super) fn replay_to(&self, size_bytes: u64) -> Result<Replay> {
        let mut replay = Replay::empty();
        if let Some(file) = &self.file {
            replay.catch_up(file, self.path.path(), size_bytes)?;
        }
        if replay.end.size_bytes == size_bytes {
            return Ok(replay);
        }
        Err(Error::disagree(format!(
            "{} is another one than a moment ago",
            quoted(&self.path)
        ))
        .hint("run the same command again"))
    }

    /// Takes in what others have appended since.
    pub fn refresh(&mut self) -> Result<()> {
        if self.file.is_none() {
            self.file = durable::open_if_there(&self.path)?;
        }
        self.catch_up()
    }

    /// It, to be read from a place on, in bytes; none where there is none.
    pub(super) fn from(&self, at: u64) -> Result<Option<File>> {
        // Another description, whose place is nobody else's.
        let Some(mut file) = durable::open_if_there(&self.path)? else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(at))
            .map_err(|e| Error::io("read", &self.path, e))?;
        Ok(Some(file))
    }

    /// How many lines were followed.
    pub fn lines(&self) -> u64 {
        self.replay.end.seq
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// How many bytes stand behind the last whole event: of an append that
    /// is under way, or was cut short.
    pub fn tail_bytes(&self) -> Result<u64> {
        match &self.file {
            Some(file) => Ok(durable::length(file, &self.path)?
                .saturating_sub(self.replay.end.size_bytes)),
            None => Ok(0),
        }
    }

    /// fsyncs it: whoever wrote the last line may have died before.
    pub fn sync(&self) -> Result<()> {
        match &self.file {
            Some(file) => {
                file.sync_all().map_err(|e| Error::io("fsync", &self.path, e))
            }
            None => Ok(()),
        }
    }

    /// Whether it ends where `lock` says.
    ///
    /// # Errors
    /// Status 5 when it does not: lines are missing, or the last was edited.
    pub fn check_end(&mut self) -> Result<()> {
        let mark = EndMark::read(self.root())?;
        // What was appended since then stands behind the mark.
        self.refresh()?;
        self.check_mark(mark)
    }

    pub(super) fn check_mark(&self, mark: Option<EndMark>) -> Result<()> {
        let End { seq, sha256, .. } = &self.replay.end;
        match mark {
            Some(mark) => mark.check(self.root(), *seq, sha256),
            None => Ok(()),
        }
    }

    pub(super) fn root(&self) -> &Path {
        self.path.path().parent().unwrap_or(Path::new("."))
    }

    /// Follows the whole lines that are new.
    pub(super) fn catch_up(&mut self) -> Result<()> {
        match &self.file {
            Some(file) => {
                self.replay.catch_up(file, self.path.path(), u64::MAX)
            }
            None => Ok(()),
        }
    }
}
