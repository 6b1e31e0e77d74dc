//! The end of a file: by its age, or by an operator's hand.

use serde_json::{Value, json};

use super::{files, fill, filled, low, report};
use crate::support::rows::rechained;
use crate::support::{Cmd, Dir, NOW, Out};

const DAYS: [&str; 10] = [
    "2026-01-15",
    "2026-02-24",
    "2026-04-05",
    "2026-05-15",
    "2026-06-24",
    "2026-08-03",
    "2026-09-12",
    "2026-10-22",
    "2026-12-01",
    "2027-01-10",
];

/// A file of twenty rows from each of [`DAYS`].
fn a_year() -> Dir {
    let dir = filled(20);
    for (n, day) in (0..).zip(DAYS) {
        if n > 0 {
            fill(&dir, n * 20 + 1, 20);
        }
        low(&dir).arg(format!("--now={day}T00:00:00Z")).run().status(0);
    }
    assert_eq!(files(&dir).len(), DAYS.len());
    dir
}

fn expire<'d>(dir: &'d Dir, now: &str, args: &[&str]) -> Cmd<'d> {
    let known = ["--archives", "a", "--now", now];
    dir.cmd("rt-expire").args(known).args(args.to_vec())
}

/// Ends with 0 where the tree is as the ledger says.
fn stat(dir: &Dir) -> Out {
    dir.cmd("rt-stat").args(["--archives", "--tree", "a"]).run()
}

#[test]
fn file_goes_a_year_after_its_run_unless_the_policy_says_another_time() {
    let dir = a_year();
    let at = "2027-01-15T00:00:00Z";
    let out = expire(&dir, at, &[]).run();
    assert_eq!(report(out.status(0))["status"], "no_records");
    let later = "2027-01-15T00:00:01Z";
    let keep = r#"{"table":"agent_logs","whole":"forever"}"#;
    dir.write("keep", keep);
    let out = expire(&dir, later, &["--policy", "keep"]).run();
    assert_eq!(report(out.status(0))["status"], "no_records");
    let span = json!([{"table": "agent_logs", "tier": "whole", "rows": 20,
        "oldest": "2025-01-01", "newest": "2025-01-02",
        "cutoff_date": "2026-01-15T00:00:01Z"}]);
    let tree = dir.tree();
    let dry = report(expire(&dir, later, &["-n"]).run().status(0));
    assert_eq!(dry["tables"], span);
    assert_eq!(dir.tree(), tree);
    let done = report(expire(&dir, later, &[]).run().status(0).stderr(""));
    assert_eq!((&done["status"], &done["tables"]), (&json!("purged"), &span));
    let gone = "agent_logs_20260115T000000.000Z.json.gz";
    assert_eq!(done["purged_files"], json!([gone]));
    assert_eq!(files(&dir).len(), DAYS.len() - 1);
    stat(&dir).status(0);
    // A shorter period is asked about first, and what would go is counted.
    dir.write("short", keep.replace("forever", "30d"));
    let args = ["--archives", "--tree", "a", "--policy", "short", "--now"];
    let counts = dir.cmd("rt-stat").args(args).arg(later).run();
    counts.status(0).stdout_has(r#""eligible_for_purge":8"#);
    let short = expire(&dir, later, &["--policy", "short"]).run();
    short.status(1).stderr_has("by the retention of 365d that held before");
    assert_eq!(files(&dir).len(), DAYS.len() - 1);
    let meant = expire(&dir, later, &["--policy", "short", "--yes"]).run();
    meant.status(0);
    assert_eq!(files(&dir).len(), 1);
}

#[test]
fn last_file_and_a_leap_of_the_clock_are_asked_about() {
    let dir = filled(20);
    low(&dir).run().status(0);
    let out = expire(&dir, "2027-01-16T00:00:00Z", &[]).run();
    out.status(1).stderr_has("the clock leapt 366 days ahead");
    assert_eq!(files(&dir).len(), 1);
}

#[test]
fn files_of_programs_that_kept_them_for_ever_are_asked_about() {
    let dir = a_year();
    let ledger = dir.read("a/ledger.jsonl");
    let older = ledger.replace("\"retention\":\"365d\",", "");
    assert_ne!(ledger, older);
    dir.write("a/ledger.jsonl", rechained(&older));
    dir.write("a/lock", "");
    let later = "2027-01-15T00:00:01Z";
    let out = expire(&dir, later, &[]).run();
    out.status(1).stderr_has("the retention of forever that held before");
    assert_eq!(files(&dir).len(), DAYS.len());
    expire(&dir, later, &["--yes"]).run().status(0);
    assert_eq!(files(&dir).len(), DAYS.len() - 1);
}

#[test]
fn file_that_an_operator_deleted_is_told_and_missed_no_more() {
    let dir = filled(20);
    low(&dir).run().status(0);
    let name = "agent_logs_20260115T000000.000Z.json.gz";
    let tree = dir.tree();
    let refused = |args: &[&str], why: &str| {
        let tree = dir.tree();
        expire(&dir, NOW, args).run().status(2).stderr_has(why);
        assert_eq!(dir.tree(), tree);
    };
    refused(&["--file", name], "is there");
    refused(&["--file", "no.json.gz"], "the ledger knows no file");
    assert_eq!(dir.tree(), tree);
    std::fs::remove_file(dir.join("a").join(name)).unwrap();
    stat(&dir).status(5).stdout_has(r#""reason":"missing""#);
    refused(&["--file", name, "--file", "no"], "the ledger knows no file");
    let check = ["check", "--db", "state.db", "--archives", "a"];
    let check = || dir.cmd("rt-retention").args(check).run();
    check().stdout_has("missing").stdout_has("rt-expire --file NAME");
    let before = dir.tree();
    let dry =
        report(expire(&dir, NOW, &["-n", "--file", name]).run().status(0));
    assert_eq!(dry["purged_files"], json!([name]));
    assert_eq!(dir.tree(), before);
    expire(&dir, NOW, &["--file", name]).run().status(0);
    stat(&dir).status(0);
    check().expect("nothing missing", !check().stdout.contains("missing"));
    let ledger = std::fs::read_to_string(dir.join("a/ledger.jsonl")).unwrap();
    let last: Vec<Value> =
        ledger.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let [.., expire, expired] = &last[..] else { panic!("{ledger}") };
    assert_eq!(
        (&expire["type"], &expire["by_hand"]),
        (&json!("expire"), &json!(true))
    );
    assert_eq!(expired["type"], "expired");
    refused(&["--file", name], "the ledger knows no file");
}

#[test]
fn line_for_whole_files_alone_lets_no_job_touch_the_table() {
    let dir = filled(20);
    dir.write("policy", r#"{"table":"agent_logs","whole":"2y"}"#);
    let policy = |args: &[&str]| {
        dir.cmd("rt-policy")
            .args(["--policy", "policy"])
            .args(args.to_vec())
            .run()
    };
    policy(&[])
        .status(0)
        .stdout("{\"table\":\"agent_logs\",\"whole\":\"2y\"}\n");
    policy(&["--tables", "all"]).status(0).stdout("");
    policy(&["--tables", "agent_logs"])
        .status(2)
        .stderr_has("only rt-scaletrace");
    let out = low(&dir).args(["--policy", "policy"]).run();
    assert_eq!(report(out.status(0))["rows_archived"], 20);
    for line in [
        r#"{"table":"a","whole":"7D"}"#,
        r#"{"table":"a","whole":"1y","redact":["b"]}"#,
        r#"{"table":"a","whole":"none"}"#,
    ] {
        dir.write("policy", line);
        policy(&["--check"]).status(2);
    }
}
