//! rt-daily and rt-weekly.

use super::{calls_of, script, stub, stubs};
use crate::support::{Dir, SHELLS};

#[test]
fn job_is_rt_archive_of_its_tables_with_a_json_report() {
    for shell in SHELLS {
        for mode in ["daily", "weekly"] {
            let dir = Dir::new();
            stubs(&dir);
            let out = script(&dir, shell, &format!("rt-{mode}"))
                .args(["--batch-size", "7", "-n", "--"])
                .run();
            out.status(0).stderr("");
            assert_eq!(
                calls_of(&dir, "rt-report"),
                [format!("rt-report --mode {mode} --json -n -- one it's two")]
            );
            let export = &calls_of(&dir, "rt-export")[0];
            assert!(export.contains(" --batch-size=7 "), "{export}");
        }
    }
}

#[test]
fn job_takes_no_operand_and_no_flag_that_shortens_the_policy() {
    for shell in SHELLS {
        for args in ["all", "--older-than=1d", "--timestamp-column=t"] {
            let dir = Dir::new();
            stubs(&dir);
            let out = script(&dir, shell, "rt-daily").arg(args).run();
            out.status(2).stdout("");
            out.stderr_has("usage: rt-daily [OPTION ...]\n");
            assert!(!dir.join("calls").exists());
        }
    }
}

#[test]
fn job_ends_busy_when_another_run_has_the_lock() {
    for shell in SHELLS {
        let dir = Dir::new();
        stubs(&dir);
        stub(&dir, "rt-lock", "exit 75");
        let out = script(&dir, shell, "rt-weekly").run();
        out.status(75).stdout("");
        assert!(calls_of(&dir, "rt-purge").is_empty());
    }
}
