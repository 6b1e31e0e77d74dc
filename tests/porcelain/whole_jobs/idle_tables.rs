//! Tables of which nothing is due: one look finds them, and they cost no
//! program of their own; the report is that of a job done by hand.

use std::collections::BTreeMap;

use serde_json::Value;

use super::tables;
use crate::support::world::World;
use crate::support::{Dir, Out, bins, word};

/// Writes a policy for tables, a line each.
fn policy<'n>(dir: &Dir, names: impl IntoIterator<Item = &'n str>) {
    let lines: String = names
        .into_iter()
        .map(|name| {
            let rest =
                if name == "wrong" { r#","where":"id = 'x'""# } else { "" };
            format!(
                "{{\"table\":\"{name}\",\"timestamp\":\"at\",\"hot\":\"7d\",\
                 \"warm\":\"30d\",\"cold\":\"365d\"{rest}}}\n"
            )
        })
        .collect();
    dir.write("policy", lines);
}

/// So many tables with a row that is hot, some of them with an index.
fn idle(count: usize) -> World {
    let names: Vec<String> = (0..count).map(|n| format!("t{n}")).collect();
    let mut sql = String::from("PRAGMA journal_mode = WAL;");
    for (n, name) in names.iter().enumerate() {
        sql += &format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, at TEXT);
            INSERT INTO {name} VALUES (1, '2026-01-14');"
        );
        if n % 2 == 0 {
            sql += &format!("CREATE INDEX {name}_at ON {name}(at);");
        }
    }
    let world = World::builtin(&sql);
    policy(&world.dir, names.iter().map(String::as_str));
    world.dir.folder("archives");
    world
}

/// Puts a program before each of ours that notes that it was started.
fn counted(dir: &Dir) {
    for program in
        ["rt-export", "rt-store", "rt-purge", "rt-policy", "rt-report", "cat"]
    {
        let real = match program {
            "cat" => "/bin/cat".to_owned(),
            _ => word(bins().join(program)),
        };
        let text = format!(
            "#!/bin/sh\necho {program} >>'{}'\nexec {real} \"$@\"\n",
            dir.join("started").display()
        );
        dir.script(&format!("counted/{program}"), &text);
    }
}

/// A job whose programs are noted in `started`.
pub fn counted_job(world: &World, args: &[&str]) -> Out {
    counted(&world.dir);
    world.dir.write("started", "");
    let job = world.cmd("rt-archive").path_first(world.dir.join("counted"));
    job.args(args).run()
}

fn started(world: &World, args: &[&str]) -> String {
    counted_job(world, args).status(0).stderr("");
    world.dir.read("started")
}

#[test]
fn programs_are_started_for_tables_with_rows_due_only() {
    for args in [&["all"][..], &["-n", "all"]] {
        let few = idle(2);
        let many = idle(50);
        let programs = started(&many, args);
        assert_eq!(programs, started(&few, args), "{args:?}");
        assert_eq!(programs.matches("rt-export").count(), 1, "{args:?}");
        assert!(!programs.contains("rt-store"), "{programs}");
        many.sql("INSERT INTO t7 VALUES (2, '2026-01-01')");
        let programs = started(&many, args);
        assert_eq!(programs.matches("rt-export").count(), 2, "{args:?}");
        assert_eq!(programs.matches("rt-store").count(), 1, "{args:?}");
    }
}

const NAMES: [&str; 13] = [
    "hot",
    "hot_index",
    "none",
    "undated",
    "blind",
    "future",
    "parent",
    "child",
    "absent",
    "deletes",
    "odd",
    "old",
    "view",
];

/// A table of every kind, by its name.
fn mixed() -> World {
    let mut sql = String::new();
    for name in NAMES {
        if !["absent", "view", "odd", "parent", "child"].contains(&name) {
            sql += &format!(
                "CREATE TABLE {name} (id INTEGER PRIMARY KEY, at TEXT);"
            );
        }
    }
    sql += "CREATE INDEX i ON hot_index(at);
        CREATE TABLE odd (id INTEGER PRIMARY KEY, wrong TEXT);
        CREATE VIEW view AS SELECT * FROM old;
        CREATE TABLE parent (id INTEGER PRIMARY KEY, at TEXT);
        CREATE TABLE child (id INTEGER PRIMARY KEY, at TEXT,
            of INTEGER REFERENCES parent(id));
        CREATE TRIGGER tr AFTER DELETE ON deletes BEGIN
            DELETE FROM hot WHERE id = OLD.id; END;
        INSERT INTO hot VALUES (1, '2026-01-14'), (2, '2026-01-13T10:00:00');
        INSERT INTO hot_index SELECT * FROM hot;
        INSERT INTO undated VALUES (1, '2026-01-14'), (2, NULL), (3, 'x');
        INSERT INTO blind VALUES (1, 'x'), (2, 'y');
        INSERT INTO future VALUES (1, '2026-01-14'), (2, '2026-03-14');
        INSERT INTO parent VALUES (1, '2026-01-01'), (2, '2026-01-01');
        INSERT INTO child VALUES (1, '2026-01-14', 1), (2, '2026-01-01', 2);
        INSERT INTO deletes VALUES (1, '2026-01-14');
        INSERT INTO old VALUES (1, '2026-01-01'), (2, '2026-01-14');";
    let world = World::builtin(&sql);
    policy(&world.dir, NAMES);
    world.dir.folder("archives");
    world
}

/// What a job by hand does: a pipeline a table, and the report.
const BY_HAND: &str = r#"
words=$(rt-policy --tables --sh $1 -- all); eval "set -- \"\$1\" $words"
dry=$1; shift
for table do
	rt-export $dry --due --after results --result x -- "$table" |
		rt-store $dry -- "$table" | rt-purge $dry -- "$table" >y
	cat y x >>results; : >x
done
rt-report $dry --json -- "$@" <results"#;

#[test]
fn report_is_that_of_pipelines_by_hand() {
    for dry in ["", "-n"] {
        let (ours, hand) = (mixed(), mixed());
        hand.dir.write("results", "");
        hand.dir.write("x", "");
        let script = match dry {
            "" => BY_HAND.replace("--after results ", ""),
            _ => BY_HAND.to_owned(),
        };
        let by_hand = hand.sh(&script).args(["sh", dry]).run();
        let mut args = vec!["--json", "all"];
        args.extend((!dry.is_empty()).then_some(dry));
        let job = ours.cmd("rt-archive").args(args).run();
        job.status(by_hand.status_of(&[3]).status);
        let want: BTreeMap<String, Value> = tables(&by_hand);
        assert_eq!(tables(&job), want);
        assert_eq!(want.len(), NAMES.len());
        let status = |name: &str| want[name]["status"].as_str().unwrap();
        assert_eq!(
            status("blind"),
            if dry.is_empty() { "no_records" } else { "dry_run" }
        );
        assert_eq!(status("absent"), "no_table");
        assert_eq!(status("deletes"), "failed");
        assert_eq!(want["undated"]["undated"], 2);
        assert_eq!(want["future"]["future"], 1);
        assert_eq!(want["old"]["records"], 1);
        assert_eq!(want["parent"]["records"], 1);
        assert_eq!(want["parent"]["referenced"], 1);
    }
}

#[test]
fn idle_table_with_a_segment_that_is_not_settled_fails_as_by_hand() {
    let world = idle(3);
    world.sql("INSERT INTO t1 VALUES (2, '2026-01-01')");
    world.stored("t1");
    world.sql("DELETE FROM t1 WHERE id = 2");
    let out = world
        .cmd("rt-export")
        .args(["--due", "--look", "--result", "x", "t0", "t1", "t2"])
        .run();
    out.status(0).stdout("'t1'\n").stderr("");
    assert_eq!(world.dir.read("x").lines().count(), 2);
}
