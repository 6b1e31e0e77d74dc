//! The lines of a ledger, followed one by one along their chain.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Event;
use super::inventory::Late;
use super::link::{Link, parse_line};
use super::state::State;
use crate::error::{Error, Result, quoted};
use crate::io::digest::hex;
use crate::io::durable;
use crate::time;

/// More than one append ever writes, in bytes.
pub(super) const TORN_MOST: u64 = 64 << 20;

/// What is wrong with so much in which no line ends.
pub(super) const TOO_LONG: &str = "it is longer than any line";

/// Where the whole lines end that were followed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct End {
    /// Their length.
    pub size_bytes: u64,
    /// The length of the last one, with its newline.
    pub line_bytes: u64,
    /// Their number.
    pub seq: u64,
    /// The first line of the append that the last line belongs to.
    pub first_seq: u64,
    /// SHA-256 of the last one, without its newline.
    pub sha256: String,
}

impl End {
    /// That of no line.
    pub fn start() -> End {
        End {
            size_bytes: 0,
            line_bytes: 0,
            seq: 0,
            first_seq: 0,
            sha256: "0".repeat(64),
        }
    }

    /// With one line more, which is given without its newline. It has this
    /// number; `first_seq` is that of the first line of its append.
    pub fn with(&self, line: &[u8], seq: u64, first_seq: u64) -> End {
        let line_bytes = line.len() as u64 + 1;
        End {
            size_bytes: self.size_bytes + line_bytes,
            line_bytes,
            seq,
            first_seq,
            sha256: hex(&Sha256::digest(line)),
        }
    }
}

/// What a ledger says up to some line.
#[derive(Debug)]
pub(super) struct Replay {
    pub end: End,
    pub state: State,
    pub inventory: Late,
}

impl Replay {
    /// That of no line.
    pub fn empty() -> Replay {
        Replay {
            end: End::start(),
            state: State::default(),
            inventory: Late::empty(),
        }
    }

    /// What a checkpoint says, whose inventory is still to be read.
    pub fn behind(end: End, state: State) -> Replay {
        Replay { end, state, inventory: Late::default() }
    }

    /// Takes in the next event, whose line begins at `at_bytes`; one that
    /// cannot follow is refused, and changes nothing.
    pub fn take(
        &mut self,
        event: Event,
        at: Option<Timestamp>,
        at_bytes: u64,
    ) -> std::result::Result<(), String> {
        if let Some(effect) = self.state.apply(event, at, at_bytes)? {
            self.inventory.take(effect);
        }
        Ok(())
    }

    /// Follows the whole lines that are new, of the first `limit` bytes. A
    /// torn tail is not followed.
    pub fn catch_up(
        &mut self,
        file: &File,
        path: &Path,
        limit: u64,
    ) -> Result<()> {
        let fail = |e| Error::io("read", path, e);
        let mut file = file.try_clone().map_err(fail)?;
        file.seek(SeekFrom::Start(self.end.size_bytes)).map_err(fail)?;
        let mut file = file.take(limit.saturating_sub(self.end.size_bytes));
        let mut pending: Vec<u8> = Vec::new();
        let mut piece = vec![0u8; 1 << 18];
        loop {
            let n = durable::read_full(&mut file, &mut piece).map_err(fail)?;
            if n == 0 {
                return Ok(());
            }
            pending.extend_from_slice(&piece[..n]);
            let mut start = 0;
            while let Some(end) = memchr::memchr(b'\n', &pending[start..]) {
                let line = &pending[start..start + end];
                if let Err(error) = self.follow(line, path) {
                    let mut tail = pending.split_off(start);
                    file.take(TORN_MOST)
                        .read_to_end(&mut tail)
                        .map_err(fail)?;
                    return match self.is_torn(&tail) {
                        true => Ok(()),
                        false => Err(error),
                    };
                }
                start += end + 1;
            }
            pending.drain(..start);
            if pending.len() as u64 >= TORN_MOST {
                return Err(self.broken(path, TOO_LONG));
            }
        }
    }

    /// Whether what follows the last sound line is what a power cut can leave
    /// of one append: its first line is none, and each line behind that is of
    /// the same append, which may be that of the last sound line.
    fn is_torn(&self, tail: &[u8]) -> bool {
        let link = |line: &[u8]| serde_json::from_slice::<Link>(line).ok();
        let mut lines = tail.split(|byte| *byte == b'\n').map(link);
        let End { seq, first_seq, .. } = self.end;
        (tail.len() as u64) < TORN_MOST
            && lines.next().flatten().is_none()
            && lines.flatten().all(|link| match link.first_seq {
                Some(first) => first == seq + 1 || first == first_seq,
                None => false,
            })
    }

    /// The line behind the last sound one is none.
    fn broken(&self, path: &Path, what: &str) -> Error {
        let seq = self.end.seq + 1;
        Error::disagree(format!("{}, line {seq}: {what}", quoted(path))).hint(
            "the ledger was edited or damaged; restore it from a backup before \
             anything is deleted on its strength",
        )
    }

    fn follow(&mut self, line: &[u8], path: &Path) -> Result<()> {
        let link =
            self.take_line(line).map_err(|what| self.broken(path, &what))?;
        let seq = link.seq;
        self.end = self.end.with(line, seq, link.first_seq.unwrap_or(seq));
        Ok(())
    }

    /// Takes in the line behind the last one, or says why it is none.
    fn take_line(&mut self, line: &[u8]) -> std::result::Result<Link, String> {
        let (link, event) = parse_line(line)?;
        link.check(self.end.seq, &self.end.sha256)?;
        let at = time::parse(link.at.as_bytes());
        self.take(event, at, self.end.size_bytes)?;
        Ok(link)
    }
}
