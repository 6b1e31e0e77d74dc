//! What the ledger says, replayed: which files there are, which segments are
//! open, unsettled or settled.

use std::collections::{BTreeMap, HashMap};

use super::event::{Event, Job, Purging, Retract, Segment, Settled};
use crate::runs::Runs;

/// What a file is, by the ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileState {
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of all of it.
    pub sha256: String,
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
}

impl Open {
    /// The lines whose deletion was begun.
    pub fn named(&self) -> Runs {
        let mut lines = Runs::default();
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
    jobs: HashMap<String, Job>,
    next: u64,
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

    /// The last end of each mode's job.
    pub fn jobs(&self) -> &HashMap<String, Job> {
        &self.jobs
    }

    /// Takes in the next event; an event that cannot follow is refused.
    pub(super) fn apply(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Store(segment) => self.store(*segment),
            Event::Published { id } => {
                let open = self.find(&id)?;
                open.published = true;
                let file = FileState {
                    size_bytes: open.segment.offset_bytes
                        + open.segment.size_bytes,
                    sha256: open.segment.file_sha256.clone(),
                };
                let name = open.segment.file.clone();
                if !open.segment.adopted {
                    self.files.insert(name, file);
                }
                Ok(())
            }
            Event::Void { id } => {
                self.close(&id)?;
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
                self.jobs.insert(job.mode.clone(), job);
                Ok(())
            }
            Event::Unknown => Ok(()),
        }
    }

    fn store(&mut self, segment: Segment) -> Result<(), String> {
        if self.by_id.contains_key(&segment.id)
            || self.settled.contains_key(&segment.id)
        {
            return Err(format!("id {} was used before", segment.id));
        }
        self.by_id.insert(segment.id.clone(), self.next);
        self.open.insert(
            self.next,
            Open {
                segment,
                published: false,
                purging: Vec::new(),
                retract: None,
            },
        );
        self.next += 1;
        Ok(())
    }

    /// A settled segment's file is what its last retraction made of it.
    fn retracted(&mut self, open: &Open) {
        let (Some(retract), false) = (&open.retract, open.segment.adopted)
        else {
            return;
        };
        let name = &open.segment.file;
        match &retract.file_sha256 {
            Some(sha256) => {
                let file = FileState {
                    size_bytes: open.segment.offset_bytes + retract.size_bytes,
                    sha256: sha256.clone(),
                };
                self.files.insert(name.clone(), file);
            }
            None => {
                self.files.remove(name);
            }
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
