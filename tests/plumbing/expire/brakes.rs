//! What rt-expire asks about before it deletes it for good, and what it does
//! not delete whatever is said.

use serde_json::{Value, json};

use super::{BEFORE, many_days, policy};
use crate::support::world::{World, record, records};
use crate::support::{NOW, Out};

/// A table's rows of these days, archived at a time.
fn archived(table: &str, days: &[&str], at: &str) -> World {
    let world = World::tiers();
    world.insert(table, 1, days);
    world.archive(at);
    world
}

/// What is held, as `why table rows oldest newest`.
fn held(out: &Out) -> Vec<String> {
    spans(&record(out)["held"])
}

fn spans(spans: &Value) -> Vec<String> {
    let text = |span: &Value, key: &str| span[key].as_str().map(str::to_owned);
    let spans = spans.as_array().into_iter().flatten();
    spans
        .map(|span| {
            let why = text(span, "why").map_or(String::new(), |w| w + " ");
            let [table, oldest, newest] =
                ["table", "oldest", "newest"].map(|k| text(span, k).unwrap());
            format!("{why}{table} {} {oldest} {newest}", span["rows"])
        })
        .collect()
}

/// Three days that were past their retention before they were archived, one
/// that has passed it since, and some that stay.
fn backlog() -> World {
    let mut days =
        vec!["2025-07-01", "2025-07-02", "2025-08-14", "2025-09-01"];
    days.extend(["2025-12-01"; 5]);
    archived("message_bus_log", &days, BEFORE)
}

#[test]
fn rows_past_their_retention_before_they_were_archived_are_asked_about() {
    let world = backlog();
    let before = world.dir.tree();
    let said = ["backlog message_bus_log 3 2025-07-01 2025-08-14"];
    let dry = world.expire(NOW, &["-n"]);
    dry.status(1).stderr_has("3 rows of 'message_bus_log' from 2025-07-01");
    assert_eq!(world.dir.tree(), before);
    assert_eq!(held(&dry), said);
    let out = world.expire(NOW, &[]);
    out.status(1)
        .stderr_has("their retention of 127d before they were archived")
        .stderr_has("2025-12-20")
        .stderr_has("--yes");
    assert_eq!(held(&out), said);
    // What is beyond doubt went, and is said with its days.
    let (mut dry, mut run) = (record(&dry), record(&out));
    assert_eq!(
        spans(&run["tables"]),
        ["message_bus_log 1 2025-09-01 2025-09-01"]
    );
    assert_eq!(run["tables"][0]["cutoff_date"], "2025-09-10T00:00:00Z");
    assert_eq!(run["status"].take(), "purged");
    assert_eq!(dry["status"].take(), "dry_run");
    assert_eq!(dry, run);
    assert_eq!(world.once().len(), 8);
    // It is asked again, and the alert sees it, until it is meant.
    let before = world.dir.tree();
    let again = world.expire(NOW, &[]);
    again.status(1);
    assert_eq!(record(&again)["status"], "held");
    assert_eq!(world.dir.tree(), before);
    assert_eq!(breaches(&world), ["held message_bus_log 3"]);
    world.expire(NOW, &["--yes"]).status(0).stderr("");
    assert_eq!(world.once().len(), 5);
    assert!(breaches(&world).is_empty());
}

/// What rt-stat --check says of what is held.
fn breaches(world: &World) -> Vec<String> {
    let out = world.cmd("rt-stat").arg("--check").now(NOW).run();
    let all = records(&out.stdout);
    all.iter()
        .filter(|r| r["what"] == "held")
        .map(|r| {
            assert!(r["hint"].as_str().unwrap().contains("rt-expire"));
            format!("held {} {}", r["table"].as_str().unwrap(), r["rows"])
        })
        .collect()
}

#[test]
fn backlog_is_told_while_it_waits_and_goes_after_the_grace() {
    let world = backlog();
    let soon = "2025-12-26T23:00:00Z";
    let out = world.expire(soon, &[]);
    assert_eq!(held(out.status(1)).len(), 1);
    let out = world.expire(soon, &["--yes"]);
    out.status(0).stderr("");
    assert_eq!(
        spans(&record(&out)["waiting"]),
        ["message_bus_log 3 2025-07-01 2025-08-14"]
    );
    assert_eq!(world.once().len(), 9);
    world.expire("2025-12-27T00:00:00Z", &["--yes"]).status(0);
    assert_eq!(world.once().len(), 6);
}

#[test]
fn what_was_archived_lately_stays_whatever_is_said() {
    // 2025-09-01 is due from 2026-01-07 on.
    let world =
        archived("message_bus_log", &["2025-09-01"], "2026-01-06T00:00:00Z");
    for (now, args, left) in [
        ("2026-01-12T23:59:59Z", &["--yes"][..], 1),
        ("2026-01-13T00:00:00Z", &["--yes", "--grace", "8d"], 1),
        ("2026-01-13T00:00:00Z", &["--yes"], 0),
    ] {
        let copy = world.copy();
        copy.expire(now, args).status(0).stderr("");
        assert_eq!(copy.once().len(), left, "{now} {args:?}");
    }
    let short = ["--yes", "--grace", "1h"];
    world.expire("2026-01-08T00:00:00Z", &short).status(0);
    assert!(world.once().is_empty());
    world.expire(NOW, &["--grace", "0d"]).status(2);
}

#[test]
fn grace_is_at_most_half_of_what_is_kept_in_files() {
    let world = World::tiers();
    policy(&world, r#""cold":"none""#);
    let text = world.dir.read("policy").replace("30d", "4d");
    world.dir.write("policy", text);
    world.insert("tool_uses", 1, &["2026-01-02"]);
    world.archive("2026-01-11T00:00:00Z");
    // Due when it is eleven days old, and archived two days before.
    for (now, left) in
        [("2026-01-13T23:59:59Z", 1), ("2026-01-14T00:00:00Z", 0)]
    {
        world.expire(now, &["--yes"]).status(0);
        assert_eq!(world.once().len(), left, "{now}");
    }
}

/// Days of a table under a policy with this cold period.
fn kept(cold: &str, days: &[&str]) -> World {
    let world = World::tiers();
    policy(&world, &format!("\"cold\":\"{cold}\""));
    world.insert("tool_uses", 1, days);
    world.archive(BEFORE);
    world
}

const DAYS: [&str; 6] = [
    "2025-12-01",
    "2025-12-02",
    "2025-12-03",
    "2025-12-12",
    "2025-12-13",
    "2025-12-14",
];

/// By the short policy the first three days are due.
const LATER: &str = "2026-01-11T00:00:00Z";

#[test]
fn retention_that_became_shorter_is_asked_about() {
    for before in ["365d", "forever"] {
        let world = kept(before, &DAYS);
        // Neither a run nor new rows make the shorter one hold.
        policy(&world, r#""cold":"1d""#);
        world.insert("tool_uses", 9, &["2025-12-14"]);
        world.archive("2025-12-28T00:00:00Z");
        let tree = world.dir.tree();
        let out = world.expire(LATER, &[]);
        let was = if before == "365d" { "402d" } else { "forever" };
        out.status(1).stderr_has(&format!("retention of {was} that held"));
        out.stderr_has("the policy says 38d now");
        assert_eq!(held(&out), ["shorter tool_uses 3 2025-12-01 2025-12-03"]);
        assert_eq!(world.dir.tree(), tree);
        // Once it was meant, it holds.
        world.expire(LATER, &["--yes"]).status(0);
        assert_eq!(world.once().len(), 4);
        world.expire("2026-01-20T00:00:00Z", &[]).status(0);
        assert_eq!(world.once().len(), 3);
    }
}

#[test]
fn what_also_the_longer_retention_ends_goes_all_the_same() {
    let world = kept("2d", &DAYS);
    policy(&world, r#""cold":"1d""#);
    let out = world.expire(LATER, &[]);
    assert_eq!(
        held(out.status(1)),
        ["shorter tool_uses 1 2025-12-03 2025-12-03"]
    );
    assert_eq!(
        spans(&record(&out)["tables"]),
        ["tool_uses 2 2025-12-01 2025-12-02"]
    );
}

#[test]
fn retention_that_no_event_tells_is_not_known_to_be_shorter() {
    let world = World::tiers();
    world.dir.write(
        "policy",
        "{\"table\":\"other\",\"timestamp\":\"at\",\"hot\":\"1d\",\
         \"warm\":\"1d\",\"cold\":\"none\"}\n",
    );
    world.insert("tool_uses", 1, &DAYS);
    world
        .cmd("rt-archive")
        .args(["-q", "--older-than", "1d", "tool_uses"])
        .args(["--timestamp-column", "start_time"])
        .now(BEFORE)
        .run()
        .status(0);
    assert!(!world.dir.read("archives/ledger.jsonl").contains("retention"));
    policy(&world, r#""cold":"1d""#);
    world.expire(LATER, &[]).status(0);
    assert_eq!(world.once().len(), 3);
}

#[test]
fn leap_of_the_clock_is_seen_behind_the_recovery_of_a_dead_run() {
    let world = many_days();
    world
        .cmd("rt-expire")
        .env("RT_FAIL", "change.renamed=kill")
        .now("2026-01-08T00:00:00Z")
        .run()
        .status(137);
    // Its end is written now, by a clock that is far ahead.
    let out = world.expire("2099-01-01T00:00:00Z", &[]);
    out.status(1).stderr_has("days ahead since the last expiry");
    assert_eq!(record(&out)["status"], "failed");
    assert_eq!(world.once().len(), 26);
}

#[test]
fn rows_that_a_clock_ahead_has_archived_are_asked_about() {
    let world =
        archived("message_bus_log", &["2025-09-01"], "2026-01-17T00:00:00Z");
    let out = world.expire(NOW, &[]);
    assert_eq!(
        held(out.status(1)),
        ["clock message_bus_log 1 2025-09-01 2025-09-01"]
    );
    world.expire(NOW, &["--yes"]).status(0);
    assert!(world.once().is_empty());
}

#[test]
fn files_of_others_are_as_old_as_their_rows_say_or_their_own_time() {
    for (key, written, waits) in [
        ("", "2026-01-14", true),
        ("", "2025-12-01", false),
        (r#","_archived_at":"2026-01-14T00:00:00Z""#, "2025-12-01", true),
        (r#","_archived_at":"2025-12-01T00:00:00Z""#, "2026-01-14", false),
    ] {
        let world = World::tiers();
        let rows = format!("{{\"id\":1{key}}}\n");
        world.dir.write("src/2025-09-01/message_bus_log.jsonl", rows);
        let made = world
            .sh("cd src && gzip 2025-09-01/*.jsonl &&
                 mkdir -p ../archives/cold/2025 && cd ../archives/cold/2025 &&
                 tar -C ../../../src -czf 2025-09.tar.gz 2025-09-01 &&
                 touch -d \"$1T00:00:00Z\" 2025-09.tar.gz")
            .args(["-", written])
            .run();
        made.status(0);
        let out = world.expire(NOW, &["--yes"]);
        let waiting = record(out.status(0))["waiting"] != json!(null);
        assert_eq!(waiting, waits, "{key} {written}");
        assert_eq!(world.files_of("cold").len(), usize::from(waits));
    }
}
