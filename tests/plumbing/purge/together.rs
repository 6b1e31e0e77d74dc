//! Segments large enough to be compared on several threads.

use crate::support::way::{Way, counts, purged};

const ROWS: u64 = 14_000;

/// Rows of nine megabytes that are all due, on seven days, and one that
/// stays.
fn large(shape: &str) -> Way {
    Way::new(&format!(
        "CREATE TABLE t {shape};
        INSERT INTO t VALUES (1, '2030-01-01', 'stays');
        WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
            WHERE n < {ROWS})
        INSERT INTO t SELECT 10000 + n, '2026-01-0' || (1 + n / 2001),
            hex(randomblob(320)) FROM s"
    ))
}

const KEYS: [&str; 2] = [
    "(id INTEGER PRIMARY KEY, at TEXT, v)",
    "(id TEXT PRIMARY KEY, at TEXT, v)",
];

fn nothing_is_lost(way: &Way, gone: u64, case: &str) {
    let mut ids = way.rows("SELECT id FROM t WHERE id <> '1'");
    let archived = way.archived_of("id");
    ids.extend(archived.split_whitespace().map(str::to_owned));
    assert_eq!(ids.len() as u64, ROWS - gone, "{case}: none twice");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, ROWS - gone, "{case}: none lost");
    let stays = way.row("SELECT count(*) FROM t WHERE id = '1'");
    assert_eq!(stays, "1", "{case}");
}

#[test]
fn rows_that_changed_or_went_on_any_day_are_found_out() {
    for shape in KEYS {
        let way = large(shape);
        let receipts = way.stored("t");
        way.sql(
            "UPDATE t SET v = 'new' WHERE id IN (10005, 17000, 23999);
            DELETE FROM t WHERE id IN (10001, 15000, 24000)",
        );
        let out = way.purge(&receipts).run();
        out.status(0).stderr("");
        let want = format!("records {}, changed 3, gone 3", ROWS - 6);
        assert_eq!(counts(&purged(&out)), want, "{shape}");
        let left = way.row("SELECT id FROM t WHERE v = 'new' ORDER BY id");
        assert_eq!(left, "10005 17000 23999", "{shape}");
        nothing_is_lost(&way, 3, shape);
    }
}

#[test]
fn rows_changed_after_they_were_compared_stay() {
    for shape in KEYS {
        let way = large(shape);
        let purge = way.purge(&way.stored("t"));
        let out = way.run_with(purge, "purge.compared", |way| {
            way.sql("UPDATE t SET v = 'new' WHERE id IN (10005, 23999)");
        });
        out.status(0);
        let want = format!("records {}, changed 2", ROWS - 2);
        assert_eq!(counts(&purged(&out)), want, "{shape}");
        nothing_is_lost(&way, 0, shape);
    }
}

#[test]
fn rows_in_another_order_than_their_lines_go_all_the_same() {
    let way = large(KEYS[1]);
    let receipts = way.stored("t");
    way.sql("UPDATE t SET rowid = -rowid");
    let out = way.purge(&receipts).run();
    out.status(0).stderr("");
    assert_eq!(counts(&purged(&out)), format!("records {ROWS}"));
    nothing_is_lost(&way, 0, "another order");
}
