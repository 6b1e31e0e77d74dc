//! A ledger that lost its last whole lines: an older backup of it was put
//! back, or copied while a job ran. Its chain holds, and files and database
//! are further than it knows.

use super::*;

/// `lock` still names the last line: whatever deletes refuses to begin, until
/// an operator has the rest taken in.
fn is_refused_until_repaired(world: &World) {
    let before = world.image();
    world.pending().run().status(5);
    world.cmd("rt-expire").arg("--yes").run().status(5);
    world.cmd("rt-consolidate").run().status(5);
    world.cmd("rt-verify").arg("-n").run().status(5);
    world.cmd("rt-verify").arg("--repair").run().status(1);
    assert!(world.image() == before, "{}", world.picture());
    let repair = ["--repair", "--yes"];
    world.cmd("rt-verify").args(repair).run().status(0);
}

#[test]
fn ledger_that_ends_with_the_publication_loses_no_row() {
    for table in ["uuids", "numbers", "logs"] {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        world.job().run().status(0);
        let ledger = world.dir.read("archives/ledger.jsonl");
        let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
        let published = |l: &&str| l.contains("\"type\":\"published\"");
        let end = lines.iter().rposition(published).unwrap() + 1;
        world.dir.write("archives/ledger.jsonl", lines[..end].concat());
        is_refused_until_repaired(&world);
        let out = world.pending().run();
        out.status(PARTLY);
        kept(&out, 6);
        world.sound();
        assert_eq!(world.all(), rows, "{}", world.picture());
        at_rest(&world);
    }
}

/// What each program says of a tree; none changes anything there.
fn said(world: &World, status: &[i32], text: &str) {
    let before = world.image();
    for (program, args) in [
        ("rt-cat", &["uuids"][..]),
        ("rt-cat", &["--count", "uuids"]),
        ("rt-stat", &["--archives"]),
        ("rt-consolidate", &["-n"]),
        ("rt-expire", &["-n"]),
        ("rt-purge", &["-n", "--pending"]),
        ("rt-hold", &["list"]),
        ("rt-archive", &["-n", "all"]),
        ("rt-verify", &["-n"]),
        ("rt-retention", &["check"]),
    ] {
        let out = world.cmd(program).args(args).run();
        let all = format!("{}{}", out.stdout, out.stderr);
        out.expect(&format!("{text:?}"), all.contains(text));
        if !["rt-verify", "rt-retention", "rt-archive"].contains(&program) {
            out.status_of(status);
        }
    }
    assert!(world.image() == before, "{}", world.picture());
}

#[test]
fn cut_ledger_is_named_by_each_program_and_the_rows_are_served() {
    let world = World::filled(&["uuids"], 3);
    world.job().run().status(0);
    let rows = world.cmd("rt-cat").arg("uuids").run();
    rows.status(0);
    let ledger = world.dir.read("archives/ledger.jsonl");
    let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
    let end = lines.len() - 2;
    world.dir.write("archives/ledger.jsonl", lines[..end].concat());
    said(&world, &[5], "lines of 'archives/ledger.jsonl' are missing");
    let cut = world.cmd("rt-cat").arg("uuids").run();
    cut.status(5).stdout(&rows.stdout);
}

#[test]
fn lost_ledger_is_named_by_each_program_and_the_rows_are_served() {
    let world = World::filled(&["uuids"], 3);
    world.job().run().status(0);
    let rows = world.cmd("rt-cat").arg("uuids").run();
    let lost = ["ledger.jsonl", "ledger.checkpoint"];
    for file in lost {
        std::fs::remove_file(world.dir.join("archives").join(file)).unwrap();
    }
    said(&world, &[5], "'archives/ledger.jsonl' are missing");
    // Without the lock nothing tells that there was one.
    std::fs::remove_file(world.dir.join("archives/lock")).unwrap();
    let out = world.cmd("rt-cat").arg("uuids").run();
    out.status(0).stdout(&rows.stdout).stderr_has("archives and no ledger");
    for (program, args) in [
        ("rt-stat", &["--archives"][..]),
        ("rt-consolidate", &["-n"]),
        ("rt-expire", &["-n"]),
        ("rt-purge", &["-n", "--pending"]),
        ("rt-hold", &["list"]),
        ("rt-purge", &["--pending"]),
        ("rt-consolidate", &[]),
        ("rt-expire", &[]),
        ("rt-archive", &["all"]),
    ] {
        let out = world.cmd(program).args(args).run();
        out.stderr_has("'archives' holds archives and no ledger");
        let last = program == "rt-archive";
        let none = !world.dir.join("archives/ledger.jsonl").exists()
            || world.dir.read("archives/ledger.jsonl").is_empty();
        out.expect("no ledger was begun", none || last);
    }
}

#[test]
fn ledger_cut_anywhere_behind_the_intents_loses_no_row() {
    for table in ["uuids", "logs"] {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        world.job().run().status(0);
        let ledger = world.dir.read("archives/ledger.jsonl");
        let lines: Vec<&str> = ledger.split_inclusive('\n').collect();
        let intent = |l: &&str| l.contains("\"type\":\"store\"");
        let intents = lines.iter().rposition(intent).unwrap() + 1;
        back_up_tree(&world);
        for end in intents..lines.len() {
            put_back_tree(&world);
            world.dir.write("archives/ledger.jsonl", lines[..end].concat());
            is_refused_until_repaired(&world);
            let out = daily(&world).run();
            let done = [0, PARTLY].contains(&out.status);
            out.expect(&format!("line {end}: status 0 or 3"), done);
            world.sound();
            assert_eq!(world.all(), rows, "{end}{}", world.picture());
            at_rest(&world);
        }
    }
}
