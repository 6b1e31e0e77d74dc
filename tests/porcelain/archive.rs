//! rt-archive: what it asks of the programs, and what it makes of their ends.

use super::{calls, calls_of, script, stub, stubs};
use crate::support::{Dir, SHELLS};

/// Ends with `status`, as a program does that fails before it has printed.
fn fails(status: i32) -> String {
    format!("cat >/dev/null; exit {status}")
}

#[test]
fn each_table_goes_down_one_pipeline_after_the_recovery() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        let out = script(&dir, shell, "rt-archive").arg("all").run();
        out.status(0).stderr("");
        let mut lines = String::new();
        for table in ["one", "it's two"] {
            for row in 1..=3 {
                lines += &format!("purged: stored: {{\"row\":{row}}}\n");
            }
            lines +=
                &format!("{{\"type\":\"exported\",\"table\":\"{table}\"}}\n");
        }
        out.stdout(&lines);
        assert_eq!(
            calls_of(&dir, "rt-purge"),
            ["rt-purge --pending", "rt-purge -- one", "rt-purge -- it's two"]
        );
        assert_eq!(
            calls_of(&dir, "rt-report"),
            ["rt-report --mode archive -- one it's two"]
        );
        let calls = calls(&dir);
        let place = |start: &str| {
            calls.iter().position(|c| c.starts_with(start)).unwrap()
        };
        assert!(place("rt-purge --pending") < place("rt-export"));
    }
}

#[test]
fn flags_go_to_the_programs_that_know_them() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        script(&dir, shell, "rt-archive")
            .args(["-v", "--json", "--output=o", "--yes", "--no-compress"])
            .args(["--older-than=7d", "--timestamp-column=t", "--unit=ms"])
            .args(["--busy-timeout=1s", "--batch-size=9", "--sleep=2ms"])
            .args(["--max-runtime=1h", "--max-stall=3ms", "--wait=4s"])
            .args(["--reclaim=full", "one"])
            .run()
            .status(0);
        let export = &calls_of(&dir, "rt-export")[0];
        let (before, after) = export.split_once(" --result ").unwrap();
        assert_eq!(
            before,
            "rt-export -v --busy-timeout=1s --due --older-than=7d \
             --timestamp-column=t --unit=ms --batch-size=9"
        );
        assert!(after.ends_with(" -- one"), "{export}");
        assert_eq!(
            calls_of(&dir, "rt-store"),
            ["rt-store -v --busy-timeout=1s --no-compress \
              --timestamp-column=t --unit=ms -- one"]
        );
        let purge = "rt-purge -v --busy-timeout=1s --batch-size=9 \
                     --sleep=2ms --max-stall=3ms --max-runtime=1h";
        assert_eq!(
            calls_of(&dir, "rt-purge"),
            [
                "rt-purge -n --reclaim=full".to_owned(),
                "rt-purge -n --reclaim=full".to_owned(),
                format!("{purge} --pending"),
                format!("{purge} -- one"),
                format!("{purge} --pending --reclaim=full"),
            ]
        );
        assert_eq!(
            calls_of(&dir, "rt-report"),
            ["rt-report --mode archive --json --output=o -- one"]
        );
        let lock = &calls_of(&dir, "rt-lock")[0];
        assert!(
            lock.starts_with("rt-lock --wait=4s --create -- archives "),
            "{lock}"
        );
    }
}

#[test]
fn dry_run_takes_no_lock_recovers_nothing_and_tells_every_program() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        script(&dir, shell, "rt-archive")
            .args(["--dry-run", "--reclaim=full", "one"])
            .run()
            .status(0);
        assert!(calls_of(&dir, "rt-lock")[0].starts_with("rt-lock -n "));
        for (program, times) in
            [("rt-export", 1), ("rt-store", 1), ("rt-purge", 3)]
        {
            let calls = calls_of(&dir, program);
            assert_eq!(calls.len(), times, "{calls:?}");
            let dry = format!("{program} -n ");
            assert!(calls.iter().all(|c| c.starts_with(&dry)), "{calls:?}");
        }
        assert_eq!(
            calls_of(&dir, "rt-report"),
            ["rt-report --mode archive -n -- one"]
        );
    }
}

#[test]
fn export_that_dies_leaves_no_record_and_the_next_table_is_archived() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        let dies = "case $* in *one) echo '{\"row\":1}'; kill -9 $$ ;; esac";
        stub(&dir, "rt-export", &format!("{dies}\n{}", super::EXPORT));
        stub(&dir, "rt-report", "cat; exit 3");
        let out = script(&dir, shell, "rt-archive").arg("all").run();
        out.status(3).stdout_has("{\"row\":1}");
        assert_eq!(out.stdout.matches("\"type\":\"exported\"").count(), 1);
        out.stdout_has("\"table\":\"it's two\"");
    }
}

#[test]
fn store_that_dies_hands_nothing_to_the_purge() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        stub(&dir, "rt-store", "kill -9 $$");
        stub(&dir, "rt-report", "cat; exit 1");
        let out = script(&dir, shell, "rt-archive").arg("one").run();
        out.status(1);
        out.expect("nothing purged", !out.stdout.contains("purged:"));
    }
}

#[test]
fn purge_that_dies_is_left_to_the_report() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        let dies =
            "case $* in *one) read -r l; echo \"$l\"; kill -9 $$ ;; esac";
        stub(&dir, "rt-purge", &format!("{dies}; cat"));
        stub(&dir, "rt-report", "cat; exit 3");
        let out = script(&dir, shell, "rt-archive").arg("all").run();
        out.status(3).stdout_has("\"table\":\"it's two\"");
        assert_eq!(calls_of(&dir, "rt-report").len(), 1);
    }
}

#[test]
fn report_decides_the_status_and_an_unknown_one_is_a_failure() {
    for shell in SHELLS {
        for (status, want) in
            [(0, 0), (1, 1), (3, 3), (4, 4), (5, 5), (75, 75), (101, 1)]
        {
            let dir = Dir::new();
            stubs(&dir);
            stub(&dir, "rt-report", &fails(status));
            script(&dir, shell, "rt-archive").arg("one").run().status(want);
        }
    }
}

#[test]
fn recovery_that_fails_without_a_word_begins_nothing_new() {
    for shell in SHELLS {
        for (status, want) in [(1, 1), (3, 3), (5, 5), (75, 75), (137, 1)] {
            let dir = Dir::new();
            stubs(&dir);
            stub(&dir, "rt-purge", &fails(status));
            let out = script(&dir, shell, "rt-archive").arg("all").run();
            out.status(want);
            assert!(calls_of(&dir, "rt-export").is_empty());
            assert_eq!(calls_of(&dir, "rt-report").len(), 1);
        }
    }
}

#[test]
fn recovery_that_names_what_it_left_lets_the_other_tables_go_on() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        stub(
            &dir,
            "rt-purge",
            "case $* in
            --pending) echo '{\"type\":\"purged\"} left'; exit 3 ;;
            esac; cat",
        );
        let out = script(&dir, shell, "rt-archive").arg("all").run();
        out.status(3).stdout_has("left\n");
        assert_eq!(calls_of(&dir, "rt-export").len(), 2);
    }
}

#[test]
fn settings_that_a_program_refuses_end_the_run_2() {
    for shell in SHELLS {
        for program in ["rt-purge", "rt-export"] {
            let dir = Dir::new();
            stubs(&dir);
            stub(&dir, program, "echo 'not an age' >&2; exit 2");
            let out = script(&dir, shell, "rt-archive").arg("all").run();
            out.status(2).stdout("").stderr("not an age\n");
            assert!(calls_of(&dir, "rt-report").is_empty());
        }
    }
}

#[test]
fn unknown_target_ends_2_and_takes_no_lock() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        let out = script(&dir, shell, "rt-archive").arg("none").run();
        out.status(2).stdout("");
        out.stderr("rt-policy: there is no table 'none'\n");
        assert!(calls_of(&dir, "rt-lock").is_empty());
    }
}

#[test]
fn table_that_no_policy_names_needs_its_column_and_age() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        let any = super::POLICY.replace(
            "\tone) echo",
            "\ta*) case $* in *any-table*) echo '\"$target\"' ;;
                *) exit 2 ;; esac ;;\n\tone) echo",
        );
        stub(&dir, "rt-policy", &any);
        let table = "a 'b' $c";
        let run = |args: &[&str]| {
            let cmd = script(&dir, shell, "rt-archive").args(args);
            cmd.arg(table).run()
        };
        run(&["--older-than=7d"]).status(2);
        run(&["--timestamp-column=t"]).status(2);
        run(&["--older-than=7d", "--timestamp-column=t"]).status(0).stderr("");
        assert_eq!(
            calls_of(&dir, "rt-report"),
            [format!("rt-report --mode archive -- {table}")]
        );
    }
}

#[test]
fn table_asked_for_by_name_that_is_not_there_ends_the_run_2() {
    let refuses = "case $* in *one)
        echo '{\"type\":\"exported\",\"status\":\"no_table\"}' >\"$result\"
        echo 'no such table' >&2; exit 2 ;; esac";
    let export =
        super::EXPORT.replace("printf '{", &format!("{refuses}\nprintf '{{"));
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        stub(&dir, "rt-export", &export);
        let out = script(&dir, shell, "rt-archive").arg("one").run();
        out.status(2).stdout("").stderr("no such table\n");
        // Among others it is a row of the report.
        let out = script(&dir, shell, "rt-archive").arg("all").run();
        out.status(0).stdout_has("no_table").stdout_has("it's two");
    }
}

#[test]
fn quiet_run_prints_its_report_only_when_it_fails() {
    for shell in SHELLS {
        for (status, stdout) in [(0, ""), (3, "report\n")] {
            let dir = Dir::new();
            stubs(&dir);
            let body = format!("echo report; exit {status}");
            stub(&dir, "rt-report", &body);
            let out = script(&dir, shell, "rt-archive").args(["-q", "one"]);
            out.run().status(status).stdout(stdout);
        }
    }
}

#[test]
fn stopped_run_begins_no_further_table_and_says_so() {
    for shell in SHELLS {
        for (signal, status) in [("INT", 130), ("TERM", 143)] {
            let dir = Dir::new();
            stubs(&dir);
            // The parent of each program is the script itself, so that it
            // is the script that a signal reaches, and that waits.
            let body =
                format!("[ \"$1\" != -- ] || kill -{signal} $PPID; cat");
            stub(&dir, "rt-purge", &body);
            let out = script(&dir, shell, "rt-archive").arg("all").run();
            out.status(status);
            assert_eq!(calls_of(&dir, "rt-export").len(), 1);
            assert_eq!(calls_of(&dir, "rt-report").len(), 1);
        }
    }
}

#[test]
fn job_inside_a_job_asks_for_the_lock_itself() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        stub(
            &dir,
            "rt-report",
            "cat; [ -n \"${INNER-}\" ] || INNER=1 rt-archive --archives=b one",
        );
        script(&dir, shell, "rt-archive").arg("one").run().status(0);
        let locks = calls_of(&dir, "rt-lock");
        assert_eq!(locks.len(), 2, "{locks:?}");
        assert!(locks[1].starts_with("rt-lock --create -- b "), "{locks:?}");
    }
}
