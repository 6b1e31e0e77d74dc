//! How far a run has come: the line on a terminal, and the answer to SIGUSR1.

use std::io::Read;
use std::process::Stdio;

use crate::support::{Cmd, Dir, kill, system};

const POLICY: &str = r#"{"table":"log","timestamp":"at","hot":"7d","warm":"30d","cold":"90d"}
"#;

fn world(rows: u32) -> Dir {
    let dir = Dir::new();
    dir.write("policy.jsonl", POLICY);
    dir.sql(
        "app.db",
        &format!(
            "CREATE TABLE log(id INTEGER PRIMARY KEY, at TEXT, body TEXT);
             WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n
                 WHERE n < {rows})
             INSERT INTO log SELECT n, '2025-12-01', hex(randomblob(50))
                 FROM n"
        ),
    );
    dir
}

fn on(cmd: Cmd<'_>) -> Cmd<'_> {
    cmd.env("RT_DB", "app.db").env("RT_POLICY", "policy.jsonl")
}

/// What a job writes to a terminal, both of its outputs together.
fn on_a_terminal(dir: &Dir, job: &str) -> Option<String> {
    system("script")?;
    let args = ["-qec", job, "/dev/null"];
    let out = on(dir.cmd("script")).env("TERM", "xterm").args(args).run();
    out.status(0);
    Some(out.stdout)
}

#[test]
fn job_draws_one_line_on_a_terminal_and_takes_it_away() {
    let Some(seen) = on_a_terminal(&world(20_000), "rt-archive all") else {
        return;
    };
    let steps = ["all 1/1 exporting 'log'", "all 1/1 deleting from 'log'"];
    for step in steps {
        assert!(seen.contains(step), "{seen:?}");
    }
    let report = seen.rfind("Archive Results").unwrap();
    assert!(!seen[report..].contains("all 1/1"), "{seen:?}");
    let Some(seen) = on_a_terminal(&world(10), "rt-full") else { return };
    assert!(seen.contains("daily 1/1 exporting 'log'"), "{seen:?}");
}

#[test]
fn nothing_is_drawn_where_it_is_not_wanted() {
    for job in ["rt-archive --no-progress all", "rt-archive all 2>err"] {
        let dir = world(10);
        let Some(seen) = on_a_terminal(&dir, job) else { return };
        assert!(!seen.contains("1/1"), "{seen:?}");
    }
    let dir = world(10);
    dir.folder("archives");
    on(dir.cmd("rt-archive")).arg("all").run().status(0).stderr("");
}

#[test]
fn sigusr1_is_answered_and_the_work_goes_on() {
    let dir = world(50_000);
    let mut child = on(dir.cmd("rt-export"))
        .args(["--due", "log"])
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut rows = child.stdout.take().unwrap();
    let mut first = [0; 1];
    rows.read_exact(&mut first).unwrap();
    kill(child.id(), "-USR1");
    let mut rest = String::new();
    rows.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.lines().count(), 50_000);
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{out:?}");
    let said = String::from_utf8(out.stderr).unwrap();
    let line = said.strip_prefix("rt-export: exporting 'log': ").unwrap();
    assert!(line.contains(" rows, ") && line.ends_with(" s\n"), "{said}");
}

#[test]
fn sigusr1_to_all_of_a_job_ends_none_of_it() {
    let dir = world(20_000);
    let send = "setsid rt-archive all >report & job=$!
        until [ -e archives/lock ]; do sleep 0.01; done
        while kill -0 $job 2>/dev/null; do
            kill -USR1 -$job 2>/dev/null; sleep 0.02
        done; wait $job";
    let out = on(dir.cmd("sh")).args(["-c", send]).run();
    out.status(0);
    assert_eq!(dir.rows("app.db", "SELECT count(*) FROM log"), ["0"]);
}
