//! Recovery: whoever begins to work under the lock gives each open intent its
//! end, and makes durable first what that end says.

use crate::config::Config;
use crate::pipeline::Label;
use crate::world::{Event, File, Step, World};

impl World {
    /// Recovery: the first open intent gets its end.
    pub fn recover(&mut self, me: usize, config: &Config) -> Option<Label> {
        if self.pipelines[me].step == Step::SyncEvent {
            self.pipelines[me].step = Step::Begin;
            if self.sync_ledger() {
                return Some(Label::of(me, "recovery: fsync ledger", 0));
            }
        }
        match self.open_intent()?.clone() {
            Event::Store { segment, day, base, lines, .. } => {
                let whole: File = base.iter().chain(&lines).copied().collect();
                if *self.file(day.into()) == whole {
                    return Some(
                        self.recover_publication(me, config, segment, day),
                    );
                }
                if *self.file(day.into()) == base {
                    self.log(Event::Void(segment));
                    self.pipelines[me].step = Step::SyncEvent;
                    let what = "recovery: old self: writes void";
                    return Some(Label::of(me, what, segment));
                }
                self.report_damage(
                    "P5: recovery of a store intent reports damage",
                );
                None
            }
            Event::Consolidate { id, days, old, new } => {
                let tar = config.days as usize;
                if *self.file(tar) == new {
                    return Some(
                        self.recover_consolidation(me, config, id, &days),
                    );
                }
                if *self.file(tar) == old {
                    self.log(Event::ConsolidateVoid(id));
                    self.pipelines[me].step = Step::SyncEvent;
                    let what = "recovery: old tar: writes void";
                    return Some(Label::of(me, what, id));
                }
                self.report_damage(
                    "P5: recovery of a consolidate intent reports damage",
                );
                None
            }
            Event::Erase { id, name, old, new } => {
                self.recover_erasure(me, config, (id, name), (&old, &new))
            }
            _ => unreachable!("no intent"),
        }
    }

    fn recover_publication(
        &mut self,
        me: usize,
        config: &Config,
        segment: u8,
        day: u8,
    ) -> Label {
        if config.sync_published && self.sync_name(day.into()) {
            return Label::of(me, "recovery: fsync file and folders", day);
        }
        self.log(Event::Published(segment));
        self.pipelines[me].step = Step::SyncEvent;
        let what = "recovery: segment is there: writes published";
        Label::of(me, what, segment)
    }

    fn recover_consolidation(
        &mut self,
        me: usize,
        config: &Config,
        id: u8,
        days: &[(u8, File)],
    ) -> Label {
        let tar = config.days as usize;
        if config.sync_consolidated && self.sync_name(tar) {
            return Label::of(me, "recovery: fsync tar and folders", 0);
        }
        if let Some(day) = self.unlink_one(days) {
            let what = "recovery: tar is there: unlinks warm file";
            return Label::of(me, what, day);
        }
        for (day, _) in days {
            if self.sync_name((*day).into()) {
                return Label::of(me, "recovery: fsync warm folder", *day);
            }
        }
        self.log(Event::Consolidated(id));
        self.pipelines[me].step = Step::SyncEvent;
        Label::of(me, "recovery: writes consolidated", id)
    }

    /// Unlinks the first of some warm files that is still what it was.
    pub fn unlink_one(&mut self, days: &[(u8, File)]) -> Option<u8> {
        let mut days = days.iter();
        let (day, _) = days.find(|(d, f)| self.file((*d).into()) == f)?;
        self.rename((*day).into(), vec![]);
        Some(*day)
    }
}
