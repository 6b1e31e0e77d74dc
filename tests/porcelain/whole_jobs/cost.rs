//! What a job costs: memory, and rows looked at.

use super::tables;
use crate::support::world::World;
use crate::support::{Dir, bins};

/// Puts a program before each of ours that writes down how much memory it
/// had at most, in KiB.
pub fn measured(dir: &Dir) {
    for program in [
        "rt-export",
        "rt-store",
        "rt-purge",
        "rt-report",
        "rt-stat",
        "rt-cat",
        "rt-consolidate",
        "rt-verify",
    ] {
        dir.script(
            &format!("measured/{program}"),
            &format!(
                "#!/usr/bin/env python3\n\
                 import resource, subprocess, sys\n\
                 code = subprocess.call(['{}/{program}'] + sys.argv[1:],\n\
                 \x20   close_fds=False)\n\
                 usage = resource.getrusage(resource.RUSAGE_CHILDREN)\n\
                 with open('{}', 'a') as f:\n\
                 \x20   f.write('{program} %d\\n' % usage.ru_maxrss)\n\
                 sys.exit(code)\n",
                bins().display(),
                dir.join("peaks").display()
            ),
        );
    }
}

/// No program needed more than this, in KiB: 58 MiB.
const MOST: u64 = 58 * 1024;

/// No program needed more memory than it may.
pub fn peaks_are_small(dir: &Dir) {
    peaks_are_below(dir, MOST);
}

fn peaks_are_below(dir: &Dir, most: u64) {
    let peaks = dir.read("peaks");
    for line in peaks.lines() {
        let kib: u64 = line.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(kib < most, "{peaks}");
    }
    if std::env::var_os("RT_LONG").is_some() {
        std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("peaks in KiB:\n{peaks}").as_bytes(),
        )
        .unwrap();
    }
}

/// A large table: so many rows, of so many bytes, on so many days in no
/// order.
fn large(world: &World, key: &str, rows: u64, bytes: u64, days: u64) {
    world.sql(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE tool_uses (id {key}, start_time, input TEXT);
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
                WHERE n < {rows})
            INSERT INTO tool_uses SELECT printf('%016x', n * 2654435761),
                1767225600 - (n * 7919 % {days}) * 86400,
                hex(randomblob({bytes} / 2)) FROM s;
            PRAGMA journal_mode = WAL"
    ));
}

fn archives_within_memory(key: &str, rows: u64, bytes: u64, days: u64) {
    let world = World::builtin("");
    large(&world, key, rows, bytes, days);
    measured(&world.dir);
    world.dir.folder("archives");
    let out = world
        .cmd("rt-archive")
        .path_first(world.dir.join("measured"))
        .args(["--json", "tool_uses"])
        .patience(3600)
        .run();
    out.status(0).stderr("");
    assert_eq!(tables(&out)["tool_uses"]["records"], rows);
    let count = "SELECT count(*) FROM tool_uses";
    assert_eq!(world.rows(count), ["0"]);
    peaks_are_small(&world.dir);
}

#[test]
fn memory_does_not_grow_with_the_table() {
    for key in ["TEXT PRIMARY KEY", "TEXT"] {
        archives_within_memory(key, 200_000, 150, 5);
    }
}

#[test]
fn memory_does_not_grow_with_the_days() {
    archives_within_memory("TEXT PRIMARY KEY", 70_000, 300, 700);
}

#[test]
fn memory_does_not_grow_with_a_million_rows_or_two_gigabytes() {
    if std::env::var_os("RT_LONG").is_none() {
        return;
    }
    archives_within_memory("TEXT PRIMARY KEY", 1_000_000, 200, 30);
    archives_within_memory("TEXT", 1_000_000, 200, 30);
    archives_within_memory("TEXT PRIMARY KEY", 200_000, 10_000, 30);
}

/// A job over rows of so many MiB, on as many days; what each program needs is
/// 64 MiB and four rows.
fn large_rows_within_memory(rows: u64, mib: u64, days: u64) {
    let world = World::builtin("");
    // Nothing in a row of hexadecimal digits is escaped: as JSON it is as long.
    world.sql(&format!(
        "CREATE TABLE tool_uses (id INTEGER PRIMARY KEY, start_time, input);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < {rows})
        INSERT INTO tool_uses SELECT n, 1767225600 - (n % {days}) * 86400,
            hex(randomblob({mib} << 19)) FROM s"
    ));
    measured(&world.dir);
    world.dir.folder("archives");
    let run = |script: &str| {
        let cmd = world.cmd("sh").path_first(world.dir.join("measured"));
        let out = cmd.args(["-c", script]).patience(3600).run();
        out.status(0).stderr("");
        out
    };
    let out = run("rt-archive --json tool_uses");
    assert_eq!(tables(&out)["tool_uses"]["records"], rows);
    let lines = "rt-cat tool_uses --since 2001-01-01 | wc -l";
    assert_eq!(run(lines).stdout, format!("{rows}\n"));
    run("rt-consolidate --older-than 1d");
    assert_eq!(run(lines).stdout, format!("{rows}\n"));
    peaks_are_below(&world.dir, (64 + 4 * mib) * 1024);
}

#[test]
fn memory_follows_the_largest_row_and_not_the_days() {
    for days in [4, 1] {
        large_rows_within_memory(4, 16, days);
    }
}

#[test]
fn twelve_rows_of_64_mib_need_no_more_than_four() {
    if std::env::var_os("RT_LONG").is_some() {
        large_rows_within_memory(12, 64, 12);
        large_rows_within_memory(12, 64, 1);
    }
}

#[test]
fn steady_run_with_a_time_index_looks_at_what_it_moves() {
    let world = World::builtin("");
    world.sql(
        "CREATE TABLE tool_uses (id TEXT PRIMARY KEY, start_time TEXT);
        CREATE INDEX i ON tool_uses(start_time);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < 20000)
        INSERT INTO tool_uses SELECT printf('%05d', n * 7919 % 20011),
            strftime('%Y-%m-%dT%H:%M:%fZ', 1768435200.0 - n * 60, 'unixepoch')
            FROM s",
    );
    world.cmd("rt-daily").run().status(0);
    let look = || {
        let out = world
            .cmd("rt-export")
            .args(["--due", "-v", "tool_uses"])
            .now("2026-01-16T00:00:00Z")
            .run();
        out.status(0);
        let moved = out.stdout.lines().count();
        out.expect("the rows of a day", moved == 24 * 60);
        let words: Vec<&str> = out.stderr.split_whitespace().collect();
        let at = words.iter().position(|w| *w == "looked").unwrap();
        words[at - 1].parse::<usize>().unwrap()
    };
    // Text near the cutoff may have an offset: a day more is looked at, and
    // then each row that moves once more.
    let before = look();
    assert!(before <= 3 * 24 * 60 + 10, "{before}");
    // Whatever is kept beside does not count.
    world.sql(
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < 20000)
        INSERT INTO tool_uses SELECT 'x' || n, strftime('%Y-%m-%dT%H:%M:%fZ',
            1768435200.0 - n, 'unixepoch') FROM s",
    );
    assert_eq!(look(), before);
}
