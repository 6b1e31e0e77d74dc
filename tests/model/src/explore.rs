//! The walk through all states, breadth-first, so that the first trace to a
//! broken promise is a shortest one.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::config::{Config, Kind};
use crate::erase::ERASED;
use crate::faults::successors;
use crate::pipeline::{Label, Who, step};
use crate::world::{CONTENTS, DAMAGE_IS_SAID, File, Pipeline, World};

/// What was found.
pub struct Found {
    pub states: usize,
    pub final_runs: usize,
    /// No state is left to look at.
    pub exhausted: bool,
    pub counterexamples: Vec<Counterexample>,
}

/// How a promise is broken.
pub struct Counterexample {
    pub promise: String,
    pub trace: Vec<String>,
}

/// How each state was reached: the state before, and what was done.
struct Paths(Vec<(u32, Label)>);

impl Paths {
    fn add(&mut self, before: u32, label: Label) -> u32 {
        self.0.push((before, label));
        self.0.len() as u32 - 1
    }

    fn trace(&self, mut state: u32) -> Vec<String> {
        let mut trace = vec![];
        while state != 0 {
            let (before, label) = &self.0[state as usize];
            trace.push(show(label));
            state = *before;
        }
        trace.reverse();
        trace
    }
}

/// Explores what a configuration lets happen.
pub fn explore(config: &Config) -> Found {
    let start = World::new(config);
    let mut seen = HashSet::from([fingerprint(&start)]);
    let begins = Label::new(Who::Outside, "start", 0);
    let mut paths = Paths(vec![(0, begins)]);
    let mut search = Search {
        config,
        kinds: HashSet::new(),
        found: Found {
            states: 1,
            final_runs: 0,
            exhausted: true,
            counterexamples: vec![],
        },
    };
    let mut level = vec![(start, 0)];
    while !level.is_empty() {
        let mut next_level = vec![];
        for (world, state) in level {
            search.check(&world, state, &paths);
            if search.is_enough() {
                return search.found;
            }
            let next = successors(&world, config);
            search.check_goes_on(&world, &next, state, &paths);
            for (label, world) in next {
                if seen.insert(fingerprint(&world)) {
                    next_level.push((world, paths.add(state, label)));
                    search.found.states += 1;
                }
            }
            if search.found.states > config.most_states {
                search.found.exhausted = false;
                return search.found;
            }
        }
        level = next_level;
    }
    search.found
}

/// 128 bits that stand for a state.
fn fingerprint(world: &World) -> u128 {
    let half = |seed: u64| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        world.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(77)
}

struct Search<'c> {
    config: &'c Config,
    /// Broken promises that were met.
    kinds: HashSet<&'static str>,
    found: Found,
}

impl Search<'_> {
    fn is_enough(&self) -> bool {
        self.found.counterexamples.len() >= self.config.most_found
    }

    fn add(&mut self, promise: &str, trace: Vec<String>) {
        let promise = promise.to_owned();
        self.found.counterexamples.push(Counterexample { promise, trace });
    }

    /// Looks at a state; where nothing runs, an ordinary run follows.
    fn check(&mut self, world: &World, state: u32, paths: &Paths) {
        let said = world.broken == Some(DAMAGE_IS_SAID);
        let whole = world.broken.is_none() || said;
        let lost = whole && world.has_lost(self.config);
        if lost && self.kinds.insert("loss") {
            let mut trace = paths.trace(state);
            trace.push(picture(world));
            let promise =
                "P2: LOSS (in every state: durable archive + database)";
            self.add(promise, trace);
        }
        if said {
            return;
        }
        if let Some(promise) = world.broken {
            if self.kinds.insert(promise) {
                let mut trace = paths.trace(state);
                trace.push(picture(world));
                self.add(promise, trace);
            }
            return;
        }
        if !world.is_quiet() {
            return;
        }
        self.found.final_runs += 1;
        let end = final_run(world, self.config);
        let Some(promise) = end.broken else { return };
        if self.kinds.insert(promise) {
            let mut trace = paths.trace(state);
            trace.push("   -- final undisturbed run --".to_owned());
            trace.extend(end.trace.iter().map(show));
            trace.push(picture(&end.world));
            self.add(promise, trace);
        }
    }

    /// Something is at work, so some step must be possible.
    fn check_goes_on(
        &mut self,
        world: &World,
        next: &[(Label, World)],
        state: u32,
        paths: &Paths,
    ) {
        let is_step = |label: &Label| {
            matches!(label.who, Who::Pipeline(_))
                && !label.what.starts_with("KILL")
        };
        let goes_on = next.iter().any(|(label, _)| is_step(label));
        let rests = world.broken.is_some() || world.is_quiet();
        if !rests && !goes_on && self.kinds.insert("deadlock") {
            self.add("P5: deadlock", paths.trace(state));
        }
    }
}

/// How one undisturbed job ends.
struct End {
    broken: Option<&'static str>,
    /// Damage was reported, as it must be.
    said: bool,
    world: World,
    trace: Vec<Label>,
}

/// One undisturbed job, and the promises behind it; where there are erasures
/// an undisturbed one follows, and no archive holds then what it erased.
fn final_run(world: &World, config: &Config) -> End {
    let end = last_run(Kind::Job, world.clone(), config);
    let erases = config.pipelines.contains(&Kind::Erase);
    if end.broken.is_some() || end.said || !erases {
        return end;
    }
    let mut last = last_run(Kind::Erase, end.world, config);
    last.trace.splice(..0, end.trace);
    if last.world.archived(ERASED) > 0 && !last.said {
        last.broken = last.broken.or(Some("P5: what was erased is there"));
    }
    last
}

fn last_run(kind: Kind, mut world: World, config: &Config) -> End {
    let mut trace = vec![];
    world.pipelines.push(Pipeline::new(kind));
    let me = world.pipelines.len() - 1;
    while !world.pipelines[me].has_ended() && world.broken.is_none() {
        if trace.len() == 400 {
            let broken = Some("P5: the final run does not end");
            return End { broken, said: false, world, trace };
        }
        match step(&mut world, me, config) {
            Some(label) => trace.push(label),
            None if world.pipelines[me].has_ended()
                || world.broken.is_some() => {}
            None => {
                let broken = Some("P5: the final run is blocked (lock)");
                return End { broken, said: false, world, trace };
            }
        }
    }
    let said = world.broken == Some(DAMAGE_IS_SAID);
    let broken = match world.broken {
        Some(DAMAGE_IS_SAID) => {
            world.has_lost(config).then_some("P1/P2: loss")
        }
        Some(promise) => Some(promise),
        None => is_sound(&world, config),
    };
    End { broken, said, world, trace }
}

/// What must hold behind an undisturbed run; the promise that does not.
fn is_sound(world: &World, config: &Config) -> Option<&'static str> {
    if world.unsettled(0).is_some() || world.open_intent().is_some() {
        return Some("P5: left unsettled: every later run refuses the table");
    }
    if world.has_lost(config) {
        return Some("P1/P2: loss");
    }
    let too_many = (0..CONTENTS).any(|content| {
        let held =
            world.archived(content as u8) + world.in_table(content as u8);
        let allowed = match world.crashed {
            true => world.allowed[content],
            false => 0,
        };
        // A row that was put back out of the archives stands there once.
        let repeated = config.once
            && !config.keyless
            && world.archived(content as u8) > usize::from(allowed) + 1;
        repeated || held > (world.live[content] + allowed).into()
    });
    if too_many && !world.restored {
        return Some("P2: a row twice (in both, or in two archives)");
    }
    let due = world.table.iter().any(|row| !row.held);
    (!config.keep_greatest && due).then_some("P5: due rows stay")
}

fn show(label: &Label) -> String {
    let who = match label.who {
        Who::Outside => "--".to_owned(),
        Who::Application => "app".to_owned(),
        Who::Pipeline(number) => format!("p{number}"),
    };
    format!("{who} {} {}", label.what, label.number)
}

/// A state in one line.
fn picture(world: &World) -> String {
    let rows = world.table.iter().map(|row| {
        let held = if row.held { "!" } else { "" };
        format!("{}@{}{held}", row.content, row.rowid)
    });
    let rows: Vec<String> = rows.collect();
    let file = |file: &File| {
        let lines = file
            .iter()
            .map(|l| format!("s{}:{}@{}", l.segment, l.content, l.rowid));
        lines.collect::<Vec<String>>().join(" ")
    };
    let names = 0..world.names.len();
    let files: Vec<String> = names.map(|n| file(world.file(n))).collect();
    format!("   db [{}]  files [{}]", rows.join(" "), files.join(" | "))
}
