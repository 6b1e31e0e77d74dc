//! A power cut while an append to the ledger is not flushed yet, on a file
//! system that may write its blocks in any order: a part of the append is
//! zeros or garbage. Nobody acted on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

const LEDGER: &str = "archives/ledger.jsonl";
const TORN: &str = "archives/ledger.torn";

fn ledger(world: &World) -> Vec<u8> {
    fs::read(world.dir.join(LEDGER)).unwrap()
}

/// A world as it was when rt-purge had appended its first event; the ledger
/// before the last line of that append, and that line.
fn at_purging(table: &str) -> (World, Vec<u8>, Vec<u8>) {
    let world = World::filled(&[table], 3);
    let killed = world.purge_later(&world.stored(table));
    killed.env("RT_FAIL", "purge.purging=kill").run().status(KILLED);
    let mut before = ledger(&world);
    let mut lines = before.split_inclusive(|b| *b == b'\n');
    let line = lines.next_back().unwrap().to_vec();
    assert!(line.ends_with(b"\n"));
    before.truncate(before.len() - line.len());
    (world, before, line)
}

/// Leaves the ledger as a power cut does: the mark of its end is written
/// behind the append, and was not yet.
fn cut_off(world: &World, bytes: &[u8]) {
    world.dir.write(LEDGER, bytes);
    world.dir.write("archives/lock", "");
}

/// An ordinary run moves the torn bytes aside, says so, and goes on.
fn is_moved_aside(world: &World, whole: &[u8], torn: &[u8]) {
    cut_off(world, &[whole, torn].concat());
    let out = daily(world).run();
    out.status(0).stderr_has("ledger.torn");
    let aside = world.dir.join(TORN);
    assert!(fs::read(&aside).unwrap().ends_with(torn), "{}", world.picture());
    let mode = aside.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert!(ledger(world).starts_with(whole), "{}", world.picture());
    world.recovers(&World::filled(&world.tables(), 3).all());
    daily(world).run().status(0).stderr("");
    world.cmd("rt-stat").arg("--archives").run().status(0).stderr("");
}

/// The same bytes with zeros from `from` on, `count` of them.
fn zeroed(bytes: &[u8], from: usize, count: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[from..from + count].fill(0);
    bytes
}

#[test]
fn append_whose_first_bytes_are_zeros_is_moved_aside() {
    for table in ["uuids", "logs"] {
        let (world, before, line) = at_purging(table);
        is_moved_aside(&world, &before, &zeroed(&line, 0, 40));
    }
}

#[test]
fn append_with_zeros_in_the_middle_is_moved_aside() {
    let (world, before, line) = at_purging("numbers");
    is_moved_aside(&world, &before, &zeroed(&line, 20, 30));
}

#[test]
fn append_without_its_end_is_moved_aside() {
    let (world, before, line) = at_purging("uuids");
    is_moved_aside(&world, &before, &line[..line.len() - 10]);
}

#[test]
fn garbage_of_several_lines_at_the_end_is_moved_aside() {
    let (world, before, _) = at_purging("uuids");
    let garbage = b"\x00\x00{\"type\":\n\xff\xfe no line\n\n{\"seq\n\x07";
    is_moved_aside(&world, &before, garbage);
}

#[test]
fn zeros_in_any_line_of_an_append_are_moved_aside() {
    for broken in 0..3 {
        let world = World::filled(&["uuids"], 3);
        world.fill("uuids", "2026-01-04", 3);
        let rows = world.all();
        let store = world.store("uuids", &world.export("uuids"));
        store.env("RT_FAIL", "store.intents=kill").run().status(KILLED);
        let append = ledger(&world);
        let lines: Vec<&[u8]> =
            append.split_inclusive(|b| *b == b'\n').collect();
        assert_eq!(lines.len(), 3);
        let whole = lines[..broken].concat();
        let torn = zeroed(&lines[broken..].concat(), 30, 60);
        cut_off(&world, &[&whole[..], &torn].concat());
        daily(&world).run().status(0).stderr_has("ledger.torn");
        let aside = fs::read(world.dir.join(TORN)).unwrap();
        assert_eq!(aside, torn, "{broken}");
        world.recovers(&rows);
    }
}

#[test]
fn zeros_over_two_lines_of_one_append_are_moved_aside() {
    let world = World::filled(&["uuids"], 3);
    let store = world.store("uuids", &world.export("uuids"));
    store.env("RT_FAIL", "store.intents=kill").run().status(KILLED);
    let append = ledger(&world);
    let first = append.iter().position(|b| *b == b'\n').unwrap();
    is_moved_aside(&world, b"", &zeroed(&append, first - 100, 200));
}

#[test]
fn second_of_two_torn_appends_is_kept_beside_the_first() {
    let (world, before, line) = at_purging("uuids");
    let torn = zeroed(&line, 0, 40);
    is_moved_aside(&world, &before, &torn);
    is_moved_aside(&world, &ledger(&world), b"second\n");
    let aside = fs::read(world.dir.join(TORN)).unwrap();
    let first = aside.windows(torn.len()).any(|bytes| bytes == torn);
    assert!(first, "{}", String::from_utf8_lossy(&aside));
}

#[test]
fn damage_that_a_whole_line_follows_is_left_and_reported() {
    let world = World::filled(&["uuids"], 3);
    world.job().run().status(0);
    let whole = ledger(&world);
    let end = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n');
    let end = end.unwrap();
    for from in [10, end - 60] {
        let damaged = zeroed(&whole, from, 30);
        world.dir.write(LEDGER, &damaged);
        world.pending().run().status(5);
        daily(&world).run().status(5);
        assert_eq!(ledger(&world), damaged);
        assert!(!world.dir.join(TORN).exists());
    }
}
