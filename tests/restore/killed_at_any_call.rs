//! What brings rows back, erases them or mends a tree is killed at its system
//! calls; one more run of the same command ends as if nothing had been: no row
//! is lost, and none is there twice.
//!
//! The short form takes a few calls of each kind that changes something or
//! lasts; `RT_LONG=1` takes every call that there is, and where the command is
//! a script also each call of each program that it starts, which dies alone
//! then. `RT_PART` parts them.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::support::world::records;
use crate::support::{Cmd, Out, bins, system};

/// Calls between which a kill makes a difference.
const LASTING: [&str; 15] = [
    "fdatasync",
    "flock",
    "fsync",
    "ftruncate",
    "linkat",
    "mkdir",
    "mkdirat",
    "openat",
    "openat2",
    "pwrite64",
    "rename",
    "renameat2",
    "rmdir",
    "unlink",
    "write",
];

/// In the short form so many calls of each kind.
const SHORT: usize = 2;

/// The programs that rt-restore starts, and those that rt-erase does.
const RESTORE: [&str; 3] = ["rt-policy", "rt-cat", "rt-import"];
const ERASE: [&str; 6] =
    ["rt-policy", "rt-cat", "rt-hold", "rt-store", "rt-purge", "rt-rewrite"];

/// A world to begin with again and again, at the same path.
struct Again {
    world: World,
}

impl Again {
    fn new(world: World) -> Again {
        shell(&world, "mkdir -p b; rm -rf b/*; cp -a db archives b");
        Again { world }
    }

    fn begin(&self) -> &World {
        let begin = "rm -rf db db-* archives side side-*; cp -a b/* .";
        shell(&self.world, begin);
        &self.world
    }
}

/// Stands in for a program that a script starts: the start that STRUCK names
/// is traced, or killed, as INJECT says.
const STAND_IN: &str = r#"#!/bin/sh
name=${0##*/}
echo >>"$HOME/started-$name"
case "$name $(wc -l <"$HOME/started-$name")" in
"$STRUCK") exec strace -f -o "$HOME/trace" $INJECT "$BINS/$name" "$@" ;;
esac
exec "$BINS/$name" "$@"
"#;

/// What of a job is killed.
#[derive(Debug)]
enum Struck {
    /// Each of its processes that comes so far.
    All,
    /// A program that it starts, by its name and which start of it that is.
    Program(String),
}

/// A command, its standard input, and the programs that it starts.
struct Job<'j> {
    words: &'j [&'j str],
    input: Vec<u8>,
    programs: &'j [&'j str],
}

impl Job<'_> {
    fn run(&self, world: &World) -> Out {
        self.given(world.cmd(self.words[0]).args(&self.words[1..])).run()
    }

    fn traced(&self, world: &World, struck: &Struck, inject: &str) -> Out {
        let cmd = match struck {
            Struck::All => {
                let strace = world.cmd("strace").args(["-f", "-o", "trace"]);
                strace.args(inject.split_whitespace()).args(self.words)
            }
            Struck::Program(which) => {
                shell(world, "rm -f started-*");
                let cmd = world.cmd(self.words[0]).args(&self.words[1..]);
                cmd.path_first(world.dir.join("stand-ins"))
                    .env("STRUCK", which)
                    .env("INJECT", inject)
                    .env("BINS", bins())
            }
        };
        self.given(cmd).run()
    }

    fn given<'w>(&self, cmd: Cmd<'w>) -> Cmd<'w> {
        cmd.stdin(self.input.clone())
    }

    /// All that may be killed of it.
    fn parts(&self, world: &World) -> Vec<Struck> {
        let mut parts = vec![Struck::All];
        if !is_long() || self.programs.is_empty() {
            return parts;
        }
        for name in self.programs {
            world.dir.script(&format!("stand-ins/{name}"), STAND_IN);
        }
        let none = Struck::Program(String::new());
        self.traced(world, &none, "").status(0);
        for name in self.programs {
            let starts = world.dir.read(&format!("started-{name}"));
            let starts = 1..=starts.lines().count();
            parts.extend(
                starts.map(|n| Struck::Program(format!("{name} {n}"))),
            );
        }
        parts
    }

    /// How often a process of it makes each call, at most.
    fn calls(
        &self,
        world: &World,
        struck: &Struck,
    ) -> BTreeMap<String, usize> {
        self.traced(world, struck, "").status(0);
        let mut each: BTreeMap<(String, String), usize> = BTreeMap::new();
        for line in world.dir.read("trace").lines() {
            let mut words = line.split_whitespace();
            let (Some(process), Some(rest)) = (words.next(), words.next())
            else {
                continue;
            };
            let Some((call, _)) = rest.split_once('(') else { continue };
            let key = (process.to_owned(), call.to_owned());
            *each.entry(key).or_default() += 1;
        }
        let mut most = BTreeMap::new();
        for ((_, call), count) in each {
            let known: &mut usize = most.entry(call).or_default();
            *known = count.max(*known);
        }
        most
    }
}

/// Which calls of a kind a run is killed at.
fn chosen(call: &str, count: usize) -> Vec<usize> {
    if is_long() {
        return (1..=count).collect();
    }
    if !LASTING.contains(&call) {
        return Vec::new();
    }
    let step = count.div_ceil(SHORT).max(1);
    (1..=count).rev().step_by(step).collect()
}

/// Kills a job at its calls; `is_done` holds behind one more run of it.
fn killed(again: &Again, job: &Job<'_>, is_done: &dyn Fn(&World)) {
    if system("strace").is_none() {
        return;
    }
    let (part, parts) = part();
    let (mut tried, mut kills) = (0, 0);
    for struck in job.parts(again.begin()) {
        let world = again.begin();
        let calls = job.calls(world, &struck);
        is_done(world);
        for (call, count) in calls {
            for n in chosen(&call, count) {
                tried += 1;
                if tried % parts != part - 1 {
                    continue;
                }
                let world = again.begin();
                let inject = format!("-e inject={call}:signal=KILL:when={n}");
                let out = job.traced(world, &struck, &inject);
                kills += usize::from(out.status != 0);
                let once_more = job.run(world);
                let said = &once_more.stderr;
                let what = format!("{struck:?} {inject}: {said}");
                once_more.expect(&what, once_more.status == 0);
                is_done(world);
            }
        }
    }
    assert!(kills * parts >= 8, "killed only {kills} times");
}

/// Rows of two tables in the archives, and newer ones in the database.
fn archived() -> World {
    let world = World::filled(&["uuids", "logs", "pairs"], 3);
    daily(&world).run().status(0);
    world
}

fn cat(world: &World, table: &str) -> Vec<u8> {
    world.cmd("rt-cat").arg(table).run().status(0).bytes.clone()
}

/// What a database holds of a table, sorted.
fn rows_of(world: &World, file: &str, table: &str) -> Vec<String> {
    let query = format!("SELECT k, n, at, body FROM {table} ORDER BY 1, 2, 3");
    world.dir.rows(file, &query)
}

/// All archives are what the ledger says, and hold these rows.
fn is_sound(world: &World, table: &str, rows: &[u8]) {
    world.sound();
    world.cmd("rt-verify").arg("--balance").run().status(0);
    assert!(cat(world, table) == rows, "{}", world.picture());
}

#[test]
fn import_into_the_live_database() {
    for table in ["uuids", "pairs"] {
        let again = Again::new(archived());
        let input = cat(&again.world, table);
        let hot = rows_of(&again.world, "db", table).len();
        let words = ["rt-import", "--hold", "ticket 5", "--", table];
        let job = Job { words: &words, input: input.clone(), programs: &[] };
        let first = again.begin();
        job.run(first).status(0);
        let want = rows_of(first, "db", table);
        assert_eq!(want.len(), hot + 6);
        killed(&again, &job, &|world| {
            assert_eq!(rows_of(world, "db", table), want);
            let holds = world.cmd("rt-hold").arg("list").run();
            assert_eq!(records(&holds.stdout).len(), 1, "{}", holds.stdout);
            is_sound(world, table, &input);
        });
    }
}

#[test]
fn import_beside_the_live_database() {
    let again = Again::new(archived());
    let input = cat(&again.world, "uuids");
    let words = ["rt-import", "--into", "side", "--create", "--", "uuids"];
    let job = Job { words: &words, input, programs: &[] };
    let first = again.begin();
    job.run(first).status(0);
    let want = rows_of(first, "side", "uuids");
    assert_eq!(want.len(), 6);
    killed(&again, &job, &|world| {
        assert_eq!(rows_of(world, "side", "uuids"), want);
    });
}

#[test]
fn restore_beside_the_live_database() {
    let again = Again::new(archived());
    let words = ["rt-restore", "--into", "side", "uuids", "logs"];
    let job = Job { words: &words, input: Vec::new(), programs: &RESTORE };
    let first = again.begin();
    job.run(first).status(0);
    let tables = ["uuids", "logs"];
    let want = tables.map(|table| rows_of(first, "side", table));
    killed(&again, &job, &|world| {
        assert_eq!(tables.map(|table| rows_of(world, "side", table)), want);
    });
}

#[test]
fn restore_into_the_live_database() {
    let again = Again::new(archived());
    let words = ["rt-restore", "--live", "--hold", "x", "uuids"];
    let job = Job { words: &words, input: Vec::new(), programs: &RESTORE };
    let first = again.begin();
    let archives = cat(first, "uuids");
    job.run(first).status(0);
    let want = rows_of(first, "db", "uuids");
    killed(&again, &job, &|world| {
        assert_eq!(rows_of(world, "db", "uuids"), want);
        is_sound(world, "uuids", &archives);
    });
}

/// Nothing of what was erased is left, and all of the rest.
fn is_erased(world: &World, rows: &[u8], hot: &[String]) {
    assert_eq!(rows_of(world, "db", "uuids"), hot);
    is_sound(world, "uuids", rows);
    let absent = ["--absent", "n=1", "uuids"];
    world.cmd("rt-verify").args(absent).run().status(0);
    let tree = world.dir.tree();
    assert!(!tree.contains("archives/.rt-"), "{tree}");
}

#[test]
fn erasure_in_the_archives() {
    let world = archived();
    world.cmd("rt-consolidate").args(["--older-than=10d"]).run().status(0);
    let again = Again::new(world);
    let words = ["rt-rewrite", "--yes", "--reason=x", "--where=n=1", "uuids"];
    let job = Job { words: &words, input: Vec::new(), programs: &[] };
    let first = again.begin();
    job.run(first).status(0);
    let hot = rows_of(first, "db", "uuids");
    let rows = cat(first, "uuids");
    killed(&again, &job, &|world| is_erased(world, &rows, &hot));
}

#[test]
fn erasure_in_the_database_too() {
    let again = Again::new(archived());
    let words =
        ["rt-erase", "--hot", "--yes", "--reason=x", "--where=n=1", "uuids"];
    let job = Job { words: &words, input: Vec::new(), programs: &ERASE };
    let first = again.begin();
    job.run(first).status(0);
    let hot = rows_of(first, "db", "uuids");
    let rows = cat(first, "uuids");
    killed(&again, &job, &|world| is_erased(world, &rows, &hot));
}

#[test]
fn repair_of_a_tree() {
    // The ledger is older than a day's files and a month; and it is lost.
    for lost in [false, true] {
        let world = archived();
        shell(
            &world,
            "cp -a archives/ledger.jsonl old; cat archives/lock >ol",
        );
        world.fill("uuids", "2026-01-03", 2);
        world.sql(
            "INSERT INTO uuids VALUES('x', 1, '2026-01-02T22:00:00Z', 'x')",
        );
        daily(&world).run().status(0);
        let older = ["--older-than", "10d"];
        world.cmd("rt-consolidate").args(older).run().status(0);
        let rows = cat(&world, "uuids");
        shell(&world, "cat old >archives/ledger.jsonl; cat ol >archives/lock");
        if lost {
            fs::remove_file(world.dir.join("archives/ledger.jsonl")).unwrap();
            world.dir.write("archives/lock", "");
        }
        let again = Again::new(world);
        let words = ["rt-verify", "--repair", "--yes"];
        let job = Job { words: &words, input: Vec::new(), programs: &[] };
        killed(&again, &job, &|world| {
            world.cmd("rt-verify").arg("--repair").run().status(0);
            is_sound(world, "uuids", &rows);
        });
    }
}

#[test]
fn repair_of_schema_files() {
    let world = archived();
    let folder = world.dir.join("archives/schema");
    let files = || fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path());
    let mut whole: Vec<_> = files().collect();
    whole.sort();
    let whole: BTreeMap<_, _> =
        whole.into_iter().map(|f| (f.clone(), fs::read(f).unwrap())).collect();
    let rows = cat(&world, "uuids");
    for (i, file) in whole.keys().enumerate() {
        match i {
            0 => fs::remove_file(file).unwrap(),
            _ => fs::write(file, "CREATE").unwrap(),
        }
    }
    let again = Again::new(world);
    let words = ["rt-verify", "--repair", "--yes"];
    let job = Job { words: &words, input: Vec::new(), programs: &[] };
    killed(&again, &job, &|world| {
        for (file, text) in &whole {
            assert_eq!(fs::read(file).unwrap(), *text);
        }
        is_sound(world, "uuids", &rows);
    });
}
