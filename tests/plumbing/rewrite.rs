//! rt-rewrite: rows erased out of every archive of a table, and what of the
//! rest stays as it was.

use std::fs;

use serde_json::Value;

use crate::support::Out;
use crate::support::world::{World, record, records};

const TAR: &str = "archives/cold/2025/2025-11.tar.gz";
const DAY: &str = "archives/warm/2026-01-02/t.jsonl.gz";

/// Rows of three people: of November in the cold tier, of January in the warm,
/// one day of them in two segments, and all of one moment in a whole file. A
/// second table shares the month.
fn world() -> World {
    let world = World::of(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, name, doc);
         CREATE TABLE u(id INTEGER PRIMARY KEY, at, name, doc)",
    );
    let row = |table: &str, id: u32, at: &str, name: &str| {
        let doc = format!(r#"{{"user":{{"id":{id}}}}}"#);
        world.sql(&format!(
            "INSERT INTO {table} VALUES({id}, '{at}', '{name}', '{doc}')"
        ));
    };
    row("t", 1, "2025-11-01T00:00:00Z", "alice");
    row("t", 2, "2025-11-01T01:00:00Z", "bob");
    row("t", 3, "2025-11-02T00:00:00Z", "alice");
    row("u", 1, "2025-11-01T00:00:00Z", "alice");
    row("t", 4, "2026-01-02T00:00:00Z", "bob");
    row("t", 5, "2026-01-02T01:00:00Z", "alice");
    row("t", 6, "2026-01-03T00:00:00Z", "alice");
    for table in ["t", "u"] {
        world.cmd("rt-archive").args(["-q", table]).run().status(0);
    }
    world.cmd("rt-consolidate").run().status(0);
    row("t", 7, "2026-01-02T02:00:00Z", "carol");
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    row("t", 8, "2026-01-04T00:00:00Z", "alice");
    row("t", 9, "2026-01-04T00:00:01Z", "carol");
    let rows = world.cmd("rt-export").args(["--format=json", "t"]).run();
    let store = ["--single", "--timestamp-column=at", "t"];
    let out = world.cmd("rt-store").args(store).stdin(rows.bytes).run();
    world.purge(&out.status(0).stdout).run().status(0);
    assert_eq!(ids(&world, "t"), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    world
}

fn rewrite(world: &World, args: &[&str]) -> Out {
    let reason = ["--reason", "request 17"];
    world.cmd("rt-rewrite").args(reason).args(args).run()
}

fn erase(world: &World, condition: &str) -> Out {
    rewrite(world, &["--yes", "--where", condition, "t"])
}

/// The ids of the archived rows of a table.
fn ids(world: &World, table: &str) -> Vec<i64> {
    let out = world.cmd("rt-cat").args(["--verify", table]).run();
    out.status(0).stderr("");
    let rows = records(&out.stdout);
    let ids = rows.iter().map(|row| row["id"].as_i64().unwrap());
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids
}

/// Nothing is wrong with the tree, its books close, and it holds no such row.
fn sound_without(world: &World, key: &str) {
    let args = ["--balance", "--absent", key];
    let out = world.cmd("rt-verify").args(args).run();
    let found = records(&out.stdout);
    let found = found.iter().filter(|r| r["type"] == "finding");
    let found: Vec<&Value> = found.filter(|r| r["table"] != "u").collect();
    out.expect("no finding about the table", found.is_empty());
}

/// Events without the ids and digests of a run.
fn erasures(world: &World) -> Vec<Value> {
    world.events_of("erase")
}

#[test]
fn rows_are_erased_in_every_tier_and_the_rest_stays() {
    let world = world();
    let out = erase(&world, "name=alice");
    out.status(0).stderr("");
    let result = record(&out);
    assert_eq!(
        (&result["status"], &result["rows"]),
        (&"erased".into(), &5.into())
    );
    assert_eq!(result["files"].as_array().unwrap().len(), 4);
    assert_eq!(ids(&world, "t"), [2, 4, 7, 9]);
    assert_eq!(ids(&world, "u"), [1]);
    // A file without rows is gone, and so is its day.
    assert!(!world.dir.join("archives/warm/2026-01-03").exists());
    world.sound();
    sound_without(&world, "name=alice");
    // Another table of the same month still has it, and nobody asked.
    let absent = ["--absent", "name=alice"];
    world.cmd("rt-verify").args(absent).arg("t").run().status(0);
    world.cmd("rt-verify").args(absent).arg("u").run().status(3);
    let out = world.cmd("rt-verify").arg("--balance").run();
    out.status(0);
    let erased = records(&out.stdout);
    let erased = erased.iter().filter_map(|book| book["erased"].as_i64());
    assert_eq!(erased.sum::<i64>(), 5);
    let past = world.cmd("rt-stat").arg("--history").run();
    past.status(0).stdout_has("\"erased_rows\":5");
    // Nothing is left of it, not in the ledger either.
    assert!(!world.dir.read("archives/ledger.jsonl").contains("alice"));
    assert!(!world.dir.tree().contains(".rt-"));
    // A second run finds nothing, and the ledger says no more.
    let count = world.events().len();
    let again = erase(&world, "name=alice");
    assert_eq!(record(again.status(0))["status"], "no_records");
    assert_eq!(world.events().len(), count);
}

#[test]
fn the_ledger_says_how_many_and_why_but_not_who() {
    let world = world();
    erase(&world, "name=alice").status(0);
    let events = erasures(&world);
    assert_eq!(events.len(), 4);
    assert_eq!(world.count("erased"), 4);
    let tar = events.iter().find(|e| e["file"] == TAR[9..]).unwrap();
    assert_eq!(tar["reason"], "request 17");
    let rows = tar["erases"].as_array().unwrap();
    let rows: Vec<(&str, i64)> = rows
        .iter()
        .map(|e| (e["day"].as_str().unwrap(), e["rows"].as_i64().unwrap()))
        .collect();
    assert_eq!(rows, [("2025-11-01", 1), ("2025-11-02", 1)]);
    // Who knows what was looked for can tell the event by it.
    let id = tar["id"].as_str().unwrap();
    let said = world
        .sh(&format!("printf '%s\\nt\\nname=alice' {id} | sha256sum"))
        .run();
    let digest = tar["selector_sha256"].as_str().unwrap();
    assert!(said.stdout.starts_with(digest), "{}", said.stdout);
    assert_ne!(events[0]["selector_sha256"], events[1]["selector_sha256"]);
}

#[test]
fn nothing_is_changed_unless_that_is_confirmed() {
    let world = world();
    let before = world.image();
    let dry = rewrite(&world, &["-n", "--where", "name=alice", "t"]);
    let planned = record(dry.status(0));
    assert_eq!(planned["status"], "dry_run");
    assert_eq!(planned["rows"], 5);
    let asked = rewrite(&world, &["--where", "name=alice", "t"]);
    asked.status(1);
    asked.stderr_has("5 rows of 't' in 4 files would be erased for good");
    asked.stderr_has("--yes");
    assert_eq!(record(&asked)["files"], planned["files"]);
    assert_eq!(world.image(), before);
    let none = rewrite(&world, &["--where", "name=nobody", "t"]);
    assert_eq!(record(none.status(0))["status"], "no_records");
}

#[test]
fn conditions_are_those_of_rt_cat_but_name_what_goes() {
    let world = world();
    for (condition, left) in [
        ("doc.user.id=5", &[1, 2, 3, 4, 6, 7, 8, 9][..]),
        ("id=3", &[1, 2, 4, 6, 7, 8, 9]),
        ("name~aro", &[1, 2, 4, 6, 8]),
        ("at=2025-11-01 00:00:00", &[2, 4, 6, 8]),
    ] {
        erase(&world, condition).status(0);
        assert_eq!(ids(&world, "t"), left, "{condition}");
        world.sound();
    }
    let both = ["--yes", "--where", "name=bob", "--where", "id=2", "t"];
    rewrite(&world, &both).status(0);
    assert_eq!(ids(&world, "t"), [4, 6, 8]);
    for refused in ["name!=bob", "id<5", "id>5", "name~", "name="] {
        let out = erase(&world, refused);
        out.status(2).stderr_has("rows are not erased by");
    }
    erase(&world, "nmae=bob").status(2).stderr_has("no archived row of 't'");
    let out = rewrite(&world, &["--yes", "--where", "id=1", "v"]);
    out.status(2).stderr_has("there are no archives of table 'v'");
    rewrite(&world, &["--yes", "t"]).status(2);
}

#[test]
fn a_reason_is_asked_for_and_must_not_name_the_person() {
    let world = world();
    let erase = |reason: &str| {
        let args = ["--reason", reason, "--where", "name=bob", "-n", "t"];
        world.cmd("rt-rewrite").args(args).run()
    };
    erase("").status(2).stderr_has("--reason is missing");
    erase("as bob asked").status(2).stderr_has("keeps the reason for good");
    erase("bobsleigh").status(0);
}

#[test]
fn a_hold_stops_it_and_nothing_is_erased() {
    let world = world();
    let hold = ["add", "--reason", "case 3", "--since", "2025-11-02"];
    let span = ["--before", "2025-11-03", "t"];
    let out = world.cmd("rt-hold").args(hold).args(span).run();
    let id = record(out.status(0))["id"].as_str().unwrap().to_owned();
    let before = world.image();
    let out = erase(&world, "name=alice");
    out.status(1).stderr_has("on hold: case 3").stderr_has("rt-hold");
    assert_eq!(world.image(), before);
    let dry = rewrite(&world, &["-n", "--where", "name=alice", "t"]);
    dry.status(1);
    // Rows of other days go.
    erase(&world, "id=4").status(0);
    world.cmd("rt-hold").args(["release", &id]).run().status(0);
    erase(&world, "name=alice").status(0);
    assert_eq!(ids(&world, "t"), [2, 7, 9]);
}

#[test]
fn rows_that_are_not_settled_wait_and_the_rest_is_done() {
    let world = world();
    world.sql("INSERT INTO t VALUES(10, '2026-01-02T03:00:00Z', 'alice', '')");
    let receipts = world.stored("t");
    let out = erase(&world, "name=alice");
    out.status(3).stderr_has("rows that are not settled");
    assert_eq!(record(&out)["rows"], 4);
    world.purge(&receipts).run().status(0);
    erase(&world, "name=alice").status(0);
    assert_eq!(ids(&world, "t"), [2, 4, 7, 9]);
    world.sound();
    sound_without(&world, "name=alice");
}

#[test]
fn a_damaged_file_and_one_that_nobody_knows_are_left_and_named() {
    let world = world();
    let mut bytes = fs::read(world.dir.join(DAY)).unwrap();
    bytes[60] ^= 1;
    world.dir.write(DAY, &bytes);
    let strange = "archives/warm/2026-01-05/t.jsonl";
    world.dir.write(strange, "{\"id\":11,\"name\":\"alice\"}\n");
    let out = erase(&world, "name=alice");
    out.status(5).stderr_has("is not what the ledger says");
    out.stderr_has("2026-01-05/t.jsonl' is not in the ledger");
    assert_eq!(record(&out)["rows"], 4);
    assert_eq!(fs::read(world.dir.join(DAY)).unwrap(), bytes);
    assert!(world.dir.join(strange).exists());
}

#[test]
fn files_go_on_as_before_behind_an_erasure() {
    let world = world();
    erase(&world, "name=alice").status(0);
    world.sql("INSERT INTO t VALUES(12, '2026-01-02T05:00:00Z', 'dave', '')");
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    assert_eq!(ids(&world, "t"), [2, 4, 7, 9, 12]);
    world.sound();
    let later = "2026-03-15T00:00:00Z";
    world.consolidate(later, &[]).status(0);
    world.sound();
    let tar = world.cmd("rt-verify").arg("--balance").now(later).run();
    tar.status(0);
    world.expire("2029-01-01T00:00:00Z", &["--yes"]).status(0);
    let out = world.cmd("rt-verify").arg("--balance").run();
    out.status(0);
}

/// Puts back a file as it was.
fn put_back(world: &World, file: &str, bytes: &[u8]) {
    let path = world.dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    world.dir.write(file, bytes);
}

#[test]
fn a_file_that_was_put_back_is_told_and_erased_again() {
    let gone = "archives/warm/2026-01-03/t.jsonl.gz";
    let whole = world().files_of("t_").pop();
    let whole = format!("archives/{}", whole.unwrap());
    for file in [TAR, DAY, gone, &whole] {
        let world = world();
        let old = fs::read(world.dir.join(file)).unwrap();
        erase(&world, "name=alice").status(0);
        let new = fs::read(world.dir.join(file)).ok();
        put_back(&world, file, &old);
        let out = world.cmd("rt-verify").run();
        out.status(5).stdout_has("\"what\":\"erased\"");
        out.stdout_has("run rt-erase again");
        // No repair and no job takes it in.
        let repair = world.cmd("rt-verify").args(["--repair", "--yes"]).run();
        repair.status(5).stdout_has("before lines were erased");
        let before = world.count("adopt");
        world.consolidate("2026-03-15T00:00:00Z", &[]);
        assert_eq!(world.count("adopt"), before, "{file}");
        let out = erase(&world, "name=alice");
        out.status(0).stderr("");
        assert_eq!(record(&out)["files"][0]["again"], true);
        assert_eq!(fs::read(world.dir.join(file)).ok(), new, "{file}");
        world.sound();
        let out = world.cmd("rt-verify").arg("--balance").run();
        out.status(0);
    }
}

#[test]
fn a_file_from_before_two_erasures_is_taken_back_through_both() {
    for file in [TAR, DAY] {
        let world = world();
        let old = fs::read(world.dir.join(file)).unwrap();
        erase(&world, "name=alice").status(0);
        let other = if file == TAR { "id=2" } else { "id=7" };
        erase(&world, other).status(0);
        let new = fs::read(world.dir.join(file)).ok();
        put_back(&world, file, &old);
        erase(&world, "name=alice").status(0);
        let out = world.cmd("rt-verify").run();
        out.status(5).stdout_has("\"what\":\"erased\"");
        erase(&world, other).status(0);
        assert_eq!(fs::read(world.dir.join(file)).ok(), new, "{file}");
        world.sound();
        sound_without(&world, "name=alice");
        let out = world.cmd("rt-verify").arg("--balance").run();
        out.status(0);
        // Another order does not lead back.
        put_back(&world, file, &old);
        let out = erase(&world, other);
        out.status(5).stderr_has("would not become what the ledger says");
    }
}

#[test]
fn killed_between_any_two_writes_one_more_run_ends_it() {
    let template = world();
    let undisturbed = template.copy();
    erase(&undisturbed, "name=alice").status(0);
    let rows = ids(&undisturbed, "t");
    for point in [
        "erase.drafted",
        "month.drafted",
        "change.intent",
        "change.renamed",
        "change.synced",
        "change.before_end",
        "change.ended",
    ] {
        let mut reached = 0;
        loop {
            let world = template.copy();
            let args = ["--yes", "--reason=x", "--where", "name=alice", "t"];
            let fail = format!("{point}:{}=kill", reached + 1);
            let killed = world.cmd("rt-rewrite").args(args);
            if killed.env("RT_FAIL", fail).run().status == 0 {
                break;
            }
            reached += 1;
            // Readers see each file whole, in one form or the other.
            let out = world.cmd("rt-cat").arg("t").run();
            out.status(0);
            world.cmd("rt-verify").run().status_of(&[0, 3]);
            erase(&world, "name=alice").status(0);
            assert_eq!(ids(&world, "t"), rows, "{point}");
            assert_eq!(world.files(), undisturbed.files());
            world.sound();
            sound_without(&world, "name=alice");
            let out = world.cmd("rt-verify").arg("--balance").run();
            out.status(0);
        }
        assert!(reached > 0, "{point}");
    }
}
