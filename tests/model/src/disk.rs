//! What lasts. A name has what the system shows, and what a power loss may
//! leave in its place; contents are fsynced before they get a name, so each of
//! them is whole. The ledger may lose what comes behind its durable events,
//! the table the commits that nobody flushed.

use crate::config::Config;
use crate::world::{Content, Counts, Event, File, Undo, World};

impl World {
    /// What is under a name.
    pub fn file(&self, name: usize) -> &File {
        self.names[name].last().expect("a name has contents")
    }

    /// Renames over a name, or unlinks it.
    pub fn rename(&mut self, name: usize, file: File) {
        if *self.file(name) == file {
            return;
        }
        self.names[name].retain(|f| *f != file);
        self.names[name].push(file);
    }

    /// fsyncs a name's folder; whether there was anything to do.
    pub fn sync_name(&mut self, name: usize) -> bool {
        let outcomes = &mut self.names[name];
        let last = outcomes.len() - 1;
        outcomes.drain(..last);
        last > 0
    }

    /// Writes an event.
    pub fn log(&mut self, event: Event) {
        self.ledger.push(event);
    }

    /// fsyncs the ledger; whether there was anything to do.
    pub fn sync_ledger(&mut self) -> bool {
        let written = self.ledger.len() as u8;
        let more = self.durable < written;
        self.durable = self.durable.max(written);
        more
    }

    /// Before a commit that is not durable at once.
    pub fn commit_lazily(&mut self) {
        self.undo.push(Undo {
            table: self.table.clone(),
            live: self.live,
            allowed: self.allowed,
        });
    }

    /// Flushes the database's journal; whether there was anything to do.
    pub fn flush(&mut self) -> bool {
        let some = !self.undo.is_empty();
        self.undo.clear();
        some
    }

    /// Before a commit of the application. One that is durable makes those
    /// before it durable.
    pub fn commit_of_application(&mut self, config: &Config) {
        match config.lazy_application {
            true => self.commit_lazily(),
            false => self.undo.clear(),
        }
    }

    /// How many lines of a content the archives hold after the worst power
    /// loss.
    pub fn archived_at_least(&self, content: Content) -> usize {
        let least = |outcomes: &Vec<File>| {
            let lines = outcomes.iter().map(|f| count(f, content));
            lines.min().unwrap_or(0)
        };
        self.names.iter().map(least).sum()
    }

    /// How many lines of a content the archives hold.
    pub fn archived(&self, content: Content) -> usize {
        (0..self.names.len()).map(|n| count(self.file(n), content)).sum()
    }

    /// How many rows of a content the table holds.
    pub fn in_table(&self, content: Content) -> usize {
        self.table.iter().filter(|r| r.content == content).count()
    }

    /// A row is in the table no more, and in no archive for sure.
    pub fn has_lost(&self, config: &Config) -> bool {
        contents(&self.live).any(|(content, live)| {
            let held =
                self.archived_at_least(content) + self.in_table(content);
            match config.keyless || config.count_equals {
                true => held < live,
                false => held == 0,
            }
        })
    }
}

fn count(file: &File, content: Content) -> usize {
    file.iter().filter(|l| l.content == content).count()
}

/// The contents of which there are some, and how many.
fn contents(counts: &Counts) -> impl Iterator<Item = (Content, usize)> {
    let all = counts.iter().enumerate();
    all.filter(|(_, n)| **n > 0).map(|(c, n)| (c as Content, *n as usize))
}
