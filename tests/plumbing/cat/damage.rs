//! Damaged archives: rt-cat writes no row that was never archived, says with
//! its status that rows are missing, and writes what is whole.
//!
//! The short form is part of every test run; `RT_LONG=1` damages each file in
//! 400 ways, and `RT_SEED=N` in those of that seed.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use crate::support::rows::Random;
use crate::support::{Cmd, Dir, Out};

const WARM: &str = "a/warm/2025-11-02/t.jsonl.gz";
const PLAIN: &str = "a/warm/2025-11-05/t.jsonl";
const TAR: &str = "a/cold/2025/2025-11.tar.gz";

fn sh<'d>(dir: &'d Dir, line: &str) -> Cmd<'d> {
    dir.cmd("sh").args(["-c", line])
}

/// Rows of a day, a minute each, with `size` bytes of noise in each.
fn insert(dir: &Dir, table: &str, day: &str, ids: (u32, u32), size: u32) {
    let (first, last) = ids;
    let mut random = Random(u64::from(first) * 2 + 1);
    let rows = (first..=last).map(|id| {
        let (hour, minute) = (id / 60 % 24, id % 60);
        let noise: String =
            (0..size).map(|_| format!("{:02x}", random.below(256))).collect();
        format!("({id}, '{day}T{hour:02}:{minute:02}:00Z', '{noise}')")
    });
    let rows: Vec<String> = rows.collect();
    dir.sql(
        "x.db",
        &format!(
            "CREATE TABLE IF NOT EXISTS
             {table}(id INTEGER PRIMARY KEY, at, v);
             INSERT INTO {table} VALUES {}",
            rows.join(",")
        ),
    );
}

/// Archives all rows that there are.
fn archive(dir: &Dir, table: &str, args: &str) {
    let format = if args.contains("--single") { "json" } else { "jsonl" };
    let line = format!(
        "rt-export --db x.db --format {format} {table} | rt-store --db x.db --archives a \
         --timestamp-column at {args} {table} | \
         rt-purge --db x.db --archives a"
    );
    sh(dir, &line).run().status(0);
}

/// A tree in which one day of `t` has `members` gzip members, and another day
/// and another table have some too.
fn tree(members: u32, size: u32) -> Dir {
    let dir = Dir::new();
    insert(&dir, "u", "2025-11-02", (1, 30), size);
    archive(&dir, "u", "");
    insert(&dir, "t", "2025-11-01", (1, 20), size);
    insert(&dir, "t", "2025-11-03", (9000, 9020), size);
    archive(&dir, "t", "");
    for member in 0..members {
        let first = 1000 + member * 20;
        insert(&dir, "t", "2025-11-02", (first, first + 19), size);
        archive(&dir, "t", "");
    }
    dir
}

fn consolidate(dir: &Dir) {
    dir.cmd("rt-consolidate")
        .args(["--archives", "a", "--older-than", "1d"])
        .run()
        .status(0);
}

fn cat(dir: &Dir) -> Out {
    dir.cmd("rt-cat").args(["--archives", "a", "t"]).run()
}

/// Where the gzip members of ours begin, by the sizes in their headers; the
/// last one is the end.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    while let Some(&at) = starts.last()
        && at < bytes.len()
    {
        assert_eq!(bytes[at + 12..at + 14], *b"RT");
        let size = bytes[at + 17..at + 25].try_into().unwrap();
        starts.push(at + u64::from_le_bytes(size) as usize);
    }
    starts
}

/// Something that happens to a file: what it holds then, and the first and
/// the last byte that differ.
fn damage(random: &mut Random, whole: &[u8]) -> (Vec<u8>, usize, usize) {
    let mut bytes = whole.to_vec();
    let length = whole.len() as u64;
    let at = random.below(length) as usize;
    match random.below(8) {
        0 | 1 => {
            bytes.truncate(at);
            return (bytes, at, whole.len());
        }
        2 => {
            let end = (at + random.below(600) as usize).min(whole.len());
            bytes[at..end].fill(0);
            return (bytes, at, end);
        }
        _ => bytes[at] ^= 1 << random.below(8),
    }
    (bytes, at, at + 1)
}

/// Damages `file` in many ways. What comes was archived, once and in order,
/// and the status says when something does not. `spared` says whether a line
/// must be there in spite of damage between two bytes.
fn hurt(
    dir: &Dir,
    file: &str,
    seed: u64,
    spared: &dyn Fn(usize, usize, &str) -> bool,
) {
    let healthy = cat(dir);
    healthy.status(0).stderr("");
    let places: HashMap<&str, usize> =
        healthy.stdout.lines().enumerate().map(|(n, l)| (l, n)).collect();
    let rounds = match std::env::var_os("RT_LONG") {
        Some(_) => 400,
        None => 50,
    };
    let whole = fs::read(dir.join(file)).unwrap();
    let other = std::env::var("RT_SEED").ok().and_then(|s| s.parse().ok());
    let mut random = Random(other.unwrap_or(seed));
    for round in 0..rounds {
        let (bytes, from, to) = damage(&mut random, &whole);
        dir.write(file, &bytes);
        let out = cat(dir);
        let what = format!("{file}, round {round}, bytes {from} to {to}");
        let mut last = None;
        for line in out.stdout.split_inclusive('\n') {
            let place = places.get(line.trim_end_matches('\n')).copied();
            let whole = line.ends_with('\n') && place.is_some();
            out.expect(&format!("{what}: archived lines"), whole);
            out.expect(&format!("{what}: each once"), place > last);
            last = place;
        }
        let there: std::collections::HashSet<&str> =
            out.stdout.lines().collect();
        let lost = places.keys().filter(|line| !there.contains(*line));
        let lost: Vec<&&str> = lost.collect();
        if bytes != whole && !lost.is_empty() {
            out.expect(&format!("{what}: status 5"), out.status == 5);
            out.stderr_has(file.rsplit('/').next().unwrap());
        } else {
            let status = out.status;
            out.expect(&format!("{what}: 0 or 5"), [0, 5].contains(&status));
        }
        for line in lost {
            let message = format!("{what}: {line} too");
            out.expect(&message, !spared(from, to, line));
        }
    }
    dir.write(file, whole);
    cat(dir).status(0).stderr("").stdout(&healthy.stdout);
}

fn id(line: &str) -> u32 {
    let row: serde_json::Value = serde_json::from_str(line).unwrap();
    row["id"].as_u64().unwrap() as u32
}

/// For `hurt`: each member holds the next 20 rows, and those of members that
/// are whole must come.
fn by_member(starts: Vec<usize>) -> impl Fn(usize, usize, &str) -> bool {
    move |from, to, line| {
        let Some(member) = id(line).checked_sub(1000) else { return true };
        let member = member as usize / 20;
        let Some(end) = starts.get(member + 1) else { return true };
        *end <= from || starts[member] >= to
    }
}

#[test]
fn a_warm_file_hurt_at_random_gives_only_what_was_archived() {
    let dir = tree(8, 20);
    let starts = starts(&fs::read(dir.join(WARM)).unwrap());
    assert_eq!(starts.len(), 9);
    hurt(&dir, WARM, 11, &by_member(starts));
}

#[test]
fn a_plain_file_hurt_at_random_gives_only_what_was_archived() {
    let dir = tree(1, 20);
    for first in [5000, 5020, 5040] {
        insert(&dir, "t", "2025-11-05", (first, first + 19), 20);
        archive(&dir, "t", "--no-compress");
    }
    hurt(&dir, PLAIN, 12, &|_, _, line| id(line) < 5000 || id(line) > 6000);
}

#[test]
fn a_month_hurt_at_random_gives_only_what_was_archived() {
    // Members of the tar that are packed together, and one that is not.
    for (size, seed) in [(20, 13), (800, 14)] {
        let dir = tree(6, size);
        consolidate(&dir);
        hurt(&dir, TAR, seed, &|_, _, _| false);
    }
}

#[test]
fn a_whole_file_hurt_at_random_gives_only_what_was_archived() {
    for (args, last, seed) in
        [("--single", 3000, 15), ("--single --no-compress", 1100, 16)]
    {
        let dir = Dir::new();
        insert(&dir, "t", "2025-11-02", (1000, last), 600);
        archive(&dir, "t", args);
        let tree = dir.tree();
        let name = tree.lines().find(|l| l.contains("/t_")).unwrap();
        let name = name.split(' ').next().unwrap().to_owned();
        let rows = (last - 999) as usize;
        assert_eq!(cat(&dir).stdout.lines().count(), rows);
        if name.ends_with(".gz") {
            let starts = starts(&fs::read(dir.join(&name)).unwrap());
            assert!(starts.len() > 3);
        }
        hurt(&dir, &name, seed, &|_, _, _| false);
    }
}

/// Flips a bit of a file.
fn flip(dir: &Dir, file: &str, at: usize) -> PathBuf {
    let mut bytes = fs::read(dir.join(file)).unwrap();
    bytes[at] ^= 4;
    dir.write(file, bytes)
}

/// The lines of a healthy run without those of some ids.
fn without(healthy: &Out, ids: std::ops::Range<u32>) -> String {
    let lines = healthy.stdout.split_inclusive('\n');
    lines.filter(|line| !ids.contains(&id(line.trim_end()))).collect()
}

#[test]
fn a_damaged_member_is_left_out_and_named() {
    let dir = tree(5, 20);
    let healthy = cat(&dir);
    let starts = starts(&fs::read(dir.join(WARM)).unwrap());
    let (start, end) = (starts[2], starts[3]);
    flip(&dir, WARM, end - 60);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 1040..1060));
    out.expect("one warning", out.stderr.lines().count() == 1);
    out.stderr_has(&format!("the gzip member at byte {start} is corrupt"));
    out.stderr_has(&format!(
        "bytes {start} to {end} of 2025-11-02 are left out: by its header 20 \
         lines, from 2025-11-02T17:20:00Z to 2025-11-02T17:39:00Z"
    ));
    let count = ["--archives", "a", "--count", "--verify", "t"];
    let count = dir.cmd("rt-cat").args(count).run();
    count.status(5).stdout_has("\"rows\":121}");
    count.stderr_has("is corrupt");
    // Its header too: then the next one is looked for.
    flip(&dir, WARM, start);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 1040..1060));
    out.stderr_has(&format!(
        "bytes {start} to {end} of 2025-11-02 are left out: how many lines it \
         held cannot be told"
    ));
    // A header that is wrong about the size, or wild.
    flip(&dir, WARM, start);
    for (at, told) in [(18, "cannot be told"), (31, "cannot be told")] {
        flip(&dir, WARM, start + at);
        let out = cat(&dir);
        out.status(5).stdout(&without(&healthy, 1040..1060)).stderr_has(told);
        flip(&dir, WARM, start + at);
    }
    // Two behind each other are two.
    flip(&dir, WARM, end + 70);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 1040..1080));
    out.expect("two warnings", out.stderr.lines().count() == 2);
}

#[test]
fn of_a_file_cut_short_the_whole_members_come() {
    let dir = tree(4, 20);
    let healthy = cat(&dir);
    let bytes = fs::read(dir.join(WARM)).unwrap();
    let starts = starts(&bytes);
    dir.write(WARM, &bytes[..starts[3] - 9]);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 1040..1080));
    out.stderr_has("is not as long as the ledger says");
    out.stderr_has("by its header 20 lines");
    // A file whose end a power cut has left as zeros.
    let mut zeros = bytes.clone();
    zeros[starts[3]..].fill(0);
    dir.write(WARM, zeros);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 1060..1080));
    out.stderr_has("zeros at its end");
}

#[test]
fn of_a_plain_file_only_what_the_ledger_knows_comes() {
    let dir = tree(1, 20);
    insert(&dir, "t", "2025-11-05", (5000, 5020), 20);
    archive(&dir, "t", "--no-compress");
    let settled = cat(&dir);
    insert(&dir, "t", "2025-11-05", (6000, 6020), 20);
    let store = "rt-export --db x.db t | rt-store --db x.db --archives a \
                 --timestamp-column at --no-compress t >receipts";
    sh(&dir, store).run().status(0);
    let healthy = cat(&dir);
    healthy.status(0);
    let length = fs::read(dir.join(PLAIN)).unwrap().len();
    flip(&dir, PLAIN, length - 30);
    let out = cat(&dir);
    out.status(5).stdout(&settled.stdout).stderr_has("are left out");
    flip(&dir, PLAIN, 30);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 5000..6021));
    out.stderr_has("its rows are left out");
    // One that the ledger does not know is taken as it is.
    dir.write("a/warm/2025-11-06/t.jsonl", "{\"id\":1}\n");
    cat(&dir).status(5).stdout_has("{\"id\":1}\n");
}

#[test]
fn damage_in_a_month_takes_one_member_of_one_file() {
    let dir = tree(12, 800);
    let healthy = cat(&dir);
    let inner = fs::read(dir.join(WARM)).unwrap();
    let inner_starts = starts(&inner);
    consolidate(&dir);
    // Stored in the tar as it is, so it is found there byte for byte.
    let tar = fs::read(dir.join(TAR)).unwrap();
    let piece = &inner[inner_starts[2] + 100..inner_starts[2] + 140];
    let at = memmem(&tar, piece);
    flip(&dir, TAR, at);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 1040..1060));
    out.stderr_has("'2025-11-02/t.jsonl.gz' in 'a/cold/2025/2025-11.tar.gz'");
    out.stderr_has("of 2025-11-02 are left out: by its header 20 lines");
    flip(&dir, TAR, at);
    // The start of the piece of gzip that the file is stored in, and the
    // length of the block in it: then it is not known how much of the tar is
    // missing. The file does not go over into the next one.
    let outer = starts(&tar);
    let start = outer.iter().rfind(|start| **start < at).unwrap();
    for place in [0, 34] {
        flip(&dir, TAR, start + place);
        let out = cat(&dir);
        out.status(5).stdout(&without(&healthy, 1000..1240));
        flip(&dir, TAR, start + place);
    }
    // The checksum around the names: they are known by their digests.
    flip(&dir, TAR, outer[1] - 6);
    cat(&dir).status(5).stdout(&healthy.stdout).stderr_has("at byte 0");
    // A file that is damaged too then cannot be told from another one.
    flip(&dir, TAR, at);
    let out = cat(&dir);
    out.status(5).stdout(&without(&healthy, 1000..1240));
    out.stderr_has("cannot be told from damage, and is left out: by the");
}

fn memmem(text: &[u8], piece: &[u8]) -> usize {
    text.windows(piece.len()).position(|window| window == piece).unwrap()
}
