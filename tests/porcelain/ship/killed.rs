//! rt-ship and rt-fetch are killed before and in the midst of each thing that
//! rclone does for them, and at each event. What the ledger at the remote names
//! is there at every moment, and the next run completes.

use super::*;

/// Kills what called it before the Nth thing that it is to do, or when its Nth
/// copy is half done.
const RCLONE: &str = "#!/bin/sh
n=$(cat n 2>/dev/null || echo 0)
n=$((n + 1)) c=x && echo $n >n
if [ \"$3\" = copy ]; then
	c=$(cat c 2>/dev/null || echo 0)
	c=$((c + 1)) && echo $c >c
fi
end() { kill -KILL $PPID; exit 1; }
[ \"$KILL\" != before$n ] || end
/usr/bin/rclone \"$@\"; ended=$?
if [ \"$KILL\" = half$c ]; then
	for last; do :; done
	file=$(find \"$last\" -type f -newer n | sort | tail -n 1)
	[ -z \"$file\" ] || truncate -s 5 \"$file\"
	end
fi
exit $ended
";

/// What the remote's ledger names is there, whole: a tree can be made of it.
fn readable(world: &World) {
    let script =
        "rm -rf part; mkdir part; [ -d remote/host=a/ledger ] || exit 0
        cp -a remote/host=a part/objects; rt-remote -q build part";
    world.sh(script).run().status(0);
}

/// A world with a remote that has all but what happened since: days that became
/// cold, new rows, an erasure.
fn behind() -> World {
    let world = world();
    shipped(&world, "remote");
    let old = ["--older-than", "20d"];
    world.consolidate("2026-01-15T00:00:00Z", &old).status(0);
    world.sh("rt-rewrite --yes --reason r --where name=n3 t").run().status(0);
    world.sql("INSERT INTO t VALUES(90, '2026-01-04T09:00:00Z', 'n')");
    world.cmd("rt-archive").args(["-q", "t"]).run().status(0);
    world.dir.script("stubs/rclone", RCLONE);
    world.sh("mkdir kept; cp -a archives remote kept").run().status(0);
    world
}

fn put_back(world: &World) {
    let script = "rm -rf archives remote back back.rt-fetch n c a; \
                  cp -a kept/archives kept/remote .";
    world.sh(script).run().status(0);
}

/// Ships again, and looks at what is there then.
fn completes(world: &World) {
    readable(world);
    shipped(world, "remote");
    assert_eq!(below(&world.dir.join("remote/host=a")), wanted(world));
    readable(world);
    world.sound();
}

#[test]
fn rt_ship_at_each_thing_that_rclone_does() {
    if !has_rclone() {
        return;
    }
    let world = behind();
    let mut kills = 0;
    for place in ["before", "half"] {
        for n in 1.. {
            put_back(&world);
            let kill = format!("{place}{n}");
            let cmd = ship(&world, "rt-ship").env("KILL", kill);
            let out = cmd.path_first(world.dir.join("stubs")).arg("remote");
            let out = out.run();
            if out.status == 0 {
                break;
            }
            kills += 1;
            completes(&world);
        }
    }
    assert!(kills > 10, "only {kills} kills");
    comes_back(&world, "remote");
}

#[test]
fn rt_ship_at_each_event() {
    if !has_rclone() {
        return;
    }
    let world = behind();
    for (point, times) in [
        ("ship.intent", 1),
        ("ship.shipped", 2),
        ("ship.withdraw", 1),
        ("ship.withdrawn", 1),
    ] {
        for n in 1..=times {
            put_back(&world);
            let fail = format!("{point}:{n}=kill");
            let cmd = ship(&world, "rt-ship").env("RT_FAIL", fail);
            let out = cmd.arg("remote").run();
            // The second of two is another process's first.
            out.expect("killed", out.status != 0 || n > 1);
            completes(&world);
        }
    }
}

#[test]
fn rt_fetch_at_each_thing_that_rclone_does() {
    if !has_rclone() {
        return;
    }
    let world = behind();
    shipped(&world, "remote");
    let mut kills = 0;
    for place in ["before", "half"] {
        for n in 1.. {
            world.sh("rm -rf back back.rt-fetch n c").run().status(0);
            let args = ["--archives", "back", "remote"];
            let cmd =
                ship(&world, "rt-fetch").env("KILL", format!("{place}{n}"));
            let cmd = cmd.path_first(world.dir.join("stubs")).args(args);
            if cmd.run().status == 0 {
                break;
            }
            kills += 1;
            assert!(!world.dir.join("back").exists());
            let again = ship(&world, "rt-fetch").args(args).run();
            again.status(0);
            verified(&world);
            world
                .sh("rt-cat t >a; rt-cat --archives back t | cmp - a")
                .run()
                .status(0);
        }
    }
    assert!(kills > 3, "only {kills} kills");
}
