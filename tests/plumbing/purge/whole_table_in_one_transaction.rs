//! All rows of a table in one transaction: only where that is exactly the
//! deletion of what was proven.

use std::time::Duration;

use crate::support::Out;
use crate::support::world::{World, counts, purged};

const ROWS: u64 = 3000;

const KEYS: [&str; 3] = [
    "(id INTEGER PRIMARY KEY, at TEXT, v)",
    "(id TEXT PRIMARY KEY, at TEXT, v)",
    "(id, at TEXT, v, PRIMARY KEY (id)) WITHOUT ROWID",
];

/// Rows that are all due, on many days.
fn many(shape: &str, more: &str) -> World {
    table(shape, ROWS, more)
}

fn table(shape: &str, rows: u64, more: &str) -> World {
    World::of(&format!(
        "PRAGMA journal_mode=WAL; CREATE TABLE t {shape};
        CREATE TABLE log (id);
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < {rows})
        INSERT INTO t SELECT 10000 + n, '2026-01-0' || (1 + n % 7), 'v'
            FROM s; {more}"
    ))
}

/// How often rt-purge -v says that it held the lock.
fn holds(out: &Out) -> u64 {
    let line = out.stderr.lines().find_map(|l| l.split_once("held the lock "));
    let (_, line) = line.expect("it says how long it held the lock");
    line.split(' ').next().unwrap().parse().unwrap()
}

fn nothing_is_lost(world: &World, case: &str) {
    all_are_there(world, ROWS, case);
}

fn all_are_there(world: &World, rows: u64, case: &str) {
    let mut ids = world.rows("SELECT id FROM t WHERE id < 20000");
    let archived = world.archived_of("id");
    ids.extend(archived.split_whitespace().map(str::to_owned));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, rows, "{case}");
    let left = world.row("SELECT count(*) FROM t WHERE id < 20000");
    let both = left.parse::<u64>().unwrap() + world.records().len() as u64;
    assert_eq!(both, rows, "{case}");
}

#[test]
fn a_table_of_which_all_rows_go_is_emptied_in_one_transaction() {
    for shape in KEYS {
        let world = many(shape, "");
        let out = world.purge(&world.stored("t")).arg("-v").run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), format!("records {ROWS}"));
        assert_eq!(holds(&out), 1, "{shape}: {}", out.stderr);
        assert_eq!(world.row("SELECT count(*) FROM t"), "0");
        nothing_is_lost(&world, shape);
    }
}

#[test]
fn limits_that_the_operator_set_forbid_it() {
    for flag in ["--batch-size=500", "--max-stall=1us"] {
        let world = many(KEYS[1], "");
        let out = world.purge(&world.stored("t")).args(["-v", flag]).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), format!("records {ROWS}"), "{flag}");
        assert!(holds(&out) > 1, "{flag}: {}", out.stderr);
        nothing_is_lost(&world, flag);
    }
}

#[test]
fn triggers_are_told_of_each_row() {
    let world = many(
        KEYS[1],
        "CREATE TRIGGER x AFTER DELETE ON t BEGIN
            INSERT INTO log VALUES (old.id); END",
    );
    world.purge(&world.stored("t")).run().status(0);
    let told = world.row("SELECT count(DISTINCT id) FROM log");
    assert_eq!(told, ROWS.to_string());
    nothing_is_lost(&world, "with a trigger");
}

#[test]
fn a_row_that_is_pointed_at_meanwhile_stays() {
    let world = many(KEYS[1], "CREATE TABLE c (t TEXT REFERENCES t(id))");
    let purge = world.purge(&world.stored("t"));
    let out = world.run_with(purge, "purge.purging", |world| {
        world.sql("INSERT INTO c VALUES ('10005')");
    });
    out.status(0);
    assert_eq!(purged(&out)["referenced"], 1);
    assert_eq!(world.row("SELECT id FROM t"), "10005");
    nothing_is_lost(&world, "with a child");
}

#[test]
fn a_row_that_was_not_proven_stays() {
    for shape in KEYS {
        // It is there before, or comes at the last moment.
        let row = "INSERT INTO t VALUES (20001, '2026-01-02', 'new')";
        for point in ["", "purge.compared", "purge.purging"] {
            let world = many(shape, "");
            let receipts = world.stored("t");
            let purge = world.purge(&receipts);
            let out = match point {
                "" => {
                    world.sql(row);
                    purge.run()
                }
                point => world.run_with(purge, point, |world| world.sql(row)),
            };
            out.status(0);
            let case = format!("{shape} {point}");
            assert_eq!(world.row("SELECT id FROM t"), "20001", "{case}");
            nothing_is_lost(&world, &case);
        }
    }
}

#[test]
fn a_row_changed_or_deleted_at_the_last_moment_is_found_out() {
    for shape in KEYS {
        let world = many(shape, "");
        let purge = world.purge(&world.stored("t"));
        let out = world.run_with(purge, "purge.purging", |world| {
            world.sql(
                "UPDATE t SET v = 'new' WHERE id = 10007;
                DELETE FROM t WHERE id = 10008",
            );
        });
        out.status(0);
        let result = purged(&out);
        assert_eq!(result["changed"], 1, "{shape}");
        assert_eq!(result["gone"], 1, "{shape}");
        assert_eq!(world.row("SELECT id, v FROM t"), "10007|new", "{shape}");
        assert_eq!(world.records().len() as u64, ROWS - 2, "{shape}");
    }
}

#[test]
fn killed_before_or_after_the_commit_nothing_is_lost() {
    for point in ["purge.purging", "purge.deleted", "purge.committed"] {
        let world = many(KEYS[1], "");
        let purge = world.purge(&world.stored("t"));
        purge.env("RT_FAIL", format!("{point}=kill")).run().status(128 + 9);
        all_or_none(&world, point);
        world.run("t");
        assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{point}");
        nothing_is_lost(&world, point);
    }
}

/// Between a crash and the next run a row may be in both places, never in
/// none.
fn all_or_none(world: &World, case: &str) {
    let left: u64 = world.row("SELECT count(*) FROM t").parse().unwrap();
    assert!(left == 0 || left == ROWS, "{case}: all or none, not {left}");
    assert_eq!(world.records().len() as u64, ROWS, "{case}");
}

/// How often rt-purge held the lock after it had waited for its receipts for
/// two seconds, in which this happened.
fn holds_after_wait(
    world: &World,
    rows: u64,
    meanwhile: impl FnOnce(),
) -> u64 {
    world.dir.write("receipts", world.stored("t"));
    let pipe = "{ sleep 2; cat receipts; } | rt-purge -v t";
    let out = std::thread::scope(|scope| {
        let run = scope.spawn(|| world.cmd("sh").args(["-c", pipe]).run());
        std::thread::sleep(Duration::from_secs(1));
        meanwhile();
        run.join().unwrap()
    });
    out.status(0);
    assert_eq!(counts(&purged(&out)), format!("records {rows}"));
    holds(&out)
}

#[test]
fn time_alone_counts_from_the_beginning_of_the_wait_for_receipts() {
    for shape in KEYS {
        let hot = "INSERT INTO t VALUES (20001, '2026-01-14', 'hot');";
        let world = many(shape, hot);
        assert_eq!(holds_after_wait(&world, ROWS, || ()), 1, "{shape}");
        assert_eq!(world.row("SELECT id FROM t"), "20001");
    }
}

#[test]
fn who_commits_in_that_time_ends_it() {
    // So many that they need a fifth of a second's hold.
    let rows = 20_000;
    let world = table(KEYS[0], rows, "");
    let commit = || {
        world.sql("INSERT INTO t VALUES (40001, '2026-01-14', 'hot')");
    };
    assert!(holds_after_wait(&world, rows, commit) > 1);
    assert_eq!(world.row("SELECT id FROM t"), "40001");
}

/// Rows of a kilobyte each, so that their pages take longer than a commit.
const WIDE: u64 = 600;

/// The longest holds of the lock, some of which are too short for all of those
/// at once, and long enough for a quarter of them.
const STALLS: [u64; 8] = [150, 300, 600, 1_200, 2_400, 4_800, 9_600, 19_200];

/// Every hold once, and again where `until` says so: how long a page takes is
/// measured anew by each run, and on a busy machine one differs from the next.
fn each_hold(mut until: impl FnMut(u64) -> bool) {
    for round in 0..5 {
        let done = STALLS.map(&mut until);
        if done.contains(&true) || round == 4 {
            return;
        }
    }
}

/// Whether only the first rows went in short transactions, as rt-purge -v says.
fn in_part(out: &Out) -> bool {
    let said = " rows of 't' went in short transactions";
    let line = out.stderr.lines().find(|line| line.contains(said));
    let word = line.and_then(|line| line.split(' ').nth(1));
    word.is_some_and(|rows| rows.parse::<u64>().unwrap() < WIDE)
}

fn wide(shape: &str) -> World {
    let more = "UPDATE t SET v = hex(zeroblob(500));";
    table(shape, WIDE, more)
}

#[test]
fn what_does_not_fit_in_the_hold_goes_first_and_the_rest_at_once() {
    for shape in KEYS {
        let mut parted = 0;
        each_hold(|stall| {
            let world = wide(shape);
            let out = world
                .purge(&world.stored("t"))
                .args(["-v", &format!("--max-stall={stall}us")])
                .run();
            let case = format!("{shape}, {stall} us: {}", out.stderr);
            out.status(0);
            assert_eq!(counts(&purged(&out)), format!("records {WIDE}"));
            assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{case}");
            all_are_there(&world, WIDE, &case);
            let in_part = in_part(&out);
            assert!(!in_part || holds(&out) > 1, "{case}");
            parted += u64::from(in_part);
            in_part
        });
        assert!(parted > 0, "{shape}: all or nothing, whatever the hold");
    }
}

#[test]
fn killed_between_the_first_segments_and_the_rest_nothing_is_lost() {
    for stall in STALLS {
        let world = wide(KEYS[1]);
        let purge = world.purge(&world.stored("t"));
        purge
            .arg(format!("--max-stall={stall}us"))
            .env("RT_FAIL", "purge.committed=kill")
            .run()
            .status(128 + 9);
        assert_eq!(world.records().len() as u64, WIDE, "{stall} us");
        world.run("t");
        assert_eq!(world.row("SELECT count(*) FROM t"), "0", "{stall} us");
        all_are_there(&world, WIDE, "killed");
    }
}

#[test]
fn a_row_that_comes_behind_the_first_segments_stays() {
    let mut parted = 0;
    each_hold(|stall| {
        let world = wide(KEYS[1]);
        let purge = world.purge(&world.stored("t"));
        let purge = purge.args(["-v", &format!("--max-stall={stall}us")]);
        let out = world.run_with(purge, "purge.committed", |world| {
            world.sql("INSERT INTO t VALUES (20001, '2026-01-02', 'new')");
        });
        out.status(0);
        assert_eq!(counts(&purged(&out)), format!("records {WIDE}"));
        let in_part = out.stderr.contains("short transactions");
        parted += u64::from(in_part);
        assert_eq!(world.row("SELECT id FROM t"), "20001", "{stall} us");
        all_are_there(&world, WIDE, "with a new row");
        in_part
    });
    assert!(parted > 0, "all or nothing, whatever the hold");
}
