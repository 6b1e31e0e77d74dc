//! What the ledger says up to some line is kept beside it: programs read that,
//! and the lines behind it. It is never needed, and never believed where the
//! ledger is another one.

use std::collections::BTreeSet;
use std::fs;

use super::order::{traceable, traced};
use super::{World, there};

const CHECKPOINT: &str = "archives/ledger.checkpoint";
const LEDGER: &str = "archives/ledger.jsonl";

/// A world after a job, with a checkpoint that is not the end of the ledger.
fn settled() -> World {
    let world = World::filled(&["uuids"], 3);
    world.job().run().status(0);
    assert!(there(&world, "ledger.checkpoint"), "{}", world.picture());
    world
}

/// How many bytes of the ledger a job reads, all its programs together.
fn read_by_a_job(world: &World) -> u64 {
    let calls = "trace=read,pread64,readv,preadv";
    let (text, _) = traced(world, calls, "rt-daily", &[], b"");
    let (mut sum, mut begun) = (0, BTreeSet::new());
    for line in text.lines() {
        let Some((process, call)) = line.split_once(' ') else { continue };
        // What another process interrupts gives its end on a later line.
        let of_ledger = call.contains("/ledger.jsonl>")
            || call.contains("resumed>") && begun.remove(process);
        if of_ledger && call.ends_with("<unfinished ...>") {
            begun.insert(process);
        } else if of_ledger {
            let read = call.rsplit(" = ").next().unwrap();
            sum += read.trim().parse::<u64>().unwrap();
        }
    }
    sum
}

#[test]
fn job_reads_no_more_of_a_ledger_of_three_years_than_of_a_month() {
    if !traceable() {
        return;
    }
    let read = [30, 3 * 365].map(|nights| {
        let world = World::tiers();
        world.history(nights);
        // The first job of these programs replays all of it.
        world.cmd("rt-daily").run().status(0);
        let length = fs::metadata(world.dir.join(LEDGER)).unwrap().len();
        let read = read_by_a_job(&world);
        assert!(read < length, "{nights} nights: {read} of {length}");
        world.sound_ledger();
        read
    });
    let [month, years] = read;
    assert!(years <= month + month / 10, "{month} and then {years}");
}

#[test]
fn whatever_byte_of_a_checkpoint_is_wrong_the_ledger_has_the_last_word() {
    let world = settled();
    let sound = fs::read(world.dir.join(CHECKPOINT)).unwrap();
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        world.dir.write(CHECKPOINT, &bytes);
        world.sound_ledger();
    }
    for length in 0..sound.len() {
        world.dir.write(CHECKPOINT, &sound[..length]);
        world.sound_ledger();
    }
}

#[test]
fn damaged_checkpoint_is_put_right_by_the_next_run() {
    let world = settled();
    let sound = fs::read(world.dir.join(CHECKPOINT)).unwrap();
    world.dir.write(CHECKPOINT, &sound[..sound.len() / 2]);
    world.cmd("rt-stat").arg("--archives").run().status(0).stderr("");
    world.job().run().status(0).stderr("");
    assert!(fs::read(world.dir.join(CHECKPOINT)).unwrap().len() > sound.len());
    world.sound();
}

#[test]
fn checkpoint_of_a_longer_ledger_or_of_another_one_does_not_count() {
    let world = World::filled(&["uuids"], 3);
    world.run("uuids");
    let older = [LEDGER, "archives/lock"].map(|f| (f, world.dir.read(f)));
    world.fill("uuids", "2026-01-04", 3);
    world.run("uuids");
    let newer = fs::read(world.dir.join(CHECKPOINT)).unwrap();
    for (file, text) in older {
        world.dir.write(file, text);
    }
    world.sound_ledger();
    // As long as the other one, but it went another way.
    world.fill("uuids", "2026-01-05", 3);
    world.run("uuids");
    world.dir.write(CHECKPOINT, newer);
    world.sound_ledger();
}

#[test]
fn older_checkpoint_counts_as_far_as_it_goes() {
    let world = settled();
    let older = fs::read(world.dir.join(CHECKPOINT)).unwrap();
    world.fill("uuids", "2026-01-04", 3);
    world.job().run().status(0);
    world.dir.write(CHECKPOINT, older);
    world.sound();
    world.fill("uuids", "2026-01-05", 3);
    world.job().run().status(0);
    world.sound();
}

#[test]
fn edited_line_before_the_checkpoint_is_seen_by_every_program() {
    let world = settled();
    let ledger = world.dir.read(LEDGER);
    let edited = ledger.replacen("\"rows\":3", "\"rows\":4", 1);
    assert_eq!(edited.len(), ledger.len());
    world.dir.write(LEDGER, &edited);
    let check = || world.cmd("rt-stat").arg("--check").run();
    check().status(5).stdout_has("prev is not the digest");
    world.cmd("rt-stat").arg("--archives").run().status(5);
    world.job().run().status(5);
    // So is one that became longer.
    let longer = ledger.replacen("\"rows\":3", "\"rows\":30", 1);
    world.dir.write(LEDGER, &ledger);
    world.fill("uuids", "2026-01-04", 3);
    world.job().run().status(0);
    assert!(there(&world, "ledger.checkpoint"));
    world.dir.write(LEDGER, longer);
    world.job().run().status(5);
}

#[test]
fn receipt_of_a_segment_settled_before_the_checkpoint_is_answered() {
    let world = World::filled(&["uuids"], 3);
    let receipts = world.stored("uuids");
    world.purge(&receipts).run().status(0);
    let database = world.database();
    assert!(there(&world, "ledger.checkpoint"));
    world.purge(&receipts).run().status(0).stdout_has("\"records\":6");
    assert_eq!(world.database(), database);
}

#[test]
fn what_cannot_be_a_checkpoint_stands_in_nobodys_way() {
    let world = settled();
    fs::remove_file(world.dir.join(CHECKPOINT)).unwrap();
    fs::create_dir(world.dir.join(CHECKPOINT)).unwrap();
    world.fill("uuids", "2026-01-04", 3);
    world.job().run().status(0).stderr("");
    world.sound();
}

#[test]
fn run_killed_while_it_writes_a_checkpoint_is_recovered() {
    for point in ["checkpoint.drafted", "checkpoint.written"] {
        for nth in 1..=3 {
            let world = World::filled(&["uuids"], 3);
            let rows = world.all();
            let fail = format!("{point}:{nth}=kill");
            world.job().env("RT_FAIL", &fail).run();
            world.recovers(&rows);
        }
    }
}
