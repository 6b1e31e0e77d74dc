//! The lake follows the ledger, and nothing else.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::support::world::World;

#[test]
fn second_run_writes_nothing() {
    let world = World::filled(&["uuids", "numbers"], 30);
    archive(&world, &["uuids", "numbers"]);
    let first = summary(&publish(&world).run());
    assert_eq!((&first["made"], &first["kept"]), (&2.into(), &0.into()));
    let before = fs::metadata(world.dir.join("lake/manifest.json")).unwrap();
    let out = publish(&world).run();
    let second = summary(&out);
    out.expect("one record", out.stdout.lines().count() == 1);
    assert_eq!((&second["made"], &second["kept"]), (&0.into(), &2.into()));
    let after = fs::metadata(world.dir.join("lake/manifest.json")).unwrap();
    assert_eq!((before.ino(), before.mtime()), (after.ino(), after.mtime()));
}

#[test]
fn dry_run_says_what_a_run_does_and_changes_nothing() {
    let world = World::filled(&["uuids"], 30);
    archive(&world, &["uuids"]);
    let before = world.dir.tree();
    let out = publish(&world).arg("-n").run();
    let planned = summary(&out);
    assert_eq!(world.dir.tree(), before);
    let done = summary(&publish(&world).run());
    for key in ["made", "removed", "rows"] {
        assert_eq!(planned[key], done[key], "{key}");
    }
}

#[test]
fn later_day_makes_its_month_anew_and_consolidation_changes_nothing() {
    let world = World::filled(&["uuids"], 30);
    archive(&world, &["uuids"]);
    summary(&publish(&world).run());
    let first = on_disk(&world.dir);
    world.fill("uuids", "2026-01-05", 7);
    archive(&world, &["uuids"]);
    let done = summary(&publish(&world).run());
    assert_eq!((&done["made"], &done["removed"]), (&1.into(), &1.into()));
    assert_ne!(on_disk(&world.dir), first);
    same(&world, &["uuids"]);
    let rolled = world.cmd("rt-consolidate").args(["--older-than", "1d"]);
    rolled.run().status(0);
    assert!(world.dir.tree().contains("cold/2026/2026-01.tar.gz"));
    let done = summary(&publish(&world).run());
    assert_eq!((&done["made"], &done["kept"]), (&0.into(), &1.into()));
    // A new lake is made out of the tar, and is the same.
    let before = on_disk(&world.dir);
    fs::remove_dir_all(world.dir.join("lake")).unwrap();
    summary(&publish(&world).run());
    assert_eq!(on_disk(&world.dir), before);
    same(&world, &["uuids"]);
}

#[test]
fn rows_that_are_not_settled_are_not_published() {
    let world = World::filled(&["uuids"], 30);
    let receipts = world.stored("uuids");
    let out = publish(&world).run();
    let waits = summary(&out);
    assert_eq!((&waits["made"], &waits["waiting"]), (&0.into(), &1.into()));
    world.purge(&receipts).run().status(0);
    assert_eq!(summary(&publish(&world).run())["made"], 1);
    same(&world, &["uuids"]);
}

#[test]
fn what_expires_leaves_the_lake_and_old_files_stay_as_long_as_asked() {
    let world = World::filled(&["uuids"], 30);
    archive(&world, &["uuids"]);
    summary(&publish(&world).run());
    let [file] = &on_disk(&world.dir)[..] else { panic!("one file") };
    let file = file.clone();
    let late = "2028-01-15T00:00:00Z";
    let rolled = world.cmd("rt-consolidate").now(late);
    rolled.run().status(0);
    let expired = world.cmd("rt-expire").args(["--yes"]).now(late).run();
    expired.status(0);
    let out = publish(&world).args(["--keep-old", "1h"]).now(late).run();
    assert_eq!(summary(&out)["removed"], 1);
    assert_eq!(units(&world.dir), Vec::<Value>::new());
    assert_eq!(on_disk(&world.dir), [file]);
    let later = "2028-01-15T00:59:59Z";
    let out = publish(&world).args(["--keep-old", "1h"]).now(later).run();
    summary(&out);
    assert_eq!(on_disk(&world.dir).len(), 1);
    let later = "2028-01-15T01:00:00Z";
    let out = publish(&world).args(["--keep-old", "1h"]).now(later).run();
    summary(&out);
    assert_eq!(on_disk(&world.dir), Vec::<String>::new());
    assert!(!world.dir.join("lake/uuids").exists(), "{}", world.dir.tree());
}

#[test]
fn damaged_archive_leaves_its_month_as_it_was_published() {
    let world = World::filled(&["uuids", "numbers"], 30);
    archive(&world, &["uuids", "numbers"]);
    summary(&publish(&world).run());
    for table in ["uuids", "numbers"] {
        world.fill(table, "2026-01-05", 7);
    }
    archive(&world, &["uuids", "numbers"]);
    let path = world.dir.join("archives/warm/2026-01-05/uuids.jsonl.gz");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len() - 20;
    bytes[end] ^= 1;
    fs::write(&path, bytes).unwrap();
    let before = files(&world.dir, "uuids");
    let out = publish(&world).run();
    out.status(5).stderr_has("'uuids', 2026-01: ");
    assert_eq!(files(&world.dir, "uuids"), before);
    out.stdout_has("\"made\":1,");
    let months = lines(&world, "numbers").stdout.lines().count();
    assert_eq!(months, 67);
}

#[test]
fn two_hosts_share_a_lake_and_leave_each_other_alone() {
    let world = World::filled(&["uuids"], 30);
    archive(&world, &["uuids"]);
    summary(&publish(&world).run());
    let other = World::filled(&["uuids"], 20);
    archive(&other, &["uuids"]);
    let lake_of_both = world.dir.join("lake");
    let to_both = || {
        other
            .cmd(lake().to_str().unwrap())
            .args(["--host", "b.example"])
            .arg(&lake_of_both)
    };
    summary(&to_both().run());
    summary(&publish(&world).run());
    let hosts: Vec<Value> =
        units(&world.dir).iter().map(|u| u["host"].clone()).collect();
    assert_eq!(hosts, ["a", "b.example"]);
    assert_eq!(summary(&to_both().run())["kept"], 1);
    let bad = to_both().args(["--host", "a/b"]).run();
    bad.status(2).stderr_has("a host cannot be called 'a/b' in a lake");
}

#[test]
fn second_tree_does_not_take_the_place_of_the_first() {
    let world = World::filled(&["uuids"], 30);
    archive(&world, &["uuids"]);
    summary(&publish(&world).run());
    let other = World::filled(&["numbers"], 20);
    archive(&other, &["numbers"]);
    let before = world.dir.tree();
    for more in [&["-n"][..], &[]] {
        let cmd = other.cmd(lake().to_str().unwrap()).args(["--host", "a"]);
        let out = cmd.args(more).arg(world.dir.join("lake")).run();
        let message = "the host 'a' of this lake is that of another archive";
        out.status(2).stdout("").stderr_has(message);
    }
    assert_eq!(world.dir.tree(), before);
    // The tree itself may be elsewhere.
    let moved = world.sh("mv archives moved; mkdir archives").run();
    moved.status(0);
    let out = publish(&world).args(["--archives", "moved"]).run();
    assert_eq!(summary(&out)["kept"], 1);
}

#[test]
fn month_whose_schema_is_nowhere_keeps_no_other_one_away() {
    let world = World::filled(&["uuids", "numbers"], 30);
    archive(&world, &["uuids", "numbers"]);
    let schemas = fs::read_dir(world.dir.join("archives/schema")).unwrap();
    let mut schemas = schemas.map(|entry| entry.unwrap().path());
    let is =
        |path: &std::path::PathBuf| path.to_str().unwrap().contains("uuids");
    fs::remove_file(schemas.find(is).unwrap()).unwrap();
    let out = publish(&world).run();
    out.status(5).stderr_has("is not there");
    assert_eq!(files(&world.dir, "numbers").len(), 1);
}
