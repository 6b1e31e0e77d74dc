//! The end of settling: the lines of rows that this run did not delete are
//! taken out of the file again, and the segment is settled.

use crate::config::{Config, Flush, Purging};
use crate::ledger::without;
use crate::pipeline::Label;
use crate::settle::Segment;
use crate::world::{Event, Line, Lines, RECEIPTS_READ, Settling, Step, World};

impl World {
    /// Which lines must go is decided, and `retract` written.
    pub fn judge(
        &mut self,
        me: usize,
        config: &Config,
        segment: &Segment,
    ) -> Label {
        self.pipelines[me].step = Step::Judge;
        let out = self.lines_to_go(me, config, segment);
        let last = self.retracts(segment.id).next_back().unwrap_or(0);
        if out == 0 && (!config.keep || last == 0) {
            return self.purge(me, config, segment);
        }
        if let Some(label) = self.flush_at_end(me, config) {
            return label;
        }
        self.pipelines[me].settling.out = out;
        self.pipelines[me].step = Step::SyncRetract;
        self.log(Event::Retract { segment: segment.id, out });
        Label::of(me, "rt-purge: writes retract for lines", out as u8)
    }

    /// The lines whose rows this run did not delete; in doubt they stay.
    fn lines_to_go(
        &self,
        me: usize,
        config: &Config,
        segment: &Segment,
    ) -> Lines {
        let settling = &self.pipelines[me].settling;
        let rest = segment.all() & !settling.deleted & !settling.known;
        let mut out = match config.purging {
            Purging::KeylessBatch if settling.recovers => 0,
            Purging::KeylessBatch => rest,
            _ => rest & !settling.doubt,
        };
        if config.held_out {
            out |= rest & settling.stay;
        }
        if config.repeated && !config.keyless {
            out |= settling.deleted & self.elsewhere(segment);
        }
        if !config.keep || config.keyless || !settling.recovers {
            return out;
        }
        let elsewhere = self.elsewhere(segment);
        let seen = settling.deleted | settling.known | settling.stay;
        for (i, line) in segment.lines.iter().enumerate() {
            let content = line.content;
            let here = segment.lines.iter().enumerate().any(|(j, other)| {
                let counts = j < i || (seen >> j) & 1 == 1;
                j != i && other.content == content && counts
            });
            let copy = here || (elsewhere >> i) & 1 == 1;
            if (rest >> i) & 1 == 1 && copy {
                out |= 1 << i;
            }
        }
        out
    }

    /// The lines whose record stands in another segment of the day's file, or
    /// in the month's tar.
    fn elsewhere(&self, segment: &Segment) -> Lines {
        let stands = |line: &Line| {
            let same = |l: &Line| {
                l.content == line.content && l.segment != segment.id
            };
            (0..self.names.len()).any(|name| self.file(name).iter().any(same))
        };
        let lines = segment.lines.iter().enumerate();
        lines.filter(|(_, l)| stands(l)).fold(0, |all, (i, _)| all | 1 << i)
    }

    pub fn rewrite(&mut self, me: usize, segment: &Segment) -> Label {
        let (id, day) = (segment.id, segment.day);
        let out = self.pipelines[me].settling.out;
        let file = without(self.file(day.into()), id, out);
        self.rename(day.into(), file);
        self.pipelines[me].step = Step::SyncRewrite;
        let what = "rt-purge: renames (or removes) without these lines, day";
        Label::of(me, what, day)
    }

    pub fn purge(
        &mut self,
        me: usize,
        config: &Config,
        segment: &Segment,
    ) -> Label {
        self.pipelines[me].step = Step::Purge;
        if let Some(label) = self.flush_at_end(me, config) {
            return label;
        }
        self.log(Event::Purge(segment.id));
        self.pipelines[me].step = Step::SyncPurge;
        Label::of(me, "rt-purge: writes purge for segment", segment.id)
    }

    fn flush_at_end(&mut self, me: usize, config: &Config) -> Option<Label> {
        let flushed = config.flush >= Flush::BeforeEnd && self.flush();
        let what = "rt-purge: flushes the database's log, whoever wrote it";
        flushed.then(|| Label::of(me, what, 0))
    }

    pub fn end_segment(&mut self, me: usize) -> Label {
        self.sync_ledger();
        let pipeline = &mut self.pipelines[me];
        pipeline.step = Step::Begin;
        pipeline.settling = Settling {
            recovers: pipeline.settling.recovers,
            pending: pipeline.settling.pending,
            data_version: pipeline.settling.data_version,
            position: RECEIPTS_READ,
            ..Settling::none()
        };
        Label::of(me, "rt-purge: fsync ledger", 0)
    }
}
