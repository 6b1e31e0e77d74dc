//! What people see at a terminal: red where something is wrong, and at the end
//! of a run what it left.

use crate::support::{Cmd, Dir, system};

const POLICY: &str = r#"{"table":"log","timestamp":"at","hot":"7d","warm":"30d","cold":"90d"}
"#;

/// A database with a thousand rows that are due.
fn world() -> Dir {
    let dir = Dir::new();
    dir.write("policy.jsonl", POLICY);
    dir.folder("archives");
    dir.sql(
        "app.db",
        "CREATE TABLE log(id INTEGER PRIMARY KEY, at TEXT, body TEXT);
         WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n
             WHERE n < 1000)
         INSERT INTO log SELECT n, '2025-12-20', hex(randomblob(50)) FROM n",
    );
    dir
}

fn on(cmd: Cmd<'_>) -> Cmd<'_> {
    cmd.env("RT_DB", "app.db").env("RT_POLICY", "policy.jsonl")
}

/// What a command line writes to a terminal of 120 columns; none where
/// script(1) is not installed.
fn on_a_terminal(dir: &Dir, line: &str) -> Option<String> {
    system("script")?;
    let line = format!("stty cols 120; {line}");
    let cmd = on(dir.cmd("script")).env("TERM", "xterm");
    Some(cmd.args(["-qec", &line, "/dev/null"]).run().stdout)
}

#[test]
fn what_is_wrong_stands_in_red_on_a_terminal_and_nowhere_else() {
    let dir = world();
    let Some(seen) = on_a_terminal(&dir, "rt-retention check") else {
        return;
    };
    for line in seen.replace("\x1b[31m", "").replace("\x1b[0m", "").lines() {
        assert!(line.len() <= 120, "{line:?}");
    }
    let narrow = on_a_terminal(&dir, "stty cols 60; rt-retention check");
    assert!(narrow.unwrap().lines().all(|line| line.len() < 80));
    assert!(seen.contains("\x1b[31mstale"), "{seen:?}");
    for line in [
        "NO_COLOR=1 rt-retention check",
        "TERM=dumb rt-retention check",
        "rt-retention check --json",
        "rt-retention check | cat",
        "rt-retention check --output said; cat said",
    ] {
        let seen = on_a_terminal(&dir, line).unwrap();
        assert!(seen.contains("stale"), "{line}: {seen:?}");
        assert!(!seen.contains("\x1b["), "{line}: {seen:?}");
    }
    dir.sql(
        "app.db",
        "CREATE TRIGGER t AFTER DELETE ON log BEGIN DELETE FROM log; END",
    );
    let seen = on_a_terminal(&dir, "rt-archive all 2>&-").unwrap();
    assert!(seen.contains("\x1b[31mfailed\x1b[0m"), "{seen:?}");
    let seen = on_a_terminal(&dir, "rt-archive all --json 2>&-").unwrap();
    assert!(!seen.contains("\x1b["), "{seen:?}");
}

#[test]
fn end_of_a_run_says_what_the_file_still_holds() {
    let dir = world();
    let run = |args: &[&str]| {
        let out = on(dir.cmd("rt-archive")).args(args).run();
        out.status(0).stderr("");
        out
    };
    run(&["all", "-n"])
        .expect("as it is", !run(&["all", "-n"]).stdout.contains("holds "));
    let out = run(&["all"]);
    out.stdout_has("\nfiles     1, ");
    let line = out.stdout.lines().find(|l| l.starts_with("holds ")).unwrap();
    out.expect("free pages", line.ends_with(" of it free"));
    out.stdout_has("\n    new rows take that; --reclaim full gives it back\n");
    let pages = dir.rows(
        "app.db",
        "SELECT freelist_count * page_size / 1024
        FROM pragma_freelist_count, pragma_page_size",
    );
    out.stdout_has(&format!("{}.0 KiB of it free", pages[0]));
    let out = run(&["all", "--reclaim", "full"]);
    out.stdout_has("\nholds     8.0 KiB\n");
    out.expect("no advice", !out.stdout.contains("--reclaim"));
    let out = run(&["all", "--json"]);
    out.expect("JSON as before", !out.stdout.contains("holds"));
}
