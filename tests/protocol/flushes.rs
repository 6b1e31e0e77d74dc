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
