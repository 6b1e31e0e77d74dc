//! rt-stat over the archives: what it counts from the ledger, what it notices
//! of the files, and what it calls a breach.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Cmd, Dir, Out, bins, system};

const POLICY: &str = r#"{"table":"log","timestamp":"at","hot":"7d","warm":"30d","cold":"365d"}
{"table":"audit","timestamp":"at","hot":"7d","warm":"30d","cold":"none"}
"#;

/// A database with these times in both tables, and a policy for them.
fn database(dir: &Dir, times: &[&str]) {
    dir.write("policy.jsonl", POLICY);
    dir.sql(
        "app.db",
        "CREATE TABLE IF NOT EXISTS log(id INTEGER PRIMARY KEY, at TEXT);
         CREATE TABLE IF NOT EXISTS audit(id INTEGER PRIMARY KEY, at TEXT)",
    );
    for at in times {
        for table in ["log", "audit"] {
            let row = format!("INSERT INTO {table}(at) VALUES('{at}')");
            dir.sql("app.db", &row);
        }
    }
}

fn cmd<'d>(dir: &'d Dir, program: &str, args: &[&str]) -> Cmd<'d> {
    dir.cmd(program)
        .env("RT_DB", "app.db")
        .env("RT_ARCHIVES", "archives")
        .env("RT_POLICY", "policy.jsonl")
        .args(args)
}

fn stat(dir: &Dir, status: i32, args: &[&str]) -> Vec<Value> {
    let out = cmd(dir, "rt-stat", args).run();
    out.status(status).stderr("");
    records(&out)
}

fn records(out: &Out) -> Vec<Value> {
    out.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Exports and stores what is due, and gives the receipts.
fn store(dir: &Dir, table: &str) -> String {
    let rows = cmd(dir, "rt-export", &["--due", table]).run().stdout;
    let out = cmd(dir, "rt-store", &[table]).stdin(rows).run();
    out.status(0);
    out.stdout
}

/// Both tables' due rows in the archives, and out of the database.
fn archive(dir: &Dir) {
    for table in ["log", "audit"] {
        let receipts = store(dir, table);
        cmd(dir, "rt-purge", &[table]).stdin(receipts).run().status(0);
    }
}

/// Some of the fields of the records of a type.
fn pick(records: &[Value], kind: &str, fields: &[&str]) -> Value {
    let of = |r: &&Value| r["type"] == kind;
    let row = |r: &Value| fields.iter().map(|f| r[*f].clone()).collect();
    records.iter().filter(of).map(row).collect::<Vec<Value>>().into()
}

fn size(dir: &Dir, file: &str) -> u64 {
    fs::metadata(dir.join("archives").join(file)).unwrap().len()
}

const TIMES: [&str; 5] = [
    "2025-11-03T10:00:00Z",
    "2025-11-03T11:30:00.25Z",
    "2025-11-20T00:00:00Z",
    "2026-01-02T23:59:59Z",
    "2026-01-14T00:00:00Z",
];

#[test]
fn archives_are_counted_by_tier_and_table() {
    let dir = Dir::new();
    database(&dir, &TIMES);
    archive(&dir);
    let fields = [
        "tier",
        "total_files",
        "total_members",
        "rows",
        "oldest",
        "newest",
        "eligible_for_cold",
        "eligible_for_purge",
    ];
    let found = stat(&dir, 0, &["--archives"]);
    assert_eq!(
        pick(&found, "tier", &fields),
        json!([
            [
                "warm",
                6,
                6,
                8,
                "2025-11-03T10:00:00Z",
                "2026-01-02T23:59:59Z",
                2,
                2
            ],
            ["cold", 0, 0, 0, null, null, null, 0],
        ])
    );
    cmd(&dir, "rt-consolidate", &[]).run().status(0);
    let found = stat(&dir, 0, &["--archives"]);
    assert_eq!(
        pick(&found, "tier", &fields),
        json!([
            [
                "warm",
                4,
                4,
                5,
                "2025-11-03T10:00:00Z",
                "2026-01-02T23:59:59Z",
                0,
                2
            ],
            [
                "cold",
                1,
                2,
                3,
                "2025-11-03T10:00:00Z",
                "2025-11-20T00:00:00Z",
                null,
                0
            ],
        ])
    );
    let tar = size(&dir, "cold/2025/2025-11.tar.gz");
    assert_eq!(
        pick(&found, "tier", &["size_bytes"])[1],
        json!([tar]),
        "{found:?}"
    );
    let fields = ["tier", "table", "days", "files", "rows", "newest"];
    assert_eq!(
        pick(&found, "archive", &fields),
        json!([
            ["warm", "audit", 3, 3, 4, "2026-01-02T23:59:59Z"],
            ["warm", "log", 1, 1, 1, "2026-01-02T23:59:59Z"],
            ["cold", "log", 2, 1, 3, "2025-11-20T00:00:00Z"],
        ])
    );
}

#[test]
fn times_of_an_archive_are_those_of_the_rows_that_remain() {
    let dir = Dir::new();
    database(&dir, &TIMES[..2]);
    let receipts = store(&dir, "log");
    dir.sql("app.db", "UPDATE log SET at = 'x' WHERE id = 2");
    let purge = cmd(&dir, "rt-purge", &["log"]).stdin(receipts);
    let out = purge.since_before_the_store().run();
    out.status(0).stdout_has("\"changed\":1");
    let found = stat(&dir, 0, &["--archives"]);
    let fields = ["rows", "oldest", "newest"];
    let first = json!([[1, "2025-11-03T10:00:00Z", "2025-11-03T10:00:00Z"]]);
    assert_eq!(pick(&found, "archive", &fields), first);
    cmd(&dir, "rt-consolidate", &[]).run().status(0);
    let found = stat(&dir, 0, &["--archives"]);
    assert_eq!(pick(&found, "archive", &fields), first);
}

#[test]
fn times_of_a_month_take_in_rows_that_came_late() {
    let dir = Dir::new();
    database(&dir, &["2025-11-03T10:00:00.25Z"]);
    archive(&dir);
    cmd(&dir, "rt-consolidate", &[]).run().status(0);
    let late = ["2025-11-03T10:00:00Z", "2025-11-03T12:00:00Z"];
    database(&dir, &late);
    archive(&dir);
    cmd(&dir, "rt-consolidate", &[]).run().status(0);
    let found = stat(&dir, 0, &["--archives", "log"]);
    assert_eq!(
        pick(&found, "archive", &["tier", "rows", "oldest", "newest"]),
        json!([["cold", 3, late[0], late[1]]])
    );
}

#[test]
fn files_are_listed_by_table_and_day() {
    let dir = Dir::new();
    database(&dir, &TIMES);
    archive(&dir);
    cmd(&dir, "rt-consolidate", &[]).run().status(0);
    let fields = ["file", "member", "day", "rows"];
    let list = |args: &[&str]| {
        let args = [&["--archives", "--files"], args].concat();
        let found = stat(&dir, 0, &args);
        assert!(found.iter().all(|r| r["type"] == "archive_file"));
        pick(&found, "archive_file", &fields)
    };
    let warm = "warm/2026-01-02/log.jsonl.gz";
    let cold = "cold/2025/2025-11.tar.gz";
    let third = "2025-11-03/log.jsonl.gz";
    let last = "2025-11-20/log.jsonl.gz";
    let january = json!([warm, null, "2026-01-02", 1]);
    let november = json!([cold, third, "2025-11-03", 2]);
    let late = json!([cold, last, "2025-11-20", 1]);
    assert_eq!(list(&["LOG"]), json!([january, november, late]));
    assert_eq!(
        list(&["--since", "2025-11-03T23:59:59Z", "log"]),
        json!([january, november, late])
    );
    assert_eq!(
        list(&["--since", "2025-11-04", "log"]),
        json!([january, late])
    );
    assert_eq!(list(&["--until", "2025-11-20", "log"]), json!([november]));
    let all = |args: &[&str]| {
        let args = [&["--archives", "--since", "2025-11-04"], args].concat();
        stat(&dir, 0, &args)
    };
    let both = [all(&[]), all(&["--files"])].concat();
    assert_eq!(all(&["--files", "--sums"]), both);
    cmd(&dir, "rt-stat", &["--archives", "nothing"])
        .run()
        .status(2)
        .stdout("")
        .stderr_has("hold no table 'nothing'");
}

#[test]
fn files_that_differ_from_the_ledger_are_named() {
    let dir = Dir::new();
    database(&dir, &TIMES);
    archive(&dir);
    let file = |day: &str| format!("archives/warm/{day}/log.jsonl.gz");
    fs::remove_file(dir.join(file("2025-11-03"))).unwrap();
    dir.write(&file("2025-11-20"), "");
    let fields = ["file", "reason"];
    let known = [
        json!(["warm/2025-11-03/log.jsonl.gz", "missing"]),
        json!(["warm/2025-11-20/log.jsonl.gz", "size"]),
    ];
    let found = stat(&dir, 5, &["--archives"]);
    assert_eq!(pick(&found, "mismatch", &fields), json!(known));
    let found = stat(&dir, 0, &["--archives", "audit"]);
    assert_eq!(pick(&found, "mismatch", &fields), json!([]));

    let dir = Dir::new();
    database(&dir, &TIMES);
    archive(&dir);
    dir.write("archives/cold/2025/2025-01.tar.gz", "x");
    dir.write("archives/warm/2025-01-01/log.jsonl", "{}\n");
    let found = stat(&dir, 3, &["--archives"]);
    assert_eq!(
        pick(&found, "mismatch", &fields),
        json!([
            ["cold/2025/2025-01.tar.gz", "unknown"],
            ["warm/2025-01-01/log.jsonl", "unknown"],
        ])
    );
}

#[test]
fn no_archive_file_is_opened() {
    if system("strace").is_none() {
        return;
    }
    let dir = Dir::new();
    database(&dir, &TIMES);
    archive(&dir);
    cmd(&dir, "rt-consolidate", &[]).run().status(0);
    let program = bins().join("rt-stat");
    let out = cmd(&dir, "strace", &["-f", "-o", "trace"])
        .args(["-e", "trace=open,openat,openat2"])
        .arg(program)
        .arg("--archives")
        .run();
    if out.stderr.contains("ptrace") {
        return;
    }
    out.status(0);
    let trace = dir.read("trace");
    out.expect("the ledger opened", trace.contains("ledger.jsonl"));
    // What is opened as a path alone (O_PATH) cannot be read.
    let archive = |l: &&str| {
        let is = l.contains(".jsonl.gz") || l.contains(".tar.gz");
        is && !l.contains("O_PATH")
    };
    assert_eq!(trace.lines().find(archive), None);
}

/// The breaches of a check, as what and whom they are about.
fn breaches(dir: &Dir, now: &str, args: &[&str]) -> Vec<String> {
    let args = [&["--check", "--now", now], args].concat();
    let out = cmd(dir, "rt-stat", &args).run();
    let found = records(&out);
    out.stderr("").status(if found.is_empty() { 0 } else { 6 });
    let about = |r: &Value| {
        assert_eq!(r["type"], "breach");
        let of = r["mode"].as_str().or(r["table"].as_str());
        format!("{} {}", r["what"].as_str().unwrap(), of.unwrap_or_default())
    };
    found.iter().map(about).collect()
}

/// The end of a job in the ledger.
fn job(dir: &Dir, mode: &str, now: &str, good: bool) {
    let args = ["--mode", mode, "--json", "--", "log"];
    let record = |kind: &str, more: &str| {
        format!(
            "{{\"type\":\"{kind}\",\"table\":\"log\",\
             \"status\":\"no_records\",\"rows\":0,{more},\"message\":null}}\n"
        )
    };
    let results = record(
        "exported",
        "\"undated\":0,\"referenced\":0,\"unrepresentable\":0,\
         \"cutoff_date\":null",
    ) + &record("stored", "\"segments\":0,\"undated\":0")
        + &record(
            "purged",
            "\"records\":0,\"changed\":0,\"referenced\":0,\"refused\":0,\
             \"gone\":0,\"superseded\":0,\"archive_files\":[]",
        );
    let results = if good { results } else { String::new() };
    let out =
        cmd(dir, "rt-report", &args).now(now).stdin(results.as_bytes()).run();
    out.expect("the status of the job", (out.status == 0) == good);
}

#[test]
fn check_tells_a_job_that_never_ran_from_one_that_found_nothing() {
    let dir = Dir::new();
    database(&dir, &[]);
    let now = "2026-01-15T00:00:00Z";
    assert_eq!(breaches(&dir, now, &[]), ["job daily", "job monthly"]);
    let out = cmd(&dir, "rt-stat", &["--check"]).run();
    out.stdout_has("the daily job never ran");
    assert!(!dir.join("archives").exists());

    fs::create_dir(dir.join("archives")).unwrap();
    job(&dir, "daily", "2026-01-14T00:00:00Z", false);
    let out = cmd(&dir, "rt-stat", &["--check"]).run();
    out.status(6).stdout_has("the daily job never succeeded");
    job(&dir, "daily", "2026-01-14T00:00:00Z", true);
    job(&dir, "monthly", "2026-01-01T00:00:00Z", true);
    assert!(breaches(&dir, now, &[]).is_empty());
    job(&dir, "daily", now, false);
    assert!(breaches(&dir, "2026-01-15T12:00:00Z", &[]).is_empty());
    let late = breaches(&dir, "2026-01-15T12:00:01Z", &[]);
    assert_eq!(late, ["job daily"]);
    job(&dir, "full", now, true);
    assert!(breaches(&dir, "2026-01-16T00:00:00Z", &[]).is_empty());
}

#[test]
fn check_finds_rows_that_should_be_gone() {
    let dir = Dir::new();
    database(&dir, &["2026-01-08T00:00:00Z"]);
    fs::create_dir(dir.join("archives")).unwrap();
    job(&dir, "full", "2026-01-17T00:00:00Z", true);
    assert!(breaches(&dir, "2026-01-17T00:00:00Z", &[]).is_empty());
    let late = "2026-01-17T00:00:01Z";
    assert_eq!(breaches(&dir, late, &[]), ["stale log", "stale audit"]);
    assert!(breaches(&dir, late, &["--margin", "3d"]).is_empty());
    dir.sql("app.db", "DELETE FROM audit; UPDATE log SET at = 'n/a'");
    assert!(breaches(&dir, late, &[]).is_empty());
    let none = breaches(&dir, late, &["--max-undated", "0"]);
    assert_eq!(none, ["undated log"]);
    assert!(breaches(&dir, late, &["--max-undated", "1"]).is_empty());
}

#[test]
fn check_finds_what_is_unsettled_and_what_is_too_large() {
    let dir = Dir::new();
    // One line for the table, however many of its days are open.
    database(&dir, &TIMES[..3]);
    let receipts = store(&dir, "log");
    dir.sql("app.db", "DELETE FROM audit");
    let now = "2026-01-15T00:00:00Z";
    job(&dir, "full", now, true);
    let wide = ["--margin", "1y"];
    assert_eq!(breaches(&dir, now, &wide), ["unsettled log"]);
    let out = cmd(&dir, "rt-stat", &["--check", "--margin", "1y"]).run();
    out.stdout_has("2 segments of 'log', such as that in 'warm/2025-11-03");
    cmd(&dir, "rt-purge", &["log"]).stdin(receipts).run().status(0);
    assert!(breaches(&dir, now, &wide).is_empty());
    let small = ["--max-size", "100"];
    assert_eq!(breaches(&dir, now, &small), ["archives_size "]);
}

#[test]
fn flags_without_a_meaning_are_refused() {
    let dir = Dir::new();
    database(&dir, &[]);
    for args in [
        &["--archives", "--check"][..],
        &["--over", "1MiB", "--archives", "log"],
        &["--files"],
        &["--archives", "--sums"],
        &["--since", "2026-01-01", "log"],
        &["--margin", "2d"],
        &["--archives", "--max-size", "1MiB"],
        &["--check", "log"],
        &["--check", "--unit", "s"],
        &["--check", "--margin", "0d"],
        &["--check", "--max-undated", "-1"],
    ] {
        cmd(&dir, "rt-stat", args).run().status(2).stdout("");
    }
}

#[test]
fn folder_given_to_archives_is_told_the_flag_for_it() {
    let dir = Dir::new();
    std::fs::create_dir(dir.join("archives")).unwrap();
    for name in ["archives", "far/archives"] {
        let out = dir.cmd("rt-stat").args(["--archives", name]).run();
        out.status(2).stdout("").stderr_has(&format!("--tree '{name}'"));
    }
    let out = dir.cmd("rt-stat").args(["--archives", "t"]).run();
    out.status(2).stderr_has("the archives hold no table 't'");
    out.expect("no guess", !out.stderr.contains("--tree"));
}

#[test]
fn history_tells_what_each_month_brought_and_took_and_how_jobs_ended() {
    let dir = Dir::new();
    database(&dir, &TIMES);
    archive(&dir);
    let at = |program, now, args: &[&str]| {
        cmd(&dir, program, args).now(now).run().status(0);
    };
    at("rt-report", "2026-01-15T03:15:00Z", &["--mode", "daily"]);
    dir.sql("app.db", "INSERT INTO log(at) VALUES('2026-02-01')");
    cmd(&dir, "rt-archive", &["log"])
        .now("2026-02-20T00:00:00Z")
        .run()
        .status(0);
    at("rt-expire", "2026-04-01T00:00:00Z", &["--yes"]);
    let history = stat(&dir, 0, &["--history"]);
    let rows = ["month", "table", "archived_rows", "deleted_rows"];
    assert_eq!(
        pick(&history, "month", &rows),
        json!([
            ["2026-01", "audit", 4, 4],
            ["2026-01", "log", 4, 4],
            ["2026-02", "log", 2, 2],
            ["2026-04", "audit", 0, 0],
        ])
    );
    let gone = ["month", "table", "expired_rows"];
    assert_eq!(
        pick(&history, "month", &gone)[3],
        json!(["2026-04", "audit", 4])
    );
    let sums = pick(&history, "month", &["archived_bytes", "expired_bytes"]);
    assert_eq!(sums[0][0], sums[3][1], "what went is what had come");
    assert_eq!(
        pick(&history, "job", &["at", "mode", "exit_status"]),
        json!([
            ["2026-01-15T03:15:00Z", "daily", 0],
            ["2026-02-20T00:00:00Z", "archive", 0],
        ])
    );
    let took = pick(&history, "job", &["duration_seconds"]);
    assert!(took[0][0].is_null() && took[1][0].is_f64(), "{took}");
    let out = cmd(&dir, "rt-stat", &["--history", "log"]).run();
    out.status(2).stderr_has("--history takes no TABLE");
}
