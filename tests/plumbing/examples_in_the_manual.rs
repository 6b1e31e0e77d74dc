//! The example records of rt-jsonl(5) are what the programs print.

use std::fs;

use crate::support::{Dir, Out, root};

const NOW: &str = "2026-01-15T03:15:00Z";

const DATABASE: &str = "
    CREATE TABLE tool_uses(id INTEGER PRIMARY KEY, start_time TEXT,
        tool TEXT, seconds REAL, output BLOB);
    INSERT INTO tool_uses VALUES
        (1, '2026-01-03T09:00:00Z', 'grep', 0.25, x'00ff'),
        (2, '2026-01-03 21:30:00', 'sed', 9e999, NULL),
        (3, '2026-01-14T08:00:00Z', 'awk', 1.0, ''),
        (4, 'n/a', 'ed', 0.5, NULL);
    CREATE TABLE notes(at, text);
    INSERT INTO notes VALUES (1767312000, CAST(x'61ff' AS TEXT));
    CREATE TABLE task_list_execution_runs(id);
    INSERT INTO task_list_execution_runs VALUES (1);";

/// The records of a page, a line each: the page breaks them, and goes on
/// with a space.
fn examples(page: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("man").join(page)).unwrap();
    page.replace("\n ", "")
        .lines()
        .filter(|l| l.starts_with('{'))
        .map(str::to_owned)
        .collect()
}

/// What differs from run to run or place to place, as its key alone.
fn constant(record: &str) -> String {
    let keys =
        ["id\":\"", "db\":\"", "db_device\":", "db_inode\":", "sha256\":"];
    let mut text = record.to_owned();
    for key in keys {
        let mut from = 0;
        while let Some(at) = text[from..].find(key) {
            let start = from + at + key.len();
            let length = text[start..].find([',', '}']).unwrap();
            text.replace_range(start..start + length, "_");
            from = start;
        }
    }
    text
}

#[test]
fn examples_of_records_are_what_the_programs_print() {
    let dir = Dir::new();
    dir.sql("app.db", DATABASE);
    let ends = |status: i32, program: &str, args: &[&str], stdin: &str| {
        let out = dir
            .cmd(program)
            .now(NOW)
            .env("RT_DB", "app.db")
            .env("RT_ARCHIVES", "archives")
            .args(args)
            .stdin(stdin)
            .since_before_the_store()
            .run();
        out.status(status).stderr("");
        out
    };
    let run = |program: &str, args: &[&str], stdin: &str| -> Out {
        ends(0, program, args, stdin)
    };
    let mut printed = run("rt-export", &["--limit=2", "tool_uses"], "").stdout;
    printed += &run("rt-export", &["notes"], "").stdout;
    let due = ["--due", "--result", "result", "tool_uses"];
    let rows = run("rt-export", &due, "").stdout;
    let stat = run("rt-stat", &[], "").stdout
        + &run("rt-stat", &["--undated", "tool_uses"], "").stdout
        + &run("rt-stat", &["--over", "100", "tool_uses"], "").stdout;
    let stored = run("rt-store", &["tool_uses"], &rows).stdout;
    let (receipt, result) = stored.split_once('\n').unwrap();
    let warm = dir.zcat("archives/warm/2026-01-03/tool_uses.jsonl.gz");
    printed += warm.lines().next().unwrap();
    printed += &format!("\n{receipt}\n{}{result}", dir.read("result"));
    dir.sql("app.db", "UPDATE tool_uses SET tool = 'gawk' WHERE id = 2");
    let purge = dir.cmd("rt-purge").now(NOW).env("RT_DB", "app.db");
    let purge = purge.env("RT_ARCHIVES", "archives").arg("tool_uses");
    let purge = purge.stdin(stored.as_str());
    let out = purge.since_before_the_store().run();
    out.status(0).stderr("");
    let purged = out.stdout;
    printed += purged.lines().last().unwrap();
    printed += "\n";
    printed += &stat;

    let notes = "{\"at\":\"2026-01-02T00:00:00Z\",\"text\":\"x\"}\n";
    let by_hand = "archives/warm/2026-01-02/notes.jsonl";
    dir.write(by_hand, notes);
    let written = dir.cmd("touch").args(["-d", "2026-01-10T00:00:00Z"]);
    written.arg(by_hand).run().status(0);
    printed += &run("rt-consolidate", &["--older-than=7d"], "").stdout;
    let archives = run("rt-stat", &["--archives"], "").stdout
        + &run("rt-stat", &["--archives", "--files", "notes"], "").stdout;
    let balance = run("rt-verify", &["--balance", "tool_uses"], "").stdout;
    let breaches = ends(6, "rt-stat", &["--check"], "").stdout;
    let expire = ["-q", "--yes", "--now=2027-03-01"];
    printed += &run("rt-expire", &expire, "").stdout;
    printed += &archives;
    dir.write(by_hand, notes);
    let strange = ends(3, "rt-stat", &["--archives"], "").stdout;
    printed += strange.lines().last().unwrap();
    printed += "\n";
    for what in ["job", "stale"] {
        let has = |l: &&str| l.contains(&format!("\"what\":\"{what}\""));
        printed += breaches.lines().find(has).unwrap();
        printed += "\n";
    }
    printed += balance.lines().next().unwrap();
    printed += "\n";
    printed += &ends(3, "rt-verify", &[], "").stdout;
    let printed: Vec<String> = printed.lines().map(constant).collect();
    let page: Vec<String> =
        examples("rt-jsonl.5").iter().map(|r| constant(r)).collect();
    assert_eq!(page, printed);

    let ledger = dir.read("archives/ledger.jsonl");
    let shape = |line: &str| {
        let line = constant(line);
        let (head, tail) = line.split_once(",\"wall\":").unwrap();
        let tail = tail.split_once("\"prev\":").unwrap().1;
        let tail = tail.split_once(',').unwrap().1;
        format!("{head} {tail}")
    };
    let events: Vec<String> = ledger.lines().skip(1).map(shape).collect();
    let page: Vec<String> =
        examples("rt-ledger.5").iter().map(|r| shape(r)).collect();
    assert_eq!(page, events);
}
