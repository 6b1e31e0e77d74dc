//! rt-consolidate and rt-expire change many files at once, and each file has
//! an end of its own.

use std::fs;

use crate::support::NOW;
use crate::support::world::{World, record};

/// When it was archived: so long before that it may expire.
const BEFORE: &str = "2025-12-20T00:00:00Z";

const MONTHS: [&str; 2] =
    ["cold/2025/2025-10.tar.gz", "cold/2025/2025-11.tar.gz"];

/// Warm files of two months.
fn two_months() -> World {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-10-01", "2025-11-01"]);
    world.archive(BEFORE);
    world
}

fn events(world: &World, name: &str) -> usize {
    let start = format!("{{\"type\":\"{name}\",");
    let ledger = world.dir.read("archives/ledger.jsonl");
    ledger.lines().filter(|line| line.starts_with(&start)).count()
}

#[test]
fn months_are_published_together() {
    let world = two_months();
    let out = world.consolidate(NOW, &[]);
    assert_eq!(record(out.status(0))["consolidated"], 2);
    let ledger = world.dir.read("archives/ledger.jsonl");
    let order: Vec<&str> = ledger
        .lines()
        .filter_map(|line| line.strip_prefix(r#"{"type":"consolidate"#))
        .map(|rest| if rest.starts_with('d') { "end" } else { "intent" })
        .collect();
    assert_eq!(order, ["intent", "intent", "end", "end"]);
}

#[test]
fn what_is_ready_when_a_signal_comes_is_done() {
    let world = two_months();
    let stop = "month.drafted=kill -TERM $PPID";
    let out = world.cmd("rt-consolidate").env("RT_FAIL", stop).run();
    let told = record(out.status(143));
    assert_eq!(told["cold_files"][0], MONTHS[0]);
    assert_eq!(told["consolidated"], 1);
    assert_eq!(world.files_of("cold"), [MONTHS[0]]);
    assert_eq!(events(&world, "consolidated"), 1);
    assert_eq!(world.files_of("warm"), ["warm/2025-11-01/tool_uses.jsonl.gz"]);
    assert!(!world.dir.tree().contains(".rt-"));
    world.consolidate(NOW, &[]).status(0).stderr("");
    assert_eq!(world.files_of("cold"), MONTHS);
}

#[test]
fn of_a_batch_that_fails_what_has_its_name_is_done() {
    let world = two_months();
    let path = world.dir.join("archives").join(MONTHS[1]);
    // Another hand puts a file where the second tar is to be.
    let fail = format!("change.renamed=: >archives/{}", MONTHS[1]);
    let out = world.cmd("rt-consolidate").env("RT_FAIL", fail).run();
    let told = record(out.status(1).stderr_has("exists already"));
    assert_eq!(told["consolidated"], 1);
    assert_eq!(told["removed_warm"][0], "warm/2025-10-01/tool_uses.jsonl.gz");
    assert_eq!(world.files_of("warm"), ["warm/2025-11-01/tool_uses.jsonl.gz"]);
    assert_eq!(events(&world, "consolidated"), 1);
    // It is in neither form, so nobody touches it or its table.
    world.consolidate(NOW, &[]).status(5);
    assert_eq!(world.files_of("warm"), ["warm/2025-11-01/tool_uses.jsonl.gz"]);
    fs::remove_file(path).unwrap();
    world.consolidate(NOW, &[]).status(0).stderr("");
    assert_eq!(world.files_of("cold"), MONTHS);
    assert_eq!(world.once().len(), 2);
}

#[test]
fn a_file_that_changes_behind_its_proof_does_not_expire() {
    let world = World::tiers();
    for table in ["tool_uses", "message_bus_log"] {
        world.insert(table, 1, &["2025-08-01"]);
    }
    world.archive(BEFORE);
    world.consolidate(BEFORE, &["--older-than", "30d"]).status(0);
    let tar = "archives/cold/2025/2025-08.tar.gz";
    let before = fs::read(world.dir.join(tar)).unwrap();
    let fail = format!("month.drafted=printf x >>{tar}");
    let out = world.cmd("rt-expire").arg("--yes").env("RT_FAIL", fail).run();
    let told = record(out.status(5).stderr_has("was changed meanwhile"));
    assert_eq!(told["purged_members"], 0);
    assert_eq!(fs::read(world.dir.join(tar)).unwrap().len(), before.len() + 1);
    assert_eq!(events(&world, "expire"), 0);
    assert!(!world.dir.tree().contains(".rt-"));
    fs::write(world.dir.join(tar), before).unwrap();
    world.expire(NOW, &["--yes"]).status(0).stderr("");
    assert_eq!(world.once().len(), 1);
}
