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

use super::end_mark::EndMark;
use super::event::Event;
use super::ledger;
use super::link::parse_line;
use super::replay::{End, TOO_LONG, TORN_MOST};
use super::said::Said;
use crate::error::{Error, Result};
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
    /// The last line so far could not be read as an event.
    no_event: bool,
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
        let (mut line, mut end) = (Vec::new(), End::start());
        loop {
            line.clear();
            let n = (&mut input)
                .take(TORN_MOST)
                .read_until(b'\n', &mut line)
                .map_err(|e| Error::io("read", &path, e))?;
            if line.pop_if(|byte| *byte == b'\n').is_none() {
                audit.tail_bytes = n as u64;
                if audit.tail_bytes == TORN_MOST {
                    audit.lines += 1;
                    audit.fault(TOO_LONG.to_owned());
                }
                let end = held_against(root, mark, end.seq, &end.sha256);
                audit.end = audit.end.or(end);
                return Ok(audit);
            }
            audit.lines += 1;
            end = audit.take(&line, &end, each);
            // A mark that was left behind names an earlier line.
            if let Ok(Some(mark)) = &mark
                && mark.seq == end.seq
            {
                audit.end = mark.check(root, end.seq, &end.sha256).err();
            }
            if audit.is_sound() {
                audit.sound_bytes = end.size_bytes;
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

    /// Takes in the line behind `end`; gives the end with it.
    fn take(&mut self, line: &[u8], end: &End, each: &mut Each<'_>) -> End {
        let (link, event) = match parse_line(line) {
            Ok(parsed) => parsed,
            Err(what) => {
                self.fault(what);
                self.no_event = true;
                return end.with(line, end.seq + 1, end.seq + 1);
            }
        };
        let follows = link.check(end.seq, &end.sha256);
        // Behind a line that is none, that one's digest is no second fault.
        let follows = match (self.no_event, link.seq == end.seq + 1) {
            (true, true) => Ok(()),
            _ => follows,
        };
        self.no_event = false;
        let at = time::parse(link.at.as_bytes());
        each(&event, at, &self.said);
        let applied = self.said.apply(event, at, end.size_bytes);
        if let Err(what) = follows.and(applied) {
            self.fault(what);
        }
        end.with(line, link.seq, link.first_seq.unwrap_or(link.seq))
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
