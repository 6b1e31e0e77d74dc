//! rt-expire: each table's days go when its own retention ends, and nothing
//! that a wrong clock or policy would take.

mod brakes;

use crate::support::NOW;
use crate::support::world::{World, record};

const MONTH: &str = "cold/2025/2025-09.tar.gz";

/// When what expires in these tests was archived: so long before that it is
/// neither too late nor in question.
const BEFORE: &str = "2025-12-20T00:00:00Z";

/// Every built-in table's day 2025-09-01 in one month's tar.
fn month() -> World {
    let world = World::tiers();
    for table in ["tool_uses", "message_bus_log", "assertion_results"] {
        world.insert(table, 1, &["2025-09-01"]);
    }
    world.archive(BEFORE);
    world.consolidate(BEFORE, &["--older-than", "30d"]).status(0);
    assert_eq!(world.files_of("cold"), [MONTH]);
    world
}

fn tables_left(world: &World) -> Vec<String> {
    let places = world.once().into_keys();
    places.map(|row| row.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn each_table_leaves_the_month_when_its_own_retention_ends() {
    let world = month();
    // The day ends at 2025-09-02: 127, 402 and 850 days on.
    for (now, left) in [
        ("2026-01-06T23:59:59Z", 3),
        ("2026-01-07T00:00:00Z", 2),
        ("2026-10-08T23:59:59Z", 2),
        ("2026-10-09T00:00:00Z", 1),
        ("2027-12-30T23:59:59Z", 1),
    ] {
        world.expire(now, &["--yes"]).status(0);
        assert_eq!(tables_left(&world).len(), left, "{now}");
    }
    assert_eq!(tables_left(&world), ["assertion_results"]);
    let out = world.expire("2027-12-31T00:00:00Z", &["--yes"]);
    let told = record(out.status(0).stderr(""));
    assert_eq!(told["status"], "purged");
    assert_eq!(told["purged_files"][0], MONTH);
    assert_eq!(told["purged_members"], 1);
    assert!(world.files_of("cold").is_empty());
    assert!(!world.dir.join("archives/cold/2025").exists());
    assert!(tables_left(&world).is_empty());
}

/// A policy for the tables of [`tables`].
fn policy(world: &World, cold: &str) {
    world.dir.write(
        "policy",
        format!(
            "{{\"table\":\"tool_uses\",\"timestamp\":\"start_time\",\
             \"hot\":\"7d\",\"warm\":\"30d\",{cold}}}\n"
        ),
    );
}

#[test]
fn a_table_without_a_cold_period_is_deleted_from_warm() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-07", "2025-12-08", "2025-12-09"]);
    world.archive(BEFORE);
    policy(&world, r#""cold":"none""#);
    let args = ["--policy", "policy", "--yes"];
    let out = world.consolidate(NOW, &args[..2]);
    assert_eq!(record(out.status(0))["consolidated"], 0);
    world.expire(NOW, &args).status(0);
    assert_eq!(world.files_of("warm"), ["warm/2025-12-09/tool_uses.jsonl.gz"]);
    assert!(!world.dir.join("archives/warm/2025-12-08").exists());
}

#[test]
fn what_is_kept_forever_or_has_no_policy_is_never_deleted() {
    let world = month();
    let late = "2099-01-01T00:00:00Z";
    policy(&world, r#""cold":"forever""#);
    let out = world.expire(late, &["--policy", "policy", "--yes"]);
    out.status(0)
        .stderr_has("message_bus_log")
        .stderr_has("assertion_results");
    assert_eq!(tables_left(&world).len(), 3);
    // With one of them past its retention the others stay.
    policy(&world, r#""cold":"1d""#);
    let out = world.expire(late, &["--policy", "policy", "--yes"]);
    out.status(0).stderr_has("message_bus_log");
    assert_eq!(tables_left(&world), ["assertion_results", "message_bus_log"]);
}

#[test]
fn what_is_no_tables_stays_with_its_month() {
    let world = World::tiers();
    world.dir.write("src/notes.txt", "by hand");
    world.dir.write("src/2025-09-01/tool_uses.jsonl", "{\"id\":1}\n");
    world
        .dir
        .cmd("gzip")
        .arg("src/2025-09-01/tool_uses.jsonl")
        .run()
        .status(0);
    std::fs::create_dir_all(world.dir.join("archives/cold/2025")).unwrap();
    let tar = format!("archives/{MONTH}");
    world
        .dir
        .cmd("tar")
        .args(["-C", "src", "-czf", &tar, "."])
        .run()
        .status(0);
    world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(0);
    let list = world.dir.cmd("tar").args(["-tzf", &tar]).run();
    list.status(0).stdout("notes.txt\nrt-index.jsonl\n");
}

#[test]
fn a_dry_run_names_what_the_run_does_and_changes_nothing() {
    let world = month();
    let now = "2026-02-01T00:00:00Z";
    let before = (world.dir.tree(), world.image());
    let mut dry = record(world.expire(now, &["-n", "--yes"]).status(0));
    assert!((world.dir.tree(), world.image()) == before);
    let mut real = record(world.expire(now, &["--yes"]).status(0));
    assert_eq!(dry["status"].take(), "dry_run");
    assert_eq!(real["status"].take(), "purged");
    assert_eq!(dry, real);
}

/// Refused, named, nothing changed; `--yes` goes past.
fn refused(world: &World, now: &str, why: &str) {
    let before = (world.dir.tree(), world.image());
    for args in [&[][..], &["-n"]] {
        let out = world.expire(now, args);
        out.status(1).stderr_has(why).stderr_has("--yes");
        assert!((world.dir.tree(), world.image()) == before);
    }
    let out = world.expire(now, &["--yes"]);
    assert_eq!(record(out.status(0))["status"], "purged");
    assert!((world.dir.tree(), world.image()) != before);
}

/// Days of one table, of which few are due at [`NOW`] plus some days.
fn many_days() -> World {
    let world = World::tiers();
    let days: Vec<String> =
        (1..29).map(|d| format!("2025-09-{d:02}")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    world.insert("message_bus_log", 1, &days);
    world.archive(BEFORE);
    world.consolidate(BEFORE, &[]).status(0);
    world
}

#[test]
fn a_leap_of_the_clock_is_refused() {
    // 2025-09-01 is due from 2026-01-07 on.
    let world = many_days();
    world.expire("2026-01-08T00:00:00Z", &[]).status(0);
    refused(&world, "2026-02-23T00:00:00Z", "ahead");
}

#[test]
fn a_clock_that_went_back_is_refused() {
    let world = many_days();
    world.insert("tool_uses", 1, &["2026-01-01"]);
    world.archive("2026-01-11T00:00:00Z");
    refused(&world, "2026-01-09T22:00:00Z", "back");
}

#[test]
fn deleting_more_than_half_is_refused() {
    // All of one table, and little of the whole.
    let world = World::tiers();
    world.insert("message_bus_log", 1, &["2025-09-01"]);
    world.insert("tool_uses", 1, &["2025-12-01"; 5]);
    world.archive(BEFORE);
    refused(&world, NOW, "1 of the 1 archived rows of 'message_bus_log'");
    let left = world.once();
    assert_eq!(left.len(), 5);
    // Exactly half is not more than half.
    let world = World::tiers();
    world.insert("message_bus_log", 1, &["2025-09-01", "2025-12-01"]);
    world.archive(BEFORE);
    world.expire(NOW, &[]).status(0);
    assert_eq!(world.once().len(), 1);
}

#[test]
fn word_that_a_file_is_gone_is_no_word_on_the_clock() {
    let world = many_days();
    world.insert("tool_uses", 1, &["2025-12-01"]);
    world.archive("2026-01-08T00:00:00Z");
    let file = "warm/2025-12-01/tool_uses.jsonl.gz";
    std::fs::remove_file(world.dir.join("archives").join(file)).unwrap();
    let now = "2026-03-01T00:00:00Z";
    world.expire(now, &["--file", file]).status(0);
    world.expire(now, &[]).status(1).stderr_has("ahead");
}

#[test]
fn file_behind_a_link_that_leads_nowhere_is_not_called_gone() {
    let world = month();
    let cold = world.dir.join("archives/cold");
    std::fs::rename(&cold, world.dir.join("disk")).unwrap();
    std::os::unix::fs::symlink(world.dir.join("disk"), &cold).unwrap();
    std::fs::rename(world.dir.join("disk"), world.dir.join("away")).unwrap();
    let out = world.expire(NOW, &["--file", MONTH]);
    out.status(5).stderr_has("cold' is not a folder but a symbolic link");
}
