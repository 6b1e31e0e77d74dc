//! What asks for an end is answered within two seconds, also inside a statement
//! that never ends and while a lock is waited for.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::world::{World, until};
use crate::support::{NOW, bins, kill};

/// Rows, a view that never ends, and a table whose deletion does not.
const ENDLESS: &str = "
    CREATE VIEW endless AS WITH RECURSIVE c(n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM c)
        SELECT n AS id, '2026-01-01' AS at FROM c WHERE n < 0;
    CREATE TABLE t (id INTEGER PRIMARY KEY, at);
    INSERT INTO t VALUES (1, '2026-01-01'), (2, '2026-01-01')";
const TRIGGER: &str = "CREATE TRIGGER stays AFTER DELETE ON t BEGIN
    SELECT count(*) FROM endless; END";
const SOON: Duration = Duration::from_secs(2);

fn start(world: &World, program: &str, args: &[&str]) -> Child {
    command(world, program, args).spawn().unwrap()
}

fn command(world: &World, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(bins().join(program));
    command
        .args(args)
        .current_dir(world.dir.path())
        .envs([("RT_DB", "db"), ("RT_ARCHIVES", "archives")])
        .env("RT_POLICY", "policy")
        .env("RT_NOW", NOW)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The status as a shell has it, of a program that ends soon.
fn ends_soon(mut child: Child, why: &str) -> i32 {
    let began = Instant::now();
    let status: ExitStatus = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > SOON {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{why}: not at its end after {SOON:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let by_signal = status.signal().map(|signal| 128 + signal);
    status.code().or(by_signal).unwrap()
}

/// The database's write lock, if it is free.
fn takes_lock(db: &Connection) -> bool {
    let taken = db.execute_batch("BEGIN IMMEDIATE").is_ok();
    taken && db.execute_batch("ROLLBACK").is_ok()
}

fn connection(world: &World) -> Connection {
    let db = Connection::open(world.dir.join("db")).unwrap();
    db.busy_timeout(Duration::ZERO).unwrap();
    db
}

/// Stored rows, and a purge of them that hangs in a trigger.
fn hangs(world: &World, args: &[&str]) -> Child {
    world.sh("rt-export --due t | rt-store t").run().status(0);
    world.sql(TRIGGER);
    let child = start(world, "rt-purge", &[&["--pending"], args].concat());
    let (db, began) = (connection(world), Instant::now());
    while takes_lock(&db) {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

/// No row is gone, no lock is held, and without the trigger the next run goes
/// on.
fn goes_on(world: &World) {
    assert!(takes_lock(&connection(world)));
    assert_eq!(world.row("SELECT count(*) FROM t"), "2");
    world.sql("DROP TRIGGER stays");
    world.sh("rt-purge --pending").run().status(0);
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
    assert_eq!(world.records().len(), 2);
}

#[test]
fn a_signal_ends_a_trigger_that_never_ends() {
    for (name, status) in [("-TERM", 143), ("-INT", 130)] {
        let world = World::of(ENDLESS);
        let child = hangs(&world, &[]);
        kill(child.id(), name);
        assert_eq!(ends_soon(child, name), status);
        goes_on(&world);
    }
}

#[test]
fn a_signal_ends_a_write_that_nobody_reads() {
    let world = World::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at, v);
         WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT 2000)
         INSERT INTO t SELECT i, date('2020-01-01', i || ' days'),
            hex(randomblob(500)) FROM n",
    );
    let dated = ["--timestamp-column", "at", "t"];
    world.sh("rt-export t >rows").run().status(0);
    for (program, args) in [("rt-export", &["t"][..]), ("rt-store", &dated)] {
        world.dir.folder("archives");
        let rows = File::open(world.dir.join("rows")).unwrap();
        let mut command = command(&world, program, args);
        let child = command.stdin(rows).spawn().unwrap();
        // What it prints has more bytes than a pipe, and nobody takes them.
        // Not every kernel says what a process waits for.
        let (full, began) =
            (format!("/proc/{}/wchan", child.id()), Instant::now());
        until("the pipe is full", || {
            fs::read_to_string(&full).is_ok_and(|w| w.contains("pipe"))
                || began.elapsed() > Duration::from_secs(10)
        });
        kill(child.id(), "-TERM");
        assert_eq!(ends_soon(child, program), 143);
    }
    world.sh("rt-purge --pending").run().status(0);
    assert_eq!(world.records().len(), 2000);
}

#[test]
fn a_reader_that_goes_away_ends_a_trigger_that_never_ends() {
    let world = World::of(ENDLESS);
    let mut child = hangs(&world, &[]);
    drop(child.stdout.take());
    assert_eq!(ends_soon(child, "no reader"), 141);
    goes_on(&world);
}

#[test]
fn the_end_of_the_time_ends_a_trigger_that_never_ends() {
    let world = World::of(ENDLESS);
    let child = hangs(&world, &["--max-runtime", "1s"]);
    assert_eq!(ends_soon(child, "--max-runtime"), 3);
    goes_on(&world);
}

#[test]
fn a_signal_ends_the_wait_for_a_lock() {
    let world = World::of(ENDLESS);
    world.sh("rt-export --due t | rt-store t").run().status(0);
    let db = connection(&world);
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let args = ["--pending", "--busy-timeout", "60s"];
    let child = start(&world, "rt-purge", &args);
    std::thread::sleep(Duration::from_millis(700));
    kill(child.id(), "-TERM");
    assert_eq!(ends_soon(child, "the database's lock"), 143);
    db.execute_batch("ROLLBACK").unwrap();

    let hold = ["archives", "--", "sleep", "20"];
    let mut holder = start(&world, "rt-lock", &hold);
    std::thread::sleep(Duration::from_millis(500));
    let args = ["--pending", "--lock-wait", "60s"];
    let child = start(&world, "rt-purge", &args);
    std::thread::sleep(Duration::from_millis(700));
    kill(child.id(), "-TERM");
    assert_eq!(ends_soon(child, "the tree's lock"), 143);
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn programs_that_read_end_inside_a_view_that_never_ends() {
    let world = World::of(ENDLESS);
    let condition = "EXISTS(SELECT 1 FROM endless)";
    world.dir.write(
        "policy",
        format!(
            "{{\"table\":\"t\",\"timestamp\":\"at\",\"hot\":\"7d\",\
             \"warm\":\"30d\",\"cold\":\"30d\",\"where\":\"{condition}\"}}\n"
        ),
    );
    let hot = ["--tier", "hot", "--timestamp-column", "at", "endless"];
    for (program, args) in [
        ("rt-export", &["--due", "t"][..]),
        ("rt-export", &["endless"]),
        ("rt-cat", &hot),
        ("rt-stat", &["t"]),
    ] {
        for (how, status) in [("-TERM", 143), ("-INT", 130), ("", 141)] {
            let mut child = start(&world, program, args);
            std::thread::sleep(Duration::from_millis(500));
            let running = child.try_wait().unwrap().is_none();
            assert!(running, "{program} {args:?} did not hang");
            match how {
                "" => drop(child.stdout.take()),
                name => kill(child.id(), name),
            }
            assert_eq!(ends_soon(child, program), status, "{program} {how}");
        }
    }
}

#[test]
fn a_signal_ends_a_vacuum_of_many_small_steps() {
    // Some 600 steps, between which others get the lock.
    let world = World::of(&format!(
        "PRAGMA page_size = 512; PRAGMA auto_vacuum = incremental; {ENDLESS};
         CREATE TABLE x (v);
         WITH n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT 1200)
         INSERT INTO x SELECT zeroblob(50000) FROM n;
         DELETE FROM x"
    ));
    world.sh("rt-export --due t | rt-store t").run().status(0);
    let free = "PRAGMA freelist_count";
    let before: u64 = world.row(free).parse().unwrap();
    let args = ["--pending", "--reclaim", "incremental"];
    let child = start(&world, "rt-purge", &args);
    until("pages are given back", || {
        world.row(free).parse::<u64>().unwrap() < before - 1000
    });
    kill(child.id(), "-TERM");
    assert_eq!(ends_soon(child, "incremental vacuum"), 143);
    assert!(world.row(free).parse::<u64>().unwrap() > 0);
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
    assert_eq!(world.records().len(), 2);
}

#[test]
fn a_signal_ends_the_reading_of_files_that_take_long() {
    let day = |n: u64| {
        let (month, day) = (n / 28 % 12 + 1, n % 28 + 1);
        format!("warm/{}-{month:02}-{day:02}/t.jsonl", 2000 + n / 336)
    };
    let gzip = |n: u64| format!("{}.gz", day(n));
    let tar = |n: u64| {
        let year = 1980 + n / 12;
        format!("cold/{year}/{year}-{:02}.tar.gz", n % 12 + 1)
    };
    for (program, args, name) in [
        ("rt-consolidate", &[][..], &gzip as &dyn Fn(u64) -> String),
        ("rt-consolidate", &["--dry-run"], &day),
        ("rt-expire", &["--yes"], &tar),
    ] {
        let world = World::of(ENDLESS);
        let files = (0..400).map(|n| {
            let path = world.dir.join("archives").join(name(n));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // Nothing of it takes room on the disk, and it is read as far as
            // such a file may be long.
            File::create(&path).unwrap().set_len(16 << 20).unwrap();
            path
        });
        let files: Vec<_> = files.collect();
        let mut child = start(&world, program, args);
        std::thread::sleep(Duration::from_millis(500));
        let running = child.try_wait().unwrap().is_none();
        assert!(running, "{program} {args:?} was done");
        kill(child.id(), "-TERM");
        assert_eq!(ends_soon(child, &name(0)), 143, "{program} {args:?}");
        for file in files {
            fs::remove_file(file).unwrap();
        }
        let status = start(&world, program, args).wait().unwrap();
        assert!(status.success(), "no lock is left: {status}");
    }
}
