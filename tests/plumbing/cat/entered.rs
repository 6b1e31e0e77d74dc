//! Files are entered in the middle: of a day only the members that can hold
//! rows of the time that is asked for are read.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Dir, Out};

const WARM: &str = "a/warm/2025-11-02/t.jsonl.gz";

/// A day with a gzip member an hour, each of 20 rows with noise.
fn day_of_24_members() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v);
         WITH n(id) AS (VALUES(0) UNION ALL SELECT id + 1 FROM n LIMIT 480)
         INSERT INTO t SELECT id,
            format('2025-11-02T%02d:%02d:00Z', id / 20, 2 * (id % 20)),
            hex(randomblob(2000)) FROM n;",
    );
    let line = "for hour in $(seq 0 23); do
            rt-export --db x.db --where \"id / 20 = $hour\" t |
            rt-store --db x.db --archives a --timestamp-column at t |
            rt-purge --db x.db --archives a >/dev/null || exit
        done";
    dir.cmd("sh").args(["-c", line]).run().status(0);
    dir
}

/// Whether processes can be traced here.
pub(super) fn traceable() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]);
    strace.status().is_ok_and(|status| status.success())
}

/// Runs rt-cat on `t`, and counts the bytes that it reads of a file.
pub(super) fn traced(dir: &Dir, file: &str, args: &[&str]) -> (Out, u64) {
    let out = dir
        .cmd("strace")
        .args(["-f", "-y", "-e", "trace=read,pread64,preadv,preadv2,mmap"])
        .args(["-o", "trace", "rt-cat", "--archives", "a"])
        .args(args)
        .arg("t")
        .run();
    let trace = dir.read("trace");
    let (mut begun, mut read) = (HashSet::new(), 0);
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        assert!(!(call.contains(file) && call.contains("mmap")), "{call}");
        // Another thread can come in between: then the result stands in a
        // line that does not name the file.
        let resumed = call.contains("resumed>") && begun.remove(thread);
        if !resumed && !call.contains(file) {
            continue;
        }
        if call.ends_with("<unfinished ...>") {
            begun.insert(thread);
            continue;
        }
        let (_, bytes) = call.rsplit_once("= ").unwrap();
        read += bytes.parse::<u64>().unwrap_or_else(|_| panic!("{call}"));
    }
    (out, read)
}

pub(super) fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

#[test]
fn an_hour_of_a_day_takes_a_twentieth_of_its_bytes() {
    if !traceable() {
        return;
    }
    let dir = day_of_24_members();
    let whole = length(&dir.join(WARM));
    let (out, read) = traced(&dir, WARM, &[]);
    out.status(0);
    assert_eq!(out.stdout.lines().count(), 480);
    assert!(read >= whole);
    let hour =
        ["--since", "2025-11-02T10:00:00Z", "--until", "2025-11-02T11:00:00Z"];
    let (out, read) = traced(&dir, WARM, &hour);
    out.status(0).stderr("");
    let ten: Vec<&str> = out.stdout.lines().collect();
    assert_eq!(ten.len(), 20);
    assert!(ten.iter().all(|line| line.contains("T10:")));
    assert!(read * 20 <= whole, "{read} of {whole} bytes");
}

#[test]
fn a_header_whose_times_are_of_another_day_keeps_no_row_back() {
    let dir = day_of_24_members();
    let mut bytes = fs::read(dir.join(WARM)).unwrap();
    // The least time of the first member, far in the future; nothing checks
    // what a header says.
    bytes[33 + 7] = 0x10;
    dir.write(WARM, bytes);
    let args = ["--archives", "a", "--until", "2025-11-02T00:10:00Z", "t"];
    let out = dir.cmd("rt-cat").args(args).run();
    assert_eq!(out.status(0).stdout.lines().count(), 5);
}

#[test]
fn a_header_that_claims_more_lines_than_a_text_can_have_is_not_believed() {
    let dir = day_of_24_members();
    let mut bytes = fs::read(dir.join(WARM)).unwrap();
    bytes[25..33].fill(0xff);
    // Two of them are more than any number holds.
    dir.write(WARM, [&bytes[..], &bytes].concat());
    let cat = |args: &[&str]| {
        let cat = dir.cmd("rt-cat").args(["--archives", "a"]).args(args);
        cat.arg("t").run().status(5).stdout.clone()
    };
    assert_eq!(cat(&[]).lines().count(), 2 * 480);
    assert!(cat(&["--count"]).contains("\"rows\":960"));
    let late = ["--since", "2025-11-02T23:00:00Z"];
    assert_eq!(cat(&late).lines().count(), 2 * 20);
}

#[test]
fn the_same_bytes_come_whatever_the_number_of_threads() {
    let dir = day_of_24_members();
    let cat = |threads: &str, args: &[&str]| {
        let cat = dir.cmd("rt-cat").args(["--archives", "a", "-p", threads]);
        cat.args(args).arg("t").run()
    };
    for args in [&[][..], &["--since", "2025-11-02T10:20:00Z"]] {
        let one = cat("1", args);
        one.status(0).stderr("");
        for threads in ["2", "3", "7"] {
            cat(threads, args).status(0).stdout(&one.stdout);
        }
    }
    // Damaged, too.
    let mut bytes = fs::read(dir.join(WARM)).unwrap();
    let middle = bytes.len() / 2 + 5000;
    bytes[middle] ^= 1;
    bytes[100] ^= 1;
    dir.write(WARM, bytes);
    let one = cat("1", &[]);
    one.status(5);
    assert_eq!(one.stdout.lines().count(), 480 - 40);
    for threads in ["2", "5"] {
        cat(threads, &[]).status(5).stdout(&one.stdout).stderr(&one.stderr);
    }
}

#[test]
fn ages_count_back_from_now() {
    let dir = day_of_24_members();
    let rows = |since: &str, until: &str| {
        let now = ["--now", "2025-11-09T12:00:00Z", "--archives", "a"];
        let span = ["--since", since, "--until", until, "t"];
        let out = dir.cmd("rt-cat").args(now).args(span).run();
        out.status(0).stdout.lines().count()
    };
    assert_eq!(rows("7d", "1d"), 12 * 20);
    assert_eq!(rows("2w", "7d"), 12 * 20);
    assert_eq!(rows("2025-11-01", "167h"), 13 * 20);
    let bad =
        |since: &str| dir.cmd("rt-cat").args(["--since", since, "t"]).run();
    bad("7x").status(2).stderr_has("ages like 12h or 7d");
    bad("9999y").status(2).stderr_has("before the year 1");
}

/// How often rt-cat opens something for each of so many days in a row.
fn opened_a_day(days: u64) -> u64 {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        &format!(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, at);
             WITH n(id) AS (VALUES(0) UNION ALL SELECT id + 1 FROM n
                LIMIT {days})
             INSERT INTO t SELECT id, date('2020-01-01', id || ' days')
                FROM n;"
        ),
    );
    let line = "rt-export --db x.db t |
        rt-store --db x.db --archives a --timestamp-column at t |
        rt-purge --db x.db --archives a >/dev/null";
    dir.cmd("sh").args(["-c", line]).run().status(0);
    let out = dir
        .cmd("strace")
        .args(["-f", "-e", "trace=open,openat,openat2", "-o", "trace"])
        .args(["rt-cat", "--archives", "a", "t"])
        .run();
    assert_eq!(out.status(0).stdout.lines().count() as u64, days);
    dir.read("trace").lines().count() as u64 / days
}

#[test]
fn a_day_costs_the_same_however_many_months_there_are() {
    if !traceable() {
        return;
    }
    let (few, many) = (opened_a_day(90), opened_a_day(360));
    assert!(many <= few, "{few} opened a day, then {many}");
}
