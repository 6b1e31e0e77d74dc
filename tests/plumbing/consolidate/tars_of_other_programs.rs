//! Months that another tar wrote: taken in when they have our shape, refused
//! when a name in them could lead out of the tree.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::world::World;
use crate::support::{NOW, system};

const TAR: &str = "archives/cold/2025/2025-12.tar.gz";

/// A folder `src` with a day of three rows, as other people would make it.
fn day(world: &World) {
    let rows: String = (1..4)
        .map(|id| format!("{{\"id\":{id},\"start_time\":\"2025-12-03\"}}\n"))
        .collect();
    world.dir.write("src/2025-12-03/tool_uses.jsonl", rows);
    world.dir.cmd("gzip").args(["-r", "src"]).run().status(0);
    world
        .dir
        .write("src/schema/tool_uses-000000000000.sql", "CREATE TABLE t(a);");
    fs::create_dir_all(world.dir.join("archives/cold/2025")).unwrap();
}

const PYTHON: &str = "import sys, tarfile
with tarfile.open(sys.argv[1], 'w:gz') as tar:
    tar.add('src', arcname='.' if sys.argv[2:] else '')";

/// Ways to write the same tar.
const WRITERS: [(&str, &[&str]); 5] = [
    ("tar", &["-C", "src", "-czf", TAR, "."]),
    ("tar", &["-C", "src", "-czf", TAR, "2025-12-03", "schema"]),
    ("tar", &["--format=pax", "-C", "src", "-czf", TAR, "."]),
    ("python3", &["-c", PYTHON, TAR, "."]),
    ("bsdtar", &["-C", "src", "-czf", TAR, "."]),
];

fn write(world: &World, (program, args): (&str, &[&str])) -> bool {
    let Some(mut found) = system(program) else { return false };
    let run = found.args(args).current_dir(world.dir.path()).status().unwrap();
    assert!(run.success(), "{program} {args:?}");
    true
}

#[test]
fn a_month_of_another_tar_is_taken_in_and_merged() {
    for writer in WRITERS {
        let world = World::tiers();
        day(&world);
        if !write(&world, writer) {
            continue;
        }
        world.insert("tool_uses", 10, &["2025-12-03", "2025-12-04"]);
        world.archive(NOW);
        world.consolidate(NOW, &[]).status(0).stderr("");
        let places = world.once();
        assert_eq!(places.len(), 5, "{writer:?}");
        assert!(places.values().all(|p| p.starts_with("cold/")));
        let events = world.dir.read("archives/ledger.jsonl");
        assert!(events.contains("{\"type\":\"adopt\""), "{writer:?}");
    }
}

#[test]
fn tar_with_a_day_of_another_month_is_left_and_named() {
    let world = World::tiers();
    day(&world);
    world.dir.write("src/2025-11-30/tool_uses.jsonl", "{\"id\":9}\n");
    let all = ["-C", "src", "-czf", TAR, "."];
    if !write(&world, ("tar", &all)) {
        return;
    }
    let before = fs::read(world.dir.join(TAR)).unwrap();
    world.insert("tool_uses", 10, &["2025-12-03"]);
    world.archive(NOW);
    let out = world.consolidate(NOW, &[]);
    out.status_of(&[3, 4]).stderr_has("which is of another month");
    world.expire("2027-06-09T00:00:00Z", &["--yes"]).status_of(&[3, 4]);
    assert!(before == fs::read(world.dir.join(TAR)).unwrap());
    let ledger = world.dir.read("archives/ledger.jsonl");
    assert!(!ledger.contains("{\"type\":\"adopt\""));
}

/// A terminal does what stands behind an escape; a message shows it instead.
#[test]
fn escapes_in_names_of_a_tar_do_not_reach_the_terminal() {
    let world = World::tiers();
    day(&world);
    let names = ["2025-11-30/t\u{1b}[2Jx.jsonl", "2025-12-09/t\u{9b}7m.jsonl"];
    for name in names {
        world.dir.write(&format!("src/{name}"), "no record\n");
    }
    if !write(&world, ("tar", &["-C", "src", "-czf", TAR, "."])) {
        return;
    }
    for (program, args) in [
        ("rt-cat", &["tool_uses"][..]),
        ("rt-cat", &["t"]),
        ("rt-consolidate", &["--older-than", "1d"]),
        ("rt-expire", &["--yes"]),
        ("rt-verify", &[]),
        ("rt-stat", &["--archives"]),
    ] {
        let out = world.cmd(program).args(args).run();
        let sign = |text: &str, sign| text.contains(sign);
        let told = ['\u{1b}', '\u{9b}'].map(|c| sign(&out.stderr, c));
        // In records names are JSON, which escapes the first of them.
        out.expect("no escape", told == [false; 2]);
        out.expect("no escape", !sign(&out.stdout, '\u{1b}'));
    }
}

#[test]
fn rows_of_a_member_that_is_not_compressed_are_counted() {
    let world = World::tiers();
    day(&world);
    world.dir.write("src/2025-12-04/tool_uses.jsonl", "{\"id\":9}\n");
    if !write(&world, ("tar", &["-C", "src", "-czf", TAR, "."])) {
        return;
    }
    world.insert("tool_uses", 10, &["2025-12-03"]);
    world.archive(NOW);
    world.consolidate(NOW, &[]).status(0);
    let count = world.cmd("rt-cat").args(["--count", "tool_uses"]).run();
    count.status(0).stdout_has("\"rows\":5}");
    world.cmd("rt-cat").arg("tool_uses").run().status(0);
}

#[test]
fn a_month_of_another_tar_is_taken_in_and_expires() {
    for writer in WRITERS {
        let world = World::tiers();
        day(&world);
        if !write(&world, writer) {
            continue;
        }
        // 7 + 30 + 365 days after the end of 2025-12-03, and just before.
        world.expire("2027-01-09T23:59:59Z", &["--yes"]).status(0);
        assert_eq!(world.files_of("cold"), ["cold/2025/2025-12.tar.gz"]);
        fs::remove_file(world.dir.join("archives/ledger.jsonl"))
            .unwrap_or_default();
        world.dir.write("archives/lock", "");
        // A brake holds before even the ledger takes the month in.
        let before = fs::read(world.dir.join(TAR)).unwrap();
        world.expire("2027-01-10T00:00:00Z", &[]).status(1);
        let dry = world.expire("2027-01-10T00:00:00Z", &["-n", "--yes"]);
        dry.status(0).stdout_has("2025-12.tar.gz");
        assert!(fs::read(world.dir.join(TAR)).unwrap() == before);
        let events = fs::read(world.dir.join("archives/ledger.jsonl"))
            .unwrap_or_default();
        assert!(events.is_empty(), "{writer:?}");
        world.expire("2027-01-10T00:00:00Z", &["--yes"]).status(0);
        assert!(world.files_of("cold").is_empty(), "{writer:?}");
        assert!(!world.dir.join("archives/cold/2025").exists());
    }
}

const CLIMB: &str = "import io, sys, tarfile
tar = tarfile.open(sys.argv[1], 'w:gz')
def add(name, kind=tarfile.REGTYPE, to=''):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, to
    tar.addfile(entry, io.BytesIO(b''))
tar.add('src/2025-12-03/tool_uses.jsonl.gz',
        arcname='2025-12-03/tool_uses.jsonl.gz')
exec(sys.argv[2])
tar.close()";

#[test]
fn names_that_lead_out_are_refused_and_nothing_is_lost() {
    for bad in [
        "add('../x')",
        "add('2025-12-03/../../x')",
        "add('/etc/x')",
        "add('../x', tarfile.DIRTYPE)",
        "add('2025-12-03/l', tarfile.SYMTYPE, '/etc/passwd')",
        "add('2025-12-03/l', tarfile.LNKTYPE, '2025-12-03/tool_uses')",
        "add('2025-12-03/f', tarfile.FIFOTYPE)",
        "add('2025-12-03/tool_uses.jsonl.gz')",
    ] {
        let world = World::tiers();
        day(&world);
        world.insert("tool_uses", 10, &["2025-12-03", "2025-11-03"]);
        world.archive(NOW);
        let made =
            world.dir.cmd("python3").args(["-c", CLIMB, TAR, bad]).run();
        made.status(0);
        let tar = fs::read(world.dir.join(TAR)).unwrap();
        let out = world.consolidate(NOW, &[]);
        out.status(3).stderr_has("2025-12.tar.gz");
        // The other month went on, and this one is as it was.
        assert!(
            world.dir.join("archives/cold/2025/2025-11.tar.gz").exists(),
            "{bad}"
        );
        let warm = ["warm/2025-12-03/tool_uses.jsonl.gz"];
        assert_eq!(world.files_of("warm"), warm);
        world.expire("2028-01-01T00:00:00Z", &["--yes"]).status(3);
        assert!(fs::read(world.dir.join(TAR)).unwrap() == tar, "{bad}");
        assert!(
            !world.dir.join("x").exists()
                && !world.dir.join("archives/x").exists()
        );
    }
}

#[test]
fn a_month_that_is_a_link_is_not_followed() {
    let world = World::tiers();
    day(&world);
    assert!(write(&world, WRITERS[0]));
    fs::rename(world.dir.join(TAR), world.dir.join("theirs.tar.gz")).unwrap();
    symlink(world.dir.join("theirs.tar.gz"), world.dir.join(TAR)).unwrap();
    world.insert("tool_uses", 10, &["2025-12-03"]);
    world.archive(NOW);
    let before = world.image();
    let theirs = fs::read(world.dir.join("theirs.tar.gz")).unwrap();
    let out = world.consolidate(NOW, &[]);
    out.expect("a failure", out.status != 0);
    assert!(world.image() == before);
    world.expire("2028-01-01T00:00:00Z", &["--yes"]);
    assert!(fs::read(world.dir.join("theirs.tar.gz")).unwrap() == theirs);
}

#[test]
fn what_stands_behind_the_end_of_a_tar_is_not_dropped() {
    let world = World::tiers();
    day(&world);
    assert!(write(&world, WRITERS[1]));
    let mut twice = fs::read(world.dir.join(TAR)).unwrap();
    fs::rename(
        world.dir.join("src/2025-12-03"),
        world.dir.join("src/2025-12-05"),
    )
    .unwrap();
    let more = ["-C", "src", "-czf", "more.tar.gz", "2025-12-05"];
    assert!(write(&world, ("tar", &more)));
    twice.extend(fs::read(world.dir.join("more.tar.gz")).unwrap());
    fs::write(world.dir.join(TAR), &twice).unwrap();
    world.insert("tool_uses", 10, &["2025-12-03"]);
    world.archive(NOW);
    world.consolidate(NOW, &[]).status(3).stderr_has("behind its end");
    assert!(fs::read(world.dir.join(TAR)).unwrap() == twice);
}
