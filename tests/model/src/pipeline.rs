//! A pipeline's stages, and the step that it takes next.

use crate::config::{Config, Kind};
use crate::world::{
    ENDED, Line, Pipeline, RECEIPTS_READ, Settling, Stage, Step, World,
};

/// Who did something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Who {
    /// A pipeline.
    Pipeline(u8),
    /// The application that writes into the table.
    Application,
    /// A power loss, or whoever makes backups.
    Outside,
}

/// What was done: a line of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub who: Who,
    pub what: &'static str,
    pub number: u8,
}

impl Label {
    pub fn new(who: Who, what: &'static str, number: u8) -> Label {
        Label { who, what, number }
    }

    pub fn of(me: usize, what: &'static str, number: u8) -> Label {
        Label::new(Who::Pipeline(me as u8), what, number)
    }
}

/// What came of trying to take a step.
enum Turn {
    Took(Label),
    /// Nothing was done that others could see.
    WentOn,
    Blocked,
}

const JOB: [Stage; 11] = [
    Stage::Lock,
    Stage::Recover,
    Stage::Pending,
    Stage::RecoverAgain,
    Stage::Export,
    Stage::Store,
    Stage::RecoverAgain,
    Stage::Settle,
    Stage::RecoverAgain,
    Stage::Consolidate,
    Stage::Unlock,
];
/// From a job's export to the end of its settling.
const SKIPPED_WITHOUT_EXPORT: u8 = 3;

const BY_HAND: [Stage; 9] = [
    Stage::Export,
    Stage::Lock,
    Stage::Recover,
    Stage::Store,
    Stage::Unlock,
    Stage::Lock,
    Stage::Recover,
    Stage::Settle,
    Stage::Unlock,
];

const AGAIN: [Stage; 4] =
    [Stage::Lock, Stage::Recover, Stage::Settle, Stage::Unlock];

const ERASE: [Stage; 4] =
    [Stage::Lock, Stage::Recover, Stage::Erase, Stage::Unlock];

impl Pipeline {
    pub fn stage(&self) -> Stage {
        let stages: &[Stage] = match self.kind {
            Kind::Job => &JOB,
            Kind::ByHand => &BY_HAND,
            Kind::Again => &AGAIN,
            Kind::Erase => &ERASE,
        };
        stages.get(self.at as usize).copied().unwrap_or(Stage::End)
    }
}

/// One atomic step of a pipeline; `None` where it is blocked, has ended or
/// has broken a promise.
pub fn step(world: &mut World, me: usize, config: &Config) -> Option<Label> {
    for _ in 0..64 {
        if world.broken.is_some() || world.pipelines[me].dead {
            return None;
        }
        world.pipelines[me].running = true;
        match turn(world, me, config) {
            Turn::Took(label) => return Some(label),
            Turn::WentOn => {}
            Turn::Blocked => return None,
        }
    }
    panic!("no progress");
}

fn turn(world: &mut World, me: usize, config: &Config) -> Turn {
    match world.pipelines[me].stage() {
        Stage::End => end(world, me),
        Stage::Lock => lock(world, me, config),
        Stage::Unlock => {
            if world.lock == Some(me as u8) {
                world.lock = None;
            }
            world.pipelines[me].next_stage();
            Turn::Took(Label::of(me, "releases lock", 0))
        }
        Stage::RecoverAgain if !config.recover_again => {
            world.pipelines[me].next_stage();
            Turn::WentOn
        }
        Stage::Recover | Stage::RecoverAgain => {
            let label = world.recover(me, config);
            stay_or_go_on(world, me, label)
        }
        Stage::Pending => pending(world, me, config),
        Stage::Export => export(world, me, config),
        Stage::Store => {
            let label = world.store(me, config);
            stay_or_go_on(world, me, label)
        }
        Stage::Settle => receipts(world, me, config),
        Stage::Erase => {
            let label = world.erase(me, config);
            stay_or_go_on(world, me, label)
        }
        Stage::Consolidate => {
            let label = match config.consolidate {
                true => world.consolidate(me, config),
                false => None,
            };
            stay_or_go_on(world, me, label)
        }
    }
}

/// A stage without another step is over.
fn stay_or_go_on(world: &mut World, me: usize, label: Option<Label>) -> Turn {
    match label {
        Some(label) => Turn::Took(label),
        None => {
            if world.broken.is_none() {
                world.pipelines[me].next_stage();
            }
            Turn::WentOn
        }
    }
}

fn end(world: &mut World, me: usize) -> Turn {
    let pipeline = &mut world.pipelines[me];
    pipeline.running = false;
    pipeline.dead = false;
    pipeline.at = ENDED;
    pipeline.exported.clear();
    pipeline.segments.clear();
    pipeline.settling.plan.clear();
    Turn::Blocked
}

fn lock(world: &mut World, me: usize, config: &Config) -> Turn {
    if config.no_lock && world.pipelines[me].kind == Kind::ByHand {
        world.pipelines[me].next_stage();
        return Turn::Took(Label::of(me, "goes on without the lock", 0));
    }
    if world.lock.is_some() {
        return Turn::Blocked;
    }
    world.lock = Some(me as u8);
    world.pipelines[me].next_stage();
    Turn::Took(Label::of(me, "takes lock", 0))
}

/// `--pending`: all that is unsettled is settled, one after the other.
fn pending(world: &mut World, me: usize, config: &Config) -> Turn {
    if world.pipelines[me].step != Step::Begin {
        return settle(world, me, config);
    }
    match world.unsettled(world.pipelines[me].skipped) {
        None => world.pipelines[me].next_stage(),
        Some(segment) => begin_segment(world, me, segment, true),
    }
    Turn::WentOn
}

fn settle(world: &mut World, me: usize, config: &Config) -> Turn {
    match world.settle(me, config) {
        Some(label) => Turn::Took(label),
        None => Turn::WentOn,
    }
}

/// The rows that are due: all that no other row points at. A job exports
/// nothing while a segment is unsettled.
fn export(world: &mut World, me: usize, config: &Config) -> Turn {
    let busy = world.unsettled(0).is_some() || world.open_intent().is_some();
    let pipeline = &mut world.pipelines[me];
    if pipeline.kind == Kind::Job && busy {
        pipeline.refused = true;
        pipeline.at += SKIPPED_WITHOUT_EXPORT;
        pipeline.step = Step::Begin;
        return Turn::WentOn;
    }
    let greatest = world.table.iter().map(|row| row.rowid).max();
    let kept = |rowid| {
        config.keep_greatest && config.keyless && greatest == Some(rowid)
    };
    let due = || world.table.iter().filter(|row| !row.held);
    pipeline.exported = due()
        .filter(|row| !kept(row.rowid))
        .map(|row| Line {
            segment: 0,
            number: 0,
            rowid: row.rowid,
            content: row.content,
        })
        .collect();
    // A walk over several transactions may meet a row twice.
    let first = pipeline.exported.first().copied();
    pipeline.exported.extend(first.filter(|_| config.twice));
    pipeline.next_stage();
    let count = due().count() as u8;
    Turn::Took(Label::of(me, "rt-export reads rows", count))
}

/// The segments that the receipts name are settled, one after the other.
fn receipts(world: &mut World, me: usize, config: &Config) -> Turn {
    if world.pipelines[me].step != Step::Begin {
        return settle(world, me, config);
    }
    let all: Vec<u8> = world.published().collect();
    let pipeline = &mut world.pipelines[me];
    let unread = pipeline.settling.position != RECEIPTS_READ;
    if pipeline.kind == Kind::Again && pipeline.segments.is_empty() && unread {
        pipeline.segments = all;
        pipeline.settling.position = RECEIPTS_READ;
    }
    if pipeline.segments.is_empty() {
        pipeline.next_stage();
        return Turn::WentOn;
    }
    let segment = pipeline.segments.remove(0);
    if !config.skip_settled || !world.is_settled(segment) {
        begin_segment(world, me, segment, false);
    }
    Turn::WentOn
}

fn begin_segment(world: &mut World, me: usize, segment: u8, pending: bool) {
    let pipeline = &mut world.pipelines[me];
    // A segment of another run: that one crashed, or overlaps with this one.
    world.crashed |= pending || pipeline.kind == Kind::Again;
    pipeline.step = Step::ReadBack;
    pipeline.settling = Settling {
        segment,
        recovers: pending,
        pending,
        data_version: pipeline.settling.data_version,
        ..Settling::none()
    };
}
