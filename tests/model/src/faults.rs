//! All that can happen next, the lawful and the unlawful: a step of a
//! pipeline, a kill, a power loss, a backup that is put back, a ledger cut
//! short.

use crate::application;
use crate::config::{Config, Kind};
use crate::pipeline::{Label, Who, step};
use crate::world::{CONTENTS, Event, Pipeline, Row, Stage, Step, Undo, World};

/// Of `Event::Store::owner`: a process that was killed.
const NOBODY: u8 = 200;

/// What came of something, and what it was.
pub type Next = (Label, World);

/// Everything that can happen next.
pub fn successors(world: &World, config: &Config) -> Vec<Next> {
    let mut all = vec![];
    if world.broken.is_some() {
        return all;
    }
    for me in 0..world.pipelines.len() {
        if may_run(world, me) {
            work(world, me, config, &mut all);
        }
    }
    if world.powers > 0 {
        lose_power(world, config, &mut all);
    }
    if world.restores > 0 {
        backups(world, &mut all);
    }
    if world.cuts > 0 && world.is_quiet() {
        cut_ledger(world, &mut all);
    }
    if world.writes > 0 {
        application::writes(world, config, &mut all);
    }
    all
}

/// Jobs begin in order, one night after the other; the others at any time.
fn may_run(world: &World, me: usize) -> bool {
    let pipeline = &world.pipelines[me];
    if pipeline.dead || pipeline.has_ended() {
        return false;
    }
    let before = world.pipelines[..me].iter();
    let mut jobs = before.filter(|p| p.kind == Kind::Job);
    pipeline.running
        || pipeline.kind != Kind::Job
        || jobs.all(|p| p.dead || p.has_ended())
}

/// A pipeline takes a step, or is killed.
fn work(world: &World, me: usize, config: &Config, all: &mut Vec<Next>) {
    let mut after = world.clone();
    match step(&mut after, me, config) {
        Some(label) => all.push((label, after)),
        None if after.broken.is_some() || after.pipelines[me].has_ended() => {
            all.push((Label::of(me, "ends", 0), after));
        }
        None => {}
    }
    if world.kills == 0 || !world.pipelines[me].running {
        return;
    }
    let mut after = world.clone();
    after.kill(me);
    after.kills -= 1;
    all.push((Label::of(me, "KILL whole pipeline", 0), after));
    if config.processes {
        kill_process(world, me, all);
    }
}

/// One process is killed, and the script goes on.
fn kill_process(world: &World, me: usize, all: &mut Vec<Next>) {
    let pipeline = &world.pipelines[me];
    let mut after = world.clone();
    after.kills -= 1;
    after.crashed = true;
    let stage = pipeline.stage();
    let by_hand = pipeline.kind == Kind::ByHand;
    if by_hand && stage == Stage::Unlock && pipeline.at == 4 {
        // rt-store printed its receipts, but for the last.
        if pipeline.segments.len() > 1 {
            let last = after.pipelines[me].segments.pop();
            after.orphan(|segment, _| last == Some(segment));
            let what = "KILL rt-store between two receipts";
            all.push((Label::of(me, what, 0), after));
        }
        return;
    }
    let at_work =
        matches!(stage, Stage::Store | Stage::Settle | Stage::Pending);
    if pipeline.kind == Kind::Job && at_work && pipeline.step != Step::Begin {
        after.orphan(|_, owner| owner == me as u8);
        after.pipelines[me].next_stage();
        if stage == Stage::Store {
            after.pipelines[me].at += 1;
        }
        after.pipelines[me].segments.clear();
        after.pipelines[me].exported.clear();
        let what = "KILL this process only, script goes on";
        all.push((Label::of(me, what, 0), after));
    }
}

/// Each outcome for each name, for the table, and for the ledger's end.
fn lose_power(world: &World, config: &Config, all: &mut Vec<Next>) {
    let mut after = world.clone();
    after.powers -= 1;
    after.crashed = true;
    for me in 0..after.pipelines.len() {
        if after.pipelines[me].running {
            after.kill(me);
        }
    }
    after.lock = None;
    after.undo.clear();
    let mut outcomes = vec![after.clone()];
    for undo in &world.undo {
        let mut undone = after.clone();
        undone.take_back(undo, config);
        outcomes.push(undone);
    }
    for (name, contents) in world.names.iter().enumerate() {
        let each = |outcome: &World| -> Vec<World> {
            let one = |file: &Vec<_>| {
                let mut outcome = outcome.clone();
                outcome.names[name] = vec![file.clone()];
                outcome
            };
            contents.iter().map(one).collect()
        };
        outcomes = outcomes.iter().flat_map(each).collect();
    }
    let mut number = 0u8;
    for outcome in outcomes {
        for durable in world.durable as usize..=world.ledger.len() {
            let mut outcome = outcome.clone();
            outcome.ledger.truncate(durable);
            outcome.durable = durable as u8;
            let what = "POWER LOSS, outcome";
            all.push((Label::new(Who::Outside, what, number), outcome));
            number = number.wrapping_add(1);
        }
    }
}

/// A backup is taken at any moment, and put back when nothing runs.
fn backups(world: &World, all: &mut Vec<Next>) {
    let label = |what| Label::new(Who::Outside, what, 0);
    if world.tree_backup.is_none() {
        let files = (0..world.names.len()).map(|n| world.file(n).clone());
        let files = files.collect();
        let mut after = world.clone();
        after.tree_backup = Some((files, world.ledger.clone()));
        all.push((label("backup of the tree"), after));
    }
    if world.table_backup.is_none() {
        let mut after = world.clone();
        after.table_backup = Some(world.table.clone());
        all.push((label("backup of the database"), after));
    }
    if !world.is_quiet() {
        return;
    }
    if let Some((files, ledger)) = &world.tree_backup {
        let mut after = world.clone();
        after.names = files.iter().map(|file| vec![file.clone()]).collect();
        after.ledger.clone_from(ledger);
        after.durable = ledger.len() as u8;
        after.tree_backup = None;
        after.put_back();
        all.push((label("the tree is put back"), after));
    }
    if let Some(rows) = &world.table_backup {
        let mut after = world.clone();
        after.table.clone_from(rows);
        after.data_version += 1;
        after.table_backup = None;
        after.put_back();
        for Row { content, .. } in rows {
            after.live[*content as usize] = 1;
        }
        all.push((label("the database is put back"), after));
    }
}

/// The ledger loses any number of its last events, and the files stay.
fn cut_ledger(world: &World, all: &mut Vec<Next>) {
    for left in 0..world.ledger.len() {
        let mut after = world.clone();
        after.cuts -= 1;
        after.cut = true;
        after.crashed = true;
        after.restored = true;
        after.ledger.truncate(left);
        after.durable = after.durable.min(left as u8);
        let what = "the ledger loses its end, events left";
        all.push((Label::new(Who::Outside, what, left as u8), after));
    }
}

impl World {
    fn kill(&mut self, me: usize) {
        if self.lock == Some(me as u8) {
            self.lock = None;
        }
        let kind = self.pipelines[me].kind;
        self.pipelines[me] = Pipeline::new(kind);
        self.pipelines[me].dead = true;
        self.crashed = true;
    }

    /// Segments lose their owner.
    fn orphan(&mut self, which: impl Fn(u8, u8) -> bool) {
        for event in &mut self.ledger {
            if let Event::Store { segment, owner, .. } = event
                && which(*segment, *owner)
            {
                *owner = NOBODY;
            }
        }
    }

    /// The table is what it was before a commit that nobody flushed.
    fn take_back(&mut self, undo: &Undo, config: &Config) {
        let live = std::mem::replace(&mut self.live, undo.live);
        self.table.clone_from(&undo.table);
        self.allowed = undo.allowed;
        // Versions that the loss undid may stand in archives.
        if config.keep {
            let counts = live.iter().zip(&undo.live);
            for (allowed, (before, now)) in self.allowed.iter_mut().zip(counts)
            {
                *allowed += before.saturating_sub(*now);
            }
        }
    }

    /// A backup was put back: of what is neither in it nor elsewhere nothing
    /// is expected.
    fn put_back(&mut self) {
        self.restores -= 1;
        self.restored = true;
        self.crashed = true;
        self.undo.clear();
        for content in 0..CONTENTS as u8 {
            let held =
                self.archived_at_least(content) + self.in_table(content);
            let live = &mut self.live[content as usize];
            *live = (*live).min(u8::from(held > 0));
        }
    }
}
