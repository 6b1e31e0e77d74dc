//! Something dies or fails on the way: no file, every row, and the reason.

use serde_json::json;

use super::{all_are_there, archived, files, filled, hot, low, report};
use crate::support::{Dir, bins, word};

/// A program that runs in the place of one of ours, unless it is only asked
/// for one row or for what is pending.
fn instead(dir: &Dir, program: &str, body: &str) {
    let real = word(bins().join(program));
    let script = format!(
        "#!/bin/dash\ncase $* in *--limit=1\\ * | *--pending*) exec {real} \
         \"$@\" ;; esac\n{}\n",
        body.replace("REAL", &real)
    );
    dir.script(&format!("first/{program}"), &script);
}

/// A run with that program fails with this status and reason, and leaves all
/// rows and no file; the next run archives them.
fn fails(program: &str, body: &str, status: i32, why: &str) {
    let dir = filled(3000);
    instead(&dir, program, body);
    let out = low(&dir).path_first(dir.join("first")).run();
    out.status(status).stderr_has(why);
    let failed = report(&out);
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["archived_file_path"], json!(null));
    assert_eq!(failed["rows_archived"], 0);
    let message = failed["message"].as_str().unwrap();
    assert!(message.contains(why), "{message}");
    assert_eq!(files(&dir), [""; 0]);
    assert_eq!(hot(&dir).len(), 3000);
    let out = low(&dir).run();
    assert_eq!(report(out.status(0))["rows_archived"], 3000);
    all_are_there(&dir, 3000);
    let left = dir.tree().contains(".rt-tmp");
    assert!(!left, "{}", dir.tree());
}

#[test]
fn an_export_that_dies_closes_no_array() {
    for bytes in ["0", "2", "100000", "700000"] {
        let body = format!("REAL \"$@\" | head -c {bytes}; kill -9 $$");
        fails("rt-export", &body, 4, "the array is not closed");
    }
    // All rows are out, but nobody has said so.
    let body = "REAL \"$@\" | sed '$d'; kill -9 $$";
    fails("rt-export", body, 4, "the array is not closed");
}

#[test]
fn a_file_that_cannot_be_written_is_not_there() {
    fails("rt-store", "ulimit -f 8; exec REAL \"$@\"", 1, "too large");
}

#[test]
fn a_store_that_dies_publishes_nothing() {
    let killed = "did not finish";
    let body = "RT_FAIL=store.synced=kill exec REAL \"$@\"";
    fails("rt-store", body, 1, killed);
    fails("rt-store", "head -c 1000 >/dev/null; kill -9 $$", 1, killed);
}

#[test]
fn a_run_that_dies_behind_the_publication_is_finished_by_the_next() {
    for (program, point) in [
        ("rt-store", "store.intents"),
        ("rt-store", "store.renamed"),
        ("rt-store", "store.published"),
        ("rt-purge", "purge.compared"),
        ("rt-purge", "purge.purging"),
        ("rt-purge", "purge.deleted"),
        ("rt-purge", "purge.committed"),
        ("rt-purge", "purge.before_purge"),
    ] {
        let dir = filled(3000);
        let body = format!("RT_FAIL={point}=kill exec REAL \"$@\"");
        instead(&dir, program, &body);
        let out = low(&dir).path_first(dir.join("first")).run();
        out.status(1).stderr_has("did not finish");
        let out = low(&dir).now("2026-01-15T00:00:01Z").run();
        let report = report(out.status_of(&[0, 3]));
        assert_eq!(report["status"], "archived", "{point}: {report}");
        assert_eq!(report["rows_archived"], 3000, "{point}: {report}");
        assert_eq!(files(&dir).len(), 1, "{point}\n{}", dir.tree());
        assert_eq!(archived(&dir).len(), 3000);
        all_are_there(&dir, 3000);
    }
}
