//! rt-ship and rt-fetch with rclone: a local folder, what rclone itself serves
//! (WebDAV, which has no hashes, and SFTP, which has), and a server that speaks
//! S3. Where rclone or moto_server is missing, what needs it is left out;
//! scripts/check says so.

mod killed;
mod kinds;
mod refused;
mod remote;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::world::{World, records};
use crate::support::{Cmd, Out, system};

/// A table with rows of three months, archived.
fn world() -> World {
    let world = World::of("CREATE TABLE t(id INTEGER PRIMARY KEY, at, name)");
    let days = ["2025-11-03", "2025-12-04", "2026-01-02", "2026-01-03"];
    for (n, day) in days.iter().enumerate() {
        for i in 0..5 {
            world.sql(&format!(
                "INSERT INTO t VALUES({}, '{day}T0{i}:00:00Z', 'n{i}')",
                n * 5 + i
            ));
        }
    }
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    world
}

/// Whether rclone is there; without it nothing here can be tested.
fn has_rclone() -> bool {
    system("rclone").is_some()
}

/// rt-ship or rt-fetch, for the host `a`.
fn ship<'w>(world: &'w World, program: &str) -> Cmd<'w> {
    world.cmd(program).args(["--host", "a"]).patience(120)
}

fn shipped(world: &World, remote: &str) -> Out {
    let out = ship(world, "rt-ship").arg(remote).run();
    out.status(0).stderr("");
    out
}

/// The names in a stream of records of one type.
fn objects(out: &Out, kind: &str) -> Vec<String> {
    let of = |r: &Value| r["type"] == kind;
    let records = records(&out.stdout).into_iter().filter(of);
    records.map(|r| r["object"].as_str().unwrap().to_owned()).collect()
}

/// The files of a folder, from there, without pieces of the ledger.
fn below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for path in entries.map(|e| e.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap();
                    found.insert(name.to_str().unwrap().to_owned());
                }
            }
        }
    }
    found.retain(|name| !name.starts_with("ledger/"));
    found
}

/// What a remote must hold beside the ledger: each file of the tree, under a
/// name with the digest of what it holds.
fn wanted(world: &World) -> BTreeSet<String> {
    let tree = world.dir.join("archives");
    let names = below(&tree).into_iter().filter(|name| {
        ["warm/", "cold/", "schema/"].iter().any(|s| name.starts_with(s))
            || name.contains(".json.gz")
    });
    let object = |name: String| {
        if name.starts_with("schema/") {
            return name;
        }
        let sum = system("sha256sum").unwrap().arg(tree.join(&name)).output();
        let sum = String::from_utf8(sum.unwrap().stdout).unwrap();
        let base = name.rfind('/').map_or(0, |slash| slash + 1);
        let (stem, end) = name[base..].split_once('.').unwrap();
        format!("{}{stem}-{}.{end}", &name[..base], &sum[..12])
    };
    names.map(object).collect()
}

/// Fetches into `back`, and looks whether it is the tree: its ledger is the
/// beginning of that one, byte for byte, and nothing is wrong with it.
fn comes_back(world: &World, remote: &str) {
    world.sh("rm -rf back").run().status(0);
    let out = ship(world, "rt-fetch").args(["--archives", "back", remote]);
    out.run().status(0).stderr("");
    verified(world);
    let (ledger, back) = ("archives/ledger.jsonl", "back/ledger.jsonl");
    let (ledger, back) = (world.dir.read(ledger), world.dir.read(back));
    assert!(ledger.starts_with(&back));
    let behind = ledger[back.len()..].lines();
    let about = ["ship", "shipped", "withdraw", "withdrawn"];
    for event in records(&behind.collect::<Vec<_>>().join("\n")) {
        assert!(about.contains(&event["type"].as_str().unwrap()), "{event}");
    }
    let same = "rt-cat t >a; rt-cat --archives back t | cmp - a";
    world.sh(same).run().status(0);
}

fn verified(world: &World) {
    let args = ["--balance", "--archives", "back"];
    world.cmd("rt-verify").args(args).run().status(0);
}
