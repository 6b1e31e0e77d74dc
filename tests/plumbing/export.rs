//! rt-export: what comes out is what the database holds, value by value, and
//! only what was asked for; and nothing else changes.

mod dry_run_changes_nothing;
mod errors_and_statuses;
mod references_and_triggers;
mod row_of_greatest_id_stays;
mod selection_flags;
mod tables_of_every_shape;
mod time_index;
mod times;
mod values;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::rows::{self, Row};
use crate::support::{Cmd, Dir, Out};

/// `rt-export --db x.db ARG...`
fn export<'d>(dir: &'d Dir, args: &[&str]) -> Cmd<'d> {
    dir.cmd("rt-export").args(["--db", "x.db"]).args(args)
}

/// Its rows; it must end well and say nothing.
fn rows_of(dir: &Dir, args: &[&str]) -> Vec<Row> {
    let out = export(dir, args).run();
    out.status(0).stderr("");
    rows::parse(&out.bytes)
}

/// The column `id` of its rows.
fn ids(dir: &Dir, args: &[&str]) -> Vec<i64> {
    rows::integers(&rows_of(dir, args), "id")
}

/// Its output and its result record, whatever its end.
fn with_result(dir: &Dir, args: &[&str]) -> (Out, Value) {
    let out = export(dir, &["--result", "result"]).args(args).run();
    let record = dir.read("result");
    std::fs::remove_file(dir.join("result")).unwrap();
    (out, serde_json::from_str(&record).unwrap())
}

/// The database `x.db`.
fn open(dir: &Dir) -> Connection {
    Connection::open(dir.join("x.db")).unwrap()
}

/// All rows of the table, as the database has them.
fn table(dir: &Dir, name: &str, order: &str) -> Vec<Row> {
    let name = name.replace('"', "\"\"");
    let sql = format!("SELECT * FROM \"{name}\" ORDER BY {order}");
    rows::query(&open(dir), &sql)
}
