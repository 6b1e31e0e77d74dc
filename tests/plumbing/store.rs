//! rt-store: whole files by day, receipts that name what is on disk, and
//! nothing half-published whatever goes wrong.

mod day_that_grows;
mod files_and_receipts;
mod limits_of_the_machine;
mod records_that_are_refused;
mod single_file;

use serde_json::Value;

use crate::support::{Cmd, Dir, Out};

/// A folder with the database `x.db` and its table `t`.
fn with_table() -> Dir {
    let dir = Dir::new();
    dir.sql("x.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v)");
    dir
}

/// `rt-store --db x.db --archives a --timestamp-column at ARG... t`
fn store<'d>(dir: &'d Dir, args: &[&str], lines: &str) -> Cmd<'d> {
    dir.cmd("rt-store")
        .args(["--db", "x.db", "--archives", "a"])
        .args(["--timestamp-column", "at"])
        .args(args)
        .arg("t")
        .stdin(lines)
}

/// What it prints: receipts, and the result record behind them.
fn printed(out: &Out) -> (Vec<Value>, Value) {
    let line = |line: &str| serde_json::from_str(line).unwrap();
    let mut records: Vec<Value> = out.stdout.lines().map(line).collect();
    let stored = records.pop().unwrap();
    assert_eq!(stored["type"], "stored");
    assert!(records.iter().all(|r| r["type"] == "receipt"));
    assert_eq!(stored["segments"], records.len());
    let rows = records.iter().map(|r| r["rows"].as_u64().unwrap());
    assert_eq!(stored["rows"], rows.sum::<u64>());
    (records, stored)
}

/// A row record of `t`.
fn row(id: usize, at: &str, v: &str) -> String {
    format!("{{\"id\":{id},\"at\":\"{at}\",\"v\":\"{v}\"}}\n")
}

/// The lines of the tree's listing below `a/warm`.
fn warm(dir: &Dir) -> Vec<String> {
    let tree = dir.tree();
    let lines = tree.lines().filter(|l| l.starts_with("a/warm/"));
    lines.filter(|l| !l.ends_with('/')).map(str::to_owned).collect()
}

/// The types of the ledger's events.
fn events(dir: &Dir) -> Vec<String> {
    let ledger = dir.read("a/ledger.jsonl");
    let events = ledger.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["type"].as_str().unwrap().to_owned()
    });
    events.collect()
}
