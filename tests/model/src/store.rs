//! rt-store and rt-consolidate.

use crate::config::Config;
use crate::pipeline::Label;
use crate::world::{Event, File, Line, Step, World};

impl World {
    /// The next step of rt-store.
    pub fn store(&mut self, me: usize, config: &Config) -> Option<Label> {
        match self.pipelines[me].step {
            Step::Begin => self.store_intents(me, config),
            Step::SyncEvent => {
                self.pipelines[me].step = Step::Rename;
                self.sync_ledger();
                Some(Label::of(me, "rt-store: fsync ledger", 0))
            }
            Step::Rename => Some(self.publish(me)),
            Step::SyncEnd => {
                self.pipelines[me].step = Step::Done;
                self.sync_ledger();
                self.pipelines[me].exported.clear();
                Some(Label::of(me, "rt-store: fsync ledger, receipts", 0))
            }
            _ => None,
        }
    }

    fn store_intents(&mut self, me: usize, config: &Config) -> Option<Label> {
        if self.pipelines[me].exported.is_empty() {
            return None;
        }
        // Status 75: the table has a segment that is not settled.
        if self.unsettled(0).is_some() || self.open_intent().is_some() {
            self.pipelines[me].exported.clear();
            self.pipelines[me].refused = true;
            return None;
        }
        let rows = self.pipelines[me].exported.clone();
        for day in 0..config.days {
            let of_day = rows.iter().filter(|l| config.day(l.content) == day);
            let segment = self.next_segment;
            let lines: File = of_day
                .enumerate()
                .map(|(i, l)| Line { segment, number: i as u8, ..*l })
                .collect();
            if lines.is_empty() {
                continue;
            }
            let base = self.file(day.into()).clone();
            if base != self.expected(day) {
                self.report_damage(
                    "P5: rt-store: a warm file is not what the ledger says",
                );
                return None;
            }
            self.next_segment += 1;
            self.pipelines[me].segments.push(segment);
            let owner = me as u8;
            self.log(Event::Store { segment, day, owner, base, lines });
        }
        self.pipelines[me].step = match config.no_intent_sync {
            true => Step::Rename,
            false => Step::SyncEvent,
        };
        let count = self.pipelines[me].segments.len() as u8;
        let what = "rt-store: temp files fsynced, writes store intents";
        Some(Label::of(me, what, count))
    }

    /// All renames, then all folders, then the events.
    fn publish(&mut self, me: usize) -> Label {
        let segments = self.pipelines[me].segments.clone();
        for segment in &segments {
            let (day, mut file, lines) = self.store_of(*segment);
            file.extend(lines);
            if *self.file(day.into()) != file {
                self.rename(day.into(), file);
                return Label::of(me, "rt-store: renames over day", day);
            }
        }
        for segment in &segments {
            let (day, ..) = self.store_of(*segment);
            if self.sync_name(day.into()) {
                let what = "rt-store: fsync folders of day";
                return Label::of(me, what, day);
            }
        }
        for segment in segments {
            self.log(Event::Published(segment));
        }
        self.pipelines[me].step = Step::SyncEnd;
        Label::of(me, "rt-store: writes published", 0)
    }

    /// The next step of rt-consolidate.
    pub fn consolidate(
        &mut self,
        me: usize,
        config: &Config,
    ) -> Option<Label> {
        match self.pipelines[me].step {
            Step::Begin => self.consolidate_intent(me, config),
            Step::SyncEvent => {
                self.pipelines[me].step = Step::Rename;
                self.sync_ledger();
                Some(Label::of(me, "rt-consolidate: fsync ledger", 0))
            }
            Step::Rename => Some(self.replace_tar(me, config)),
            Step::SyncEnd => {
                self.sync_ledger();
                self.pipelines[me].step = Step::Done;
                Some(Label::of(me, "rt-consolidate: fsync ledger", 0))
            }
            _ => None,
        }
    }

    fn consolidate_intent(
        &mut self,
        me: usize,
        config: &Config,
    ) -> Option<Label> {
        if self.open_intent().is_some() && !config.blind_consolidate {
            return None;
        }
        let old = self.file(config.days.into()).clone();
        let (mut days, mut new) = (vec![], old.clone());
        for day in 0..config.days {
            let file = self.file(day.into()).clone();
            let waits = self
                .published()
                .any(|s| !self.is_settled(s) && self.store_of(s).0 == day);
            if file.is_empty() || waits {
                continue;
            }
            if !config.blind_consolidate && file != self.expected(day) {
                self.report_damage(
                    "P5: rt-consolidate: a warm file is not what the \
                     ledger says",
                );
                return None;
            }
            new.extend(&file);
            days.push((day, file));
        }
        if days.is_empty() {
            return None;
        }
        let id = self.next_change;
        self.next_change += 1;
        self.log(Event::Consolidate { id, days, old, new });
        self.pipelines[me].step = Step::SyncEvent;
        let what = "rt-consolidate: tar temp fsynced, writes intent";
        Some(Label::of(me, what, id))
    }

    fn replace_tar(&mut self, me: usize, config: &Config) -> Label {
        let tar = config.days as usize;
        let intent = self.ledger.iter().rev().find_map(|event| match event {
            Event::Consolidate { id, days, new, .. } => {
                Some((*id, days.clone(), new.clone()))
            }
            _ => None,
        });
        let (id, days, new) = intent.expect("its own intent");
        if *self.file(tar) != new {
            self.rename(tar, new);
            return Label::of(me, "rt-consolidate: renames tar", id);
        }
        if self.sync_name(tar) {
            return Label::of(me, "rt-consolidate: fsync cold folders", 0);
        }
        if let Some(day) = self.unlink_one(&days) {
            return Label::of(me, "rt-consolidate: unlinks warm file", day);
        }
        for (day, _) in &days {
            if self.sync_name((*day).into()) {
                let what = "rt-consolidate: fsync warm folder";
                return Label::of(me, what, *day);
            }
        }
        self.log(Event::Consolidated(id));
        self.pipelines[me].step = Step::SyncEnd;
        Label::of(me, "rt-consolidate: writes consolidated", id)
    }
}
