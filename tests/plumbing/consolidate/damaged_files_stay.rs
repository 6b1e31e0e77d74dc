//! What is damaged, foreign to the ledger or not settled is left where it is
//! and named, and the rest goes on.

use std::fs;

use crate::support::world::{World, record};
use crate::support::{NOW, Out, scrub};

const GOOD: &str = "warm/2025-12-02/tool_uses.jsonl.gz";
const BAD: &str = "warm/2025-12-01/tool_uses.jsonl.gz";

fn two_days() -> World {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-01", "2025-12-02"]);
    world.archive(NOW);
    world
}

fn change(world: &World, file: &str, how: How) -> Vec<u8> {
    let path = world.dir.join(format!("archives/{file}"));
    let bytes = how(fs::read(&path).unwrap());
    fs::write(&path, &bytes).unwrap();
    bytes
}

/// What becomes of a file's bytes.
type How = fn(Vec<u8>) -> Vec<u8>;

/// A byte in the middle is another one.
fn flip(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

/// The end is missing.
fn cut(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - 9);
    bytes
}

/// Something was added.
fn grow(bytes: Vec<u8>) -> Vec<u8> {
    bytes.repeat(2)
}

/// A dry run changes nothing, and says what the run on a copy then says.
fn rehearsed(world: &World) {
    let before = world.image();
    let dry = world.consolidate(NOW, &["-n"]);
    assert!(world.image() == before);
    let copy = world.copy();
    let real = copy.consolidate(NOW, &[]);
    real.status(dry.status);
    let said = |world: &World, out: &Out| {
        let mut record = record(out);
        record["status"].take();
        scrub(&world.dir, &record.to_string())
    };
    assert_eq!(said(world, &dry), said(&copy, &real));
}

#[test]
fn a_warm_file_that_is_not_what_the_ledger_says_is_left() {
    for how in [flip as How, cut, grow] {
        let world = two_days();
        let bad = change(&world, BAD, how);
        rehearsed(&world);
        let out = world.consolidate(NOW, &[]);
        out.status(3).stderr_has("2025-12-01/tool_uses.jsonl.gz");
        assert_eq!(record(&out)["removed_warm"][0], GOOD);
        assert_eq!(record(&out)["consolidated"], 1);
        assert_eq!(world.files_of("warm"), [BAD]);
        assert!(
            fs::read(world.dir.join(format!("archives/{BAD}"))).unwrap()
                == bad
        );
        // It is not deleted either when its time is over.
        let out = world.expire("2028-01-01T00:00:00Z", &["--yes"]);
        out.expect("3 or 5", [3, 5].contains(&out.status));
        assert!(
            fs::read(world.dir.join(format!("archives/{BAD}"))).unwrap()
                == bad
        );
    }
}

#[test]
fn a_warm_file_of_another_hand_that_cannot_be_read_is_left() {
    let gzip = |world: &World, text: &str| {
        world.dir.cmd("gzip").arg("-c").stdin(text).run().bytes
    };
    for (text, how) in [
        ("{\"id\":1}\n{\"id\":2}\n", cut as How),
        ("{\"id\":1}\n{\"id\":2}\n", flip),
        ("{\"id\":1}\n{\"id\":2}", |bytes| bytes),
        ("{\"id\":1}\nnot a record\n", |bytes| bytes),
        ("{\"id\":1}\n", |bytes| [&bytes[..], b"x"].concat()),
    ] {
        let world = two_days();
        let name = "warm/2025-12-01/message_bus_log.jsonl.gz";
        let bytes = gzip(&world, text);
        world.dir.write(&format!("archives/{name}"), bytes);
        let bytes = change(&world, name, how);
        rehearsed(&world);
        let out = world.consolidate(NOW, &[]);
        out.status(3).stderr_has("message_bus_log.jsonl.gz");
        assert_eq!(record(&out)["consolidated"], 2);
        assert_eq!(world.files_of("warm"), [name]);
        assert!(
            fs::read(world.dir.join(format!("archives/{name}"))).unwrap()
                == bytes
        );
    }
}

#[test]
fn a_month_that_is_not_what_the_ledger_says_is_left() {
    for how in [flip as How, cut, grow] {
        let world = two_days();
        world.consolidate(NOW, &[]).status(0);
        let month = "cold/2025/2025-12.tar.gz";
        let bad = change(&world, month, how);
        world.insert("tool_uses", 3, &["2025-12-01", "2025-11-01"]);
        world.archive(NOW);
        rehearsed(&world);
        let out = world.consolidate(NOW, &[]);
        out.status(5).stderr_has("2025-12.tar.gz");
        assert_eq!(record(&out)["consolidated"], 1);
        assert_eq!(world.files_of("warm"), [BAD]);
        let out = world.expire("2028-01-01T00:00:00Z", &["--yes"]);
        out.status(5).stderr_has("2025-12.tar.gz");
        let path = world.dir.join(format!("archives/{month}"));
        assert!(fs::read(path).unwrap() == bad);
        assert_eq!(world.files_of("cold"), [month]);
    }
}

#[test]
fn a_day_with_an_unsettled_segment_waits() {
    let world = two_days();
    world
        .cmd("rt-store")
        .args(["--timestamp-column", "start_time", "tool_uses"])
        .stdin("{\"id\":9,\"start_time\":\"2025-12-01\",\"v\":null}\n")
        .run()
        .status(0);
    for args in [&["-n"][..], &[]] {
        let out = world.consolidate(NOW, args);
        assert_eq!(record(out.status(0))["removed_warm"][0], GOOD);
        assert_eq!(record(&out)["consolidated"], 1);
    }
    world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(0);
    assert_eq!(world.files_of("warm"), [BAD]);
    // Its row is not there, so its line stays.
    let out = world.cmd("rt-purge").arg("--pending").run();
    out.status(3).stdout_has("\"superseded\":1");
    let out = world.consolidate(NOW, &[]);
    assert_eq!(record(out.status(0))["removed_warm"][0], BAD);
    assert_eq!(world.archived_of("id"), "1 9");
}
