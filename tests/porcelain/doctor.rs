//! rt-doctor: each thing that can be wrong is found, with a command; where all
//! is well it says so.

use crate::support::world::World;
use crate::support::{Dir, Out, ordinary};

const LINE: &str = r#"{"table":"audit_log","timestamp":"at","hot":"7d","warm":"90d","cold":"1y"}"#;

fn world() -> World {
    let world = World::builtin(
        "PRAGMA journal_mode = wal;
         CREATE TABLE audit_log(id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT);
         INSERT INTO audit_log VALUES (1, '2025-12-03'), (2, '2026-01-14')",
    );
    world.dir.write("policy", LINE);
    world.dir.script("stubs/crontab", "#!/bin/sh\necho '0 2 * * * rt-daily'");
    world
}

fn doctor(world: &World, flags: &[&str]) -> Out {
    let cmd = world.cmd("rt-doctor").env("RT_POLICY", "policy");
    cmd.path_first(world.dir.join("stubs")).args(flags).run()
}

fn finds(out: &Out, about: &str, what: &str, command: &str) {
    out.status(6);
    let lines: Vec<&str> = out.stdout.lines().collect();
    let start = format!("look  {about}: ");
    let at =
        lines.iter().position(|l| l.starts_with(&start) && l.contains(what));
    out.expect(&format!("{about}: {what}"), at.is_some());
    let next = lines[at.unwrap()..].iter().find(|l| l.starts_with("      $ "));
    out.expect(command, next.is_some_and(|l| l.contains(command)));
}

#[test]
fn nothing_is_found_where_a_night_went_well() {
    let world = world();
    for job in ["rt-daily", "rt-monthly"] {
        let job = world.cmd(job).env("RT_POLICY", "policy").arg("-q").run();
        job.status(0);
    }
    let before = world.dir.tree();
    let out = doctor(&world, &[]);
    out.status(0).stderr("").stdout("nothing is in the way\n");
    assert_eq!(world.dir.tree(), before);
    doctor(&world, &["-q"]).status(0).stdout("");
    doctor(&world, &["-v"]).status(0).stdout_has("ok    policy\n");
}

#[test]
fn each_thing_that_is_wrong_has_its_command() {
    let world = world();
    let out = doctor(&world, &[]);
    finds(&out, "runs", "the daily job never ran", "rt-retention check");
    world.dir.script("stubs/crontab", "#!/bin/sh\nexit 1");
    finds(&doctor(&world, &[]), "timers", "no timer", "man rt-schedule");
    world.dir.write("policy", LINE.replace("\"at\"", "\"att\""));
    finds(&doctor(&world, &[]), "policy", "'att'", "rt-policy --check");
    world.dir.write("policy", LINE.replace("audit", "other"));
    finds(&doctor(&world, &[]), "settings", "none of the tables", "rt-daily");
    world.dir.write("policy", LINE);
    let log = std::fs::File::create(world.dir.join("db-wal")).unwrap();
    log.set_len(70 << 20).unwrap();
    finds(&doctor(&world, &[]), "readers", "a reader keeps it", "fuser");
    drop(log);
    std::fs::remove_file(world.dir.join("db-wal")).unwrap();
    let df = "#!/bin/sh\necho h; echo / 1 1 0 1 /\n";
    world.dir.script("stubs/df", df);
    finds(&doctor(&world, &[]), "room", "0 KiB are free", "df -h");
    world.dir.write(
        "archives/ledger.jsonl",
        "{\"seq\":1,\"at\":\"2026-02-01T00:00:00Z\"}\n",
    );
    finds(&doctor(&world, &[]), "clock", "the last run was at", "date");
    finds(&doctor(&world, &["--db=no"]), "database", "not there", "ls -l");
}

#[test]
fn folder_that_cannot_be_written_is_found() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    dir.sql("db", "CREATE TABLE audit_log(id INTEGER PRIMARY KEY, at TEXT)");
    dir.write("policy", LINE);
    let set = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(dir.path(), mode).unwrap();
    };
    set(0o555);
    let script = "TMPDIR=/tmp rt-doctor --db db --policy policy";
    let out = ordinary(&dir, script).run();
    set(0o755);
    finds(&out, "permissions", "may not write '.'", "ls -ld '.'");
}
