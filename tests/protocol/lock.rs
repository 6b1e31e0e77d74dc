//! Who may work on a tree at a time, and in which database.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{Bag, OLD, Then, World, stop_at, until};
use crate::support::Cmd;

const BUSY: i32 = 75;

/// Runs a command beside the test.
fn start(cmd: &Cmd<'_>) -> Child {
    let mut command = cmd.command();
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null()).spawn().unwrap()
}

fn status(mut child: Child) -> Option<i32> {
    child.wait().unwrap().code()
}

/// A job that does not wait for another one.
fn hasty(world: &World) -> Cmd<'_> {
    world.cmd("rt-archive").arg("all")
}

#[test]
fn two_pipelines_by_hand_store_nothing_twice() {
    for table in ["uuids", "logs"] {
        for _ in 0..3 {
            let world = World::filled(&[table], 20);
            let rows = world.all();
            let script = "rt-export --due \"$0\" | rt-store \"$0\" | \
                          rt-purge \"$0\"";
            let pipeline = world.cmd("sh").args(["-c", script, table]);
            let both = [start(&pipeline), start(&pipeline)];
            let ends = both.map(status);
            assert!(
                ends.iter().all(|e| matches!(e, Some(0 | BUSY))),
                "{ends:?}"
            );
            world.recovers(&rows);
        }
    }
}

#[test]
fn receipts_of_two_publications_settle_in_any_order() {
    let world = World::filled(&["uuids", "numbers"], 3);
    let rows = world.all();
    let first = world.stored("uuids");
    let second = world.stored("numbers");
    world.purge(&second).run().status(0);
    world.purge(&first).run().status(0);
    assert_eq!(world.due(), 0);
    world.recovers(&rows);
}

#[test]
fn table_with_an_unsettled_segment_takes_no_further_one() {
    let world = World::filled(&["uuids"], 3);
    let rows = world.all();
    let exported = world.export("uuids");
    let receipts = world.stored("uuids");
    let out = world.store("uuids", &exported).run();
    out.status(BUSY).stderr_has("rt-purge --pending");
    assert!(!out.stdout.contains("receipt"));
    world.purge(&receipts).run().status(0);
    world.recovers(&rows);
}

#[test]
fn of_eight_jobs_one_works_and_the_others_end_busy() {
    let world = World::filled(&["uuids"], 5);
    let rows = world.all();
    world.meanwhile(hasty(&world), "purge.purging", Then::GoesOn, |world| {
        let jobs: Vec<Child> = (0..7).map(|_| start(&hasty(world))).collect();
        for job in jobs {
            assert_eq!(status(job), Some(BUSY));
        }
        let begun = Instant::now();
        let out = hasty(world).run();
        out.status(BUSY).stderr_has("another run has the lock");
        assert!(begun.elapsed() < Duration::from_secs(2));
    });
    assert_eq!(world.due(), 0);
    world.recovers(&rows);
}

#[test]
fn eight_jobs_at_once_store_nothing_twice_and_wait_as_told() {
    let world = World::filled(&["uuids", "logs"], 5);
    let rows = world.all();
    let jobs: Vec<Child> = (0..8).map(|_| start(&hasty(&world))).collect();
    let ends: Vec<_> = jobs.into_iter().map(status).collect();
    assert!(ends.contains(&Some(0)), "{ends:?}");
    assert!(ends.iter().all(|e| matches!(e, Some(0 | BUSY))), "{ends:?}");
    assert_eq!(world.due(), 0);
    world.fill("uuids", "2026-01-01", 5);
    let jobs: Vec<Child> = (0..8).map(|_| start(&world.job())).collect();
    let ends: Vec<_> = jobs.into_iter().map(status).collect();
    assert_eq!(ends, [Some(0); 8]);
    assert_eq!(world.due(), 0);
    assert_eq!(world.all().len(), rows.len() + 5);
    world.sound();
}

#[test]
fn job_inside_a_job_works_under_the_outer_ones_lock() {
    let world = World::filled(&["uuids"], 3);
    let rows = world.all();
    let inner = ["rt-lock", "archives", "--", "rt-archive", "all"];
    let out =
        world.cmd("rt-lock").args(["archives", "--create", "--"]).args(inner);
    out.run().status(0);
    assert_eq!(world.due(), 0);
    world.recovers(&rows);
}

/// Waits until a command that was started has the lock.
fn taken(world: &World) {
    until("the lock is taken", || hasty(world).run().status == BUSY);
}

#[test]
fn lock_is_free_when_its_holder_was_killed() {
    let world = World::new(&["uuids"]);
    let holder = world
        .cmd("rt-lock")
        .args(["archives", "--create", "--", "sleep", "99"]);
    let mut holder = start(&holder);
    taken(&world);
    holder.kill().unwrap();
    holder.wait().unwrap();
    hasty(&world).run().status(0);
}

#[test]
fn child_in_the_background_keeps_the_lock_when_all_others_have_ended() {
    let world = World::new(&["uuids"]);
    let script = "sleep 99 & echo $! >child";
    let holder = world.cmd("rt-lock");
    let holder =
        holder.args(["archives", "--create", "--", "sh", "-c", script]);
    assert_eq!(status(start(&holder)), Some(0));
    hasty(&world).run().status(BUSY);
    let child = world.dir.read("child");
    world.cmd("sh").args(["-c", &format!("kill {child}")]).run().status(0);
    until("the lock is free", || hasty(&world).run().status == 0);
}

#[test]
fn lock_outlives_the_script_as_long_as_a_program_of_it_works() {
    let world = World::filled(&["uuids"], 5);
    let rows = world.all();
    let stop = stop_at("purge.purging", Then::GoesOn);
    let mut script = start(&hasty(&world).env("RT_FAIL", stop));
    let reached = world.dir.join("reached");
    until("the point is reached", || reached.exists());
    // Below what hands signals on, rt-lock and the shells are one process.
    script.kill().unwrap();
    script.wait().unwrap();
    hasty(&world).run().status(BUSY);
    assert_eq!(world.count("purge"), 0);
    world.dir.write("go", "");
    until("rt-purge has ended", || hasty(&world).run().status == 0);
    assert_eq!(world.last("purge")["deleted"], 5);
    world.recovers(&rows);
}

#[test]
fn descriptor_that_is_not_the_lock_is_not_believed() {
    let world = World::new(&["uuids"]);
    let holder = world
        .cmd("rt-lock")
        .args(["archives", "--create", "--", "sleep", "99"]);
    let mut holder = start(&holder);
    taken(&world);
    // The right file, opened anew: another description, without the lock.
    let script = "exec 9<>archives/lock; RT_LOCK_FD=9 rt-purge --pending \
                  --lock-wait 0s";
    world.cmd("sh").args(["-c", script]).run().status(BUSY);
    let script = "exec 9<>db; RT_LOCK_FD=9 rt-purge --pending --lock-wait 0s";
    world.cmd("sh").args(["-c", script]).run().status(BUSY);
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn receipts_given_twice_are_answered_from_the_ledger() {
    for table in ["uuids", "logs"] {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        let receipts = world.stored(table);
        let twice = [&receipts[..], &receipts[..]].concat();
        let first = world.purge(&twice).run();
        first.status(0).stdout_has("\"records\":6");
        let ledger = world.dir.read("archives/ledger.jsonl");
        let second = world.purge(&receipts).run();
        second.status(0).stdout_has("\"records\":6");
        assert_eq!(world.dir.read("archives/ledger.jsonl"), ledger);
        world.recovers(&rows);
    }
}

/// Six old rows of which a killed run has deleted two, the receipts of their
/// two segments, and what there is.
fn two_of_six_deleted() -> (World, String, Bag) {
    let world = World::filled(&["uuids"], 3);
    let rows = world.all();
    let receipts = world.stored("uuids");
    let killed = world.purge(&receipts).arg("--batch-size=1");
    killed.env("RT_FAIL", "purge.committed:2=kill").run().status(137);
    assert_eq!(world.due(), 4);
    (world, receipts, rows)
}

#[test]
fn copy_in_the_databases_place_is_that_database_and_is_recovered() {
    for by_receipts in [false, true] {
        let (world, receipts, rows) = two_of_six_deleted();
        let swap = world.cmd("sh").args(["-c", "cp db new && mv new db"]);
        swap.run().status(0);
        let purge = match by_receipts {
            true => world.purge_later(&receipts),
            false => world.pending(),
        };
        let out = purge.run();
        out.status(0).stderr("").stdout_has("\"records\":4");
        out.stdout_has("\"superseded\":2").stdout_has("a backup was put back");
        assert_eq!((world.due(), world.count("retract")), (0, 0));
        world.recovers(&rows);
    }
}

#[test]
fn database_elsewhere_settles_nothing_until_it_is_said_to_be_moved() {
    for by_receipts in [false, true] {
        let (world, receipts, rows) = two_of_six_deleted();
        let place = |name: &str| world.dir.join(name);
        fs::rename(place("db"), place("x")).unwrap();
        // What the killed run has left of its journal goes with it.
        fs::rename(place("db-journal"), place("x-journal")).unwrap();
        let purge = || match by_receipts {
            true => world.purge_later(&receipts).env("RT_DB", "x"),
            false => world.pending().env("RT_DB", "x"),
        };
        let before =
            (world.image(), world.dir.rows("x", "SELECT * FROM uuids"));
        purge().run().status(3).stderr_has("say --moved");
        let job = world.job().env("RT_DB", "x").run();
        job.expect("a status that is not 0", job.status != 0);
        let image = world.image();
        assert_eq!(world.count("purge") + world.count("store"), 2);
        assert_eq!(world.dir.rows("x", "SELECT * FROM uuids"), before.1);
        for (name, bytes) in before.0 {
            assert!(image[&name].starts_with(&bytes), "{name}");
        }
        let out = purge().arg("--moved").run();
        out.status(0).stdout_has("\"records\":4");
        out.stdout_has("\"superseded\":2");
        fs::rename(place("x"), place("db")).unwrap();
        world.recovers(&rows);
    }
}

/// A second database beside the world's, with one old row of its own.
fn second(world: &World) {
    world.dir.sql(
        "other",
        &format!(
            "CREATE TABLE uuids (k TEXT PRIMARY KEY, n, at, body);
             INSERT INTO uuids VALUES ('other', 0, '{}T10:00:00Z', '')",
            OLD[0]
        ),
    );
}

#[test]
fn other_database_at_recovery_settles_nothing_of_this_one() {
    let (world, receipts, rows) = two_of_six_deleted();
    second(&world);
    let before = (world.image(), world.all());
    let out = world.pending().env("RT_DB", "other").run();
    out.status(3).stderr_has("came from the database");
    let out = world.purge_later(&receipts).env("RT_DB", "other").run();
    out.status(3).stderr_has("came from the database");
    assert_eq!(world.image(), before.0);
    assert_eq!(world.all(), before.1);
    // Its table has files of this one, and takes another name.
    let job = world.job().env("RT_DB", "other").run();
    job.status(2).stderr_has("--database NAME");
    assert_eq!(world.dir.rows("other", "SELECT count(*) FROM uuids"), ["1"]);
    world.recovers(&rows);
    let job = world.job().env("RT_DB", "other");
    job.env("RT_DATABASE", "other").run().status(0);
    assert_eq!(world.dir.rows("other", "SELECT count(*) FROM uuids"), ["0"]);
    world.sound();
    assert_eq!(world.all().len(), rows.len() + 1);
}
