//! rt-verify: what it says of a tree that is sound, and of one that is not.
//! tests/damage/ has every kind of damage.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::world::{World, records};
use crate::support::{Cmd, Out};

/// A world with rows of two days in the warm tier, and a third in the cold.
fn world() -> World {
    let world = World::of("CREATE TABLE t(id INTEGER PRIMARY KEY, at, name)");
    world.sql(
        "INSERT INTO t VALUES(1, '2025-11-01T00:00:00Z', 'alice'),
         (2, '2026-01-02T00:00:00Z', 'bob'), (3, '2026-01-02', 'carol'),
         (4, '2026-01-03T00:00:00Z', 'dave')",
    );
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    world.cmd("rt-consolidate").run().status(0);
    world
}

const DAY: &str = "archives/warm/2026-01-02/t.jsonl.gz";

fn verify<'w>(world: &'w World, args: &[&str]) -> Cmd<'w> {
    world.cmd("rt-verify").args(args)
}

/// The findings, each as its severity and what it is about.
fn findings(out: &Out) -> Vec<String> {
    let records = records(&out.stdout);
    let findings = records.iter().filter(|r| r["type"] == "finding");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    findings.map(|f| text(&f["severity"]) + " " + &text(&f["what"])).collect()
}

fn summary(out: &Out) -> Value {
    records(&out.stdout).pop().unwrap()
}

#[test]
fn a_sound_tree_has_no_findings_and_each_file_is_read_once() {
    let world = world();
    let out = verify(&world, &[]).run();
    out.status(0).stderr("");
    assert_eq!(findings(&out), [""; 0]);
    let summary = summary(&out);
    assert_eq!((&summary["files"], &summary["rows"]), (&3.into(), &4.into()));
    let log = world.dir.read("archives/verified.jsonl");
    assert_eq!(log.lines().count(), 3, "{log}");
    verify(&world, &["t"]).run().status(0);
    let out = verify(&world, &["--until", "2026-01-01"]).run();
    assert_eq!(self::summary(&out)["files"], 1);
}

#[test]
fn strays_modes_and_strangers_are_told_from_damage() {
    let world = world();
    let path = world.dir.join(DAY);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    world.dir.write("archives/.rt-tmp-0123", "x");
    world.dir.write("archives/notes.txt", "x");
    let strange = "archives/warm/2026-01-04/u.jsonl";
    world.dir.write(strange, "{\"a\":1}\n{\"a\":\n");
    let out = verify(&world, &[]).run();
    out.status(4);
    let mut found = findings(&out);
    found.sort();
    found.dedup();
    let want =
        ["data record", "note stray", "warning mode", "warning unknown"];
    assert_eq!(found, want, "{}", out.stdout);
}

#[test]
fn schemas_must_be_there_and_be_what_their_name_says() {
    let world = world();
    let schema = world.files_of("schema").remove(0);
    let path = format!("archives/{schema}");
    let text = world.dir.read(&path);
    world.dir.write(&path, text + " ");
    let out = verify(&world, &[]).run();
    out.status(5);
    assert_eq!(findings(&out).concat().matches("damage schema").count(), 1);
    fs::remove_file(world.dir.join(&path)).unwrap();
    assert_eq!(
        findings(&verify(&world, &["--quick"]).run()),
        ["damage schema"]
    );
}

#[test]
fn quick_opens_no_archive_but_sees_lengths() {
    let world = world();
    let path = world.dir.join(DAY);
    let whole = fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[40] ^= 1;
    fs::write(&path, &bytes).unwrap();
    verify(&world, &["--quick"]).run().status(0);
    verify(&world, &[]).run().status(5);
    fs::write(&path, &whole[1..]).unwrap();
    let out = verify(&world, &["--quick"]).run();
    out.status(5);
    assert_eq!(findings(&out), ["damage size"]);
}

#[test]
fn samples_read_everything_in_their_turn() {
    let world = world();
    let mut read = Vec::new();
    for day in ["20", "21", "22"] {
        let now = format!("2026-01-{day}T00:00:00Z");
        let out = verify(&world, &["--sample", "20"]).now(&now).run();
        out.status(0);
        read.push(summary(&out)["files"].as_u64().unwrap());
    }
    let log = world.dir.read("archives/verified.jsonl");
    assert_eq!(log.lines().count(), 3, "{read:?} {log}");
    verify(&world, &["--sample", "101"]).run().status(2);
    verify(&world, &["--sample", "10", "--quick"]).run().status(2);
}

#[test]
fn check_knows_what_was_damaged_and_what_nobody_has_read() {
    let world = world();
    let breaches = |now: &str| {
        let out = world.cmd("rt-stat").arg("--check").now(now).run();
        let what = |r: Value| r["what"].as_str().unwrap().to_owned();
        let mut all: Vec<String> =
            records(&out.stdout).into_iter().map(what).collect();
        all.retain(|what| ["damaged", "unread"].contains(&what.as_str()));
        (all, out.status)
    };
    assert_eq!(breaches("2026-05-01T00:00:00Z").0, [""; 0]);
    assert_eq!(breaches("2026-06-01T00:00:00Z").0, ["unread"]);
    let read = verify(&world, &[]).now("2026-05-30T00:00:00Z");
    read.run().status(0);
    assert_eq!(breaches("2026-06-01T00:00:00Z").0, [""; 0]);
    let path = world.dir.join(DAY);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..whole.len() - 1], b"x"].concat()).unwrap();
    verify(&world, &[]).now("2026-05-31T00:00:00Z").run().status(5);
    let (found, status) = breaches("2026-06-01T00:00:00Z");
    assert_eq!((found, status), (vec!["damaged".to_owned()], 5));
    fs::write(&path, &whole).unwrap();
    let sample = verify(&world, &["--sample", "1"]);
    sample.now("2026-06-01T00:00:00Z").run().status(0);
    assert_eq!(breaches("2026-06-01T00:00:00Z").0, [""; 0]);
}

#[test]
fn books_close_and_name_the_day_that_does_not() {
    let world = world();
    // A row that changes before it is settled is taken out again.
    world.sql("INSERT INTO t VALUES(5,'2026-01-02T01:00:00Z','e')");
    world.sql("INSERT INTO t VALUES(6,'2026-01-02T02:00:00Z','f')");
    let receipts = world.stored("t");
    world.sql("UPDATE t SET name = 'g' WHERE id = 6");
    world.purge(&receipts).run().status(0);
    let out = verify(&world, &["--balance"]).run();
    out.status(0);
    let books = |out: &Out| {
        let mut books = records(&out.stdout);
        books.retain(|r| r["type"] == "balance");
        books
    };
    let days = books(&out);
    assert_eq!(days.len(), 3, "{days:?}");
    assert!(days.iter().all(|b| b["closes"] == true), "{days:?}");
    let keys = ["stored", "warm", "taken_out", "kept_back", "deleted"];
    let day: Vec<i64> =
        keys.iter().map(|k| days[1][k].as_i64().unwrap()).collect();
    assert_eq!(day, [4, 3, 1, 1, 3], "{days:?}");
    assert_eq!(days[0]["cold"], 1);
    let whole = fs::read(world.dir.join(DAY)).unwrap();
    world.dir.write(DAY, &whole[..whole.len() - 20]);
    let out = verify(&world, &["--balance"]).run();
    out.status(5);
    let open: Vec<_> =
        books(&out).into_iter().filter(|b| b["closes"] == false).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0]["day"], "2026-01-02");
    assert!(findings(&out).contains(&"damage balance".to_owned()));
    // What expired is in the books too.
    world.dir.write(DAY, &whole);
    let now = "2027-12-01T00:00:00Z";
    world.cmd("rt-expire").arg("--yes").now(now).run().status(0);
    let out = verify(&world, &["--balance"]).run();
    out.status(0);
    assert!(books(&out).iter().any(|b| b["expired"] == 3), "{}", out.stdout);
}

#[test]
fn absent_is_proven_by_decoded_values() {
    let world = world();
    let hand = "archives/warm/2026-01-05/t.jsonl";
    let line = r#"{"id":9,"at":"2026-01-05","name":"\u0065rin"}"#;
    world.dir.write(hand, format!("{line}\n").replace("\\\\", "\\"));
    let path = world.dir.join(hand);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let day = path.parent().unwrap();
    fs::set_permissions(day, PermissionsExt::from_mode(0o700)).unwrap();
    let found = |key: &str| {
        let out = verify(&world, &["--absent", key]).run();
        let mut found = findings(&out);
        found.retain(|f| f != "warning unknown");
        (found, out.status)
    };
    assert_eq!(found("name=nobody"), (vec![], 3));
    let present = vec!["warning present".to_owned()];
    for key in ["name=alice", "NAME=dave", "id=4", "name=erin", "id=9"] {
        assert_eq!(found(key), (present.clone(), 3), "{key}");
    }
    assert_eq!(found("nme=alice").0, ["warning column"]);
    fs::remove_file(&path).unwrap();
    assert_eq!(found("name=erin"), (vec![], 0));
    verify(&world, &["--absent", "name"]).run().status(2);
}

#[test]
fn rows_that_are_archived_twice_are_counted() {
    let world = world();
    verify(&world, &["--duplicates"]).run().status(0);
    let twice = "{\"a\":1}\n{\"a\":1}\n{\"a\":2}\n";
    world.dir.write("archives/warm/2026-01-06/u.jsonl", twice);
    let out = verify(&world, &["--duplicates"]).run();
    let found = records(&out.stdout);
    let found = found.iter().find(|r| r["what"] == "duplicates").unwrap();
    assert_eq!(found["rows"], 1);
    out.status(3);
}

#[test]
fn what_can_be_read_of_a_damaged_archive_is_salvaged() {
    let world = world();
    let whole = verify(&world, &["--salvage", DAY]).run();
    whole.status(0).stderr("");
    assert_eq!(whole.stdout, world.dir.zcat(DAY));
    let row = "INSERT INTO t VALUES(7, '2026-01-02T03:00:00Z', 'x')";
    world.sql(row);
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    let bytes = fs::read(world.dir.join(DAY)).unwrap();
    // The second member is cut short; then the first one is broken.
    world.dir.write(DAY, &bytes[..bytes.len() - 12]);
    let out =
        verify(&world, &["--salvage", "warm/2026-01-02/t.jsonl.gz"]).run();
    out.status(4);
    assert!(out.stdout.starts_with(&whole.stdout), "{}", out.stdout);
    let mut broken = bytes.clone();
    broken[60] ^= 0xff;
    world.dir.write(DAY, &broken);
    let out = verify(&world, &["--salvage", DAY]).run();
    out.status(4);
    out.expect("the last line", out.stdout.contains("\"id\":7"));
    let tar = "archives/cold/2025/2025-11.tar.gz";
    let out = verify(&world, &["--salvage", tar]).run();
    out.status(0);
    out.expect("the row of the month", out.stdout.contains("alice"));
}

#[test]
fn file_that_was_sound_and_is_damaged_now_is_looked_at_as_closely_as_ever() {
    let world = World::of("CREATE TABLE t(id INTEGER PRIMARY KEY, at, name)");
    let mut ends = Vec::new();
    for (id, name) in [(1, "ab"), (2, "cd")] {
        world.sql(&format!(
            "INSERT INTO t VALUES({id}, '2026-01-02T00:00:00Z', '{name}')"
        ));
        world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
        ends.push(fs::read(world.dir.join(DAY)).unwrap().len());
    }
    assert_eq!(ends[1], 2 * ends[0], "segments of one length");
    verify(&world, &[]).run().status(0);
    let log = "archives/verified.jsonl";
    assert!(world.dir.read(log).contains("warm/2026-01-02"));
    // The two segments change places: only the digests tell.
    let both = fs::read(world.dir.join(DAY)).unwrap();
    let (first, second) = both.split_at(ends[0]);
    world.dir.write(DAY, [second, first].concat());
    let known = verify(&world, &["-n"]).run();
    known.status(5);
    let want = ["damage text", "damage text", "damage digest"];
    assert_eq!(findings(&known), want);
    fs::remove_file(world.dir.join(log)).unwrap();
    verify(&world, &["-n"]).run().status(5).stdout(&known.stdout);
}

#[test]
fn in_ninety_days_weekly_or_monthly_jobs_have_read_everything() {
    let world = World::of("CREATE TABLE t(id INTEGER PRIMARY KEY, at, name)");
    world.sql(
        "WITH n(id) AS (VALUES(0) UNION ALL SELECT id + 1 FROM n LIMIT 40)
         INSERT INTO t SELECT id, datetime('2025-11-20', id || ' days'), 'x'
         FROM n",
    );
    // No file moves in the meantime.
    let long = r#"{"table":"t","group":"g","every":"week","timestamp":"at","hot":"7d","warm":"365d","cold":"365d"}"#;
    world.dir.write("policy", long);
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    assert_eq!(world.files().len(), 40);
    const WEEKLY: [&str; 12] = [
        "01-20", "01-27", "02-03", "02-10", "02-17", "02-24", "03-03",
        "03-10", "03-17", "03-24", "03-31", "04-07",
    ];
    const MONTHLY: [&str; 3] = ["01-20", "02-20", "03-20"];
    for (job, days, most) in
        [("rt-weekly", &WEEKLY[..], 5), ("rt-monthly", &MONTHLY[..], 22)]
    {
        let mut read = BTreeSet::new();
        for day in days {
            let now = format!("2026-{day}T00:00:00Z");
            world.cmd(job).now(&now).run().status(0);
            let log = world.dir.read("archives/verified.jsonl");
            let new = records(&log).into_iter().filter(|r| r["at"] == now);
            let new: Vec<_> = new.map(|r| r["file"].to_string()).collect();
            assert!(new.len() <= most, "{job} {day} {new:?}");
            read.extend(new);
        }
        assert_eq!(read.len(), 40, "{read:?}");
        fs::remove_file(world.dir.join("archives/verified.jsonl")).unwrap();
    }
}

#[test]
fn weekly_and_monthly_jobs_read_a_share_and_say_what_is_damaged() {
    let world = world();
    for job in ["rt-weekly", "rt-monthly"] {
        let now = "2026-01-20T00:00:00Z";
        world.cmd(job).now(now).run().status(0).stderr("");
        let log = world.dir.read("archives/verified.jsonl");
        assert!(!log.is_empty(), "{job}");
        fs::remove_file(world.dir.join("archives/verified.jsonl")).unwrap();
    }
    for file in [world.files(), world.files_of("cold/")].concat() {
        let path = world.dir.join("archives").join(file);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
    }
    for (job, mode) in [("rt-weekly", "weekly"), ("rt-monthly", "monthly")] {
        let out = world.cmd(job).now("2026-01-20T00:00:00Z").run();
        out.status(5).stderr_has("is not what the ledger says");
        let report: Value = serde_json::from_str(&out.stdout).unwrap();
        let found = &report["verified"]["findings"];
        assert_eq!(found[0]["severity"], "damage", "{job}");
        let mut job = world.events_of("job").into_iter();
        let job = job.rfind(|j| j["mode"] == mode).unwrap();
        assert_eq!(job["exit_status"], 5);
    }
    let dry = world.cmd("rt-weekly").arg("-n").run();
    dry.status(0);
}
