//! rt-purge: a published segment is read back, and its rows are compared and
//! deleted batch by batch.

use crate::config::{Committed, Config, Flush, Guard, Kind, Purging};
use crate::ledger::without;
use crate::match_rows::{Search, lines_of};
use crate::pipeline::Label;
use crate::world::{
    BEHIND_ALL, Event, File, Line, Lines, Planned, Step, World,
};

/// The segment at hand.
pub struct Segment {
    pub id: u8,
    pub day: u8,
    pub lines: File,
    /// Its file as it was published.
    whole: File,
}

impl Segment {
    /// All of its lines.
    pub fn all(&self) -> Lines {
        (1 << self.lines.len()) - 1
    }
}

impl World {
    /// The next step of settling; `None` where a promise is broken.
    pub fn settle(&mut self, me: usize, config: &Config) -> Option<Label> {
        let id = self.pipelines[me].settling.segment;
        let (day, base, lines) = self.store_of(id);
        let whole = base.iter().chain(&lines).copied().collect();
        let segment = Segment { id, day, lines, whole };
        match self.pipelines[me].step {
            Step::ReadBack => self.read_back(me, config, &segment),
            Step::Compare => Some(self.compare(me, config, &segment)),
            Step::SyncPurging => {
                self.pipelines[me].step = Step::Delete;
                if !config.no_purging_sync {
                    self.sync_ledger();
                }
                Some(Label::of(me, "rt-purge: fsync ledger", 0))
            }
            Step::Delete => Some(self.delete(me, config, &segment)),
            Step::FlushCommit => {
                self.pipelines[me].step = Step::Compare;
                self.flush();
                Some(Label::of(me, "rt-purge: flushes the database's log", 0))
            }
            Step::Judge => Some(self.judge(me, config, &segment)),
            Step::SyncRetract => {
                self.pipelines[me].step = Step::Rewrite;
                self.sync_ledger();
                Some(Label::of(me, "rt-purge: fsync ledger", 0))
            }
            Step::Rewrite => Some(self.rewrite(me, &segment)),
            Step::SyncRewrite => {
                self.pipelines[me].step = Step::Purge;
                self.sync_name(day.into());
                Some(Label::of(me, "rt-purge: fsync folder", day))
            }
            Step::Purge => Some(self.purge(me, config, &segment)),
            Step::SyncPurge => Some(self.end_segment(me)),
            _ => unreachable!("not settling"),
        }
    }

    /// What is settled is durable first, whoever wrote it; then its digest
    /// must hold.
    fn read_back(
        &mut self,
        me: usize,
        config: &Config,
        segment: &Segment,
    ) -> Option<Label> {
        let day = segment.day;
        if !config.no_sync && self.sync_name(day.into()) {
            return Some(Label::of(
                me,
                "rt-purge: fsync file and folders",
                day,
            ));
        }
        if self.sync_ledger() {
            return Some(Label::of(me, "rt-purge: fsync ledger", 0));
        }
        let Some(form) = self.form(config, segment) else {
            self.report_damage(
                "P5: rt-purge: the segment's digest does not hold: damage",
            );
            return None;
        };
        let last = self.retracts(segment.id).next_back();
        if let Some(out) = last
            && config.redo
            && !config.keep
            && form != out
        {
            self.pipelines[me].settling.out = out;
            return Some(self.rewrite(me, segment));
        }
        if form != 0 {
            let settling = &mut self.pipelines[me].settling;
            settling.known = segment.all() & !form;
            settling.out = form;
            settling.position = BEHIND_ALL;
            return Some(self.purge(me, config, segment));
        }
        self.look_back(me, config, segment);
        if self.is_left(me, config, segment) {
            let pipeline = &mut self.pipelines[me];
            pipeline.skipped |= 1 << segment.id;
            pipeline.step = Step::Begin;
            pipeline.refused = true;
            let what = "rt-purge: no row found or most differ: left unsettled";
            return Some(Label::of(me, what, segment.id));
        }
        Some(self.compare(me, config, segment))
    }

    /// The lines that a retraction took out of the file: none when it is as
    /// it was published. `None` when it is neither.
    fn form(&self, config: &Config, segment: &Segment) -> Option<Lines> {
        let file = self.file(segment.day.into());
        if *file == segment.whole {
            return Some(0);
        }
        let is =
            |out: &Lines| *file == without(&segment.whole, segment.id, *out);
        let retracts = self.retracts(segment.id);
        retracts.rev().filter(|_| config.retract_holds).find(is)
    }

    /// Which rows may a run that is dead have deleted, and which did it?
    fn look_back(&mut self, me: usize, config: &Config, segment: &Segment) {
        let named = self.named(segment.id);
        let again = self.pipelines[me].kind == Kind::Again;
        let settling = &mut self.pipelines[me].settling;
        if config.purging != Purging::KeylessBatch {
            settling.recovers = named != 0;
            settling.doubt = named;
        } else if settling.recovers {
            settling.doubt = segment.all();
        }
        if config.keep {
            settling.recovers = settling.pending || again || named != 0;
            settling.doubt = match settling.recovers {
                true => segment.all(),
                false => 0,
            };
        }
        if config.purging == Purging::Marked {
            // The marks in the database say which batches were committed.
            settling.doubt = 0;
            let known = self.lines_of_batches(segment, |_, id| {
                (self.marks >> id) & 1 == 1
            });
            self.pipelines[me].settling.known = known;
        } else if config.keyless && settling.recovers {
            let search = Search {
                not: 0,
                // Rowids hold until a VACUUM, as schema_version tells.
                by_rowid: config.committed != Committed::AnyGone
                    && !self.vacuumed,
                late: named,
            };
            let found = self.rows_of(config, &segment.lines, &search);
            let known = self.lines_of_batches(segment, |lines, _| {
                let batch = found.iter().enumerate();
                let mut batch = batch.filter(|(i, _)| (lines >> i) & 1 == 1);
                match config.committed {
                    Committed::AllGone => batch.all(|(_, r)| r.is_none()),
                    _ => batch.any(|(_, r)| r.is_none()),
                }
            });
            self.pipelines[me].settling.known = known;
        }
    }

    fn lines_of_batches(
        &self,
        segment: &Segment,
        committed: impl Fn(Lines, u8) -> bool,
    ) -> Lines {
        self.purgings(segment.id)
            .filter(|(lines, id)| committed(*lines, *id))
            .fold(0, |all, (lines, _)| all | lines)
    }

    /// Whether the segment is taken for another database's, as hardly any
    /// row of it is found.
    fn is_left(&self, me: usize, config: &Config, segment: &Segment) -> bool {
        let named = self.named(segment.id);
        let guarded = match config.guard {
            Guard::Nobody => false,
            Guard::Everybody => true,
            Guard::Unbegun => named == 0,
        };
        if !guarded || !self.pipelines[me].settling.pending {
            return false;
        }
        let search = Search { not: 0, by_rowid: false, late: named };
        let rows = self.rows_of(config, &segment.lines, &search);
        let equal = rows.iter().flatten().count();
        let rowid_is_there = |line: &&Line| {
            self.table.iter().any(|row| row.rowid == line.rowid)
        };
        let there = segment.lines.iter().filter(rowid_is_there).count();
        let found = there.max(equal);
        found == 0 || (found - equal) * 2 > segment.lines.len()
    }

    /// Where the batch ends that begins at the next line.
    fn batch(&self, me: usize, config: &Config, all: usize) -> (usize, usize) {
        let first = self.pipelines[me].settling.position;
        let end = (first + config.batch).min(all as u8);
        (first.into(), end.into())
    }

    /// The next batch is compared, and named where it must be.
    fn compare(
        &mut self,
        me: usize,
        config: &Config,
        segment: &Segment,
    ) -> Label {
        self.pipelines[me].step = Step::Compare;
        let all = segment.lines.len();
        let named = self.named(segment.id);
        loop {
            if self.pipelines[me].settling.position as usize >= all {
                return self.judge(me, config, segment);
            }
            let batch = self.batch(me, config, all);
            let (mut plan, stay) =
                self.plan(config, me, &segment.lines, batch);
            if config.purging == Purging::Equal && named != 0 {
                plan.retain(|p| (named >> p.line) & 1 == 1);
            }
            let data_version = self.data_version;
            let settling = &mut self.pipelines[me].settling;
            settling.stay |= stay;
            if plan.is_empty() {
                settling.position = batch.1 as u8;
                continue;
            }
            settling.plan = plan;
            settling.data_version = data_version;
            return self.name_batch(me, config, segment);
        }
    }

    /// Writes `purging` where the batch needs one.
    fn name_batch(
        &mut self,
        me: usize,
        config: &Config,
        segment: &Segment,
    ) -> Label {
        let batch = lines_of(&self.pipelines[me].settling.plan);
        let first = self.named(segment.id) == 0;
        let once =
            first && matches!(config.purging, Purging::Begun | Purging::Equal);
        if !config.names_batches() && !once {
            self.pipelines[me].step = Step::Delete;
            return Label::of(me, "rt-purge: compared batch", batch as u8);
        }
        if config.flush == Flush::BeforePurging && self.flush() {
            self.pipelines[me].settling.plan.clear();
            let what = "rt-purge: flushes the database's log before purging";
            return Label::of(me, what, 0);
        }
        let (lines, label) = if config.names_batches() {
            let what = "rt-purge: compared batch, writes purging for lines";
            (batch, Label::of(me, what, batch as u8))
        } else if config.purging == Purging::Equal {
            let whole = (0, segment.lines.len());
            let (plan, _) = self.plan(config, me, &segment.lines, whole);
            let equal = lines_of(&plan);
            let what = "rt-purge: compared segment, writes purging for lines";
            (equal, Label::of(me, what, equal as u8))
        } else {
            let what = "rt-purge: compared batch, writes purging (segment)";
            (segment.all(), Label::of(me, what, segment.id))
        };
        let id = self.next_purging;
        self.next_purging += 1;
        self.log(Event::Purging { segment: segment.id, lines, id });
        self.pipelines[me].step = Step::SyncPurging;
        label
    }

    /// BEGIN, DELETE, COMMIT. Where others have committed since the batch was
    /// compared, it is compared again inside.
    fn delete(
        &mut self,
        me: usize,
        config: &Config,
        segment: &Segment,
    ) -> Label {
        let batch = self.batch(me, config, segment.lines.len());
        let mut plan = self.pipelines[me].settling.plan.clone();
        if self.pipelines[me].settling.data_version != self.data_version {
            let (now, stay) = self.plan(config, me, &segment.lines, batch);
            let batches = config.names_batches();
            let named = lines_of(&plan);
            let differs = !same_lines(&now, &plan);
            let settling = &mut self.pipelines[me].settling;
            if config.exact_batch && batches && differs {
                settling.plan.clear();
                self.pipelines[me].step = Step::Compare;
                let what = "rt-purge: BEGIN, batch differs, ROLLBACK";
                return Label::of(me, what, 0);
            }
            settling.stay |= stay;
            plan = now;
            plan.retain(|p| !batches || (named >> p.line) & 1 == 1);
        }
        match config.flush {
            Flush::InCommit => self.undo.clear(),
            _ => self.commit_lazily(),
        }
        self.table.retain(|row| plan.iter().all(|p| p.rowid != row.rowid));
        if config.purging == Purging::Marked {
            self.mark_batch();
        }
        self.data_version += 1;
        let pipeline = &mut self.pipelines[me];
        pipeline.settling.deleted |= lines_of(&plan);
        pipeline.settling.plan.clear();
        pipeline.settling.position = batch.1 as u8;
        pipeline.settling.data_version = 0;
        pipeline.step = match config.flush {
            Flush::InCommit => Step::Compare,
            _ => Step::FlushCommit,
        };
        if self.has_lost(config) {
            self.break_promise(
                "P1/P4: a row was deleted whose current version is not \
                 durable in the archive (or not counted in it)",
            );
        }
        let what = "rt-purge: BEGIN, checks, DELETE, COMMIT of rows";
        Label::of(me, what, plan.len() as u8)
    }

    fn mark_batch(&mut self) {
        let last = self.ledger.iter().rev().find_map(|event| match event {
            Event::Purging { id, .. } => Some(*id),
            _ => None,
        });
        self.marks |= last.map_or(0, |id| 1 << id);
    }
}

fn same_lines(a: &[Planned], b: &[Planned]) -> bool {
    let lines = |plan: &[Planned]| -> Vec<u8> {
        plan.iter().map(|p| p.line).collect()
    };
    lines(a) == lines(b)
}
