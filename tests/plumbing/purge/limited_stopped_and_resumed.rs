//! How a run is limited, stopped, refused, and gone on with.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use serde_json::Value;

use crate::support::Dir;
use crate::support::world::{World, counts, purged, purged_all, records};

/// So many rows that are due, all on one day.
fn many(rows: u32, key: &str, journal: &str) -> World {
    let world = World::of("");
    world.sql(&format!(
        "PRAGMA journal_mode = {journal};
        CREATE TABLE t (id {key}, at TEXT, v);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < {rows})
        INSERT INTO t SELECT n, '2026-01-01', 'value ' || n FROM s"
    ));
    world
}

const KEYS: [&str; 3] = ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY", "INT"];

/// The next run settles the rest; then every row is in the archives.
fn goes_on(world: &World, rows: u64) {
    let left: u64 = world.row("SELECT count(*) FROM t").parse().unwrap();
    assert!(0 < left && left <= rows, "{left} of {rows} rows are left");
    assert_eq!(world.records().len() as u64, rows);
    let out = world.cmd("rt-purge").arg("--pending").run();
    out.status(0).stderr("");
    let result = purged(&out);
    assert_eq!(result["recovered"], true);
    assert_eq!(result["records"], left);
    assert_eq!(result["superseded"], rows - left);
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
    assert_eq!(world.records().len() as u64, rows);
}

/// A result of a run that was stopped counts the rows that are gone, and names
/// their file.
fn says_what_went(world: &World, result: &Value, rows: u64) {
    let left: u64 = world.row("SELECT count(*) FROM t").parse().unwrap();
    assert_eq!(result["status"], "failed");
    assert_eq!(result["records"], rows - left);
    let files = result["archive_files"].to_string();
    assert_eq!(files, r#"["warm/2026-01-01/t.jsonl.gz"]"#);
    let message = result["message"].as_str().unwrap();
    let gone = format!("after deleting {} row", rows - left);
    assert!(message.contains(&gone), "{message}");
    assert!(message.contains("the next run goes on"), "{message}");
}

#[test]
fn run_stops_when_its_time_is_over_and_the_next_goes_on() {
    for key in KEYS {
        let world = many(200, key, "WAL");
        let out = world
            .purge(&world.stored("t"))
            .args(["--batch-size=1", "--sleep=20ms", "--max-runtime=300ms"])
            .run();
        out.status(3).stderr_has("--max-runtime");
        says_what_went(&world, &purged(&out), 200);
        goes_on(&world, 200);
    }
}

#[test]
fn signal_ends_the_run_at_the_end_of_a_batch() {
    for key in KEYS {
        for (signal, status) in [("TERM", 143), ("INT", 130)] {
            let world = many(20, key, "WAL");
            let out = world
                .purge(&world.stored("t"))
                .arg("--batch-size=3")
                .env(
                    "RT_FAIL",
                    format!("purge.committed:2=kill -{signal} $PPID"),
                )
                .run();
            out.status(status);
            let left = world.row("SELECT count(*) FROM t");
            assert!(left.parse::<u32>().unwrap() >= 14, "{left} {key}");
            says_what_went(&world, &purged(&out), 20);
            goes_on(&world, 20);
        }
    }
}

#[test]
fn batches_are_as_large_and_as_far_apart_as_told() {
    for key in KEYS {
        let world = many(20, key, "WAL");
        let purge = world
            .purge(&world.stored("t"))
            .args(["--batch-size=5", "--sleep=60ms"]);
        let begun = Instant::now();
        let left = AtomicU64::new(20);
        let out = world.run_with(purge, "purge.committed:*", |world| {
            let now = world.row("SELECT count(*) FROM t").parse().unwrap();
            let before = left.swap(now, Ordering::Relaxed);
            assert!(before - now <= 5, "{before} to {now}");
        });
        out.status(0);
        assert!(begun.elapsed() >= Duration::from_millis(4 * 60));
        assert_eq!(counts(&purged(&out)), "records 20");
    }
}

#[test]
fn values_that_make_no_sense_are_usage_errors() {
    let world = many(2, "INTEGER PRIMARY KEY", "WAL");
    let receipts = world.stored("t");
    for arg in [
        "--batch-size=0",
        "--batch-size=-1",
        "--batch-size=x",
        "--max-runtime=5",
        "--max-runtime=1m",
        "--sleep=",
        "--reclaim=some",
    ] {
        let out = world.purge(&receipts).arg(arg).run();
        out.status(2).stdout("");
        let there = world.row("SELECT count(*) FROM t");
        out.expect("no row gone", there == "2");
    }
}

#[test]
fn free_pages_are_given_back_as_told() {
    for (reclaim, auto) in [("full", 0), ("incremental", 2), ("none", 0)] {
        let world = World::of(&format!("PRAGMA auto_vacuum = {auto}"));
        world.sql(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, v);
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
                WHERE n < 500)
            INSERT INTO t SELECT n, '2026-01-01', zeroblob(1000) FROM s",
        );
        let size = || fs::metadata(world.dir.join("db")).unwrap().len();
        let before = size();
        let out =
            world.purge(&world.stored("t")).args(["--reclaim", reclaim]).run();
        out.status(0).stderr("");
        assert_eq!(counts(&purged(&out)), "records 500");
        let free = world.row("PRAGMA freelist_count");
        match reclaim {
            "none" => {
                assert_eq!(size(), before);
                assert_ne!(free, "0");
            }
            _ => {
                assert!(size() < before / 10, "{reclaim}: {}", size());
                assert_eq!(free, "0", "{reclaim}");
            }
        }
    }
}

#[test]
fn reclaim_that_the_database_cannot_do_is_refused_before_a_row_goes() {
    let world = many(5, "INTEGER PRIMARY KEY", "WAL");
    let receipts = world.stored("t");
    let tree = world.dir.tree();
    for more in [&[][..], &["-n"], &["--pending"], &["-n", "--pending"]] {
        let mut cmd = world.purge(&receipts);
        if more.contains(&"--pending") {
            cmd = world.cmd("rt-purge");
        }
        let out = cmd.arg("--reclaim=incremental").args(more).run();
        out.status(2).stderr_has("no incremental vacuum");
        assert!(purged_all(&out).is_empty());
        assert_eq!(world.dir.tree(), tree, "{more:?}");
    }
    assert_eq!(world.row("SELECT count(*) FROM t"), "5");
}

#[test]
fn dry_run_hands_on_its_input() {
    let world = many(5, "INTEGER PRIMARY KEY", "WAL");
    let text = format!("{}{{\"type\":\"x\"}}\nno end", world.stored("t"));
    let tree = world.dir.tree();
    let out = world.purge(&text).arg("-n").run();
    out.status(4).stderr_has("it has no end");
    let (read, plan) = out.stdout.split_at(text.len() - "no end".len());
    assert!(text.starts_with(read), "{read}");
    let plan = records(plan);
    assert_eq!(plan.len(), 1);
    assert_eq!(counts(&plan[0]), "records 5");
    assert_eq!(plan[0]["status"], "dry_run");
    let out = world.cmd("rt-purge").args(["-n", "--pending"]).run();
    out.status(0).stderr("");
    assert_eq!(counts(&purged(&out)), "records 5");
    assert_eq!(world.dir.tree(), tree);
    assert_eq!(world.row("SELECT count(*) FROM t"), "5");
}

#[test]
fn other_records_are_handed_on_before_the_results() {
    let world = many(5, "INTEGER PRIMARY KEY", "WAL");
    let receipts = world.stored("t");
    let other = "{\"type\":\"exported\",\"table\":\"t\"}\n";
    let out = world.purge(&format!("{receipts}{other}")).run();
    let kinds: Vec<String> = records(&out.stdout)
        .iter()
        .map(|r| r["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["stored", "exported", "purged"]);
}

#[test]
fn pending_with_nothing_to_do_says_nothing() {
    let world = many(5, "INTEGER PRIMARY KEY", "WAL");
    for _ in 0..2 {
        let out = world.cmd("rt-purge").arg("--pending").run();
        out.status(0).stdout("").stderr("");
    }
    assert_eq!(world.row("SELECT count(*) FROM t"), "5");
    let out = world.purge("").arg("t").run();
    out.status(0).stderr("");
    assert_eq!(purged(&out)["status"], "no_records");
}

#[test]
fn damaged_or_missing_file_costs_no_row() {
    type Act = fn(&Dir, &str);
    let flip: Act = |dir, name| {
        let mut bytes = fs::read(dir.join(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(dir.join(name), bytes).unwrap();
    };
    let cut: Act = |dir, name| {
        let bytes = fs::read(dir.join(name)).unwrap();
        fs::write(dir.join(name), &bytes[..bytes.len() - 1]).unwrap();
    };
    let another: Act = |dir, name| {
        // Sound gzip, and the same rows but for one value.
        let text = dir.zcat(name).replace("value 2\"", "value X\"");
        let gz = dir.cmd("rt-gzip").stdin(text).run().bytes;
        fs::write(dir.join(name), gz).unwrap();
    };
    let remove: Act = |dir, name| fs::remove_file(dir.join(name)).unwrap();
    for key in KEYS {
        for act in [flip, cut, another, remove] {
            let world = many(50, key, "WAL");
            world.sql(
                "UPDATE t SET at = '2026-01-02' WHERE id IN ('7', 7, '8', 8)",
            );
            let receipts = world.stored("t");
            let name = "archives/warm/2026-01-01/t.jsonl.gz";
            let kept = fs::read(world.dir.join(name)).unwrap();
            act(&world.dir, name);
            let out = world.purge(&receipts).run();
            out.status(5).stderr_has("2026-01-01/t.jsonl.gz'");
            assert_eq!(purged(&out)["status"], "failed");
            let count = "SELECT count(*) FROM t WHERE at = '2026-01-01'";
            assert_eq!(world.row(count), "48", "{key}");
            // Put back, it is settled.
            world.dir.write(name, kept);
            world.purge(&receipts).run().status(0);
            assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{key}");
        }
    }
}

#[test]
fn edited_ledger_deletes_nothing() {
    for key in KEYS {
        let world = many(5, key, "WAL");
        let receipts = world.stored("t");
        let ledger = world.dir.read("archives/ledger.jsonl");
        let lines: Vec<&str> = ledger.lines().collect();
        let edited = [
            ledger.replacen("\"rows\":5", "\"rows\":4", 1),
            format!("{}\n", lines[1..].join("\n")),
            ledger.replacen("2026", "2025", 1),
        ];
        for text in edited {
            assert_ne!(text, ledger);
            world.dir.write("archives/ledger.jsonl", text);
            let out = world.purge(&receipts).run();
            out.status(5).stderr_has("ledger.jsonl'");
            assert_eq!(world.row("SELECT count(*) FROM t"), "5");
        }
        world.dir.write("archives/ledger.jsonl", &ledger);
        world.purge(&receipts).run().status(0);
        assert_eq!(world.row("SELECT count(*) FROM t"), "0");
    }
}

#[test]
fn receipts_that_are_not_of_this_tree_or_not_whole_delete_nothing() {
    let world = many(5, "INTEGER PRIMARY KEY", "WAL");
    let receipts = world.stored("t");
    let foreign = receipts.replace("\"id\":\"", "\"id\":\"0");
    let edited = receipts.replacen("\"rows\":5", "\"rows\":6", 1);
    let cut = receipts.lines().next().unwrap().to_owned();
    for text in [&foreign, &edited, &cut, "nothing\n", "{}\n"] {
        let out = world.purge(text).arg("t").run();
        out.status(4).stderr_has("rt-purge: ");
        let there = world.row("SELECT count(*) FROM t");
        out.expect("no row gone", there == "5");
    }
    // Nor are those of another table than the one that was named.
    world.purge(&receipts).arg("u").run().status(4);
    world.sql("CREATE TABLE u (id INTEGER PRIMARY KEY)");
    world.purge(&receipts).arg("u").run().status(4);
    assert_eq!(world.row("SELECT count(*) FROM t"), "5");
    // What is whole before a torn line is settled.
    let torn = format!("{receipts}{{\"type\":\"rec");
    let out = world.purge(&torn).arg("t").run();
    out.status(4);
    assert_eq!(counts(&purged(&out)), "records 5");
}

#[test]
fn views_and_virtual_tables_are_never_purged() {
    let world = World::of(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, at TEXT);
        INSERT INTO u VALUES (1, '2026-01-01');
        CREATE VIEW v AS SELECT * FROM u;
        CREATE VIRTUAL TABLE f USING fts5(at);",
    );
    for table in ["v", "f", "f_data"] {
        let out = world.purge("").arg(table).run();
        out.status(2).stderr_has(&format!("'{table}'"));
    }
}

#[test]
fn several_tables_have_a_result_each() {
    let world = many(3, "INTEGER PRIMARY KEY", "WAL");
    world.sql(
        "CREATE TABLE u (at TEXT, v);
        INSERT INTO u VALUES ('2026-01-01', 1), ('2026-01-02', 2)",
    );
    let receipts = format!("{}{}", world.stored("t"), world.stored("u"));
    let out = world.purge(&receipts).run();
    out.status(0);
    let all = purged_all(&out);
    let said: Vec<String> =
        all.iter().map(|r| format!("{} {}", r["table"], counts(r))).collect();
    assert_eq!(said, ["\"t\" records 3", "\"u\" records 2"]);
}

#[test]
fn database_that_stays_locked_is_busy_and_loses_nothing() {
    for key in KEYS {
        for journal in ["WAL", "DELETE"] {
            let world = many(5, key, journal);
            let receipts = world.stored("t");
            let mut other = Connection::open(world.dir.join("db")).unwrap();
            let held = other
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .unwrap();
            let out = world.purge(&receipts).arg("--busy-timeout=200ms").run();
            out.status(75).stderr_has("'db'");
            drop(held);
            drop(other);
            assert_eq!(world.row("SELECT count(*) FROM t"), "5");
            world.purge(&receipts).run().status(0);
            assert_eq!(world.row("SELECT count(*) FROM t"), "0");
            assert_eq!(world.records().len(), 5);
        }
    }
}

#[test]
fn busy_writer_is_never_refused() {
    for journal in ["WAL", "DELETE"] {
        let world = many(50_000, "INTEGER PRIMARY KEY", journal);
        world.sql("CREATE TABLE live (n)");
        let receipts = world.stored("t");
        let over = AtomicBool::new(false);
        let wrote = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let db = Connection::open(world.dir.join("db")).unwrap();
                db.busy_timeout(Duration::from_secs(5)).unwrap();
                let mut wrote = 0;
                while !over.load(Ordering::Relaxed) {
                    let done = db.execute("INSERT INTO live VALUES (1)", []);
                    done.unwrap_or_else(|e| panic!("write {wrote}: {e}"));
                    wrote += 1;
                    thread::sleep(Duration::from_millis(5));
                }
                wrote
            });
            let out = world.purge(&receipts).run();
            over.store(true, Ordering::Relaxed);
            out.status(0).stderr("");
            assert_eq!(counts(&purged(&out)), "records 50000");
            writer.join().unwrap()
        });
        let count = world.row("SELECT count(*) FROM live");
        assert_eq!(count, wrote.to_string(), "{journal}");
        assert_eq!(world.records().len(), 50_000);
    }
}
