//! What is not done, and what is said then.

use super::*;

#[test]
fn ledger_of_another_tree_is_left_alone() {
    if !has_rclone() {
        return;
    }
    let world = world();
    world.sh("cp -a archives older").run().status(0);
    shipped(&world, "remote");
    let there = below(&world.dir.join("remote"));
    world.sh("rm -rf archives; mv older archives").run().status(0);
    world.sh("rt-hold add --reason r t").run().status(0);
    let out = ship(&world, "rt-ship").arg("remote").run();
    out.status(5).stderr_has("which is not of this tree's ledger");
    assert_eq!(below(&world.dir.join("remote")), there);
    assert_eq!(world.count("ship"), 0);
}

#[test]
fn remote_that_lost_its_ledger_is_told() {
    if !has_rclone() {
        return;
    }
    let world = world();
    shipped(&world, "remote");
    world.sh("rm -r remote").run().status(0);
    let out = ship(&world, "rt-ship").arg("remote").run();
    out.status(5).stderr_has("has no ledger any more");
}

#[test]
fn unsettled_segment_keeps_the_ledger_back_and_damage_is_told() {
    if !has_rclone() {
        return;
    }
    let world = world();
    world.sql("INSERT INTO t VALUES(90, '2026-01-02T09:00:00Z', 'n')");
    world.stored("t");
    let out = ship(&world, "rt-ship").arg("remote").run();
    out.status(3).stderr_has("the ledger at ");
    assert_eq!(objects(&out, "shipped").len(), 4, "three days and a schema");
    assert!(!world.dir.join("remote/host=a/ledger").exists());
    world.pending().run().status(0);
    world.sh("printf x >>archives/warm/2026-01-02/t.jsonl.gz").run().status(0);
    let out = ship(&world, "rt-ship").arg("remote").run();
    out.status(5).stderr_has("is not what the ledger says");
    assert!(!world.dir.join("remote/host=a/ledger").exists());
}

#[test]
fn copy_that_is_not_what_it_should_be_is_not_entered() {
    if !has_rclone() {
        return;
    }
    let world = world();
    // A half copy under the very name, as of a run that was killed.
    let name = wanted(&world).into_iter().find(|n| n.starts_with("warm/"));
    let name = name.unwrap();
    world.dir.write(&format!("remote/host=a/{name}"), "half");
    shipped(&world, "remote");
    assert_eq!(below(&world.dir.join("remote/host=a")), wanted(&world));
    comes_back(&world, "remote");
}

#[test]
fn object_that_is_gone_or_changed_is_told_by_fetch() {
    if !has_rclone() {
        return;
    }
    let world = world();
    shipped(&world, "remote");
    let name = wanted(&world).into_iter().find(|n| n.starts_with("warm/"));
    world.dir.write(&format!("remote/host=a/{}", name.unwrap()), "other");
    let fetch = ["--archives", "back", "remote"];
    let out = ship(&world, "rt-fetch").args(fetch).run();
    out.status(5).stderr_has("does not hold what its ledger names: 1 object");
    assert!(!world.dir.join("back").exists());
}

#[test]
fn without_rclone_nothing_is_begun() {
    let world = world();
    let tools = world.dir.join("tools");
    fs::create_dir(&tools).unwrap();
    for tool in ["readlink", "dirname", "uname", "sed", "awk", "sh", "env"] {
        let at = system("sh").map(|_| format!("/usr/bin/{tool}")).unwrap();
        std::os::unix::fs::symlink(at, tools.join(tool)).unwrap();
    }
    let bins = crate::support::bins().display().to_string();
    let path = format!("{bins}:{}", tools.display());
    let script = crate::support::root().join("scripts/rt-ship");
    let out = world
        .cmd(script.to_str().unwrap())
        .env("PATH", path)
        .args(["--host", "a", "remote"]);
    out.run().status(1).stderr_has("there is no rclone");
    assert!(!world.dir.join("archives/.rt-ship").exists());
}

#[test]
fn host_that_is_no_folder_is_refused() {
    let world = world();
    for host in ["", "a/b", "a b"] {
        let args = ["--host", host, "remote"];
        let out = world.cmd("rt-ship").args(args).run();
        out.status(2).stderr_has("a host cannot be called");
    }
}

#[test]
fn statements_that_are_no_file_keep_nothing_else_back() {
    if !has_rclone() {
        return;
    }
    let world = world();
    let fifo = "mkfifo -m 600 archives/schema/t-000000000000.sql";
    world.sh(fifo).run().status(0);
    let out = ship(&world, "rt-ship").arg("remote").run();
    out.status(5).stderr_has("it is no regular file");
    assert_eq!(objects(&out, "shipped").len(), 6, "and the ledger");
}
