//! Damage of every kind, done to a small tree exhaustively: rt-verify finds it
//! each time, and what deletes does not build on it.
//!
//! The tree has a file of each kind. What is damaged in one run is independent
//! of each other: every file at the same place, or every other line of the
//! ledger, and each must be named. With `RT_LONG` every bit is flipped, else
//! one of each byte.

mod files;
mod ledger;
mod longer;
mod numbers;
mod schemas;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::support::Dir;
use crate::support::world::records;

const POLICY: &str = r#"{"table":"t","timestamp":"at","hot":"7d","warm":"30d","cold":"365d"}
"#;

/// The tree that is damaged.
struct Small {
    dir: Dir,
}

impl Small {
    /// A month's tar, a day of two segments, a plain day, a file with all rows
    /// of a run.
    fn new() -> Small {
        let dir = Dir::new();
        dir.write("policy.jsonl", POLICY);
        dir.sql("db", "CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT, x)");
        let whole = "CREATE TABLE w(id INTEGER PRIMARY KEY, created_at);
                     INSERT INTO w VALUES(1, '2026-01-02T00:00:00Z')";
        dir.sql("db", whole);
        let small = Small { dir };
        small.insert("(1,'2025-11-03T00:00:00Z','a')");
        small.run("rt-archive", &["-q", "t"]);
        small.run("rt-consolidate", &[]);
        small.insert("(2,'2026-01-05T00:00:00Z','b')");
        small.run("rt-archive", &["-q", "t"]);
        small.insert("(3,'2026-01-05T12:00:00Z','c')");
        small.run("rt-archive", &["-q", "t"]);
        small.insert("(4,'2026-01-06T00:00:00Z','d')");
        small.run("rt-archive", &["-q", "--no-compress", "t"]);
        let whole = ["-q", "--table", "w", "--threshold", "1"];
        small.run("rt-scaletrace", &whole);
        small
    }

    fn insert(&self, values: &str) {
        self.dir.sql("db", &format!("INSERT INTO t VALUES {values}"));
    }

    fn run(&self, program: &str, args: &[&str]) {
        let cmd = self.dir.cmd(program).args(args);
        cmd.env("RT_DB", "db")
            .env("RT_ARCHIVES", "archives")
            .env("RT_POLICY", "policy.jsonl")
            .run()
            .status(0);
    }

    /// The archives and the schemas, relative to the tree's root.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        below(&self.dir.join("archives"), Path::new(""), &mut found);
        found.retain(|file| file.contains('/') || file.contains(".json."));
        found.sort();
        assert_eq!(found.len(), 6, "{found:?}");
        found
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.dir.join("archives").join(file)).unwrap()
    }

    /// Does `work` for each number up to `count`, on copies of the tree, each
    /// at one time for one number; `work` leaves the copy as it was.
    fn each(&self, count: usize, work: impl Fn(usize, &Copy<'_>) + Sync) {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..thread::available_parallelism().unwrap().get() {
                let (next, work) = (&next, &work);
                scope.spawn(move || {
                    let copy = Copy::of(self, n);
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        if i >= count {
                            return;
                        }
                        work(i, &copy);
                    }
                });
            }
        });
    }
}

fn below(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        match root.join(&path).is_dir() {
            true => below(root, &path, found),
            false => found.push(path.to_str().unwrap().to_owned()),
        }
    }
}

/// A copy of the tree.
struct Copy<'s> {
    small: &'s Small,
    name: String,
    root: PathBuf,
}

impl Copy<'_> {
    fn of(small: &Small, n: usize) -> Copy<'_> {
        let name = format!("copy-{n}");
        let dir = &small.dir;
        let copy = dir.cmd("cp").args(["-a", "archives", &name]);
        copy.run().status(0);
        let root = dir.join(&name);
        Copy { small, name, root }
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        fs::write(self.root.join(file), bytes).unwrap();
    }

    /// Status and findings of rt-verify.
    fn verify(&self, args: &[&str]) -> (i32, Vec<Value>) {
        let cmd = self.small.dir.cmd("rt-verify").arg("-n").args(args);
        let out = cmd.args(["--archives", &self.name]).run();
        let mut found = records(&out.stdout);
        assert_eq!(found.pop().unwrap()["type"], "verified");
        (out.status, found)
    }

    /// rt-verify finds damage in each of these files, and in nothing else.
    fn finds(&self, files: &[&str], what: &str) {
        let (status, found) = self.verify(&[]);
        let damaged = |file: &str| {
            let of = |f: &&Value| f["file"] == file;
            let mut of = found.iter().filter(of);
            of.any(|f| f["severity"] == "damage")
        };
        let missed: Vec<_> = files.iter().filter(|f| !damaged(f)).collect();
        assert!(missed.is_empty(), "{what}: not in {missed:?}: {found:#?}");
        assert_eq!(status, if files.is_empty() { 0 } else { 5 }, "{what}");
        for finding in &found {
            let file = finding["file"].as_str().unwrap();
            assert!(files.contains(&file), "{what}: {finding}");
            assert!(finding["hint"].is_string(), "{what}: {finding}");
        }
    }
}

/// The bits that are flipped of the `i`th byte of something.
fn masks(i: usize) -> Vec<u8> {
    match std::env::var_os("RT_LONG").is_some() {
        true => (0..8).map(|bit| 1 << bit).collect(),
        false => vec![1 << (i % 8)],
    }
}
