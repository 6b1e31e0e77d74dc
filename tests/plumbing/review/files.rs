//! Files of the tree, and files made by hand.

use std::fs;
use std::path::Path;

use super::{archive, archived, conserved, live, recover, sh, system, with};
use crate::support::Dir;

const TABLE: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, ts, v); \
                     INSERT INTO t VALUES(1, OLD, 'one'), (2, OLD, 'two')";

#[test]
fn a_file_made_before_a_column_came_proves_rows_only_where_it_is_null() {
    for (note, left) in [("'precious'", 2), ("NULL", 0)] {
        let dir = with("", TABLE);
        sh(&dir, "rt-export t | rt-gzip >f.gz").run().status(0);
        dir.sql(
            "x.db",
            &format!("ALTER TABLE t ADD note; UPDATE t SET note = {note}"),
        );
        let out = sh(&dir, "rt-purge --archive f.gz t").run();
        let changed = format!("\"changed\":{left},");
        out.status(0).stdout_has(&changed);
        assert_eq!(live(&dir, "id").len(), left, "{note}");
        assert_eq!(dir.zcat("f.gz").lines().count(), 2);
    }
}

/// The system calls of a store, in order; none where they cannot be traced.
fn traced(dir: &Dir) -> Option<Vec<String>> {
    system("strace")?;
    let calls = "fsync,fdatasync,write,pwrite64,rename,renameat,renameat2";
    let trace = format!(
        "rt-export --due t | strace -f -y -s 200 -e trace={calls} -o trace \
         rt-store t >r"
    );
    let out = sh(dir, &trace).run();
    let text = fs::read_to_string(dir.join("trace")).unwrap_or_default();
    if out.status != 0 || !text.contains("fsync(") {
        // Tracing is refused here: the store itself is tested elsewhere.
        return None;
    }
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn all_folders_are_durable_before_a_file_is_called_published() {
    let dir = with("", TABLE);
    let Some(calls) = traced(&dir) else { return };
    let rename = calls
        .iter()
        .position(|c| c.contains("rename") && c.contains("t.jsonl.gz"))
        .expect("the file gets its name");
    let published = calls
        .iter()
        .position(|c| c.contains("write") && c.contains("published"))
        .expect("it is called published");
    assert!(rename < published);
    let root = fs::canonicalize(dir.path()).unwrap();
    let synced = |path: &Path, calls: &[String]| {
        let open = format!("<{}>", path.display());
        calls.iter().any(|c| c.contains("sync(") && c.contains(&open))
    };
    for folder in ["a/warm/2026-01-01", "a/warm", "a", ""] {
        let path = root.join(folder);
        let path = path.components().collect::<std::path::PathBuf>();
        let between = &calls[rename..published];
        assert!(synced(&path, between), "{folder:?}: {calls:#?}");
    }
}

#[test]
fn a_schema_that_is_there_is_made_durable_again() {
    let dir = with("", TABLE);
    archive(&dir).status(0);
    dir.sql("x.db", "INSERT INTO t VALUES(3, '2026-01-02', 'three')");
    let Some(calls) = traced(&dir) else { return };
    let root = fs::canonicalize(dir.path()).unwrap();
    let schema = format!("<{}/a/schema/t-", root.display());
    let sync = |c: &String| c.contains("sync(") && c.contains(&schema);
    let published = |c: &String| c.contains("published");
    let at = calls.iter().position(sync);
    assert!(at.is_some(), "{calls:#?}");
    assert!(at < calls.iter().position(published));
}

#[test]
fn more_days_than_open_files_settle() {
    let dir = with(
        "",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, ts); \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < 1100) INSERT INTO t SELECT i, \
         date('2020-01-01', i || ' days') FROM n",
    );
    let pipe = "ulimit -n 256; \
                rt-export --due t | rt-store -1 t | rt-purge t";
    sh(&dir, pipe).run().status(0).stdout_has("\"records\":1100");
    assert_eq!(live(&dir, "id"), [""; 0]);
    let files = dir.tree();
    let files = files.lines().filter(|l| l.contains("/t.jsonl.gz"));
    assert_eq!(files.count(), 1100);
}

#[test]
fn a_file_made_by_hand_that_moved_before_a_row_went_frees_its_table() {
    for change in ["mv f g", "rm f", "echo >>f"] {
        let dir = with("", TABLE);
        sh(&dir, "rt-export t >f").run().status(0);
        let killed = "RT_FAIL=purge.compared=kill rt-purge --archive f t; test $? = 137";
        sh(&dir, killed).run().status(0);
        let script = format!("cp f kept; {change}");
        sh(&dir, &script).run().status(0);
        recover(&dir).status(0);
        assert_eq!(live(&dir, "id"), ["1", "2"], "{change}");
        archive(&dir).status(0).stdout_has("\"records\":2");
        conserved(&dir, "id", &["1", "2"]);
        // What is void stays void when the file is back.
        sh(&dir, "cp kept f").run().status(0);
        recover(&dir).status(0);
        assert_eq!(archived(&dir, "id"), ["1", "2"]);
    }
}

/// The file `kept` under its old name, in its folder.
fn put_back(dir: &Dir, file: &str) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::rename(dir.join("kept"), path).unwrap();
}

#[test]
fn a_published_file_that_is_missing_is_named() {
    let file = "a/warm/2026-01-01/t.jsonl.gz";
    let dir = with("", TABLE);
    sh(&dir, "rt-export --due t | rt-store t >r").run().status(0);
    fs::rename(dir.join(file), dir.join("kept")).unwrap();
    for purge in ["rt-purge t <r", "rt-purge --pending"] {
        let out = sh(&dir, purge).run();
        out.status(5).stderr_has(file).stderr_has("is missing");
        assert_eq!(live(&dir, "id"), ["1", "2"]);
    }
    put_back(&dir, file);
    recover(&dir).status(0).stdout_has("\"records\":2");
    // A day that was settled gets no new rows while its file is missing.
    fs::rename(dir.join(file), dir.join("kept")).unwrap();
    dir.sql("x.db", "INSERT INTO t VALUES(3, '2026-01-01', 'three')");
    let store = "rt-export --due t | rt-store t";
    let out = sh(&dir, store).run();
    out.status(5).stderr_has(file).stderr_has("is missing");
    put_back(&dir, file);
    archive(&dir).status(0);
    conserved(&dir, "v", &["one", "three", "two"]);
}

#[test]
fn an_empty_stream_makes_no_file() {
    let dir = with("", TABLE);
    let store = sh(&dir, "rt-store t </dev/null").run();
    store.status(0).stdout_has("\"no_records\"");
    let tree = dir.tree();
    let files = |name: &str| tree.contains(name);
    assert!(!files("a/schema") && !files("a/warm"), "{tree}");
}
