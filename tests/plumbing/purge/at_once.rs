//! All rows of a table in one transaction: only where that is exactly the
//! deletion of what was proven.

use std::time::Duration;

use crate::support::Out;
use crate::support::way::{Way, counts, purged};

const ROWS: u64 = 3000;

const KEYS: [&str; 3] = [
    "(id INTEGER PRIMARY KEY, at TEXT, v)",
    "(id TEXT PRIMARY KEY, at TEXT, v)",
    "(id, at TEXT, v, PRIMARY KEY (id)) WITHOUT ROWID",
];

/// Rows that are all due, on many days.
fn many(shape: &str, more: &str) -> Way {
    table(shape, ROWS, more)
}

fn table(shape: &str, rows: u64, more: &str) -> Way {
    Way::new(&format!(
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

fn nothing_is_lost(way: &Way, case: &str) {
    let mut ids = way.rows("SELECT id FROM t WHERE id < 20000");
    let archived = way.archived_of("id");
    ids.extend(archived.split_whitespace().map(str::to_owned));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, ROWS, "{case}");
    let left = way.row("SELECT count(*) FROM t WHERE id < 20000");
    let both = left.parse::<u64>().unwrap() + way.archived().len() as u64;
    assert_eq!(both, ROWS, "{case}");
}

#[test]
fn a_table_of_which_all_rows_go_is_emptied_in_one_transaction() {
    for shape in KEYS {
        let way = many(shape, "");
        let out = way.purge(&way.stored("t")).arg("-v").run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), format!("records {ROWS}"));
        assert_eq!(holds(&out), 1, "{shape}: {}", out.stderr);
        assert_eq!(way.row("SELECT count(*) FROM t"), "0");
        nothing_is_lost(&way, shape);
    }
}

#[test]
fn limits_that_the_operator_set_forbid_it() {
    for flag in ["--batch-size=500", "--max-stall=1us"] {
        let way = many(KEYS[1], "");
        let out = way.purge(&way.stored("t")).args(["-v", flag]).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), format!("records {ROWS}"), "{flag}");
        assert!(holds(&out) > 1, "{flag}: {}", out.stderr);
        nothing_is_lost(&way, flag);
    }
}

#[test]
fn triggers_are_told_of_each_row() {
    let way = many(
        KEYS[1],
        "CREATE TRIGGER x AFTER DELETE ON t BEGIN
            INSERT INTO log VALUES (old.id); END",
    );
    way.purge(&way.stored("t")).run().status(0);
    let told = way.row("SELECT count(DISTINCT id) FROM log");
    assert_eq!(told, ROWS.to_string());
    nothing_is_lost(&way, "with a trigger");
}

#[test]
fn a_row_that_is_pointed_at_meanwhile_stays() {
    let way = many(KEYS[1], "CREATE TABLE c (t TEXT REFERENCES t(id))");
    let purge = way.purge(&way.stored("t"));
    let out = way.run_with(purge, "purge.purging", |way| {
        way.sql("INSERT INTO c VALUES ('10005')");
    });
    out.status(0);
    assert_eq!(purged(&out)["referenced"], 1);
    assert_eq!(way.row("SELECT id FROM t"), "10005");
    nothing_is_lost(&way, "with a child");
}

#[test]
fn a_row_that_was_not_proven_stays() {
    for shape in KEYS {
        // It is there before, or comes at the last moment.
        let row = "INSERT INTO t VALUES (20001, '2026-01-02', 'new')";
        for point in ["", "purge.compared", "purge.purging"] {
            let way = many(shape, "");
            let receipts = way.stored("t");
            let purge = way.purge(&receipts);
            let out = match point {
                "" => {
                    way.sql(row);
                    purge.run()
                }
                point => way.run_with(purge, point, |way| way.sql(row)),
            };
            out.status(0);
            let case = format!("{shape} {point}");
            assert_eq!(way.row("SELECT id FROM t"), "20001", "{case}");
            nothing_is_lost(&way, &case);
        }
    }
}

#[test]
fn a_row_changed_or_deleted_at_the_last_moment_is_found_out() {
    for shape in KEYS {
        let way = many(shape, "");
        let purge = way.purge(&way.stored("t"));
        let out = way.run_with(purge, "purge.purging", |way| {
            way.sql(
                "UPDATE t SET v = 'new' WHERE id = 10007;
                DELETE FROM t WHERE id = 10008",
            );
        });
        out.status(0);
        let result = purged(&out);
        assert_eq!(result["changed"], 1, "{shape}");
        assert_eq!(result["gone"], 1, "{shape}");
        assert_eq!(way.row("SELECT id, v FROM t"), "10007|new", "{shape}");
        assert_eq!(way.archived().len() as u64, ROWS - 2, "{shape}");
    }
}

#[test]
fn killed_before_or_after_the_commit_nothing_is_lost() {
    for point in ["purge.purging", "purge.deleted", "purge.committed"] {
        let way = many(KEYS[1], "");
        let purge = way.purge(&way.stored("t"));
        purge.env("RT_FAIL", format!("{point}=kill")).run().status(128 + 9);
        all_or_none(&way, point);
        way.run("t");
        assert_eq!(way.row("SELECT count(*) FROM t"), "0", "{point}");
        nothing_is_lost(&way, point);
    }
}

/// Between a crash and the next run a row may be in both places, never in
/// none.
fn all_or_none(way: &Way, case: &str) {
    let left: u64 = way.row("SELECT count(*) FROM t").parse().unwrap();
    assert!(left == 0 || left == ROWS, "{case}: all or none, not {left}");
    assert_eq!(way.archived().len() as u64, ROWS, "{case}");
}

/// How often rt-purge held the lock after it had waited for its receipts for
/// two seconds, in which this happened.
fn holds_after_wait(way: &Way, rows: u64, meanwhile: impl FnOnce()) -> u64 {
    way.dir.write("receipts", way.stored("t"));
    let pipe = "{ sleep 2; cat receipts; } | rt-purge -v t";
    let out = std::thread::scope(|scope| {
        let run = scope.spawn(|| way.cmd("sh").args(["-c", pipe]).run());
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
        let way = many(shape, hot);
        assert_eq!(holds_after_wait(&way, ROWS, || ()), 1, "{shape}");
        assert_eq!(way.row("SELECT id FROM t"), "20001");
    }
}

#[test]
fn who_commits_in_that_time_ends_it() {
    // So many that they need a fifth of a second's hold.
    let rows = 20_000;
    let way = table(KEYS[0], rows, "");
    let commit = || {
        way.sql("INSERT INTO t VALUES (40001, '2026-01-14', 'hot')");
    };
    assert!(holds_after_wait(&way, rows, commit) > 1);
    assert_eq!(way.row("SELECT id FROM t"), "40001");
}
