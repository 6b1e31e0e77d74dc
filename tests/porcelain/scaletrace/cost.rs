//! The memory of each process, whatever the size of the table.

use super::{DB, TABLE, report};
use crate::porcelain::whole_jobs::cost::{measured, peaks_are_small};
use crate::support::Dir;

fn archives_within_memory(key: &str, rows: u64, bytes: u64) {
    let dir = Dir::new();
    dir.sql(
        DB,
        &format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {};
             WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
               WHERE n < {rows})
             INSERT INTO agent_logs SELECT printf('%016x', n * 2654435761),
               datetime(1735689600 + n, 'unixepoch'), '', hex(randomblob({bytes} / 2)), n FROM s;
             PRAGMA journal_mode = WAL",
            TABLE.replace("INTEGER PRIMARY KEY", key)
        ),
    );
    measured(&dir);
    let out =
        super::low(&dir).path_first(dir.join("measured")).patience(3600).run();
    assert_eq!(report(out.status(0))["rows_archived"], rows);
    assert_eq!(dir.rows(DB, "SELECT count(*) FROM agent_logs"), ["0"]);
    peaks_are_small(&dir);
}

#[test]
fn memory_does_not_grow_with_the_table() {
    archives_within_memory("TEXT PRIMARY KEY", 50_000, 1600);
    archives_within_memory("TEXT", 20_000, 400);
}

#[test]
fn memory_does_not_grow_with_two_gigabytes() {
    if std::env::var_os("RT_LONG").is_some() {
        archives_within_memory("TEXT PRIMARY KEY", 1_300_000, 1600);
    }
}
