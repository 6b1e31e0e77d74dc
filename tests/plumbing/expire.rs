//! rt-expire: each table's days go when its own retention ends, and nothing
//! that a wrong clock or policy would take.

use crate::support::tiers::{
    archive, consolidate, expire, files, image, insert, once, record, tables,
};
use crate::support::{Dir, NOW};

const MONTH: &str = "cold/2025/2025-09.tar.gz";

/// Every built-in table's day 2025-09-01 in one month's tar.
fn month() -> Dir {
    let dir = tables();
    for table in ["tool_uses", "message_bus_log", "assertion_results"] {
        insert(&dir, table, 1, &["2025-09-01"]);
    }
    archive(&dir, NOW);
    consolidate(&dir, NOW, &["--older-than", "30d"]).status(0);
    assert_eq!(files(&dir, "cold"), [MONTH]);
    dir
}

fn tables_left(dir: &Dir) -> Vec<String> {
    let places = once(dir).into_keys();
    places.map(|row| row.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn each_table_leaves_the_month_when_its_own_retention_ends() {
    let dir = month();
    // The day ends at 2025-09-02: 127, 402 and 850 days on.
    for (now, left) in [
        ("2026-01-06T23:59:59Z", 3),
        ("2026-01-07T00:00:00Z", 2),
        ("2026-10-08T23:59:59Z", 2),
        ("2026-10-09T00:00:00Z", 1),
        ("2027-12-30T23:59:59Z", 1),
    ] {
        expire(&dir, now, &["--yes"]).status(0);
        assert_eq!(tables_left(&dir).len(), left, "{now}");
    }
    assert_eq!(tables_left(&dir), ["assertion_results"]);
    let out = expire(&dir, "2027-12-31T00:00:00Z", &["--yes"]);
    let told = record(out.status(0).stderr(""));
    assert_eq!(told["status"], "purged");
    assert_eq!(told["purged_files"][0], MONTH);
    assert_eq!(told["purged_members"], 1);
    assert!(files(&dir, "cold").is_empty());
    assert!(!dir.join("a/cold/2025").exists());
    assert!(tables_left(&dir).is_empty());
}

/// A policy for the tables of [`tables`].
fn policy(dir: &Dir, cold: &str) {
    dir.write(
        "policy",
        format!(
            "{{\"table\":\"tool_uses\",\"timestamp\":\"start_time\",\
             \"hot\":\"7d\",\"warm\":\"30d\",{cold}}}\n"
        ),
    );
}

#[test]
fn a_table_without_a_cold_period_is_deleted_from_warm() {
    let dir = tables();
    insert(&dir, "tool_uses", 1, &["2025-12-07", "2025-12-08", "2025-12-09"]);
    archive(&dir, NOW);
    policy(&dir, r#""cold":"none""#);
    let args = ["--policy", "policy", "--yes"];
    let out = consolidate(&dir, NOW, &args[..2]);
    assert_eq!(record(out.status(0))["consolidated"], 0);
    expire(&dir, NOW, &args).status(0);
    assert_eq!(files(&dir, "warm"), ["warm/2025-12-09/tool_uses.jsonl.gz"]);
    assert!(!dir.join("a/warm/2025-12-08").exists());
}

#[test]
fn what_is_kept_forever_or_has_no_policy_is_never_deleted() {
    let dir = month();
    let late = "2099-01-01T00:00:00Z";
    policy(&dir, r#""cold":"forever""#);
    let out = expire(&dir, late, &["--policy", "policy", "--yes"]);
    out.status(0)
        .stderr_has("message_bus_log")
        .stderr_has("assertion_results");
    assert_eq!(tables_left(&dir).len(), 3);
    // With one of them past its retention the others stay.
    policy(&dir, r#""cold":"1d""#);
    let out = expire(&dir, late, &["--policy", "policy", "--yes"]);
    out.status(0).stderr_has("message_bus_log");
    assert_eq!(tables_left(&dir), ["assertion_results", "message_bus_log"]);
}

#[test]
fn what_is_no_tables_stays_with_its_month() {
    let dir = tables();
    dir.write("src/notes.txt", "by hand");
    dir.write("src/2025-09-01/tool_uses.jsonl", "{\"id\":1}\n");
    dir.cmd("gzip").arg("src/2025-09-01/tool_uses.jsonl").run().status(0);
    std::fs::create_dir_all(dir.join("a/cold/2025")).unwrap();
    let tar = format!("a/{MONTH}");
    dir.cmd("tar").args(["-C", "src", "-czf", &tar, "."]).run().status(0);
    expire(&dir, "2028-01-01T00:00:00Z", &["--yes"]).status(0);
    let list = dir.cmd("tar").args(["-tzf", &tar]).run();
    list.status(0).stdout("notes.txt\n");
}

#[test]
fn a_dry_run_names_what_the_run_does_and_changes_nothing() {
    let dir = month();
    let now = "2026-02-01T00:00:00Z";
    let before = (dir.tree(), image(&dir));
    let mut dry = record(expire(&dir, now, &["-n", "--yes"]).status(0));
    assert!((dir.tree(), image(&dir)) == before);
    let mut real = record(expire(&dir, now, &["--yes"]).status(0));
    assert_eq!(dry["status"].take(), "dry_run");
    assert_eq!(real["status"].take(), "purged");
    assert_eq!(dry, real);
}

/// Refused, named, nothing changed; `--yes` goes past.
fn refused(dir: &Dir, now: &str, why: &str) {
    let before = (dir.tree(), image(dir));
    for args in [&[][..], &["-n"]] {
        let out = expire(dir, now, args);
        out.status(1).stderr_has(why).stderr_has("--yes");
        assert!((dir.tree(), image(dir)) == before);
    }
    let out = expire(dir, now, &["--yes"]);
    assert_eq!(record(out.status(0))["status"], "purged");
    assert!((dir.tree(), image(dir)) != before);
}

/// Days of one table, of which few are due at [`NOW`] plus some days.
fn many_days() -> Dir {
    let dir = tables();
    let days: Vec<String> =
        (1..29).map(|d| format!("2025-09-{d:02}")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    insert(&dir, "message_bus_log", 1, &days);
    archive(&dir, "2025-12-20T00:00:00Z");
    consolidate(&dir, "2025-12-20T00:00:00Z", &[]).status(0);
    dir
}

#[test]
fn a_leap_of_the_clock_is_refused() {
    // 2025-09-01 is due from 2026-01-07 on.
    let dir = many_days();
    expire(&dir, "2026-01-08T00:00:00Z", &[]).status(0);
    refused(&dir, "2026-02-23T00:00:00Z", "ahead");
}

#[test]
fn a_clock_that_went_back_is_refused() {
    let dir = many_days();
    insert(&dir, "tool_uses", 1, &["2026-01-01"]);
    archive(&dir, "2026-01-11T00:00:00Z");
    refused(&dir, "2026-01-09T22:00:00Z", "back");
}

#[test]
fn deleting_more_than_half_is_refused() {
    // All of one table, and little of the whole.
    let dir = tables();
    insert(&dir, "message_bus_log", 1, &["2025-09-01"]);
    insert(&dir, "tool_uses", 1, &["2025-12-01"; 5]);
    archive(&dir, NOW);
    refused(&dir, NOW, "1 of the 1 archived rows of 'message_bus_log'");
    let left = once(&dir);
    assert_eq!(left.len(), 5);
    // Exactly half is not more than half.
    let dir = tables();
    insert(&dir, "message_bus_log", 1, &["2025-09-01", "2025-12-01"]);
    archive(&dir, NOW);
    expire(&dir, NOW, &[]).status(0);
    assert_eq!(once(&dir).len(), 1);
}
