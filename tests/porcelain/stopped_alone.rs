//! A script that is signalled alone, as a supervisor does it, and not with all
//! of its processes: it ends with the program that it waits for.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::kill;
use crate::support::world::{World, until};

const TABLE: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, at); \
                     INSERT INTO t VALUES(1, '2026-01-01')";
const RULE: &str = r#"{"table":"t","timestamp":"at","hot":"7d",
    "warm":"30d","cold":"365d"}"#;
/// Linux's O_NONBLOCK: to open a pipe that nobody reads is an error then.
const O_NONBLOCK: i32 = 0o4000;

fn start(world: &World, program: &str, args: &[&str]) -> Child {
    let command = world.cmd(program).args(args).env("RT_POLICY", "pipe");
    let command = command.path_first(world.dir.join("stubs"));
    let mut command = command.command();
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Signals it, and no other process; its status.
fn signalled(mut child: Child, signal: &str) -> Option<i32> {
    let began = Instant::now();
    kill(child.id(), signal);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if began.elapsed() > Duration::from_secs(2) {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn script_hands_a_signal_on_to_what_it_waits_for() {
    for (script, args) in [
        ("rt-archive", &["all"][..]),
        ("rt-daily", &[]),
        ("rt-weekly", &[]),
        ("rt-monthly", &[]),
        ("rt-full", &[]),
        ("rt-cleanup", &["archives"]),
        ("rt-retention", &["status"]),
        ("rt-retention", &["check"]),
        ("rt-retention", &["policy"]),
        ("rt-doctor", &[]),
    ] {
        for (signal, status) in [("-TERM", 143), ("-INT", 130)] {
            let world = World::of(TABLE);
            world.dir.folder("archives");
            world.sh("mkfifo pipe").run().status(0);
            let child = start(&world, script, args);
            // A program of it waits for a policy that never comes.
            let mut open = OpenOptions::new();
            open.write(true).custom_flags(O_NONBLOCK);
            let mut policy = None;
            until("the policy is read", || {
                policy = open.open(world.dir.join("pipe")).ok();
                policy.is_some()
            });
            let ended = signalled(child, signal);
            assert_eq!(ended, Some(status), "{script} {args:?} {signal}");
        }
    }
}

#[test]
fn copy_to_a_remote_that_hangs_is_stopped() {
    for (script, args) in [
        ("rt-ship", &["r:x"][..]),
        ("rt-fetch", &["--archives", "new", "r:x"]),
    ] {
        let world = World::of(TABLE);
        world.cmd("rt-archive").arg("all").run().status(0);
        let hangs = "#!/bin/sh\n: >reached\nexec sleep 60\n";
        world.dir.script("stubs/rclone", hangs);
        let child = start(&world, script, args);
        let reached = world.dir.join("reached");
        until("the remote is asked", || reached.exists());
        assert_eq!(signalled(child, "-TERM"), Some(143), "{script}");
    }
}

#[test]
fn erasure_begins_nothing_more_once_it_is_stopped() {
    let world = World::of(TABLE);
    let stored = "rt-export --timestamp-column at --due --before 2026-01-10 \
                  t | rt-store --timestamp-column at t >receipts";
    world.sh(stored).run().status(0);
    let database = Connection::open(world.dir.join("db")).unwrap();
    database.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // The check whether rt-erase has the lock holds it for a moment, and
    // rt-erase must wait for that.
    let args = ["--wait=10s", "--hot", "--yes", "--where", "id=1"];
    let args = [&args[..], &["--reason", "x", "t"]].concat();
    world.dir.write("pipe", RULE);
    let child = start(&world, "rt-erase", &args);
    // It has the lock, and waits for the database, which each step would.
    until("the lock is taken", || {
        world.sh("rt-lock archives -- true").run().status == 75
    });
    sleep(Duration::from_millis(500));
    assert_eq!(signalled(child, "-TERM"), Some(143));
    drop(database);
    world.cmd("rt-erase").args(args).run().status(0);
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
}
