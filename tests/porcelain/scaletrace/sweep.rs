//! SIGKILL at random moments, to any process of a run or to all of them; then
//! one run. `RT_LONG=1` tries 100 moments, and `RT_SEED=N` those of that seed.

use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use super::{all_are_there, filled, hot, low, report};
use crate::protocol::{kill, processes};
use crate::support::Dir;
use crate::support::rows::Random;
use crate::support::world::until;

const ROWS: u64 = 4000;

/// A run whose deletion takes a while.
fn run(dir: &Dir) -> crate::support::Cmd<'_> {
    low(dir).args(["--batch-size=500", "--sleep=10ms", "--wait=60s"])
}

/// Runs it and kills some or all of it after `moment`; returns when all of it
/// has ended.
fn killed(dir: &Dir, moment: Duration, random: &mut Random) {
    let mut job = run(dir).command();
    job.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut job = job.process_group(0).spawn().unwrap();
    let group = job.id();
    std::thread::sleep(moment);
    let alive = processes(group);
    if random.below(3) == 0 || alive.is_empty() {
        kill(&format!("-{group}"));
    } else {
        let one = alive[random.below(alive.len() as u64) as usize];
        kill(&one.to_string());
    }
    job.wait().unwrap();
    until("all of it has ended", || processes(group).is_empty());
}

#[test]
fn kill_at_any_moment_leaves_every_row_in_exactly_one_place() {
    let seed = match std::env::var("RT_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64,
    };
    let long = std::env::var_os("RT_LONG").is_some();
    let length = {
        let dir = filled(ROWS);
        let begun = Instant::now();
        run(&dir).run().status(0);
        begun.elapsed().as_micros() as u64
    };
    let mut random = Random(seed | 1);
    for moment in 0..if long { 100 } else { 10 } {
        let dir = filled(ROWS);
        let after = Duration::from_micros(random.below(length));
        killed(&dir, after, &mut random);
        let what = format!("RT_SEED={seed}, moment {moment}, {after:?}");
        let out = run(&dir).now("2026-01-15T00:00:01Z").run();
        // Killed between its last commit and its last event, it leaves lines
        // of which the next run cannot know who deleted the rows.
        let in_doubt = report(&out)["superseded"] == ROWS;
        out.expect(&what, out.status == if in_doubt { 3 } else { 0 });
        out.expect(&what, hot(&dir).is_empty());
        all_are_there(&dir, ROWS);
    }
}
