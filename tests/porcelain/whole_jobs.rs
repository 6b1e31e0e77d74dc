//! Whole jobs: the scripts over the real programs, the database that they work
//! on, and what they leave.

pub mod cost;
mod dates;
mod idle_tables;
mod reasons;
mod small_tables;

use std::collections::BTreeMap;
use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::world::{World, records};
use crate::support::{Out, SHELLS, steady};

const DATED: [(&str, &str); 6] = [
    ("transcript_entries", "timestamp"),
    ("tool_uses", "start_time"),
    ("skill_traces", "start_time"),
    ("assertion_results", "timestamp"),
    ("assertion_chains", "created_at"),
    ("message_bus_log", "timestamp"),
];

/// The tables of a JSON report, by name.
fn tables(out: &Out) -> BTreeMap<String, Value> {
    let report: Value = serde_json::from_str(&out.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", out.stdout));
    let tables = report["tables"].as_array().unwrap();
    let total: u64 =
        tables.iter().map(|t| t["records"].as_u64().unwrap()).sum();
    out.expect("a sum", report["total_archived"] == total);
    tables
        .iter()
        .map(|t| (t["table"].as_str().unwrap().to_owned(), t.clone()))
        .collect()
}

/// Tables and their statuses, in a line.
fn statuses(out: &Out) -> String {
    let each: Vec<String> = tables(out)
        .iter()
        .map(|(name, t)| format!("{name} {}", t["status"].as_str().unwrap()))
        .collect();
    each.join(", ")
}

/// The archived rows of a table.
fn archived(world: &World, table: &str) -> Vec<Value> {
    let file = format!("/{table}.jsonl.gz");
    let mut rows = world.placed();
    rows.retain(|(place, _)| place.ends_with(&file));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Eight rows, five of them ten days old, three of them three.
fn eight() -> World {
    World::builtin(
        "CREATE TABLE transcript_entries (id INTEGER PRIMARY KEY,
            content TEXT, timestamp TEXT);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < 8)
        INSERT INTO transcript_entries SELECT n, 'row ' || n,
            CASE WHEN n <= 5 THEN '2026-01-05T00:00:00Z'
            ELSE '2026-01-12T00:00:00Z' END FROM s;
        CREATE TABLE task_list_execution_runs (id INTEGER PRIMARY KEY,
            timestamp TEXT);
        INSERT INTO task_list_execution_runs VALUES (1, '2020-01-01')",
    )
}

/// All tables of the policy, with rows of every kind on both sides of every
/// cutoff; results point at chains.
fn all_tables() -> World {
    let times = "CASE n % 10 WHEN 0 THEN NULL WHEN 1 THEN 'n/a'
        WHEN 2 THEN 1767225600 - n * 86400 WHEN 3 THEN
        datetime(1767225600 - n * 86400, 'unixepoch') ELSE
        strftime('%Y-%m-%dT%H:%M:%SZ', 1768435200 - n * 43200, 'unixepoch')
        END";
    let mut sql = "PRAGMA journal_mode = WAL;
        CREATE TABLE assertion_chains (id TEXT PRIMARY KEY, created_at);
        CREATE TABLE assertion_results (id INTEGER PRIMARY KEY, timestamp,
            chain TEXT REFERENCES assertion_chains(id));
        CREATE TABLE transcript_entries (id INTEGER PRIMARY KEY, timestamp);
        CREATE TABLE tool_uses (id TEXT PRIMARY KEY, start_time);
        CREATE TABLE skill_traces (id, start_time);
        CREATE TABLE message_bus_log (id TEXT PRIMARY KEY, timestamp)
            WITHOUT ROWID;
        CREATE TABLE task_list_execution_runs (id, timestamp);
        INSERT INTO task_list_execution_runs VALUES (1, '2020-01-01');"
        .to_owned();
    for (table, time) in DATED {
        sql += &format!(
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
                WHERE n < 120)
            INSERT INTO {table}(id, {time}) SELECT n, {times} FROM s;"
        );
    }
    // One of the chains stays: a result that stays points at it.
    sql += "UPDATE assertion_results SET chain = id;
        UPDATE assertion_results SET chain = '98' WHERE id = 5;";
    World::builtin(&sql)
}

/// Two chains that are due, with a result each; one of these is not.
fn family() -> World {
    World::builtin(
        "CREATE TABLE assertion_chains (id INTEGER PRIMARY KEY, created_at);
        CREATE TABLE assertion_results (id INTEGER PRIMARY KEY, timestamp,
            chain REFERENCES assertion_chains ON DELETE CASCADE);
        INSERT INTO assertion_chains VALUES (1, '2025-01-01'),
            (2, '2025-01-01');
        INSERT INTO assertion_results VALUES (1, '2025-01-01', 1),
            (2, '2026-01-14', 2)",
    )
}

#[test]
fn eight_rows_of_which_five_are_old() {
    for shell in SHELLS {
        let world = eight();
        let stat = || {
            let out = world.cmd("rt-stat").arg("transcript_entries").run();
            out.status(0);
            let record = records(&out.stdout).remove(0);
            [record["hot"].to_string(), record["stale"].to_string()]
        };
        assert_eq!(stat(), ["3", "5"]);
        let scripts = world.dir.scripts_for(shell);
        let archive = || {
            let out = world
                .cmd("rt-archive")
                .path_first(&scripts)
                .args(["all", "--older-than", "7d", "--json"])
                .run();
            out.status(0);
            tables(&out)["transcript_entries"].clone()
        };
        let result = archive();
        assert_eq!(result["status"], "archived");
        assert_eq!(result["records"], 5);
        assert_eq!(result["cutoff_date"], "2026-01-08T00:00:00Z");
        assert_eq!(
            result["archive_files"].to_string(),
            r#"["warm/2026-01-05/transcript_entries.jsonl.gz"]"#
        );
        assert_eq!(stat(), ["3", "0"]);
        let query = "SELECT id FROM transcript_entries";
        assert_eq!(world.rows(query), ["6", "7", "8"]);
        let rows = archived(&world, "transcript_entries");
        assert_eq!(rows.len(), 5);
        for (n, row) in rows.iter().enumerate() {
            assert_eq!(row["content"], format!("row {}", n + 1));
            assert_eq!(row["_archived_at"], crate::support::NOW);
        }
        let query = "SELECT * FROM task_list_execution_runs";
        assert_eq!(world.rows(query), ["1|2020-01-01"]);
        let mut before = world.image();
        assert_eq!(archive()["status"], "no_records");
        // But for the ledger, which says that there was a job.
        let mut after = world.image();
        let ledger = after.insert("ledger.jsonl".to_owned(), Vec::new());
        let more = ledger.unwrap();
        let less = before.insert("ledger.jsonl".to_owned(), Vec::new());
        assert!(more.starts_with(&less.unwrap()));
        assert!(after == before, "{}", world.dir.tree());
        assert!(!world.dir.tree().contains("task_list_execution_runs"));
    }
}

#[test]
fn tables_that_are_not_there_are_no_failure() {
    let world = eight();
    for name in ["rt-daily", "rt-weekly"] {
        let out = world.cmd(name).run();
        out.status(0);
        for (table, result) in tables(&out) {
            let there = table == "transcript_entries";
            let want = if there { "archived" } else { "no_table" };
            out.expect(want, result["status"] == want);
        }
    }
}

#[test]
fn every_status_occurs() {
    let world = all_tables();
    world.sql(
        "DROP TABLE skill_traces;
        DELETE FROM message_bus_log;
        CREATE TRIGGER reaper AFTER DELETE ON tool_uses
            BEGIN DELETE FROM message_bus_log; END",
    );
    let archive =
        |args: &[&str]| world.cmd("rt-archive").args(args).arg("--json").run();
    let out = archive(&["-n", "transcript_entries"]);
    out.status(0);
    assert_eq!(statuses(&out), "transcript_entries dry_run");
    let out = archive(&["daily"]);
    out.status(3).stderr_has("'reaper'");
    assert_eq!(
        statuses(&out),
        "message_bus_log no_records, skill_traces no_table, \
         tool_uses failed, transcript_entries archived"
    );
    let message = tables(&out)["tool_uses"]["message"].to_string();
    assert!(message.contains("'reaper'"), "{message}");
    assert_eq!(world.rows("SELECT count(*) FROM tool_uses"), ["120"]);
    let out = archive(&["task_list_execution_runs"]);
    out.status(0);
    assert_eq!(statuses(&out), "task_list_execution_runs exempt");
    // Named itself, a table must be there and have a policy.
    archive(&["skill_traces"]).status(2);
    archive(&["nothing"]).status(2);
}

#[test]
fn table_that_no_policy_names_goes_with_column_and_age() {
    let world = World::builtin("");
    world.sql(
        "CREATE TABLE other (x, at REAL);
        INSERT INTO other VALUES (1, 2460000.5), (2, 2461050.5), (3, 7.0)",
    );
    let archive = |args: &[&str]| {
        world.cmd("rt-archive").args(args).args(["--json", "other"]).run()
    };
    archive(&[]).status(2);
    archive(&["--older-than=7d"]).status(2);
    archive(&["--timestamp-column=at"]).status(2);
    archive(&["--older-than=7d", "--timestamp-column=no"]).status(2);
    assert!(!world.dir.join("archives/warm").exists());
    let both = ["--older-than=7d", "--timestamp-column=at"];
    let out = archive(&both);
    out.status(0);
    assert_eq!(tables(&out)["other"]["records"], 1);
    assert_eq!(tables(&out)["other"]["undated"], 1);
    assert_eq!(world.rows("SELECT x FROM other"), ["2", "3"]);
}

#[test]
fn dry_run_counts_what_the_real_run_moves_and_changes_nothing() {
    for (name, args) in [
        ("rt-archive", &["all", "--json"][..]),
        ("rt-archive", &["all", "--json", "--older-than=3d"]),
        ("rt-daily", &[]),
        ("rt-weekly", &[]),
    ] {
        let world = all_tables();
        // An application has it open, and left rows in its log.
        let app = Connection::open(world.dir.join("db")).unwrap();
        app.execute("INSERT INTO tool_uses VALUES ('app', 1)", []).unwrap();
        let state = || {
            let files =
                ["db", "db-wal"].map(|f| fs::read(world.dir.join(f)).unwrap());
            (files, world.dir.tree())
        };
        let before = state();
        let out = world.cmd(name).args(args).arg("-n").run();
        out.status(0);
        assert!(state() == before, "{name} {args:?}: {}", world.dir.tree());
        let dry = tables(&out);
        let out = world.cmd(name).args(args).run();
        out.status(0);
        let real = tables(&out);
        let mut moved = 0;
        for (table, result) in &dry {
            for count in ["records", "referenced", "undated"] {
                let case = format!("{name} {args:?} {table} {count}");
                assert_eq!(result[count], real[table][count], "{case}");
            }
            moved += real[table]["records"].as_u64().unwrap();
        }
        out.expect("some rows", moved > 50);
        let before = state();
        world.cmd(name).args(args).arg("-n").run().status(0);
        assert!(state() == before, "{name} {args:?}: {}", world.dir.tree());
    }
}

#[test]
fn children_go_before_their_parents_in_one_run() {
    let world = family();
    let out = world.cmd("rt-weekly").run();
    out.status(0);
    let tables = tables(&out);
    assert_eq!(tables["assertion_results"]["records"], 1);
    assert_eq!(tables["assertion_chains"]["records"], 1);
    // Its result is not due, so this chain stays.
    assert_eq!(tables["assertion_chains"]["referenced"], 1);
    assert_eq!(world.rows("SELECT id FROM assertion_chains"), ["2"]);
    assert_eq!(world.rows("SELECT id FROM assertion_results"), ["2"]);
}

#[test]
fn time_zone_of_the_process_does_not_matter() {
    let mut said: Option<(String, BTreeMap<String, Vec<u8>>)> = None;
    for zone in ["UTC", "Etc/GMT-14", "Etc/GMT+12", "America/New_York"] {
        let world = all_tables();
        let out = world
            .cmd("rt-archive")
            .args(["all", "--json"])
            .env("TZ", zone)
            .run();
        out.status(0);
        let mut files = world.image();
        // It has the wall clock in it, and the database's folder.
        files.remove("ledger.jsonl");
        let this = (steady(&world.dir, &out.stdout), files);
        let first = said.get_or_insert_with(|| this.clone());
        assert_eq!(*first, this, "{zone}");
    }
}

#[test]
fn report_goes_to_a_file_whole_or_not_at_all() {
    let world = eight();
    world.dir.write("report", "old");
    let out = world.cmd("rt-daily").arg("--output=report").run();
    out.status(0).stdout("");
    let report: Value =
        serde_json::from_str(&world.dir.read("report")).unwrap();
    assert_eq!(report["mode"], "daily");
    assert_eq!(report["total_archived"], 5);
    let names: Vec<_> = fs::read_dir(world.dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|n| !n.contains("tmp")), "{names:?}");
    let out = world.cmd("rt-daily").arg("--output=no/such/folder").run();
    out.status(1).stderr_has("'no/such'");
}

#[test]
fn quiet_job_speaks_only_of_failure() {
    let world = all_tables();
    world.dir.folder("archives");
    world.cmd("rt-daily").arg("-q").run().status(0).stdout("").stderr("");
    assert!(!archived(&world, "tool_uses").is_empty());
    world.sql(
        "CREATE TRIGGER reaper AFTER DELETE ON tool_uses
            BEGIN DELETE FROM message_bus_log; END",
    );
    let out = world.cmd("rt-daily").arg("-q").run();
    out.status(3);
    assert_eq!(tables(&out)["tool_uses"]["status"], "failed");
}

#[test]
fn what_cannot_be_opened_is_named_and_nothing_is_left_behind() {
    let world = eight();
    world.dir.write("file", "no folder");
    world.dir.write("text", "this is no database, whatever its name says");
    for (args, name) in [
        (["--archives=file", "--json"], "'file'"),
        (["--db=missing", "--json"], "'missing'"),
        (["--db=text", "--json"], "'text'"),
        (["--policy=missing", "--json"], "'missing'"),
    ] {
        let out = world.cmd("rt-archive").args(args).arg("all").run();
        out.expect("a failure", matches!(out.status, 1 | 2));
        out.stderr_has(name);
        let count = world.rows("SELECT count(*) FROM transcript_entries");
        assert_eq!(count, ["8"]);
        assert!(!world.dir.join("archives/warm").exists());
    }
}

#[test]
fn report_as_json() {
    let world = family();
    world.dir.folder("archives");
    let out = world.cmd("rt-weekly").run();
    out.status(0).stderr("");
    insta::assert_snapshot!(
        "rt-weekly__json",
        steady(&world.dir, &out.stdout)
    );
}

#[test]
fn report_for_people() {
    let world = all_tables();
    world.dir.folder("archives");
    let out = world.cmd("rt-archive").arg("all").run();
    out.status(0).stderr("");
    insta::assert_snapshot!(steady(&world.dir, &out.stdout), @r"
    Archive Results
    TABLE               STATUS    RECORDS  SHARE  DAYS      SIZE  STAYED  UNDATED  OLDEST      NEWEST      CUTOFF                MESSAGE
    transcript_entries  archived       89    74%    62   3.8 KiB       0       24  2025-09-10  2026-01-07  2026-01-08T00:00:00Z  24 rows are undated, 12 of them like NULL
    tool_uses           archived       89    74%    62   4.0 KiB       0       24  2025-09-10  2026-01-07  2026-01-08T00:00:00Z  24 rows are undated, 12 of them like NULL
    skill_traces        archived       89    74%    62   4.9 KiB       0       24  2025-09-10  2026-01-07  2026-01-08T00:00:00Z  24 rows are undated, 12 of them like NULL
    assertion_results   archived       56    46%    41   3.1 KiB       0       24  2025-09-10  2025-12-14  2025-12-16T00:00:00Z  24 rows are undated, 12 of them like NULL
    assertion_chains    archived       55    45%    41   2.5 KiB       1       24  2025-09-10  2025-12-14  2025-12-16T00:00:00Z  1 stay: 'assertion_results' points at them; 24 rows are undated, 12 of them like NULL
    message_bus_log     archived       89    74%    62   3.9 KiB       0       24  2025-09-10  2026-01-07  2026-01-08T00:00:00Z  24 rows are undated, 12 of them like NULL
    Total                             467               22.2 KiB       1      144

    policy    built in
    database  [DIR]/db
    archives  [DIR]/archives
    duration  [D]
    files     330, 43.6 KiB
    holds     40.0 KiB
    ");
}
