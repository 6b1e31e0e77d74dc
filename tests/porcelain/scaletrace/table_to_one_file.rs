//! What a run does when nothing goes wrong.

use serde_json::json;

use super::{
    DB, all_are_there, archived, files, fill, filled, hot, live, low, report,
    rows, trace,
};
use crate::support::{Dir, NOW, SHELLS, bins, word};

#[test]
fn five_hundred_rows_go_to_one_file() {
    for shell in SHELLS {
        let dir = filled(500);
        dir.folder("a");
        let scripts = dir.scripts_for(shell);
        let before = live(&dir);
        let out = low(&dir).path_first(scripts).run();
        out.status(0);
        let [file] = &files(&dir)[..] else { panic!("{}", dir.tree()) };
        assert_eq!(file, "a/agent_logs_20260115T000000.000Z.json.gz");
        assert_eq!(rows(&dir, file).len(), 500);
        assert_eq!(hot(&dir), [0u64; 0]);
        all_are_there(&dir, 500);
        let report = report(&out);
        let size = dir.join(file).metadata().unwrap().len();
        for (key, value) in [
            ("status", json!("archived")),
            ("archived_file_path", json!(file)),
            ("original_size_bytes", json!(dir.zcat(file).len())),
            ("table_size_bytes", json!(before)),
            ("compressed_size_bytes", json!(size)),
            ("rows_archived", json!(500)),
            ("cutoff_timestamp", json!(NOW)),
        ] {
            assert_eq!(report[key], value, "{key}: {report}");
        }
        assert_eq!(out.stdout.lines().nth(1).unwrap().find('"'), Some(2));
        let line = "rt-scaletrace: 500 rows of 'agent_logs' are in 'a/agent_";
        out.expect("a line", out.stderr.starts_with(line));
        assert_eq!(out.stderr.lines().count(), 1);
    }
}

#[test]
fn only_what_is_more_than_the_threshold_is_archived() {
    let dir = filled(300);
    let live = live(&dir);
    let tree = dir.tree();
    let out = trace(&dir).arg(format!("--threshold={live}")).run();
    out.status(0).stderr_has("is not over");
    let report_of = report(&out);
    assert_eq!(report_of["status"], "below_threshold");
    assert_eq!(report_of["table_size_bytes"], live);
    assert_eq!(report_of["threshold_bytes"], live);
    assert_eq!(dir.tree(), tree);
    let out = trace(&dir).run();
    assert_eq!(report(out.status(0))["threshold_bytes"], 104_857_600);
    assert_eq!(dir.tree(), tree);
    let threshold = format!("--threshold={}", live - 1);
    let out = trace(&dir).arg(threshold).run();
    assert_eq!(report(out.status(0))["status"], "archived");
    assert_eq!(hot(&dir).len(), 0);
}

#[test]
fn the_same_run_again_does_nothing() {
    let dir = filled(400);
    low(&dir).run().status(0);
    let size = dir.join(DB).metadata().unwrap().len();
    let tree = dir.tree();
    let out = low(&dir).now("2026-01-16T00:00:00Z").run();
    assert_eq!(report(out.status(0))["status"], "below_threshold");
    assert_eq!(dir.tree(), tree);
    assert_eq!(dir.join(DB).metadata().unwrap().len(), size);
    // So also when the rows that went lay between those that stay.
    let dir = filled(2000);
    dir.sql(
        DB,
        "UPDATE agent_logs SET created_at = '2026-01-14' WHERE id % 3 = 0",
    );
    let threshold = format!("--threshold={}", live(&dir) / 2);
    let run =
        |now: &str| trace(&dir).args([&threshold, "--keep=7d"]).now(now).run();
    let out = run(NOW);
    assert_eq!(report(out.status(0))["rows_archived"], 1334);
    let tree = dir.tree();
    let out = run("2026-01-15T01:00:00Z");
    assert_eq!(report(out.status(0))["status"], "below_threshold");
    assert_eq!(dir.tree(), tree);
    all_are_there(&dir, 2000);
}

#[test]
fn rows_that_are_to_be_kept_stay() {
    let dir = filled(100);
    dir.sql(
        DB,
        "UPDATE agent_logs SET created_at = '2026-01-08T00:00:00Z'
           WHERE id IN (7, 8);
         UPDATE agent_logs SET created_at = '2026-01-07T23:59:59Z'
           WHERE id = 9",
    );
    let out = low(&dir).args(["--keep", "7d"]).run();
    let cutoff = &report(out.status(0))["cutoff_timestamp"];
    assert_eq!(cutoff, "2026-01-08T00:00:00Z");
    assert_eq!(hot(&dir), [7, 8]);
    all_are_there(&dir, 100);
}

#[test]
fn rows_that_come_while_it_runs_stay() {
    let dir = filled(200);
    for (program, id) in [("rt-store", 201), ("rt-purge", 301)] {
        let real = word(bins().join(program));
        let insert = format!(
            "INSERT OR IGNORE INTO agent_logs VALUES ({id}, '2020-01-01', \
             'new', '', 0), ({id} + 1, '{NOW}', 'now', '', 0)"
        );
        let script = format!(
            "#!/bin/sh\ncase $* in *--pending*) ;; *)\n\
             sqlite3 -cmd '.timeout 9999' '{}' \"{insert}\" ;;\nesac\n\
             exec {real} \"$@\"\n",
            dir.join(DB).display()
        );
        dir.script(&format!("first/{program}"), &script);
    }
    let out = low(&dir).path_first(dir.join("first")).run();
    out.status(0);
    // The first may be exported or not; at the cutoff and later they stay.
    let hot = hot(&dir);
    assert!(hot.contains(&202) && hot.contains(&302), "{hot:?}");
    let mut ids = archived(&dir);
    for id in hot {
        *ids.entry(id).or_default() += 1;
    }
    assert_eq!(ids.len(), 204);
    assert!(ids.values().all(|count| *count == 1), "{ids:?}");
}

#[test]
fn without_rows_that_may_go_there_is_no_file() {
    for statement in [
        "UPDATE agent_logs SET created_at = 'n/a' WHERE id % 2 = 0;
         UPDATE agent_logs SET created_at = NULL WHERE id % 2 = 1",
        "CREATE TABLE child(of REFERENCES agent_logs(id));
         INSERT INTO child SELECT id FROM agent_logs",
        "UPDATE agent_logs SET created_at = '2026-01-15T00:00:00Z'",
    ] {
        let dir = filled(50);
        dir.sql(DB, statement);
        let out = low(&dir).run();
        // Where no row can be dated, the column or its unit is wrong.
        let blind = statement.contains("n/a");
        out.status(if blind { 3 } else { 0 })
            .stderr_has("no rows of 'agent_logs' are due");
        let said = out.stderr.matches("can be dated").count();
        assert_eq!(said, usize::from(blind), "{}", out.stderr);
        let report = report(&out);
        assert_eq!(report["status"], "no_records");
        assert_eq!(report["archived_file_path"], json!(null));
        assert_eq!(report["rows_archived"], 0);
        let undated = if blind { 50 } else { 0 };
        assert_eq!(report["undated"], undated);
        let referenced = if statement.contains("child") { 50 } else { 0 };
        assert_eq!(report["referenced"], referenced);
        assert_eq!(files(&dir), [""; 0]);
        assert_eq!(hot(&dir).len(), 50);
    }
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let dir = filled(100);
    low(&dir).run().status(0);
    fill(&dir, 101, 100);
    let out = low(&dir).run();
    let name = "a/agent_logs_20260115T000000.000Z_2.json.gz";
    assert_eq!(report(out.status(0))["archived_file_path"], name);
    assert_eq!(files(&dir).len(), 2);
    all_are_there(&dir, 200);
}

#[test]
fn names_and_paths_may_hold_anything() {
    for table in ["it's", "a/../b", "q\"uo te", "line\nline", "-n", "%s"] {
        let dir = Dir::new();
        let quoted = table.replace('"', "\"\"");
        dir.sql(
            "it's a db",
            &format!(
                "CREATE TABLE \"{quoted}\"(\"the 'time'\", v);
                 INSERT INTO \"{quoted}\" VALUES (1735689600, 'x'),
                   ('2025-01-01', hex(zeroblob(2000)))"
            ),
        );
        let out = dir
            .cmd("rt-scaletrace")
            .args(["--db=it's a db", "--archives", "some \"where\n/b c"])
            .args(["--threshold=100", "--timestamp-column", "the 'time'"])
            .arg(format!("--table={table}"))
            .run();
        out.status(0);
        let report = report(&out);
        assert_eq!(report["table"], table);
        assert_eq!(report["rows_archived"], 2);
        let path = report["archived_file_path"].as_str().unwrap();
        let folder = std::path::Path::new(path).parent().unwrap();
        assert_eq!(folder.to_str(), Some("some \"where\n/b c"));
        assert_eq!(rows(&dir, path).len(), 2);
        let count = format!("SELECT count(*) FROM \"{quoted}\"");
        assert_eq!(dir.rows("it's a db", &count), ["0"]);
    }
}

#[test]
fn space_is_given_back_on_demand() {
    for (mode, reclaim) in [(0, "full"), (2, "incremental")] {
        let dir = Dir::new();
        dir.sql(DB, &format!("PRAGMA auto_vacuum = {mode}"));
        dir.sql(DB, super::TABLE);
        fill(&dir, 1, 2000);
        let size = || dir.join(DB).metadata().unwrap().len();
        let before = size();
        let out = low(&dir).args(["--reclaim", reclaim]).run();
        let gained = report(out.status(0))["reclaimed_bytes"].clone();
        assert_eq!(gained, before - size(), "{reclaim}");
        assert!(size() < before / 10, "{reclaim}: {}", size());
        out.stderr_has("shorter");
        // Nothing was archived: nothing is given back, and none is named.
        let again = low(&dir).args(["--reclaim", reclaim]).run();
        assert_eq!(report(again.status(0))["status"], "below_threshold");
    }
    // What the database cannot do is refused before anything is done.
    let dir = filled(100);
    let out = low(&dir).args(["--reclaim=incremental"]).run();
    out.status(2).stdout("").stderr_has("no incremental vacuum");
    assert_eq!(dir.rows(DB, "SELECT count(*) FROM agent_logs"), ["100"]);
}
