//! The ledger: what happened to every row that ever left a database.
//!
//! `ledger.jsonl` is append-only, an event a line, described in rt-ledger(5).
//! Each line has `seq`, the run's `at`, the clock's `wall`, and `prev`, the
//! SHA-256 of the line before (without its newline): a missing, reordered or
//! edited line shows.
//!
//! Invariants. Events are appended under flock on the file itself, in one
//! write, and are durable when [`Ledger::append`] returns; a torn last line is
//! cut first. After a failed fsync the tail is cut back and written anew, for
//! the kernel may have dropped what it could not write. What the ledger says
//! is only ever what it says: no state is inferred from files here.

use super::event::{self, Event};
use super::state::State;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, OFlags};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result, quoted};
use crate::io::digest::hex;
use crate::io::durable;
use crate::time::{self, clock, rfc3339};

/// The ledger of a tree.
#[derive(Debug)]
pub struct Ledger {
    file: Option<File>,
    path: PathBuf,
    now: Timestamp,
    /// Whole lines replayed so far, in bytes and in lines.
    read_bytes: u64,
    seq: u64,
    prev: String,
    state: State,
}

#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: String,
    at: String,
}

impl Ledger {
    /// Opens and replays the ledger of a tree. Without `write` nothing is
    /// created or cut, and a tree without one has an empty ledger.
    pub fn open(root: &Path, now: Timestamp, write: bool) -> Result<Ledger> {
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
            let length = file
                .metadata()
                .map_err(|e| Error::io("stat", &path, e))?
                .len();
            // An empty one is new, or a run died that had just made it: its
            // name must last before anything is written into it.
            if length == 0 {
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
            prev: "0".repeat(64),
            state: State::default(),
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
    pub fn append(&mut self, events: &[Event]) -> Result<()> {
        let fail = |path: &Path, e| Error::io("write", path, e);
        let Some(file) = &self.file else {
            return Err(Error::failed(format!(
                "{} is not open for writing",
                quoted(&self.path)
            )));
        };
        let file =
            file.try_clone().map_err(|e| Error::io("open", &self.path, e))?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)
            .map_err(|e| Error::io("lock", &self.path, e.into()))?;
        let done = self.append_locked(&file, events);
        rustix::fs::flock(&file, FlockOperation::Unlock)
            .map_err(|e| fail(&self.path, e.into()))?;
        done
    }

    fn append_locked(&mut self, file: &File, events: &[Event]) -> Result<()> {
        let whole = self.catch_up()?;
        let path = self.path.clone();
        let fail = |e| Error::io("write", &path, e);
        let length = file.metadata().map_err(fail)?.len();
        if length > whole {
            // A torn line: whoever wrote it died, and never acted on it.
            file.set_len(whole).map_err(fail)?;
        }
        let (mut text, wall) = (Vec::new(), clock::wall());
        let (mut seq, mut prev) = (self.seq, self.prev.clone());
        for event in events {
            let start = text.len();
            seq += 1;
            event.write_line(
                &mut text,
                &event::Stamp {
                    seq,
                    at: &rfc3339(self.now),
                    wall: &rfc3339(wall),
                    prev: &prev,
                },
            )?;
            prev = hex(&Sha256::digest(&text[start..text.len() - 1]));
        }
        let attempt = || -> std::io::Result<()> {
            let mut out = file;
            out.write_all(&text)?;
            file.sync_all()
        };
        if let Err(first) = attempt() {
            file.set_len(whole).map_err(fail)?;
            if let Err(second) = attempt() {
                // Whether the cut reaches the disk is not known either; the
                // next run finds a torn or a whole line, both are sound.
                file.set_len(whole).map_err(fail)?;
                return Err(fail(second).during(fail(first)));
            }
        }
        self.catch_up()?;
        Ok(())
    }

    /// Replays the whole lines that are new; gives where they end.
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
                self.replay(&pending[start..start + end])?;
                self.read_bytes += end as u64 + 1;
                start += end + 1;
            }
            pending.drain(..start);
        }
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
        let link: Link = serde_json::from_slice(line)
            .map_err(|e| broken(&format!("no event ({e})")))?;
        if link.seq != self.seq + 1 {
            return Err(broken(&format!("seq is {}", link.seq)));
        }
        if link.prev != self.prev {
            return Err(broken("prev is not the digest of the line before"));
        }
        let event: Event = serde_json::from_slice(line)
            .map_err(|e| broken(&format!("no event ({e})")))?;
        let at = time::parse(link.at.as_bytes());
        self.state.apply(event, at).map_err(|what| broken(&what))?;
        self.seq = link.seq;
        self.prev = hex(&Sha256::digest(line));
        Ok(())
    }
}
