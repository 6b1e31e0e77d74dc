//! rt-stat --check sees what is lost, cut, renamed or never looked at, says it
//! in a line a table with a next step, and ends with 5 or 6.

use std::fs;

use serde_json::Value;

use crate::support::world::World;
use crate::support::{Cmd, Out, ordinary};

/// The clock of the tests: rows are archived and all jobs have run.
const NOW: &str = "2026-01-15T00:00:00Z";

/// The policy's lines for these tables.
fn policy(tables: &[(&str, &str)]) -> String {
    let line = |(table, more): &(&str, &str)| {
        format!(
            "{{\"table\":\"{table}\",\"timestamp\":\"at\",\"hot\":\"7d\",\
             \"warm\":\"30d\",\"cold\":\"1y\"{more}}}\n"
        )
    };
    tables.iter().map(line).collect()
}

/// A database whose old rows are in warm and cold files, and whose jobs ran.
fn healthy() -> World {
    let world = World::new(&[]);
    for table in ["log", "audit"] {
        world.sql(&format!(
            "CREATE TABLE {table}(id INTEGER PRIMARY KEY, at TEXT);
             INSERT INTO {table}(at) VALUES ('2025-11-03T10:00:00Z'),
                 ('2025-11-04T10:00:00Z'), ('2026-01-02T10:00:00Z'),
                 ('2026-01-03T10:00:00Z'), ('2026-01-14T10:00:00Z')"
        ));
    }
    let lines = policy(&[("log", ""), ("audit", "")]);
    world.dir.write("policy", lines);
    world.cmd("rt-daily").arg("-q").run().status(0);
    world.cmd("rt-monthly").arg("-q").run().status(0);
    assert_eq!(check(&world, 0), [""; 0]);
    world
}

fn asked<'w>(world: &'w World, args: &[&str]) -> Cmd<'w> {
    world.cmd("rt-stat").arg("--check").args(args)
}

fn records(out: &Out) -> Vec<Value> {
    out.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// What a check finds, as kind and table, mode or nothing; each with a next
/// step. rt-retention says the same, a line each.
fn check(world: &World, status: i32) -> Vec<String> {
    let out = asked(world, &[]).run();
    out.status(status).stderr("");
    let found = records(&out);
    let shown = world.cmd("rt-retention").arg("check").run();
    shown.status(status).stderr("");
    let lines = if found.is_empty() { 0 } else { found.len() + 1 };
    shown.expect("a line each", shown.stdout.lines().count() == lines);
    let about = |r: &Value| {
        let what = r["what"].as_str().unwrap();
        shown.stdout_has(r["message"].as_str().unwrap());
        shown.stdout_has(r["hint"].as_str().unwrap());
        let of = r["table"].as_str().or(r["mode"].as_str());
        format!("{what} {}", of.unwrap_or_default()).trim_end().to_owned()
    };
    found.iter().map(about).collect()
}

const COLD: &str = "archives/cold/2025/2025-11.tar.gz";
const WARM: &str = "archives/warm/2026-01-02/log.jsonl.gz";
const LEDGER: &str = "archives/ledger.jsonl";

/// Puts another text in a file's place.
fn rewrite(world: &World, file: &str, change: impl Fn(&mut Vec<u8>)) {
    let path = world.dir.join(file);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn check_sees_that_all_archives_were_deleted() {
    let world = healthy();
    for folder in ["warm", "cold"] {
        fs::remove_dir_all(world.dir.join("archives").join(folder)).unwrap();
    }
    assert_eq!(check(&world, 5), ["missing audit", "missing log"]);
    let out = asked(&world, &[]).run();
    assert_eq!(records(&out)[1]["files"], 3);
    out.stdout_has("3 archive files of 'log', such as ");
}

#[test]
fn check_sees_one_file_that_was_cut_or_lost() {
    let world = healthy();
    rewrite(&world, WARM, |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(check(&world, 5), ["size log"]);
    let world = healthy();
    fs::remove_file(world.dir.join(WARM)).unwrap();
    assert_eq!(check(&world, 5), ["missing log"]);
    // A month's tar holds both tables.
    let world = healthy();
    rewrite(&world, COLD, |bytes| bytes.push(b'x'));
    assert_eq!(check(&world, 5), ["size audit", "size log"]);
}

#[test]
fn check_sees_files_that_the_ledger_does_not_know() {
    let world = healthy();
    let file = "archives/warm/2026-01-05/log.jsonl.gz";
    world.dir.write(file, fs::read(world.dir.join(WARM)).unwrap());
    world.dir.write("archives/cold/2025/2025-01.tar.gz", "x");
    assert_eq!(check(&world, 6), ["unknown", "unknown log"]);
}

#[test]
fn check_sees_a_ledger_that_is_cut_edited_lost_or_not_readable() {
    type Damage<'d> = &'d dyn Fn(&World);
    let cases: [(Damage<'_>, &str); 6] = [
        (&|w| rewrite(w, LEDGER, |l| drop(l.drain(..100))), "unreadable"),
        (&|w| rewrite(w, LEDGER, |l| l[400] ^= 1), "unreadable"),
        (&|w| fs::remove_file(w.dir.join(LEDGER)).unwrap(), "unreadable"),
        (&|w| rewrite(w, LEDGER, Vec::clear), "unknown log"),
        (
            &|w| {
                fs::remove_file(w.dir.join(LEDGER)).unwrap();
                fs::create_dir(w.dir.join(LEDGER)).unwrap();
            },
            "unreadable",
        ),
        // The tail, with the consolidation that moved the files.
        (
            &|w| {
                let text = w.dir.read(LEDGER);
                let at = text.find("{\"type\":\"consolidate\"").unwrap();
                rewrite(w, LEDGER, |ledger| ledger.truncate(at));
            },
            "missing log",
        ),
    ];
    for (n, (damage, what)) in cases.into_iter().enumerate() {
        let world = healthy();
        damage(&world);
        let out = asked(&world, &[]).run();
        out.status_of(&[5, 6]);
        let found = check(&world, out.status);
        assert!(found.iter().any(|f| f == what), "{n}: {found:?}");
    }
}

#[test]
fn ledger_that_others_own_is_not_to_be_put_back_from_a_backup() {
    use std::os::unix::fs::PermissionsExt;
    let world = healthy();
    let none = fs::Permissions::from_mode(0o000);
    fs::set_permissions(world.dir.join(LEDGER), none).unwrap();
    let script =
        format!("rt-stat --db db --policy policy --now {NOW} --check");
    let out = ordinary(&world.dir, &script).run();
    out.status(5).stdout_has("permission denied");
    out.stdout_has("\"hint\":\"run it as the user who owns the files\"");
    out.expect("no word of a backup", !out.stdout.contains("backup"));
}

#[test]
fn check_sees_a_last_event_that_was_torn() {
    let world = healthy();
    rewrite(&world, LEDGER, |ledger| ledger.truncate(ledger.len() - 9));
    // The mark of its end is written behind the append.
    world.dir.write("archives/lock", "");
    let found = check(&world, 6);
    assert!(found.contains(&"unreadable".to_owned()), "{found:?}");
}

#[test]
fn check_sees_a_database_or_a_table_that_is_not_there() {
    let world = healthy();
    world.sql("ALTER TABLE log RENAME TO log2");
    assert_eq!(check(&world, 6), ["no_table log"]);
    let lines = policy(&[("log", ",\"optional\":true"), ("audit", "")]);
    world.dir.write("policy", lines);
    assert_eq!(check(&world, 0), [""; 0]);
    fs::remove_file(world.dir.join("db")).unwrap();
    assert_eq!(check(&world, 6), ["unreadable"]);
    world.dir.write("db", "no database at all");
    let found = check(&world, 6);
    assert!(found.iter().all(|f| f.starts_with("unreadable")), "{found:?}");
}

#[test]
fn table_that_cannot_be_counted_is_no_reason_to_pass_over_the_others() {
    let world = healthy();
    world.sql(
        "ALTER TABLE log RENAME COLUMN at TO made;
         UPDATE audit SET at = '2026-01-01';
         INSERT INTO audit(at) VALUES ('2026-01-14')",
    );
    assert_eq!(check(&world, 6), ["unreadable log", "stale audit"]);
}

#[test]
fn check_sees_archives_that_no_policy_names() {
    let world = healthy();
    world.dir.write("policy", policy(&[("log", "")]));
    assert_eq!(check(&world, 6), ["no_policy audit"]);
    asked(&world, &[]).run().stdout_has("4 days of 'audit'");
}

/// The end of a job in the ledger.
fn job(world: &World, mode: &str, now: &str, done: bool) {
    let mut report = world.cmd("rt-report").args(["--mode", mode]).now(now);
    if !done {
        report = report.args(["--", "log"]);
    }
    let out = report.run();
    out.expect("the status of the job", (out.status == 0) == done);
}

#[test]
fn job_of_the_future_is_a_breach_until_the_clock_is_right() {
    let world = healthy();
    job(&world, "daily", "2099-01-01T00:00:00Z", true);
    assert_eq!(check(&world, 6), ["job daily"]);
    asked(&world, &[]).run().stdout_has("ahead of the clock");
    job(&world, "daily", NOW, true);
    assert_eq!(check(&world, 0), [""; 0]);
}

#[test]
fn scaletrace_that_failed_is_a_breach_until_it_succeeds() {
    let world = healthy();
    job(&world, "scaletrace", NOW, false);
    assert_eq!(check(&world, 6), ["job scaletrace"]);
    job(&world, "scaletrace", NOW, true);
    assert_eq!(check(&world, 0), [""; 0]);
}

/// A tree in which nothing but these jobs ran, a week ago.
fn only(modes: &[&str]) -> World {
    let world = World::new(&[]);
    world.sql("CREATE TABLE log(at)");
    world.dir.write("policy", policy(&[("log", "")]));
    fs::create_dir(world.dir.join("archives")).unwrap();
    for mode in modes {
        job(&world, mode, "2026-01-08T00:00:00Z", true);
    }
    world
}

#[test]
fn tree_is_judged_by_what_runs_there() {
    for (modes, want) in [
        (&[][..], &["job daily", "job monthly"][..]),
        (&["archive"], &["job archive"]),
        (&["cleanup"], &[]),
        (&["scaletrace"], &[]),
        (&["cleanup", "archive"], &["job archive"]),
        (&["daily"], &["job daily", "job monthly"]),
        (&["daily", "cleanup"], &["job daily"]),
        (&["monthly", "archive"], &["job archive"]),
    ] {
        let world = only(modes);
        let status = if want.is_empty() { 0 } else { 6 };
        assert_eq!(check(&world, status), want, "{modes:?}");
    }
    // Where nothing is archived to, tables of the policy do not matter.
    let world = only(&["scaletrace"]);
    world.sql("DROP TABLE log");
    assert_eq!(check(&world, 0), [""; 0]);
}

#[test]
fn cron_is_told_nothing_where_all_is_well_and_people_are() {
    let world = healthy();
    let check = |args: &[&str]| {
        world.cmd("rt-retention").arg("check").args(args).run()
    };
    check(&[]).status(0).stdout("").stderr("");
    check(&["-q"]).status(0).stdout("").stderr("");
    check(&["-v"]).status(0).stdout("no limit is passed\n");
    check(&["--json"]).status(0).stdout_has("\"breaches\": []");
    check(&["--output", "said"]).status(0).stdout("");
    assert_eq!(world.dir.read("said"), "no limit is passed\n");
}

#[test]
fn check_that_died_is_not_called_well() {
    let world = healthy();
    world.dir.script("stub/rt-stat", "#!/bin/sh\nkill -9 $$\n");
    for args in [&["check"][..], &["check", "-v"], &["check", "--json"]] {
        let stub = world.dir.join("stub");
        let out = world.cmd("rt-retention").args(args).path_first(stub).run();
        out.status(1).stdout_has("not all was looked at");
        out.expect("nothing called well", !out.stdout.contains("no limit"));
    }
}

#[test]
fn a_row_dated_ahead_of_the_clock_is_a_breach() {
    let world = healthy();
    world.sql("INSERT INTO log(at) VALUES ('2026-01-15T23:59:59Z')");
    assert_eq!(check(&world, 0), [""; 0]);
    world.sql("INSERT INTO log(at) VALUES ('2026-01-16T00:00:01Z')");
    assert_eq!(check(&world, 6), ["future log"]);
}
