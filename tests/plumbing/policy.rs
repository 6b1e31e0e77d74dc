//! rt-policy: what it prints reads back, and what makes no sense is refused.

mod lines;
mod looked_at;
mod suggested;

use std::fs;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::Dir;

const RULE: &str =
    r#""timestamp":"at","hot":"12h","warm":"30d","cold":"none""#;

fn policy(args: &[&str]) -> Command {
    let mut cmd = Command::new(env!("CARGO_BIN_EXE_rt-policy"));
    cmd.env_clear().args(args);
    cmd
}

fn stdout(args: &[&str]) -> String {
    let out = policy(args).assert().code(0).stderr("").get_output().clone();
    String::from_utf8(out.stdout).unwrap()
}

/// The message of a run that ends with status 2 and prints nothing.
fn refusal(cmd: &mut Command) -> String {
    let out = cmd.assert().code(2).stdout("").get_output().clone();
    String::from_utf8(out.stderr).unwrap()
}

fn file(text: &str) -> (TempDir, String) {
    file_of(text.as_bytes())
}

fn file_of(text: &[u8]) -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("policy.jsonl");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn policy_printed_reads_back_as_itself() {
    let built_in = stdout(&[]);
    assert_eq!(built_in.lines().count(), 7);
    assert!(built_in.contains(
        r#"{"table":"tool_uses","group":"transcripts","every":"day","timestamp":"start_time","hot":"7d","warm":"30d","cold":"365d"}"#
    ));
    assert!(built_in.ends_with(
        "{\"table\":\"task_list_execution_runs\",\"exempt\":true}\n"
    ));
    let (_dir, path) = file(&built_in);
    assert_eq!(stdout(&["--policy", &path]), built_in);
}

#[test]
fn policy_built_in_is_the_table_of_its_page() {
    let page = fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("man/rt-policy.5"),
    )
    .unwrap();
    let rows: Vec<Vec<String>> = page
        .lines()
        .filter_map(|line| line.strip_prefix(".It "))
        .filter(|row| row.contains(" Ta "))
        .skip(1)
        .map(|row| row.split(" Ta ").map(str::to_owned).collect())
        .collect();
    let keys = ["table", "group", "every", "timestamp", "hot", "warm", "cold"];
    let lines: Vec<Vec<String>> = stdout(&[])
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            if line["exempt"] == true {
                let table = line["table"].as_str().unwrap();
                let none = "\\(en";
                return [table, none, none, "exempt", none, none, none]
                    .map(str::to_owned)
                    .to_vec();
            }
            keys.map(|key| line[key].as_str().unwrap().to_owned()).to_vec()
        })
        .collect();
    assert_eq!(rows, lines);
}

#[test]
fn policy_is_named_by_flag_before_environment() {
    let (_a, flag) = file(&format!("{{\"table\":\"a\",{RULE}}}"));
    let (_b, env) = file(&format!("# remark\n\n{{\"table\":\"b\",{RULE}}}"));
    let tables = ["--tables", "all"];
    policy(&tables).env("RT_POLICY", &env).assert().code(0).stdout("b\n");
    policy(&tables)
        .args(["--policy", &flag])
        .env("RT_POLICY", &env)
        .assert()
        .code(0)
        .stdout("a\n");
    let out = policy(&["--tables", "messages"]).env("RT_POLICY", "").assert();
    out.code(0).stdout("message_bus_log\n");
}

#[test]
fn policy_check_is_silent_or_names_file_and_line() {
    let (_dir, good) = file(&format!("{{\"table\":\"a\",{RULE}}}"));
    assert_eq!(stdout(&["--check", "--policy", &good]), "");
    let line = format!("{{\"table\":\"a\",{RULE}}}\n");
    for (text, why) in [
        (format!("{line}{{\"table\":\"A\",{RULE}}}"), "line 2: the table 'A'"),
        (line.replace("12h", "7"), "line 1: hot: '7' is not an age"),
        (line.replace("hot", "hott"), "line 1: unknown key `hott`"),
        (line.replace("\"at\"", "\"at\",\"unit\":\"h\""), "'h' is not a unit"),
    ] {
        let (_dir, bad) = file(&text);
        let message = refusal(&mut policy(&["--check", "--policy", &bad]));
        let start = format!("rt-policy: '{bad}', line ");
        assert!(message.starts_with(&start), "{message}");
        assert!(message.contains(why), "{message}");
    }
    let gone = refusal(&mut policy(&["--policy", "/nowhere/policy"]));
    assert!(gone.contains("'/nowhere/policy'"), "{gone}");
}

#[test]
fn policy_refuses_a_period_of_no_age_and_says_what_is_accepted() {
    for age in ["", "7", "7x", "-1d", "0d", "1.5d", "99999999999999999y"] {
        let line = format!("{{\"table\":\"a\",{RULE}}}").replace("12h", age);
        let (_dir, path) = file(&line);
        let message = refusal(&mut policy(&["--policy", &path]));
        assert!(message.contains("12h, 7d, 2w, 6m, 1y"), "{age}: {message}");
    }
}

#[test]
fn policy_json_counts_in_days() {
    let (_dir, path) = file(&format!(
        "{{\"table\":\"b\",{RULE}}}\n{{\"table\":\"a\",\"exempt\":true}}\n\
         {{\"table\":\"c\",\"timestamp\":\"t\",\"hot\":\"1w\",\
         \"warm\":\"2m\",\"cold\":\"forever\",\"whole\":\"1y\"}}\n\
         {{\"table\":\"d\",\"whole\":\"2y\"}}"
    ));
    let text = stdout(&["--json", "--policy", &path]);
    assert_eq!(
        text,
        r#"{
  "b": {
    "hot_days": 0.5,
    "warm_days": 30,
    "cold_days": null,
    "total_days": 30.5,
    "timestamp_column": "at"
  },
  "a": {
    "hot_days": null,
    "warm_days": null,
    "cold_days": null,
    "total_days": null,
    "timestamp_column": null
  },
  "c": {
    "hot_days": 7,
    "warm_days": 60,
    "cold_days": null,
    "total_days": null,
    "timestamp_column": "t",
    "whole_days": 365
  },
  "d": {
    "hot_days": null,
    "warm_days": null,
    "cold_days": null,
    "total_days": null,
    "timestamp_column": null,
    "whole_days": 730
  }
}
"#
    );
    let built_in: Value = serde_json::from_str(&stdout(&["--json"])).unwrap();
    assert_eq!(built_in["message_bus_log"]["total_days"], 127);
}

#[test]
fn policy_tables_are_those_of_the_target() {
    let weekly = "assertion_results\nassertion_chains\n";
    assert_eq!(stdout(&["--tables", "weekly"]), weekly);
    assert_eq!(stdout(&["--tables", "--", "assertions"]), weekly);
    assert_eq!(stdout(&["--tables", "all"]).lines().count(), 6);
    assert_eq!(
        stdout(&["--tables", "task_list_execution_runs"]),
        "task_list_execution_runs\n"
    );
    let message = refusal(&mut policy(&["--tables", "assertion"]));
    assert!(message.contains("hint: it knows all, daily, weekly"));
}

#[test]
fn policy_tables_are_words_that_any_shell_takes_back() {
    let names = ["it's", "-n x", "a\nb", "$(false) `x` \"q\" \\", "ünï", "*"];
    let lines: String = names
        .iter()
        .map(|n| {
            let name = serde_json::to_string(n).unwrap();
            format!("{{\"table\":{name},{RULE}}}\n")
        })
        .collect();
    let (_dir, path) = file(&lines);
    let args = ["--tables", "--sh", "--policy", &path, "--", "all"];
    let words = stdout(&args);
    let script = "eval \"set -- $1\"; for w do printf '%s|' \"$w\"; done";
    let want = names.join("|") + "|";
    Command::new("sh")
        .args(["-c", script, "sh", &words])
        .assert()
        .code(0)
        .stdout(want);
    let args = ["--tables", "--policy", &path, "all"];
    let message = refusal(&mut policy(&args));
    assert!(message.contains("'a\\nb'"), "{message}");
}

const CHAIN: &str = "
    CREATE TABLE grand(id INTEGER PRIMARY KEY);
    CREATE TABLE \"Parent\"(id INTEGER PRIMARY KEY REFERENCES grand);
    CREATE TABLE child(up INTEGER REFERENCES PARENT, own REFERENCES child);
    CREATE TABLE x(a);";

#[test]
fn policy_tables_come_children_first_by_the_database() {
    let dir = Dir::new();
    let lines: String = ["x", "grand", "parent", "CHILD"]
        .iter()
        .map(|name| format!("{{\"table\":\"{name}\",{RULE}}}\n"))
        .collect();
    dir.write("policy.jsonl", lines);
    let ask = |args: &[&str]| {
        dir.cmd("rt-policy")
            .args(["--policy", "policy.jsonl", "--tables", "all"])
            .args(args)
    };
    let plain = "x\ngrand\nparent\nCHILD\n";
    let ordered = "x\nCHILD\nparent\ngrand\n";
    ask(&["--db", "none.db"]).run().status(0).stderr("").stdout(plain);
    ask(&[]).run().status(0).stderr("").stdout(plain);
    dir.sql("app.db", CHAIN);
    ask(&["--db", "app.db"]).run().status(0).stderr("").stdout(ordered);
    ask(&[]).env("RT_DB", "app.db").run().status(0).stdout(ordered);
    dir.write("database/keep", "");
    dir.sql("database/ideas.db", CHAIN);
    ask(&["--sh"]).run().status(0).stdout("'x' 'CHILD' 'parent' 'grand'\n");
    dir.write("text.db", "this is not a database, but a text");
    ask(&["--db", "text.db"]).run().status(1).stdout("").stderr_has("text.db");
}

#[test]
fn policy_clock_is_the_time_of_the_run() {
    policy(&["--clock"])
        .env("RT_NOW", "2026-01-15 12:00:00 +02:00")
        .assert()
        .code(0)
        .stdout("2026-01-15T10:00:00Z\n");
    let flag = ["--clock", "--now", "2026-01-16"];
    policy(&flag)
        .env("RT_NOW", "2026-01-15")
        .assert()
        .code(0)
        .stdout("2026-01-16T00:00:00Z\n");
    let wall = stdout(&["--clock"]);
    policy(&["--clock", "--now", wall.trim()]).assert().stdout(wall);
    refusal(&mut policy(&["--clock", "--now", "yesterday"]));
}

#[test]
fn policy_refuses_flags_that_do_not_go_together() {
    for args in [
        &["--check", "--json"][..],
        &["--tables"],
        &["--tables", "all", "daily"],
        &["--sh"],
        &["all"],
        &["--clock", "--tables", "all"],
        &["--nothing"],
    ] {
        refusal(&mut policy(args));
    }
}

#[test]
fn policy_to_a_closed_pipe_is_141_and_quiet() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_rt-policy"))
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(141));
    assert!(out.stderr.is_empty());
}
