//! SIGKILL at random moments of a running job, to any of its processes or to
//! all of them, once or twice; then one ordinary run.
//!
//! The short form is part of every test run; `RT_LONG=1` tries 200 moments of
//! each kind, and `RT_SEED=N` the moments of that seed.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use super::application::{Application, Books, Chance};
use super::{NEW, OLD, World, until};

const TABLES: &[&str] = &["uuids", "numbers", "pairs", "bare", "logs"];

/// A world of all kinds of tables.
fn world(wal: bool) -> World {
    let world = World::new(TABLES);
    let mode = if wal { "wal" } else { "delete" };
    let set = format!("PRAGMA journal_mode = {mode}");
    world.connect().query_row(&set, [], |_| Ok(())).unwrap();
    for table in TABLES {
        for day in [OLD[0], OLD[1], NEW] {
            world.fill(table, day, 20);
        }
    }
    world
}

/// The living processes of a group, by /proc.
pub fn processes(group: u32) -> Vec<u32> {
    let mut out = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // pid (name) state ppid pgrp ...
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        if fields[0] != "Z" && fields[2] == group.to_string() {
            out.push(pid);
        }
    }
    out
}

/// SIGKILL, to a process or (`-GROUP`) to a group; it may have ended before.
pub fn kill(target: &str) {
    let script = format!("kill -9 {target} 2>/dev/null || :");
    let done = Command::new("sh").args(["-c", &script]).status().unwrap();
    assert!(done.success());
}

/// Runs a job and kills some or all of it after `moment`; returns when all of
/// it has ended.
fn killed(world: &World, moment: Duration, chance: &mut Chance) {
    let mut job = world.job().command();
    job.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut job = job.process_group(0).spawn().unwrap();
    let group = job.id();
    std::thread::sleep(moment);
    if chance.below(3) == 0 {
        kill(&format!("-{group}"));
    } else {
        let alive = processes(group);
        if !alive.is_empty() {
            kill(&chance.of(&alive).to_string());
        }
    }
    job.wait().unwrap();
    until("all of the job has ended", || processes(group).is_empty());
}

/// How long a job takes here that nobody kills, and moves several tables in
/// one pipeline: they are published before rows of the first one go.
fn undisturbed() -> Duration {
    let world = world(true);
    let begun = Instant::now();
    world.job().run().status(0);
    let length = begun.elapsed();
    let published: BTreeSet<String> = world
        .events()
        .iter()
        .take_while(|event| event["type"] != "purging")
        .filter(|event| event["type"] == "store")
        .map(|event| event["table"].to_string())
        .collect();
    assert!(published.len() > 2, "in one pipeline: {published:?}");
    length
}

/// How many lines recovery kept without knowing who took their rows.
fn superseded(world: &World) -> i64 {
    let counts = world.events().into_iter();
    counts.filter_map(|event| event["superseded"].as_i64()).sum()
}

fn sweep(short: u64, with_application: bool) {
    let seed = match std::env::var("RT_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64,
    };
    let long = std::env::var_os("RT_LONG").is_some();
    let moments = if long { 200 } else { short };
    let length = undisturbed().as_micros() as u64;
    let mut chance = Chance::new(seed);
    for moment in 0..moments {
        let wal = moment % 2 == 0;
        let kills = 1 + moment / 2 % 2;
        let world = world(wal);
        let rows = world.all();
        let books = with_application.then(|| {
            Application::start(&world, TABLES, chance.below(1 << 32))
        });
        for _ in 0..kills {
            let after = Duration::from_micros(chance.below(length));
            killed(&world, after, &mut chance);
        }
        let books = match books {
            Some(application) => application.stop(),
            None => Books::open(rows),
        };
        let what = format!("RT_SEED={seed}, moment {moment}, wal {wal}");
        // Its name is in the picture of a command that fails.
        world.dir.write(&what, "");
        world.recover();
        let picture = format!("{what}{}", world.picture());
        assert_eq!(world.due(), 0, "{picture}");
        books.agree(&world.all(), superseded(&world), &picture);
    }
}

#[test]
fn kill_at_any_moment_leaves_every_row_in_exactly_one_place() {
    sweep(13, false);
}

#[test]
fn kill_at_any_moment_beside_an_application_loses_nothing() {
    sweep(12, true);
}
