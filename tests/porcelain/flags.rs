//! rt-sh-setup.sh and rt-sh-flags.sh, through the scripts that source them.

use super::{calls_of, script, stub, stubs};
use crate::support::{Dir, SHELLS};

#[test]
fn flag_values_come_behind_a_space_or_an_equals_sign() {
    for shell in SHELLS {
        for args in [
            vec!["--older-than", "7d", "--batch-size", "5", "one"],
            vec!["--older-than=7d", "one", "--batch-size=5"],
            vec!["--batch-size=5", "--older-than=7d", "--", "one"],
        ] {
            let dir = Dir::new();
            stubs(&dir);
            script(&dir, shell, "rt-archive").args(args).run().status(0);
            let export = &calls_of(&dir, "rt-export")[0];
            assert!(export.contains("--older-than=7d"), "{export}");
            assert!(export.contains("--batch-size=5"), "{export}");
            assert!(export.ends_with("-- one"), "{export}");
        }
    }
}

#[test]
fn values_reach_the_programs_unsplit_and_unexpanded() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        stub(&dir, "rt-purge", r#"printf '<%s>\n' "$@" >>args"#);
        let column = "a  b*'\"$HOME`x`\\";
        script(&dir, shell, "rt-archive")
            .args(["--sleep", column, "one"])
            .run()
            .status(0);
        let seen = dir.read("args");
        assert!(seen.contains(&format!("<--sleep={column}>\n")), "{seen}");
    }
}

#[test]
fn wrong_command_lines_end_2_with_the_usage_and_call_nothing() {
    for shell in SHELLS {
        for (args, message) in [
            (vec![], "rt-archive: TARGET is missing"),
            (vec!["one", "two"], "rt-archive: unexpected operand 'two'"),
            (vec!["--", "-x", "-y"], "rt-archive: unexpected operand '-y'"),
            (vec!["--db"], "rt-archive: --db needs a value"),
            (vec!["--older"], "rt-archive: invalid option '--older'"),
            (vec!["-x", "one"], "rt-archive: invalid option '-x'"),
            (vec!["-nx", "one"], "rt-archive: invalid option '-x'"),
            (vec!["--json=1"], "rt-archive: invalid option '--json=1'"),
            (
                vec!["--unit", "s", "--unit=ms"],
                "rt-archive: --unit is given twice",
            ),
            (vec!["--db=", "one"], "rt-archive: the value of a flag is empty"),
            (vec!["-*", "one"], "rt-archive: invalid option '-*'"),
        ] {
            let dir = Dir::new();
            stubs(&dir);
            let out = script(&dir, shell, "rt-archive").args(args).run();
            let usage = "usage: rt-archive [OPTION ...] TARGET";
            out.status(2).stdout("").stderr(&format!("{message}\n{usage}\n"));
            assert!(!dir.join("calls").exists(), "{}", dir.read("calls"));
        }
    }
}

#[test]
fn place_and_time_are_set_once_for_all_programs() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        let shown = "echo \"$RT_DB $RT_ARCHIVES $RT_POLICY $RT_NOW\" >>seen";
        stub(&dir, "rt-store", &format!("cat >/dev/null; {shown}"));
        script(&dir, shell, "rt-archive")
            .args(["--db", "d b", "--archives=tree", "--policy", "p", "all"])
            .env("RT_NOW", "")
            .run()
            .status(0);
        let line = "d b tree p 2026-01-01T00:00:00Z\n";
        assert_eq!(dir.read("seen"), line.repeat(2));
        let locks = calls_of(&dir, "rt-lock");
        assert!(
            locks[0].starts_with("rt-lock --create -- tree /"),
            "{locks:?}"
        );
    }
}

#[test]
fn flags_of_the_environment_are_not_flags() {
    let dir = Dir::new();
    stubs(&dir);
    script(&dir, SHELLS[0], "rt-archive")
        .arg("one")
        .env("OPT_OLDER_THAN", "1h")
        .env("OPT_DRY_RUN", "1")
        .env("OPERAND", "all")
        .run()
        .status(0);
    let exports = calls_of(&dir, "rt-export");
    assert_eq!(exports.len(), 1);
    assert!(!exports[0].contains("older-than"), "{exports:?}");
    assert!(!exports[0].contains("-n"), "{exports:?}");
}

#[test]
fn nothing_is_left_in_the_temporary_folder() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        dir.write("scratch/kept", "");
        for target in ["one", "none"] {
            script(&dir, shell, "rt-archive")
                .arg(target)
                .env("TMPDIR", dir.join("scratch"))
                .run();
        }
        let left = std::fs::read_dir(dir.join("scratch")).unwrap().count();
        assert_eq!(left, 1, "{}", dir.tree());
    }
}

#[test]
fn what_is_mistyped_gets_the_nearest_word() {
    let dir = Dir::new();
    dir.sql("app.db", "CREATE TABLE tool_uses(id INTEGER PRIMARY KEY, at)");
    for (program, args, meant) in [
        ("rt", &["dayly"][..], "'daily'"),
        ("rt-daily", &["--archvies", "x"], "'--archives'"),
        ("rt-daily", &["--max-rntime=3"], "'--max-runtime'"),
        ("rt-export", &["--older-tahn", "3d", "t"], "'--older-than'"),
        ("rt-export", &["--db", "app.db", "tool_use"], "'tool_uses'"),
        ("rt-archive", &["--db", "app.db", "tool_usse"], "'tool_uses'"),
    ] {
        let out = dir.cmd(program).args(args).run();
        out.status(2).stderr_has(&format!("did you mean {meant}?"));
    }
    for (program, word) in [("rt", "nosuch"), ("rt-daily", "--nosuch")] {
        let out = dir.cmd(program).arg(word).run();
        let near = out.stderr.contains("did you mean");
        out.status(2).expect("no word is near", !near);
    }
}

/// The scripts have a measure of their own for what is near, for they must
/// answer where no program does: it is that of the programs.
#[test]
fn scripts_and_programs_find_the_same_flag_near() {
    let dir = Dir::new();
    let meant = |command: &str, typed: &str| {
        let out = dir.cmd(command).arg(typed).run();
        out.status(2);
        let (_, rest) = out.stderr.split_once("did you mean '")?;
        Some(rest.split('\'').next().unwrap().to_owned())
    };
    // One letter more is changed each time, up to all of them.
    for flag in ["--busy-timeout", "--archives", "--now"] {
        for changed in 1..flag.len() - 2 {
            let kept = &flag[..flag.len() - changed];
            let typed = format!("{kept}{}", "0".repeat(changed));
            let said = ["rt-archive", "rt-export"].map(|c| meant(c, &typed));
            assert_eq!(said[0], said[1], "{typed}");
        }
    }
    let turned = ["rt-archive", "rt-export"].map(|c| meant(c, "--archvies"));
    assert_eq!(turned, [(); 2].map(|()| Some("--archives".to_owned())));
}
