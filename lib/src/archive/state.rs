//! What the ledger says, replayed: which files there are, which segments are
//! open, unsettled or settled.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::event::{
    Change, Event, Job, Member, Named, Purging, Retract, Segment, Settled,
    Times,
};
use crate::line_set::LineSet;

/// What a file is, by the ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileState {
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of all of it.
    pub sha256: String,
    /// What it holds: one table's day, or a month of them.
    pub members: Vec<Member>,
    /// The length of its text, where every segment in it is known.
    pub text_size_bytes: Option<u64>,
}

impl FileState {
    /// The file under its name.
    pub fn named(&self, file: &str) -> Named {
        Named {
            file: file.to_owned(),
            size_bytes: self.size_bytes,
            sha256: self.sha256.clone(),
        }
    }
}

/// How far the runs' clock moved between two events: a leap that no run
/// explains.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// The last event's.
    pub last: Option<Timestamp>,
    /// The largest step forward since the last expiry.
    pub forward: SignedDuration,
    /// The largest step back since the last expiry.
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
    files: HashMap<String, FileState>,
    /// In the order of their intents, by a number that grows.
    open: BTreeMap<u64, Open>,
    by_id: HashMap<String, u64>,
    settled: HashMap<String, Settled>,
    jobs: HashMap<String, (Job, Option<Timestamp>)>,
    successes: HashMap<String, Timestamp>,
    /// Intents of `consolidate` and `expire` that are neither done nor void.
    changes: Vec<(Kind, Change)>,
    clock: Clock,
    /// What dated a table's rows when they were last stored, by its name in
    /// lower case: the column, and what its numbers mean.
    dating: HashMap<String, (String, Option<String>)>,
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

    /// The last end of each mode's job, and the now of its run.
    pub fn jobs(&self) -> &HashMap<String, (Job, Option<Timestamp>)> {
        &self.jobs
    }

    /// The now of the last run of a mode's job that ended with status 0.
    pub fn last_success(&self, mode: &str) -> Option<Timestamp> {
        self.successes.get(mode).copied()
    }

    /// Intents of `consolidate` and `expire` that are open, in order.
    pub fn changes(&self) -> &[(Kind, Change)] {
        &self.changes
    }

    /// How the clock moved.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The column that dated a table's rows when they were last stored, and
    /// what its numbers mean. ASCII case does not count.
    pub fn dating(&self, table: &str) -> Option<&(String, Option<String>)> {
        self.dating.get(&table.to_ascii_lowercase())
    }

    /// Takes in the next event, whose line begins at `at_bytes`; an event that
    /// cannot follow is refused, and changes nothing.
    pub(super) fn apply(
        &mut self,
        event: Event,
        at: Option<Timestamp>,
        at_bytes: u64,
    ) -> Result<(), String> {
        self.tick(at);
        match event {
            Event::Store(segment) => self.store(*segment, at_bytes),
            Event::Published { id } => {
                let open = self.find(&id)?;
                open.published = true;
                let segment = open.segment.clone();
                if !segment.adopted {
                    let before = self.published(&segment);
                    self.find(&id)?.before = before;
                }
                Ok(())
            }
            Event::Void { id } => match self.close_change(&id) {
                Some(_) => Ok(()),
                None => self.close(&id).map(drop),
            },
            Event::Consolidate(change) => {
                self.changes.push((Kind::Consolidate, *change));
                Ok(())
            }
            Event::Expire(change) => {
                self.changes.push((Kind::Expire, *change));
                Ok(())
            }
            Event::Consolidated { id } => self.changed(&id),
            Event::Expired { id } => {
                let last = self.clock.last;
                self.clock = Clock { last, ..Clock::default() };
                self.changed(&id)
            }
            Event::Adopt(adopt) => {
                let file = state_of(&adopt.named, adopt.members);
                self.files.insert(adopt.named.file, file);
                Ok(())
            }
            Event::Purging(purging) => {
                let open = self.find(&purging.id)?;
                if !purging.lines.is_sound(open.segment.rows) {
                    return Err("it names lines that are not there".into());
                }
                open.purging.push(purging);
                Ok(())
            }
            Event::Retract(retract) => {
                let open = self.find(&retract.id)?;
                if !retract.lines.is_sound(open.segment.rows) {
                    return Err("it names lines that are not there".into());
                }
                open.retract = Some(retract);
                Ok(())
            }
            Event::Purge(settled) => {
                let open = self.close(&settled.id)?;
                self.retracted(&open);
                self.settled.insert(settled.id.clone(), settled);
                Ok(())
            }
            Event::Job(job) => {
                if let (0, Some(at)) = (job.exit_status, at) {
                    self.successes.insert(job.mode.clone(), at);
                }
                self.jobs.insert(job.mode.clone(), (job, at));
                Ok(())
            }
            Event::Unknown => Ok(()),
        }
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
        self.by_id.insert(segment.id.clone(), self.next);
        self.dating.insert(
            segment.table.to_ascii_lowercase(),
            (segment.timestamp_column.clone(), segment.unit.clone()),
        );
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

    /// A published segment's file is what its intent said. Gives the times of
    /// the file's rows before.
    fn published(&mut self, segment: &Segment) -> Times {
        let day = segment.file.split('/').nth(1).map(str::to_owned);
        let file =
            self.files.entry(segment.file.clone()).or_insert_with(|| {
                FileState {
                    size_bytes: 0,
                    sha256: String::new(),
                    members: vec![Member {
                        name: segment
                            .file
                            .strip_prefix("warm/")
                            .unwrap_or(&segment.file)
                            .to_owned(),
                        table: Some(segment.table.clone()),
                        day,
                        size_bytes: 0,
                        sha256: String::new(),
                        rows: 0,
                        oldest: None,
                        newest: None,
                    }],
                    text_size_bytes: Some(0),
                }
            });
        file.size_bytes = segment.offset_bytes + segment.size_bytes;
        file.sha256.clone_from(&segment.file_sha256);
        file.text_size_bytes =
            file.text_size_bytes.map(|t| t + segment.text_size_bytes);
        if let [member] = &mut file.members[..] {
            member.size_bytes = file.size_bytes;
            member.sha256.clone_from(&file.sha256);
            member.rows += segment.rows;
            let before = Times {
                oldest: member.oldest.take(),
                newest: member.newest.take(),
            };
            let all = before.clone().with(&segment.oldest, &segment.newest);
            (member.oldest, member.newest) = (all.oldest, all.newest);
            return before;
        }
        Times::default()
    }

    /// A settled segment's file is what its last retraction made of it.
    fn retracted(&mut self, open: &Open) {
        let (Some(retract), false) = (&open.retract, open.segment.adopted)
        else {
            return;
        };
        let name = &open.segment.file;
        let Some(sha256) = &retract.file_sha256 else {
            self.files.remove(name);
            return;
        };
        if let Some(file) = self.files.get_mut(name) {
            file.size_bytes = open.segment.offset_bytes + retract.size_bytes;
            file.sha256.clone_from(sha256);
            file.text_size_bytes = file.text_size_bytes.map(|text| {
                text.saturating_sub(open.segment.text_size_bytes)
                    + retract.text_size_bytes
            });
            if let [member] = &mut file.members[..] {
                member.size_bytes = file.size_bytes;
                member.sha256.clone_from(sha256);
                let out = open.segment.rows.saturating_sub(retract.rows);
                member.rows = member.rows.saturating_sub(out);
                if retract.oldest.is_some() || retract.rows == 0 {
                    let before = open.before.clone();
                    let all = before.with(&retract.oldest, &retract.newest);
                    (member.oldest, member.newest) = (all.oldest, all.newest);
                }
            }
        }
    }

    /// A change is done: the file is what it was to be, others are gone.
    fn changed(&mut self, id: &str) -> Result<(), String> {
        let change = self
            .close_change(id)
            .ok_or_else(|| format!("no open change {id}"))?;
        for removed in &change.removes {
            self.files.remove(&removed.file);
        }
        match change.after {
            Some(after) => {
                let file = state_of(&after, change.members);
                self.files.insert(after.file, file);
            }
            None => {
                self.files.remove(&change.file);
            }
        }
        Ok(())
    }

    fn close_change(&mut self, id: &str) -> Option<Change> {
        let at = self.changes.iter().position(|(_, c)| c.id == id)?;
        Some(self.changes.remove(at).1)
    }

    fn tick(&mut self, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.clock = self.clock.at(at);
        }
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

fn state_of(named: &Named, members: Vec<Member>) -> FileState {
    FileState {
        size_bytes: named.size_bytes,
        sha256: named.sha256.clone(),
        members,
        text_size_bytes: None,
    }
}
