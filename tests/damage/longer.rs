//! A file that is as long as no disk: where nothing was written, a disk keeps
//! nothing, and whoever reads such a file to its end waits for hours. It is
//! damage by its length alone.

use std::fs::{self, File};
use std::path::Path;

use crate::support::Out;
use crate::support::world::World;

const NOW: &str = "2026-01-08T00:00:00Z";
const LATER: &str = "2026-03-15T00:00:00Z";
/// A tebibyte.
const LENGTH: u64 = 1 << 40;

/// A world with a warm day, and its schema's file.
fn world() -> World {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    world.archive(NOW);
    world
}

fn lengthen(file: &Path) {
    let file = File::options().write(true).open(file).unwrap();
    file.set_len(LENGTH).unwrap();
}

/// A program that has no time to read so much.
fn soon(world: &World, program: &str, args: &[&str]) -> Out {
    world.cmd(program).args(args).now(LATER).patience(20).run()
}

#[test]
fn schema_is_damaged_and_written_anew() {
    let world = world();
    let folder = world.dir.join("archives/schema");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&file).unwrap();
    lengthen(&file);
    let rows = soon(&world, "rt-cat", &["tool_uses"]);
    let import = ["--into", "side.db", "--create", "tool_uses"];
    let import = world.cmd("rt-import").args(import).patience(20);
    let out = import.stdin(rows.stdout.as_bytes()).run();
    out.status(5).stderr_has("is not what the ledger says");
    soon(&world, "rt-verify", &[]).status(5);
    let out = soon(&world, "rt-consolidate", &[]);
    out.status(5).stderr_has("is not what its name says");
    world.insert("tool_uses", 2, &["2025-12-03"]);
    world.archive(NOW);
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[test]
fn day_and_month_are_damaged_and_stay() {
    let world = world();
    let day = world.files().remove(0);
    let day = world.dir.join("archives").join(day);
    let whole = fs::read(&day).unwrap();
    lengthen(&day);
    soon(&world, "rt-verify", &[]).status(5);
    let out = soon(&world, "rt-consolidate", &[]);
    out.status(3);
    assert!(out.stdout.contains("is not as long as the ledger says"));
    assert_eq!(fs::metadata(&day).unwrap().len(), LENGTH);
    fs::write(&day, whole).unwrap();
    world.consolidate(LATER, &[]).status(0);
    let month = world.dir.join("archives/cold/2025/2025-12.tar.gz");
    lengthen(&month);
    soon(&world, "rt-verify", &[]).status(5);
    let expire = ["--yes", "--now", "2036-01-01T00:00:00Z"];
    let out = soon(&world, "rt-expire", &expire);
    out.status(5).stderr_has("is longer by far than what was ever written");
    assert_eq!(fs::metadata(&month).unwrap().len(), LENGTH);
}

const PROGRAMS: [(&str, &[&str]); 8] = [
    ("rt-verify", &[]),
    ("rt-verify", &["--repair", "--yes"]),
    ("rt-cat", &["tool_uses"]),
    ("rt-cat", &["--files", "tool_uses"]),
    ("rt-consolidate", &[]),
    ("rt-expire", &["--yes"]),
    ("rt-erase", &["--yes", "--where", "id=9", "--reason", "r", "tool_uses"]),
    ("rt-full", &["-q"]),
];

/// Such files, known to the ledger and unknown, and the statuses of
/// [`PROGRAMS`] where one stands.
const FILES: [(&str, [i32; 8]); 5] = [
    ("cold/2025/2025-12.tar.gz", [5, 5, 5, 5, 5, 0, 5, 5]),
    ("warm/2025-12-03/tool_uses.jsonl.gz", [5, 5, 5, 5, 3, 0, 5, 5]),
    ("warm/2025-12-09/tool_uses.jsonl.gz", [5, 5, 4, 4, 3, 0, 3, 5]),
    ("warm/2025-12-09/tool_uses.jsonl", [5, 5, 4, 4, 3, 0, 3, 5]),
    ("cold/2025/2025-11.tar.gz", [5, 5, 4, 4, 0, 5, 3, 5]),
];

#[test]
fn no_program_reads_it_to_its_end() {
    for (file, statuses) in FILES {
        let world = world();
        world.consolidate(LATER, &[]).status(0);
        world.insert("tool_uses", 2, &["2025-12-03"]);
        world.archive(NOW);
        world.insert("tool_uses", 3, &["2025-12-04"]);
        let rows: Vec<String> = world.once().into_keys().collect();
        let file = world.dir.join("archives").join(file);
        let whole = file.exists().then(|| fs::read(&file).unwrap());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, whole.clone().unwrap_or_default()).unwrap();
        lengthen(&file);
        for ((program, args), status) in PROGRAMS.iter().zip(statuses) {
            let out = soon(&world, program, args);
            out.status(status);
            assert!(!out.stderr.contains("is missing"), "{}", out.stderr);
        }
        assert_eq!(fs::metadata(&file).unwrap().len(), LENGTH);
        match whole {
            Some(whole) => fs::write(&file, whole).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        assert_eq!(world.once().into_keys().collect::<Vec<_>>(), rows);
    }
}

#[test]
fn ledger_is_broken_and_nothing_is_cut() {
    let world = world();
    world.insert("tool_uses", 2, &["2025-12-03"]);
    let ledger = world.dir.join("archives/ledger.jsonl");
    let whole = fs::metadata(&ledger).unwrap().len();
    let rows = world.once();
    lengthen(&ledger);
    for (program, args) in [
        ("rt-verify", &[][..]),
        ("rt-stat", &["--archives"]),
        ("rt-cat", &["tool_uses"]),
        ("rt-archive", &["-q", "tool_uses"]),
    ] {
        let out = soon(&world, program, args);
        out.status(5);
    }
    assert_eq!(fs::metadata(&ledger).unwrap().len(), LENGTH);
    let file = File::options().write(true).open(&ledger).unwrap();
    file.set_len(whole).unwrap();
    assert_eq!(world.once(), rows);
}
