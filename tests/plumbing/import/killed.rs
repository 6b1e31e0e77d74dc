//! Killed at any system call, one more run ends as if nothing had been.

use super::{cat, contents, import};
use crate::support::system;
use crate::support::world::World;

/// How many system calls of a kind a command makes.
const CALLS: [&str; 4] = ["pwrite64", "fdatasync", "unlink", "openat"];

#[test]
fn one_more_run_ends_as_if_undisturbed() {
    if system("strace").is_none() {
        return;
    }
    let world = World::filled(&["uuids", "logs"], 6);
    for table in ["uuids", "logs"] {
        world.run(table);
        let rows = cat(&world, table);
        import(&world, &rows[..]).arg(table).run().status(0);
        let whole = contents(&world.dir, "side", table);
        let mut killed = 0;
        for call in CALLS {
            for n in 1..200 {
                for name in ["side", "side-journal"] {
                    if world.dir.join(name).exists() {
                        std::fs::remove_file(world.dir.join(name)).unwrap();
                    }
                }
                let inject = format!("inject={call}:signal=KILL:when={n}");
                let out = world
                    .cmd("strace")
                    .args(["-f", "-o", "trace", "-e", &inject])
                    .args(["rt-import", "--into", "side", "--create", table])
                    .stdin(&rows[..])
                    .run();
                let ended = out.status == 0;
                import(&world, &rows[..]).arg(table).run().status(0);
                let have = contents(&world.dir, "side", table);
                assert!(have == whole, "{call} {n}: {have:?}");
                if ended {
                    break;
                }
                killed += 1;
            }
        }
        assert!(killed > 20, "only {killed} times");
    }
}

#[test]
fn each_crash_point_is_harmless() {
    let world = World::filled(&["logs"], 6);
    world.run("logs");
    let rows = cat(&world, "logs");
    for (point, skipped) in [("import.inserted", 0), ("import.committed", 12)]
    {
        let cmd = import(&world, &rows[..]).arg("logs");
        let out = cmd.env("RT_FAIL", format!("{point}=kill")).run();
        out.status(137);
        let out = import(&world, &rows[..]).arg("logs").run();
        out.status(0).stdout_has(&format!("\"skipped\":{skipped},"));
        assert_eq!(contents(&world.dir, "side", "logs").len(), 12);
        std::fs::remove_file(world.dir.join("side")).unwrap();
    }
}
