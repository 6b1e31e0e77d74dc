//! What a remote of each kind holds, through all that happens to archives.

use super::remote::Remote;
use super::*;

/// Ships, fetches back, erases and ships again.
fn ships_and_fetches(world: &World, remote: &Remote) {
    let ship = |program: &str| remote.told(super::ship(world, program));
    let shipped = ship("rt-ship").arg(remote.name).run();
    shipped.status(0).stderr("");
    let events = world.events_of("shipped");
    assert!(events.iter().all(|e| e["checked"] == remote.checked));
    let hashed = |e: &Value| e["hashes"].as_object().is_some();
    let hashes = events.iter().all(hashed);
    assert_eq!(hashes, remote.checked == "hash");
    world.sh("rt-rewrite --yes --reason r --where name=n3 t").run().status(0);
    let again = ship("rt-ship").arg(remote.name).run();
    again.status(0).stderr("");
    assert!(!objects(&again, "leaving").is_empty());
    world.sh("rm -rf back").run().status(0);
    let back = ["--archives", "back", remote.name];
    ship("rt-fetch").args(back).run().status(0).stderr("");
    let absent = ["--absent", "name=n3", "--archives", "back"];
    world.cmd("rt-verify").args(absent).run().status(0);
    world
        .sh("rt-cat t >a; rt-cat --archives back t | cmp - a")
        .run()
        .status(0);
    // Nothing is new: nothing is copied, entered or taken away.
    let before = world.dir.read("archives/ledger.jsonl");
    ship("rt-ship").arg(remote.name).run().status(0).stdout("").stderr("");
    assert_eq!(world.dir.read("archives/ledger.jsonl"), before);
}

#[test]
fn folder() {
    if has_rclone() {
        ships_and_fetches(&world(), &Remote::folder());
    }
}

#[test]
fn webdav_without_hashes() {
    if has_rclone() {
        let world = world();
        ships_and_fetches(&world, &Remote::webdav(&world));
    }
}

#[test]
fn sftp() {
    if has_rclone() {
        let world = world();
        ships_and_fetches(&world, &Remote::sftp(&world));
    }
}

#[test]
fn crypt_over_a_folder() {
    if has_rclone() {
        let world = world();
        ships_and_fetches(&world, &Remote::crypt(&world));
    }
}

#[test]
fn s3() {
    if !has_rclone() {
        return;
    }
    let world = world();
    if let Some(remote) = Remote::s3() {
        ships_and_fetches(&world, &remote);
    }
}

#[test]
fn warm_files_leave_when_their_month_is_there_and_erased_rows_with_them() {
    if !has_rclone() {
        return;
    }
    let world = world();
    let there = || below(&world.dir.join("remote/host=a"));
    let first = shipped(&world, "remote");
    assert_eq!(there(), wanted(&world));
    assert_eq!(objects(&first, "leaving"), [""; 0]);
    comes_back(&world, "remote");
    let old = ["--older-than", "20d"];
    world.consolidate("2026-01-15T00:00:00Z", &old).status(0);
    let dry = ship(&world, "rt-ship").args(["-n", "remote"]).run();
    dry.status(0).stderr("");
    assert_eq!(objects(&dry, "object").len(), 2);
    let second = shipped(&world, "remote");
    assert_eq!(objects(&second, "leaving").len(), 2);
    assert_eq!(there(), wanted(&world));
    comes_back(&world, "remote");
    world.sh("rt-rewrite --yes --reason r --where name=n3 t").run().status(0);
    let third = shipped(&world, "remote");
    assert_eq!(objects(&third, "leaving").len(), 4);
    assert_eq!(there(), wanted(&world));
    comes_back(&world, "remote");
    world.sound();
}

#[test]
fn what_expired_goes_and_what_was_only_shipped_stays() {
    if !has_rclone() {
        return;
    }
    let world = world();
    let there = || below(&world.dir.join("remote/host=a"));
    // Nothing was shipped: nothing goes.
    let args = ["--yes", "--shipped-only"];
    let end = "2027-01-20T00:00:00Z";
    let kept = world.expire(end, &args);
    kept.status(0).stdout_has("\"unshipped\":[{\"table\":\"t\"");
    assert_eq!(world.count("expire"), 0);
    shipped(&world, "remote");
    let before = there();
    world.expire(end, &args).status(0);
    assert_eq!(world.count("expired"), 2);
    assert_eq!(world.events_of("expire")[0]["shipped"], true);
    assert_eq!(objects(&shipped(&world, "remote"), "leaving"), [""; 0]);
    assert_eq!(there(), before, "the only copies stay");
    comes_back(&world, "remote");
    // Who erases is told what cannot be looked into.
    let erase = "rt-rewrite --yes --reason r --where name=n3 t";
    let erased = world.sh(erase).run();
    erased.status(3).stderr_has("they are not looked into");
    shipped(&world, "remote");
    world.expire("2027-03-01T00:00:00Z", &["--yes"]).status(0);
    shipped(&world, "remote");
    let only = |name: &String| name.starts_with("warm/2025");
    let left: BTreeSet<String> = before.into_iter().filter(only).collect();
    let now = there().into_iter().filter(|n| !n.starts_with("schema/"));
    assert_eq!(now.collect::<BTreeSet<_>>(), left);
    world.sound();
}

#[test]
fn days_come_back_and_the_ledger_says_what_did_not() {
    if !has_rclone() {
        return;
    }
    let world = world();
    shipped(&world, "remote");
    let days = ["--since", "2026-01-03", "--archives", "back"];
    let dry = ship(&world, "rt-fetch").args(days).args(["-n", "remote"]).run();
    dry.status(0).stderr("");
    assert_eq!(objects(&dry, "object").len(), 2, "a day, and the schema");
    assert!(!world.dir.join("back.rt-fetch").exists());
    let fetch = || ship(&world, "rt-fetch").args(days).arg("remote").run();
    fetch().status(0).stderr("");
    verified(&world);
    let rows = world.sh("rt-cat --archives back t").run();
    assert_eq!(rows.stdout.lines().count(), 5);
    let said = world.dir.read("back/ledger.jsonl");
    assert_eq!(said.matches("\"by_hand\":true,\"shipped\":true").count(), 3);
    // A tree is never written into.
    let full = fetch();
    full.status(1).stderr_has("is not an empty folder");
    // Work goes on with it, under the same name, and nothing at the remote goes.
    let there = below(&world.dir.join("remote/host=a"));
    world.sh("rm -rf archives; mv back archives").run().status(0);
    assert_eq!(objects(&shipped(&world, "remote"), "leaving"), [""; 0]);
    assert_eq!(below(&world.dir.join("remote/host=a")), there);
    comes_back(&world, "remote");
}
