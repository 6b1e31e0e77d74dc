//! How events come to stand in the ledger: under its flock, behind the last
//! whole line, in one write.
//!
//! Invariants. Events are durable when [`Ledger::append`] returns. An event
//! that its own replay would refuse is not written. The mark of the end is
//! written behind each append, and a checkpoint only when all lines are
//! durable.

use std::fs::File;
use std::io::Write;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::checkpoint;
use super::end_mark::EndMark;
use super::event::{self, Event};
use super::ledger::Ledger;
use super::torn::{self, LOST, TORN, Torn};
use crate::crash;
use crate::error::{Error, Result, quoted};
use crate::io::durable;
use crate::time::{clock, rfc3339};

impl Ledger {
    /// Appends events, in one write; they are durable when it returns.
    ///
    /// # Errors
    /// Status 5 for an event that cannot follow what the ledger says: nothing
    /// is written then.
    pub(super) fn append(&mut self, events: &[Event]) -> Result<()> {
        self.locked(|ledger, file| {
            ledger.mend(file)?;
            ledger.hold_against_mark()?;
            ledger.append_locked(file, events)?;
            if ledger.lags() {
                ledger.keep();
            }
            Ok(())
        })
    }

    /// Moves a torn tail away, and says what that was.
    pub(super) fn mend_tail(&mut self) -> Result<Torn> {
        self.locked(|ledger, file| {
            let torn = ledger.mend(file)?;
            ledger.hold_against_mark()?;
            if ledger.lags() {
                // The process that appended the last lines may have died
                // before these were durable.
                ledger.sync()?;
                ledger.keep();
            }
            Ok(torn)
        })
    }

    fn hold_against_mark(&self) -> Result<()> {
        match self.unmarked {
            true => Ok(()),
            false => self.check_mark(EndMark::read(self.root())?),
        }
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
    fn mend(&mut self, file: &File) -> Result<Torn> {
        self.catch_up()?;
        let whole = self.replay.end.size_bytes;
        let bytes = durable::length(file, &self.path)?.saturating_sub(whole);
        if bytes == 0 {
            return Ok(Torn::default());
        }
        let lost_lines = self.lost_lines(file)?;
        let name = if lost_lines > 0 { LOST } else { TORN };
        torn::set_aside(file, &self.path, whole, name)?;
        crash::point("ledger.aside");
        if lost_lines > 0 {
            // A kill between the two leaves a torn tail, which goes next time;
            // a mark of lines that are cut already would stop every run.
            self.write_mark(file)?;
            crash::point("ledger.marked");
        }
        torn::cut(file, &self.path, whole)?;
        Ok(Torn { bytes, lost_lines })
    }

    /// How many lines the mark knows in the place of the torn tail, where
    /// blocks of that were never written: a disk dropped what it had said to be
    /// durable. Any other loss is damage, and nobody goes on behind it.
    fn lost_lines(&self, file: &File) -> Result<u64> {
        let (seq, whole) = (self.replay.end.seq, self.replay.end.size_bytes);
        let mark =
            if self.unmarked { None } else { EndMark::read(self.root())? };
        let lost = mark.map_or(0, |mark| mark.seq.saturating_sub(seq));
        if seq == 0
            || lost == 0
            || !torn::has_unwritten(file, &self.path, whole)?
        {
            return Ok(0);
        }
        Ok(lost)
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
        let start = self.replay.end.size_bytes;
        let (mut text, wall) = (Vec::new(), clock::wall());
        let first = self.replay.end.seq + 1;
        let mut end = self.replay.end.clone();
        for event in events {
            let line = text.len();
            let seq = end.seq + 1;
            event.write_line(
                &mut text,
                &event::Stamp {
                    seq,
                    at: &rfc3339(self.now),
                    wall: &rfc3339(wall),
                    prev: &end.sha256,
                    first_seq: (seq > first).then_some(first),
                },
            )?;
            self.replay
                .take(event.clone(), Some(self.now), end.size_bytes)
                .map_err(|what| self.refused(&what))?;
            end = end.with(&text[line..text.len() - 1], seq, first);
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
        self.replay.end = end;
        self.broken = false;
        self.write_mark(file)
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

    /// Under flock, behind a whole line: the mark names it.
    fn write_mark(&self, file: &File) -> Result<()> {
        EndMark::of(&self.replay.end, file)?.write(self.root())
    }

    /// Whether the ledger has grown far beyond its checkpoint.
    fn lags(&self) -> bool {
        let known = self.checkpoint.as_ref();
        self.keeps && checkpoint::lags(known, self.replay.end.size_bytes)
    }

    /// Under flock, when all lines are durable: writes a checkpoint. Where that
    /// fails there is none, which only costs time; it is not tried again.
    fn keep(&mut self) {
        let end = &self.replay.end;
        let written = self.files().and_then(|files| {
            checkpoint::write(self.root(), (end, &self.replay.state), files)
        });
        match written {
            Ok(checkpoint) => self.checkpoint = Some(checkpoint),
            Err(_) => self.keeps = false,
        }
    }
}
