//! rt-init: what it writes for a database works as it stands, and nothing is
//! done to the database.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::support::{Cmd, Dir, SHELLS};

/// A folder with a blank in its name, and in it a database with a log.
fn world() -> Dir {
    let dir = Dir::new();
    dir.folder("my app");
    dir.sql(
        "my app/app.db",
        "CREATE TABLE audit_log(id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT,
            what TEXT);
         CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
            WHERE i < 90)
         INSERT INTO audit_log SELECT i,
            date('2025-10-16', i || ' days') || 'T10:00:00Z', 'login' FROM n;
         INSERT INTO users VALUES (1, 'ann')",
    );
    dir
}

fn init<'a>(dir: &'a Dir, shell: &str, args: &[&str]) -> Cmd<'a> {
    let cmd = dir.cmd("rt-init").path_first(dir.scripts_for(shell));
    cmd.args(["--to", "etc", "--db"]).args(args).env("EDITOR", "cat")
}

#[test]
fn commands_that_it_prints_lead_to_a_night_that_archives() {
    for shell in SHELLS {
        let dir = world();
        let before = fs::read(dir.join("my app/app.db")).unwrap();
        let out = init(&dir, shell, &["my app/app.db"]).run();
        out.status(0).stderr("").stdout_has("1 of 2 tables have periods");
        out.stdout_has("  largest of those with a time: 'audit_log' ");
        let (_, next) = out.stdout.split_once("Next:\n").unwrap();
        let next: Vec<&str> = next.lines().map(str::trim_start).collect();
        assert_eq!(next.len(), 3, "{}", out.stdout);
        // The first two as they are printed; the third is the crontab's.
        for command in &next[..2] {
            dir.cmd("sh").args(["-c", command]).run().status(0).stderr("");
        }
        assert!(next[2].contains("| crontab -"), "{}", next[2]);
        assert_eq!(fs::read(dir.join("my app/app.db")).unwrap(), before);
        assert!(!dir.join("my app/app-archives").exists());
        let crontab = dir.read("etc/app.crontab");
        let jobs: Vec<&str> = crontab
            .lines()
            .filter(|l| l.starts_with('0'))
            .map(|l| l.split_once("  ").unwrap().1)
            .collect();
        assert_eq!(jobs.len(), 4, "{crontab}");
        for job in jobs {
            dir.cmd("sh").args(["-c", job]).run().status(0).stdout("");
        }
        let left = dir.rows("my app/app.db", "SELECT count(*) FROM audit_log");
        assert_eq!(left, ["30"]);
        let tree = dir.tree();
        assert!(tree.contains("app-archives/warm/2025-10-17/"), "{tree}");
    }
}

#[test]
fn database_without_a_sure_log_is_said_to_have_nothing_archived_yet() {
    for shell in SHELLS {
        let dir = Dir::new();
        dir.sql("app.db", "CREATE TABLE users(id INTEGER PRIMARY KEY, name)");
        let out = init(&dir, shell, &["app.db"]).run();
        out.status(0).stderr("").stdout_has("0 of 1 tables have periods");
        out.stdout_has("; until then nothing is archived\n");
        let check = ["--config", "etc/app.conf", "policy", "--check"];
        let out = dir.cmd("rt").args(check).run();
        out.status(0).stdout_has("hint: every table of the policy is exempt");
    }
}

#[test]
fn what_is_there_already_stays_and_nothing_is_written() {
    for shell in SHELLS {
        for there in ["app.conf", "app.policy.jsonl", "app.crontab"] {
            let dir = world();
            dir.write(&format!("etc/{there}"), "mine");
            let out = init(&dir, shell, &["my app/app.db"]).run();
            out.status(2).stdout("").stderr_has(there).stderr_has("hint: ");
            assert_eq!(fs::read_dir(dir.join("etc")).unwrap().count(), 1);
            assert_eq!(dir.read(&format!("etc/{there}")), "mine");
        }
    }
}

#[test]
fn database_that_is_none_is_refused_before_anything_is_made() {
    for shell in SHELLS {
        let dir = world();
        dir.write("text", "no database, whatever its name says");
        for (args, status) in [
            (&["nosuch.db"][..], 1),
            (&["text"], 1),
            (&["my app/app.db", "--name", "../x"], 2),
            (&["my app/app.db", "more"], 2),
        ] {
            let out = init(&dir, shell, args).run();
            out.status(status).stdout("");
            assert!(!dir.join("etc").exists(), "{}", dir.tree());
        }
    }
}

#[test]
fn settings_say_the_owner_and_are_not_for_everybody() {
    let dir = world();
    let out = init(&dir, SHELLS[0], &["my app/app.db", "--name=x"]).run();
    out.status(0);
    for name in ["x.conf", "x.policy.jsonl"] {
        let mode = fs::metadata(dir.join("etc").join(name)).unwrap().mode();
        assert_eq!(mode & 0o007, 0, "{name}: {mode:o}");
    }
    let db = dir.join("my app/app.db");
    let out = dir.cmd("stat").args(["-c", "%U"]).arg(&db).run();
    let owner = format!("RT_USER={}", out.stdout);
    assert!(dir.read("etc/x.conf").contains(&owner));
    let place = dir.path().canonicalize().unwrap();
    let tree = format!("RT_ARCHIVES={}/my app/x-archives\n", place.display());
    assert!(dir.read("etc/x.conf").contains(&tree), "{tree}");
}

#[test]
fn status_passes_over_tables_that_hold_nothing_and_have_no_periods() {
    let dir = world();
    dir.sql("my app/app.db", "CREATE TABLE a(x); CREATE TABLE b(y)");
    init(&dir, SHELLS[0], &["my app/app.db"]).run().status(0);
    let rt = |args: &[&str]| {
        let args = [&["--config", "etc/app.conf"], args].concat();
        dir.cmd("rt").args(args).run()
    };
    let out = rt(&["retention", "status"]);
    out.status(0).stdout_has("\naudit_log ").stdout_has("\nusers ");
    out.stdout_has("\n2 tables without rows or periods not shown\n");
    out.expect("not shown", !out.stdout.contains("\na  "));
    let json = rt(&["retention", "status", "--json"]);
    json.status(0).stdout_has("\"table\": \"a\"");
}
