//! Files of the tree, and files made by hand.

use std::fs;
use std::path::Path;

use super::{archive, archived, conserved, live, with};
use crate::support::system;
use crate::support::world::World;

const TABLE: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v); \
                     INSERT INTO t VALUES(1, OLD, 'one'), (2, OLD, 'two')";

#[test]
fn a_file_made_before_a_column_came_proves_rows_only_where_it_is_null() {
    for (note, left) in [("'precious'", 2), ("NULL", 0)] {
        let world = with("", TABLE);
        world.sh("rt-export t | rt-gzip >f.gz").run().status(0);
        world.sql(&format!(
            "ALTER TABLE t ADD note; UPDATE t SET note = {note}"
        ));
        let out = world.sh("rt-purge --archive f.gz t").run();
        let changed = format!("\"changed\":{left},");
        out.status(0).stdout_has(&changed);
        assert_eq!(live(&world, "id").len(), left, "{note}");
        assert_eq!(world.dir.zcat("f.gz").lines().count(), 2);
    }
}

/// The system calls of a store, in order; none where they cannot be traced.
fn traced(world: &World) -> Option<Vec<String>> {
    system("strace")?;
    let calls = "fsync,fdatasync,write,pwrite64,rename,renameat,renameat2";
    let trace = format!(
        "rt-export --due t | strace -f -y -s 200 -e trace={calls} -o trace \
         rt-store t >r"
    );
    let out = world.sh(&trace).run();
    let text = fs::read_to_string(world.dir.join("trace")).unwrap_or_default();
    if out.status != 0 || !text.contains("fsync(") {
        // Tracing is refused here: the store itself is tested elsewhere.
        return None;
    }
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn all_folders_are_durable_before_a_file_is_called_published() {
    let world = with("", TABLE);
    let Some(calls) = traced(&world) else { return };
    let rename = calls
        .iter()
        .position(|c| c.contains("rename") && c.contains("t.jsonl.gz"))
        .expect("the file gets its name");
    let published = calls
        .iter()
        .position(|c| c.contains("write") && c.contains("published"))
        .expect("it is called published");
    assert!(rename < published);
    let root = fs::canonicalize(world.dir.path()).unwrap();
    let synced = |path: &Path, calls: &[String]| {
        let open = format!("<{}>", path.display());
        calls.iter().any(|c| c.contains("sync(") && c.contains(&open))
    };
    for folder in ["archives/warm/2026-01-01", "archives/warm", "archives", ""]
    {
        let path = root.join(folder);
        let path = path.components().collect::<std::path::PathBuf>();
        let between = &calls[rename..published];
        assert!(synced(&path, between), "{folder:?}: {calls:#?}");
    }
}

#[test]
fn a_schema_that_is_there_is_made_durable_again() {
    let world = with("", TABLE);
    archive(&world).status(0);
    world.sql("INSERT INTO t VALUES(3, '2026-01-02', 'three')");
    let Some(calls) = traced(&world) else { return };
    let root = fs::canonicalize(world.dir.path()).unwrap();
    let schema = format!("<{}/archives/schema/t-", root.display());
    let sync = |c: &String| c.contains("sync(") && c.contains(&schema);
    let published = |c: &String| c.contains("published");
    let at = calls.iter().position(sync);
    assert!(at.is_some(), "{calls:#?}");
    assert!(at < calls.iter().position(published));
}

#[test]
fn more_days_than_open_files_settle() {
    let world = with(
        "",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at); \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < 1100) INSERT INTO t SELECT i, \
         date('2020-01-01', i || ' days') FROM n",
    );
    let pipe = "ulimit -n 256; \
                rt-export --due t | rt-store -1 t | rt-purge t";
    world.sh(pipe).run().status(0).stdout_has("\"records\":1100");
    assert_eq!(live(&world, "id"), [""; 0]);
    let files = world.dir.tree();
    let files = files.lines().filter(|l| l.contains("/t.jsonl.gz"));
    assert_eq!(files.count(), 1100);
}

#[test]
fn a_file_made_by_hand_that_moved_before_a_row_went_frees_its_table() {
    for change in ["mv f g", "rm f", "echo >>f"] {
        let world = with("", TABLE);
        world.sh("rt-export t >f").run().status(0);
        let killed =
            "RT_FAIL=purge.synced=kill rt-purge --archive f t; test $? = 137";
        world.sh(killed).run().status(0);
        let script = format!("cp f kept; {change}");
        world.sh(&script).run().status(0);
        world.pending().run().status(3).stdout_has("is no longer what it was");
        assert_eq!(live(&world, "id"), ["1", "2"], "{change}");
        archive(&world).status(0).stdout_has("\"records\":2");
        conserved(&world, "id", &["1", "2"]);
        // What is void stays void when the file is back.
        world.sh("cp kept f").run().status(0);
        world.pending().run().status(0);
        assert_eq!(archived(&world, "id"), ["1", "2"]);
    }
}

/// The file `kept` under its old name, in its folder.
fn put_back(world: &World, file: &str) {
    let path = world.dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::rename(world.dir.join("kept"), path).unwrap();
}

#[test]
fn a_published_file_that_is_missing_is_named() {
    let file = "archives/warm/2026-01-01/t.jsonl.gz";
    let world = with("", TABLE);
    world.sh("rt-export --due t | rt-store t >r").run().status(0);
    fs::rename(world.dir.join(file), world.dir.join("kept")).unwrap();
    for purge in ["rt-purge t <r", "rt-purge --pending"] {
        let out = world.sh(purge).run();
        out.status(5).stderr_has(file).stderr_has("is missing");
        assert_eq!(live(&world, "id"), ["1", "2"]);
    }
    put_back(&world, file);
    world.pending().run().status(0).stdout_has("\"records\":2");
    // A day that was settled gets no new rows while its file is missing.
    fs::rename(world.dir.join(file), world.dir.join("kept")).unwrap();
    world.sql("INSERT INTO t VALUES(3, '2026-01-01', 'three')");
    let store = "rt-export --due t | rt-store t";
    let out = world.sh(store).run();
    out.status(5).stderr_has(file).stderr_has("is missing");
    put_back(&world, file);
    archive(&world).status(0);
    conserved(&world, "v", &["one", "three", "two"]);
}

#[test]
fn an_empty_stream_makes_no_file() {
    let world = with("", TABLE);
    let store = world.sh("rt-store t </dev/null").run();
    store.status(0).stdout_has("\"no_records\"");
    let tree = world.dir.tree();
    let files = |name: &str| tree.contains(name);
    assert!(!files("archives/schema") && !files("archives/warm"), "{tree}");
}
