//! What is asked for: flags, each with what it lets through and refuses.

use super::{export, ids, rows_of, with_result};
use crate::support::Dir;
use crate::support::rows::cell;

fn four() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT, v, w);
         INSERT INTO t VALUES (1, '2025-12-01', 'a', 1),
           (2, '2026-01-01T00:00:00Z', 'b', NULL), (3, NULL, 'c', 3),
           (4, '2026-01-14 22:00', 'd', 4)",
    );
    dir
}

const AT: [&str; 2] = ["--timestamp-column", "at"];

fn at<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&AT[..], args, &["t"]].concat()
}

#[test]
fn condition_of_many_bytes_is_refused() {
    let dir = four();
    let line = |ids: usize| {
        let where_ = format!("v IN ({})", vec!["1"; ids].join(","));
        serde_json::json!({"table": "t", "timestamp": "at", "hot": "7d",
            "warm": "7d", "cold": "none", "where": where_})
    };
    for (ids, status) in [(60_000, 0), (300_000, 2)] {
        dir.write("policy", format!("{}\n", line(ids)));
        for args in [
            &["rt-policy", "--check", "--db", "x.db"][..],
            &["rt-export", "--db", "x.db", "--due", "t"],
        ] {
            let out = dir.cmd(args[0]).env("RT_POLICY", "policy");
            let out = out.args(&args[1..]).run();
            out.status(status);
            if status == 2 {
                out.stderr_has("put a long list into a table");
            }
        }
    }
}

#[test]
fn condition_that_leaves_its_parentheses_is_refused_everywhere() {
    let dir = four();
    for condition in [
        "1) OR (1",
        "0) OR (1",
        "1) IS TRUE) OR ((1",
        "v = ')' OR w = ('",
        "1 /* and so on",
        "1; DELETE FROM t",
        "v = 'open",
        "[v",
        "(1",
        "-- nothing",
    ] {
        let out = export(&dir, &["--where", condition, "t"]).run();
        out.status(2).stdout("").stderr_has("is not one expression");
        let line = serde_json::json!({"table": "t", "timestamp": "at",
            "hot": "7d", "warm": "7d", "cold": "none", "where": condition});
        dir.write("policy", format!("{line}\n"));
        for args in [
            &["rt-policy", "--check"][..],
            &["rt-export", "--db", "x.db", "--due", "t"],
            &["rt-stat", "--db", "x.db", "t"],
            &["rt-archive", "--db", "x.db", "all"],
        ] {
            let out = dir.cmd(args[0]).env("RT_POLICY", "policy");
            let out = out.args(&args[1..]).run();
            out.status(2).stdout("").stderr_has("line 1: where: the condi");
        }
    }
    for fine in [
        "v IN (SELECT max(v) FROM t) OR w = ')' -- (",
        "\"v\" = 'd' /* ( */ AND 'it''s ;' <> `v`",
    ] {
        assert_eq!(ids(&dir, &["--where", fine, "t"]), [4]);
    }
}

#[test]
fn without_a_selection_all_rows_come() {
    let dir = four();
    assert_eq!(ids(&dir, &["t"]), [1, 2, 3, 4]);
    let (out, record) = with_result(&dir, &at(&[]));
    out.status(0);
    assert_eq!(record["type"], "exported");
    assert_eq!(record["rows"], 4);
    assert_eq!(record["undated"], 1);
}

#[test]
fn times_bound_what_comes_from_both_sides() {
    let dir = four();
    let now = "2026-01-08T00:00:00Z";
    for (args, want) in [
        (&["--before", "2026-01-01"][..], &[1][..]),
        (&["--before", "2026-01-01T00:00:00.000000001Z"], &[1, 2]),
        (&["--since", "2026-01-01"], &[2, 4]),
        (&["--since", "2026-01-01", "--before", "2026-01-02"], &[2]),
        (&["--older-than", "1w", "--now", now], &[1]),
        (&["--older-than", "6d", "--now", now], &[1, 2]),
        (&["--where", "v > 'a'"], &[2, 3, 4]),
        (&["--where", "w"], &[1, 3, 4]),
        (&["--where", "w -- a comment"], &[1, 3, 4]),
        (&["--where", "w IS NULL OR v = 'a'"], &[1, 2]),
        (&["--where", "id > 1", "--limit", "2"], &[2, 3]),
        (&["--limit", "3", "--batch-size", "2"], &[1, 2, 3]),
        (&["--limit", "9"], &[1, 2, 3, 4]),
        (&["--since", "2025-01-01", "--where", "id < 3"], &[1, 2]),
    ] {
        assert_eq!(ids(&dir, &at(args)), want, "{args:?}");
    }
}

#[test]
fn columns_come_in_the_order_of_the_table() {
    let dir = four();
    let names = |args: &[&str]| -> Vec<String> {
        let row = rows_of(&dir, args).swap_remove(0);
        row.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&["--column", "w", "--column", "V", "t"]), ["v", "w"]);
    assert_eq!(names(&["--exclude", "v", "t"]), ["id", "at", "w"]);
    let both = ["--column", "v", "--column", "w", "--exclude", "w", "t"];
    assert_eq!(names(&both), ["v"]);
    let gone = ["--column", "v", "--exclude", "v", "t"];
    export(&dir, &gone).run().status(2).stderr_has("no column");
    export(&dir, &["--column", "x", "t"])
        .run()
        .status(2)
        .stdout("")
        .stderr_has("its columns are id, at, v, w");
    export(&dir, &["--exclude", "id", "t"]).run().status(2);
    export(&dir, &at(&["--exclude", "at"])).run().status(2);
    // What is due must be found and dated again.
    for column in ["at", "id"] {
        let due = ["--due", "--before", "2026-01-01", "--column", column];
        export(&dir, &at(&due)).run().status(2).stderr_has("proven");
    }
}

#[test]
fn a_json_array_holds_the_same_rows() {
    let dir = four();
    let lines = export(&dir, &["t"]).run().stdout;
    for batch in ["1", "3", "1000"] {
        let args = ["--format", "json", "--batch-size", batch, "t"];
        let out = export(&dir, &args).run();
        out.status(0);
        let body = out.stdout.strip_prefix("[\n").unwrap();
        let body = body.strip_suffix("\n]\n").unwrap();
        assert_eq!(format!("{}\n", body.replace("},\n", "}\n")), lines);
        let parsed: Vec<serde_json::Value> =
            serde_json::from_str(&out.stdout).unwrap();
        assert_eq!(parsed.len(), 4);
    }
    let none = ["--format", "json", "--where", "0", "t"];
    let out = export(&dir, &none).run();
    let parsed: Vec<serde_json::Value> =
        serde_json::from_str(&out.stdout).unwrap();
    assert!(out.status == 0 && parsed.is_empty());
    export(&dir, &["--format", "csv", "t"]).run().status(2);
}

#[test]
fn ages_say_what_they_accept() {
    let dir = four();
    let due = |age: &str| {
        let args = at(&["--older-than", age]);
        with_result(&dir, &args).1["cutoff_date"].as_str().unwrap().to_owned()
    };
    assert_eq!(due("7d"), "2026-01-08T00:00:00Z");
    assert_eq!(due("2w"), "2026-01-01T00:00:00Z");
    assert_eq!(due("6m"), "2025-07-19T00:00:00Z");
    assert_eq!(due("1y"), "2025-01-15T00:00:00Z");
    assert_eq!(due("12h"), "2026-01-14T12:00:00Z");
    let huge = ["99999999999999999999d", "9223372036854775807h", "9999y"];
    let bad = ["", "7", "7x", "-1d", "0d", "1.5d", "d", "7D", "7d ", "1d1h"];
    for age in bad.iter().chain(&huge) {
        let flag = format!("--older-than={age}");
        export(&dir, &at(&[&flag]))
            .run()
            .status(2)
            .stdout("")
            .stderr_has("12h, 7d, 2w, 6m, 1y");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_comes_out() {
    let dir = four();
    for (args, hint) in [
        (&at(&["--before", "soon"])[..], "--before"),
        (&at(&["--since", ""]), "--since"),
        (&at(&["--before", "1", "--older-than", "1d"]), "--before"),
        (&["--before", "2026-01-01", "t"], "--timestamp-column"),
        (&["--unit", "s", "t"], "--timestamp-column"),
        (&at(&["--unit", "days"]), "webkit_us"),
        (&at(&["--limit", "0"]), "--limit"),
        (&at(&["--limit", "-1"]), "--limit"),
        (&at(&["--batch-size", "x"]), "--batch-size"),
        (&["--where", "nonsense", "t"], "nonsense"),
        (&["--where", "", "t"], "condition"),
        (&["--where", "1; DROP TABLE t", "t"], "DROP"),
        (&["--timestamp-column", "when", "t"], "its columns are"),
        (&at(&["--busy-timeout", "1m"]), "ambiguous"),
        (&at(&["--now", "later"]), "--now"),
        (&["t", "u"], "'u'"),
        (&[], "TABLE"),
        (&["--nothing", "t"], "--nothing"),
    ] {
        let out = export(&dir, args).run();
        out.status(2).stdout("").stderr_has(hint);
    }
    assert_eq!(dir.rows("x.db", "SELECT count(*) FROM t"), ["4"]);
    both_bounds(&dir);
}

fn both_bounds(dir: &Dir) {
    let args = ["--before", "2026-01-01", "--older-than", "1d"];
    export(dir, &at(&args)).run().status(2).stderr_has("give one");
}

#[test]
fn what_is_due_follows_the_policy() {
    let dir = four();
    dir.sql(
        "x.db",
        "CREATE TABLE e(id, at); INSERT INTO e VALUES (1, '2020-01-01');
         CREATE TABLE f(id, at); INSERT INTO f VALUES (1, '2020-01-01');
         CREATE TABLE n(id, at); INSERT INTO n VALUES (1, '2020-01-01');
         CREATE TABLE g(id, at)",
    );
    let rest = r#""timestamp":"at","warm":"1d","cold":"none"}"#;
    let lines = format!(
        "{{\"table\":\"t\",\"hot\":\"2w\",\"where\":\"v <> 'a'\",\
         \"exclude\":[\"w\"],{rest}\n\
         {{\"table\":\"f\",\"hot\":\"forever\",{rest}\n\
         {{\"table\":\"g\",\"hot\":\"9999y\",{rest}\n\
         {{\"table\":\"e\",\"exempt\":true}}\n"
    );
    dir.write("policy", lines);
    let due = |args: &[&str]| {
        let flags = ["--policy", "policy", "--due"];
        with_result(&dir, &[&flags[..], args].concat())
    };
    // A period that reaches back before the calendar.
    let out = export(&dir, &["--policy", "policy", "--due", "g"]).run();
    out.status(2).stderr_has("rt-export: g: ");
    // On the cutoff: row 2 stays.
    let (out, record) = due(&["t"]);
    out.status(0).stdout("");
    assert_eq!(record["status"], "no_records");
    assert_eq!(record["cutoff_date"], "2026-01-01T00:00:00Z");
    assert_eq!(record["undated"], 1);
    let (out, record) = due(&["--older-than", "1h", "T"]);
    out.status(0);
    let rows = crate::support::rows::parse(&out.bytes);
    let came = crate::support::rows::integers(&rows, "id");
    assert_eq!(came, [2, 4]);
    assert!(rows.iter().all(|r| r.len() == 3), "w is left out");
    assert_eq!(cell(&rows[0], "v"), &crate::support::rows::Cell::text("b"));
    assert_eq!(record["status"], "archived");
    let (out, record) = due(&["--older-than", "1h", "--where", "id > 2", "t"]);
    out.stdout("{\"id\":4,\"at\":\"2026-01-14 22:00\",\"v\":\"d\"}\n");
    assert_eq!(record["rows"], 1);
    for (args, status, exit) in [
        (&["e"][..], "exempt", 0),
        (&["--older-than", "1h", "e"], "exempt", 0),
        (&["f"], "no_records", 0),
        (&["n"], "no_policy", 2),
        (&["nowhere"], "no_policy", 2),
    ] {
        let (out, record) = due(args);
        out.status(exit).stdout("");
        assert_eq!(record["status"], status, "{args:?}");
        assert_eq!(record["rows"], 0, "{args:?}");
    }
    let late = ["--older-than", "1h", "--timestamp-column", "at", "n"];
    assert_eq!(due(&late).1["rows"], 1);
}
