//! The scripts, a file a command, under every shell of
//! [`crate::support::SHELLS`].
//!
//! The programs they compose are stubs here, which write down how they were
//! called and do as told: what is tested is what the scripts make of them.

mod archive;
mod build_scripts;
mod cleanup;
mod completions;
mod config;
mod doctor;
mod erase;
mod examples_of_pages;
mod first_run;
mod flags;
mod folders_that_others_write;
mod init;
mod install;
mod jobs;
mod package;
mod page;
mod programs_that_die;
mod progress;
mod query;
mod restore;
mod rt;
mod scaletrace;
mod schedule;
mod ship;
mod small_forged_files;
mod stopped_alone;
mod terminal;
mod tree_of_another_user;
mod two_databases;
mod whole_jobs;

use std::path::PathBuf;

use crate::support::{Cmd, Dir};

/// A stub: writes its name and arguments to `calls`, then what it is told. A
/// look at all tables fails, so that each of them is exported.
fn stub(dir: &Dir, program: &str, body: &str) {
    let text = format!(
        "#!/bin/sh\ncase $* in *--look*) exit 1 ;; esac\nprintf '%s\\n' \"{program} $*\" >>'{}'\n{body}\n",
        dir.join("calls").display()
    );
    dir.script(&format!("stubs/{program}"), &text);
}

/// Well-behaved stubs of all programs: two tables, three rows each. rt-report
/// hands on what it reads.
fn stubs(dir: &Dir) {
    stub(dir, "rt-policy", POLICY);
    stub(dir, "rt-lock", LOCK);
    stub(dir, "rt-export", EXPORT);
    stub(dir, "rt-store", "sed 's/^/stored: /'");
    stub(dir, "rt-purge", "sed 's/^/purged: /'");
    stub(dir, "rt-report", "cat");
}

const POLICY: &str = r#"
case $1 in
--clock) echo "${RT_NOW:-2026-01-01T00:00:00Z}" ;;
*)
	for last; do :; done
	case $last in
	all | daily | weekly) echo "one 'it'\''s two'" ;;
	one) echo one ;;
	*) echo "rt-policy: there is no table '$last'" >&2; exit 2 ;;
	esac
	;;
esac"#;

/// Takes no lock, but runs the command as rt-lock does.
const LOCK: &str = r#"
while [ "$1" != -- ]; do shift; done
shift 2
exec "$@""#;

const EXPORT: &str = r#"
for last; do
	[ "${before-}" != --result ] || result=$last
	before=$last
done
printf '{"row":%s}\n' 1 2 3
echo "{\"type\":\"exported\",\"table\":\"$last\"}" >"$result""#;

/// A script under `shell`, with the stubs first on its PATH; nothing hands
/// signals on to it.
fn script<'a>(dir: &'a Dir, shell: &str, name: &str) -> Cmd<'a> {
    let scripts: PathBuf = dir.scripts_for(shell);
    let cmd = dir.cmd(name).env("RT_FORWARD", "0");
    cmd.path_first(scripts).path_first(dir.join("stubs"))
}

/// How the stubs were called, a call a line.
fn calls(dir: &Dir) -> Vec<String> {
    dir.read("calls").lines().map(str::to_owned).collect()
}

/// Those calls of one program.
fn calls_of(dir: &Dir, program: &str) -> Vec<String> {
    let mut calls = calls(dir);
    calls.retain(|c| c.split(' ').next() == Some(program));
    calls
}
