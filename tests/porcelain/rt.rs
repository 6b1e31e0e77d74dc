//! rt: runs, lists, explains.

use std::fs;
use std::os::unix::fs::symlink;

use super::script;
use crate::support::{Dir, SHELLS, root};

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
            out.status(2).stdout("").stderr_has("usage: rt [--config NAME] [");
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

#[test]
fn machine_without_man_is_told_where_the_page_is() {
    let dir = Dir::new();
    for name in ["sh", "dirname", "readlink", "sed"] {
        let text =
            format!("#!/bin/sh\nPATH=/usr/bin:/bin exec {name} \"$@\"\n");
        dir.script(&format!("path/{name}"), &text);
    }
    let rt = root().join("scripts/rt");
    let out = dir.cmd("/bin/sh").arg(rt).args(["help", "daily"]);
    let out = out.env("PATH", dir.join("path")).run();
    out.status(1).stdout("").stderr_has("rt: there is no man to show '");
    out.stderr_has(
        "/man/rt-daily.1'\nhint: on Debian: apt-get install man-db",
    );
}

#[test]
fn page_that_nobody_has_is_a_usage_error() {
    for shell in SHELLS {
        let dir = Dir::new();
        dir.script("stubs/man", "#!/bin/sh\necho no such page >&2; exit 16");
        for name in ["nosuch", "rt-nosuch", "../rt"] {
            let out = script(&dir, shell, "rt").args(["help", name]).run();
            out.status(2).stdout("").stderr_has("rt: there is no page 'rt-");
            out.expect("one voice", !out.stderr.contains("no such page"));
        }
    }
}

#[test]
fn script_called_by_a_link_finds_what_lies_beside_it() {
    for shell in SHELLS {
        let dir = Dir::new();
        let scripts = dir.scripts_for(shell);
        dir.script("scripts-under-test/rt-thing", "#!/bin/sh\necho beside");
        fs::create_dir(dir.join("bin")).unwrap();
        symlink(scripts.join("rt"), dir.join("far")).unwrap();
        symlink("../far", dir.join("bin/rt")).unwrap();
        symlink(scripts.join("rt-daily"), dir.join("bin/rt-daily")).unwrap();
        let call = |name: &str| dir.cmd(dir.join("bin").join(name));
        call("rt").arg("thing").run().status(0).stdout("beside\n");
        let out = call("rt-daily").arg("-h").run();
        out.status(0).stdout_has("rt-daily: archive the tables");
    }
}

#[test]
fn help_lists_the_words_that_an_operand_can_be() {
    for shell in SHELLS {
        let dir = Dir::new();
        for (name, line) in [
            ("rt", "  rt-daily        archive the tables that are due"),
            ("rt-archive", "  weekly  its tables of every week\n"),
            ("rt-archive", "  GROUP   the tables of a group of the policy\n"),
            ("rt-retention", "  check   what needs attention;"),
        ] {
            let out = script(&dir, shell, name).arg("-h").run();
            out.status(0).stderr("").stdout_has(line);
        }
    }
}

#[test]
fn report_that_finds_no_room_says_what_to_do() {
    for shell in SHELLS {
        let dir = Dir::new();
        let scripts = dir.scripts_for(shell);
        let out = dir
            .cmd("sh")
            .args(["-c", "rt-retention policy >/dev/full"])
            .path_first(scripts)
            .run();
        out.status(1).stderr(
            "rt-retention: cannot write to standard output: \
             No space left on device\n\
             hint: make room; what the run did is done, \
             the next one goes on\n",
        );
    }
}

#[test]
fn versions_of_all_are_listed_and_a_mixture_is_said() {
    for shell in SHELLS {
        let dir = Dir::new();
        let own = "case $1 in -h) echo 'rt-policy: tell it' ;;
            *) echo rt-policy 0.0.9 ;; esac";
        dir.script("stubs/rt-policy", &format!("#!/bin/sh\n{own}"));
        let out = script(&dir, shell, "rt").arg("--version").run();
        out.status(0).stdout_has("\nrt-policy       0.0.9  ");
        out.stderr_has("rt: warning: not of version 0.1.0: rt-policy\nhint: ");
        out.stdout_has("\nrt-daily        0.1.0  ");
    }
}

#[test]
fn what_lies_beside_a_script_comes_before_what_is_on_path() {
    for shell in SHELLS {
        let dir = Dir::new();
        dir.script("stubs/rt-thing", "#!/bin/sh\necho other");
        let rt = script(&dir, shell, "rt").arg("thing");
        dir.script("scripts-under-test/rt-thing", "#!/bin/sh\necho beside");
        rt.run().status(0).stdout("beside\n");
    }
}
