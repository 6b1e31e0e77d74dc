//! Files that a flag names for output: replaced as a whole, and what is no
//! regular file stays what it is.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};

use crate::support::{Cmd, Dir, system};

/// Each way of the programs to write a report or a record to a file `out`.
const WRITERS: [(&str, &[&str]); 4] = [
    ("rt-archive", &["--output", "out", "tool_uses"]),
    ("rt-daily", &["--output=out"]),
    ("rt-retention", &["status", "--output", "out"]),
    ("rt-export", &["--result", "out", "tool_uses"]),
];

fn database() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "a.db",
        "CREATE TABLE tool_uses(id INTEGER PRIMARY KEY, start_time TEXT);
         INSERT INTO tool_uses VALUES (1, '2026-01-01T00:00:00Z');",
    );
    dir
}

fn writer<'a>(dir: &'a Dir, (program, args): (&str, &[&str])) -> Cmd<'a> {
    dir.cmd(program).env("RT_DB", "a.db").args(args)
}

#[test]
fn device_stays_a_device() {
    for one in WRITERS {
        let dir = database();
        let Some(mut mknod) = system("mknod") else { return };
        let node = dir.join("out");
        let made = mknod.arg(&node).args(["c", "1", "3"]).status().unwrap();
        if !made.success() {
            return;
        }
        writer(&dir, one).run().status(0);
        let meta = fs::symlink_metadata(&node).unwrap();
        assert!(meta.file_type().is_char_device(), "{one:?}");
    }
}

#[test]
fn pipe_gets_the_report_and_one_without_reader_is_an_error() {
    let Some(mut mkfifo) = system("mkfifo") else { return };
    let dir = database();
    assert!(mkfifo.arg(dir.join("out")).status().unwrap().success());
    let out = writer(&dir, WRITERS[2]).patience(20).run();
    out.status(1).stderr_has("start what reads it first");
    let script = "cat out >copy & rt-retention status --output out && wait";
    let both = dir.cmd("sh").env("RT_DB", "a.db").args(["-c", script]).run();
    both.status(0).stderr("");
    assert!(dir.read("copy").starts_with("HOT STORAGE"));
    assert!(
        fs::symlink_metadata(dir.join("out")).unwrap().file_type().is_fifo()
    );
}

#[test]
fn link_stays_a_link_and_what_it_names_is_replaced() {
    for one in WRITERS {
        let dir = database();
        dir.write("far/report", "old");
        symlink("far/report", dir.join("out")).unwrap();
        writer(&dir, one).run().status(0);
        assert!(dir.join("out").is_symlink(), "{one:?}");
        assert!(dir.read("far/report").len() > 10);
    }
}

#[test]
fn open_file_named_under_dev_keeps_what_is_in_it() {
    let dir = database();
    let script = "echo first >log
        rt-retention policy --output /dev/stdout >>log
        rt-retention policy --output /dev/fd/3 3>>log";
    dir.cmd("sh").args(["-c", script]).run().status(0);
    let log = dir.read("log");
    assert!(log.starts_with("first\nRetention Policies\n"), "{log}");
    assert_eq!(log.matches("Retention Policies").count(), 2);
}

#[test]
fn folder_is_refused_as_one() {
    let dir = database();
    fs::create_dir(dir.join("out")).unwrap();
    let out = writer(&dir, WRITERS[2]).run();
    out.status(1).stderr_has("cannot write to 'out': is a directory");
}
