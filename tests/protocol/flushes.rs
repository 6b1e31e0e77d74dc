//! How often a run waits for the disk. What must be durable, and before what,
//! is held elsewhere; here, that nothing is made durable over and over.
//! Skipped where strace cannot trace.

use std::collections::BTreeMap;

use super::order::{traceable, traced};
use super::{World, there};

/// What one run may flush beside files and their folders: the ledger, the
/// schema, the tree's own folders and what it is in.
const HANDFUL: usize = 15;

/// How many more of them there may be for ten times the files.
const MORE: usize = 4;

/// How often each path is flushed, below the archive tree (`.` is the tree
/// itself) or, outside of it, from the root. A draft is its folder and `/*`.
type Flushes = BTreeMap<String, usize>;

fn flushes(
    world: &World,
    program: &str,
    args: &[&str],
    stdin: &[u8],
) -> (Flushes, Vec<u8>) {
    let calls = "trace=fsync,fdatasync,sync,syncfs";
    let (text, printed) = traced(world, calls, program, args, stdin);
    let root = world.dir.path().canonicalize().unwrap().join("archives");
    let mut found = Flushes::new();
    for line in text.lines() {
        if !line.contains("sync") || !line.contains('(') {
            continue;
        }
        let path = line.split(['<', '>']).nth(1).unwrap_or("everything");
        let path = match path.strip_prefix(root.to_str().unwrap()) {
            None => path,
            Some("") => ".",
            Some(below) => below.trim_start_matches('/'),
        };
        // How often SQLite flushes is for the batches to say.
        if path.contains("/db") {
            continue;
        }
        let path = match path.split_once("/.") {
            Some((folder, _)) => format!("{folder}/*"),
            None => path.to_owned(),
        };
        *found.entry(path).or_default() += 1;
    }
    (found, printed)
}

/// The flushes of each program that moves `days` days, a file a day, and then
/// rolls them up.
fn way(days: usize) -> Vec<(&'static str, Flushes)> {
    let world = World::new(&["uuids"]);
    world.sql("PRAGMA journal_mode = WAL");
    for day in 1..=days {
        world.fill("uuids", &format!("2025-11-{day:02}"), 3);
    }
    let (export, rows) =
        flushes(&world, "rt-export", &["--due", "uuids"], b"");
    let (store, receipts) = flushes(&world, "rt-store", &["uuids"], &rows);
    assert_eq!(world.files().len(), days);
    let (purge, _) = flushes(&world, "rt-purge", &["uuids"], &receipts);
    assert!(world.database().is_empty());
    let (consolidate, _) = flushes(&world, "rt-consolidate", &[], b"");
    assert!(there(&world, "cold/2025/2025-11.tar.gz"));
    vec![
        ("rt-export", export),
        ("rt-store", store),
        ("rt-purge", purge),
        ("rt-consolidate", consolidate),
    ]
}

/// Whether a path is that of an archive file, or of its draft.
fn is_file(path: &str) -> bool {
    let tier = path.starts_with("warm/") || path.starts_with("cold/");
    tier && (path.ends_with("gz") || path.ends_with('*'))
}

fn is_day(path: &str) -> bool {
    path.starts_with("warm/") && !is_file(path)
}

fn sum(flushes: &Flushes, wanted: impl Fn(&str) -> bool) -> usize {
    flushes.iter().filter(|(path, _)| wanted(path)).map(|(_, n)| n).sum()
}

#[test]
fn disk_is_waited_for_twice_a_file_once_a_folder_and_a_handful_a_run() {
    if !traceable() {
        return;
    }
    let (few, many) = (way(3), way(30));
    let files: usize = many.iter().map(|(_, f)| sum(f, is_file)).sum();
    // One for each day's file in the writing, one before its rows go; those
    // of the month's tar, which is a published file too.
    assert!(files <= 2 * (30 + 1), "{files} flushes of files\n{many:#?}");
    for ((program, few), (_, many)) in few.iter().zip(&many) {
        for (path, times) in many.iter().filter(|(path, _)| is_day(path)) {
            assert!(*times <= 1, "{program}: {path} {times} times");
        }
        let rest = |f: &Flushes| sum(f, |p| !is_file(p) && !is_day(p));
        let (few, most) = (rest(few), rest(many));
        assert!(
            most <= few + MORE && most <= HANDFUL,
            "{program}: {few} flushes with 3 days, {most} with 30\n{many:#?}"
        );
    }
}

/// The flushes of rt-store and rt-purge in one pipeline over several tables,
/// each with rows on so many days.
fn together(tables: &[&str], days: usize) -> [(&'static str, Flushes); 2] {
    let world = World::new(tables);
    world.sql("PRAGMA journal_mode = WAL");
    for table in tables {
        for day in 1..=days {
            world.fill(table, &format!("2025-11-{day:02}"), 3);
        }
    }
    let due = [&["--due"], tables].concat();
    let (_, rows) = flushes(&world, "rt-export", &due, b"");
    let (store, receipts) = flushes(&world, "rt-store", tables, &rows);
    assert_eq!(world.files().len(), tables.len() * days);
    let (purge, _) = flushes(&world, "rt-purge", tables, &receipts);
    assert!(world.database().is_empty());
    [("rt-store", store), ("rt-purge", purge)]
}

#[test]
fn tables_in_one_pipeline_wait_for_the_disk_no_more_often_than_one() {
    if !traceable() {
        return;
    }
    let tables = ["uuids", "numbers", "pairs"];
    let days = 10;
    let (one, all) = (together(&tables[..1], days), together(&tables, days));
    let files: usize = all.iter().map(|(_, f)| sum(f, is_file)).sum();
    let published = tables.len() * days;
    assert!(files <= 2 * published, "{files} flushes of files\n{all:#?}");
    for ((program, one), (_, all)) in one.iter().zip(&all) {
        for (path, times) in all.iter().filter(|(path, _)| is_day(path)) {
            assert!(*times <= 1, "{program}: {path} {times} times");
        }
        let rest = |f: &Flushes| sum(f, |p| !is_file(p) && !is_day(p));
        let (one, most) = (rest(one), rest(all));
        // A table has a schema file; that its rows go, and went, stands in the
        // ledger, the first after the folder of the database is flushed.
        let more = 3 * (tables.len() - 1);
        assert!(
            most <= one + more && most <= HANDFUL,
            "{program}: {one} flushes with a table, {most} with all\n{all:#?}"
        );
    }
}

/// A tree with a warm file for each of some tables and days, before 2025-10.
fn warm(tables: usize, days: usize) -> World {
    let world = World::new(&[]);
    policy(&world, tables, "1200d");
    for n in 1..=tables {
        world.sql(&format!(
            "CREATE TABLE t{n}(id INTEGER PRIMARY KEY, at TEXT);
             WITH RECURSIVE d(n) AS (VALUES (1) UNION ALL
                SELECT n + 1 FROM d WHERE n < {days})
             INSERT INTO t{n}(at) SELECT
                strftime('%Y-%m-%dT12:00:00Z', '2025-10-01', -n || ' days')
                FROM d"
        ));
    }
    world.job().run().status(0);
    assert_eq!(world.files().len(), tables * days);
    world
}

fn policy(world: &World, tables: usize, cold: &str) {
    let line = |n| {
        format!(
            "{{\"table\":\"t{n}\",\"timestamp\":\"at\",\"hot\":\"7d\",\
             \"warm\":\"30d\",\"cold\":\"{cold}\"}}\n"
        )
    };
    world.dir.write("policy", (1..=tables).map(line).collect::<String>());
}

/// What one run of upkeep may flush beside the archives' files and days.
const UPKEEP: usize = 20;

/// Panics unless a run flushed each published file twice at most, each folder
/// three times, a day once, and no more than a handful beside.
fn is_frugal(flushes: &Flushes, published: usize) {
    let files = sum(flushes, is_file);
    assert!(files <= 2 * published, "{files} of files\n{flushes:#?}");
    for (path, times) in flushes.iter().filter(|(path, _)| !is_file(path)) {
        let most = match path.as_str() {
            day if is_day(day) => 1,
            folder if folder.starts_with("cold") || folder == "warm" => 3,
            _ => UPKEEP,
        };
        assert!(*times <= most, "{path} {times} times\n{flushes:#?}");
    }
    let rest = sum(flushes, |path| !is_file(path) && !is_day(path));
    assert!(rest <= UPKEEP, "{rest} in the run\n{flushes:#?}");
}

/// Expiry of warm files; consolidation, and expiry of what that made.
fn upkeep(tables: usize, days: usize, months: usize) {
    let world = warm(tables, days);
    let expired = world.copy();
    policy(&expired, tables, "none");
    let late = ["--yes", "--now", "2026-06-01T00:00:00Z"];
    // What a run that dies leaves open is recovered as frugally.
    let killed = expired.copy();
    policy(&killed, tables, "none");
    let dies = killed.cmd("rt-expire").args(late);
    dies.env("RT_FAIL", "change.before_end=kill").run().status(137);
    let (found, _) = flushes(&killed, "rt-expire", &late, b"");
    is_frugal(&found, 0);
    let (found, _) = flushes(&expired, "rt-expire", &late, b"");
    assert!(expired.files().is_empty());
    is_frugal(&found, 0);

    let (found, _) = flushes(&world, "rt-consolidate", &[], b"");
    assert_eq!(world.files_of("cold").len(), months);
    is_frugal(&found, months);
    // The first table goes out of each month, then all others.
    let line = world.dir.read("policy").replacen("1200d", "1d", 1);
    world.dir.write("policy", line);
    let late = ["--yes", "--now", "2026-01-25T00:00:00Z"];
    let (found, _) = flushes(&world, "rt-expire", &late, b"");
    assert_eq!(world.files_of("cold").len(), months);
    is_frugal(&found, months);
    let late = ["--yes", "--now", "2030-01-20T00:00:00Z"];
    let (found, _) = flushes(&world, "rt-expire", &late, b"");
    assert!(world.files_of("cold").is_empty());
    is_frugal(&found, 0);
}

#[test]
fn upkeep_waits_for_the_disk_once_a_folder_and_a_handful_a_run() {
    if traceable() {
        upkeep(3, 92, 3);
    }
}

/// Three years of six tables, with `RT_LONG`.
#[test]
fn upkeep_of_years_waits_for_the_disk_no_more_often() {
    if traceable() && std::env::var_os("RT_LONG").is_some() {
        upkeep(6, 3 * 365, 36);
    }
}
