//! Waiting: for input, and for the lock.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::world::World;
use crate::support::{NOW, bins, kill};

const TABLE: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, at); \
                     INSERT INTO t VALUES(1, '2026-01-01')";

/// A program that waits for its input.
fn waiting(world: &World, program: &str) -> Child {
    Command::new(bins().join(program))
        .arg("t")
        .current_dir(world.dir.path())
        .envs([("RT_DB", "db"), ("RT_ARCHIVES", "archives")])
        .env("RT_POLICY", "policy")
        .env("RT_NOW", NOW)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether the tree's lock is free.
fn is_free(world: &World) -> bool {
    world.sh("rt-lock --create archives -- true").run().status == 0
}

/// Ends a program by a signal; its status, and how long it took.
fn signal(mut child: Child, signal: &str) -> (Option<i32>, Duration) {
    let began = Instant::now();
    kill(child.id(), signal);
    // Its input stays open: waiting for the end would close it.
    let input = child.stdin.take();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if began.elapsed() > Duration::from_secs(10) => {
                child.kill().unwrap();
            }
            None => {}
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    drop(input);
    (status.code(), began.elapsed())
}

#[test]
fn a_signal_ends_a_store_that_waits_for_input() {
    for (name, status) in [("-TERM", 143), ("-INT", 130)] {
        let world = World::of(TABLE);
        let child = waiting(&world, "rt-store");
        let began = Instant::now();
        // It makes the ledger once it has the lock; to try the lock before
        // that could take it away from it.
        while !world.dir.join("archives/ledger.jsonl").exists() {
            assert!(began.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!is_free(&world));
        let (code, took) = signal(child, name);
        assert_eq!(code, Some(status), "{name}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert!(is_free(&world));
    }
}

#[test]
fn a_signal_ends_a_purge_that_waits_for_input() {
    let world = World::of(TABLE);
    let child = waiting(&world, "rt-purge");
    let caught = format!("/proc/{}/status", child.id());
    let began = Instant::now();
    // Bit 14 of the caught signals is SIGTERM.
    while !std::fs::read_to_string(&caught).unwrap().lines().any(|line| {
        line.strip_prefix("SigCgt:\t").is_some_and(|mask| {
            u64::from_str_radix(mask, 16).unwrap() & 1 << 14 != 0
        })
    }) {
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
    let (code, took) = signal(child, "-TERM");
    assert_eq!(code, Some(143));
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn the_longest_waits_are_waits_or_usage_errors() {
    let world = World::of(TABLE);
    let long = ["500000000000y", "18446744073709551615s", "100000000000y"];
    for wait in long {
        for script in [
            format!("rt-purge --lock-wait {wait} --pending"),
            format!("rt-lock --create --wait {wait} archives -- true"),
            format!("rt-purge --max-runtime {wait} --pending"),
            format!("rt-purge --busy-timeout {wait} --pending"),
        ] {
            let out = world.sh(&script).run();
            out.expect("no panic", matches!(out.status, 0 | 2));
        }
    }
}

#[test]
fn the_locks_of_two_trees_are_both_handed_down() {
    let world = World::of(TABLE);
    let store = "rt-export --due t | rt-lock --create archives -- rt-lock --create b -- \
                 rt-store --archives archives t";
    let out = world.sh(store).run();
    out.status(0).stdout_has("\"type\":\"receipt\"");
    let both = "rt-lock archives -- rt-lock b -- sh -c \
                'rt-purge --archives archives --pending && \
                 rt-purge --archives b --pending'";
    world.sh(both).run().status(0).stdout_has("\"records\":1");
    // Neither is free meanwhile for those who did not inherit it.
    for tree in ["archives", "b"] {
        let other = format!(
            "rt-lock --create archives -- rt-lock --create b -- \
             env -u RT_LOCK_FD rt-lock {tree} -- true"
        );
        world.sh(&other).run().status(75);
    }
}
