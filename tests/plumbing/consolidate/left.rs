//! What is damaged, foreign to the ledger or not settled is left where it is
//! and named, and the rest goes on.

use std::fs;

use crate::support::tiers::{
    archive, consolidate, expire, files, image, insert, record, rt, tables,
};
use crate::support::{Dir, NOW, Out, scrub};

const GOOD: &str = "warm/2025-12-02/tool_uses.jsonl.gz";
const BAD: &str = "warm/2025-12-01/tool_uses.jsonl.gz";

fn two_days() -> Dir {
    let dir = tables();
    insert(&dir, "tool_uses", 1, &["2025-12-01", "2025-12-02"]);
    archive(&dir, NOW);
    dir
}

fn change(dir: &Dir, file: &str, how: How) -> Vec<u8> {
    let path = dir.join(format!("a/{file}"));
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
fn rehearsed(dir: &Dir) {
    let before = image(dir);
    let dry = consolidate(dir, NOW, &["-n"]);
    assert!(image(dir) == before);
    let copy = Dir::new();
    for what in ["a", "x.db"] {
        dir.cmd("cp").arg("-a").arg(what).arg(copy.join(what)).run().status(0);
    }
    let real = consolidate(&copy, NOW, &[]);
    real.status(dry.status);
    let said = |dir: &Dir, out: &Out| {
        let mut record = record(out);
        record["status"].take();
        scrub(dir, &record.to_string())
    };
    assert_eq!(said(dir, &dry), said(&copy, &real));
}

#[test]
fn a_warm_file_that_is_not_what_the_ledger_says_is_left() {
    for how in [flip as How, cut, grow] {
        let dir = two_days();
        let bad = change(&dir, BAD, how);
        rehearsed(&dir);
        let out = consolidate(&dir, NOW, &[]);
        out.status(3).stderr_has("2025-12-01/tool_uses.jsonl.gz");
        assert_eq!(record(&out)["removed_warm"][0], GOOD);
        assert_eq!(record(&out)["consolidated"], 1);
        assert_eq!(files(&dir, "warm"), [BAD]);
        assert!(fs::read(dir.join(format!("a/{BAD}"))).unwrap() == bad);
        // It is not deleted either when its time is over.
        let out = expire(&dir, "2028-01-01T00:00:00Z", &["--yes"]);
        out.expect("3 or 5", [3, 5].contains(&out.status));
        assert!(fs::read(dir.join(format!("a/{BAD}"))).unwrap() == bad);
    }
}

#[test]
fn a_warm_file_of_another_hand_that_cannot_be_read_is_left() {
    let gzip = |dir: &Dir, text: &str| {
        dir.cmd("gzip").arg("-c").stdin(text).run().bytes
    };
    for (text, how) in [
        ("{\"id\":1}\n{\"id\":2}\n", cut as How),
        ("{\"id\":1}\n{\"id\":2}\n", flip),
        ("{\"id\":1}\n{\"id\":2}", |bytes| bytes),
        ("{\"id\":1}\nnot a record\n", |bytes| bytes),
        ("{\"id\":1}\n", |bytes| [&bytes[..], b"x"].concat()),
    ] {
        let dir = two_days();
        let name = "warm/2025-12-01/message_bus_log.jsonl.gz";
        let bytes = gzip(&dir, text);
        dir.write(&format!("a/{name}"), bytes);
        let bytes = change(&dir, name, how);
        rehearsed(&dir);
        let out = consolidate(&dir, NOW, &[]);
        out.status(3).stderr_has("message_bus_log.jsonl.gz");
        assert_eq!(record(&out)["consolidated"], 2);
        assert_eq!(files(&dir, "warm"), [name]);
        assert!(fs::read(dir.join(format!("a/{name}"))).unwrap() == bytes);
    }
}

#[test]
fn a_month_that_is_not_what_the_ledger_says_is_left() {
    for how in [flip as How, cut, grow] {
        let dir = two_days();
        consolidate(&dir, NOW, &[]).status(0);
        let month = "cold/2025/2025-12.tar.gz";
        let bad = change(&dir, month, how);
        insert(&dir, "tool_uses", 3, &["2025-12-01", "2025-11-01"]);
        archive(&dir, NOW);
        rehearsed(&dir);
        let out = consolidate(&dir, NOW, &[]);
        out.status(5).stderr_has("2025-12.tar.gz");
        assert_eq!(record(&out)["consolidated"], 1);
        assert_eq!(files(&dir, "warm"), [BAD]);
        let out = expire(&dir, "2028-01-01T00:00:00Z", &["--yes"]);
        out.status(5).stderr_has("2025-12.tar.gz");
        let path = dir.join(format!("a/{month}"));
        assert!(fs::read(path).unwrap() == bad);
        assert_eq!(files(&dir, "cold"), [month]);
    }
}

#[test]
fn a_day_with_an_unsettled_segment_waits() {
    let dir = two_days();
    rt(&dir, "rt-store")
        .args(["--timestamp-column", "start_time", "tool_uses"])
        .stdin("{\"id\":9,\"start_time\":\"2025-12-01\",\"v\":null}\n")
        .run()
        .status(0);
    for args in [&["-n"][..], &[]] {
        let out = consolidate(&dir, NOW, args);
        assert_eq!(record(out.status(0))["removed_warm"][0], GOOD);
        assert_eq!(record(&out)["consolidated"], 1);
    }
    expire(&dir, "2028-01-01T00:00:00Z", &["--yes"]).status(0);
    assert_eq!(files(&dir, "warm"), [BAD]);
    rt(&dir, "rt-purge").arg("--pending").run().status(0);
    let out = consolidate(&dir, NOW, &[]);
    assert_eq!(record(out.status(0))["removed_warm"][0], BAD);
}
