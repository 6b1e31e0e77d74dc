//! rt-scaletrace over the real programs: a table that is over a size goes to
//! one file, whole and proven, and whatever happens each row is in the
//! database or in one file.

mod cost;
mod end_of_a_file;
mod failure_keeps_every_row;
mod file_read_by_other_programs;
mod redact;
mod settings;
mod sweep;
mod table_to_one_file;

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::support::{Cmd, Dir, Out};

/// The database of a test; `agent_logs` in it.
const DB: &str = "state.db";

const TABLE: &str = "CREATE TABLE agent_logs(id INTEGER PRIMARY KEY,
    created_at TEXT, prompt_text TEXT, response_text TEXT, tokens INT);";

/// A database with so many rows, from the year before [`crate::support::NOW`].
fn filled(rows: u64) -> Dir {
    let dir = Dir::new();
    dir.sql(DB, TABLE);
    fill(&dir, 1, rows);
    dir
}

/// So many rows more, whose ids begin there.
fn fill(dir: &Dir, from: u64, rows: u64) {
    dir.sql(
        DB,
        &format!(
            "WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1
               FROM s WHERE n + 1 < {from} + {rows})
             INSERT INTO agent_logs SELECT n,
               strftime('%Y-%m-%dT%H:%M:%SZ', 1735689600 + n * 7919 % 31000000,
                 'unixepoch'),
               'a prompt ' || n, '\"],[ ' || lower(hex(randomblob(100))), n * 3
             FROM s"
        ),
    );
}

/// `rt-scaletrace --db state.db --archives a`
fn trace(dir: &Dir) -> Cmd<'_> {
    dir.cmd("rt-scaletrace").args(["--db", DB, "--archives", "a"])
}

/// The same for a table that is larger than 1 KiB.
fn low(dir: &Dir) -> Cmd<'_> {
    trace(dir).args(["--threshold", "1KiB"])
}

/// The report that was printed.
fn report(out: &Out) -> Value {
    serde_json::from_str(&out.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}\n{}", out.stdout, out.stderr))
}

/// The table's live bytes, as rt-stat has them.
fn live(dir: &Dir) -> u64 {
    let out = dir.cmd("rt-stat").args(["--db", DB, "agent_logs"]).run();
    let record: Value = serde_json::from_str(&out.stdout).unwrap();
    record["live_bytes"].as_u64().unwrap()
}

/// The files of rows in the tree `a`.
fn files(dir: &Dir) -> Vec<String> {
    let tree = dir.tree();
    let lines = tree.lines().filter_map(|l| l.split(' ').next());
    let files = lines.filter(|l| l.starts_with("a/") && l.contains(".json"));
    let files = files.filter(|l| !l.ends_with("ledger.jsonl"));
    files.map(str::to_owned).collect()
}

/// The rows of a file, as `zcat FILE | python3 -m json.tool` has them.
fn rows(dir: &Dir, file: &str) -> Vec<Value> {
    let script = "set -e; zcat \"$1\" >array; python3 -m json.tool array";
    let out = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(dir.join(file))
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(out.status.success(), "{file}\n{}", dir.tree());
    serde_json::from_slice(&out.stdout).unwrap()
}

/// How often each id is in a file.
fn archived(dir: &Dir) -> BTreeMap<u64, u64> {
    let mut ids = BTreeMap::new();
    for file in files(dir) {
        for row in rows(dir, &file) {
            *ids.entry(row["id"].as_u64().unwrap()).or_default() += 1;
        }
    }
    ids
}

/// The ids in the database.
fn hot(dir: &Dir) -> Vec<u64> {
    let ids = dir.rows(DB, "SELECT id FROM agent_logs ORDER BY id");
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

/// Each id from 1 to `rows` is in the database or in one file, once.
fn all_are_there(dir: &Dir, rows: u64) {
    let mut ids = archived(dir);
    for id in hot(dir) {
        *ids.entry(id).or_default() += 1;
    }
    let want: BTreeMap<u64, u64> = (1..=rows).map(|id| (id, 1)).collect();
    assert_eq!(ids, want, "{}", dir.tree());
}
