//! rt-consolidate and rt-expire die at any moment; a daily run that stores
//! late rows and a monthly one follow, and every row and member is in exactly
//! one place.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::rows::Random;
use crate::support::world::World;
use crate::support::{NOW, bins, system};

const POINTS: [&str; 7] = [
    "month.drafted",
    "change.intent",
    "change.renamed",
    "change.synced",
    "change.removed",
    "change.before_end",
    "change.ended",
];

/// When it was archived: not so lately that it may not expire yet.
const BEFORE: &str = "2026-01-07T00:00:00Z";

/// A month that is there, late rows and new days for it, another month; of
/// the messages, a month of their own, one shared with others, and a warm day
/// are past their retention.
fn template() -> World {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-01", "2025-12-02"]);
    world.insert("message_bus_log", 1, &["2025-09-01", "2025-08-01"]);
    world.insert("assertion_results", 1, &["2025-09-01"]);
    world.archive(BEFORE);
    world.consolidate(BEFORE, &["--older-than", "30d"]).status(0);
    world.insert("tool_uses", 3, &["2025-12-01", "2025-12-03", "2025-11-01"]);
    world.insert("message_bus_log", 3, &["2025-12-01", "2025-07-01"]);
    world.archive(BEFORE);
    world
}

const ROWS: [&str; 9] = [
    "assertion_results 1",
    "message_bus_log 3",
    "message_bus_log 9",
    "tool_uses 1",
    "tool_uses 2",
    "tool_uses 3",
    "tool_uses 4",
    "tool_uses 5",
    "tool_uses 9",
];

/// The days after a crash: late rows, the daily job, the monthly one.
fn go_on(world: &World) {
    world.insert("tool_uses", 9, &["2025-12-01"]);
    world.insert("message_bus_log", 9, &["2025-12-02"]);
    world.archive(NOW);
    world.once();
    world.expire(NOW, &["--yes"]).status(0).stderr("");
    world.consolidate(NOW, &[]).status(0).stderr("");
    let places = world.once();
    assert!(places.keys().eq(ROWS.iter()), "{places:?}");
    assert!(places.values().all(|p| p.starts_with("cold/")), "{places:?}");
    assert!(world.files_of("warm").is_empty());
    let left = world.dir.tree();
    assert!(
        !left.contains(".rt-") && !left.contains("archives/warm/2"),
        "{left}"
    );
}

/// Kills a program at each of its points, each time it comes there.
fn crash_everywhere(program: &str, args: &[&str], never: &[&str]) {
    let template = template();
    for point in POINTS {
        let mut reached = 0;
        loop {
            let world = template.copy();
            let fail = format!("{point}:{}=kill", reached + 1);
            let out = world.cmd(program).args(args).env("RT_FAIL", fail).run();
            if out.status == 0 {
                break;
            }
            out.status(137);
            reached += 1;
            go_on(&world);
        }
        assert_eq!(reached == 0, never.contains(&point), "{point}");
    }
}

#[test]
fn consolidate_killed_between_any_two_writes_loses_and_doubles_nothing() {
    crash_everywhere("rt-consolidate", &[], &[]);
}

#[test]
fn expire_killed_between_any_two_writes_loses_and_doubles_nothing() {
    crash_everywhere("rt-expire", &["--yes"], &["change.removed"]);
}

#[test]
fn a_crash_in_the_recovery_of_a_crash_is_harmless() {
    let template = template();
    for program in ["rt-consolidate", "rt-expire"] {
        let yes = if program == "rt-expire" { &["--yes"][..] } else { &[] };
        for second in &POINTS[3..] {
            let world = template.copy();
            for fail in ["change.renamed", second] {
                world
                    .cmd(program)
                    .args(yes)
                    .env("RT_FAIL", format!("{fail}=kill"))
                    .run();
            }
            go_on(&world);
        }
    }
}

#[test]
fn killed_at_random_moments_nothing_is_lost_or_doubled() {
    let long = std::env::var_os("RT_LONG").is_some();
    let template = template();
    let mut random = Random(20_260_115);
    for round in 0..if long { 200 } else { 20 } {
        let world = template.copy();
        let program = ["rt-consolidate", "rt-expire"][round % 2];
        let yes = if round % 2 == 1 { &["--yes"][..] } else { &[] };
        let mut child = Command::new(bins().join(program))
            .args(["--archives", "archives", "--now", NOW])
            .args(yes)
            .current_dir(world.dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_micros(random.below(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        go_on(&world);
    }
}

/// The calls of a program that make durable and that remove, or `None` where
/// nothing can be traced.
fn calls(world: &World, program: &str) -> Option<Vec<String>> {
    system("strace")?;
    let calls = "trace=fsync,fdatasync,?unlink,unlinkat,?rename,?renameat,\
                 renameat2,?rmdir,?link,linkat,execve";
    let out = world
        .cmd("strace")
        .args(["-f", "-y", "-s", "400", "-o", "trace", "-e", calls])
        .arg(bins().join(program))
        .args(["--archives", "archives"])
        .run();
    let trace =
        fs::read_to_string(world.dir.join("trace")).unwrap_or_default();
    if !trace.contains("execve(") {
        return None;
    }
    out.status(0);
    Some(whole(&trace))
}

/// The lines of a trace; a call that another thread interrupts stands where
/// it ended.
fn whole(trace: &str) -> Vec<String> {
    let mut begun = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (thread, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(call) = line.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, call);
        } else if let Some((_, end)) = rest.split_once(" resumed>") {
            let start = begun.remove(thread).unwrap_or_default();
            calls.push(format!("{start}{end}"));
        } else {
            calls.push(line.to_owned());
        }
    }
    calls
}

#[test]
fn warm_files_go_only_when_tar_and_folders_are_durable() {
    let template = template();
    for crash in [None, Some("change.renamed"), Some("change.removed")] {
        let world = template.copy();
        if let Some(point) = crash {
            world
                .cmd("rt-consolidate")
                .env("RT_FAIL", format!("{point}=kill"))
                .run()
                .status(137);
        }
        let Some(calls) = calls(&world, "rt-consolidate") else { return };
        let root = fs::canonicalize(world.dir.join("archives")).unwrap();
        let root = root.display();
        let warm = |c: &String| c.contains("unlink") && c.contains("/warm/");
        let mut synced: Vec<&str> = Vec::new();
        let mut removed = 0;
        for call in &calls {
            if call.contains("sync(") && call.ends_with("= 0") {
                synced.push(call);
            }
            if !warm(call) {
                continue;
            }
            removed += 1;
            let month = match call {
                c if c.contains("2025-12-") => "2025/2025-12.tar.gz",
                c if c.contains("2025-11-") => "2025/2025-11.tar.gz",
                _ => "2025/2025-07.tar.gz",
            };
            for path in [
                format!("<{root}/cold/{month}>"),
                format!("<{root}/cold/2025>"),
                format!("<{root}/cold>"),
                format!("<{root}>"),
                format!("<{root}/ledger.jsonl>"),
            ] {
                assert!(
                    synced.iter().any(|c| c.contains(&path)),
                    "{path} before {call}\n{}",
                    calls.join("\n")
                );
            }
        }
        assert!(removed > 0);
        // The removal is durable before the ledger says that it is done.
        let at = |f: &dyn Fn(&String) -> bool| calls.iter().rposition(f);
        let last = at(&warm).unwrap();
        let folder = at(&|c| {
            c.contains("sync(") && c.contains(&format!("<{root}/warm>"))
        });
        let ledger =
            at(&|c| c.contains("sync(") && c.contains("ledger.jsonl>"));
        assert!(Some(last) < folder && folder < ledger);
    }
}
