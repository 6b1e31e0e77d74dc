//! rt-erase: rows erased wherever they are, in one command.

use std::fs;

use serde_json::Value;

use crate::support::Out;
use crate::support::world::{World, records};

/// Rows of alice, bob and a row without a time: old ones archived, new ones
/// hot.
fn world() -> World {
    let world = World::of("CREATE TABLE t(id INTEGER PRIMARY KEY, at, name)");
    world.sql(
        "INSERT INTO t VALUES(1, '2025-11-01T00:00:00Z', 'alice'),
         (2, '2026-01-02T00:00:00Z', 'bob'),
         (3, '2026-01-02T01:00:00Z', 'alice')",
    );
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    world.sql(
        "INSERT INTO t VALUES(4, '2026-01-14T00:00:00Z', 'alice'),
         (5, '2026-01-14T00:00:00Z', 'bob')",
    );
    world
}

fn erase(world: &World, args: &[&str]) -> Out {
    let what = ["--reason", "request 17", "--where", "name=alice"];
    world.cmd("rt-erase").args(what).args(args).arg("t").run()
}

fn last(out: &Out) -> Value {
    records(&out.stdout).pop().unwrap()
}

/// Nothing of alice is left in the archives, and the books close.
fn forgotten(world: &World) {
    world.sound();
    let args = ["--balance", "--absent", "name=alice"];
    world.cmd("rt-verify").args(args).run().status(0);
    let ledger = world.dir.read("archives/ledger.jsonl");
    assert!(!ledger.contains("alice"));
}

#[test]
fn rows_of_the_archives_go_and_those_of_the_database_with_hot() {
    let world = world();
    let out = erase(&world, &["--yes"]);
    out.status(0).stderr("");
    assert_eq!(last(&out)["rows"], 2);
    forgotten(&world);
    assert_eq!(world.row("SELECT count(*) FROM t"), "2");
    let out = erase(&world, &["--yes", "--hot", "--reclaim=full"]);
    out.status(0).stderr("");
    forgotten(&world);
    assert_eq!(world.rows("SELECT id FROM t"), ["5"]);
    assert!(world.files_of("t_").is_empty());
    // Of what was deleted nothing is left in the file of the database.
    let bytes = fs::read(world.dir.join("db")).unwrap();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|w| w == text);
    assert!(has(b"bob") && !has(b"alice"));
}

#[test]
fn all_at_once_and_again() {
    let world = world();
    erase(&world, &["--yes", "--hot"]).status(0).stderr("");
    forgotten(&world);
    assert_eq!(world.rows("SELECT id FROM t"), ["5"]);
    let out = erase(&world, &["--yes", "--hot"]);
    assert_eq!(last(out.status(0))["status"], "no_records");
}

#[test]
fn nothing_is_done_unless_that_is_confirmed() {
    let world = world();
    let image = world.image();
    for (args, status) in [
        (&["-n"][..], 0),
        (&["-n", "--hot"], 0),
        (&["-n", "--hot", "--yes"], 0),
        (&["--hot"], 1),
        (&[], 1),
    ] {
        let out = erase(&world, args);
        out.status(status);
        assert_eq!(last(&out)["rows"], 2, "{args:?}");
        if args.contains(&"--hot") {
            let hot = records(&out.stdout).remove(0);
            assert_eq!(
                (&hot["type"], &hot["rows"]),
                (&"count".into(), &1.into())
            );
        }
    }
    assert_eq!(world.row("SELECT count(*) FROM t"), "2");
    assert_eq!(world.image(), image);
    // Hot rows alone are asked about too.
    let condition = ["--reason=x", "--where=id=5", "--hot", "t"];
    let out = world.cmd("rt-erase").args(condition).run();
    out.status(1).stderr_has("--yes");
    assert_eq!(world.row("SELECT count(*) FROM t"), "2");
}

#[test]
fn a_hold_stops_it_before_a_row_of_the_database_goes() {
    let world = world();
    let hold = ["add", "--reason", "case 3", "--before", "2025-12-01", "t"];
    let id = last(&world.cmd("rt-hold").args(hold).run());
    let out = erase(&world, &["--yes", "--hot"]);
    out.status(1).stderr_has("on hold");
    assert_eq!(world.row("SELECT count(*) FROM t"), "2");
    assert_eq!(world.count("erase"), 0);
    let id = id["id"].as_str().unwrap();
    world.cmd("rt-hold").args(["release", id]).run().status(0);
    erase(&world, &["--yes", "--hot"]).status(0);
    forgotten(&world);
}

#[test]
fn rows_that_cannot_go_are_said() {
    let world = world();
    world.sql("INSERT INTO t VALUES(6, NULL, 'alice')");
    let out = erase(&world, &["--yes", "--hot"]);
    out.status(3).stderr_has("rows are left in the database");
    assert_eq!(world.rows("SELECT id FROM t ORDER BY 1"), ["5", "6"]);
    forgotten(&world);
}

#[test]
fn a_table_without_archives_and_odd_words_are_no_trouble() {
    let world = World::of("CREATE TABLE t(id INTEGER PRIMARY KEY, at, name)");
    let name = "o'neil \"$HOME\" `x`";
    let quoted = name.replace('\'', "''");
    world.sql(&format!(
        "INSERT INTO t VALUES(1, '2026-01-14', '{quoted}'), (2, '2026-01-14', 'bob')"
    ));
    let condition = format!("name={name}");
    let args = ["--yes", "--hot", "--reason=x", "--where", &condition, "t"];
    world.cmd("rt-erase").args(args).run().status(0);
    assert_eq!(world.rows("SELECT id FROM t"), ["2"]);
    world.sound();
    let out = world.cmd("rt-erase").args(["--reason=x", "t"]).run();
    out.status(2).stderr_has("--where is missing");
    let out = world.cmd("rt-erase").args(["--where=id=1", "t"]).run();
    out.status(2).stderr_has("--reason is missing");
}

#[test]
fn killed_on_the_way_one_more_run_ends_it() {
    let template = world();
    for (point, program) in [
        ("store.renamed", "rt-store"),
        ("purge.committed", "rt-purge"),
        ("purge.before_purge", "rt-purge"),
        ("change.renamed", "rt-rewrite"),
    ] {
        let world = template.copy();
        let what = ["--reason=x", "--where=name=alice", "--yes", "--hot"];
        let cmd = world.cmd("rt-erase").args(what).arg("t");
        cmd.env("RT_FAIL", format!("{point}=kill")).run();
        erase(&world, &["--yes", "--hot"]).status(0);
        forgotten(&world);
        assert_eq!(world.rows("SELECT id FROM t"), ["5"], "{program}");
    }
}
