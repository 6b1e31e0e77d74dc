//! Several databases in one tree: tables of the same name are never mixed in
//! one file, each database's rows come back by its name, and one that moved
//! goes on when that is said.

use std::fs;

use serde_json::Value;

use crate::support::{Cmd, Dir, Out};

const POLICY: &str = "{\"table\":\"log\",\"timestamp\":\"at\",\"hot\":\"7d\",\
    \"warm\":\"30d\",\"cold\":\"1y\"}\n";

/// Databases `a.db` and `b.db` with the same table and keys, a row of each day.
fn databases(days: &[&str]) -> Dir {
    let dir = Dir::new();
    dir.folder("archives");
    dir.write("policy", POLICY);
    for name in ["a", "b"] {
        let file = format!("{name}.db");
        dir.sql(&file, "CREATE TABLE log(id INTEGER PRIMARY KEY, at, who)");
        for day in days {
            let row = format!("('{day}T10:00:00Z', 'host {name}')");
            let insert = format!("INSERT INTO log(at, who) VALUES {row}");
            dir.sql(&file, &insert);
        }
    }
    dir
}

/// A command at a database, which may have a name in the tree.
fn at<'d>(dir: &'d Dir, db: &str, name: &str, program: &str) -> Cmd<'d> {
    dir.cmd(program)
        .env("RT_DB", db)
        .env("RT_ARCHIVES", "archives")
        .env("RT_POLICY", "policy")
        .env("RT_DATABASE", name)
}

fn daily(dir: &Dir, db: &str, name: &str) -> Out {
    at(dir, db, name, "rt-daily").run()
}

/// Which hosts' rows rt-cat prints, in order.
fn cat(dir: &Dir, name: &str) -> Vec<String> {
    let out = at(dir, "a.db", name, "rt-cat").args(["-q", "log"]).run();
    out.status(0).stderr("");
    let who = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["who"].as_str().unwrap().to_owned()
    };
    out.stdout.lines().map(who).collect()
}

fn left(dir: &Dir, db: &str) -> usize {
    dir.rows(db, "SELECT id FROM log").len()
}

/// Nothing was done, and what is to be said instead.
fn refused(dir: &Dir, out: &Out) {
    out.status(2).stdout("");
    out.stderr_has(
        &dir.join("a.db").canonicalize().unwrap().display().to_string(),
    );
    out.stderr_has("--database NAME").stderr_has("--moved");
}

const OLD: [&str; 2] = ["2025-11-03", "2026-01-02"];

#[test]
fn second_database_is_refused_before_anything_is_done() {
    let dir = databases(&OLD);
    // A table that only the second one has, and that comes first.
    dir.write("policy", POLICY.replace("log", "audit") + POLICY);
    dir.sql(
        "b.db",
        "CREATE TABLE audit(id INTEGER PRIMARY KEY, at);
         INSERT INTO audit(at) VALUES ('2026-01-02')",
    );
    daily(&dir, "a.db", "").status(0);
    let before = dir.tree();
    refused(&dir, &daily(&dir, "b.db", ""));
    refused(&dir, &at(&dir, "b.db", "", "rt-daily").arg("-n").run());
    let all = ["--db", "b.db", "all"];
    refused(&dir, &at(&dir, "a.db", "", "rt-archive").args(all).run());
    let rows = at(&dir, "b.db", "", "rt-export").args(["--due", "log"]).run();
    for flags in [&["log"][..], &["-n", "log"], &["--single", "log"]] {
        let store = at(&dir, "b.db", "", "rt-store").args(flags);
        let out = store.stdin(rows.bytes.clone()).run();
        out.status(2).stderr_has("--database NAME");
    }
    assert_eq!(dir.tree(), before);
    assert_eq!((left(&dir, "b.db"), cat(&dir, "").len()), (2, 2));
    // What has no table of that name is no other database of it.
    dir.sql("b.db", "DROP TABLE log");
    daily(&dir, "b.db", "").status(0);
    daily(&dir, "a.db", "").status(0);
}

#[test]
fn names_keep_databases_apart_in_every_tier() {
    let dir = databases(&OLD);
    daily(&dir, "a.db", "").status(0);
    daily(&dir, "b.db", "b").status(0);
    let tree = dir.tree();
    for file in ["log.jsonl.gz", "log@b.jsonl.gz"] {
        assert!(tree.contains(&format!("2026-01-02/{file}")), "{tree}");
    }
    assert_eq!((left(&dir, "a.db"), left(&dir, "b.db")), (0, 0));
    let apart = || {
        assert_eq!(cat(&dir, ""), ["host a"; 2]);
        assert_eq!(cat(&dir, "b"), ["host b"; 2]);
    };
    apart();
    at(&dir, "b.db", "b", "rt-monthly").run().status(0);
    let tree = dir.tree();
    assert!(!tree.contains("warm/2025-11-03"), "{tree}");
    apart();
    // The schema of the rows is in the month too, whatever their database.
    let members = "tar -tzf archives/cold/2025/2025-11.tar.gz";
    let out = dir.cmd("sh").args(["-c", members]).run();
    out.stdout_has("2025-11-03/log@b.jsonl.gz").stdout_has("schema/log-");
    // The table's policy ends both.
    let late = at(&dir, "a.db", "", "rt-monthly").args(["--yes"]);
    late.now("2027-03-10T00:00:00Z").run().status(0);
    assert!(!dir.tree().contains("jsonl.gz"), "{}", dir.tree());
}

#[test]
fn rt_cat_says_whose_rows_it_does_not_print() {
    let dir = databases(&OLD);
    daily(&dir, "a.db", "").status(0);
    daily(&dir, "b.db", "b").status(0);
    let cat = |args: &[&str]| at(&dir, "a.db", "", "rt-cat").args(args).run();
    let out = cat(&["log"]);
    out.status(0).stderr_has("--database b");
    assert_eq!(out.stdout.lines().count(), 2);
    let none = cat(&["--database", "c", "log"]);
    none.status(2).stdout("").stderr_has("it holds log, log@b");
    // Beside the hot rows of a database stand its own archives alone.
    dir.sql("b.db", "INSERT INTO log VALUES (9, '2026-01-14', 'host b')");
    let tiers = ["--tier", "hot", "--tier", "warm", "--tier", "cold"];
    let args = [&["--db", "b.db", "--database", "b"], &tiers[..], &["log"]];
    let out = cat(&args.concat());
    assert!(!out.stdout.contains("host a"), "{}", out.stdout);
    assert_eq!(out.stdout.lines().count(), 3);
}

#[test]
fn statistics_are_a_database() {
    let dir = databases(&OLD);
    daily(&dir, "a.db", "").status(0);
    daily(&dir, "b.db", "b").status(0);
    let stat = |args: &[&str]| {
        let out = at(&dir, "a.db", "", "rt-stat").args(args).run();
        out.status(0);
        let lines = out.stdout.lines();
        let records = lines.map(|l| serde_json::from_str::<Value>(l).unwrap());
        let archives = records.filter(|r| r["type"] == "archive");
        archives
            .map(|r| format!("{} {}", r["database"], r["rows"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(stat(&["--archives"]), ["null 2", "\"b\" 2"]);
    assert_eq!(stat(&["--archives", "--database", "b"]), ["\"b\" 2"]);
    let show = |name: &str, what: &str| {
        let out = at(&dir, "b.db", name, "rt-retention").arg(what).run();
        out.status(0);
        out.stdout
    };
    for what in ["status", "stats"] {
        let (all, own) = (show("", what), show("b", what));
        let line = |text: &str, name: &str| {
            text.lines().any(|line| line.starts_with(&format!("{name} ")))
        };
        assert!(line(&all, "log@b") && line(&own, "log@b"), "{all}{own}");
    }
    assert!(!show("b", "stats").contains("log  "), "{}", show("b", "stats"));
}

#[test]
fn job_of_one_database_is_none_of_the_other() {
    let dir = databases(&OLD);
    let check = |name: &str| {
        let check = at(&dir, "a.db", name, "rt-retention").arg("check").run();
        check.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    daily(&dir, "a.db", "").status(0);
    daily(&dir, "b.db", "b").status(0);
    // The archives are all databases': one monthly job does for them.
    at(&dir, "b.db", "b", "rt-monthly").run().status(0);
    assert_eq!((check(""), check("b")), (vec![], vec![]));
    let again = at(&dir, "a.db", "", "rt-daily").now("2026-01-20T00:00:00Z");
    again.run().status(0);
    let at_last = |name: &str| {
        let check = at(&dir, "a.db", name, "rt-stat").arg("--check");
        check.now("2026-01-20T00:00:00Z").run()
    };
    at_last("").status(0);
    at_last("b").status(6).stdout_has("the daily job last succeeded");
}

#[test]
fn same_path_or_same_file_is_the_same_database() {
    let dir = databases(&OLD[..1]);
    daily(&dir, "a.db", "").status(0);
    let row = "INSERT INTO log(at) VALUES ('2026-01-03')";
    let sh = |script: &str| {
        dir.sql("a.db", row);
        dir.cmd("sh").args(["-ec", script]).run().status(0);
    };
    // A backup that is put back, or VACUUM INTO: another file at this path.
    sh("cp a.db n; mv n a.db");
    daily(&dir, "a.db", "").status(0);
    // The same file under another name, or by a link.
    sh("mkdir new; mv a.db new/a.db; ln -s new/a.db link.db");
    daily(&dir, "link.db", "").status(0);
    assert_eq!(left(&dir, "new/a.db"), 0);
}

#[test]
fn database_that_was_copied_goes_on_when_it_is_said_that_it_moved() {
    let dir = databases(&OLD);
    daily(&dir, "a.db", "").status(0);
    dir.sql(
        "a.db",
        "INSERT INTO log(at, who) VALUES ('2026-01-03', 'host a')",
    );
    let copy = "mkdir new; cp a.db new/a.db; rm a.db";
    dir.cmd("sh").args(["-ec", copy]).run().status(0);
    let out = daily(&dir, "new/a.db", "");
    out.status(2).stderr_has("rt-purge --pending --moved");
    assert_eq!(left(&dir, "new/a.db"), 1);
    let moved = at(&dir, "new/a.db", "", "rt-purge");
    moved.args(["--pending", "--moved"]).run().status(0);
    daily(&dir, "new/a.db", "").status(0);
    assert_eq!((left(&dir, "new/a.db"), cat(&dir, "").len()), (0, 3));
    // It is there now, and nowhere else.
    assert_eq!(daily(&dir, "b.db", "").status, 2);
}

#[test]
fn name_that_was_forgotten_is_asked_for() {
    let dir = databases(&OLD);
    daily(&dir, "b.db", "b").status(0);
    dir.sql("b.db", "INSERT INTO log(at) VALUES ('2026-01-03')");
    let out = daily(&dir, "b.db", "");
    out.status(2).stdout("").stderr_has("--database 'b'");
    // Nor is the name of one database that of another.
    refused_by_name(&daily(&dir, "a.db", "b"));
    daily(&dir, "a.db", "").status(0);
    daily(&dir, "b.db", "b").status(0);
}

fn refused_by_name(out: &Out) {
    out.status(2).stderr_has("'log' of the database 'b' come from");
}

#[test]
fn unsettled_segment_of_one_database_does_not_hold_up_the_other() {
    let dir = databases(&OLD);
    let rows = at(&dir, "a.db", "", "rt-export").args(["--due", "log"]).run();
    let store = at(&dir, "a.db", "", "rt-store").arg("log");
    store.stdin(rows.bytes).run().status(0);
    daily(&dir, "b.db", "b").status(0).stderr("");
    assert_eq!((left(&dir, "a.db"), left(&dir, "b.db")), (2, 0));
    daily(&dir, "a.db", "").status(0);
    assert_eq!((left(&dir, "a.db"), cat(&dir, "").len()), (0, 2));
}

#[test]
fn equal_row_of_another_database_is_no_second_copy() {
    let dir = databases(&OLD[..1]);
    dir.sql("a.db", "UPDATE log SET who = 'host b'");
    daily(&dir, "a.db", "").status(0);
    at(&dir, "a.db", "", "rt-monthly").run().status(0);
    let rows = at(&dir, "b.db", "b", "rt-export").args(["--due", "log"]).run();
    let store = at(&dir, "b.db", "b", "rt-store").arg("log");
    store.stdin(rows.bytes).run().status(0);
    // An older backup of the second one is put back: its row is there alone.
    dir.sql("b.db", "DELETE FROM log");
    let pending = at(&dir, "b.db", "b", "rt-purge").arg("--pending").run();
    pending.status(3).stdout_has("\"superseded\":1");
    assert_eq!((cat(&dir, "").len(), cat(&dir, "b").len()), (1, 1));
}

#[test]
fn scaletrace_names_its_file_by_the_database_too() {
    let dir = databases(&OLD);
    let trace = |db: &str, name: &str| {
        let flags = ["--table=log", "--timestamp-column=at", "--threshold=1"];
        let run = at(&dir, db, name, "rt-scaletrace").args(flags);
        run.arg("--archives=traces").run()
    };
    dir.write("policy", POLICY.replace("log", "audit"));
    trace("a.db", "").status(0);
    trace("b.db", "").status(2).stderr_has("--database NAME");
    assert_eq!(left(&dir, "b.db"), 2);
    trace("b.db", "b").status(0);
    let tree = dir.tree();
    for file in ["log_20260115T000000", "log@b_20260115T000000"] {
        assert!(tree.contains(&format!("traces/{file}")), "{tree}");
    }
}

#[test]
fn no_table_or_database_takes_the_file_of_another() {
    let dir = databases(&OLD[..1]);
    dir.write("policy", POLICY.to_owned() + &POLICY.replace("log", "log@b"));
    dir.sql(
        "a.db",
        "CREATE TABLE \"log@b\"(id INTEGER PRIMARY KEY, at);
         INSERT INTO \"log@b\"(at) VALUES ('2025-11-03')",
    );
    daily(&dir, "a.db", "").status(0);
    daily(&dir, "b.db", "b").status(0);
    dir.sql(
        "b.db",
        "INSERT INTO log(at, who) VALUES ('2025-11-03', 'host b')",
    );
    let other = daily(&dir, "b.db", "../b@c/~");
    other.status(0);
    let names: Vec<String> =
        fs::read_dir(dir.join("archives/warm/2025-11-03"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
    let mut names = names;
    names.sort();
    let want = [
        "log%40b.jsonl.gz",
        "log.jsonl.gz",
        "log@%2E%2E%2Fb%40c%2F%7E.jsonl.gz",
        "log@b.jsonl.gz",
    ];
    assert_eq!(names, want);
    let long = "x".repeat(101);
    for bad in ["", &long] {
        let cat = at(&dir, "a.db", "", "rt-cat");
        let out = cat.args(["--database", bad, "log"]).run();
        out.status(2).stdout("");
    }
}
