//! scripts/completions: what is completed is what the commands say, in the
//! real shells; one that is not installed is passed over.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Cmd, Dir, Out, root, system};

/// A folder with the completions, a database, a policy and some archives.
fn world() -> Dir {
    let dir = Dir::new();
    let script = root().join("scripts/completions");
    dir.cmd(script).arg("made").run().status(0).stderr("");
    dir.sql(
        "db",
        "CREATE TABLE audit_log(id INTEGER PRIMARY KEY, at TEXT);
         CREATE TABLE audience(id INTEGER PRIMARY KEY);
         INSERT INTO audit_log VALUES (1, '2025-12-03'), (2, '2026-01-14')",
    );
    dir.write(
        "policy",
        r#"{"table":"audit_log","group":"logs","timestamp":"at","hot":"7d","warm":"90d","cold":"1y"}"#,
    );
    in_world(dir.cmd("rt-archive").arg("-q").arg("all")).run().status(0);
    dir
}

fn in_world(cmd: Cmd<'_>) -> Cmd<'_> {
    cmd.env("RT_DB", "db").env("RT_POLICY", "policy")
}

/// Lines as typed, and what they can go on with.
const TYPED: [(&str, &[&str]); 9] = [
    ("rt ini", &["init"]),
    ("rt-archive --recl", &["--reclaim"]),
    ("rt-archive --reclaim in", &["incremental"]),
    ("rt-archive au", &["audience", "audit_log"]),
    ("rt archive log", &["logs"]),
    ("rt archive we", &["weekly"]),
    ("rt-cat --since 2025", &["2025-12-03"]),
    ("rt-retention pa", &["page"]),
    ("rt-policy --unkn", &[]),
];

fn check(typed: &str, wanted: &[&str], out: &Out) {
    let found: BTreeSet<&str> = out
        .stdout
        .lines()
        .filter_map(|line| line.split(['\t', ' ']).next())
        .filter(|word| !word.is_empty())
        .collect();
    let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
    out.expect(typed, found == wanted);
}

#[test]
fn bash_completes_commands_flags_tables_groups_and_days() {
    let dir = world();
    for (typed, wanted) in TYPED {
        let script = format!(
            "source made/bash/rt; COMP_WORDS=({typed}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _rt; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let cmd = in_world(dir.cmd("bash")).args(["-c", &script]);
        check(typed, wanted, &cmd.run());
    }
}

#[test]
fn fish_completes_commands_flags_tables_groups_and_days() {
    let Some(_) = system("fish") else { return };
    let dir = world();
    for (typed, wanted) in TYPED {
        let script =
            format!("source made/fish/rt.fish; complete -C '{typed}'");
        let cmd = in_world(dir.cmd("fish")).args(["-c", &script]);
        check(typed, wanted, &cmd.run());
    }
}

/// A shell of zsh at a terminal of its own, in which a line is typed, and
/// then a tab: what it shows is what there is to see.
const TERMINAL: &str = r#"
zmodload zsh/zpty
zpty z zsh -f -i
await() { local part; while zpty -r z part "*$1*"; do
    all+=$part; [[ $all == *$1* ]] && return; done }
zpty -w z 'PS1=; fpath=(made/zsh $fpath); autoload -U compinit; compinit -u -D; setopt no_auto_menu; zstyle ":completion:*" list-colors no; print rea""dy'
await ready
all=
zpty -w -n z "$1"$'\t'$'\C-a'"print -r -- '<"$'\C-e'">' e''nd"$'\n'
await '> end'
zpty -d z
print -r -- $all
"#;

#[test]
fn zsh_completes_commands_flags_tables_groups_and_days() {
    let Some(_) = system("zsh") else { return };
    let dir = world();
    for (typed, wanted) in TYPED {
        let [wanted] = wanted else { continue };
        let args = ["-f", "-c", TERMINAL, "zsh", typed];
        let out = in_world(dir.cmd("zsh")).args(args).run();
        let (start, _) = typed.rsplit_once(' ').unwrap();
        let line = format!("<{start} {wanted}");
        out.expect(&line, out.stdout.contains(&line));
    }
}

#[test]
fn every_flag_of_every_command_is_completed_and_none_besides() {
    let dir = world();
    let bash = dir.read("made/bash/rt");
    let fish = dir.read("made/fish/rt.fish");
    let zsh = dir.read("made/zsh/_rt");
    let mut commands = 0;
    for entry in fs::read_dir(dir.join("made/bash")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let help = dir.cmd(&name).arg("-h").run();
        let rows = help.stdout.split("\n\n").nth(2).unwrap();
        let words = rows.lines().filter_map(|l| l.trim().split("  ").next());
        let flags: BTreeSet<&str> = words
            .flat_map(|row| row.split([' ', ',']))
            .filter(|word| word.starts_with('-'))
            .map(|flag| flag.split("[=").next().unwrap())
            .collect();
        let line = format!("\t\t{name}) kind='-");
        let rest = bash.split(&line).nth(1).unwrap();
        let listed = format!("-{}", rest.split('\'').next().unwrap());
        let listed: BTreeSet<&str> = listed.split(' ').collect();
        assert_eq!(listed, flags, "{name}");
        for flag in &flags {
            let long = flag.strip_prefix("--");
            let fish_form = match (long, flag.len()) {
                (Some(long), _) => format!("-l {long}"),
                (None, 2) => format!("-s {}", &flag[1..]),
                _ => format!("-o {}", &flag[1..]),
            };
            let mut lines = fish
                .lines()
                .filter(|l| l.starts_with(&format!("complete -c {name} ")));
            let there = lines.any(|l| format!("{l} ").contains(&fish_form));
            assert!(there, "fish: {name} {flag}");
            assert!(zsh.contains(&format!("'*{flag}")), "zsh: {name} {flag}");
        }
        commands += 1;
    }
    assert!(commands > 24, "{commands}");
}
