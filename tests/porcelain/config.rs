//! rt --config: a file of settings, read and never run, and who is told how a
//! job ended. See rt-conf(5).

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};

use super::{script, stub};
use crate::support::{Cmd, Dir, Out, SHELLS};

/// A job that shows what it was given, and ends as `$END` says.
const JOB: &str = r#"
printf '<%s>' "$@" "$RT_DB" "$RT_ARCHIVES" "${RT_POLICY-none}"
exit "$(cat end 2>/dev/null || echo 0)""#;

/// A folder with `app.conf`: a database, a tree, and these lines.
fn settings(lines: &str) -> Dir {
    let dir = Dir::new();
    dir.write("a p.db", "");
    let place = dir.path().display();
    let text = format!("RT_DB={place}/a p.db\nRT_ARCHIVES={place}/arch\n");
    dir.write("app.conf", text + lines);
    dir
}

fn rt<'a>(dir: &'a Dir, shell: &str, args: &[&str]) -> Cmd<'a> {
    let cmd = script(dir, shell, "rt").args(["--config", "./app.conf"]);
    // What is beside the script comes first: so the stubs go there.
    for job in ["rt-daily", "rt-stat", "rt-retention"] {
        stub(dir, job, JOB);
        let stub = dir.join("stubs").join(job);
        fs::copy(stub, dir.join("scripts-under-test").join(job)).unwrap();
    }
    cmd.args(args)
}

fn refused(out: &Out, dir: &Dir, why: &str) {
    out.status(2).stdout("").stderr_has(why).stderr_has("hint: ");
    assert!(!dir.join("calls").exists(), "{}", dir.read("calls"));
}

#[test]
fn settings_of_the_file_hold_and_none_of_the_environment() {
    for shell in SHELLS {
        let dir = settings(
            "# a remark\n\nRT_JOB=--wait 6h --max-stall *\nRT_ON_SUCCESS=:\n",
        );
        let out = rt(&dir, shell, &["daily", "--json"])
            .env("RT_POLICY", "other")
            .env("RT_ON_FAILURE", "touch told")
            .run();
        let place = dir.path().display();
        out.status(0).stderr("").stdout(&format!(
            "<--wait><6h><--max-stall><*><--json><{place}/a p.db>\
             <{place}/arch><none>"
        ));
        let out = rt(&dir, shell, &["stat"]).run();
        out.status(0).stdout(&format!("<{place}/a p.db><{place}/arch><none>"));
    }
}

#[test]
fn what_is_no_setting_is_refused_with_its_line() {
    for shell in SHELLS {
        for (line, why) in [
            ("RT_POLICY=policy.jsonl", "RT_POLICY is no path from the root"),
            ("RT_POLICY=\"/x\"", "RT_POLICY is no path from the root"),
            ("RT_POLICY", "is not KEY=VALUE"),
            (" RT_POLICY=/x", "there is no key ' RT_POLICY'"),
            ("RT_POLICY=/x ", "RT_POLICY is empty, or has a blank"),
            ("RT_POLICY=/x\r", "RT_POLICY is empty, or has a blank"),
            ("RT_POLICY=", "RT_POLICY is empty"),
            ("RT_DB=/x", "RT_DB comes again"),
            ("RT_POLICI=/x", "there is no key 'RT_POLICI'"),
            ("PATH=/x", "there is no key 'PATH'"),
            ("RT_JOB=--wait '6h'", "quotes have no meaning here"),
            ("touch made", "is not KEY=VALUE"),
        ] {
            let dir = settings(&format!("{line}\n"));
            let out = rt(&dir, shell, &["daily"]).run();
            refused(&out, &dir, why);
            out.stderr_has("rt: './app.conf', line 3: ");
        }
        let dir = settings("RT_ON_SUCCESS=$(touch made) `touch made`\n");
        let out = rt(&dir, shell, &["stat"]).run();
        out.status(0).expect("not run", !dir.join("made").exists());
    }
}

#[test]
fn file_that_is_not_there_or_says_too_little_is_refused() {
    for shell in SHELLS {
        let dir = settings("");
        for name in ["nosuch", "./nosuch.conf"] {
            let args = ["--config", name, "stat"];
            let out = script(&dir, shell, "rt").args(args).run();
            refused(&out, &dir, "cannot read");
        }
        for name in ["", "-x", "a b", "..", "*"] {
            let args = ["--config", name, "stat"];
            let out = script(&dir, shell, "rt").args(args).run();
            out.status(2).stdout("").stderr_has("is no name of a file");
        }
        dir.write("app.conf", "RT_DB=/x\n");
        let out = rt(&dir, shell, &["stat"]).run();
        refused(&out, &dir, "'./app.conf' has no RT_ARCHIVES");
    }
}

#[test]
fn file_is_found_by_its_name_for_the_user_first() {
    let dir = settings("");
    dir.write(".config/rt/app.conf", dir.read("app.conf"));
    let out = dir.cmd("rt").args(["--config=app", "policy", "--clock"]).run();
    out.status(0).stdout("2026-01-15T00:00:00Z\n");
}

#[test]
fn report_goes_to_the_command_for_how_the_job_ended() {
    let hooks = "RT_ON_SUCCESS=cat >good; echo $RT_COMMAND $RT_STATUS >>good\n\
                 RT_ON_FAILURE=cat >bad; echo $RT_COMMAND $RT_STATUS >>bad\n\
                 RT_ON_BREACH=cat >six; echo $RT_COMMAND $RT_STATUS >>six\n";
    for shell in SHELLS {
        for (args, end, file) in [
            (&["daily"][..], 0, "good"),
            (&["daily"], 3, "bad"),
            (&["daily"], 75, "bad"),
            (&["daily"], 5, "bad"),
            (&["retention", "check"], 0, "good"),
            (&["retention", "check"], 6, "six"),
            (&["retention", "check"], 5, "six"),
            (&["retention", "check"], 1, "bad"),
        ] {
            let dir = settings(hooks);
            dir.write("end", end.to_string());
            let out = rt(&dir, shell, args).run();
            out.status(end).stderr("");
            let said = dir.read(file);
            let told = format!("{}rt-{} {end}\n", out.stdout, args[0]);
            out.expect("report", said == told && out.stdout.len() > 9);
            let others = ["good", "bad", "six"].map(|f| dir.join(f).exists());
            assert_eq!(others.iter().filter(|o| **o).count(), 1);
        }
        for args in [&["daily", "-n"][..], &["daily", "-qn"], &["stat"]] {
            let dir = settings(hooks);
            rt(&dir, shell, args).run().status(0);
            assert!(!dir.join("good").exists(), "{args:?}");
        }
    }
}

#[test]
fn command_that_fails_to_tell_is_a_failure() {
    for shell in SHELLS {
        let dir = settings("RT_ON_SUCCESS=exit 9\nRT_ON_FAILURE=exit 9\n");
        for (end, status) in [("0", 1), ("3", 3)] {
            dir.write("end", end);
            let out = rt(&dir, shell, &["daily"]).run();
            out.status(status).stderr_has("ended with 9");
        }
    }
}

#[test]
fn job_runs_as_the_user_of_the_settings_and_never_as_root_beside_others() {
    let dir = settings("");
    if fs::metadata(dir.path()).unwrap().uid() != 0 {
        return;
    }
    chown(dir.join("a p.db"), Some(1), Some(1)).unwrap();
    chown(dir.path(), Some(1), Some(1)).unwrap();
    let out = rt(&dir, SHELLS[0], &["daily"]).run();
    refused(&out, &dir, "belongs to 'daemon'");
    out.stderr_has("hint: say RT_USER=daemon in './app.conf'");
    let text = dir.read("app.conf")
        + "RT_USER=daemon\nRT_ON_SUCCESS=id -un >/dev/null; id -un >told\n";
    dir.write("app.conf", text);
    let out = rt(&dir, SHELLS[0], &["daily"]);
    dir.script("scripts-under-test/rt-daily", "#!/bin/sh\nid -un; id -Gn\n");
    out.run().status(0).stderr("").stdout("daemon\ndaemon\n");
    assert_eq!(dir.read("told"), "daemon\n");
}
