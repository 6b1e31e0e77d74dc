//! The examples of the pages run: as they stand, one after the other, where
//! there is what they are about.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Cmd, Dir, root, system};

const NOW: &str = "2026-01-20T00:00:00Z";

/// Tables that examples name beside those of the built-in policy.
const TABLES: &str = "
    CREATE TABLE tool_uses(id TEXT PRIMARY KEY, start_time TEXT, tool TEXT,
        is_error INTEGER);
    CREATE TABLE transcript_entries(id INTEGER PRIMARY KEY, timestamp TEXT);
    CREATE TABLE assertion_results(id INTEGER PRIMARY KEY, timestamp TEXT);
    CREATE TABLE skill_traces(id INTEGER PRIMARY KEY, start_time TEXT);
    CREATE TABLE assertion_chains(id INTEGER PRIMARY KEY, created_at TEXT);
    CREATE TABLE message_bus_log(id INTEGER PRIMARY KEY, timestamp TEXT);
    CREATE TABLE agent_logs(id INTEGER PRIMARY KEY, created_at TEXT,
        prompt_text TEXT);
    CREATE TABLE audit_log(id INTEGER PRIMARY KEY, created_at TEXT);
    CREATE TABLE sessions(id INTEGER PRIMARY KEY, created_at TEXT);
    CREATE TABLE visits(id INTEGER PRIMARY KEY, seen TEXT);
    CREATE TABLE logs(id INTEGER PRIMARY KEY, at TEXT);
    WITH RECURSIVE day(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM day
        WHERE n < 90)
    INSERT INTO tool_uses SELECT printf('%08x', 1594624541 + n),
        date('2025-10-22', n || ' days') || 'T09:00:00Z', 'sed', n % 2
        FROM day;
    INSERT INTO tool_uses VALUES ('5f0c8a1e', '2026-01-08T10:00:00Z', 'sed', 1);
    INSERT INTO transcript_entries SELECT rowid, start_time FROM tool_uses;
    INSERT INTO assertion_results SELECT rowid, start_time FROM tool_uses;
    INSERT INTO agent_logs SELECT rowid, start_time, 'timeout' FROM tool_uses;
    INSERT INTO audit_log SELECT id, created_at FROM agent_logs;
    INSERT INTO sessions SELECT id, created_at FROM agent_logs;
    INSERT INTO visits SELECT id, created_at FROM agent_logs;
    INSERT INTO logs SELECT id, created_at FROM agent_logs;";

/// A folder with a database and a tree, by all names that examples give them,
/// and archives of the old rows of tool_uses.
fn world() -> Dir {
    let dir = Dir::new();
    for folder in ["database", "var/lib/app", "var/log/rt", ".devs", "etc/rt"]
    {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    dir.sql("database/ideas.db", TABLES);
    dir.write("archive-all.sh", "rt-archive all\n");
    dir.script("stubs/man", "#!/bin/sh\n");
    dir.script("stubs/crontab", "#!/bin/sh\n[ $1 = -l ] || cat >/dev/null\n");
    let make = "
        rt-archive --now 2026-01-12 tool_uses
        rt-consolidate -q
        ln -s ../../../archives var/lib/app/archives
        ln -s ../../../database/ideas.db var/lib/app/ideas.db
        ln -s ../database/ideas.db .devs/state.db
        mkdir runs
        cp database/ideas.db runs/run-17.db
        rt-export agent_logs | rt-gzip >f.gz
        rt-scaletrace -q --db .devs/state.db --threshold 1KiB
        ln -s archives/warm archives/cold archives/ledger.jsonl .";
    shell(&dir, make).run().status(0);
    // What is there to be archived by the examples came late.
    dir.sql(
        "database/ideas.db",
        "INSERT INTO tool_uses VALUES ('late', '2026-01-03', 'sed', 1);
         INSERT OR IGNORE INTO agent_logs
             SELECT id, created_at, 'timeout' FROM sessions",
    );
    dir
}

/// A folder with all that is in another one, its archives those of its own
/// database; links stay what they are.
fn copy_of(template: &Dir) -> Dir {
    let dir = Dir::new();
    let (from, to) = (template.join("."), dir.join(""));
    dir.cmd("cp").arg("-a").args([from, to]).run().status(0);
    let moved = "rt-purge -q --pending --moved
        rt-purge -q --pending --moved --archives .devs/archives";
    shell(&dir, moved).run().status(0);
    dir
}

/// A script that ends with the first command that fails, also in a pipe.
fn shell<'a>(dir: &'a Dir, script: &str) -> Cmd<'a> {
    let args = ["-e", "-u", "-o", "pipefail", "-c", script];
    dir.cmd("bash")
        .args(args)
        .now(NOW)
        .env("RT_CONFIG_DIR", dir.join("etc/rt"))
        .path_first(dir.join("stubs"))
}

/// The literal blocks and lines of a page.
fn blocks(page: &str) -> Vec<String> {
    let (mut blocks, mut open) = (Vec::new(), None::<String>);
    for line in page.lines() {
        if line.starts_with(".Bd -literal") {
            open = Some(String::new());
        } else if line == ".Ed" {
            blocks.extend(open.take());
        } else if let Some(block) = &mut open {
            block.push_str(&line.replace("\\e", "\\").replace("\\&", ""));
            block.push('\n');
        } else if let Some(line) = line.strip_prefix(".Dl ") {
            blocks.push(format!("{}\n", line.replace("\\e", "\\")));
        }
    }
    blocks
}

/// The blocks of README.md that are for a shell.
fn readme_blocks(text: &str) -> Vec<String> {
    let fences = text.split("```sh\n").skip(1);
    fences.filter_map(|f| Some(f.split_once("```")?.0.to_owned())).collect()
}

/// The command of a line of a crontab, or the line itself.
fn command(line: &str) -> &str {
    let fields: Vec<&str> = line.splitn(6, ' ').collect();
    let times =
        |f: &&str| f.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c));
    match fields.as_slice() {
        [time @ .., rest] if time.len() == 5 && time.iter().all(times) => rest,
        _ => line.strip_prefix("$ ").unwrap_or(line),
    }
}

/// Starts of blocks that are no examples for a shell here: another language,
/// a picture or a form, or what changes the machine.
const OTHER: [&str; 18] = [
    "{",
    "LAKE/",
    " ",
    "#",
    "use ",
    "import ",
    "require ",
    "let ",
    "const ",
    "ALTER",
    "store ",
    "consolidate ",
    "table ",
    "cargo ",
    "scripts/",
    "rt-export --due -- TABLE",
    "type ",
    // It needs a remote, as those of rt-ship(1).
    "rt-fetch --host",
];

/// Whether all programs of a block are installed.
fn runs_here(block: &str) -> bool {
    let needs_duckdb = block.contains("rt-query");
    ["sqlite-utils", "duckdb", "jq", "sha256sum", "rsync", "restic", "rclone"]
        .iter()
        .filter(|tool| {
            block.contains(**tool) || needs_duckdb && **tool == "duckdb"
        })
        .all(|tool| system(tool).is_some())
}

#[test]
fn examples_of_every_page_run_as_they_stand() {
    let mut pages: Vec<(String, Vec<String>)> = Vec::new();
    for entry in fs::read_dir(root().join("man")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        pages.push((name, blocks(&fs::read_to_string(path).unwrap())));
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    pages.push(("README.md".to_owned(), readme_blocks(&readme)));
    let (mut wrong, mut ran) = (Vec::new(), BTreeSet::new());
    let template = world();
    for (name, blocks) in pages {
        let dir = copy_of(&template);
        let app = dir.join("var/lib/app").display().to_string();
        let log = dir.join("var/log/rt").display().to_string();
        let etc = dir.join("etc/rt").display().to_string();
        if name == "rt-jsonl.5" {
            fs::copy(dir.join("f.gz"), dir.join("f.jsonl.gz")).unwrap();
        }
        // Who begins has no folder but that of the database.
        if name == "rt-tutorial.7" {
            fs::remove_dir(&log).unwrap();
        }
        // Statements of other engines, which tests/engines/run gives to them.
        if name == "rt-lake.7" {
            continue;
        }
        // They need a remote: porcelain::ship has one of each kind.
        if ["rt-ship.1", "rt-fetch.1"].contains(&&*name) {
            continue;
        }
        for block in blocks {
            if OTHER.iter().any(|o| block.starts_with(o)) || !runs_here(&block)
            {
                continue;
            }
            let script: Vec<&str> = block.lines().map(command).collect();
            let script = script
                .join("\n")
                .replace("/var/lib/app", &app)
                .replace("/etc/rt", &etc)
                .replace("/mnt/backup", &app)
                .replace("/var/log/rt", &log);
            let out = shell(&dir, &script).run();
            // A check that finds something ends with 6.
            let checks = block.contains("check") && out.status == 6;
            if out.status != 0 && !checks {
                wrong.push(format!(
                    "{name}: status {}\n{block}{}",
                    out.status, out.stderr
                ));
            }
            ran.insert(name.clone());
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    // rt-policy(5), rt-lake(7), rt-ship(1) and rt-fetch(1) have examples of
    // another kind; rt-protocol(7) has none.
    let pages = fs::read_dir(root().join("man")).unwrap().count();
    // rt-query(1)'s need DuckDB.
    let least = pages - 5 - usize::from(system("duckdb").is_none());
    assert!(ran.len() >= least, "only {} of {pages}: {ran:?}", ran.len());
}

/// The blocks of one page that hold a text.
fn blocks_with(page: &str, text: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("man").join(page)).unwrap();
    blocks(&page).into_iter().filter(|b| b.contains(text)).collect()
}

/// The records of a block: the page breaks them, and goes on with a space.
fn records(block: &str) -> String {
    block.replace("\n ", "")
}

#[test]
fn recipes_for_readers_give_every_row_of_a_file_of_many_members() {
    let dir = Dir::new();
    let text: String = (0..60_000)
        .map(|n| format!("{{\"row\":{n},\"of\":\"many\"}}\n"))
        .collect();
    dir.write("rows.jsonl", &text);
    let make = "rt-gzip <rows.jsonl >f.jsonl.gz";
    shell(&dir, make).run().status(0);
    let mut ran = 0;
    for (start, run) in [
        ("use ", &["perl"][..]),
        ("import ", &["python3"]),
        ("require ", &["ruby"]),
        ("const ", &["node"]),
    ] {
        let recipes = blocks_with("rt-jsonl.5", start);
        let recipe = recipes.iter().find(|b| b.starts_with(start)).unwrap();
        if system(run[0]).is_none() {
            continue;
        }
        dir.write("recipe", recipe);
        let out = dir.cmd(run[0]).arg("recipe").run();
        out.status(0).stderr("");
        out.expect("all rows", out.stdout == text);
        ran += 1;
    }
    assert!(ran > 0);
}

#[test]
fn every_policy_of_a_page_is_one() {
    let mut seen = 0;
    for block in blocks_with("rt-policy.5", "{\"table\"") {
        let dir = Dir::new();
        dir.write("policy", records(&block));
        let out = dir.cmd("rt-policy").args(["--check", "--policy", "policy"]);
        out.run().status(0).stdout("").stderr("");
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn pages_fit_a_terminal_of_80_columns() {
    let Some(_) = system("mandoc") else { return };
    for entry in fs::read_dir(root().join("man")).unwrap() {
        let page = entry.unwrap().path();
        let mut mandoc = system("mandoc").unwrap();
        let args = ["-T", "ascii", "-O", "width=78"];
        let out = mandoc.args(args).arg(&page).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        for line in text.lines() {
            // A letter printed twice is bold, one over a line underlined.
            let mut shown = String::new();
            for c in line.chars() {
                match c {
                    '\u{8}' => drop(shown.pop()),
                    c => shown.push(c),
                }
            }
            assert!(shown.chars().count() <= 80, "{page:?}: {shown}");
        }
    }
}
