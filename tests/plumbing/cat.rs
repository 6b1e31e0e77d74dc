//! rt-cat: each archived row once, by day in order, wherever it stands and
//! whatever else is at work.

mod damage;
mod entered;
mod foreign;
mod forms;
mod memory;
mod month;
mod wanted;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{Cmd, Dir, Out, bins, system};

/// A database with the rows 1 to 6, a day each, from 2025-10-30 on.
fn database() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v);
         INSERT INTO t VALUES
         (1,'2025-10-30T10:00:00Z','a'), (2,'2025-10-31T10:00:00Z','b'),
         (3,'2025-11-01T10:00:00Z','c'), (4,'2025-11-02T10:00:00Z','d'),
         (5,'2026-01-10T10:00:00Z','e'), (6,'2026-01-14T10:00:00Z','f');",
    );
    dir
}

const STORE: &str = "rt-store --db x.db --archives a --timestamp-column at";

/// Runs a pipeline.
fn sh<'d>(dir: &'d Dir, line: &str) -> Cmd<'d> {
    dir.cmd("sh").args(["-c", line])
}

/// Archives the rows for which `condition` holds; unless `settle`, they also
/// stay in the database.
fn archive(dir: &Dir, condition: &str, settle: bool) {
    let purge = match settle {
        true => "| rt-purge --db x.db --archives a",
        false => "",
    };
    let line = format!(
        "rt-export --db x.db --where \"{condition}\" t | {STORE} t {purge}"
    );
    sh(dir, &line).run().status(0);
}

fn consolidate(dir: &Dir) -> Cmd<'_> {
    dir.cmd("rt-consolidate").args(["--archives", "a", "--older-than", "30d"])
}

fn cat<'d>(dir: &'d Dir, args: &[&str]) -> Cmd<'d> {
    dir.cmd("rt-cat")
        .args(["--db", "x.db", "--archives", "a"])
        .args(args)
        .arg("t")
}

const ALL: [&str; 6] = ["--tier", "hot", "--tier", "warm", "--tier", "cold"];

/// The ids of what was printed, in order.
fn ids(out: &Out) -> String {
    let ids = out.stdout.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["id"].to_string()
    });
    ids.collect::<Vec<_>>().join(" ")
}

fn gives(out: &Out, want: &str) {
    out.expect(&format!("the rows {want}"), ids(out) == want);
}

#[test]
fn rows_come_once_by_day_out_of_every_tier() {
    let dir = database();
    archive(&dir, "id IN (2, 4)", true);
    consolidate(&dir).run().status(0);
    archive(&dir, "id IN (1, 3, 5)", true);
    gives(cat(&dir, &[]).run().status(0), "1 2 3 4 5");
    gives(cat(&dir, &ALL).run().status(0), "1 2 3 4 5 6");
    gives(cat(&dir, &["--tier", "cold"]).run().status(0), "2 4");
    gives(cat(&dir, &["--tier", "warm"]).run().status(0), "1 3 5");
    gives(cat(&dir, &["--tier", "hot"]).run().status(0), "6");
    // The earlier days now stand behind the later ones in the tars.
    consolidate(&dir).run().status(0);
    let out = cat(&dir, &[]).run();
    gives(out.status(0), "1 2 3 4 5");
    let first = out.stdout.lines().next().unwrap();
    let zcat = sh(
        &dir,
        "tar -xzOf a/cold/2025/2025-10.tar.gz \
                         2025-10-30/t.jsonl.gz | zcat",
    )
    .run();
    zcat.stdout(&format!("{first}\n"));
    let count = cat(&dir, &["--count"]).run();
    count
        .status(0)
        .stdout("{\"type\":\"count\",\"table\":\"t\",\"rows\":5}\n");
}

#[test]
fn since_and_until_go_by_the_rows_own_time() {
    let dir = database();
    archive(&dir, "id < 5", true);
    consolidate(&dir).run().status(0);
    archive(&dir, "id = 5", true);
    let range = |since: &str, until: &str, want: &str| {
        let args = ["--since", since, "--until", until];
        gives(cat(&dir, &args).run().status(0), want);
    };
    range("2025-10-31", "2025-11-02", "2 3");
    range("2025-10-31T10:00:00Z", "2025-11-02T10:00:00Z", "2 3");
    range("2025-10-31T10:00:00.001Z", "2025-11-02T10:00:01Z", "3 4");
    range("2025-12-01", "2026-02-01", "5");
    range("2026-03-01", "2026-04-01", "");
    // A day outside is not opened: what is wrong with it is not met.
    let warm = "a/warm/2026-01-10/t.jsonl.gz";
    let bytes = fs::read(dir.join(warm)).unwrap();
    let mut bad = bytes.clone();
    let middle = bad.len() - 12;
    bad[middle] ^= 0xff;
    dir.write(warm, bad);
    gives(cat(&dir, &["--until", "2026-01-01"]).run().status(0), "1 2 3 4");
    cat(&dir, &["--since", "2026-01-01"]).run().status(5).stderr_has(warm);
}

#[test]
fn an_unsettled_segment_gives_way_to_hot() {
    let dir = database();
    archive(&dir, "id = 5", true);
    dir.sql("x.db", "INSERT INTO t VALUES (7,'2026-01-10T11:00:00Z','g')");
    archive(&dir, "id IN (4, 7)", false);
    gives(cat(&dir, &[]).run().status(0), "4 5 7");
    let out = cat(&dir, &ALL).run();
    gives(out.status(0), "1 2 3 4 5 7 6");
    let hot = out.stdout.lines().filter(|l| !l.contains("_archived_at"));
    assert_eq!(hot.count(), 6);
    cat(&dir, &["--count", "--tier", "hot"])
        .run()
        .status(0)
        .stdout_has("\"rows\":6");
}

#[test]
fn a_killed_consolidation_shows_no_row_twice_and_loses_none() {
    for point in [
        "month.drafted",
        "change.intent",
        "change.renamed",
        "change.synced",
        "change.removed",
        "change.before_end",
        "change.ended",
    ] {
        let dir = database();
        archive(&dir, "id IN (1, 3)", true);
        consolidate(&dir).run().status(0);
        dir.sql(
            "x.db",
            "INSERT INTO t VALUES (8,'2025-11-01T12:00:00Z','late')",
        );
        archive(&dir, "id IN (4, 8)", true);
        let killed =
            consolidate(&dir).env("RT_FAIL", format!("{point}=kill")).run();
        killed.status(137);
        gives(cat(&dir, &[]).run().status(0).stderr(""), "1 3 8 4");
    }
}

#[test]
fn a_consolidation_between_its_looks_is_met_once() {
    let dir = database();
    archive(&dir, "id < 5", true);
    let run = "rt-consolidate --archives a --older-than 30d >log";
    let out = cat(&dir, &[]).env("RT_FAIL", format!("cat.opened={run}")).run();
    gives(out.status(0).stderr(""), "1 2 3 4");
    assert!(!dir.join("a/warm").join("2025-10-30").exists());
    // And a purge that settles what hot has given.
    archive(&dir, "id = 5", false);
    let purge = "rt-purge --db x.db --archives a --pending >/dev/null";
    let out =
        cat(&dir, &ALL).env("RT_FAIL", format!("cat.opened={purge}")).run();
    gives(out.status(0).stderr(""), "1 2 3 4 5 6");
    assert_eq!(dir.rows("x.db", "SELECT id FROM t"), ["6"]);
    gives(cat(&dir, &ALL).run().status(0), "1 2 3 4 5 6");
}

#[test]
fn a_purge_that_died_while_deleting_is_said() {
    let dir = database();
    let line = format!(
        "rt-export --db x.db --where 'id < 3' t | {STORE} t >receipts"
    );
    sh(&dir, &line).run().status(0);
    let line = "RT_FAIL=purge.committed=kill \\
                rt-purge --db x.db --archives a <receipts";
    sh(&dir, line).run().status(137);
    let out = cat(&dir, &ALL).run();
    out.status(3).stderr_has("rows of 't' are being deleted");
    gives(cat(&dir, &[]).run().status(0), "1 2");
    let line = "rt-purge --db x.db --archives a --pending";
    sh(&dir, line).run().status(3).stdout_has("\"superseded\":2");
    gives(cat(&dir, &ALL).run().status(0), "1 2 3 4 5 6");
}

#[test]
fn files_of_other_programs_are_read() {
    let Some(mut tar) = system("tar") else { return };
    let dir = Dir::new();
    let row =
        |id: u32, at: &str| format!("{{\"id\": {id}, \"at\": \"{at}\"}}");
    dir.write("m/2025-11-03/t.jsonl", row(3, "2025-11-03") + "\n");
    dir.write("m/2025-11-02/t.jsonl", row(2, "2025-11-02") + "\n");
    dir.write("m/2025-11-02/u.jsonl", row(9, "2025-11-02") + "\n");
    sh(&dir, "gzip m/2025-11-03/t.jsonl").run().status(0);
    fs::create_dir_all(dir.join("a/cold/2025")).unwrap();
    let made = tar
        .current_dir(dir.join("m"))
        .args(["-czf", "../a/cold/2025/2025-11.tar.gz"])
        .args(["2025-11-03", "./2025-11-02"])
        .status();
    assert!(made.unwrap().success());
    let plain = row(1, "2025-11-01") + "\n" + &row(10, "no time") + "\n";
    dir.write("a/warm/2025-11-01/t.jsonl", &plain);
    let out = cat(&dir, &[]).run();
    gives(out.status(0), "1 10 2 3");
    out.expect("unchanged bytes", out.stdout.starts_with(&plain));
    let args = ["--timestamp-column", "at", "--since", "2025-11-01"];
    let out = cat(&dir, &args).run();
    gives(out.status(0).stderr_has("1 record left out"), "1 2 3");
    let out = cat(&dir, &["--since", "2025-11-01"]).run();
    out.status(2).stderr_has("--timestamp-column");
    // What stands in front of the damage is read.
    let foreign = dir.join("a/cold/2025/2025-11.tar.gz");
    sh(
        &dir,
        "tar -C m -cf whole.tar 2025-11-03 2025-11-02 && \\
              head -c 2200 whole.tar | gzip >a/cold/2025/2025-11.tar.gz",
    )
    .run()
    .status(0);
    let out = cat(&dir, &[]).run();
    gives(out.status(4).stderr_has("2025-11.tar.gz"), "1 10 3");
    out.expect("two warnings", out.stderr.lines().count() == 2);
    out.stderr_has("'a' holds archives and no ledger: nothing tells");
    fs::remove_file(foreign).unwrap();
    // A name that climbs out is refused, and the rest goes on.
    dir.write("m/evil", "x");
    sh(&dir, "cd m && tar -czPf ../a/cold/2025/2025-11.tar.gz ../m/evil")
        .run()
        .status(0);
    gives(cat(&dir, &[]).run().status(4).stderr_has("2025-11.tar"), "1 10");
}

#[test]
fn a_damaged_file_is_named_and_the_rest_goes_on() {
    let dir = database();
    archive(&dir, "id < 5", true);
    consolidate(&dir).run().status(0);
    archive(&dir, "id = 5", true);
    let cold = dir.join("a/cold/2025/2025-10.tar.gz");
    let whole = fs::read(&cold).unwrap();
    fs::write(&cold, &whole[..whole.len() / 2]).unwrap();
    let out = cat(&dir, &[]).run();
    out.status(5).stderr_has("2025-10.tar.gz").stdout_has("\"id\":5");
    fs::remove_file(&cold).unwrap();
    let out = cat(&dir, &[]).run();
    gives(out.status(5).stderr_has("is missing"), "3 4 5");
    fs::write(&cold, &whole).unwrap();
    // One that the ledger does not know is bad data, no disagreement.
    dir.write("a/warm/2026-01-11/t.jsonl", "{\"id\":11}\n[]\n{\"id\":12}");
    let out = cat(&dir, &[]).run();
    out.status(4).stderr_has("line 2 is no record");
    gives(out.stderr_has("in the middle of a line"), "1 2 3 4 5 11");
    let gone = dir.join("a/warm/2026-01-10/t.jsonl.gz");
    fs::remove_file(gone).unwrap();
    cat(&dir, &[]).run().status(5).stderr_has("2026-01-10");
}

#[test]
fn an_unknown_table_is_answered_with_those_there_are() {
    let dir = database();
    let out = cat(&dir, &[]).run();
    out.status(2).stdout("").stderr_has("no table 't'");
    archive(&dir, "id = 5", true);
    gives(cat(&dir, &["--until", "2025-01-01"]).run().status(0), "");
    let out = dir.cmd("rt-cat").args(["--archives", "a", "nope"]).run();
    out.status(2).stdout("").stderr_has("hint: it holds t\n");
    cat(&dir, &["--tier", "tepid"]).run().status(2).stderr_has("tepid");
    let upper = dir.cmd("rt-cat").args(["--archives", "a", "T"]).run();
    gives(upper.status(0), "5");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let dir = Dir::new();
    let row = format!("{{\"id\":1,\"v\":\"{}\"}}\n", "x".repeat(1000));
    dir.write("a/warm/2025-11-01/t.jsonl", row.repeat(4000));
    let mut child = std::process::Command::new(bins().join("rt-cat"))
        .args(["-q", "--archives", "a", "t"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    assert_eq!(first, row);
    let out = child.wait_with_output().unwrap();
    assert_eq!((out.status.code(), &out.stderr[..]), (Some(141), &b""[..]));
}

#[test]
fn span_without_an_instant_in_it_is_refused_with_the_reason() {
    let dir = database();
    archive(&dir, "id < 5", true);
    let stat = "rt-stat --tree a --archives";
    let cat = "rt-cat --db x.db --archives a --timestamp-column at t";
    let export = "rt-export --db x.db --timestamp-column at t";
    for (command, end) in
        [(cat, "--until"), (stat, "--until"), (export, "--before")]
    {
        for since in ["2025-11-01", "2025-11-02"] {
            let line = format!("{command} --since {since} {end} 2025-11-01");
            let out = sh(&dir, &line).run();
            out.status(2).stdout("").stderr_has(&format!(
                "--since {since}T00:00:00Z is not before {end} \
                 2025-11-01T00:00:00Z"
            ));
        }
        let line = format!("{command} --since 2025-11-01 {end} 2025-11-02");
        sh(&dir, &line).run().status(0);
    }
}
