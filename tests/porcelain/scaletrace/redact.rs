//! What may not leave: prompts, and secrets of a known shape.

use serde_json::json;

use super::{DB, all_are_there, files, fill, filled, hot, low, report, rows};
use crate::support::{Dir, bins, word};

/// A key that is none.
const KEY: &str = "AKIAZZZZXXXXYYYY4321";

/// Rows of which every other one holds the key in its reply.
fn with_keys() -> Dir {
    let dir = filled(100);
    dir.sql(
        DB,
        &format!(
            "UPDATE agent_logs SET response_text = 'use {KEY} for it'
               WHERE id % 2"
        ),
    );
    dir
}

#[test]
fn prompts_and_secrets_do_not_leave() {
    let dir = with_keys();
    let report = report(low(&dir).run().status(0));
    assert_eq!(report["redacted"], json!(["prompt_text"]));
    assert_eq!(report["secrets"], json!({"aws-key-id": 50}));
    let rows = rows(&dir, &files(&dir)[0]);
    assert_eq!(rows.len(), 100);
    for row in rows {
        assert_eq!(row["prompt_text"], "[REDACTED]");
        if row["id"].as_u64().unwrap() % 2 == 1 {
            let want = "use [REDACTED:aws-key-id] for it";
            assert_eq!(row["response_text"], want);
        }
    }
    all_are_there(&dir, 100);
    let ledger = dir.read("a/ledger.jsonl");
    assert!(ledger.contains("\"redacted\":[\"prompt_text\"]"), "{ledger}");
    assert!(!ledger.contains(KEY) && !ledger.contains("a prompt"));
}

#[test]
fn nothing_is_replaced_where_that_is_wanted() {
    let dir = with_keys();
    let report = report(low(&dir).arg("--no-redact").run().status(0));
    assert_eq!(report["redacted"], json!([]));
    assert_eq!(report["secrets"], json!({}));
    let text = dir.zcat(&files(&dir)[0]);
    assert_eq!(text.matches(KEY).count(), 50);
    assert_eq!(text.matches("a prompt ").count(), 100);
}

#[test]
fn a_table_need_not_have_prompts() {
    let dir = with_keys();
    dir.folder("a");
    dir.sql(DB, "ALTER TABLE agent_logs DROP COLUMN prompt_text");
    let out = low(&dir).run();
    out.status(0).expect("no complaint", out.stderr.lines().count() == 1);
    assert_eq!(report(&out)["redacted"], json!([]));
    assert!(!dir.zcat(&files(&dir)[0]).contains(KEY));
    assert_eq!(hot(&dir).len(), 0);
}

#[test]
fn what_cannot_be_redacted_is_not_archived() {
    let dir = Dir::new();
    dir.sql(
        DB,
        "CREATE TABLE agent_logs(prompt_text TEXT PRIMARY KEY, created_at);
         INSERT INTO agent_logs VALUES (hex(zeroblob(2000)), '2025-01-01')",
    );
    let tree = dir.tree();
    let out = low(&dir).run();
    out.status(2).stdout("").stderr_has("'prompt_text'");
    assert_eq!(dir.tree(), tree);
    // A row that is found by a secret stays.
    let dir = filled(49);
    dir.sql(
        DB,
        &format!(
            "CREATE TABLE traces(id TEXT PRIMARY KEY, created_at);
             INSERT INTO traces SELECT id, created_at FROM agent_logs;
             INSERT INTO traces VALUES ('{KEY}', '2025-01-01')"
        ),
    );
    let out = low(&dir).args(["--table", "traces"]).run();
    let report = report(out.status(3));
    assert_eq!(report["unrepresentable"], 1);
    assert_eq!(report["rows_archived"], 49);
    assert_eq!(dir.rows(DB, "SELECT id FROM traces"), [KEY]);
    assert!(!dir.zcat(&files(&dir)[0]).contains(KEY));
}

#[test]
fn a_run_that_died_is_finished_in_the_same_form() {
    for point in ["purge.purging", "purge.committed"] {
        let dir = with_keys();
        let real = word(bins().join("rt-purge"));
        let script = format!(
            "#!/bin/sh\ncase $* in *--pending*) ;; *) export \
             RT_FAIL={point}=kill ;; esac\nexec {real} \"$@\"\n"
        );
        dir.script("first/rt-purge", &script);
        low(&dir).path_first(dir.join("first")).run().status(1);
        // The next one redacts nothing of its own; what is there stays so.
        fill(&dir, 101, 50);
        let args = ["--no-redact", "--now=2026-01-16T00:00:00Z"];
        low(&dir).args(args).run().status_of(&[0, 3]);
        let [first, second] = &files(&dir)[..] else {
            panic!("{}", dir.tree())
        };
        assert!(!dir.zcat(first).contains("a prompt "));
        assert!(dir.zcat(second).contains("a prompt "));
        assert_eq!(hot(&dir).len(), 0, "{point}");
        all_are_there(&dir, 150);
    }
}
