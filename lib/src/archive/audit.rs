//! The whole ledger, line by line, for who must know all that is wrong with
//! it.
//!
//! The replay that every program begins with ends at the first line that does
//! not follow from the one before. This one notes it and goes on, so that the
//! files can still be held against what the other lines say. Nothing may be
//! deleted on the strength of a state that was won so.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::end_mark::EndMark;
use super::event::Event;
use super::ledger;
use super::link::parse_line;
use super::said::Said;
use crate::error::{Error, Result};
use crate::io::digest::hex;
use crate::io::durable;
use crate::time;

/// More faults than these are only counted.
const FAULTS: usize = 200;

/// Who is handed each event, the time of its run where that can be read, and
/// what the ledger said before it.
pub type Each<'a> = dyn FnMut(&Event, Option<Timestamp>, &Said) + 'a;

/// A ledger that was read from its first line to its last.
#[derive(Debug, Default)]
pub struct Audit {
    /// Whether there is one.
    pub there: bool,
    /// What it says, as far as its lines can be taken in.
    pub said: Said,
    /// Its lines.
    pub lines: u64,
    /// The first lines that do not follow from the line before, and why.
    pub faults: Vec<(u64, String)>,
    /// How many lines do not.
    pub faulty: u64,
    /// How far it is sound, in bytes.
    pub sound_bytes: u64,
    /// Bytes behind the last whole line.
    pub tail_bytes: u64,
    /// Why it does not end where it should, if it does not.
    pub end: Option<Error>,
}

impl Audit {
    /// Reads the ledger of the tree at `root`; `each` gets every event, the
    /// time of its run, and what the ledger said before it.
    pub fn of(root: &Path, each: &mut Each<'_>) -> Result<Audit> {
        Audit::until(root, u64::MAX, each)
    }

    /// Reads the lines that begin before `limit`, in bytes.
    pub fn until(
        root: &Path,
        limit: u64,
        each: &mut Each<'_>,
    ) -> Result<Audit> {
        let path = ledger::path(root);
        let mut audit = Audit::default();
        // Before the ledger: what is appended meanwhile stands behind it.
        let mark = EndMark::read(root);
        let Some(file) = durable::open_if_there(&path)? else {
            audit.end = held_against(root, mark, 0, "");
            return Ok(audit);
        };
        audit.there = true;
        let file = BufReader::with_capacity(1 << 18, file);
        let mut input = file.take(limit);
        let (mut line, mut at_bytes) = (Vec::new(), 0);
        let mut end = End { seq: 0, prev: "0".repeat(64), known: true };
        loop {
            line.clear();
            let n = input
                .read_until(b'\n', &mut line)
                .map_err(|e| Error::io("read", &path, e))?;
            if line.pop_if(|byte| *byte == b'\n').is_none() {
                audit.tail_bytes = n as u64;
                let end = held_against(root, mark, end.seq, &end.prev);
                audit.end = audit.end.or(end);
                return Ok(audit);
            }
            audit.lines += 1;
            if let Err(what) = audit.take(&line, at_bytes, &mut end, each) {
                audit.fault(what);
            }
            end.prev = hex(&Sha256::digest(&line));
            // A mark that was left behind names an earlier line.
            if let Ok(Some(mark)) = &mark
                && mark.seq == end.seq
            {
                audit.end = mark.check(root, end.seq, &end.prev).err();
            }
            at_bytes += n as u64;
            if audit.is_sound() {
                audit.sound_bytes = at_bytes;
            }
        }
    }

    /// Whether every line follows from the one before.
    pub fn is_sound(&self) -> bool {
        self.faulty == 0
    }

    fn fault(&mut self, what: String) {
        self.faulty += 1;
        if self.faults.len() < FAULTS {
            self.faults.push((self.lines, what));
        }
    }

    fn take(
        &mut self,
        line: &[u8],
        at_bytes: u64,
        end: &mut End,
        each: &mut Each<'_>,
    ) -> std::result::Result<(), String> {
        let (link, event) = match parse_line(line) {
            Ok(parsed) => parsed,
            Err(what) => {
                end.seq += 1;
                end.known = false;
                return Err(what);
            }
        };
        let follows = link.check(end.seq, &end.prev);
        // Behind a line that is none, that one's digest is no second fault.
        let follows = match (end.known, link.seq == end.seq + 1) {
            (false, true) => Ok(()),
            _ => follows,
        };
        (end.seq, end.known) = (link.seq, true);
        let at = time::parse(link.at.as_bytes());
        each(&event, at, &self.said);
        let applied = self.said.apply(event, at, at_bytes);
        follows.and(applied)
    }
}

/// Why a ledger does not end where it should.
fn held_against(
    root: &Path,
    mark: Result<Option<EndMark>>,
    seq: u64,
    sha256: &str,
) -> Option<Error> {
    let check = |mark: EndMark| mark.check(root, seq, sha256);
    mark.and_then(|mark| mark.map_or(Ok(()), check)).err()
}

/// The last line so far.
struct End {
    seq: u64,
    prev: String,
    /// Whether the last line could be read as an event.
    known: bool,
}
