//! What a job asks about before it deletes it for good: status, report, and
//! what it does all the same.

use serde_json::json;

use super::{json_of, last_job, on};
use crate::support::{Dir, Out, SHELLS};

/// A table of which two days are past their retention before they are
/// archived, and three are to become cold.
fn backlog(dir: &Dir) {
    dir.sql(
        "ideas.db",
        "CREATE TABLE tool_uses(id INTEGER PRIMARY KEY, start_time TEXT);
         INSERT INTO tool_uses(start_time) VALUES
             ('2024-11-05T10:00:00Z'), ('2024-11-06T10:00:00Z'),
             ('2025-11-20T10:00:00Z'), ('2025-11-21T10:00:00Z'),
             ('2025-11-22T10:00:00Z'), ('2026-01-14T10:00:00Z')",
    );
    dir.write(
        "policy",
        "{\"table\":\"tool_uses\",\"timestamp\":\"start_time\",\
         \"hot\":\"7d\",\"warm\":\"30d\",\"cold\":\"365d\"}\n",
    );
}

/// What is held by a report on the archives.
fn held(out: &Out, place: &str) -> String {
    json_of(out).pointer(&format!("{place}/purge/held")).unwrap().to_string()
}

const HELD: &str = "[{\"table\":\"tool_uses\",\"why\":\"backlog\",\"rows\":2,\
                    \"oldest\":\"2024-11-05\",\"newest\":\"2024-11-06\",\
                    \"cutoff_date\":\"2024-12-09T00:00:00Z\"}]";

/// The rows in all files of the tree.
fn archived(dir: &Dir) -> String {
    let count = on(dir.cmd("rt-cat")).args(["--count", "tool_uses"]).run();
    let from = count.stdout.find("\"rows\":").unwrap();
    count.stdout[from..].trim().to_owned()
}

fn canonical(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn first_full_run_on_an_old_table_deletes_nothing_for_good_and_says_so() {
    for shell in SHELLS {
        let dir = Dir::new();
        backlog(&dir);
        let scripts = dir.scripts_for(shell);
        let full = |now: &str, flags: &[&str]| {
            on(dir.cmd("rt-full"))
                .path_first(&scripts)
                .args(flags)
                .now(now)
                .run()
        };
        let first = "2026-01-15T00:00:00Z";
        let run = full(first, &[]);
        run.status(1);
        assert_eq!(canonical(&held(&run, "/monthly")), canonical(HELD));
        assert_eq!(last_job(&dir), ("full".to_owned(), 1));
        assert_eq!(archived(&dir), "\"rows\":5}");
        // It is not in the way of anything else.
        let report = json_of(&run);
        assert_eq!(report["monthly"]["consolidation"]["consolidated"], 5);
        // What is meant goes when it has waited.
        full(first, &["--yes"]).status(0);
        assert_eq!(archived(&dir), "\"rows\":5}");
        full("2026-01-22T00:00:00Z", &["--yes"]).status(0);
        assert_eq!(archived(&dir), "\"rows\":4}", "with one of 2026");
    }
}

#[test]
fn dry_run_of_all_jobs_counts_in_the_last_what_the_first_would_archive() {
    for shell in SHELLS {
        let dir = Dir::new();
        backlog(&dir);
        // A day that is archived already gets a row more.
        on(dir.cmd("rt-daily")).now("2025-12-05T00:00:00Z").run().status(0);
        dir.sql(
            "ideas.db",
            "INSERT INTO tool_uses(start_time) VALUES
                 ('2025-11-20T11:00:00Z'), ('2025-12-05T11:00:00Z'),
                 ('2024-10-01T11:00:00Z')",
        );
        let scripts = dir.scripts_for(shell);
        let full = |flags: &[&str]| {
            let full = on(dir.cmd("rt-full")).path_first(&scripts);
            full.args(flags).run()
        };
        let before = dir.tree();
        let dry = full(&["-n"]);
        dry.status(1).stderr_has("1 row of 'tool_uses' from 2024-10-01");
        assert_eq!(dir.tree(), before);
        let run = full(&[]);
        run.status(1);
        let (dry, run) = (json_of(&dry), json_of(&run));
        let days = &dry["daily"]["tables"][0]["day_rows"];
        assert_eq!(
            *days,
            json!({"2024-10-01": 1, "2025-11-20": 1, "2025-12-05": 1})
        );
        for (step, keys) in [
            ("purge", &["held", "waiting", "purged_files", "message"][..]),
            ("consolidation", &["consolidated", "removed_warm", "cold_files"]),
        ] {
            for key in keys {
                let of = |report: &serde_json::Value| {
                    report["monthly"][step][key].clone()
                };
                assert_eq!(of(&dry), of(&run), "{step} {key}");
            }
        }
    }
}

#[test]
fn monthly_job_and_its_dry_run_ask_alike() {
    let dir = Dir::new();
    backlog(&dir);
    on(dir.cmd("rt-daily")).run().status(0);
    let dry = on(dir.cmd("rt-monthly")).arg("-n").run();
    dry.status(1);
    let tree = dir.tree();
    let table = on(dir.cmd("rt-cleanup")).args(["-n", "archives"]).run();
    table.status(1);
    assert_eq!(dir.tree(), tree);
    let shown = table.stdout.split("\nCONSOLIDATED").next().unwrap();
    let (_, shown) = shown.split_once("\n\n").unwrap();
    insta::assert_snapshot!(shown);
    let run = on(dir.cmd("rt-monthly")).arg("-q").run();
    run.status(1).stderr_has("--yes");
    let (dry, mut run) = (json_of(&dry), json_of(&run));
    assert_eq!(run["purge"]["status"].take(), "held");
    assert_eq!(run["purge"]["held"], canonical(HELD));
    for key in ["held", "purged_files", "message"] {
        assert_eq!(dry["purge"][key], run["purge"][key], "{key}");
    }
    assert_eq!(
        dry["consolidation"]["removed_warm"],
        run["consolidation"]["removed_warm"]
    );
    assert_eq!(last_job(&dir), ("monthly".to_owned(), 1));
}

#[test]
fn clock_that_is_wrong_ends_nothing() {
    let dir = Dir::new();
    backlog(&dir);
    on(dir.cmd("rt-daily")).run().status(0);
    let late = on(dir.cmd("rt-full")).now("2099-01-01T00:00:00Z").run();
    late.status(1);
    let report = json_of(&late);
    assert_eq!(report["monthly"]["purge"]["status"], "failed");
    assert_eq!(report["monthly"]["purge"]["purged_files"], json!([]));
    assert_eq!(report["monthly"]["consolidation"]["status"], "skipped");
    assert_eq!(archived(&dir), "\"rows\":6}");
}
