//! Links and special files below a tree's root: nothing is followed out of the
//! tree, nothing is waited for, and the rest of the tree goes on.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::support::system;
use crate::support::world::World;

const NOW: &str = "2026-01-08T00:00:00Z";
const LATER: &str = "2026-03-15T00:00:00Z";
const THEIRS: &str =
    "{\"id\":7,\"start_time\":\"2025-12-04T00:00:00Z\",\"x\":\"theirs\"}\n";

/// A tree with a day of ours, and one that is a link to a folder outside.
fn world() -> World {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    world.archive(NOW);
    world.dir.write("outside/tool_uses.jsonl", THEIRS);
    world.dir.write("outside/.rt-tmp-theirs", "kept");
    let outside = world.dir.join("outside");
    symlink(outside, world.dir.join("archives/warm/2025-12-04")).unwrap();
    world
}

fn untouched(world: &World) {
    assert_eq!(world.dir.read("outside/tool_uses.jsonl"), THEIRS);
    assert_eq!(world.dir.read("outside/.rt-tmp-theirs"), "kept");
}

#[test]
fn day_that_is_a_link_is_left_and_the_others_go_on() {
    let world = world();
    let cat = world.cmd("rt-cat").arg("tool_uses").now(LATER).run();
    cat.status(5).stderr_has("2025-12-04' is not a folder but");
    cat.expect("our row alone", cat.stdout.lines().count() == 1);
    world.expire(LATER, &["-n"]).status(5);
    let moved = world.consolidate(LATER, &[]);
    moved.status(5).stderr_has("put a real folder in its place");
    assert_eq!(world.files_of("cold"), ["cold/2025/2025-12.tar.gz"]);
    untouched(&world);
    world.cmd("rt-verify").now(LATER).run().stdout_has("2025-12-04");
    world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(5);
    assert!(world.files_of("cold").is_empty());
    world.pending().now(LATER).run().status(0);
    world.insert("tool_uses", 2, &["2025-12-05"]);
    world.archive(LATER);
    assert_eq!(world.row("SELECT count(*) FROM tool_uses"), "0");
    untouched(&world);
}

#[test]
fn row_whose_archive_lies_behind_a_link_stays_in_the_database() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    let receipts = world.stored("tool_uses");
    let day = world.dir.join("archives/warm/2025-12-02");
    fs::rename(&day, world.dir.join("outside")).unwrap();
    symlink(world.dir.join("outside"), &day).unwrap();
    let out = world.purge(&receipts).now(NOW).run();
    out.status(5).stderr_has("symbolic link");
    assert_eq!(world.row("SELECT count(*) FROM tool_uses"), "1");
    assert!(world.dir.join("outside/tool_uses.jsonl.gz").exists());
    fs::remove_file(&day).unwrap();
    fs::rename(world.dir.join("outside"), &day).unwrap();
    world.purge(&receipts).now(NOW).run().status(0);
    assert_eq!(world.row("SELECT count(*) FROM tool_uses"), "0");
}

#[test]
fn year_of_the_cold_tier_that_is_a_link_is_not_read() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    world.archive(NOW);
    world.consolidate(LATER, &[]).status(0);
    let year = world.dir.join("archives/cold/2025");
    fs::rename(&year, world.dir.join("outside")).unwrap();
    symlink(world.dir.join("outside"), &year).unwrap();
    let tar = world.dir.join("outside/2025-12.tar.gz");
    let before = fs::read(&tar).unwrap();
    let cat = world.cmd("rt-cat").arg("tool_uses").now(LATER).run();
    cat.status(5).stdout("").stderr_has("cold/2025' is not a folder but");
    world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(5);
    assert!(before == fs::read(&tar).unwrap());
}

#[test]
fn tier_that_is_a_link_is_left_and_the_rest_is_served() {
    for (tier, rows) in [("warm", [false, true]), ("cold", [true, false])] {
        let world = World::tiers();
        world.insert("tool_uses", 1, &["2025-11-02"]);
        world.archive(NOW);
        world.consolidate("2026-01-20T00:00:00Z", &[]).status(0);
        world.insert("tool_uses", 2, &["2025-12-02"]);
        world.archive(NOW);
        let real = world.dir.join("archives").join(tier);
        let outside = world.dir.join("outside");
        fs::rename(&real, &outside).unwrap();
        symlink(&outside, &real).unwrap();
        let before = world.dir.tree();
        let cat = world.cmd("rt-cat").arg("tool_uses").now(NOW).run();
        cat.status(5).stderr_has(&format!("{tier}' is not a folder but"));
        let has = ["\"id\":2,", "\"id\":1,"].map(|id| cat.stdout.contains(id));
        assert_eq!(has, rows, "{tier}: {}", cat.stdout);
        world.consolidate(LATER, &["-n"]).status(5);
        world.expire("2028-01-01T00:00:00Z", &["-n", "--yes"]).status(5);
        world.consolidate(LATER, &[]).status(5);
        world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(5);
        world.cmd("rt-verify").now(LATER).run().status(5);
        let now = world.dir.tree();
        let kept = |tree: &str| {
            let lines = tree.lines().filter(|l| l.starts_with("outside/"));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(kept(&before), kept(&now));
        fs::remove_file(&real).unwrap();
        fs::rename(&outside, &real).unwrap();
        world.cmd("rt-verify").now(LATER).run().status(0);
    }
}

#[test]
fn recovery_that_cannot_finish_blocks_its_own_table() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    world.insert("message_bus_log", 2, &["2025-12-03"]);
    world.archive(NOW);
    let stopped = world.cmd("rt-consolidate").now(LATER);
    stopped.env("RT_FAIL", "change.renamed=kill").run().status(137);
    let file = world.dir.join("archives/warm/2025-12-02/tool_uses.jsonl.gz");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    world.insert("assertion_results", 3, &["2025-11-02"]);
    let job = world.cmd("rt-archive").arg("all").now(NOW).run();
    job.status(3).stdout_has("it is no regular file: move it away");
    assert_eq!(world.row("SELECT count(*) FROM assertion_results"), "0");
    fs::remove_dir(&file).unwrap();
    world.consolidate(LATER, &[]).status(0);
    world.cmd("rt-verify").now(LATER).run().status(0);
}

#[test]
fn without_openat2_the_same_is_done_and_the_same_refused() {
    for error in ["ENOSYS", "EPERM"] {
        let world = world();
        let strace = |program: &str, args: &[&str]| {
            let inject = format!("inject=openat2:error={error}");
            world
                .cmd("strace")
                .args(["-f", "-o", "/dev/null", "-e", &inject, program])
                .args(args)
                .now(LATER)
                .run()
        };
        if system("strace").is_none() || strace("true", &[]).status != 0 {
            return;
        }
        let cat = strace("rt-cat", &["tool_uses"]);
        cat.status(5).stderr_has("2025-12-04' is not a folder but");
        cat.expect("our row alone", cat.stdout.lines().count() == 1);
        strace("rt-consolidate", &[]).status(5);
        assert_eq!(world.files_of("cold"), ["cold/2025/2025-12.tar.gz"]);
        strace("rt-verify", &[]).stdout_has("2025-12-04");
        untouched(&world);
    }
}

/// Whatever the programs do below the root, they do in a folder that the
/// kernel led them to without following a link: a name is never looked at
/// first and used then.
#[test]
fn nothing_below_the_root_is_used_by_its_path() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02", "2025-11-02"]);
    let script = "rt-archive all && rt-consolidate && rt-expire --yes && \
                  rt-cat tool_uses && rt-verify && rt-stat --archives && \
                  rt-retention check; rt-verify --repair --yes";
    let calls = "trace=open,openat,openat2,creat,rename,renameat,renameat2,\
                 link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,\
                 truncate";
    let out = world
        .cmd("strace")
        .args(["-f", "-y", "-s", "400", "-o", "trace", "-e", calls])
        .args(["sh", "-c", script])
        .now(LATER)
        .run();
    if system("strace").is_none() || out.status == 1 {
        return;
    }
    let root = world.dir.join("archives").canonicalize().unwrap();
    let root = root.to_str().unwrap().to_owned();
    let (mut resolved, mut wrong) = (0, Vec::new());
    for call in world.dir.read("trace").lines() {
        let names: Vec<&str> = call.split('"').skip(1).step_by(2).collect();
        let by_path = |name: &&str| name.contains("archives/");
        if call.contains("openat2(") && call.contains("RESOLVE_NO_SYMLINKS") {
            resolved += u32::from(call.contains(&root));
        } else if names.iter().any(by_path)
            || (call.contains(&format!("<{root}"))
                && names.iter().any(|name| name.contains('/')))
        {
            wrong.push(call.to_owned());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(resolved > 20, "{resolved} openings in the tree");
}

/// Puts what is no file where one was; whether it can be made here.
fn put(kind: &str, path: &Path) -> bool {
    let made = |program: &str, args: &[&str]| {
        let command =
            system(program).map(|mut c| c.arg(path).args(args).status());
        command.is_some_and(|status| status.unwrap().success())
    };
    match kind {
        "pipe" => made("mkfifo", &[]),
        "socket" => UnixListener::bind(path).is_ok(),
        "folder" => fs::create_dir(path).is_ok(),
        "endless device" => made("mknod", &["c", "1", "5"]),
        _ => symlink("/dev/zero", path).is_ok(),
    }
}

#[test]
fn what_is_no_file_is_a_message_and_no_wait() {
    for kind in ["pipe", "socket", "endless device", "folder", "link"] {
        for file in [
            "ledger.jsonl",
            "lock",
            "warm",
            "warm/2025-12-02/tool_uses.jsonl.gz",
            "cold/2025/2025-11.tar.gz",
            "schema",
        ] {
            stands_in_the_place_of(kind, file);
        }
    }
}

fn stands_in_the_place_of(kind: &str, file: &str) {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-11-02"]);
    world.archive(NOW);
    world.consolidate("2026-01-20T00:00:00Z", &[]).status(0);
    world.insert("tool_uses", 2, &["2025-12-02"]);
    world.archive(NOW);
    let mut path = world.dir.join("archives").join(file);
    if file == "schema" {
        let kept = fs::read_dir(&path).unwrap().next().unwrap();
        path = kept.unwrap().path();
    }
    match path.is_dir() {
        true => fs::remove_dir_all(&path).unwrap(),
        false => fs::remove_file(&path).unwrap(),
    }
    if !put(kind, &path) {
        return;
    }
    world.insert("tool_uses", 3, &["2025-12-02"]);
    for (program, args) in [
        ("rt-cat", &["tool_uses"][..]),
        ("rt-consolidate", &[]),
        ("rt-expire", &["--yes"]),
        ("rt-purge", &["--pending"]),
        ("rt-verify", &[]),
        ("rt-stat", &["--archives"]),
        ("rt-archive", &["tool_uses"]),
    ] {
        let run = world.cmd(program).args(args).now(LATER).patience(20);
        let out = run.run();
        let known = matches!(out.status, 0 | 1 | 3 | 4 | 5);
        out.expect("a known status", known);
    }
}
