//! What a copy of a tree that was alive left, taken in: files that are ahead of
//! the ledger, or behind it.
//!
//! Invariants. No archive is written, shortened or removed, but for a warm file
//! whose very bytes were read in its month's tar. What an unfinished segment
//! was about is not known any more where its file has moved on: it counts as
//! superseded, and all its lines stay. Files and folders are durable before
//! the ledger names them.

use super::change::Change;
use super::event::{Adopt, Counts, Event, Job, Settled};
use super::owner::Archive;
use super::state::{Kind, State};
use crate::error::Result;

/// The events that end what is under way with a file that is in none of the
/// forms that they allow.
fn ends(state: &State, file: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for open in state.intents().chain(state.unsettled()) {
        let segment = &open.segment;
        if segment.file != file {
            continue;
        }
        let id = segment.id.clone();
        events.push(match open.published {
            false => Event::Void { id },
            true => Event::Purge(Settled {
                id,
                table: segment.table.clone(),
                file: segment.file.clone(),
                rows: segment.rows,
                counts: Counts {
                    superseded: segment.rows,
                    ..Counts::default()
                },
            }),
        });
    }
    let changes = state.changes().iter().filter(|(_, c)| c.file == file);
    events.extend(changes.map(|(_, c)| Event::Void { id: c.id.clone() }));
    events
}

impl Archive {
    /// Takes files in as they are, in one write.
    pub fn take_in(&mut self, files: Vec<Adopt>) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        self.sync_files(files.iter().map(|f| f.named.file.as_str()))?;
        let mut events = Vec::new();
        for adopt in files {
            events.extend(ends(self.state(), &adopt.named.file));
            events.push(Event::Adopt(adopt));
        }
        self.append(&events)
    }

    /// Takes in a month's tar into which warm files have moved, and removes
    /// those of them that are still there with the bytes that were moved.
    pub fn take_in_month(&mut self, change: Change) -> Result<()> {
        self.sync_file(&change.file)?;
        let mut events = ends(self.state(), &change.file);
        for removed in &change.removes {
            events.extend(ends(self.state(), &removed.file));
        }
        events.push(Event::Consolidate(Box::new(change.clone())));
        self.append(&events)?;
        self.finish_changes(&[(Kind::Consolidate, change)])
    }

    /// Notes that a repair came to its end: from here on the ledger ends where
    /// `lock` says.
    pub fn record_repair(&mut self, job: Job) -> Result<()> {
        self.append(&[Event::Job(job)])
    }
}
