//! What the ledger says, replayed: which files there are, which segments are
//! open, unsettled or settled.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::ages::Ages;
use super::event::{Change, Event, Job, Purging, Retract, Segment, Settled};
use super::file_state::{FileState, state_of};
use super::holds::Holds;
use super::names::Origin;
use super::source::{Source, Sources};
use super::times::Times;
use crate::line_set::LineSet;

/// How far the runs' clock moved between two events: a leap that no run
/// explains.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// The last event's.
    pub last: Option<Timestamp>,
    /// The largest step forward since an expiry was last begun.
    pub forward: SignedDuration,
    /// The largest step back since then.
    pub back: SignedDuration,
}

impl Clock {
    /// The same with one step more.
    pub fn at(mut self, at: Timestamp) -> Clock {
        if let Some(last) = self.last {
            let step = at.duration_since(last);
            self.forward = self.forward.max(step);
            self.back = self.back.max(-step);
        }
        self.last = Some(at);
        self
    }
}

/// A segment that is not settled.
#[derive(Clone, Debug)]
pub struct Open {
    /// What its intent says.
    pub segment: Segment,
    /// Whether `published` followed.
    pub published: bool,
    /// Deletions that were begun.
    pub purging: Vec<Purging>,
    /// The last retraction that was begun.
    pub retract: Option<Retract>,
    /// Where the line of its intent begins in the ledger, in bytes.
    pub at_bytes: u64,
    /// The times of the file's rows before.
    pub(super) before: Times,
}

impl Open {
    /// The lines whose deletion was begun.
    pub fn named(&self) -> LineSet {
        let mut lines = LineSet::default();
        for event in &self.purging {
            lines.union(&event.lines);
        }
        lines
    }
}

/// The whole of it.
#[derive(Debug, Default)]
pub struct State {
    pub(super) files: HashMap<String, FileState>,
    /// In the order of their intents, by a number that grows.
    open: BTreeMap<u64, Open>,
    by_id: HashMap<String, u64>,
    settled: HashMap<String, Settled>,
    /// By mode, and the name of the database.
    jobs: BTreeMap<(String, Option<String>), (Job, Option<Timestamp>)>,
    successes: BTreeMap<(String, Option<String>), Timestamp>,
    /// Intents of `consolidate` and `expire` that are neither done nor void.
    changes: Vec<(Kind, Change)>,
    clock: Clock,
    pub(super) ages: Ages,
    sources: Sources,
    holds: Holds,
    next: u64,
}

/// Whose intent a change is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// rt-consolidate's.
    Consolidate,
    /// rt-expire's.
    Expire,
}

impl State {
    /// What a file is; `None` for one the ledger does not know, or knows to
    /// be gone.
    pub fn file(&self, file: &str) -> Option<&FileState> {
        self.files.get(file)
    }

    /// Intents that are neither published nor void, in order.
    pub fn intents(&self) -> impl Iterator<Item = &Open> {
        self.open.values().filter(|o| !o.published)
    }

    /// Published segments without `purge`, in order.
    pub fn unsettled(&self) -> impl Iterator<Item = &Open> {
        self.open.values().filter(|o| o.published)
    }

    /// A segment that is not settled, by its id.
    pub fn open(&self, id: &str) -> Option<&Open> {
        self.by_id.get(id).and_then(|n| self.open.get(n))
    }

    /// What became of a settled segment.
    pub fn settled(&self, id: &str) -> Option<&Settled> {
        self.settled.get(id)
    }

    /// All files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileState)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// The last end of each mode's job in each database, the now of its run,
    /// and that of the last one that ended with status 0.
    pub fn jobs(
        &self,
    ) -> impl Iterator<Item = (&Job, Option<Timestamp>, Option<Timestamp>)>
    {
        self.jobs.iter().map(|(key, (job, at))| {
            (job, *at, self.successes.get(key).copied())
        })
    }

    /// Intents of `consolidate` and `expire` that are open, in order.
    pub fn changes(&self) -> &[(Kind, Change)] {
        &self.changes
    }

    /// How the clock moved.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// When rows were archived, and how long they are kept.
    pub fn ages(&self) -> &Ages {
        &self.ages
    }

    /// Where the archives of a table come from.
    pub fn source(&self, origin: &Origin) -> Option<&Source> {
        self.sources.get(origin)
    }

    /// All tables with where their archives come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What is to stay where it is.
    pub fn holds(&self) -> &Holds {
        &self.holds
    }

    /// Takes in the next event, whose line begins at `at_bytes`; an event that
    /// cannot follow is refused, and changes nothing.
    pub(super) fn apply(
        &mut self,
        event: Event,
        at: Option<Timestamp>,
        at_bytes: u64,
    ) -> Result<(), String> {
        if let Some(at) = at {
            self.clock = self.clock.at(at);
        }
        match event {
            Event::Store(segment) => self.store(*segment, at_bytes),
            Event::Published { id } => {
                let open = self.find(&id)?;
                open.published = true;
                let segment = open.segment.clone();
                if !segment.adopted {
                    self.ages.published(&segment, at);
                    self.sources.stored(&segment);
                    let before = self.published(&segment);
                    self.find(&id)?.before = before;
                }
                Ok(())
            }
            Event::Void { id } => match self.close_change(&id) {
                Some(_) => Ok(()),
                None => self.close(&id).map(drop),
            },
            Event::Purging(purging) => {
                let open = self.find(&purging.id)?;
                check_lines(&purging.lines, open)?;
                open.purging.push(purging);
                Ok(())
            }
            Event::Retract(retract) => {
                let open = self.find(&retract.id)?;
                check_lines(&retract.lines, open)?;
                open.retract = Some(retract);
                Ok(())
            }
            Event::Purge(settled) => {
                let open = self.close(&settled.id)?;
                self.retracted(&open);
                self.settled.insert(settled.id.clone(), settled);
                Ok(())
            }
            other => self.apply_other(other, at),
        }
    }

    /// Takes in an event that is not about a segment.
    fn apply_other(
        &mut self,
        event: Event,
        at: Option<Timestamp>,
    ) -> Result<(), String> {
        match event {
            Event::Consolidate(change) => {
                self.changes.push((Kind::Consolidate, *change));
            }
            Event::Expire(change) => {
                // Who began it went by this clock, or was told to. Its end
                // may be written much later, by a recovery, and says nothing.
                if !change.by_hand {
                    let last = self.clock.last;
                    self.clock = Clock { last, ..Clock::default() };
                }
                self.changes.push((Kind::Expire, *change));
            }
            Event::Hold(hold) => self.holds.hold(hold, at)?,
            Event::Release { id } => self.holds.release(&id)?,
            Event::Consolidated { id } | Event::Expired { id } => {
                self.changed(&id)?;
            }
            Event::Adopt(mut adopt) => {
                self.ages.adopted(&mut adopt, at);
                let file = state_of(&adopt.named, adopt.members);
                self.files.insert(adopt.named.file, file);
            }
            Event::Job(job) => {
                let key = (job.mode.clone(), job.database.clone());
                if let (0, Some(at)) = (job.exit_status, at) {
                    self.successes.insert(key.clone(), at);
                }
                self.jobs.insert(key, (job, at));
            }
            Event::Moved(moved) => self.sources.moved(&moved),
            _ => {}
        }
        Ok(())
    }

    fn store(
        &mut self,
        segment: Segment,
        at_bytes: u64,
    ) -> Result<(), String> {
        if self.by_id.contains_key(&segment.id)
            || self.settled.contains_key(&segment.id)
        {
            return Err(format!("id {} was used before", segment.id));
        }
        self.ages.stored(&segment);
        self.by_id.insert(segment.id.clone(), self.next);
        self.open.insert(
            self.next,
            Open {
                segment,
                published: false,
                purging: Vec::new(),
                retract: None,
                at_bytes,
                before: Times::default(),
            },
        );
        self.next += 1;
        Ok(())
    }

    pub(super) fn close_change(&mut self, id: &str) -> Option<Change> {
        let at = self.changes.iter().position(|(_, c)| c.id == id)?;
        Some(self.changes.remove(at).1)
    }

    fn find(&mut self, id: &str) -> Result<&mut Open, String> {
        self.by_id
            .get(id)
            .and_then(|n| self.open.get_mut(n))
            .ok_or_else(|| format!("no open segment {id}"))
    }

    fn close(&mut self, id: &str) -> Result<Open, String> {
        self.by_id
            .remove(id)
            .and_then(|n| self.open.remove(&n))
            .ok_or_else(|| format!("no open segment {id}"))
    }
}

/// Refuses lines that a segment does not have.
fn check_lines(lines: &LineSet, open: &Open) -> Result<(), String> {
    match lines.is_sound(open.segment.rows) {
        true => Ok(()),
        false => Err("it names lines that are not there".into()),
    }
}
