//! scripts/cron/, scripts/systemd/ and rt-schedule(7): the same times for cron
//! and systemd, and units that systemd takes.

use std::fs;
use std::process::Command;

use crate::support::{Dir, root, system};

fn source(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The jobs, when they start, and how a timer says it.
const JOBS: [(&str, &str, &str); 3] = [
    ("daily", "0 2 * * *", "*-*-* 02:00:00"),
    ("weekly", "0 3 * * 0", "Sun *-*-* 03:00:00"),
    ("monthly", "0 4 1 * *", "*-*-01 04:00:00"),
];

#[test]
fn crontab_page_readme_and_timers_tell_the_same_times() {
    for (job, cron, calendar) in JOBS {
        let line = format!(
            "{cron}  rt-{job} --wait 6h >>/var/log/rt/{job}.log 2>&1\n"
        );
        for text in ["scripts/cron/crontab", "man/rt-schedule.7", "README.md"]
        {
            assert!(source(text).contains(&line), "{text}: {line}");
        }
        let timer = source(&format!("scripts/systemd/rt-{job}@.timer"));
        for line in [
            format!("OnCalendar={calendar}\n"),
            "Persistent=true\n".to_owned(),
        ] {
            assert!(timer.contains(&line), "{job}: {line}");
        }
        let Some(mut systemd) = system("systemd-analyze") else { continue };
        let run = systemd.args(["calendar", calendar]).output().unwrap();
        assert!(run.status.success(), "{calendar}");
    }
}

#[test]
fn crontab_runs_the_three_jobs_and_the_check_and_nothing_unasked() {
    let crontab = source("scripts/cron/crontab");
    let runs: Vec<&str> = crontab
        .lines()
        .filter(|l| l.starts_with(|c: char| c.is_ascii_digit()))
        .map(|l| l.splitn(6, ' ').last().unwrap().trim_start())
        .map(|l| l.split(" --wait").next().unwrap())
        .collect();
    assert_eq!(
        runs,
        ["rt-daily", "rt-weekly", "rt-monthly", "rt-retention check"]
    );
    // Where there is no table of traces, its line would mail each hour.
    let line = "\n#30 * * * *  rt-scaletrace -q --wait 6h\n";
    for text in [crontab, source("man/rt-schedule.7")] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn systemd_takes_the_units() {
    if system("systemd-analyze").is_none() {
        return;
    }
    let dir = Dir::new();
    // The installed program and the alert, as they are here.
    let scripts = root().join("scripts").display().to_string();
    let filled = |unit: &str, job: &str| {
        source(&format!("scripts/systemd/{unit}"))
            .replace("@JOB@", job)
            .replace("@COMMAND@", job)
            .replace("@BIN@", &scripts)
            .replace("@ETC@", &format!("{scripts}/etc"))
    };
    dir.write("rt-alert@.service", filled("rt-alert@.service", ""));
    let mut units = Vec::new();
    for job in ["daily", "weekly", "monthly", "check"] {
        let service = filled("rt-job@.service", job);
        dir.write(&format!("rt-{job}@.service"), service);
        let timer = format!("rt-{job}@.timer");
        dir.write(&timer, filled(&timer, job));
        units.push(dir.join(format!("rt-{job}@app.service")));
        units.push(dir.join(format!("rt-{job}@app.timer")));
    }
    let out = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(units)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success() && said.is_empty(), "{said}");
}
