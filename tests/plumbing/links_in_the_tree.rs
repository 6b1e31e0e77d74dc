//! Links and special files below a tree's root: nothing is followed out of the
//! tree, nothing is waited for, and the rest of the tree goes on.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::system;
use crate::support::world::World;

const NOW: &str = "2026-01-08T00:00:00Z";
const LATER: &str = "2026-03-15T00:00:00Z";
const THEIRS: &str =
    "{\"id\":7,\"start_time\":\"2025-12-04T00:00:00Z\",\"x\":\"theirs\"}\n";

/// A tree with a day of ours, and one that is a link to a folder outside.
fn world() -> World {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    world.archive(NOW);
    world.dir.write("outside/tool_uses.jsonl", THEIRS);
    world.dir.write("outside/.rt-tmp-theirs", "kept");
    let outside = world.dir.join("outside");
    symlink(outside, world.dir.join("archives/warm/2025-12-04")).unwrap();
    world
}

fn untouched(world: &World) {
    assert_eq!(world.dir.read("outside/tool_uses.jsonl"), THEIRS);
    assert_eq!(world.dir.read("outside/.rt-tmp-theirs"), "kept");
}

#[test]
fn day_that_is_a_link_is_left_and_the_others_go_on() {
    let world = world();
    let cat = world.cmd("rt-cat").arg("tool_uses").now(LATER).run();
    cat.status(5).stderr_has("2025-12-04' is not a folder but");
    cat.expect("our row alone", cat.stdout.lines().count() == 1);
    world.expire(LATER, &["-n"]).status(5);
    let moved = world.consolidate(LATER, &[]);
    moved.status(5).stderr_has("put a real folder in its place");
    assert_eq!(world.files_of("cold"), ["cold/2025/2025-12.tar.gz"]);
    untouched(&world);
    world.cmd("rt-verify").now(LATER).run().stdout_has("2025-12-04");
    world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(5);
    assert!(world.files_of("cold").is_empty());
    world.pending().now(LATER).run().status(0);
    world.insert("tool_uses", 2, &["2025-12-05"]);
    world.archive(LATER);
    assert_eq!(world.row("SELECT count(*) FROM tool_uses"), "0");
    untouched(&world);
}

#[test]
fn row_whose_archive_lies_behind_a_link_stays_in_the_database() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    let receipts = world.stored("tool_uses");
    let day = world.dir.join("archives/warm/2025-12-02");
    fs::rename(&day, world.dir.join("outside")).unwrap();
    symlink(world.dir.join("outside"), &day).unwrap();
    let out = world.purge(&receipts).now(NOW).run();
    out.status(5).stderr_has("symbolic link");
    assert_eq!(world.row("SELECT count(*) FROM tool_uses"), "1");
    assert!(world.dir.join("outside/tool_uses.jsonl.gz").exists());
    fs::remove_file(&day).unwrap();
    fs::rename(world.dir.join("outside"), &day).unwrap();
    world.purge(&receipts).now(NOW).run().status(0);
    assert_eq!(world.row("SELECT count(*) FROM tool_uses"), "0");
}

#[test]
fn year_of_the_cold_tier_that_is_a_link_is_not_read() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    world.archive(NOW);
    world.consolidate(LATER, &[]).status(0);
    let year = world.dir.join("archives/cold/2025");
    fs::rename(&year, world.dir.join("outside")).unwrap();
    symlink(world.dir.join("outside"), &year).unwrap();
    let tar = world.dir.join("outside/2025-12.tar.gz");
    let before = fs::read(&tar).unwrap();
    let cat = world.cmd("rt-cat").arg("tool_uses").now(LATER).run();
    cat.status(5).stdout("").stderr_has("cold/2025' is not a folder but");
    world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(5);
    assert!(before == fs::read(&tar).unwrap());
}

#[test]
fn pipe_in_the_place_of_a_file_is_a_message_and_no_wait() {
    for file in [
        "ledger.jsonl",
        "lock",
        "warm/2025-12-02/tool_uses.jsonl.gz",
        "cold/2025/2025-11.tar.gz",
        "schema",
    ] {
        let world = World::tiers();
        world.insert("tool_uses", 1, &["2025-11-02"]);
        world.archive(NOW);
        world.consolidate("2026-01-20T00:00:00Z", &[]).status(0);
        world.insert("tool_uses", 2, &["2025-12-02"]);
        world.archive(NOW);
        let mut path = world.dir.join("archives").join(file);
        if file == "schema" {
            let kept = fs::read_dir(&path).unwrap().next().unwrap();
            path = kept.unwrap().path();
        }
        fs::remove_file(&path).unwrap();
        let Some(mut mkfifo) = system("mkfifo") else { return };
        assert!(mkfifo.arg(&path).status().unwrap().success());
        world.insert("tool_uses", 3, &["2025-12-02"]);
        for (program, args) in [
            ("rt-cat", &["tool_uses"][..]),
            ("rt-consolidate", &[]),
            ("rt-expire", &["--yes"]),
            ("rt-purge", &["--pending"]),
            ("rt-verify", &[]),
            ("rt-stat", &["--archives"]),
            ("rt-archive", &["tool_uses"]),
        ] {
            let run = world.cmd(program).args(args).now(LATER).patience(20);
            let out = run.run();
            let known = matches!(out.status, 0 | 1 | 3 | 4 | 5);
            out.expect("a known status", known);
        }
    }
}
