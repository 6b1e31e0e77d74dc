//! Segments large enough to be compared on several threads, and while the rows
//! of others go.

use crate::support::world::{World, counts, purged};

const ROWS: u64 = 14_000;

/// Rows of nine megabytes that are all due, on seven days, and one that
/// stays.
fn large((shape, journal): Case) -> World {
    World::of(&format!(
        "PRAGMA journal_mode = {journal};
        CREATE TABLE t {shape};
        INSERT INTO t VALUES (1, '2030-01-01', 'stays');
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < {ROWS})
        INSERT INTO t SELECT 10000 + n, '2026-01-0' || (1 + n / 2001),
            hex(randomblob(320)) FROM s"
    ))
}

/// The table, and the journal: beside a write-ahead log one can read.
type Case = (&'static str, &'static str);

const CASES: [Case; 3] = [
    ("(id INTEGER PRIMARY KEY, at TEXT, v)", "WAL"),
    ("(id TEXT PRIMARY KEY, at TEXT, v)", "WAL"),
    ("(id TEXT PRIMARY KEY, at TEXT, v)", "DELETE"),
];

fn nothing_is_lost(world: &World, gone: u64, case: Case) {
    let mut ids = world.rows("SELECT id FROM t WHERE id <> '1'");
    let archived = world.archived_of("id");
    ids.extend(archived.split_whitespace().map(str::to_owned));
    assert_eq!(ids.len() as u64, ROWS - gone, "{case:?}: none twice");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, ROWS - gone, "{case:?}: none lost");
    let stays = world.row("SELECT count(*) FROM t WHERE id = '1'");
    assert_eq!(stays, "1", "{case:?}");
}

#[test]
fn rows_that_changed_or_went_on_any_day_are_found_out() {
    for case in CASES {
        let world = large(case);
        let receipts = world.stored("t");
        world.sql(
            "UPDATE t SET v = 'new' WHERE id IN (10005, 17000, 23999);
            DELETE FROM t WHERE id IN (10001, 15000, 24000)",
        );
        let out = world.purge(&receipts).run();
        out.status(0).stderr("");
        let want = format!("records {}, changed 3, gone 3", ROWS - 6);
        assert_eq!(counts(&purged(&out)), want, "{case:?}");
        let left = world.row("SELECT id FROM t WHERE v = 'new' ORDER BY id");
        assert_eq!(left, "10005 17000 23999", "{case:?}");
        nothing_is_lost(&world, 3, case);
    }
}

#[test]
fn rows_changed_after_they_were_compared_stay() {
    rows_changed_stay("purge.compared", &["10005", "23999"]);
}

/// Rows that change when a run comes to `point`, in each case.
fn rows_changed_stay(point: &str, ids: &[&str]) {
    for case in CASES {
        let world = large(case);
        let purge = world.purge(&world.stored("t"));
        let change =
            format!("UPDATE t SET v = 'new' WHERE id IN ({})", ids.join(","));
        let out = world.run_with(purge, point, |world| world.sql(&change));
        out.status(0);
        let n = ids.len() as u64;
        let want = format!("records {}, changed {n}", ROWS - n);
        assert_eq!(counts(&purged(&out)), want, "{case:?}");
        let left = world.row("SELECT id FROM t WHERE v = 'new' ORDER BY id");
        assert_eq!(left, ids.join(" "), "{case:?}");
        nothing_is_lost(&world, 0, case);
    }
}

#[test]
fn rows_in_another_order_than_their_lines_go_all_the_same() {
    let world = large(CASES[1]);
    let receipts = world.stored("t");
    world.sql("UPDATE t SET rowid = -rowid");
    let out = world.purge(&receipts).run();
    out.status(0).stderr("");
    assert_eq!(counts(&purged(&out)), format!("records {ROWS}"));
    nothing_is_lost(&world, 0, CASES[1]);
}

#[test]
fn kill_while_the_rows_of_some_days_go_loses_nothing() {
    for case in [CASES[0], CASES[1]] {
        for point in ["compared", "purging", "deleted:3", "committed:4"] {
            let world = large(case);
            let receipts = world.stored("t");
            let kill = format!("purge.{point}=kill");
            let purge = world.purge(&receipts).arg("--batch-size=2000");
            purge.env("RT_FAIL", kill).run().status(137);
            none_is_nowhere(&world, case);
            let there: u64 =
                world.row("SELECT count(*) - 1 FROM t").parse().unwrap();
            let out = world.settles(world.pending());
            let went = match ROWS - there {
                0 => String::new(),
                went => format!(", superseded {went}"),
            };
            let want = format!("records {there}{went}");
            assert_eq!(counts(&purged(&out)), want, "{case:?} {point}");
            assert_eq!(world.row("SELECT count(*) FROM t"), "1", "{case:?}");
            nothing_is_lost(&world, 0, case);
        }
    }
}

/// Rows that an interrupted run has left stand in the table or in a file.
fn none_is_nowhere(world: &World, case: Case) {
    let mut ids = world.rows("SELECT id FROM t WHERE id <> '1'");
    let archived = world.archived_of("id");
    ids.extend(archived.split_whitespace().map(str::to_owned));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, ROWS, "{case:?}: none lost");
}

#[test]
fn row_changed_while_others_go_stays() {
    rows_changed_stay("purge.committed", &["23999"]);
}

#[test]
fn rows_left_in_a_table_that_is_altered_go_with_the_next_run() {
    let world = large(CASES[1]);
    let purge = world.purge(&world.stored("t"));
    let out = world.run_with(purge, "purge.committed", |world| {
        world.sql("ALTER TABLE t ADD COLUMN more");
    });
    out.status(0);
    nothing_is_lost(&world, 0, CASES[1]);
    world.run("t");
    assert_eq!(world.row("SELECT count(*) FROM t"), "1");
    nothing_is_lost(&world, 0, CASES[1]);
}

#[test]
fn damage_on_a_later_day_keeps_its_rows() {
    let world = large(CASES[1]);
    let receipts = world.stored("t");
    let last = world.dir.join("archives").join(&world.files()[6]);
    let good = std::fs::read(&last).unwrap();
    let mut bad = good.clone();
    bad[5000] ^= 1;
    std::fs::write(&last, bad).unwrap();
    world.purge(&receipts).run().status(5);
    let left = "SELECT count(*) FROM t WHERE at = '2026-01-07'";
    assert_eq!(world.row(left), "1995");
    std::fs::write(&last, good).unwrap();
    world.cmd("rt-purge").arg("--pending").run().status(0);
    assert_eq!(world.row("SELECT count(*) FROM t"), "1");
    nothing_is_lost(&world, 0, CASES[1]);
}

#[test]
fn more_days_are_settled_than_files_may_be_open() {
    let world = World::filled(&["uuids"], 1);
    for day in 1..=90 {
        let day = format!("2025-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        world.fill("uuids", &day, 1);
    }
    let rows = world.all();
    let job = "ulimit -n 48; \
               rt-export --due uuids | rt-store uuids | rt-purge uuids";
    world.sh(job).run().status(0);
    assert_eq!(world.due(), 0);
    world.sound();
    assert_eq!(world.all(), rows);
}
