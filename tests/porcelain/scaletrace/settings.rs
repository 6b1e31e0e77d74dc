//! Flags, environment, and what is refused before anything is touched.

use super::{DB, files, filled, hot, low, report, trace};
use crate::support::NOW;

#[test]
fn settings_that_make_no_sense_leave_everything_as_it_is() {
    let dir = filled(100);
    dir.sql(DB, "CREATE VIEW v AS SELECT * FROM agent_logs");
    dir.write("file", "");
    let tree = dir.tree();
    for (args, status, why) in [
        (&["--threshold=much"][..], 2, "'much' is not a size"),
        (&["--threshold="], 2, "--over"),
        (&["--table=nothing"], 2, "no table 'nothing'"),
        (&["--db=nowhere"], 1, "'nowhere'"),
        (&["--archives="], 2, "empty"),
        (&["--archives=file", "--threshold=1"], 1, "'file'"),
        (&["--archives=file/a", "--threshold=1"], 1, "'file"),
        (&["--archives=/proc/a", "--threshold=1"], 1, "'/proc/a'"),
        (&["--timestamp-column=x", "--threshold=1"], 2, "no column 'x'"),
        (&["--unit=x", "--threshold=1"], 2, "'x'"),
        (&["--keep=x", "--threshold=1"], 2, "'x'"),
        (&["--now=x"], 2, "'x'"),
        (&["--reclaim=x"], 2, "--reclaim takes"),
        (&["--reclaim=full", "agent_logs"], 2, "operand"),
        (&["--policy=nowhere", "--threshold=1"], 2, "'nowhere'"),
    ] {
        let mut cmd = dir.cmd("rt-scaletrace");
        for (flag, value) in [("--db", DB), ("--archives", "a")] {
            if !args.iter().any(|arg| arg.starts_with(flag)) {
                cmd = cmd.args([flag, value]);
            }
        }
        let out = cmd.args(args).run();
        out.status(status).stdout("").stderr_has(why);
        assert_eq!(dir.tree(), tree, "{args:?}");
    }
}

#[test]
fn the_check_of_the_requirement_is_listed() {
    let dir = filled(1);
    let validate = || dir.cmd(crate::support::root().join("scripts/validate"));
    validate().run().status(0).stdout_has("ScaleTrace  [TAS-071]");
    validate().arg("-h").run().status(0).stdout_has("usage: ");
    for args in [&["--check", "x"][..], &["--check"], &["x"]] {
        validate().args(args).run().status(2).stdout("");
    }
}

#[test]
fn the_environment_stands_in_for_flags() {
    for (envs, flags) in [
        (&[("STATE_DB_PATH", DB), ("ARCHIVE_DIR", "a")][..], &[][..]),
        (&[("RT_DB", DB), ("RT_ARCHIVES", "a")], &[]),
        (
            &[
                ("STATE_DB_PATH", DB),
                ("RT_DB", "nowhere"),
                ("ARCHIVE_DIR", "a"),
                ("RT_ARCHIVES", "other"),
            ],
            &[],
        ),
        (
            &[("STATE_DB_PATH", "nowhere"), ("ARCHIVE_DIR", "other")],
            &["--db", DB, "--archives", "a"],
        ),
    ] {
        let dir = filled(50);
        let mut cmd = dir.cmd("rt-scaletrace").args(["--threshold", "1KiB"]);
        for (name, value) in envs {
            cmd = cmd.env(name, value);
        }
        cmd.args(flags).run().status(0);
        assert_eq!(files(&dir).len(), 1, "{envs:?}");
        assert!(!dir.join("other").exists());
    }
    let dir = filled(50);
    let cmd = dir.cmd("rt-scaletrace").args(["--threshold", "1KiB"]);
    let out = cmd.env("STATE_DB_PATH", DB).run();
    let path = report(out.status(0))["archived_file_path"].clone();
    let path = path.as_str().unwrap();
    assert!(path.starts_with(".devs/archives/agent_logs_2026"), "{path}");
    assert!(dir.join(path).is_file());
}

#[test]
fn a_table_of_the_policy_goes_to_its_archives_only() {
    let policy = "{\"table\":\"Agent_Logs\",\"timestamp\":\"created_at\",\
                  \"hot\":\"7d\",\"warm\":\"30d\",\"cold\":\"365d\"}\n";
    let dir = filled(100);
    dir.write("p", policy);
    let tree = dir.tree();
    let out = low(&dir).env("RT_POLICY", "p").run();
    out.status(2).stdout("").stderr_has("the policy names table");
    assert_eq!(dir.tree(), tree);
    let with = |archives: &str| {
        let cmd = dir.cmd("rt-scaletrace").args(["--threshold", "1KiB"]);
        cmd.args(["--db", DB, "--archives", archives, "--policy", "p"])
    };
    with("b").env("RT_ARCHIVES", "a").run().status(2);
    // Another spelling of the same folder is the same.
    std::fs::create_dir(dir.join("a")).unwrap();
    let same = dir.join("a");
    let out = with(same.to_str().unwrap()).env("RT_ARCHIVES", "./a/").run();
    assert_eq!(report(out.status(0))["status"], "archived");
    assert_eq!(hot(&dir).len(), 0);
}

#[test]
fn a_dry_run_changes_nothing() {
    let dir = filled(100);
    let tree = dir.tree();
    let args = ["-n", "--reclaim=full", "--keep=1d"];
    let out = low(&dir).args(args).run();
    out.status(0).stderr_has("100 rows of 'agent_logs' would be archived");
    let report = report(&out);
    assert_eq!(report["status"], "dry_run");
    assert_eq!(report["rows_archived"], 100);
    assert_eq!(report["cutoff_timestamp"], "2026-01-14T00:00:00Z");
    assert_eq!(dir.tree(), tree);
    // Nor where there are archives already.
    low(&dir).args(["--keep=200d"]).run().status(0);
    let tree = dir.tree();
    low(&dir).arg("-n").run().status(0);
    assert_eq!(dir.tree(), tree);
}

#[test]
fn the_report_goes_where_it_is_wanted() {
    let dir = filled(100);
    let out = low(&dir).args(["--output", "out", "--json", "--yes"]).run();
    out.status(0).stdout("").stderr_has("100 rows");
    let report: serde_json::Value =
        serde_json::from_str(&dir.read("out")).unwrap();
    assert_eq!(report["rows_archived"], 100);
    low(&dir).arg("-q").run().status(0).stdout("").stderr("");
    super::fill(&dir, 101, 100);
    low(&dir).arg("-q").run().status(0).stdout("").stderr("");
    assert_eq!(hot(&dir).len(), 0);
}

#[test]
fn a_file_need_not_be_compressed() {
    let dir = filled(100);
    let out = low(&dir).arg("--no-compress").run();
    let report = report(out.status(0));
    let [file] = &files(&dir)[..] else { panic!("{}", dir.tree()) };
    assert_eq!(file, "a/agent_logs_20260115T000000.000Z.json");
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&dir.read(file)).unwrap();
    assert_eq!(rows.len(), 100);
    assert_eq!(report["original_size_bytes"], report["compressed_size_bytes"]);
}

#[test]
fn a_run_waits_for_another_or_ends_as_busy() {
    let dir = filled(100);
    let script = "rt-lock --create a -- sleep 3 & sleep 1; \
                  rt-scaletrace --db state.db --archives a --threshold 1KiB \
                  >first; echo $? >status; \
                  exec rt-scaletrace --db state.db --archives a \
                  --threshold 1KiB --wait 60s";
    let out = dir.cmd("sh").args(["-c", script]).now(NOW).run();
    out.status(0);
    assert_eq!(dir.read("status"), "75\n");
    assert_eq!(dir.read("first"), "");
    assert_eq!(report(&out)["rows_archived"], 100);
    trace(&dir).run().status(0);
}
