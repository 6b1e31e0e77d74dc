//! The proof in the archived form, and recovery.

use serde_json::json;

use super::{FLAGS, export, exported, nothing_leaks, stored, token, world};
use crate::support::rows::rechained;
use crate::support::world::{counts, purged, records};

#[test]
fn exactly_the_proven_rows_go() {
    let world = world();
    let receipts = stored(&world, "t", &FLAGS);
    let receipt = &records(&receipts)[0];
    assert_eq!(receipt["redacted"], json!(["prompt"]));
    assert_eq!(receipt["secrets_version"], 4);
    assert!(receipt.get("secrets_all").is_none());
    let out = world.purge(&receipts).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 5");
    assert_eq!(world.row("SELECT id FROM t"), "6");
    assert_eq!(world.archived_of("id"), "1 2 3 4 5");
    nothing_leaks(&world, &out);
}

#[test]
fn a_change_counts_only_where_the_archives_show_it() {
    let world = world();
    let receipts = stored(&world, "t", &FLAGS);
    world.sql(&format!(
        "UPDATE t SET prompt = 'another' WHERE id = 1;
         UPDATE t SET log = replace(log, 'ghp_', 'gho_') WHERE id = 2;
         UPDATE t SET log = log || ' ' WHERE id = 3;
         UPDATE t SET prompt = NULL WHERE id = 4;
         UPDATE t SET log = '{}' WHERE id = 5;",
        token()
    ));
    let out = world.purge(&receipts).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 2, changed 3");
    assert_eq!(world.row("SELECT id FROM t"), "3 4 5 6");
    assert_eq!(world.archived_of("id"), "1 2");
}

#[test]
fn rows_without_a_key_go_like_others() {
    let world = world();
    let receipts = stored(&world, "u", &FLAGS);
    // Rowids say nothing any more: content alone does, in its archived form.
    world.sql(
        "CREATE TABLE z AS SELECT * FROM u; DELETE FROM u;
        INSERT INTO u SELECT * FROM z ORDER BY at DESC; DROP TABLE z;",
    );
    world.sql("UPDATE u SET log = 'other' WHERE log LIKE 'plain'");
    let out = world.purge(&receipts).run();
    out.status(0);
    let result = counts(&purged(&out));
    assert!(result.starts_with("records 5, "), "{result}");
    assert_eq!(
        world.row("SELECT at FROM u ORDER BY at"),
        "2026-01-01T01:00:00Z 2026-01-14T00:00:00Z"
    );
    nothing_leaks(&world, &out);
}

#[test]
fn a_redacted_column_that_became_the_key_proves_nothing() {
    let world = world();
    let receipts = stored(&world, "t", &FLAGS);
    world.sql(
        "CREATE TABLE n(id, at TEXT, prompt TEXT PRIMARY KEY, log TEXT);
         INSERT INTO n SELECT id, at, coalesce(prompt, 0), log FROM t;
         DROP TABLE t; ALTER TABLE n RENAME TO t;",
    );
    let out = world.purge(&receipts).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "changed 5");
    assert_eq!(world.rows("SELECT id FROM t").len(), 6);
}

#[test]
fn a_killed_run_is_finished_in_the_same_form() {
    for point in [
        "purge.compared",
        "purge.purging",
        "purge.deleted",
        "purge.committed",
        "purge.before_purge",
        "purge.settled",
    ] {
        for table in ["t", "u"] {
            let world = world();
            let flags = ["--redact-secrets=all", "--redact", "prompt"];
            let receipts = stored(&world, table, &flags);
            assert_eq!(records(&receipts)[0]["secrets_all"], true);
            let out = world
                .purge(&receipts)
                .env("RT_FAIL", format!("{point}=kill"))
                .run();
            out.status(137);
            // The policy of today has no say in the form of what is stored.
            let out = world.settles(world.pending());
            let all = format!("SELECT at FROM {table}");
            assert_eq!(world.row(&all), "2026-01-14T00:00:00Z", "{point}");
            let rows = if table == "t" { 5 } else { 6 };
            assert_eq!(world.records().len(), rows, "{point} {table}");
            nothing_leaks(&world, &out);
        }
    }
}

#[test]
fn both_programs_must_be_told_the_same() {
    let world = world();
    let rows = export(&world, "t", &["--redact", "prompt"]).run();
    let out = world.cmd("rt-store").arg("t").stdin(rows.bytes).run();
    out.status(0);
    let out = world.purge(&out.stdout).run();
    // Where the value was NULL it is so in both.
    assert_eq!(counts(&purged(&out)), "records 1, changed 4");
    assert_eq!(world.row("SELECT id FROM t"), "1 3 4 5 6");
    assert_eq!(world.archived_of("id"), "2");
}

#[test]
fn a_version_that_is_not_known_deletes_nothing() {
    let world = world();
    let receipts = stored(&world, "t", &FLAGS);
    let newer = |text: &str| {
        text.replace("\"secrets_version\":4", "\"secrets_version\":5")
    };
    let ledger = newer(&world.dir.read("archives/ledger.jsonl"));
    world.dir.write("archives/ledger.jsonl", rechained(&ledger));
    world.dir.write("archives/lock", "");
    let out = world.purge(&newer(&receipts)).run();
    out.status(1).stdout_has("version 5 of the patterns");
    assert_eq!(world.rows("SELECT id FROM t").len(), 6);
    assert_eq!(world.records().len(), 5);
    let out = world.cmd("rt-purge").arg("--pending").run();
    out.status(1).stdout_has("knows them up to 4");
    assert_eq!(world.rows("SELECT id FROM t").len(), 6);
}

#[test]
fn the_receipts_version_says_what_the_form_is() {
    let world = world();
    // Version 4 finds this one, behind the escape; version 1 does not.
    let log = format!("%22{}", token());
    world.sql(&format!("UPDATE t SET log = '{log}' WHERE id = 1"));
    let receipts = stored(&world, "t", &FLAGS);
    let of_one = |text: &str| {
        text.replace("\"secrets_version\":4", "\"secrets_version\":1")
    };
    let ledger = of_one(&world.dir.read("archives/ledger.jsonl"));
    world.dir.write("archives/ledger.jsonl", rechained(&ledger));
    world.dir.write("archives/lock", "");
    let out = world.purge(&of_one(&receipts)).run();
    out.status(0);
    assert_eq!(counts(&purged(&out)), "records 4, changed 1");
    assert_eq!(world.row("SELECT id FROM t"), "1 6");
}

#[test]
fn the_report_says_what_was_replaced() {
    let world = world();
    let receipts = stored(&world, "t", &FLAGS);
    let out = world.purge(&receipts).run();
    let results = format!("{}{}", world.dir.read("x"), out.stdout);
    let report = world
        .cmd("rt-report")
        .args(["--json", "--", "t"])
        .stdin(results)
        .run();
    report.status(0);
    let report: serde_json::Value =
        serde_json::from_str(&report.stdout).unwrap();
    let table = &report["tables"][0];
    assert_eq!(table["redacted"], json!(["prompt"]));
    assert_eq!(table["secrets"], exported(&world)["secrets"]);
    assert_eq!(table["records"], 5);
}
