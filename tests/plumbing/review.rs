//! Export, store and purge together, where a review found rows in neither
//! place, in both, or a job that could not go on.

mod files;
mod keys;
mod locks;
mod references;
mod schemas;
mod triggers;

use crate::support::{Cmd, Dir, Out, system};

/// When the rows that are due were made.
const OLD: &str = "2026-01-01";

/// A database `x.db` made by `sql`, in which `OLD` stands for its value, and
/// the policy `p` for its table `t`; `rest` are more members of its line.
fn with(rest: &str, sql: &str) -> Dir {
    let dir = Dir::new();
    dir.sql("x.db", &sql.replace("OLD", &format!("'{OLD}'")));
    let policy = format!(
        "{{\"table\":\"t\",\"timestamp\":\"ts\",\"hot\":\"7d\",\
         \"warm\":\"30d\",\"cold\":\"365d\"{rest}}}\n"
    );
    dir.write("p", policy);
    dir
}

/// The same, with triggers that the policy trusts.
fn trusting(sql: &str) -> Dir {
    with(",\"triggers\":\"trust\"", sql)
}

/// A shell command in the folder.
fn sh<'d>(dir: &'d Dir, script: &str) -> Cmd<'d> {
    dir.cmd("sh")
        .args(["-c", script])
        .env("RT_DB", "x.db")
        .env("RT_ARCHIVES", "a")
        .env("RT_POLICY", "p")
}

/// The whole pipeline. The status is rt-purge's.
fn archive(dir: &Dir) -> Out {
    sh(dir, "rt-export --due t | rt-store t | rt-purge t").run()
}

/// The pipeline with a failpoint and flags for rt-purge.
fn archive_with(dir: &Dir, fail: &str, flags: &str) -> Out {
    let script = format!(
        "rt-export --due t | rt-store t | RT_FAIL=\"$FAIL\" rt-purge {flags} t"
    );
    sh(dir, &script).env("FAIL", fail).run()
}

/// Finishes what another run left.
fn recover(dir: &Dir) -> Out {
    sh(dir, "rt-purge --pending").run()
}

/// A failpoint that runs a statement in the database, as an application
/// would; none where there is no sqlite3 to do it.
fn meanwhile(point: &str, statement: &str) -> Option<String> {
    assert!(!statement.contains('"'));
    system("sqlite3")?;
    Some(format!("{point}=sqlite3 x.db \"{statement}\""))
}

/// A column of the rows in the database, sorted.
fn live(dir: &Dir, column: &str) -> Vec<String> {
    let mut rows = dir.rows("x.db", &format!("SELECT {column} FROM t"));
    rows.sort();
    rows
}

/// The same column of the rows in the archives, by gzip alone, sorted.
fn archived(dir: &Dir, column: &str) -> Vec<String> {
    let tree = dir.tree();
    let files = tree.lines().filter(|l| l.starts_with("a/warm/"));
    let files = files.filter_map(|l| l.split(' ').next());
    let mut out = Vec::new();
    for file in files.filter(|f| f.ends_with(".gz")) {
        for line in dir.zcat(file).lines() {
            let record: serde_json::Value =
                serde_json::from_str(line).unwrap();
            out.push(match &record[column] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
        }
    }
    out.sort();
    out
}

/// Each of these rows is in the database or in the archives, once.
fn conserved(dir: &Dir, column: &str, rows: &[&str]) {
    let mut all = live(dir, column);
    all.extend(archived(dir, column));
    all.sort();
    assert_eq!(all, rows, "{}", dir.tree());
}

/// A number of the last record that rt-purge printed.
fn count(out: &Out, name: &str) -> u64 {
    let last = out.stdout.lines().last().unwrap_or_default();
    let record: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(record["type"], "purged", "{last}");
    let of = |name: &str| record[name].as_u64().unwrap();
    let parts = ["records", "changed", "referenced", "refused", "gone"];
    let sum: u64 = parts.iter().map(|p| of(p)).sum();
    assert_eq!(sum + of("superseded"), of("rows"), "{last}");
    of(name)
}

/// No row points at one that is gone.
fn whole(dir: &Dir) {
    let dangling = dir.rows("x.db", "PRAGMA foreign_key_check");
    assert!(dangling.is_empty(), "{dangling:?}");
}
