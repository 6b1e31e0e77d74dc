//! What the ledger says, replayed: which segments are open, unsettled or
//! settled, which changes are under way, how jobs ended. It is small, whatever
//! is kept: what the files are is the [`Inventory`](super::Inventory)'s.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ages::Retentions;
use super::change::Change;
use super::effect::Effect;
use super::event::{Event, Job, Segment, Settled};
use super::holds::Holds;
use super::names::Origin;
use super::open::Open;
use super::pairs;
use super::source::{Source, Sources};
use crate::line_set::LineSet;
use crate::settings::policy::Period;

/// How far the runs' clock moved between two events: a leap that no run
/// explains.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
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

/// Jobs are told apart by mode, and the name of the database.
type JobKey = (String, Option<String>);

/// What it says but for the files.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct State {
    /// In the order of their intents, by a number that grows.
    open: BTreeMap<u64, Open>,
    #[serde(skip)]
    by_id: HashMap<String, u64>,
    /// Those that were settled in the lines that were followed.
    #[serde(skip)]
    settled: HashMap<String, Settled>,
    #[serde(with = "pairs")]
    jobs: BTreeMap<JobKey, (Job, Option<Timestamp>)>,
    #[serde(with = "pairs")]
    successes: BTreeMap<JobKey, Timestamp>,
    /// Intents of `consolidate`, `expire` and `erase` that are neither done nor
    /// void.
    /// They are closed in their order, from the first on.
    changes: VecDeque<(Kind, Change)>,
    clock: Clock,
    retentions: Retentions,
    sources: Sources,
    holds: Holds,
    next: u64,
}

/// Whose intent a change is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Kind {
    /// rt-consolidate's.
    Consolidate,
    /// rt-expire's.
    Expire,
    /// rt-rewrite's.
    Erase,
}

impl State {
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

    /// What became of a segment that was settled in the lines that were
    /// followed.
    pub(super) fn settled(&self, id: &str) -> Option<&Settled> {
        self.settled.get(id)
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

    /// Intents of `consolidate`, `expire` and `erase` that are open, in order.
    pub fn changes(&self) -> &VecDeque<(Kind, Change)> {
        &self.changes
    }

    /// An intent of `consolidate`, `expire` or `erase` that is open, by its id.
    pub fn change(&self, id: &str) -> Option<&Change> {
        self.changes.iter().map(|(_, c)| c).find(|change| change.id == id)
    }

    /// How the clock moved.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// How long a table's rows were kept by what was last gone by; `whole` for
    /// its whole files. None where that is not known.
    pub fn retention(&self, table: &str, whole: bool) -> Option<&Period> {
        self.retentions.of(table, whole)
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

    /// Finds open segments by their ids again, after it was read.
    pub(super) fn index(&mut self) {
        let ids = self.open.iter().map(|(n, o)| (o.segment.id.clone(), *n));
        self.by_id = ids.collect();
    }

    /// Takes in the next event, whose line begins at `at_bytes`, and gives what
    /// it makes of the files; an event that cannot follow is refused, and
    /// changes nothing.
    pub(super) fn apply(
        &mut self,
        event: Event,
        at: Option<Timestamp>,
        at_bytes: u64,
    ) -> Result<Option<Effect>, String> {
        if let Some(at) = at {
            self.clock = self.clock.at(at);
        }
        match event {
            Event::Store(segment) => self.store(segment, at_bytes)?,
            Event::Published { id } => {
                let open = self.find(&id)?;
                open.published = true;
                let segment = open.segment.clone();
                if !segment.adopted {
                    self.sources.stored(&segment);
                    return Ok(Some(Effect::Published(segment, at)));
                }
            }
            Event::Void { id } => {
                if self.close_change(&id).is_none() {
                    self.close(&id)?;
                }
            }
            Event::Purging(purging) => {
                let open = self.find(&purging.id)?;
                check_lines(&purging.lines, open)?;
                open.purging.push(purging);
            }
            Event::Retract(retract) => {
                let open = self.find(&retract.id)?;
                check_lines(&retract.lines, open)?;
                open.retract = Some(retract);
            }
            Event::Purge(settled) => {
                let open = self.close(&settled.id)?;
                self.settled.insert(settled.id.clone(), settled);
                return Ok(Some(Effect::Settled(Box::new(open))));
            }
            other => return self.apply_other(other, at),
        }
        Ok(None)
    }

    /// Takes in an event that is not about a segment.
    fn apply_other(
        &mut self,
        event: Event,
        at: Option<Timestamp>,
    ) -> Result<Option<Effect>, String> {
        match event {
            Event::Consolidate(change) => {
                self.changes.push_back((Kind::Consolidate, *change));
            }
            Event::Expire(change) => {
                // Who began it went by this clock, or was told to. Its end
                // may be written much later, by a recovery, and says nothing.
                if !change.by_hand {
                    let last = self.clock.last;
                    self.clock = Clock { last, ..Clock::default() };
                }
                self.changes.push_back((Kind::Expire, *change));
            }
            Event::Erase(change) => {
                self.changes.push_back((Kind::Erase, *change));
            }
            Event::Hold(hold) => self.holds.hold(hold, at)?,
            Event::Release { id } => self.holds.release(&id)?,
            Event::Consolidated { id }
            | Event::Expired { id }
            | Event::Erased { id } => {
                let change = self
                    .close_change(&id)
                    .ok_or_else(|| format!("no open change {id}"))?;
                self.retentions.changed(&change);
                return Ok(Some(Effect::Changed(Box::new(change))));
            }
            Event::Adopt(adopt) => {
                return Ok(Some(Effect::Adopted(adopt, at)));
            }
            Event::Job(job) => {
                let key = (job.mode.clone(), job.database.clone());
                if let (0, Some(at)) = (job.exit_status, at) {
                    self.successes.insert(key.clone(), at);
                }
                self.jobs.insert(key, (job, at));
            }
            Event::Moved(moved) => self.sources.moved(&moved),
            Event::Ship(ship) => return Ok(Some(Effect::Ship(ship))),
            Event::Shipped(it) => return Ok(Some(Effect::Shipped(it))),
            Event::Withdraw(it) => return Ok(Some(Effect::Withdraw(it))),
            Event::Withdrawn(it) => return Ok(Some(Effect::Withdrawn(it))),
            _ => {}
        }
        Ok(None)
    }

    fn store(
        &mut self,
        segment: Arc<Segment>,
        at_bytes: u64,
    ) -> Result<(), String> {
        if self.by_id.contains_key(&segment.id)
            || self.settled.contains_key(&segment.id)
        {
            return Err(format!("id {} was used before", segment.id));
        }
        self.retentions.stored(&segment);
        self.by_id.insert(segment.id.clone(), self.next);
        self.open.insert(
            self.next,
            Open {
                segment,
                published: false,
                purging: Vec::new(),
                retract: None,
                at_bytes,
            },
        );
        self.next += 1;
        Ok(())
    }

    fn close_change(&mut self, id: &str) -> Option<Change> {
        let at = self.changes.iter().position(|(_, c)| c.id == id)?;
        self.changes.remove(at).map(|(_, change)| change)
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
