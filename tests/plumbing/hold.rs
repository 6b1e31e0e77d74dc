//! rt-hold, and rows that were put back under one: they stay, and leave again
//! without a second line.

use serde_json::Value;

use crate::support::Out;
use crate::support::world::{World, counts, purged, record, records};

/// rt-import of rows into the live database, for a reason.
fn put_back(world: &World, table: &str, rows: &[u8]) -> Out {
    let args = ["--hold", "ticket 5", "--", table];
    world.cmd("rt-import").args(args).stdin(rows).run()
}

/// The archived rows of a table.
fn cat(world: &World, table: &str) -> Vec<u8> {
    let out = world.cmd("rt-cat").args(["--", table]).run();
    out.status(0).stderr("");
    out.bytes
}

/// The holds, with what became of them.
fn holds(world: &World) -> Vec<Value> {
    let out = world.cmd("rt-hold").arg("list").run();
    out.status(0).stderr("");
    records(&out.stdout)
}

fn release(world: &World) {
    for hold in holds(world) {
        let id = hold["id"].as_str().unwrap();
        world.cmd("rt-hold").args(["release", id]).run().status(0);
    }
}

/// How many rows of a table are in the database.
fn hot(world: &World, table: &str) -> String {
    world.row(&format!("SELECT count(*) FROM {table}"))
}

const KEYED: [&str; 4] = ["uuids", "numbers", "pairs", "bare"];

#[test]
fn rows_that_were_put_back_stay_and_leave_without_a_second_line() {
    for table in KEYED {
        let world = World::filled(&[table], 4);
        world.run(table);
        let archived = cat(&world, table);
        let out = put_back(&world, table, &archived);
        out.status(0).stderr("");
        assert_eq!(record(&out)["rows"], 8);
        assert_eq!(hot(&world, table), "10");
        // They are due, and stay.
        let out = world.cmd("rt-export").args(["--due", "-n", table]).run();
        let exported = record(out.status(0));
        assert_eq!(exported["rows"], 0);
        assert_eq!(exported["held"], 8);
        assert_eq!(
            exported["message"], "8 rows are on hold: 'ticket 5'",
            "{table}"
        );
        world.job().run().status(0);
        assert_eq!(hot(&world, table), "10");
        assert_eq!(cat(&world, table), archived);
        // Released, they go, and the archives are what they were.
        release(&world);
        let out = world.purge(&world.stored(table)).run();
        out.status(0).stderr("");
        let result = purged(&out);
        assert_eq!(counts(&result), "records 8");
        assert_eq!(result["repeated"], 8);
        assert_eq!(hot(&world, table), "2");
        assert_eq!(cat(&world, table), archived, "{table}");
    }
}

#[test]
fn from_a_month_too_they_leave_without_a_second_line() {
    let world = World::filled(&["uuids"], 4);
    world.run("uuids");
    world.consolidate("2026-03-15T00:00:00Z", &[]).status(0);
    assert!(world.dir.join("archives/cold/2026/2026-01.tar.gz").exists());
    let archived = cat(&world, "uuids");
    put_back(&world, "uuids", &archived).status(0);
    release(&world);
    world.run("uuids");
    assert_eq!(hot(&world, "uuids"), "2");
    assert_eq!(cat(&world, "uuids"), archived);
    assert!(!world.dir.join("archives/warm/2026-01-02").exists());
}

#[test]
fn rows_that_were_put_back_by_hand_leave_no_second_line_either() {
    let world = World::filled(&["uuids"], 4);
    world.sql("CREATE TABLE kept AS SELECT * FROM uuids");
    world.run("uuids");
    let archived = cat(&world, "uuids");
    world.sql("INSERT OR IGNORE INTO uuids SELECT * FROM kept");
    world.run("uuids");
    assert_eq!(hot(&world, "uuids"), "2");
    assert_eq!(cat(&world, "uuids"), archived);
}

#[test]
fn a_row_that_changed_after_it_was_put_back_is_archived_as_it_is_now() {
    let world = World::filled(&["uuids"], 4);
    world.run("uuids");
    let archived = cat(&world, "uuids");
    put_back(&world, "uuids", &archived).status(0);
    world.sql("UPDATE uuids SET body = 'second' WHERE k = '2026-01-02/1'");
    release(&world);
    world.run("uuids");
    assert_eq!(hot(&world, "uuids"), "2");
    let lines = String::from_utf8(cat(&world, "uuids")).unwrap();
    assert_eq!(lines.lines().count(), 9);
    let row = "{\"k\":\"2026-01-02/1\"";
    assert_eq!(lines.matches(row).count(), 2, "{lines}");
}

#[test]
fn the_same_import_goes_on_under_the_same_hold() {
    let world = World::filled(&["uuids"], 4);
    world.run("uuids");
    let archived = cat(&world, "uuids");
    for point in ["import.spooled", "hold.written", "import.inserted"] {
        let args = ["--hold", "ticket 5", "uuids"];
        let cmd = world.cmd("rt-import").args(args).stdin(&archived[..]);
        cmd.env("RT_FAIL", format!("{point}=kill")).run().status(137);
        assert_eq!(hot(&world, "uuids"), "2", "{point}");
    }
    let args = ["--hold", "ticket 5", "uuids"];
    let cmd = world.cmd("rt-import").args(args).stdin(&archived[..]);
    cmd.env("RT_FAIL", "import.committed=kill").run().status(137);
    let out = put_back(&world, "uuids", &archived);
    assert_eq!(record(out.status(0))["present"], 8);
    assert_eq!(hot(&world, "uuids"), "10");
    assert_eq!(holds(&world).len(), 1);
}

#[test]
fn killed_after_the_release_the_next_run_leaves_no_second_line() {
    for point in [
        "store.published",
        "purge.synced",
        "purge.purging",
        "retract.drafted",
        "retract.written",
        "retract.renamed",
        "purge.before_purge",
        "purge.settled",
    ] {
        let world = World::filled(&["uuids"], 4);
        world.run("uuids");
        let archived = cat(&world, "uuids");
        put_back(&world, "uuids", &archived).status(0);
        release(&world);
        let script = "rt-export --due uuids | rt-store uuids | rt-purge";
        let cmd = world.sh(script).env("RT_FAIL", format!("{point}=kill"));
        cmd.run();
        world.run("uuids");
        assert_eq!(hot(&world, "uuids"), "2", "{point}");
        assert_eq!(cat(&world, "uuids"), archived, "{point}");
    }
}

#[test]
fn what_the_archives_have_of_a_held_day_is_neither_moved_nor_expired() {
    let world = World::filled(&["uuids"], 4);
    world.run("uuids");
    let args = ["add", "--reason", "case 81", "--before", "2026-01-03"];
    let out = world.cmd("rt-hold").args(args).arg("uuids").run();
    out.status(0).stderr("");
    let hold = record(&out);
    assert_eq!(hold["first_day"], Value::Null);
    assert_eq!(hold["last_day"], "2026-01-02");
    let held = "warm/2026-01-02/uuids.jsonl.gz";
    let out = world.consolidate("2026-03-15T00:00:00Z", &[]);
    let done = record(out.status(0));
    assert_eq!(done["consolidated"], 1);
    assert_eq!(done["on_hold"][0], held);
    let late = "2028-01-15T00:00:00Z";
    let out = world.expire(late, &["--yes"]);
    let done = record(out.status(0));
    assert_eq!(done["purged_members"], 1);
    assert_eq!(done["on_hold"][0]["rows"], 4);
    assert!(world.dir.join("archives").join(held).exists());
    release(&world);
    let done = record(world.expire(late, &["--yes"]).status(0));
    assert_eq!(done["purged_members"], 1);
    assert!(!world.dir.join("archives").join(held).exists());
}

#[test]
fn a_hold_ends_by_itself() {
    let world = World::filled(&["uuids"], 4);
    world.dir.folder("archives");
    let args = ["add", "--reason", "x", "--until", "2026-01-16"];
    world.cmd("rt-hold").args(args).arg("uuids").run().status(0);
    let due = |now| {
        let cmd = world.cmd("rt-export").args(["--due", "-n", "uuids"]);
        record(&cmd.now(now).run())["rows"].clone()
    };
    assert_eq!(due("2026-01-15T23:00:00Z"), 0);
    assert_eq!(due("2026-01-16T00:00:00Z"), 8);
    let out = world.cmd("rt-hold").arg("list").now("2026-01-16").run();
    assert_eq!(record(&out)["status"], "over");
}

#[test]
fn an_import_that_fails_leaves_no_hold() {
    let world = World::filled(&["uuids"], 4);
    world.run("uuids");
    let archived = cat(&world, "uuids");
    world.sql("INSERT INTO uuids VALUES ('2026-01-02/1', 0, 0, 0)");
    let out = put_back(&world, "uuids", &archived);
    out.status(1).stderr_has("a row of 'uuids' has this key");
    assert_eq!(holds(&world)[0]["status"], "released");
    assert_eq!(hot(&world, "uuids"), "3");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let world = World::filled(&["logs", "uuids"], 2);
    for table in ["logs", "uuids"] {
        world.run(table);
    }
    let out = put_back(&world, "logs", &cat(&world, "logs"));
    out.status(2).stderr_has("rows of 'logs' have no key");
    let rows = b"{\"k\":\"x\",\"n\":1,\"at\":null,\"body\":1}\n";
    let out = put_back(&world, "uuids", rows);
    out.status(4).stderr_has("line 1 has no time that can be read");
    for (args, why) in [
        (&["add", "uuids"][..], "--reason is missing"),
        (&["add", "--reason", "x"], "TABLE or ID is missing"),
        (&["release", "none"], "there is no hold 'none'"),
        (&["list", "--reason", "x"], "are for add"),
        (&["keep"], "'keep' is no list, add or release"),
        (&[], "list, add or release?"),
    ] {
        let out = world.cmd("rt-hold").args(args).run();
        out.status(2).stderr_has(why);
    }
    assert!(holds(&world).is_empty());
}

#[test]
fn a_table_with_an_unsettled_segment_takes_no_rows_back() {
    let world = World::filled(&["uuids"], 2);
    world.run("uuids");
    let archived = cat(&world, "uuids");
    world.fill("uuids", "2026-01-04", 1);
    world.stored("uuids");
    let out = put_back(&world, "uuids", &archived);
    out.status(75).stderr_has("has a segment that is not settled");
    assert!(holds(&world).is_empty());
}
