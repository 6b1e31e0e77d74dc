//! A file of a few kilobytes can claim gigabytes: it is refused, in as little
//! memory as any other.

use super::whole_jobs::cost::{measured, peaks_are_small};
use crate::support::world::World;

const TABLE: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v); \
                     INSERT INTO t VALUES(1, '2026-01-01', 'a')";

/// What each name stands for, as bytes before they are compressed.
const FORGED: &str = "
import gzip, io, os, sys, tarfile
MANY = 200 << 20
def tar(kind, name, size, piece):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    yield info.tobuf(tarfile.GNU_FORMAT)
    for at in range(0, size, len(piece)): yield piece[:size - at]
    yield bytes(-size % 512)
def line():
    yield b'{\"id\":1,\"at\":\"2026-01-01\",\"v\":\"'
    for _ in range(MANY >> 20): yield b'a' * (1 << 20)
def packed(parts):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode='wb', compresslevel=6) as f:
        for part in parts: f.write(part)
    return out.getvalue()
def file(parts):
    yield from tar(tarfile.REGTYPE, '2025-11-03/t.jsonl.gz', len(parts), parts)
    yield bytes(1024)
what, path = sys.argv[1:]
made = {
    'line': line,
    'member': lambda: file(packed(line())),
    'longname': lambda: tar(tarfile.GNUTYPE_LONGNAME, 'x', MANY, b'a' * (1 << 20)),
    'pax': lambda: tar(tarfile.XHDTYPE, 'x', MANY, b'a' * (1 << 20)),
    'names': lambda: (part for n in range(60000)
        for part in tar(tarfile.REGTYPE, '%090d' % n, 0, b'a')),
}[what]
os.makedirs(os.path.dirname(path), exist_ok=True)
open(path, 'wb').write(packed(made()))
assert os.path.getsize(path) < 1 << 20, os.path.getsize(path)
";

/// A world with a forged file in its tree.
fn forged(what: &str, file: &str) -> World {
    let world = World::of(TABLE);
    world.dir.folder("archives");
    world.dir.write("forge.py", FORGED);
    let made = format!("python3 forge.py {what} {file}");
    world.cmd("sh").args(["-c", &made]).run().status(0);
    measured(&world.dir);
    world
}

/// Runs a command of which the file makes no success.
fn refuses(world: &World, script: &str) {
    let cmd = world.cmd("sh").path_first(world.dir.join("measured"));
    let out = cmd.args(["-c", script]).patience(120).run();
    out.status_of(&[1, 3, 4, 5]);
    peaks_are_small(&world.dir);
}

#[test]
fn an_endless_line_is_refused() {
    let world = forged("line", "archives/warm/2025-11-03/t.jsonl.gz");
    refuses(&world, "rt-cat t");
    refuses(&world, "rt-verify");
    refuses(&world, "rt-cat --since 2025-01-01 --timestamp-column at t");
    refuses(&world, "rt-consolidate --older-than 1d");
    let world = forged("line", "hand/t.json.gz");
    refuses(&world, "rt-purge --archive hand/t.json.gz t");
}

#[test]
fn an_endless_line_in_the_place_of_a_known_file_is_refused() {
    let world = World::of(TABLE);
    world.cmd("rt-archive").arg("all").run().status(0);
    world.dir.write("forge.py", FORGED);
    let file = world.files_of("warm").remove(0);
    let made = format!("python3 forge.py line archives/{file}");
    world.cmd("sh").args(["-c", &made]).run().status(0);
    measured(&world.dir);
    refuses(&world, "rt-cat t");
    refuses(&world, "rt-verify");
    refuses(&world, &format!("rt-verify --salvage {file}"));
}

/// What stands for a value of half a billion bytes in a small database.
const MADE: [&str; 3] = [
    "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v AS (zeroblob(500000000))); \
     INSERT INTO t VALUES(1, '2026-01-01')",
    "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v AS \
     (replace(hex(zeroblob(1000)), '0', hex(zeroblob(50000))))); \
     INSERT INTO t VALUES(1, '2026-01-01')",
    "CREATE VIEW t AS SELECT 1 AS id, '2026-01-01' AS at, \
     hex(randomblob(200000000)) AS v",
];

#[test]
fn values_that_a_statement_makes_are_bounded() {
    for made in MADE {
        let world = World::of(made);
        measured(&world.dir);
        refuses(&world, "rt-export t");
        refuses(&world, "rt-cat --tier hot --timestamp-column at t");
    }
}

#[test]
fn names_of_any_length_are_compared_in_little_memory() {
    let long = "n".repeat(900_000);
    let world = World::of(&format!("CREATE TABLE {long}(id)"));
    measured(&world.dir);
    let asked = "rt-export \"$(head -c 2000 /dev/zero | tr '\\0' n)\"";
    let cmd = world.cmd("sh").path_first(world.dir.join("measured"));
    cmd.args(["-c", asked]).run().status(2);
    peaks_are_small(&world.dir);
}

#[test]
fn headers_of_a_tar_and_what_they_name_are_refused() {
    for what in ["member", "longname", "pax", "names"] {
        let world = forged(what, "archives/cold/2025/2025-11.tar.gz");
        world.dir.write(
            "archives/warm/2025-11-04/t.jsonl",
            "{\"id\":1,\"at\":\"2025-11-04\",\"v\":null}\n",
        );
        refuses(&world, "rt-cat t");
        refuses(&world, "rt-consolidate --older-than 1d");
    }
}

#[test]
fn a_record_without_end_is_refused_by_a_purge() {
    let world = World::of(TABLE);
    world.dir.folder("archives");
    measured(&world.dir);
    let endless = "(printf '{\"type\":\"receipt\",\"v\":\"'; \
                   head -c 300000000 /dev/zero | tr '\\0' a)";
    refuses(&world, &format!("{endless} | rt-purge t"));
}
