//! A copy of the tree that was taken while a job ran, and put back: rt-verify
//! --repair takes in what the ledger in it does not know.

use std::fs;

use serde_json::Value;

use super::*;
use crate::support::world::records;

/// Nothing works with the tree until it is repaired; then all of it does. The
/// rows that were in an archive before are in one afterwards.
fn is_repaired(world: &World) {
    let rows = world.all();
    let verify = |args: &[&str]| world.cmd("rt-verify").args(args).run();
    verify(&["-n"]).expect("a finding", verify(&["-n"]).status != 0);
    let before = world.image();
    let plan = verify(&["--repair"]);
    plan.status(1);
    assert!(world.image() == before, "{}", world.picture());
    let done = verify(&["--repair", "--yes"]);
    done.status(0);
    // What it said it would do is what it did.
    assert_eq!(plan.stdout, done.stdout);
    verify(&["--repair"]).status(0);
    verify(&["--balance"]).status(0);
    assert_eq!(world.all(), rows, "{}", world.picture());
    world.fill("uuids", "2026-01-04", 2);
    world.sql(
        "INSERT INTO uuids VALUES('late', 1, '2026-01-02T23:00:00Z', 'x')",
    );
    let rows = world.all();
    // What the ledger last knew of may have to be settled first.
    let out = daily(world).run();
    out.expect("status 0 or 3", [0, PARTLY].contains(&out.status));
    daily(world).run().status(0);
    let older = ["--older-than", "1d"];
    world.cmd("rt-consolidate").args(older).run().status(0);
    daily(world).run().status(0);
    world.sound();
    assert_eq!(world.all(), rows, "{}", world.picture());
    assert_eq!(world.due(), 0);
    verify(&["--balance"]).status(0);
}

/// A world in which a job ran; then more rows became due.
fn world() -> World {
    let world = World::filled(&["uuids"], 3);
    daily(&world).run().status(0);
    world.fill("uuids", "2026-01-03", 2);
    world.sql(
        "INSERT INTO uuids VALUES('more', 1, '2026-01-02T22:00:00Z', 'x')",
    );
    world
}

#[test]
fn ledger_older_than_files_that_grew_is_repaired() {
    for lock in ["lock", "/dev/null"] {
        let world = world();
        shell(&world, "mkdir b; cp -a archives/lock archives/ledger.jsonl b");
        daily(&world).run().status(0);
        shell(&world, "cp -a b/ledger.jsonl archives/ledger.jsonl");
        // The lock's mark was copied before, or after the job.
        if lock == "lock" {
            shell(&world, "cat b/lock >archives/lock");
        }
        is_repaired(&world);
    }
}

#[test]
fn ledger_older_than_a_month_is_repaired() {
    for again in [false, true] {
        let world = world();
        daily(&world).run().status(0);
        shell(&world, "cp -a archives b");
        let older = ["--older-than", "1d"];
        world.cmd("rt-consolidate").args(older).run().status(0);
        shell(&world, "cat b/ledger.jsonl >archives/ledger.jsonl");
        // The warm files were copied before they moved.
        if again {
            let copy = "cp -a b/warm archives/; cat b/lock >archives/lock";
            shell(&world, copy);
            assert!(!world.files().is_empty());
            world.cmd("rt-verify").args(["--repair", "--yes"]).run().status(0);
            assert!(world.files().is_empty(), "{}", world.picture());
            world.sound();
            world.cmd("rt-verify").arg("--balance").run().status(0);
            continue;
        }
        is_repaired(&world);
    }
}

#[test]
fn files_older_than_the_ledger_are_taken_in_and_what_they_lack_is_said() {
    let world = world();
    shell(&world, "cp -a archives/warm b");
    daily(&world).run().status(0);
    shell(&world, "rm -r archives/warm; cp -a b archives/warm");
    let plan = world.cmd("rt-verify").arg("--repair").run();
    let fewer = |r: &Value| {
        r["hint"].as_str().is_some_and(|h| h.contains("fewer rows"))
    };
    plan.expect("a warning", records(&plan.stdout).iter().any(fewer));
    is_repaired(&world);
}

#[test]
fn archives_without_a_ledger_are_taken_in() {
    for lock in [true, false] {
        let world = world();
        daily(&world).run().status(0);
        fs::remove_file(world.dir.join("archives/ledger.jsonl")).unwrap();
        if !lock {
            world.dir.write("archives/lock", "");
        }
        is_repaired(&world);
    }
}

#[test]
fn broken_ledger_is_cut_and_what_it_does_not_know_is_taken_in() {
    for from_the_end in [1, 2, 4, 7, 11, 16] {
        let world = world();
        daily(&world).run().status(0);
        let ledger = world.dir.read("archives/ledger.jsonl");
        let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
        let broken = lines.len() - from_the_end;
        let mut text = lines.clone();
        let edited = text[broken].replace("\"at\":\"2026", "\"at\":\"2025");
        text[broken] = &edited;
        world.dir.write("archives/ledger.jsonl", text.concat());
        is_repaired(&world);
        let aside = world.dir.join("archives/ledger.torn");
        // An edit of the last line breaks no chain: the line stays.
        assert_eq!(aside.exists(), from_the_end > 1, "{broken}");
    }
}

#[test]
fn exchanged_and_damaged_files_are_left() {
    let world = world();
    daily(&world).run().status(0);
    let [a, b] = ["2026-01-02", "2026-01-03"]
        .map(|day| format!("archives/warm/{day}/uuids.jsonl.gz"));
    shell(&world, &format!("mv {a} x; mv {b} {a}; mv x {b}"));
    let before = world.image();
    let out = world.cmd("rt-verify").args(["--repair", "--yes"]).run();
    out.status(5);
    assert!(world.image() == before, "{}", world.picture());
    let left = records(&out.stdout);
    assert_eq!(left.iter().filter(|r| r["what"] == "left").count(), 2);
}
