//! rt-lake: what it publishes gives the archives' lines back, byte for byte,
//! and follows the ledger. That other engines read it is checked by
//! tests/engines/run.

mod exact;
mod follows;
mod killed;
mod rows;
mod versions;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::world::World;
use crate::support::{Cmd, Dir, Out, lake};

/// rt-lake into the lake `lake`, as of host `a`.
fn publish(world: &World) -> Cmd<'_> {
    world.cmd(lake().to_str().unwrap()).args(["--host", "a", "lake"])
}

/// The files of a lake, as its manifest has them.
fn units(dir: &Dir) -> Vec<Value> {
    let text = dir.read("lake/manifest.json");
    let manifest: Value = serde_json::from_str(&text).unwrap();
    manifest["units"].as_array().unwrap().clone()
}

/// The names of those of a table, by month and version.
fn files(dir: &Dir, table: &str) -> Vec<String> {
    let units = units(dir);
    let of = units.iter().filter(|unit| unit["table"] == table);
    let mut files: Vec<(String, u64, String)> = of
        .map(|unit| {
            let text = |key: &str| unit[key].as_str().unwrap().to_owned();
            let v = unit["v"].as_u64().unwrap();
            (text("month"), v, format!("lake/{}", text("file")))
        })
        .collect();
    files.sort();
    files.into_iter().map(|(_, _, file)| file).collect()
}

/// The files below a lake, without its own two.
fn on_disk(dir: &Dir) -> Vec<String> {
    let tree = dir.tree();
    let lines = tree.lines().filter(|line| {
        let own = ["lake/manifest.json ", "lake/lock "];
        let below = line.starts_with("lake/") && !line.ends_with('/');
        below && !own.iter().any(|name| line.starts_with(name))
    });
    let names = lines.map(|line| line.split(' ').next().unwrap().to_owned());
    names.collect()
}

/// The lines of all files of a table in the lake.
fn lines(world: &World, table: &str) -> Out {
    let files = files(&world.dir, table);
    let cmd = world.cmd(lake().to_str().unwrap()).arg("--to-jsonl");
    let out = cmd.args(files).run();
    out.status(0).stderr("");
    out
}

/// The lake has just the lines of the archives, and just the files that its
/// manifest names.
fn same(world: &World, tables: &[&str]) {
    for table in tables {
        let archived = world.cmd("rt-cat").args(["--", table]).run();
        archived.status(0).stderr("");
        let published = lines(world, table);
        let same = archived.bytes == published.bytes;
        published.expect("the archives' lines", same);
    }
    let mut named: Vec<String> = units(&world.dir)
        .iter()
        .map(|unit| format!("lake/{}", unit["file"].as_str().unwrap()))
        .collect();
    named.sort();
    assert_eq!(on_disk(&world.dir), named);
}

/// The last record of a run.
fn summary(out: &Out) -> BTreeMap<String, Value> {
    out.status(0).stderr("");
    let last = out.stdout.lines().last().unwrap();
    let record: BTreeMap<String, Value> = serde_json::from_str(last).unwrap();
    out.expect("a summary", record["type"] == "lake");
    record
}

/// Archives what is due of these tables.
fn archive(world: &World, tables: &[&str]) {
    for table in tables {
        let receipts = world.stored(table);
        world.purge(&receipts).run().status(0);
    }
}
