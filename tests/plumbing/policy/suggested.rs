//! What rt-policy suggests for a database: a policy that reads back, and in it
//! periods for what is surely a log, and for nothing else.

use std::fs;

use serde_json::Value;

use crate::support::{Dir, Out, root, scrub};

/// The suggestion for the database `app.db`, which is valid.
fn suggested(dir: &Dir) -> Out {
    let out = dir.cmd("rt-policy").args(["--suggest", "--db", "app.db"]).run();
    out.status(0).stderr("");
    dir.write("policy", &out.stdout);
    let check = ["--check", "--policy", "policy", "--db", "app.db"];
    let found = dir.cmd("rt-policy").args(check).run();
    found.status(0).stderr("");
    found.expect("a line each", !found.stdout.contains("no line names"));
    out
}

/// The lines that are no remarks.
fn lines(out: &Out) -> Vec<Value> {
    let lines = out.stdout.lines().filter(|l| l.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The tables that are not exempt.
fn ruled(out: &Out) -> Vec<String> {
    let lines = lines(out);
    let ruled = lines.iter().filter(|line| line["exempt"] != true);
    ruled.map(|line| line["table"].as_str().unwrap().to_owned()).collect()
}

/// A database with this statement run for n from 1 to 200, n counting minutes
/// back from now.
fn filled(schema: &str, insert: &str) -> Dir {
    let dir = Dir::new();
    dir.sql(
        "app.db",
        &format!(
            "PRAGMA foreign_keys = OFF; {schema}; WITH RECURSIVE n(n) AS (SELECT 200 UNION ALL \
             SELECT n - 1 FROM n WHERE n > 1) {insert} FROM n"
        ),
    );
    dir
}

/// A log of 200 rows, one each 12 hours, whose times are this expression over
/// `s`, seconds since 1970.
fn log(time: &str) -> Dir {
    let time = time.replace('s', "(1768435200 - n * 43200)");
    filled(
        "CREATE TABLE audit_log(id INTEGER PRIMARY KEY, at, what)",
        &format!("INSERT INTO audit_log(at, what) SELECT {time}, 'x'"),
    )
}

#[test]
fn log_gets_periods_and_the_figures_to_judge_them_by() {
    let dir = log("s * 1000");
    dir.sql(
        "app.db",
        "CREATE TABLE users(id INTEGER PRIMARY KEY, created_at);
        INSERT INTO users VALUES (1, '2025-01-01');
        CREATE TABLE empty_log(at); CREATE VIEW v AS SELECT * FROM users;
        CREATE VIRTUAL TABLE words USING fts5(x);
        CREATE TABLE \"two\nlines\"(x); INSERT INTO \"two\nlines\" VALUES(1);",
    );
    let out = suggested(&dir);
    insta::assert_snapshot!(scrub(&dir, &out.stdout));
}

#[test]
fn unit_is_the_one_that_makes_dates_of_all_numbers() {
    for (time, unit) in [
        ("s", Some("s")),
        ("s * 1000", Some("ms")),
        ("s * 1000000", Some("us")),
        ("s * 1000000000", Some("ns")),
        ("s + 0.25", Some("s")),
        ("s / 86400.0 + 2440587.5", Some("julian")),
        ("(s + 11644473600) * 1000000", Some("webkit_us")),
        ("s - 978307200", Some("mac_s")),
    ] {
        let line = lines(&suggested(&log(time))).remove(0);
        assert_eq!(line["unit"].as_str(), unit, "{time}: {line}");
        assert_eq!(line["timestamp"], "at");
        assert_eq!(line["cold"], "forever");
    }
    let dir = Dir::new();
    dir.sql(
        "app.db",
        "CREATE TABLE audit_log(at);
        INSERT INTO audit_log VALUES ('2026-01-01T00:00:00Z')",
    );
    assert_eq!(lines(&suggested(&dir))[0].get("unit"), None);
}

#[test]
fn texts_that_are_no_iso_dates_get_the_pattern_that_reads_them() {
    let at = |form: &str| {
        let insert = format!(
            "INSERT INTO audit_log SELECT strftime('{form}', '2025-12-01',
                (n % 28) || ' days', (n % 13) || ' hours')"
        );
        filled("CREATE TABLE audit_log(at TEXT)", &insert)
    };
    for (form, unit) in [
        ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M"),
        ("%m/%d/%Y", "%m/%d/%Y"),
        ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S"),
        ("%Y/%m/%d %H:%M:%S.250", "%Y/%m/%d %H:%M:%S%.f"),
        ("%m/%d/%Y, 01:30 AM", "%m/%d/%Y, %I:%M %p"),
        ("%d Dec %Y %H:%M", "%d %b %Y %H:%M"),
        ("%d/Dec/%Y:%H:%M:%S +0100", "%d/%b/%Y:%H:%M:%S %z"),
    ] {
        let dir = at(form);
        let out = suggested(&dir);
        let line = lines(&out).remove(0);
        assert_eq!(line["unit"].as_str(), Some(unit), "{}", out.stdout);
        out.stdout_has(&format!("'at' holds texts, {unit}"));
    }
    let dir = filled(
        "CREATE TABLE audit_log(at TEXT)",
        "INSERT INTO audit_log SELECT '0' || (1 + n % 9) || '/02/2025'",
    );
    let out = suggested(&dir);
    assert!(ruled(&out).is_empty(), "{}", out.stdout);
    out.stdout_has("can be %d/%m/%Y or %m/%d/%Y, such as '0");
}

#[test]
fn times_that_are_in_doubt_are_left_alone() {
    for (time, why) in [
        // Neither seconds of any epoch that is known, nor dates.
        ("s / 60", "in no one unit"),
        ("iif(n % 9, s, s * 1000)", "in no one unit"),
        ("iif(n % 9, s, 'soon')", "in no one unit"),
        ("iif(n % 9, s, NULL)", "NULL in some rows"),
        ("iif(n % 9, s, 0)", "in no one unit"),
        ("s + 86400 * 60", "in no one unit"),
        // Packed FAT times and GPS seconds look like seconds, years ago.
        ("s - 86400 * 3000", "counts something else"),
        ("strftime('%d/%m/%Y', 0)", "such as '"),
    ] {
        // The name of strftime has the letter that stands for the seconds.
        let dir = match time.starts_with("strf") {
            false => log(time),
            true => filled(
                "CREATE TABLE audit_log(at)",
                "INSERT INTO audit_log SELECT printf('%02d/11/2025', n % 28)",
            ),
        };
        let out = suggested(&dir);
        assert!(ruled(&out).is_empty(), "{time}: {}", out.stdout);
        out.stdout_has("# exempt: ").stdout_has(why);
    }
}

#[test]
fn rows_that_change_are_meant_or_belong_elsewhere_are_left_alone() {
    let time = "strftime('%Y-%m-%dT%H:%M:%SZ', 1768435200 - n * 43200, \
                'unixepoch')";
    for (columns, values, why) in [
        ("updated_at TEXT", time, "'updated_at' says that rows are changed"),
        ("last_seen TEXT", time, "'last_seen' says that rows are changed"),
        ("expires TEXT", "'2031-01-01'", "'expires' looks ahead"),
        ("finished_at TEXT", "NULL", "rows without 'finished_at'"),
        ("state TEXT", "'Running'", "'state' can be 'Running'"),
        ("name TEXT UNIQUE", "n", "each name has one row"),
        ("up REFERENCES audit_log", "NULL", "its own rows point at"),
        ("run REFERENCES runs", "n", "belong to those of 'runs' (run)"),
        ("o REFERENCES o ON DELETE CASCADE", "1", "belong to those of 'o'"),
        ("runId", "n", "seem to belong to those of 'runs' (runId)"),
    ] {
        let schema = format!(
            "CREATE TABLE o(id INTEGER PRIMARY KEY);
            CREATE TABLE runs(id INTEGER PRIMARY KEY, started_at);
            INSERT INTO runs VALUES (1, '2026-01-01');
            CREATE TABLE audit_log(id INTEGER PRIMARY KEY, at, {columns})"
        );
        let insert =
            format!("INSERT INTO audit_log SELECT NULL, {time}, {values}");
        let out = suggested(&filled(&schema, &insert));
        assert!(ruled(&out).is_empty(), "{columns}: {}", out.stdout);
        out.stdout_has(why);
    }
}

/// The line to use of a table whose rows can go all the same.
fn line_to_use(out: &Out, table: &str) -> String {
    let start = format!("# {{\"table\":\"{table}\"");
    let line = out.stdout.lines().find(|l| l.starts_with(&start));
    line.unwrap_or_else(|| panic!("{}", out.stdout))[2..].to_owned()
}

#[test]
fn line_to_use_leaves_rows_that_are_not_done() {
    let at = "strftime('%Y-%m-%dT%H:%M:%SZ', 1768435200 - n * 43200,
        'unixepoch')";
    let insert = format!(
        "INSERT INTO audit_log SELECT NULL, {at}, iif(n % 2, {at}, NULL),
            iif(n % 5, {at}, NULL)"
    );
    let dir = filled(
        "CREATE TABLE audit_log(id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT,
            \"end\" TEXT, closed_at TEXT)",
        &insert,
    );
    let out = suggested(&dir);
    let line = line_to_use(&out, "audit_log");
    let keys: Value = serde_json::from_str(&line).unwrap();
    let open = "\"end\" IS NOT NULL AND \"closed_at\" IS NOT NULL";
    assert_eq!(keys["where"], open);
    dir.write("policy", line);
    let run = |program: &str, args: &[&str]| {
        let place = ["--db", "app.db", "--policy", "policy"];
        dir.cmd(program).args(place).args(args).run()
    };
    run("rt-archive", &["all"]).status(0).stdout_has("audit_log  archived");
    let left = "SELECT count(*), count(*) FILTER (WHERE \"end\" IS NOT NULL
        AND closed_at IS NOT NULL) FROM audit_log";
    assert_eq!(dir.rows("app.db", left), ["144|24"]);
}

#[test]
fn tables_that_others_mean_are_left_alone() {
    for (child, why) in [
        ("log REFERENCES audit_log", "rows of 'c' point at it (log)"),
        ("audit_log_id", "rows of 'c' seem to point at it (audit_log_id)"),
    ] {
        let dir = log("s");
        dir.sql(
            "app.db",
            &format!("CREATE TABLE c({child}); INSERT INTO c VALUES (1)"),
        );
        let out = suggested(&dir);
        assert!(ruled(&out).is_empty(), "{child}: {}", out.stdout);
        out.stdout_has(why);
    }
    let dir = log("s");
    dir.sql(
        "app.db",
        "CREATE TABLE other(x); CREATE TRIGGER reaper AFTER DELETE ON \
         audit_log BEGIN DELETE FROM other; END",
    );
    let out = suggested(&dir);
    assert!(ruled(&out).is_empty(), "{}", out.stdout);
    out.stdout_has("'reaper'");
}

/// What is suggested for databases that real programs wrote.
#[test]
fn real_programs_keep_their_state() {
    for (database, logs) in [
        ("django", &["django_admin_log", "axes_accessfailurelog"][..]),
        ("homeassistant", &["events"]),
        ("huey", &[]),
        ("llm_logs", &[]),
        ("mlflow", &[]),
    ] {
        let packed = format!("tests/fixtures/real/{database}.db.gz");
        let out = std::process::Command::new("gzip")
            .arg("-dc")
            .arg(root().join(packed))
            .output()
            .unwrap();
        let dir = Dir::new();
        fs::write(dir.join("app.db"), out.stdout).unwrap();
        let out = dir
            .cmd("rt-policy")
            .args(["--suggest", "--db", "app.db"])
            .now("2026-11-21T00:00:00Z")
            .run();
        assert_eq!(ruled(out.status(0)), logs, "{database}");
        dir.write("policy", &out.stdout);
        let check = ["--check", "--policy", "policy", "--db", "app.db"];
        let check = dir.cmd("rt-policy").args(check);
        check.now("2026-11-21T00:00:00Z").run().status(0);
    }
}

#[test]
fn database_without_tables_or_none_at_all_is_refused() {
    let dir = Dir::new();
    let run =
        |db: &str| dir.cmd("rt-policy").args(["--suggest", "--db", db]).run();
    run("none.db").status(1).stdout("").stderr_has("'none.db'");
    dir.sql("empty.db", "PRAGMA user_version = 1");
    run("empty.db").status(2).stdout("").stderr_has("has no tables");
}
