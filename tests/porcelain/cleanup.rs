//! rt-cleanup, rt-monthly, rt-full and rt-retention, with the real programs:
//! what they do to a tree, and what they say of it.

mod questions;

use serde_json::{Value, json};

use super::{script, stub};
use crate::support::{Cmd, Dir, Out, SHELLS, steady};

const NOW: &str = "2026-01-15T00:00:00Z";
const BEFORE: &str = "2025-12-05T00:00:00Z";

const POLICY: &str = r#"
{"table":"tool_uses","timestamp":"start_time","hot":"7d","warm":"30d","cold":"365d"}
{"table":"each_week","every":"week","timestamp":"at","hot":"7d","warm":"30d","cold":"365d"}
"#;

/// A tree of four days of a table: the first is past its retention, and past
/// its warm period too, the next two are due to become cold, the last stays.
fn archived(dir: &Dir) {
    dir.sql(
        "ideas.db",
        "CREATE TABLE tool_uses(id INTEGER PRIMARY KEY, start_time TEXT);
         CREATE TABLE each_week(id INTEGER PRIMARY KEY, at TEXT);
         INSERT INTO tool_uses(start_time) VALUES
             ('2024-11-05T10:00:00Z'), ('2025-11-20T10:00:00Z'),
             ('2025-11-21T10:00:00Z'), ('2026-01-02T10:00:00Z'),
             ('2026-01-14T10:00:00Z')",
    );
    dir.write("policy", POLICY);
    // What is past its retention by now was not when it was archived.
    for now in [BEFORE, NOW] {
        on(dir.cmd("rt-daily")).now(now).run().status(0);
    }
}

fn on(cmd: Cmd<'_>) -> Cmd<'_> {
    cmd.env("RT_DB", "ideas.db").env("RT_POLICY", "policy").now(NOW)
}

fn json_of(out: &Out) -> Value {
    serde_json::from_str(&out.stdout).unwrap()
}

fn file(day: &str) -> String {
    format!("warm/{day}/tool_uses.jsonl.gz")
}

/// The last event `job` of the ledger: its mode and exit status.
fn last_job(dir: &Dir) -> (String, u64) {
    let ledger = dir.read("archives/ledger.jsonl");
    let mut events = ledger.lines().map(|l| serde_json::from_str(l).unwrap());
    let job: Value = events.rfind(|e: &Value| e["type"] == "job").unwrap();
    let mode = job["mode"].as_str().unwrap().to_owned();
    (mode, job["exit_status"].as_u64().unwrap())
}

#[test]
fn dry_run_names_exactly_what_the_run_does_also_where_steps_overlap() {
    for shell in SHELLS {
        let dir = Dir::new();
        archived(&dir);
        let before = dir.tree();
        let scripts = dir.scripts_for(shell);
        let cleanup = |flag: &[&str]| {
            on(dir.cmd("rt-cleanup"))
                .path_first(&scripts)
                .args(["archives", "--json"])
                .args(flag)
                .run()
        };
        let dry = cleanup(&["-n"]);
        dry.status(0).stderr("");
        let now = dir.tree();
        let kept = now.lines().filter(|l| !l.contains("scripts-under-test"));
        assert_eq!(
            kept.collect::<Vec<_>>(),
            before.lines().collect::<Vec<_>>()
        );
        let run = cleanup(&[]);
        run.status(0).stderr("");
        let (mut dry, mut run) = (json_of(&dry), json_of(&run));
        assert_eq!(run["purge"]["purged_files"], json!([file("2024-11-05")]));
        assert_eq!(
            run["consolidation"]["removed_warm"],
            json!([file("2025-11-20"), file("2025-11-21")])
        );
        for (report, is_dry, done) in [
            (&mut dry, true, ["dry_run", "dry_run"]),
            (&mut run, false, ["consolidated", "purged"]),
        ] {
            assert_eq!(report["dry_run"].take(), is_dry);
            report["duration_seconds"].take();
            assert_eq!(report["consolidation"]["status"].take(), done[0]);
            assert_eq!(report["purge"]["status"].take(), done[1]);
        }
        assert_eq!(dry, run);
        assert_eq!(last_job(&dir), ("cleanup".to_owned(), 0));
        assert!(!dir.join("archives/warm/2025-11-20").exists());
        assert!(dir.join("archives/cold/2025/2025-11.tar.gz").exists());
    }
}

#[test]
fn cleanup_report_has_the_documented_keys_and_a_table() {
    let dir = Dir::new();
    archived(&dir);
    let out = on(dir.cmd("rt-cleanup")).args(["-n", "archives"]).run();
    out.status(0);
    insta::assert_snapshot!(steady(&dir, &out.stdout), @r#"
    Cleanup Results
    DRY RUN
    STEP           STATUS   FILES   SIZE  MESSAGE
    purge          dry_run      1  126 B
    consolidation  dry_run      2      -

    TABLE      ROWS  OLDEST      NEWEST      CUTOFF                WHAT
    tool_uses     1  2024-11-05  2024-11-05  2024-12-09T00:00:00Z  would go

    PURGED
    warm/2024-11-05/tool_uses.jsonl.gz

    CONSOLIDATED
    warm/2025-11-20/tool_uses.jsonl.gz
    warm/2025-11-21/tool_uses.jsonl.gz

    INTO
    cold/2025/2025-11.tar.gz

    policy    [DIR]/policy
    database  [DIR]/ideas.db
    archives  [DIR]/archives
    duration  [D]
    "#);
    let out = on(dir.cmd("rt-monthly")).run();
    out.status(0).stderr("");
    assert_eq!(last_job(&dir), ("monthly".to_owned(), 0));
    let mut report = json_of(&out);
    let bytes = report["purge"]["purged_bytes"].take();
    assert!(bytes.as_u64().unwrap() > 0, "{bytes}");
    let text =
        out.stdout.replace(&format!("_bytes\": {bytes}"), "_bytes\": [BYTES]");
    insta::assert_snapshot!(steady(&dir, &text), @r#"
    {
      "mode": "monthly",
      "timestamp": "2026-01-15T00:00:00Z",
      "dry_run": false,
      "policy": "[DIR]/policy",
      "database": "[DIR]/ideas.db",
      "archives": "[DIR]/archives",
      "duration_seconds": [D],
      "consolidation": {
        "status": "consolidated",
        "consolidated": 2,
        "cold_files": [
          "cold/2025/2025-11.tar.gz"
        ],
        "removed_warm": [
          "warm/2025-11-20/tool_uses.jsonl.gz",
          "warm/2025-11-21/tool_uses.jsonl.gz"
        ],
        "message": null
      },
      "purge": {
        "status": "purged",
        "purged_files": [
          "warm/2024-11-05/tool_uses.jsonl.gz"
        ],
        "purged_members": 1,
        "purged_bytes": [BYTES],
        "tables": [
          {
            "table": "tool_uses",
            "rows": 1,
            "oldest": "2024-11-05",
            "newest": "2024-11-05",
            "cutoff_date": "2024-12-09T00:00:00Z"
          }
        ],
        "message": null
      },
      "verified": {
        "files": 1,
        "size_bytes": 819,
        "rows": 2,
        "findings": []
      }
    }
    "#);
}

#[test]
fn each_step_can_be_left_out() {
    for (flag, left, gone) in [
        ("--consolidate-only", "2024-11-05", None),
        ("--purge-only", "2025-11-20", Some("2024-11-05")),
    ] {
        let dir = Dir::new();
        archived(&dir);
        let out = on(dir.cmd("rt-cleanup"))
            .args([flag, "archives", "--json", "--older-than=5000d"])
            .run();
        if gone.is_some() {
            out.status(2).stderr_has("--older-than is for");
            on(dir.cmd("rt-cleanup")).args([flag, "archives"]).run().status(0);
        } else {
            out.status(0);
            assert_eq!(json_of(&out)["purge"]["status"], "skipped");
        }
        assert!(dir.join("archives").join(file(left)).exists());
        if let Some(day) = gone {
            assert!(!dir.join("archives").join(file(day)).exists());
        }
    }
}

#[test]
fn settings_that_make_no_sense_stop_before_anything_is_touched() {
    let dir = Dir::new();
    archived(&dir);
    let before = dir.tree();
    for args in [
        &[][..],
        &["everything"],
        &["archives", "--older-than", "0d"],
        &["archives", "--older-than=-3d"],
        &["archives", "--consolidate-only", "--purge-only"],
        &["archives", "--policy", "no-such-file"],
    ] {
        let out = on(dir.cmd("rt-cleanup")).args(args).run();
        out.expect("a refusal", out.status != 0).stdout("");
        assert_eq!(dir.tree(), before, "{args:?}");
    }
}

#[test]
fn refused_expiry_begins_nothing_and_yes_goes_past_it() {
    let dir = Dir::new();
    archived(&dir);
    let cleanup = |args: &[&str]| {
        on(dir.cmd("rt-cleanup"))
            .args(["archives", "--json"])
            .args(args)
            .now("2026-12-20T00:00:00Z")
            .run()
    };
    let warm = || {
        let tree = dir.tree();
        tree.lines().filter(|l| l.contains("/warm/")).count()
    };
    let before = warm();
    let out = cleanup(&[]);
    out.status(1);
    let report = json_of(&out);
    assert_eq!(report["purge"]["status"], "failed");
    assert_eq!(report["consolidation"]["status"], "skipped");
    assert_eq!(warm(), before);
    assert_eq!(last_job(&dir), ("cleanup".to_owned(), 1));
    let out = cleanup(&["--yes"]);
    out.status(0);
    assert_eq!(json_of(&out)["purge"]["status"], "purged");
}

#[test]
fn step_that_dies_is_a_failure_and_is_named() {
    for shell in SHELLS {
        let dir = Dir::new();
        archived(&dir);
        stub(&dir, "rt-consolidate", "kill -KILL $$");
        let out = on(script(&dir, shell, "rt-cleanup"))
            .args(["archives", "--json"])
            .run();
        out.status(3);
        let report = json_of(&out);
        assert_eq!(report["purge"]["status"], "purged");
        assert_eq!(
            report["consolidation"]["message"],
            "rt-consolidate did not finish"
        );
    }
}

#[test]
fn full_is_the_three_jobs_and_their_whole_reports() {
    let dir = Dir::new();
    archived(&dir);
    dir.sql(
        "ideas.db",
        "INSERT INTO tool_uses VALUES(9, '2026-01-01T00:00:00Z')",
    );
    let out = on(dir.cmd("rt-full")).args(["--batch-size", "7"]).run();
    out.status(0).stderr("");
    let report = json_of(&out);
    for part in ["daily", "weekly", "monthly"] {
        assert_eq!(report[part]["mode"], part);
        assert_eq!(report[part]["timestamp"], report["timestamp"]);
    }
    assert_eq!(report["daily"]["total_archived"], 1);
    assert_eq!(report["monthly"]["consolidation"]["consolidated"], 2);
    assert_eq!(last_job(&dir), ("full".to_owned(), 0));
    let at = |key: &str| out.stdout.find(&format!("\n  \"{key}\"")).unwrap();
    assert!(at("mode") < at("daily") && at("daily") < at("weekly"));
    assert!(at("weekly") < at("monthly"));
}

#[test]
fn full_goes_on_after_a_job_that_left_no_report() {
    for shell in SHELLS {
        let dir = Dir::new();
        archived(&dir);
        let said = "echo rt-lock: warning: it is late >&2
            echo 'rt-weekly: the \"why\"' >&2; echo hint: look >&2; exit 2";
        for (body, status, why) in
            [("exit 5", 5, None), (said, 3, Some("the \"why\""))]
        {
            stub(&dir, "rt-weekly", body);
            let full = on(script(&dir, shell, "rt-full"));
            // What is beside the script comes before what is on PATH.
            let beside = dir.join("scripts-under-test/rt-weekly");
            std::fs::copy(dir.join("stubs/rt-weekly"), beside).unwrap();
            let out = full.run();
            out.status(status);
            let weekly = &json_of(&out)["weekly"];
            assert_eq!(weekly["status"], "failed");
            let message = weekly["message"].as_str().unwrap();
            out.expect("the cause", why.is_none_or(|why| message == why));
            if status == 3 {
                out.stderr_has("warning: it is late").stderr_has("hint: look");
                continue;
            }
            let report = json_of(&out);
            assert_eq!(report["monthly"]["purge"]["purged_members"], 1);
        }
    }
}

#[test]
fn part_or_step_without_a_report_fails() {
    let dir = Dir::new();
    for (args, key) in [
        (["--expect", "purge"], "/purge/status"),
        (["--expect", "consolidation"], "/consolidation/status"),
        (["--part", "daily=nowhere"], "/daily/status"),
    ] {
        let out = dir.cmd("rt-report").args(args).arg("--json").run();
        out.status(1);
        assert_eq!(json_of(&out).pointer(key).unwrap(), "failed");
    }
    for args in [
        &["--expect", "purge", "t"][..],
        &["--expect", "purge", "--part", "a=b"],
        &["--expect", "else"],
        &["--part", "mode=x"],
        &["--part", "a=b", "--part", "a=c"],
        &["--show", "else"],
    ] {
        dir.cmd("rt-report").args(args).run().status(2).stdout("");
    }
}

const STAT: &str = r#"
case "$*" in
*--check*)
	echo '{"type":"breach","what":"job","message":"rt-weekly never ran"}'
	exit 6
	;;
*--files*)
	for day in 01 02; do
		echo '{"type":"archive_file","file":"f","tier":"warm","table":"t",' \
			'"day":"2026-01-'$day'","rows":2,"size_bytes":1024}'
	done
	;;
*--archives*)
	echo '{"type":"tier","tier":"warm","total_files":2,"total_members":2,' \
		'"days":2,"size_bytes":2048,"rows":4,"oldest":"2026-01-01T00:00:00Z",' \
		'"newest":"2026-01-02T00:00:00Z","eligible_for_cold":1,' \
		'"eligible_for_purge":0}'
	echo '{"type":"archive","tier":"warm","table":"t","days":2,"files":2,' \
		'"rows":4,"size_bytes":2048,"oldest":"2026-01-01T00:00:00Z",' \
		'"newest":"2026-01-02T00:00:00Z"}'
	;;
*)
	echo '{"type":"table","table":"tool_uses","rows":9,"hot":5,"stale":4,' \
		'"warm":4,"undated":0,"oldest":null,"newest":null,' \
		'"live_bytes":4096,"reclaimable_bytes":0}'
	;;
esac"#;

#[test]
fn retention_shows_tables_for_people_and_json_for_programs() {
    for shell in SHELLS {
        let dir = Dir::new();
        stub(&dir, "rt-stat", STAT);
        let show = |args: &[&str]| {
            script(&dir, shell, "rt-retention").args(args).run()
        };
        let out = show(&["status"]);
        out.status(0).stderr("");
        for text in [
            "HOT STORAGE\nTABLE      ROWS  HOT  STALE  UNDATED     SIZE",
            "\nWARM ARCHIVE\n2 files, 4 rows, 2.0 KiB, 2026-01-01 to 2026-",
            "due to become cold: 1\n",
            "\nCOLD ARCHIVE\nnot known\n",
        ] {
            out.stdout_has(text);
        }
        let status = json_of(&show(&["status", "--json"]));
        let table = &status["database"][0];
        assert_eq!(table["stale"], 4);
        assert_eq!(table["policy"]["hot_days"], 7);
        assert_eq!(status["archives"]["warm"]["eligible_for_cold"], 1);
        assert_eq!(status["archives"]["cold"], Value::Null);
        show(&["stats"])
            .status(0)
            .stdout_has("2026-01  warm     2       1     4  2.0 KiB");
        show(&["stats", "--by", "day"])
            .status(0)
            .stdout_has("DAY         TIER  DAYS  TABLES  ROWS     SIZE")
            .stdout_has("2026-01-02  warm     1       1     2  1.0 KiB");
        show(&["status", "--by", "day"]).status(2).stdout("");
        show(&["stats", "--by", "year"]).status(2).stdout("");
        show(&["policy"]).status(0).stdout_has("Retention Policies\nTABLE");
        let policy = json_of(&show(&["policy", "--json"]));
        assert_eq!(policy["tool_uses"]["total_days"], 402);
        let check = show(&["check", "--max-undated", "3", "-q"]);
        check.status(6).stdout_has("job    rt-weekly never ran\n");
        show(&["check", "--since", "2026-01-01"]).status(2).stdout("");
        show(&[]).status(2).stdout("");
    }
}
