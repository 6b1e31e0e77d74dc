//! What the real rt-report makes of a job whose programs die: the real
//! rt-policy and rt-report, around stubs that write real records.

use serde_json::Value;

use super::{LOCK, script, stub};
use crate::support::{Dir, SHELLS};

const EXPORT: &str = r#"
for last; do
	[ "${before-}" != --result ] || result=$last
	before=$last
done
printf '{"row":%s}\n' 1 2 3
record='"undated":0,"referenced":0,"unrepresentable":0,"cutoff_date":null'
echo "{\"type\":\"exported\",\"table\":\"$last\",\"status\":\"archived\",\
\"rows\":3,$record,\"message\":null}" >"$result""#;

const STORE: &str = r#"
for last; do :; done
rows=$(wc -l)
echo '{"type":"store"}'
echo "{\"type\":\"stored\",\"table\":\"$last\",\"status\":\"archived\",\
\"rows\":$rows,\"segments\":1,\"undated\":0,\"message\":null}""#;

const PURGE: &str = r#"
case $* in *--pending) exit 0 ;; esac
for last; do :; done
sed '/"type":"store"/d'
record='"changed":0,"referenced":0,"refused":0,"gone":0,"superseded":0'
echo "{\"type\":\"purged\",\"table\":\"$last\",\"status\":\"archived\",\
\"rows\":3,\"records\":3,$record,\"archive_files\":[],\"message\":null}""#;

/// The three stubs and rt-lock; the one called `program` ends for the table
/// `victim` as `end` says.
fn family(dir: &Dir, program: &str, victim: &str, end: &str) {
    dir.folder("database");
    dir.sql("database/ideas.db", "CREATE TABLE IF NOT EXISTS tool_uses(id)");
    stub(dir, "rt-lock", LOCK);
    stub(dir, "rt-verify", "");
    for (name, body) in
        [("rt-export", EXPORT), ("rt-store", STORE), ("rt-purge", PURGE)]
    {
        let dies = format!("case \"$*\" in *{victim}) {end} ;; esac");
        let first = if name == program { dies.as_str() } else { "" };
        stub(dir, name, &format!("{first}\n{body}"));
    }
}

fn result<'a>(report: &'a Value, table: &str) -> &'a Value {
    let results = report["tables"].as_array().unwrap();
    results.iter().find(|r| r["table"] == table).unwrap()
}

#[test]
fn job_whose_programs_live_reports_every_table_archived() {
    for shell in SHELLS {
        let dir = Dir::new();
        family(&dir, "", "", "");
        let out = script(&dir, shell, "rt-daily").run();
        out.status(0).stderr("");
        let report: Value = serde_json::from_str(&out.stdout).unwrap();
        assert_eq!(report["mode"], "daily");
        assert_eq!(report["timestamp"], "2026-01-15T00:00:00Z");
        assert_eq!(report["total_archived"], 12);
        assert_eq!(report["tables"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn table_whose_program_dies_is_failed_and_the_others_are_not() {
    for shell in SHELLS {
        for (program, end) in [
            ("rt-export", "echo '{\"row\":1}'; kill -9 $$"),
            ("rt-export", "exit 1"),
            ("rt-store", "read -r line; kill -9 $$"),
            ("rt-store", "cat >/dev/null; exit 75"),
            ("rt-purge", "read -r line; kill -9 $$"),
        ] {
            let dir = Dir::new();
            family(&dir, program, "tool_uses", end);
            let out = script(&dir, shell, "rt-daily").run();
            out.status(3);
            let report: Value = serde_json::from_str(&out.stdout).unwrap();
            let failed = result(&report, "tool_uses");
            out.expect("a failed table", failed["status"] == "failed");
            let message = failed["message"].as_str().unwrap();
            let says = message.ends_with("did not finish");
            out.expect("what did not finish", says);
            let other = result(&report, "skill_traces");
            out.expect("another one", other["status"] == "archived");
        }
    }
}

#[test]
fn quiet_job_speaks_when_a_table_failed() {
    for shell in SHELLS {
        let dir = Dir::new();
        family(&dir, "rt-store", "", "kill -9 $$");
        let out = script(&dir, shell, "rt-weekly").arg("-q").run();
        out.status(1).stdout_has("\"status\": \"failed\"");
        let dir = Dir::new();
        family(&dir, "", "", "");
        let out = script(&dir, shell, "rt-weekly").arg("-q").run();
        out.status(0).stdout("").stderr("");
    }
}

#[test]
fn report_goes_to_a_file_as_a_whole() {
    for shell in SHELLS {
        let dir = Dir::new();
        family(&dir, "", "", "");
        dir.write("report.json", "an old one");
        let out = script(&dir, shell, "rt-daily")
            .args(["--output", "report.json"])
            .run();
        out.status(0).stdout("");
        let report: Value =
            serde_json::from_str(&dir.read("report.json")).unwrap();
        assert_eq!(report["mode"], "daily");
    }
}
