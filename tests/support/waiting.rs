//! A program that has begun before its input was there, as the last one of a
//! pipeline has.
//!
//! rt-purge looks at the ledger when it begins, and takes a segment that is in
//! it for another run's. Tests store first and purge afterwards; so the ledger
//! is shown to it as it was before the store, until it waits for its input.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Where the intents of these receipts begin in the ledger, in bytes; none
/// where there are no receipts, or it has none of them.
pub fn before_the_store(ledger: &Path, receipts: &[u8]) -> Option<u64> {
    let receipts = std::str::from_utf8(receipts).ok()?;
    let lines = receipts.lines().filter_map(|l| serde_json::from_str(l).ok());
    let ids: Vec<String> = lines
        .filter_map(|l: Value| l["id"].as_str().map(str::to_owned))
        .collect();
    let text = fs::read_to_string(ledger).ok()?;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let is_one = |id: &String| line.contains(&format!("\"id\":\"{id}\""));
        if line.starts_with("{\"type\":\"store\"") && ids.iter().any(is_one) {
            return Some(start);
        }
        start += line.len() as u64;
    }
    None
}

/// Runs a command that begins while the ledger has only `end` bytes, and gets
/// its input when it has all of them again.
pub fn output(
    mut command: Command,
    input: &[u8],
    (ledger, end): (&Path, u64),
    database: &Path,
) -> io::Result<Output> {
    let database = fs::canonicalize(database)?;
    let whole = fs::read(ledger)?;
    let file = OpenOptions::new().write(true).open(ledger)?;
    file.set_len(end)?;
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(e) => {
            fs::write(ledger, whole)?;
            return Err(e);
        }
    };
    // It opens the database after it has looked at the ledger.
    while child.try_wait()?.is_none() && !has_open(child.id(), &database) {
        thread::sleep(Duration::from_millis(1));
    }
    fs::write(ledger, whole)?;
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // Who does not read its input to the end says so by its status.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output()
    })
}

/// Whether a process, or one that it has started (strace starts what it
/// traces), has this file open. The file itself is not opened here: to close
/// it would give up the locks of all connections of the test.
fn has_open(process: u32, file: &Path) -> bool {
    let opened =
        |fd: fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|to| to == file);
    let open = fs::read_dir(format!("/proc/{process}/fd"));
    open.is_ok_and(|open| open.flatten().any(opened))
        || children(process).into_iter().any(|child| has_open(child, file))
}

/// The processes that a process has started, by /proc.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers =
        processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"));
        // pid (name) state ppid ...
        let stat = stat.unwrap_or_default();
        let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        rest.split(' ').nth(1) == Some(&parent.to_string())
    };
    numbers.filter(is_child).collect()
}
