//! Tables of which few rows are due: one run of the programs takes several, and
//! what it leaves is what a pipeline each would.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::idle_tables::counted_job;
use super::tables;
use crate::support::world::{World, records};

/// The policy's line of a table.
fn line(name: &str) -> String {
    format!(
        "{{\"table\":\"{name}\",\"timestamp\":\"at\",\"hot\":\"7d\",\
         \"warm\":\"30d\",\"cold\":\"365d\"}}\n"
    )
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("t{n:02}")).collect()
}

/// So many tables, each with rows of two days that are due and one that is
/// not, and what `more` says.
fn world(count: usize, more: &str) -> World {
    let mut sql = String::from("PRAGMA journal_mode = WAL;");
    for name in names(count) {
        sql += &format!(
            "CREATE TABLE {name} (id TEXT PRIMARY KEY, at TEXT);
            INSERT INTO {name} VALUES ('a', '2026-01-01'), ('b', '2026-01-02'),
                ('c', '2026-01-02T10:00:00Z'), ('d', '2026-01-14');"
        );
    }
    let world = World::builtin(&(sql + more));
    let lines: String = names(count).iter().map(|n| line(n)).collect();
    world.dir.write("policy", lines);
    world.dir.folder("archives");
    world
}

/// Each table by itself.
const BY_HAND: &str = r#"
words=$(rt-policy --tables --sh -- all); eval "set -- $words"; : >results
for table; do
	rt-export --due --result x -- "$table" | rt-store -- "$table" |
		rt-purge -- "$table" >y
	cat y x >>results
done
rt-report --json -- "$@" <results"#;

/// The warm files of the tables, by name.
fn warm(world: &World, tables: usize) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in names(tables) {
        for day in ["2026-01-01", "2026-01-02"] {
            let file = format!("archives/warm/{day}/{name}.jsonl.gz");
            let bytes = fs::read(world.dir.join(&file)).unwrap();
            files.insert(file, bytes);
        }
    }
    files
}

#[test]
fn many_small_tables_cost_one_run_and_leave_what_a_run_each_does() {
    let (ours, hand) = (world(30, ""), world(30, ""));
    let by_hand = hand.sh(BY_HAND).run();
    by_hand.status(0).stderr("");
    let job = counted_job(&ours, &["--json", "all"]);
    job.status(0).stderr("");
    assert_eq!(tables(&job), tables(&by_hand));
    assert_eq!(tables(&job).len(), 30);
    assert_eq!(warm(&ours, 30), warm(&hand, 30));
    let started = ours.dir.read("started");
    // A look and the export; what an earlier run left, and the deletion.
    for (program, times) in
        [("rt-export", 2), ("rt-store", 1), ("rt-purge", 2)]
    {
        assert_eq!(started.matches(program).count(), times, "{started}");
    }
    assert_eq!(ours.rows("SELECT id FROM t29"), ["d"]);
    ours.cmd("rt-verify").run().status(0);
}

#[test]
fn table_that_cannot_be_stored_is_failed_and_the_others_are_not() {
    let world = world(4, "");
    world.run("t01");
    world.sql("INSERT INTO t01 VALUES ('e', '2026-01-02')");
    let file = "archives/warm/2026-01-02/t01.jsonl.gz";
    let mut bytes = fs::read(world.dir.join(file)).unwrap();
    bytes.push(0);
    world.dir.write(file, bytes);
    let job = world.cmd("rt-archive").args(["--json", "all"]).run();
    job.status(5);
    let tables = tables(&job);
    for (name, status, records) in [
        ("t00", "archived", 3),
        ("t01", "failed", 0),
        ("t02", "archived", 3),
        ("t03", "archived", 3),
    ] {
        assert_eq!(tables[name]["status"], status, "{name}");
        assert_eq!(tables[name]["records"], records, "{name}");
    }
    assert_eq!(world.row("SELECT id FROM t01"), "d e");
}

#[test]
fn only_tables_that_stand_alone_go_together() {
    let world = world(
        3,
        "CREATE TABLE child (id INTEGER PRIMARY KEY, at TEXT,
            of TEXT REFERENCES t01(id));
        CREATE TABLE fires (id INTEGER PRIMARY KEY, at TEXT);
        CREATE TRIGGER t AFTER DELETE ON fires BEGIN
            INSERT INTO child(at) VALUES ('2026-01-14'); END;
        CREATE TABLE many (id INTEGER PRIMARY KEY, at TEXT);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < 257)
        INSERT INTO many SELECT n, '2026-01-01' FROM s;
        CREATE TABLE few AS SELECT * FROM many LIMIT 256;
        CREATE TABLE wide (id INTEGER PRIMARY KEY, at TEXT, body TEXT);
        INSERT INTO wide VALUES (1, '2026-01-01', hex(zeroblob(600000)));
        INSERT INTO child VALUES (1, '2026-01-01', NULL);
        INSERT INTO fires VALUES (1, '2026-01-01')",
    );
    let all = ["t00", "t01", "child", "fires", "many", "few", "wide", "t02"];
    world.dir.write("policy", all.map(line).concat());
    let out = world
        .cmd("rt-export")
        .args(["--due", "--look", "--together", "small", "--result", "x"])
        .args(all)
        .run();
    out.status(0).stdout("'t01' 'fires' 'many' 'wide'\n").stderr("");
    let small = world.dir.read("small");
    assert_eq!(small, "'t00' 'child' 'few' 't02'\n");
    assert_eq!(world.dir.read("x"), "");
}

#[test]
fn a_run_takes_no_more_tables_than_its_memory_has_room_for() {
    let world = world(130, "");
    let out = world
        .sh("eval \"set -- $(rt-policy --tables --sh all)\"
            rt-export --due --look --together small --result x \"$@\"")
        .run();
    out.status(0).stdout("\n").stderr("");
    let small = world.dir.read("small");
    let runs: Vec<usize> =
        small.lines().map(|line| line.split(' ').count()).collect();
    assert_eq!(runs, [64, 64, 2]);
}

#[test]
fn stream_of_several_tables_names_them_and_is_held_to_the_names() {
    let world = world(3, "");
    let out = world.cmd("rt-export").args(["--due", "t00", "t01"]).run();
    out.status(0).stderr("");
    let lines: Vec<Value> = records(&out.stdout);
    let names: Vec<usize> =
        (0..lines.len()).filter(|i| lines[*i].is_string()).collect();
    assert_eq!(names, [0, 4]);
    assert_eq!((&lines[0], &lines[4]), (&"t00".into(), &"t01".into()));
    // Of a table that was not named nothing is stored, of those before it all.
    let stored = world
        .cmd("rt-store")
        .args(["t00", "t02"])
        .stdin(out.stdout.as_bytes())
        .run();
    stored.status(4);
    let said: Vec<(String, String, u64)> = records(&stored.stdout)
        .iter()
        .filter(|r| r["type"] == "stored")
        .map(|r| {
            let text = |key: &str| r[key].as_str().unwrap().to_owned();
            (text("table"), text("status"), r["rows"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        said,
        [
            ("t00".to_owned(), "archived".to_owned(), 3),
            ("t02".to_owned(), "no_records".to_owned(), 0)
        ]
    );
    // Rows without a name are of no table.
    let rows = world.exported("t02");
    let stored = world
        .cmd("rt-store")
        .args(["t01", "t02"])
        .stdin(rows.stdout.as_bytes())
        .run();
    stored.status(4).stdout("");
}
