//! A disk that said too early that it has the ledger's last lines: `lock`
//! names them, and zeros stand in their place. What depends on them was done.

use std::fs;

use super::*;

const LEDGER: &str = "archives/ledger.jsonl";
const LOST: &str = "archives/ledger.lost";

/// A world whose job is done, and the ledger that the disk kept of it: the
/// lines up to the last publication, zeros, and the rest of the next line.
fn dropped(zeros: usize) -> (World, Vec<u8>) {
    let world = World::filled(&["uuids"], 3);
    world.job().run().status(0);
    let whole = world.dir.read(LEDGER);
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let published = |l: &&str| l.contains("\"type\":\"published\"");
    let end = lines.iter().rposition(published).unwrap() + 1;
    let mut torn = vec![0; zeros];
    torn.extend_from_slice(&lines[end].as_bytes()[zeros..]);
    let kept = [lines[..end].concat().as_bytes(), &torn].concat();
    fs::write(world.dir.join(LEDGER), kept).unwrap();
    (world, torn)
}

#[test]
fn ordinary_runs_go_on_behind_lines_that_a_disk_dropped() {
    let (world, torn) = dropped(100);
    let rows = world.all();
    let out = daily(&world).run();
    out.status(PARTLY).stderr_has("never reached the disk");
    kept(&out, 6);
    assert_eq!(fs::read(world.dir.join(LOST)).unwrap(), torn);
    assert_eq!(world.all(), rows, "{}", world.picture());
    at_rest(&world);
    world.cmd("rt-verify").run().status(0);
}

#[test]
fn run_killed_while_it_moves_them_away_leaves_that_to_the_next() {
    for point in ["ledger.aside=kill", "ledger.marked=kill"] {
        let (world, _) = dropped(100);
        let rows = world.all();
        world.pending().env("RT_FAIL", point).run().status(KILLED);
        world.pending().run().status(PARTLY);
        assert!(world.dir.join(LOST).exists(), "{point}");
        assert_eq!(world.all(), rows, "{}", world.picture());
        at_rest(&world);
    }
}

/// A hold may have been lost with them: only who has looked lets rows end.
#[test]
fn nothing_expires_until_an_operator_has_looked() {
    let (world, _) = dropped(100);
    world.pending().run().status(PARTLY);
    let rows = world.archived();
    let now = "2029-01-01T00:00:00Z";
    let out = world.expire(now, &[]);
    out.status(1).stderr_has("may have been a hold");
    assert_eq!(world.archived(), rows);
    fs::remove_file(world.dir.join(LOST)).unwrap();
    let out = world.expire(now, &["-n"]);
    out.expect("no word of holds", !out.stderr.contains("a hold"));
}

/// What is not zeros is damage, and nobody builds on it.
#[test]
fn damage_to_the_last_lines_still_stops_every_run() {
    for zeros in [1, 63] {
        let (world, _) = dropped(zeros);
        for _ in 0..2 {
            daily(&world).run().status(5);
        }
        assert!(!world.dir.join(LOST).exists());
    }
}
