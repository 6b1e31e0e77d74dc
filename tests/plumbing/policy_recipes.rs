//! The recipes of rt-policy(5), as the page has them: what goes, what stays,
//! whatever the batches, and that a second run moves nothing.

use std::fs;

use crate::support::{Dir, root};

const NOW: &str = "2026-11-21T00:00:00Z";

/// The policy line of the page for a table.
fn line(table: &str) -> String {
    let page = fs::read_to_string(root().join("man/rt-policy.5")).unwrap();
    let page = page.replace("\n ", "");
    let start = format!("{{\"table\":\"{table}\",");
    page.lines().find(|l| l.starts_with(&start)).unwrap().to_owned() + "\n"
}

/// Archives a table by the page's line: a dry run says what the run does, a
/// second one finds nothing, whatever the batches. Gives the rows that stay.
fn archived(dir: &Dir, table: &str, left: &str) -> Vec<String> {
    dir.write("policy", line(table));
    let mut kept = Vec::new();
    for batch in ["1000", "7"] {
        let db = format!("{batch}.db");
        fs::copy(dir.join("app.db"), dir.join(&db)).unwrap();
        let run = |flags: &[&str]| {
            let out = dir
                .cmd("rt-archive")
                .now(NOW)
                .args(["--db", &db, "--archives", batch, "--json"])
                .args(["--policy", "policy", "--batch-size", batch])
                .args(flags)
                .arg(table)
                .run();
            out.status(0);
            let report: serde_json::Value =
                serde_json::from_str(&out.stdout).unwrap();
            report["total_archived"].as_u64().unwrap()
        };
        let planned = run(&["--dry-run"]);
        assert_eq!(run(&[]), planned);
        assert!(planned > 0);
        assert_eq!(run(&[]), 0);
        kept.push(dir.rows(&db, left));
    }
    assert_eq!(kept[0], kept[1]);
    kept.remove(0)
}

#[test]
fn generated_column_dates_rows_by_what_is_in_their_json() {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        r#"CREATE TABLE documents(id INTEGER PRIMARY KEY, body TEXT);
        INSERT INTO documents(body) VALUES
            ('{"createdAt":"2026-01-03T09:00:00Z"}'), ('{}'),
            ('{"createdAt":"2026-11-20T09:00:00Z"}');"#,
    );
    let page = fs::read_to_string(root().join("man/rt-policy.5")).unwrap();
    let sql = page.split(".Bd -literal -offset indent\n");
    let sql = sql.filter_map(|b| b.split(".Ed").next());
    let alter = sql.into_iter().find(|b| b.starts_with("ALTER")).unwrap();
    dir.sql("app.db", alter);
    let left = archived(&dir, "documents", "SELECT id FROM documents");
    assert_eq!(left, ["2", "3"]);
    let rows = dir.zcat("7/warm/2026-01-03/documents.jsonl.gz");
    assert!(
        rows.contains("\"created_at\":\"2026-01-03T09:00:00Z\""),
        "{rows}"
    );
}

/// Rows of several kinds, one each 6 hours: of `live` up to now, of `dead`
/// none for 60 days.
fn fill(dir: &Dir, table: &str, time: &str, kind: &str) {
    dir.sql(
        "app.db",
        &format!(
            "CREATE TABLE {table}(id INTEGER PRIMARY KEY AUTOINCREMENT,
                {kind} TEXT NOT NULL, {time} TEXT NOT NULL);
            WITH RECURSIVE n(h) AS (SELECT 2400 UNION ALL SELECT h - 6 FROM n
                WHERE h > 6)
            INSERT INTO {table}({kind}, {time}) SELECT k,
                strftime('%F %T+00:00', '{NOW}', -h || ' hours')
            FROM n, (SELECT 'live' AS k UNION SELECT 'dead')
            WHERE k = 'live' OR h > 60 * 24 ORDER BY h DESC"
        ),
    );
}

#[test]
fn newest_row_of_each_source_stays_however_old() {
    let dir = Dir::new();
    fill(&dir, "snapshots", "fetched_at", "source");
    let left = archived(
        &dir,
        "snapshots",
        "SELECT source, count(*), min(fetched_at) FROM snapshots GROUP BY 1",
    );
    assert_eq!(
        left,
        [
            "dead|1|2026-09-21 18:00:00+00:00",
            "live|28|2026-11-14 00:00:00+00:00"
        ]
    );
}

#[test]
fn newest_ten_of_each_stay() {
    let dir = Dir::new();
    fill(&dir, "readings", "at", "sensor");
    let left = archived(
        &dir,
        "readings",
        "SELECT sensor, count(*) FROM readings GROUP BY 1",
    );
    assert_eq!(left, ["dead|10", "live|28"]);
}

#[test]
fn period_comes_from_a_column_of_another_table() {
    let dir = Dir::new();
    // The recipe goes by the clock of the machine, so the rows do, too.
    dir.sql(
        "app.db",
        "CREATE TABLE monitor(id INTEGER PRIMARY KEY, keep_days INTEGER);
        INSERT INTO monitor VALUES (1, 7), (2, 180), (3, NULL), (4, NULL);
        CREATE TABLE heartbeat(id INTEGER PRIMARY KEY AUTOINCREMENT,
            monitor_id INTEGER NOT NULL REFERENCES monitor, time TEXT NOT NULL);
        WITH RECURSIVE n(d) AS (SELECT 200 UNION ALL SELECT d - 1 FROM n
            WHERE d > 1)
        INSERT INTO heartbeat(monitor_id, time) SELECT monitor.id,
            strftime('%F %T', 'now', -d || ' days', '-1 minutes')
        FROM n, monitor WHERE monitor.id < 4 OR d > 150 ORDER BY d DESC",
    );
    dir.write("policy", line("heartbeat"));
    let run = || {
        dir.cmd("rt-archive")
            .env("RT_NOW", "")
            .args(["--db", "app.db", "--policy", "policy", "heartbeat"])
            .run()
    };
    run().status(0);
    let count = "SELECT monitor_id, count(*) FROM heartbeat GROUP BY 1";
    let left = ["1|6", "2|179", "3|29", "4|1"];
    assert_eq!(dir.rows("app.db", count), left);
    run().status(0);
    assert_eq!(dir.rows("app.db", count), left);
}
