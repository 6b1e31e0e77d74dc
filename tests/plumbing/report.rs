//! rt-report: a table is done when every step says so and the counts agree.

use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

fn report(args: &[&str], records: &[Value]) -> Command {
    let mut cmd = Command::new(env!("CARGO_BIN_EXE_rt-report"));
    let lines: String = records.iter().map(|r| format!("{r}\n")).collect();
    cmd.env_clear()
        .env("RT_DB", "/db")
        .env("RT_ARCHIVES", "/a")
        .args(["--now", "2026-01-15T00:00:00Z"])
        .args(args)
        .write_stdin(lines);
    cmd
}

/// The JSON report of a job for table `t`, which must end with `status`.
fn judged(status: i32, records: &[Value]) -> Value {
    result(status, &["--json", "--", "t"], records)["tables"][0].clone()
}

fn result(status: i32, args: &[&str], records: &[Value]) -> Value {
    let out = report(args, records).assert().code(status).get_output().clone();
    serde_json::from_slice(&out.stdout).unwrap()
}

/// `record` with the keys of `more` in place of its own.
fn but(mut record: Value, more: Value) -> Value {
    let more = more.as_object().unwrap().clone();
    record.as_object_mut().unwrap().extend(more);
    record
}

fn exported(status: &str, rows: u64) -> Value {
    json!({"type": "exported", "table": "t", "status": status, "rows": rows,
        "undated": 0, "referenced": 0, "unrepresentable": 0,
        "cutoff_date": "2026-01-08T00:00:00Z", "message": null})
}

fn stored(rows: u64) -> Value {
    json!({"type": "stored", "table": "t", "status": "archived",
        "rows": rows, "segments": 1, "undated": 0, "message": null})
}

fn purged(rows: u64) -> Value {
    json!({"type": "purged", "table": "t", "status": "archived",
        "rows": rows, "records": rows, "changed": 0, "referenced": 0,
        "refused": 0, "gone": 0, "superseded": 0,
        "archive_files": ["warm/2026-01-05/t.jsonl.gz"], "message": null})
}

fn finished(rows: u64) -> [Value; 3] {
    [exported("archived", rows), stored(rows), purged(rows)]
}

#[test]
fn report_has_the_documented_keys_in_order() {
    let out = report(&["--json", "--mode", "daily", "--", "t"], &finished(5))
        .assert()
        .code(0)
        .stderr("")
        .get_output()
        .clone();
    assert_eq!(
        String::from_utf8(out.stdout).unwrap(),
        r#"{
  "mode": "daily",
  "timestamp": "2026-01-15T00:00:00Z",
  "dry_run": false,
  "policy": "built in",
  "database": "/db",
  "archives": "/a",
  "duration_seconds": null,
  "total_archived": 5,
  "tables": [
    {
      "table": "t",
      "status": "archived",
      "records": 5,
      "cutoff_date": "2026-01-08T00:00:00Z",
      "oldest": null,
      "newest": null,
      "days": 0,
      "text_size_bytes": 0,
      "table_rows": null,
      "past_retention": 0,
      "archive_files": [
        "warm/2026-01-05/t.jsonl.gz"
      ],
      "changed": 0,
      "referenced": 0,
      "refused": 0,
      "gone": 0,
      "superseded": 0,
      "undated": 0,
      "future": 0,
      "unrepresentable": 0,
      "message": null
    }
  ]
}
"#
    );
}

#[test]
fn report_of_a_single_file_needs_the_size_and_all_steps() {
    let size = json!({"type": "table_size", "table": "t", "live_bytes": 9,
        "reclaimable_bytes": 0, "threshold_bytes": 5, "over": true});
    let below = but(size.clone(), json!({"live_bytes": 5, "over": false}));
    let args = ["--single", "t", "--archives", "nowhere"];
    let made = result(0, &args[..2], &[below]);
    let want = json!({"status": "below_threshold", "table_size_bytes": 5,
        "threshold_bytes": 5, "policy": "built in", "database": "/db",
        "archives": "/a", "duration_seconds": null});
    assert_eq!(made, want);
    let made = result(1, &args, &[size.clone(), exported("archived", 3)]);
    assert_eq!(made["status"], "failed");
    assert_eq!(made["message"], "rt-store did not finish");
    let mut records = finished(3).to_vec();
    records.push(size);
    records.push(json!({"type": "reclaimed", "reclaim": "full",
        "gained_bytes": 7}));
    let made = result(0, &args, &records);
    assert_eq!(made["status"], "archived");
    assert_eq!(made["rows_archived"], 3);
    assert_eq!(made["reclaimed_bytes"], 7);
    assert_eq!(made["table_size_bytes"], 9);
}

#[test]
fn report_of_nothing_is_empty_or_unfinished() {
    let empty = result(0, &["--json"], &[]);
    assert_eq!(empty["tables"], json!([]));
    let table = judged(1, &[]);
    assert_eq!(table["status"], "failed");
    assert_eq!(table["message"], "rt-export did not finish");
}

#[test]
fn report_names_the_step_that_is_missing() {
    for (missing, step) in
        ["rt-export", "rt-store", "rt-purge"].into_iter().enumerate()
    {
        let mut records = finished(5).to_vec();
        records.remove(missing);
        let table = judged(1, &records);
        assert_eq!(table["status"], "failed");
        assert_eq!(table["message"], format!("{step} did not finish"));
    }
    let table = judged(1, &finished(5)[..2]);
    assert_eq!(table["records"], 0);
}

#[test]
fn report_needs_no_more_where_nothing_was_to_be_done() {
    for status in ["exempt", "no_policy", "no_table", "no_records"] {
        let table = judged(0, &[exported(status, 0)]);
        assert_eq!(table["status"], status);
    }
    let all = [exported("no_records", 0), stored(0), purged(0)];
    assert_eq!(judged(0, &all)["status"], "no_records");
    let stray = [exported("no_records", 0), stored(3)];
    assert_eq!(judged(1, &stray)["status"], "failed");
}

#[test]
fn report_of_a_dry_run_counts_what_would_go() {
    let args = ["--json", "-n", "--", "t"];
    let report = result(0, &args, &[exported("dry_run", 8)]);
    assert_eq!(report["dry_run"], true);
    assert_eq!(report["total_archived"], 8);
    assert_eq!(report["tables"][0]["status"], "dry_run");
    assert_eq!(report["tables"][0]["records"], 8);
}

#[test]
fn report_fails_a_table_whose_counts_do_not_add_up() {
    let [e, s, p] = finished(5);
    let lost = judged(1, &[e.clone(), stored(4), purged(4)]);
    let why = "rt-export wrote 5 rows, rt-store took 4";
    assert_eq!(
        (&lost["status"], &lost["message"]),
        (&json!("failed"), &json!(why))
    );
    let left = judged(1, &[e.clone(), s, purged(4)]);
    let why = "rt-store stored 5 rows, rt-purge settled 4";
    assert_eq!(left["message"], why);
    assert_eq!(left["records"], 4);
    // Undated rows that came to be stored were not, and are told apart.
    let undated = but(stored(4), json!({"undated": 1}));
    let table = judged(3, &[e.clone(), undated, purged(4)]);
    assert_eq!(
        (&table["status"], &table["undated"]),
        (&json!("archived"), &json!(1))
    );
    let twice = judged(1, &[e.clone(), e, stored(5), p]);
    assert_eq!(twice["message"], "rt-export reported 2 times");
}

#[test]
fn report_takes_rows_that_stayed_for_no_failure_unless_they_were_refused() {
    let [e, s, p] = finished(5);
    for key in ["changed", "referenced", "gone", "superseded"] {
        let p = but(p.clone(), json!({"records": 4, key: 1}));
        let table = judged(0, &[e.clone(), s.clone(), p]);
        assert_eq!((&table["records"], &table[key]), (&json!(4), &json!(1)));
    }
    let undated = but(e.clone(), json!({"undated": 2, "referenced": 3}));
    let table = judged(0, &[undated, s.clone(), p.clone()]);
    assert_eq!(
        (&table["undated"], &table["referenced"]),
        (&json!(2), &json!(3))
    );
    let refused = but(p.clone(), json!({"records": 4, "refused": 1}));
    let table = judged(3, &[e.clone(), s.clone(), refused]);
    assert_eq!(table["status"], "archived");
    let strange = but(e, json!({"unrepresentable": 1}));
    assert_eq!(judged(3, &[strange, s, p])["unrepresentable"], 1);
}

#[test]
fn report_says_the_first_cause_and_why_a_run_ended_before_a_table() {
    let failed = |record: Value, message: &str| {
        but(record, json!({"status": "failed", "message": message}))
    };
    let [e, s, p] = finished(5);
    let all = [failed(p, "third"), failed(s, "second"), failed(e, "first")];
    assert_eq!(judged(1, &all)["message"], "first");
    let left = but(all[0].clone(), json!({"recovered": true}));
    let all = [&all[..], &[failed(left, "earlier")]].concat();
    assert_eq!(judged(1, &all)["message"], "earlier");
    let ended = |status: u8, message: Option<&str>| json!({"type": "ended", "message": message, "exit_status": status});
    for (status, said, want) in [
        (1, Some("cannot open 'x'"), "cannot open 'x'"),
        (75, Some("locked"), "locked"),
        (130, None, "stopped by SIGINT; the next run goes on"),
        (143, None, "stopped by SIGTERM; the next run goes on"),
    ] {
        let table = judged(status.into(), &[ended(status, said)]);
        assert_eq!(table["status"], "failed");
        assert_eq!(table["message"], want);
    }
    let table = judged(1, &[ended(137, None)]);
    let message = table["message"].as_str().unwrap();
    assert!(message.contains("killed by signal 9"), "{message}");
    // What was through by then is well; the first of two is the cause.
    let two = [ended(1, Some("first")), ended(130, None)];
    let done = [&finished(5)[..], &two].concat();
    assert_eq!(judged(0, &done)["status"], "archived");
    assert_eq!(judged(1, &two)["message"], "first");
}

#[test]
fn report_keeps_the_status_and_the_counts_of_a_failure() {
    let [e, s, p] = finished(5);
    let busy =
        json!({"status": "failed", "message": "busy", "exit_status": 75});
    let table = judged(75, &[but(exported("archived", 0), busy)]);
    assert_eq!(
        (&table["status"], &table["message"]),
        (&json!("failed"), &json!("busy"))
    );
    // Each status of rt(7) is kept; any other is a failure.
    for status in [1, 2, 3, 4, 5, 6, 75, 130, 141, 143, 101] {
        let fault = json!({"status": "failed", "exit_status": status});
        let want = if status == 101 { 1 } else { status };
        judged(want, &[but(exported("archived", 0), fault)]);
    }
    let mute = json!({"status": "failed"});
    let table = judged(1, &[e.clone(), s.clone(), but(purged(2), mute)]);
    assert_eq!(table["message"], "rt-purge failed");
    assert_eq!(table["records"], 2);
    let part = json!({"exit_status": 3, "message": "time is up"});
    let table = judged(3, &[e, s, but(p, part)]);
    assert_eq!(
        (&table["status"], &table["message"]),
        (&json!("archived"), &json!("time is up"))
    );
    let torn = json!({"status": "failed", "message": "x", "exit_status": 4});
    let records = [exported("archived", 5), but(stored(5), torn), purged(5)];
    assert_eq!(judged(4, &records)["records"], 5);
}

#[test]
fn report_of_several_tables_is_partly_done_or_as_one() {
    let of = |table: &str, record: Value| but(record, json!({"table": table}));
    let args = ["--json", "--", "a", "b"];
    let fine = |t: &str| finished(2).map(|r| of(t, r)).to_vec();
    let bad = |t: &str, status: u8| {
        let fault = json!({"status": "failed", "exit_status": status});
        vec![of(t, but(exported("archived", 0), fault))]
    };
    for (a, b, want) in [
        (fine("a"), fine("b"), 0),
        (fine("a"), bad("b", 1), 3),
        (fine("a"), bad("b", 75), 3),
        (bad("a", 75), bad("b", 75), 75),
        (bad("a", 2), bad("b", 2), 2),
        (fine("a"), bad("b", 4), 4),
        (bad("a", 4), bad("b", 5), 5),
        (fine("a"), Vec::new(), 3),
    ] {
        result(want, &args, &[a, b].concat());
    }
}

#[test]
fn report_adds_recovered_records_and_lists_their_tables() {
    let recovered = but(
        purged(3),
        json!({"recovered": true, "superseded": 1, "records": 2,
            "archive_files": ["warm/2026-01-01/t.jsonl.gz"]}),
    );
    let mut records = vec![recovered.clone(), recovered.clone()];
    records.extend(finished(5));
    records.push(but(recovered.clone(), json!({"table": "other"})));
    let report = result(0, &["--json", "--", "T"], &records);
    assert_eq!(report["total_archived"], 11);
    let [t, other] = report["tables"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    assert_eq!((&t["table"], &t["records"]), (&json!("t"), &json!(9)));
    assert_eq!(t["superseded"], 2);
    assert_eq!(
        t["archive_files"],
        json!(["warm/2026-01-01/t.jsonl.gz", "warm/2026-01-05/t.jsonl.gz"])
    );
    assert_eq!(
        (&other["table"], &other["status"]),
        (&json!("other"), &json!("archived"))
    );
    let nothing = [recovered.clone(), exported("no_records", 0)];
    let table = judged(0, &nothing);
    assert_eq!(
        (&table["status"], &table["records"]),
        (&json!("archived"), &json!(2))
    );
    // A recovery is no answer to whether this run was finished.
    assert_eq!(judged(1, &[recovered])["status"], "failed");
}

#[test]
fn report_passes_over_other_records_and_outlives_torn_ones() {
    let mut records = finished(5).to_vec();
    records.push(json!({"type": "receipt", "rows": "many"}));
    judged(0, &records);
    let mut lines: String = records.iter().map(|r| format!("{r}\n")).collect();
    lines.push_str("{\"type\":\"purged\",\"tab");
    let out = report(&["--json", "--", "t"], &[])
        .write_stdin(lines)
        .assert()
        .code(4)
        .get_output()
        .clone();
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["tables"][0]["records"], 5);
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(said.contains("line 5 is not a record"), "{said}");
}

#[test]
fn report_for_people_has_a_heading_and_columns() {
    let mut records = finished(5).to_vec();
    let extent = json!({"oldest": "2026-01-01T07:08:09Z",
        "newest": "2026-01-05T23:59:59.999Z", "days": 3,
        "text_size_bytes": 2048, "table_rows": 29, "past_retention": 2,
        "cutoff_date": "2026-01-08T00:00:00.123456Z"});
    records[0] = but(records[0].clone(), extent);
    let fault = json!({"table": "long\nname", "status": "no_table",
        "cutoff_date": null, "message": "no such table"});
    records.push(but(exported("archived", 0), fault));
    let out = report(&["--", "t", "long\nname"], &records).assert().code(0);
    let text = String::from_utf8(out.get_output().stdout.clone()).unwrap();
    insta::assert_snapshot!(text, @r"
    Archive Results
    TABLE       STATUS    RECORDS  SHARE  DAYS     SIZE  STAYED  UNDATED  OLDEST      NEWEST      CUTOFF                MESSAGE
    t           archived        5    17%     3  2.0 KiB       0        0  2026-01-01  2026-01-05  2026-01-08T00:00:00Z  past the whole retention already: 2
    long\nname  no_table        0      -     -        -       0        0  -           -           -                     no such table
    Total                       5               2.0 KiB       0        0

    policy    built in
    database  /db
    archives  /a
    files     1
    ");
    let dry = [exported("dry_run", 8)];
    let out = report(&["--dry-run", "--", "t"], &dry).assert().code(0);
    let text = String::from_utf8(out.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("Archive Results\nDRY RUN\n"), "{text}");
}

#[test]
fn report_into_a_file_replaces_it_whole() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("report.json");
    fs::write(&path, "an older and much longer report".repeat(100)).unwrap();
    let file = path.to_str().unwrap();
    let args = ["--json", "--output", file, "--", "t"];
    report(&args, &finished(5)).assert().code(0).stdout("");
    let report: Value =
        serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(report["total_archived"], 5);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    let gone = dir.path().join("no/report.json");
    let args = ["--output", gone.to_str().unwrap(), "--", "t"];
    let mut cmd = self::report(&args, &finished(5));
    let said = cmd.assert().code(1).stdout("").get_output().stderr.clone();
    assert!(String::from_utf8(said).unwrap().contains("no such file"));
}

/// What people are shown, but for the lines about policy and places.
fn shown(what: &str, policy: &str, records: &[Value]) -> String {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("policy");
    fs::write(&path, policy).unwrap();
    let args = ["--show", what, "--policy", path.to_str().unwrap()];
    let out = report(&args, records).assert().code(0).get_output().clone();
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn policy_for_people_has_the_periods_and_their_total() {
    let policy = r#"{"table":"a","timestamp":"t","hot":"12h","warm":"4w","cold":"none"}
{"table":"b","timestamp":"t","hot":"7d","warm":"30d","cold":"1y"}
{"table":"c","timestamp":"t","hot":"7d","warm":"30d","cold":"forever"}
{"table":"d","exempt":true}
"#;
    let text = shown("policy", policy, &[]);
    let table = "\
TABLE  GROUP  EVERY  TIMESTAMP  HOT  WARM     COLD    TOTAL
a      -      day    t          12h    4w     none    28.5d
b      -      day    t           7d   30d       1y     402d
c      -      day    t           7d   30d  forever  forever
d      -      -      exempt       -     -        -        -
";
    assert!(text.contains(table), "{text}");
}

#[test]
fn tables_for_people_end_with_their_sums_and_count_one_as_one() {
    let table = |name: &str, rows: u64, stale: Value| {
        json!({"type": "table", "table": name, "rows": rows, "hot": rows,
            "stale": stale, "warm": 0, "undated": 1, "oldest": null,
            "newest": null, "live_bytes": 1024, "reclaimable_bytes": 0})
    };
    let archive = |table: &str, days: u64| {
        json!({"type": "archive", "tier": "warm", "table": table,
            "days": days, "files": days, "rows": 10 * days,
            "size_bytes": 2048, "oldest": null, "newest": null})
    };
    let tier = json!({"type": "tier", "tier": "warm", "total_files": 1,
        "total_members": 1, "days": 2, "size_bytes": 4096, "rows": 1, "oldest": null,
        "newest": null});
    let rule = r#"{"table":"a","exempt":true}"#;
    let records = [
        table("a", 5, json!(2)),
        table("b", 6, json!(null)),
        tier,
        archive("a", 1),
        archive("b", 2),
    ];
    let text = shown("status", rule, &records);
    for line in [
        "\nTotal    11   11      2        2  2.0 KiB\n",
        "\n1 file, 1 row, 4.0 KiB, - to -\n",
        "\nTotal           2    30  4.0 KiB\n",
    ] {
        assert!(text.contains(line), "{line:?} in\n{text}");
    }
}

#[test]
fn stats_sum_by_table_month_and_day_and_count_a_day_once() {
    let file = |table: &str, tier: &str, day: Value| {
        json!({"type": "archive_file", "file": "f", "tier": tier,
            "table": table, "day": day, "rows": 10, "size_bytes": 1024})
    };
    let archive = |table: &str, days: u64| {
        json!({"type": "archive", "tier": "warm", "table": table,
            "days": days, "files": days, "rows": 10 * days,
            "size_bytes": 1024 * days, "oldest": null, "newest": null})
    };
    let records = [
        archive("a", 3),
        archive("b", 1),
        file("a", "warm", json!("2025-12-31")),
        file("a", "warm", json!("2026-01-01")),
        file("a", "warm", json!("2026-01-02")),
        file("b", "warm", json!("2026-01-02")),
        file("c", "whole", json!(null)),
    ];
    let show = |args: &[&str]| {
        let args = [&["--show", "stats"], args].concat();
        let out = report(&args, &records).assert().code(0);
        String::from_utf8(out.get_output().stdout.clone()).unwrap()
    };
    let text = show(&[]);
    for line in [
        "\na      warm     3    30  3.0 KiB  -       -       ####",
        "\nTotal           3    40  4.0 KiB\n",
        "\n2025-12  warm      1       1    10  1.0 KiB  ######\n",
        "\n2026-01  warm      2       2    30  3.0 KiB  ####",
        "\n-        whole     0       1    10  1.0 KiB  ######\n",
        "\nTotal              3       3    50  5.0 KiB\n",
    ] {
        assert!(text.contains(line), "{line:?} in\n{text}");
    }
    let by_day = show(&["--by", "day"]);
    assert!(!by_day.contains("MONTH") && !by_day.contains("OLDEST"));
    let line = "\n2026-01-02  warm      1       2    20  2.0 KiB  ####";
    assert!(by_day.contains(line), "{by_day}");
    assert!(show(&["--by", "table"]).starts_with("TABLE"));
    assert!(show(&["--by", "month"]).starts_with("MONTH"));
    let json: Value =
        serde_json::from_str(&show(&["--by", "day", "--json"])).unwrap();
    assert_eq!(json["days"].as_array().unwrap().len(), 4);
    assert_eq!(json.get("months"), None);
    let total = json!({"days": 3, "tables": 3, "archives": 5, "rows": 50,
        "size_bytes": 5120});
    assert_eq!(json["total"], total);
}

#[test]
fn table_is_no_wider_than_the_terminal() {
    let mut records = finished(1_234_567);
    let more = json!({"table_rows": 5_000_000, "days": 33,
        "oldest": "2025-12-01T00:00:00Z", "newest": "2026-01-02T00:00:00Z",
        "text_size_bytes": 300_000_000});
    records[0]
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    records[2]["message"] = "7 rows changed while they were archived, and \
        stay until the next run"
        .into();
    for columns in [40, 60, 80, 200] {
        let out = report(&["t"], &records)
            .env("RT_COLUMNS", format!("24 {columns}"))
            .assert()
            .code(0)
            .get_output()
            .clone();
        let text = String::from_utf8(out.stdout).unwrap();
        let table = text.split("\n\n").next().unwrap();
        for line in table.lines() {
            assert!(line.chars().count() <= columns, "{line:?}");
        }
        insta::assert_snapshot!(format!("terminal_{columns}"), table);
    }
}
