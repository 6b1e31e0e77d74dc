//! What the other programs make of the file.

use super::{DB, TABLE, files, fill, filled, hot, low};
use crate::support::world::records;
use crate::support::{Dir, Out};

#[test]
fn the_archives_know_their_file() {
    let dir = filled(100);
    low(&dir).run().status(0);
    let stat = |args: &[&str]| {
        let stat = dir.cmd("rt-stat").args(["--tree", "a", "--db", DB]);
        stat.args(args).run()
    };
    let out = stat(&["--archives"]);
    out.status(0).stdout_has("\"tier\":\"whole\",\"table\":\"agent_logs\"");
    stat(&["--archives", "--files"]).status(0).stdout_has("\"rows\":100");
    // They are never rolled up, and are kept for a year.
    for (program, now) in [
        ("rt-consolidate", "2096-01-01T00:00:00Z"),
        ("rt-expire", "2027-01-14T00:00:00Z"),
    ] {
        let before = files(&dir);
        let cmd = dir.cmd(program).args(["--archives", "a"]);
        cmd.now(now).run().expect("a file that stays", files(&dir) == before);
    }
    let ledger = dir.read("a/ledger.jsonl");
    assert!(ledger.contains("\"type\":\"job\""), "{ledger}");
    assert!(ledger.contains("\"mode\":\"scaletrace\""), "{ledger}");
    // One that the ledger does not know is named.
    let name = "agent_logs_20250101T000000.000Z_2.json.gz";
    dir.write(&format!("a/{name}"), "");
    dir.write("a/report.json", "");
    let out = stat(&["--archives"]);
    out.status(3).stdout_has("\"reason\":\"unknown\"").stdout_has(name);
    assert!(!out.stdout.contains("report.json"));
    std::fs::remove_file(dir.join("a").join(name)).unwrap();
    let file = &files(&dir)[0];
    std::fs::write(dir.join(file), "").unwrap();
    stat(&["--archives"]).status(5).stdout_has("\"reason\":\"size\"");
}

/// `rt-cat ARG... agent_logs`; the ids that it gave, in order.
fn cat(dir: &Dir, args: &[&str], status: i32) -> (Vec<u64>, Out) {
    let cmd = dir.cmd("rt-cat").args(["--db", DB, "--archives", "a"]);
    let out = cmd.args(args).arg("agent_logs").run();
    out.status(status);
    let rows = records(&out.stdout);
    (rows.iter().map(|r| r["id"].as_u64().unwrap()).collect(), out)
}

const ALL: [&str; 4] = ["--tier", "whole", "--tier", "hot"];

#[test]
fn rows_of_whole_files_come_by_day() {
    let dir = Dir::new();
    dir.sql(DB, TABLE);
    fill(&dir, 1, 200);
    dir.sql(
        DB,
        "UPDATE agent_logs SET created_at = '2026-01-0' || (9 - id % 9)",
    );
    low(&dir).args(["--keep", "10d"]).run().status(0);
    let first = hot(&dir).len();
    assert!(0 < first && first < 200);
    let args = ["--keep", "9d", "--no-compress"];
    low(&dir).args(args).run().status(0);
    let left = hot(&dir).len();
    assert!(0 < left && left < first);
    assert_eq!(files(&dir).len(), 2);
    let (ids, out) = cat(&dir, &[], 0);
    out.stderr("");
    assert_eq!(ids.len(), 200 - left);
    let days = |out: &Out| -> Vec<String> {
        let rows = records(&out.stdout);
        rows.iter().map(|r| r["created_at"].to_string()).collect()
    };
    assert!(days(&out).is_sorted(), "{}", out.stdout);
    let (mut ids, out) = cat(&dir, &ALL, 0);
    assert!(days(&out).is_sorted(), "{}", out.stdout);
    ids.sort_unstable();
    assert_eq!(ids, (1..=200).collect::<Vec<_>>());
    // Byte for byte as they stand there, but for the array's signs.
    let text = dir.zcat(&files(&dir)[1]);
    let (_, out) = cat(&dir, &["--tier", "whole"], 0);
    let lines = text.lines().filter(|l| l.len() > 1);
    for line in lines {
        out.stdout_has(&format!("{}\n", line.trim_end_matches(',')));
    }
    let args = ["--since=2026-01-03", "--until=2026-01-05"];
    let (ids, out) = cat(&dir, &args, 0);
    assert_eq!(ids.len(), 44);
    assert!(
        days(&out)
            .iter()
            .all(|d| d == "\"2026-01-03\"" || d == "\"2026-01-04\"")
    );
    let (ids, _) = cat(&dir, &["--tier", "warm"], 0);
    assert_eq!(ids, [0u64; 0]);
}

#[test]
fn a_whole_file_that_is_not_settled_comes_once() {
    let dir = filled(100);
    let script = "rt-export --due --before 2026-01-10 --format json \
                  --timestamp-column created_at agent_logs | rt-store \
                  --single --timestamp-column created_at agent_logs >r";
    let pipe = |script: &str| {
        let cmd = dir.cmd("sh").args(["-c", script]);
        cmd.env("RT_DB", DB).env("RT_ARCHIVES", "a").run().status(0);
    };
    pipe(script);
    assert_eq!(cat(&dir, &[], 0).0.len(), 100);
    assert_eq!(cat(&dir, &ALL, 0).0.len(), 100);
    dir.sql(DB, "UPDATE agent_logs SET tokens = 0 WHERE id < 11");
    let purge = dir.cmd("rt-purge").stdin(dir.read("r"));
    let purge = purge.env("RT_DB", DB).env("RT_ARCHIVES", "a");
    purge.since_before_the_store().run().status(0);
    assert_eq!(cat(&dir, &[], 0).0.len(), 90);
    assert_eq!(cat(&dir, &ALL, 0).0.len(), 100);
}

#[test]
fn a_whole_file_that_is_missing_or_damaged_is_named() {
    let dir = filled(100);
    low(&dir).run().status(0);
    fill(&dir, 101, 20);
    low(&dir).args(["--now", "2026-01-16T00:00:00Z"]).run().status(0);
    let file = dir.join(&files(&dir)[0]);
    let bytes = std::fs::read(&file).unwrap();
    let mut bad = bytes.clone();
    bad[bytes.len() / 2] ^= 1;
    std::fs::write(&file, &bad).unwrap();
    let (ids, out) = cat(&dir, &[], 5);
    out.stderr_has("agent_logs_20260115T");
    assert!(ids.len() >= 20);
    std::fs::write(&file, &bytes[1..]).unwrap();
    let (ids, out) = cat(&dir, &[], 5);
    out.stderr_has("is not as long as the ledger says");
    assert_eq!(ids.len(), 20);
    std::fs::remove_file(&file).unwrap();
    let (ids, out) = cat(&dir, &[], 5);
    out.stderr_has("is missing");
    assert_eq!(ids.len(), 20);
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(cat(&dir, &[], 0).0.len(), 120);
}
