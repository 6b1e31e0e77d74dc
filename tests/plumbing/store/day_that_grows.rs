//! A second time on the same tree: a day grows only once what was stored
//! before is settled, and only if its file is what it was.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::files_and_receipts::chain_holds;
use super::{events, printed, row, store, warm, with_table};
use crate::support::Dir;
use crate::support::rows::{bytes, sha256};

/// Settles all segments as if their rows were deleted, by the ledger's own
/// format.
fn settle(dir: &Dir) {
    let mut ledger = dir.read("a/ledger.jsonl");
    let events: Vec<Value> =
        ledger.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let settled: Vec<&Value> =
        events.iter().filter(|e| e["type"] == "purge").collect();
    let mut seq = events.len();
    for segment in events.iter().filter(|e| e["type"] == "store") {
        let id = segment["id"].as_str().unwrap();
        if settled.iter().any(|e| e["id"] == id) {
            continue;
        }
        let last = ledger.lines().last().unwrap();
        let prev = sha256(&dir.write("line", last));
        let (rows, file) = (&segment["rows"], &segment["file"]);
        seq += 1;
        ledger.push_str(&format!(
            "{{\"type\":\"purge\",\"seq\":{seq},\
             \"at\":\"2026-01-15T00:00:00Z\",\
             \"wall\":\"2026-01-15T00:00:00Z\",\"prev\":\"{prev}\",\
             \"id\":\"{id}\",\"table\":\"t\",\"file\":{file},\
             \"rows\":{rows},\"deleted\":{rows},\"changed\":0,\
             \"referenced\":0,\"refused\":0,\"gone\":0,\"superseded\":0}}\n"
        ));
    }
    fs::write(dir.join("a/ledger.jsonl"), ledger).unwrap();
}

const DAY: &str = "a/warm/2026-01-08/t.jsonl.gz";

#[test]
fn a_table_with_an_unsettled_segment_is_refused() {
    let dir = with_table();
    store(&dir, &[], &row(1, "2026-01-08", "a")).run().status(0);
    let before = (dir.tree(), bytes(&dir.join(DAY)));
    for day in ["2026-01-08", "2026-01-09"] {
        let out = store(&dir, &[], &row(2, day, "b")).run();
        out.status(75).stderr_has("not settled").stderr_has("--pending");
        let (receipts, stored) = printed(&out);
        assert!(receipts.is_empty());
        assert_eq!(stored["status"], "failed");
        assert_eq!(stored["exit_status"], 75);
        assert!((dir.tree(), bytes(&dir.join(DAY))) == before);
    }
    // Another table has nothing to do with it.
    dir.sql("x.db", "CREATE TABLE u(id INTEGER PRIMARY KEY, at)");
    let other = dir
        .cmd("rt-store")
        .args(["--db", "x.db", "--archives", "a"])
        .args(["--timestamp-column", "at", "u"])
        .stdin("{\"id\":1,\"at\":\"2026-01-08\"}\n")
        .run();
    other.status(0);
}

#[test]
fn a_settled_day_grows_behind_what_is_there() {
    for plain in [&["--no-compress"][..], &[]] {
        let dir = with_table();
        let name =
            if plain.is_empty() { DAY } else { "a/warm/2026-01-08/t.jsonl" };
        let mut parts: Vec<Vec<u8>> = vec![Vec::new()];
        for id in 1..=3 {
            let out = store(&dir, plain, &row(id, "2026-01-08", "v")).run();
            let (receipts, _) = printed(out.status(0));
            let file = bytes(&dir.join(name)).unwrap();
            let before = parts.last().unwrap();
            let receipt = &receipts[0];
            assert!(file.starts_with(before));
            assert_eq!(receipt["offset_bytes"], before.len());
            assert_eq!(receipt["size_bytes"], file.len() - before.len());
            let tail = dir.write("tail", &file[before.len()..]);
            assert_eq!(receipt["sha256"], sha256(&tail));
            assert_eq!(receipt["file_sha256"], sha256(&dir.join(name)));
            if id > 1 {
                let old = dir.write("old", before);
                assert_eq!(receipt["before_sha256"], sha256(&old));
            }
            parts.push(file);
            settle(&dir);
        }
        let text = match plain {
            [] => dir.zcat(name),
            _ => dir.read(name),
        };
        assert_eq!(text.lines().count(), 3);
        assert_eq!(warm(&dir).len(), 1);
        chain_holds(&dir);
    }
}

#[test]
fn a_file_that_was_changed_from_outside_is_left_alone() {
    for change in ["longer", "shorter", "other", "gone", "link"] {
        let dir = with_table();
        store(&dir, &[], &row(1, "2026-01-08", "a")).run().status(0);
        settle(&dir);
        let path = dir.join(DAY);
        let mut file = bytes(&path).unwrap();
        match change {
            "longer" => file.extend([0; 8]),
            "shorter" => file.truncate(file.len() - 1),
            _ => {
                let middle = file.len() / 2;
                file[middle] ^= 1;
            }
        }
        match change {
            "gone" => fs::remove_file(&path).unwrap(),
            "link" => {
                fs::rename(&path, dir.join("elsewhere")).unwrap();
                std::os::unix::fs::symlink(dir.join("elsewhere"), &path)
                    .unwrap();
            }
            _ => fs::write(&path, file).unwrap(),
        }
        let before = (dir.tree(), bytes(&path), events(&dir));
        let lines =
            [row(2, "2026-01-07", "b"), row(3, "2026-01-08", "c")].concat();
        let out = store(&dir, &[], &lines).run();
        let status = if change == "link" { 1 } else { 5 };
        out.status(status).stderr_has("2026-01-08/t.jsonl.gz");
        assert!(printed(&out).0.is_empty());
        assert_eq!(warm(&dir).len(), usize::from(change != "gone"));
        assert!(before.1 == bytes(&path), "{change}: it was touched");
        assert_eq!(before.2, events(&dir), "{change}");
    }
}

#[test]
fn a_file_that_the_ledger_does_not_know_is_left_alone() {
    let dir = with_table();
    dir.write(DAY, "somebody's own");
    let out = store(&dir, &[], &row(1, "2026-01-08", "a")).run();
    out.status(5).stderr_has("is not in the ledger");
    assert_eq!(dir.read(DAY), "somebody's own");
    assert!(printed(&out).0.is_empty());
}

#[test]
fn a_ledger_that_was_edited_stops_everything() {
    let dir = with_table();
    store(&dir, &[], &row(1, "2026-01-08", "a")).run().status(0);
    settle(&dir);
    let ledger = dir.read("a/ledger.jsonl");
    // With a checkpoint, the lines before it are not read.
    fs::remove_file(dir.join("a/ledger.checkpoint")).unwrap();
    for (from, to) in
        [("\"rows\":1", "\"rows\":2"), ("\"seq\":2", "\"seq\":3")]
    {
        dir.write("a/ledger.jsonl", ledger.replacen(from, to, 1));
        let tree = dir.tree();
        let out = store(&dir, &[], &row(2, "2026-01-09", "b")).run();
        out.status(5).stderr_has("ledger.jsonl', line");
        assert_eq!(dir.tree(), tree);
    }
    // A torn last line is a dead run's, which never acted on it.
    dir.write("a/ledger.jsonl", format!("{ledger}{{\"type\":\"sto"));
    store(&dir, &[], &row(2, "2026-01-09", "b")).run().status(0);
    assert!(dir.read("a/ledger.jsonl").starts_with(&ledger));
    chain_holds(&dir);
}

#[test]
fn one_works_and_the_other_is_told_so_at_once() {
    let dir = with_table();
    let mut first = Command::new(env!("CARGO_BIN_EXE_rt-store"))
        .args(["--db", "x.db", "--archives", "a"])
        .args(["--timestamp-column", "at", "t"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = first.stdin.take().unwrap();
    stdin.write_all(row(1, "2026-01-08", "a").as_bytes()).unwrap();
    let start = Instant::now();
    while !dir.join("a/warm/2026-01-08").exists() {
        std::thread::sleep(Duration::from_millis(5));
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    let start = Instant::now();
    let out = store(&dir, &[], &row(2, "2026-01-09", "b")).run();
    out.status(75).stderr_has("another run has the lock of 'a'");
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(printed(&out).0.is_empty());
    drop(stdin);
    assert!(first.wait_with_output().unwrap().status.success());
    assert_eq!(warm(&dir).len(), 1);
}
