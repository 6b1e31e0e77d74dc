//! rt: runs, lists, explains.

use super::script;
use crate::support::{Dir, SHELLS};

#[test]
fn command_runs_with_its_arguments_and_status() {
    for shell in SHELLS {
        let dir = Dir::new();
        dir.script(
            "stubs/rt-thing",
            "#!/bin/sh\nprintf '<%s>' \"$@\"; exit 6",
        );
        let out = script(&dir, shell, "rt")
            .args(["thing", "-h", "a b", "--", "*"])
            .run();
        out.status(6).stdout("<-h><a b><--><*>");
    }
}

#[test]
fn unknown_command_is_a_usage_error() {
    for shell in SHELLS {
        let dir = Dir::new();
        for name in ["nothing", "../rt-daily", "a b", "-x"] {
            let out = script(&dir, shell, "rt").arg(name).run();
            out.status(2).stdout("").stderr_has("usage: rt [COMMAND");
        }
    }
}

#[test]
fn alone_it_lists_the_commands_with_their_lines() {
    for shell in SHELLS {
        let dir = Dir::new();
        dir.script("stubs/rt-policy", "#!/bin/sh\necho 'rt-policy: tell it'");
        dir.script("stubs/rt-foreign", "#!/bin/sh\necho 'no line of ours'");
        let out = script(&dir, shell, "rt").run();
        out.status(0).stderr("");
        let lines: Vec<&str> = out.stdout.lines().collect();
        for line in [
            "rt-archive      move the rows that are due to the archives",
            "rt-daily        archive the tables that are due each day",
            "rt-policy       tell it",
        ] {
            out.expect(line, lines.contains(&line));
        }
        out.expect("only ours", !out.stdout.contains("foreign"));
        out.expect("no sourced file", !out.stdout.contains("setup"));
    }
}

#[test]
fn help_opens_the_page_beside_the_script() {
    for shell in SHELLS {
        let dir = Dir::new();
        dir.script("stubs/man", "#!/bin/sh\nprintf '%s\\n' \"$@\"");
        for (file, args) in [
            ("man/rt-daily.1", vec!["help", "daily"]),
            ("man/rt-daily.1", vec!["help", "rt-daily"]),
            ("man/rt-jsonl.5", vec!["help", "jsonl"]),
            ("man/rt.1", vec!["help"]),
        ] {
            dir.write(file, "");
            let out = script(&dir, shell, "rt").args(args).run();
            out.status(0).stdout_has("-l\n").stdout_has(&format!("/{file}\n"));
        }
        let out = script(&dir, shell, "rt").args(["help", "other"]).run();
        out.status(0).stdout("rt-other\n");
    }
}
