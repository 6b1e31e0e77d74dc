//! rt-rewrite: the lines that an operator names are taken out of every file,
//! which is written anew without them.
//!
//! All files of a run are one batch: the new ones are durable under temporary
//! names, then every intent is written, then all are renamed and their folders
//! fsynced, then every end is written. A day with a segment that is not
//! settled is left. From its intent on nothing is owed of what is erased, and
//! until the end of the run a copy of it may come back.

use crate::config::Config;
use crate::pipeline::Label;
use crate::world::{Content, Event, File, Step, World};

/// What is erased.
pub const ERASED: Content = 0;

impl World {
    /// The next step of rt-rewrite.
    pub fn erase(&mut self, me: usize, config: &Config) -> Option<Label> {
        match self.pipelines[me].step {
            Step::Begin => self.erase_intents(me, config),
            Step::SyncEvent => {
                self.pipelines[me].step = Step::Rename;
                self.sync_ledger();
                Some(Label::of(me, "rt-rewrite: fsync ledger", 0))
            }
            Step::Rename => Some(self.replace_files(me)),
            Step::SyncEnd => {
                self.sync_ledger();
                self.pipelines[me].step = Step::Done;
                Some(Label::of(me, "rt-rewrite: fsync ledger", 0))
            }
            _ => None,
        }
    }

    fn erase_intents(&mut self, me: usize, config: &Config) -> Option<Label> {
        if self.open_intent().is_some() {
            return None;
        }
        let mut count = 0;
        for name in 0..self.names.len() as u8 {
            let old = self.file(name.into()).clone();
            let mut new = old.clone();
            new.retain(|line| line.content != ERASED);
            if new == old || (self.waits(name) && !config.blind_erase) {
                continue;
            }
            if name < config.days && old != self.expected(name) {
                self.report_damage(
                    "P5: rt-rewrite: a warm file is not what the ledger says",
                );
                return None;
            }
            let id = self.next_change;
            self.next_change += 1;
            self.log(Event::Erase { id, name, old, new });
            count += 1;
        }
        if count == 0 {
            return None;
        }
        self.owe_no_more();
        self.pipelines[me].step = Step::SyncEvent;
        let what = "rt-rewrite: temp files fsynced, writes erase intents";
        Some(Label::of(me, what, count))
    }

    /// Whether a day has a segment that is not settled.
    fn waits(&self, name: u8) -> bool {
        self.published()
            .any(|s| !self.is_settled(s) && self.store_of(s).0 == name)
    }

    /// What is erased is owed only as far as the table has it.
    fn owe_no_more(&mut self) {
        let there = self.in_table(ERASED) as u8;
        let live = &mut self.live[ERASED as usize];
        let less = live.saturating_sub(there);
        *live -= less;
        self.allowed[ERASED as usize] += less;
        for undo in &mut self.undo {
            let rows = undo.table.iter().filter(|r| r.content == ERASED);
            undo.live[ERASED as usize] = rows.count() as u8;
            undo.allowed[ERASED as usize] += less;
        }
    }

    /// All renames, then all folders, then the events.
    fn replace_files(&mut self, me: usize) -> Label {
        let open: Vec<(u8, u8, File)> = self
            .ledger
            .iter()
            .filter_map(|event| match event {
                Event::Erase { id, name, new, .. } if self.is_open(event) => {
                    Some((*id, *name, new.clone()))
                }
                _ => None,
            })
            .collect();
        for (_, name, new) in &open {
            if self.file((*name).into()) != new {
                self.rename((*name).into(), new.clone());
                return Label::of(me, "rt-rewrite: renames over", *name);
            }
        }
        for (_, name, _) in &open {
            if self.sync_name((*name).into()) {
                return Label::of(me, "rt-rewrite: fsync folders of", *name);
            }
        }
        for (id, ..) in open {
            self.log(Event::Erased(id));
        }
        self.pipelines[me].step = Step::SyncEnd;
        Label::of(me, "rt-rewrite: writes erased", 0)
    }

    /// Recovery of an intent: whichever form the file has, that is durable
    /// before it is said.
    pub fn recover_erasure(
        &mut self,
        me: usize,
        config: &Config,
        (id, name): (u8, u8),
        (old, new): (&File, &File),
    ) -> Option<Label> {
        let file = self.file(name.into());
        let done = file == new;
        if !done && file != old {
            self.report_damage(
                "P5: recovery of an erase intent reports damage",
            );
            return None;
        }
        if config.sync_erased && self.sync_name(name.into()) {
            return Some(Label::of(me, "recovery: fsync file", name));
        }
        self.pipelines[me].step = Step::SyncEvent;
        let (event, what) = match done {
            true => (Event::Erased(id), "recovery: writes erased"),
            false => (Event::EraseVoid(id), "recovery: old file: writes void"),
        };
        self.log(event);
        Some(Label::of(me, what, id))
    }
}
