//! What others do while rows are being deleted.

use std::fs;
use std::time::Duration;

use crate::support::world::{World, counts, purged};

const KEYS: [&str; 4] = [
    "(id INTEGER PRIMARY KEY, at TEXT, v)",
    "(id TEXT PRIMARY KEY, at TEXT, v)",
    "(id, at TEXT, v, PRIMARY KEY (id)) WITHOUT ROWID",
    "(id INT, at TEXT, v)",
];

/// Twelve rows that are due, on two days.
fn twelve(shape: &str) -> World {
    World::of(&format!(
        "CREATE TABLE t {shape}; CREATE TABLE other (x);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < 12)
        INSERT INTO t SELECT 100 + n, '2026-01-0' || (1 + n / 7), 'v' FROM s"
    ))
}

/// No row is in the database and in the archives, or in neither.
fn all_twelve_are_somewhere(world: &World, case: &str) {
    let mut ids = world.rows("SELECT id FROM t");
    let archived = world.archived_of("id");
    ids.extend(archived.split_whitespace().map(str::to_owned));
    ids.sort();
    let want: Vec<String> = (101..113).map(|n| n.to_string()).collect();
    assert_eq!(ids, want, "{case}");
}

#[test]
fn rows_changed_between_any_two_batches_stay() {
    for shape in KEYS {
        for point in ["purge.committed:*", "purge.compared"] {
            let world = twelve(shape);
            let purge = world.purge(&world.stored("t")).arg("--batch-size=2");
            let out = world.run_with(purge, point, |world| {
                world.sql(
                    "UPDATE t SET v = 'new' WHERE id = (SELECT max(id) FROM t
                        WHERE v = 'v')",
                );
            });
            out.status(0).stderr("");
            let case = format!("{shape} {point}: {}", out.stdout);
            let stayed = world.row("SELECT count(*) FROM t WHERE v = 'new'");
            let result = purged(&out);
            assert_eq!(result["changed"].to_string(), stayed, "{case}");
            assert_ne!(stayed, "0", "{case}");
            let old = "SELECT count(*) FROM t WHERE v = 'v'";
            assert_eq!(world.row(old), "0", "{case}");
            all_twelve_are_somewhere(&world, &case);
        }
    }
}

#[test]
fn rows_deleted_between_any_two_batches_leave_no_line() {
    for shape in KEYS {
        let world = twelve(shape);
        let purge = world.purge(&world.stored("t")).arg("--batch-size=2");
        let mut deleted = 0;
        let out = world.run_with(purge, "purge.committed:*", |world| {
            deleted += world.rows("SELECT 1 FROM t LIMIT 1").len();
            world.sql("DELETE FROM t WHERE id = (SELECT max(id) FROM t)");
        });
        out.status(0).stderr("");
        let result = purged(&out);
        assert_eq!(result["gone"], deleted, "{shape}");
        assert_eq!(world.records().len(), 12 - deleted, "{shape}");
        assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{shape}");
    }
}

#[test]
fn commits_that_concern_others_change_nothing() {
    for shape in KEYS {
        let world = twelve(shape);
        let purge = world.purge(&world.stored("t")).arg("--batch-size=2");
        let mut commits = 0;
        let out = world.run_with(purge, "purge.committed:*", |world| {
            commits += 1;
            world.sql("INSERT INTO other VALUES (1)");
        });
        out.status(0);
        assert_eq!(counts(&purged(&out)), "records 12", "{shape}");
        assert!(commits >= 6, "{shape}: {commits} batches of 2");
    }
}

#[test]
fn rows_of_a_table_that_is_altered_meanwhile_stay() {
    for shape in KEYS {
        for (change, point) in [
            ("ALTER TABLE t ADD COLUMN w DEFAULT 7", "purge.compared"),
            ("ALTER TABLE t ADD COLUMN w DEFAULT 7", "purge.committed"),
            ("ALTER TABLE t RENAME COLUMN v TO w", "purge.purging"),
            (
                "CREATE TRIGGER x AFTER DELETE ON t BEGIN
                    DELETE FROM other; END",
                "purge.compared",
            ),
            ("CREATE TABLE c (t REFERENCES t(id))", "purge.purging"),
        ] {
            let world = twelve(shape);
            world.sql("INSERT INTO other VALUES (1)");
            let purge = world.purge(&world.stored("t")).arg("--batch-size=4");
            let out = world.run_with(purge, point, |world| world.sql(change));
            let case = format!("{shape} {change} {point}: {}", out.stdout);
            let result = purged(&out);
            let gone = result["records"].as_u64().unwrap();
            assert!(gone <= 4, "{case}");
            assert_eq!(result["changed"], 12 - gone, "{case}");
            out.status(0).stderr("");
            all_twelve_are_somewhere(&world, &case);
            assert_eq!(world.row("SELECT x FROM other"), "1", "{case}");
        }
    }
}

#[test]
fn vacuum_meanwhile_costs_no_row() {
    for (shape, lasting) in KEYS.iter().zip([true, false, true, false]) {
        let world = twelve(shape);
        let purge = world.purge(&world.stored("t")).arg("--batch-size=4");
        let out = world.run_with(purge, "purge.committed", |world| {
            world.sql("VACUUM");
        });
        out.status(0).stderr("");
        let result = purged(&out);
        // Where rows are deleted by a rowid that is no key, the rest stays.
        assert_eq!(result["records"] == 12, lasting, "{shape}");
        assert_eq!(result["gone"], 0, "{shape}");
        all_twelve_are_somewhere(&world, shape);
        world.run("t");
        assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{shape}");
        all_twelve_are_somewhere(&world, shape);
    }
}

#[test]
fn file_that_is_touched_or_replaced_meanwhile_stops_the_deletion() {
    let file = "archives/warm/2026-01-02/t.jsonl.gz";
    type Act = fn(&std::path::Path);
    let touch: Act = |path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        let old = std::time::SystemTime::now() - Duration::from_secs(60);
        file.set_modified(old).unwrap();
    };
    let replace: Act = |path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    };
    let append: Act = |path| {
        let mut bytes = fs::read(path).unwrap();
        bytes.push(0);
        fs::write(path, bytes).unwrap();
    };
    let remove: Act = |path| fs::remove_file(path).unwrap();
    for shape in KEYS {
        for act in [touch, replace, append, remove] {
            let world = twelve(shape);
            let path = world.dir.join(file);
            let purge = world.purge(&world.stored("t"));
            let kept = fs::read(&path).unwrap();
            // Without key each file is proven when it is its turn.
            let keyless = shape.contains("INT,");
            let turn = if keyless { ":2" } else { "" };
            let point = format!("purge.purging{turn}");
            let out = world.run_with(purge, &point, |world| {
                act(&world.dir.join(file));
            });
            out.status(5).stderr_has("2026-01-02/t.jsonl.gz'");
            assert_eq!(purged(&out)["status"], "failed", "{shape}");
            // What the first file holds may have gone, of this one nothing.
            let there = "SELECT count(*) FROM t WHERE at = '2026-01-02'";
            assert_eq!(world.row(there), "6", "{shape}");
            fs::write(&path, kept).unwrap();
            world.cmd("rt-purge").arg("--pending").run().status(0);
            assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{shape}");
            all_twelve_are_somewhere(&world, shape);
        }
    }
}
