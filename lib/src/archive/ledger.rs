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
//! A torn tail is what a power cut can leave of the last append: bytes that
//! are no line, behind which no line of another append stands. Nobody has
//! acted on it, for an append is acted on only once it is durable; and were it
//! damage instead, recovery would still keep every archived record. So it is
//! moved to `ledger.torn`, cut, and said. Anything else that does not follow
//! from the line before is damage.

use super::end_mark::EndMark;
use super::event::{self, Event};
use super::link::{Link, parse_line};
use super::state::State;
use super::torn::move_aside;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result, quoted};
use crate::io::digest::hex;
use crate::io::durable;
use crate::time::{self, clock, rfc3339};

/// More than one append ever writes, in bytes.
const TORN_MOST: u64 = 64 << 20;

/// The ledger of a tree.
#[derive(Debug)]
pub struct Ledger {
    file: Option<File>,
    path: PathBuf,
    now: Timestamp,
    /// Whole lines replayed so far, in bytes and in lines.
    read_bytes: u64,
    seq: u64,
    /// The first line of the append that the last line belongs to.
    first_seq: u64,
    prev: String,
    state: State,
    /// An append failed half-way: `state` may be ahead of the file.
    broken: bool,
    /// It may end elsewhere than the mark says: what it lost is taken in.
    unmarked: bool,
}

impl Ledger {
    /// Opens and replays the ledger of a tree. Without `write` nothing is
    /// created or cut, and a tree without one has an empty ledger.
    pub fn open(root: &Path, now: Timestamp, write: bool) -> Result<Ledger> {
        if write
            && durable::is_gone(&root.join("ledger.jsonl"))?
            && let Some(mark) = EndMark::read(root)?
        {
            mark.check(root, 0, "")?;
        }
        Ledger::replayed(root, now, write)
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
        let path = root.join("ledger.jsonl");
        let file = if write {
            let file = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .mode(0o600)
                .custom_flags(OFlags::NOFOLLOW.bits() as i32)
                .open(&path)
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
        let mut ledger = Ledger {
            file,
            path,
            now,
            read_bytes: 0,
            seq: 0,
            first_seq: 0,
            prev: "0".repeat(64),
            state: State::default(),
            broken: false,
            unmarked: false,
        };
        ledger.catch_up()?;
        Ok(ledger)
    }

    /// What it says.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes in what others have appended since.
    pub fn refresh(&mut self) -> Result<()> {
        if self.file.is_none() {
            self.file = durable::open_if_there(&self.path)?;
        }
        self.catch_up().map(drop)
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
                .saturating_sub(self.read_bytes)),
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

    /// Appends events, in one write; they are durable when it returns.
    ///
    /// # Errors
    /// Status 5 for an event that cannot follow what the ledger says: nothing
    /// is written then.
    pub(super) fn append(&mut self, events: &[Event]) -> Result<()> {
        self.locked(|ledger, file| {
            ledger.mend(file)?;
            ledger.hold_against_mark()?;
            ledger.append_locked(file, events)
        })
    }

    /// Moves a torn tail to `ledger.torn`; gives its length in bytes, 0 where
    /// there is none.
    pub(super) fn mend_tail(&mut self) -> Result<u64> {
        self.locked(|ledger, file| {
            let torn = ledger.mend(file)?;
            ledger.hold_against_mark().map(|()| torn)
        })
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

    fn hold_against_mark(&self) -> Result<()> {
        match self.unmarked {
            true => Ok(()),
            false => self.check_mark(EndMark::read(self.root())?),
        }
    }

    fn check_mark(&self, mark: Option<EndMark>) -> Result<()> {
        match mark {
            Some(mark) => mark.check(self.root(), self.seq, &self.prev),
            None => Ok(()),
        }
    }

    fn root(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Does `work` with the file under flock.
    fn locked<T>(
        &mut self,
        work: impl FnOnce(&mut Ledger, &File) -> Result<T>,
    ) -> Result<T> {
        let lock = |e: Errno| Error::io("lock", &self.path, e.into());
        let Some(file) = &self.file else {
            return Err(Error::failed(format!(
                "{} is not open for writing",
                quoted(&self.path)
            )));
        };
        let file =
            file.try_clone().map_err(|e| Error::io("open", &self.path, e))?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)
            .map_err(lock)?;
        let done = work(self, &file);
        rustix::fs::flock(&file, FlockOperation::Unlock)
            .map_err(|e| Error::io("unlock", &self.path, e.into()))?;
        done
    }

    /// Under flock: replays what is new, and moves a torn tail away. The copy
    /// is durable before the tail is cut.
    fn mend(&mut self, file: &File) -> Result<u64> {
        let whole = self.catch_up()?;
        let torn = durable::length(file, &self.path)?.saturating_sub(whole);
        if torn == 0 {
            return Ok(0);
        }
        move_aside(file, &self.path, whole)?;
        Ok(torn)
    }

    /// Under flock, behind the last whole line. The events are replayed
    /// before they are written, so that none is written that a replay refuses.
    fn append_locked(&mut self, file: &File, events: &[Event]) -> Result<()> {
        if self.broken {
            return Err(Error::failed(format!(
                "{} could not be written before",
                quoted(&self.path)
            )));
        }
        if events.is_empty() {
            return Ok(());
        }
        self.broken = true;
        let start = self.read_bytes;
        let (mut text, wall) = (Vec::new(), clock::wall());
        let first = self.seq + 1;
        for event in events {
            let line = text.len();
            let seq = self.seq + 1;
            event.write_line(
                &mut text,
                &event::Stamp {
                    seq,
                    at: &rfc3339(self.now),
                    wall: &rfc3339(wall),
                    prev: &self.prev,
                    first_seq: (seq > first).then_some(first),
                },
            )?;
            let at = start + line as u64;
            self.state
                .apply(event.clone(), Some(self.now), at)
                .map_err(|what| self.refused(&what))?;
            self.seq = seq;
            self.prev = hex(&Sha256::digest(&text[line..text.len() - 1]));
        }
        let fail = |e| Error::io("write", &self.path, e);
        let attempt = || -> std::io::Result<()> {
            let mut out = file;
            out.write_all(&text)?;
            file.sync_all()
        };
        if let Err(first) = attempt() {
            file.set_len(start).map_err(fail)?;
            if let Err(second) = attempt() {
                // Whether the cut reaches the disk is not known either; the
                // next run finds a torn or a whole line, both are sound.
                file.set_len(start).map_err(fail)?;
                return Err(fail(second).during(fail(first)));
            }
        }
        self.read_bytes = start + text.len() as u64;
        self.first_seq = first;
        self.broken = false;
        // One that is left behind says nothing against the ledger.
        let mark = EndMark { seq: self.seq, sha256: self.prev.clone() };
        drop(mark.write(self.root()));
        Ok(())
    }

    /// The error for an event that its replay would refuse.
    fn refused(&self, what: &str) -> Error {
        Error::disagree(format!(
            "{} does not take the next event: {what}",
            quoted(&self.path)
        ))
        .hint(
            "another run has written into this tree meanwhile; run the same \
             command again",
        )
    }

    /// Replays the whole lines that are new; gives where they end. A torn
    /// tail is not replayed.
    fn catch_up(&mut self) -> Result<u64> {
        let Some(file) = &self.file else { return Ok(0) };
        let fail = |e| Error::io("read", &self.path, e);
        let mut file = file.try_clone().map_err(fail)?;
        file.seek(SeekFrom::Start(self.read_bytes)).map_err(fail)?;
        let mut pending: Vec<u8> = Vec::new();
        let mut piece = vec![0u8; 1 << 18];
        loop {
            let n = durable::read_full(&mut file, &mut piece)
                .map_err(|e| Error::io("read", &self.path, e))?;
            if n == 0 {
                return Ok(self.read_bytes);
            }
            pending.extend_from_slice(&piece[..n]);
            let mut start = 0;
            while let Some(end) = memchr::memchr(b'\n', &pending[start..]) {
                let line = &pending[start..start + end];
                if let Err(error) = self.replay(line) {
                    let mut tail = pending.split_off(start);
                    file.take(TORN_MOST)
                        .read_to_end(&mut tail)
                        .map_err(|e| Error::io("read", &self.path, e))?;
                    return match self.is_torn(&tail) {
                        true => Ok(self.read_bytes),
                        false => Err(error),
                    };
                }
                self.read_bytes += end as u64 + 1;
                start += end + 1;
            }
            pending.drain(..start);
        }
    }

    /// Whether what follows the last sound line is what a power cut can leave
    /// of one append: its first line is none, and each line behind that is of
    /// the same append, which may be that of the last sound line.
    fn is_torn(&self, tail: &[u8]) -> bool {
        let link = |line: &[u8]| serde_json::from_slice::<Link>(line).ok();
        let mut lines = tail.split(|byte| *byte == b'\n').map(link);
        (tail.len() as u64) < TORN_MOST
            && lines.next().flatten().is_none()
            && lines.flatten().all(|link| match link.first_seq {
                Some(first) => {
                    first == self.seq + 1 || first == self.first_seq
                }
                None => false,
            })
    }

    fn replay(&mut self, line: &[u8]) -> Result<()> {
        let broken = |what: &str| {
            Error::disagree(format!(
                "{}, line {}: {what}",
                quoted(&self.path),
                self.seq + 1
            ))
            .hint(
                "the ledger was edited or damaged; restore it from a backup \
                 before anything is deleted on its strength",
            )
        };
        let (link, event) = parse_line(line).map_err(|what| broken(&what))?;
        link.check(self.seq, &self.prev).map_err(|what| broken(&what))?;
        let at = time::parse(link.at.as_bytes());
        self.state
            .apply(event, at, self.read_bytes)
            .map_err(|what| broken(&what))?;
        self.seq = link.seq;
        self.first_seq = link.first_seq.unwrap_or(link.seq);
        self.prev = hex(&Sha256::digest(line));
        Ok(())
    }
}
