//! What comes out of rt-export, and what is refused.

use serde_json::json;

use super::{FLAGS, export, exported, token, world};
use crate::support::world::records;

#[test]
fn values_and_secrets_are_replaced_and_all_else_stays() {
    let world = world();
    let out = export(&world, "t", &FLAGS).run();
    out.status(0).stderr("");
    let rows = records(&out.stdout);
    let prompts: Vec<_> = rows.iter().map(|r| r["prompt"].clone()).collect();
    let r = json!("[REDACTED]");
    assert_eq!(prompts, [r.clone(), json!(null), r.clone(), r.clone(), r]);
    assert_eq!(rows[0]["log"], "plain");
    assert_eq!(rows[1]["log"], "push with [REDACTED:github-token] now");
    assert_eq!(
        rows[2]["log"],
        r#"{"cmd":"curl -H \"X: [REDACTED:github-token]\"\n","n":1}"#
    );
    assert_eq!(
        rows[3]["log"],
        concat!(
            r#"{"url":"https:\/\/u:[REDACTED:url-password]@h\/","aws":"#,
            r#""{\"SecretAccessKey\":\"[REDACTED:aws-secret-key]\"}"}"#
        )
    );
    // Bytes that are no UTF-8: 0xff, a space, and the mark.
    let encoded = rows[4]["log"]["encoded"].as_str().unwrap();
    assert_eq!(encoded, "/yBbUkVEQUNURUQ6Z2l0aHViLXRva2VuXQ==");
    let record = exported(&world);
    assert_eq!(record["redacted"], json!(["prompt"]));
    assert_eq!(
        record["secrets"],
        json!({"aws-secret-key":1,"github-token":3,"url-password":1})
    );
}

#[test]
fn without_flags_nothing_is_replaced_or_counted() {
    let world = world();
    let out = export(&world, "t", &[]).run();
    out.status(0).expect("the token", out.stdout.contains(&token()));
    let record = exported(&world);
    assert!(record.get("redacted").is_none(), "{record}");
    assert!(record.get("secrets").is_none(), "{record}");
}

#[test]
fn guesses_are_made_for_all_only() {
    let world = world();
    world.sql("UPDATE t SET log = 'PASSWORD=hunter22'");
    let count = |flag: &str| {
        let out = export(&world, "t", &[flag]).run();
        out.status(0);
        out.stdout.matches("PASSWORD=[REDACTED:password]").count()
    };
    assert_eq!(count("--redact-secrets"), 0);
    assert_eq!(count("--redact-secrets=all"), 5);
    for bad in ["--redact-secrets=some", "--redact-secrets="] {
        export(&world, "t", &[bad]).run().status(2).stdout("");
    }
    // The value stands behind `=` alone: this one is a second operand.
    export(&world, "t", &["--redact-secrets", "all"]).run().status(2);
}

#[test]
fn a_dry_run_counts_what_would_be_replaced() {
    let world = world();
    let out = export(&world, "t", &FLAGS).arg("-n").run();
    out.status(0).stderr("");
    let record = &records(&out.stdout)[0];
    assert_eq!(record["secrets"]["github-token"], 3);
    assert_eq!(record["redacted"], json!(["prompt"]));
}

#[test]
fn a_row_that_a_secret_finds_or_dates_stays() {
    let world = world();
    world.sql(&format!(
        "CREATE TABLE k(name TEXT PRIMARY KEY, at TEXT, x);
         INSERT INTO k VALUES ('a', '2026-01-01', 'https://u:pw@h'),
            ('{token} b', '2026-01-01', '{token}');",
        token = token()
    ));
    let run = |flags: &[&str]| {
        world
            .cmd("rt-export")
            .args(["--result", "x", "--timestamp-column", "at"])
            .args(flags)
            .arg("k")
            .run()
    };
    let out = run(&["--redact-secrets"]);
    out.status(3).stderr_has(
        "1 row of 'k' holds a secret in their key or time, and stays",
    );
    assert_eq!(records(&out.stdout).len(), 1);
    assert!(!out.stdout.contains(&token()));
    let record = exported(&world);
    assert_eq!(record["unrepresentable"], 1);
    assert_eq!(record["exit_status"], 3);
    // Of a row that stays nothing is replaced.
    assert_eq!(record["secrets"], json!({"url-password":1}));
    assert!(record["message"].as_str().unwrap().contains("in their key"));
    run(&[]).status(0);
    // Nor can the time of one be replaced.
    world.sql(&format!("UPDATE k SET at = '{}', name = rowid", token()));
    let out = run(&["--redact-secrets"]);
    out.status(3).stdout("");
}

#[test]
fn key_and_time_can_be_neither_redacted_nor_left_out() {
    let world = world();
    let refused = |program: &str, flags: &[&str], why: &str| {
        let out = world.cmd(program).args(flags).arg("t").stdin("{\n").run();
        out.status(2).stderr_has(why);
    };
    for program in ["rt-export", "rt-store"] {
        for flag in ["--redact", "--exclude"] {
            refused(program, &[flag, "ID"], "'ID' of 't' is part of its key");
            refused(program, &[flag, "at"], "'at' of 't' is part of its key");
        }
        refused(program, &["--redact", "nix"], "'nix'");
        let both = ["--redact", "log", "--exclude", "log"];
        refused(program, &both, "to be redacted and to be left out");
    }
}

#[test]
fn the_policy_redacts_and_flags_add_to_it() {
    let world = world();
    let policy = |rest: &str| {
        let line = format!(
            "{{\"table\":\"t\",\"timestamp\":\"at\",\"hot\":\"7d\",\
             \"warm\":\"30d\",\"cold\":\"365d\",{rest}}}\n"
        );
        world.dir.write("policy", line);
    };
    let rows = |flags: &[&str]| {
        let out = export(&world, "t", flags).run();
        out.status(0).stderr("");
        records(&out.stdout)
    };
    policy("\"redact\":[\"prompt\"],\"redact_secrets\":true");
    let all = rows(&[]);
    assert_eq!(all[0]["prompt"], "[REDACTED]");
    assert_eq!(all[1]["log"], "push with [REDACTED:github-token] now");
    let all = rows(&["--redact", "log"]);
    assert_eq!(all[0]["prompt"], "[REDACTED]");
    assert_eq!(all[0]["log"], "[REDACTED]");
    world.sql("UPDATE t SET log = 'password=hunter22'");
    assert_eq!(rows(&[])[0]["log"], "password=hunter22");
    let guessed = "password=[REDACTED:password]";
    assert_eq!(rows(&["--redact-secrets=all"])[0]["log"], guessed);
    policy("\"redact_secrets\":\"all\"");
    assert_eq!(rows(&[])[0]["log"], guessed);
    // A flag adds, and takes nothing away.
    assert_eq!(rows(&["--redact-secrets"])[0]["log"], guessed);
    let printed = world.cmd("rt-policy").run();
    printed.status(0).stdout_has("\"redact_secrets\":\"all\"");
    policy("\"redact_secrets\":\"some\"");
    export(&world, "t", &[]).run().status(2).stderr_has("or \"all\"");
    policy("\"redact\":[\"id\"]");
    export(&world, "t", &[]).run().status(2).stderr_has("cannot be redacted");
}

#[test]
fn one_array_is_redacted_like_lines() {
    let world = world();
    let lines = export(&world, "t", &FLAGS).run();
    let array = export(&world, "t", &FLAGS).args(["--format", "json"]).run();
    array.status(0);
    let rows: serde_json::Value = serde_json::from_str(&array.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap(), &records(&lines.stdout));
}

#[test]
fn hot_rows_are_shown_as_they_are() {
    let world = world();
    world.dir.write(
        "policy",
        "{\"table\":\"t\",\"timestamp\":\"at\",\"hot\":\"7d\",\"warm\":\"30d\",\
         \"cold\":\"365d\",\"redact_secrets\":true}\n",
    );
    world.run("t");
    let out = world.cmd("rt-cat").args(["--tier", "hot", "t"]).run();
    out.status(0).stdout_has(&token());
    let out = world.cmd("rt-cat").args(["--tier", "warm", "t"]).run();
    out.status(0).expect("no token", !out.stdout.contains(&token()));
}
