//! rt-lake is killed at its system calls, and the next run makes it good; at
//! no moment does the manifest name a file that is not whole.

use std::fs;

use super::*;
use crate::support::system;
use crate::support::world::World;

/// Calls between which a kill makes a difference.
const CALLS: [&str; 6] =
    ["fsync", "renameat", "renameat2", "unlinkat", "mkdirat", "write"];

#[test]
fn kill_at_any_call_leaves_whole_files_and_the_next_run_completes() {
    if system("strace").is_none() {
        return;
    }
    let world = World::filled(&["uuids", "numbers"], 30);
    archive(&world, &["uuids", "numbers"]);
    summary(&publish(&world).run());
    let keep = world.sh("rm -rf kept; cp -a lake kept").run();
    keep.status(0);
    for table in ["uuids", "numbers"] {
        world.fill(table, "2026-01-05", 7);
    }
    archive(&world, &["uuids", "numbers"]);
    let mut kills = 0;
    for call in CALLS {
        for n in 1.. {
            world.sh("rm -rf lake; cp -a kept lake").run().status(0);
            let inject = format!("inject={call}:signal=KILL:when={n}");
            let out = world
                .cmd("strace")
                .args(["-f", "-o", "trace", "-e", &inject])
                .arg(lake())
                .args(["--host", "a", "lake"])
                .run();
            if out.status == 0 {
                break;
            }
            out.status(137);
            kills += 1;
            // The manifest names whole files, each row once.
            for table in ["uuids", "numbers"] {
                let count = lines(&world, table).stdout.lines().count();
                out.expect("rows", [60, 67].contains(&count));
            }
            summary(&publish(&world).run());
            same(&world, &["uuids", "numbers"]);
        }
    }
    assert!(kills > 20, "only {kills} kills");
    assert!(fs::metadata(world.dir.join("lake/lock")).is_ok());
}

#[test]
fn files_that_the_manifest_does_not_name_go_and_those_of_others_stay() {
    let world = World::filled(&["uuids"], 30);
    archive(&world, &["uuids"]);
    summary(&publish(&world).run());
    let before = on_disk(&world.dir);
    let month = "lake/uuids/host=a/month=2026-01";
    for name in [
        format!("{month}/{}.parquet", "0".repeat(64)),
        "lake/.rt-tmp-0123456789abcdef".to_owned(),
    ] {
        world.dir.write(&name, "of a run that was killed");
    }
    let other = [
        format!("{month}/own.parquet"),
        format!("lake/uuids/host=b/month=2026-01/{}.parquet", "0".repeat(64)),
    ];
    for name in &other {
        world.dir.write(name, "of somebody else");
    }
    summary(&publish(&world).run());
    let mut wanted = [before, other.to_vec()].concat();
    wanted.sort();
    assert_eq!(on_disk(&world.dir), wanted);
}
