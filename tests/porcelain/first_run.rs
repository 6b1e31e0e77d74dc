//! The first run of somebody whose database, policy or folder is not the one
//! that was meant: nothing is made, and the message says what to do.

use serde_json::Value;

use crate::support::world::World;
use crate::support::{Dir, Out, ordinary};

const JOBS: [(&str, &[&str]); 6] = [
    ("rt-archive", &["all"]),
    ("rt-daily", &["-q"]),
    ("rt-weekly", &["-q"]),
    ("rt-monthly", &["-q"]),
    ("rt-cleanup", &["-q", "archives"]),
    ("rt-full", &["-q"]),
];

/// A database that no built-in policy is for.
fn own() -> World {
    World::builtin(
        "CREATE TABLE audit_log(id INTEGER PRIMARY KEY, ts INTEGER);
        INSERT INTO audit_log VALUES (1, 1500000000000);",
    )
}

/// It ends with status 2, names database and policy, and says what to do;
/// nothing was made.
fn refused(world: &World, out: &Out, policy: &str) {
    out.status(2).stdout("").stderr_has("'db' has none of the tables");
    out.stderr_has(policy).stderr_has("rt-policy --suggest --db 'db'");
    assert!(!world.dir.join("archives").exists(), "{}", world.dir.tree());
}

#[test]
fn database_without_the_tables_of_the_policy_is_refused() {
    let world = own();
    refused(&world, &world.cmd("rt-stat").run(), "the built-in policy names");
    for (job, args) in JOBS {
        let out = world.cmd(job).args(args).run();
        refused(&world, &out, "the built-in policy names");
    }
    let typo = r#"{"table":"audit_lgo","timestamp":"ts","hot":"7d",
        "warm":"30d","cold":"1y"}"#;
    world.dir.write("policy", typo.replace('\n', " "));
    for (job, args) in JOBS {
        refused(&world, &world.cmd(job).args(args).run(), "'policy' names");
    }
    // A line that keeps a table out has it in mind, too.
    world.dir.write("policy", r#"{"table":"Audit_Log","exempt":true}"#);
    for (job, args) in JOBS {
        world.cmd(job).args(args).run().status(0);
    }
}

#[test]
fn job_makes_no_tree_before_the_database_was_opened() {
    let dir = Dir::new();
    dir.write("text", "this is no database, whatever its name says");
    let ad_hoc = ["--timestamp-column=ts", "--older-than=7d", "audit_log"];
    let all: &[(&str, &[&str])] = &[("rt-archive", &ad_hoc)];
    for (job, args) in JOBS.iter().chain(all) {
        for db in ["database/ideas.db", "text"] {
            let out = dir.cmd(job).env("RT_DB", db).args(*args).run();
            out.status(1).stderr_has(&format!("'{db}'"));
            out.stdout_has(&format!("cannot open '{db}'"));
            assert_eq!(dir.tree().lines().count(), 1, "{}", dir.tree());
        }
    }
    for tree in [false, true] {
        if tree {
            dir.folder("archives");
        }
        let out = dir.cmd("rt-full").run();
        let report: Value = serde_json::from_str(&out.stdout).unwrap();
        let cause = "cannot open 'database/ideas.db': no such file or \
                     directory";
        assert_eq!(report["daily"]["tables"][0]["message"], cause);
        assert_eq!(report["weekly"]["tables"][0]["message"], cause);
        // What the archives alone need is done.
        let (status, why) = match tree {
            false => (1, Value::from(cause)),
            true => (3, Value::Null),
        };
        out.status(status);
        assert_eq!(report["monthly"]["purge"]["message"], why);
    }
    let world = own();
    let other = ["--timestamp-column=ts", "--older-than=7d", "audit_lgo"];
    let out = world.cmd("rt-archive").args(other).run();
    out.status(2).stderr_has("'db' has no table 'audit_lgo'");
    assert!(!world.dir.join("archives").exists(), "{}", world.dir.tree());
    let out = world.cmd("rt-archive").args(ad_hoc).run();
    out.status(0).stdout_has("audit_log  archived");
}

#[test]
fn database_that_cannot_be_written_is_refused_before_a_tree_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let world = own();
    let only_read = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(world.dir.join("db"), only_read).unwrap();
    let run = |flags: &str| {
        let script = format!(
            "rt-archive --db db --timestamp-column ts --older-than 7d \
             {flags} audit_log"
        );
        ordinary(&world.dir, &script).run()
    };
    run("-n").status(0).stdout_has("dry_run        1");
    let out = run("");
    out.status(1).stderr_has("hint: run it as a user who may write");
    out.stdout_has("cannot write '").stdout_has("permission denied");
    assert!(!world.dir.join("archives").exists(), "{}", world.dir.tree());
    // Also where the tree is there, and by hand.
    world.dir.folder("archives");
    run("").status(1).stdout_has("permission denied");
    let out = ordinary(&world.dir, "rt-purge --db db --pending").run();
    out.status(1).stdout_has("permission denied").stdout_has("\"ended\"");
}

#[test]
fn job_that_makes_a_tree_says_where_and_says_it_once() {
    let world = own();
    world.dir.write("policy", r#"{"table":"audit_log","exempt":true}"#);
    let run = |args: &[&str]| world.cmd("rt-daily").args(args).run();
    run(&["-n"]).status(0).stderr("");
    let made = world.dir.join("archives");
    run(&["-q"]).status(0).stdout("").stderr(&format!(
        "rt-lock: warning: there was no archive tree: made '{}'\n",
        made.display()
    ));
    run(&["-q"]).status(0).stdout("").stderr("");
}

#[test]
fn every_report_names_policy_database_tree_and_duration() {
    let world = own();
    world.dir.write("policy", r#"{"table":"audit_log","exempt":true}"#);
    let full = |name: &str| world.dir.join(name).display().to_string();
    for (job, args) in [
        ("rt-daily", &[][..]),
        ("rt-monthly", &[]),
        ("rt-full", &[]),
        ("rt-cleanup", &["--json", "archives"]),
        ("rt-scaletrace", &["--table=audit_log", "--timestamp-column=ts"]),
    ] {
        let out = world.cmd(job).args(args).run();
        out.status(0);
        let report: Value = serde_json::from_str(&out.stdout).unwrap();
        for (key, name) in [
            ("policy", "policy"),
            ("database", "db"),
            ("archives", "archives"),
        ] {
            // rt-scaletrace has a tree of its own.
            let tree = key == "archives" && job == "rt-scaletrace";
            out.expect(key, tree || report[key] == full(name));
        }
        let took = report["duration_seconds"].as_f64().unwrap();
        out.expect("a duration", (0.0..600.0).contains(&took));
    }
    for (command, args) in [
        ("rt-archive", &["all"][..]),
        ("rt-cleanup", &["archives"]),
        ("rt-retention", &["status"]),
        ("rt-retention", &["policy"]),
        ("rt-retention", &["stats"]),
    ] {
        let out = world.cmd(command).args(args).run();
        out.status(0);
        for (key, name) in [
            ("policy", "policy"),
            ("database", "db"),
            ("archives", "archives"),
        ] {
            let line = format!("{key:8}  {}\n", full(name));
            out.stdout_has(&line);
        }
    }
}

#[test]
fn rt_full_says_once_that_there_is_no_database() {
    for tree in [false, true] {
        let dir = Dir::new();
        if tree {
            dir.folder("archives");
        }
        let out = dir.cmd("rt-full").args(["--db", "nowhere.db"]).run();
        out.status_of(&[1, 3]).stderr(
            "rt-policy: cannot open 'nowhere.db': no such file or directory\n\
             hint: name the database with --db FILE, or set RT_DB\n",
        );
    }
}
