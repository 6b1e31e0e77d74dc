//! rt-purge: rows go that are what was archived, and no others.

mod archive_made_by_hand;
mod changed_before_purge;
mod files_and_folders;
mod foreign_keys;
mod keys_spelled_otherwise;
mod large_segments;
mod limited_stopped_and_resumed;
mod others_write_during_deletion;
mod pointed_at_between_batches;
mod reader_that_holds_the_log;
mod schema_made_anew;
mod tables_of_every_shape;
mod triggers;
mod triggers_that_write;
mod whole_table_in_one_transaction;

use serde_json::Value;

use crate::support::world::{World, purged};
use crate::support::{Out, system};

/// A world made by `sql`, in which `OLD` stands for a time that is due;
/// `rest` are more members of its policy's lines.
fn with(rest: &str, sql: &str) -> World {
    World::with(rest, &sql.replace("OLD", "'2026-01-01'"))
}

/// The same, with triggers that the policy trusts.
fn trusting(sql: &str) -> World {
    with(",\"triggers\":\"trust\"", sql)
}

/// The whole pipeline. The status is rt-purge's.
fn archive(world: &World) -> Out {
    archive_with(world, "", "")
}

/// The pipeline with a failpoint and flags for rt-purge.
fn archive_with(world: &World, fail: &str, flags: &str) -> Out {
    // rt-purge has to have begun when the segment is stored: else it takes that
    // for another run's, and keeps lines in doubt.
    let script = format!(
        "{{ sleep 0.3; rt-export --due t; }} | rt-store t | \
         RT_FAIL=\"$FAIL\" rt-purge {flags} t"
    );
    world.sh(&script).env("FAIL", fail).run()
}

/// A failpoint that runs a statement in the database, as an application
/// would; none where there is no sqlite3 to do it.
fn meanwhile(point: &str, statement: &str) -> Option<String> {
    assert!(!statement.contains('"'));
    system("sqlite3")?;
    Some(format!("{point}=sqlite3 db \"{statement}\""))
}

/// A column of the rows in the database, sorted.
fn live(world: &World, column: &str) -> Vec<String> {
    let mut rows = world.rows(&format!("SELECT {column} FROM t"));
    rows.sort();
    rows
}

/// The same column of the rows in the archives, sorted.
fn archived(world: &World, column: &str) -> Vec<String> {
    let text = |row: &Value| match &row[column] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut out: Vec<String> = world.records().iter().map(text).collect();
    out.sort();
    out
}

/// Each of these rows is in the database or in the archives, once.
fn conserved(world: &World, column: &str, rows: &[&str]) {
    let mut all = live(world, column);
    all.extend(archived(world, column));
    all.sort();
    assert_eq!(all, rows, "{}", world.dir.tree());
}

/// A number of the one record that rt-purge printed.
fn count(out: &Out, name: &str) -> u64 {
    purged(out)[name].as_u64().unwrap()
}

/// No row points at one that is gone.
fn whole(world: &World) {
    let dangling = world.rows("PRAGMA foreign_key_check");
    assert!(dangling.is_empty(), "{dangling:?}");
}
