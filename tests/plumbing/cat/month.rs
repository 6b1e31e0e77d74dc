//! A month's tar is entered at its members: where they stand is in the ledger
//! and in the tar's last entry.

use std::fs;

use super::entered::{length, traceable, traced};
use crate::support::{Dir, Out, system};

const TAR: &str = "a/cold/2025/2025-11.tar.gz";

/// Thirty days of two tables, with noise in the rows, as one tar. Days of `t`
/// are so large that they are stored by themselves, those of `u` are not.
fn month() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v);
         CREATE TABLE u(id INTEGER PRIMARY KEY, at, v);
         WITH n(id) AS (VALUES(0) UNION ALL SELECT id + 1 FROM n LIMIT 600)
         INSERT INTO t SELECT id,
            format('2025-11-%02dT%02d:00:00Z', id / 20 + 1, id % 20),
            hex(randomblob(6000)) FROM n;
         INSERT INTO u SELECT id, at, hex(randomblob(500)) FROM t;",
    );
    let line = "for table in t u; do
            rt-export --db x.db $table |
            rt-store --db x.db --archives a --timestamp-column at $table |
            rt-purge --db x.db --archives a >/dev/null || exit
        done
        rt-consolidate --archives a --older-than 30d >/dev/null";
    dir.cmd("sh").args(["-c", line]).run().status(0);
    dir
}

const DAY: [&str; 4] = ["--since", "2025-11-17", "--until", "2025-11-18"];

fn cat(dir: &Dir, args: &[&str], table: &str) -> Out {
    dir.cmd("rt-cat").args(["--archives", "a"]).args(args).arg(table).run()
}

#[test]
fn a_day_of_a_month_takes_its_own_bytes_and_a_mebibyte() {
    if !traceable() {
        return;
    }
    let dir = month();
    let whole = length(&dir.join(TAR));
    assert!(whole > 3 << 20, "{whole} bytes prove nothing");
    let (out, read) = traced(&dir, TAR, &DAY);
    out.status(0).stderr("");
    assert_eq!(out.stdout.lines().count(), 20);
    assert!(out.stdout.lines().all(|line| line.contains("2025-11-17T")));
    let days = dir.read("a/ledger.jsonl");
    let at = days.find("{\"name\":\"2025-11-17/t.jsonl.gz\"").unwrap();
    let size = days[at..].split("\"size_bytes\":").nth(1).unwrap();
    let size = size.split(',').next().unwrap().parse::<u64>().unwrap();
    assert!(size > 64 << 10);
    assert!(read <= size + (1 << 20), "{read} bytes for {size}");
}

#[test]
fn a_month_rewritten_or_taken_in_is_entered_too() {
    let dir = month();
    let healthy = cat(&dir, &[], "t");
    assert_eq!(healthy.status(0).stdout.lines().count(), 600);
    let day = cat(&dir, &DAY, "t");
    let small = cat(&dir, &[], "u");
    assert_eq!(small.status(0).stdout.lines().count(), 600);
    // More of a day that is in the tar, and an earlier day.
    let line = "sqlite3 x.db \"INSERT INTO t VALUES
            (700, '2025-11-17T23:00:00Z', 'late')\" &&
        rt-export --db x.db t |
        rt-store --db x.db --archives a --timestamp-column at t |
        rt-purge --db x.db --archives a >/dev/null &&
        rt-consolidate --archives a --older-than 30d >/dev/null";
    if system("sqlite3").is_some() {
        dir.cmd("sh").args(["-c", line]).run().status(0);
        let now = cat(&dir, &DAY, "t");
        assert_eq!(now.status(0).stderr("").stdout.lines().count(), 21);
        assert!(now.stdout.starts_with(&day.stdout));
    }
    // With a new ledger the tar is foreign at first, and read in order. The
    // lock file goes too: it names the last line of the ledger that is gone.
    fs::remove_file(dir.join("a/ledger.jsonl")).unwrap();
    fs::remove_file(dir.join("a/lock")).unwrap();
    let timed = [&DAY[..], &["--timestamp-column", "at"]].concat();
    assert!(cat(&dir, &timed, "t").status(0).stdout.starts_with(&day.stdout));
    let hand = "{\"id\":9,\"at\":\"2025-11-01T00:00:00Z\"}\n";
    dir.write("a/warm/2025-11-01/w.jsonl", hand);
    let run = dir.cmd("rt-consolidate").args(["--archives", "a"]);
    run.args(["--older-than", "30d"]).run().status(0);
    cat(&dir, &timed, "t").status(0).stderr("").stdout_has("2025-11-17T");
    assert_eq!(cat(&dir, &[], "w").status(0).stdout, hand);
    assert_eq!(cat(&dir, &[], "u").status(0).stdout, small.stdout);
}

#[test]
fn the_index_is_a_plain_member_and_says_where_members_stand() {
    let Some(mut tar) = system("tar") else { return };
    let dir = month();
    let out = tar
        .args(["-xzOf"])
        .arg(dir.join(TAR))
        .arg("rt-index.jsonl")
        .output()
        .unwrap();
    let index = String::from_utf8(out.stdout).unwrap();
    let ledger = dir.read("a/ledger.jsonl");
    assert_eq!(index.lines().count(), 62);
    for line in index.lines() {
        assert!(ledger.contains(line), "{line}");
        assert!(line.contains("\"offset_bytes\":"), "{line}");
    }
    // The first header's name is damaged: another table does not need it, and
    // of its own the tar is walked over.
    let (t, u) = (cat(&dir, &[], "t"), cat(&dir, &[], "u"));
    let bytes = fs::read(dir.join(TAR)).unwrap();
    let mut hurt = bytes.clone();
    hurt[60] ^= 0x10;
    dir.write(TAR, hurt);
    cat(&dir, &[], "u").status(0).stdout(&u.stdout);
    let out = cat(&dir, &[], "t");
    assert_eq!(out.status, 5);
    assert!(out.stderr.contains("2025-11.tar.gz"));
    assert!(out.stdout.len() > t.stdout.len() * 9 / 10);
    assert!(t.stdout.ends_with(&out.stdout));
}
