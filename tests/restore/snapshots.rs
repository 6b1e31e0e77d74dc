//! Backups of the tree, of the database, or of both, taken at any moment of a
//! daily job and put back after it ended well; then one ordinary run.
//!
//! A moment is the Nth passage of a crash point by any of the job's programs.
//! The short form takes one of each point; `RT_LONG=1` takes the first three
//! of each and puts back each part, more than a hundred times in all; `RT_PART`
//! parts them.

use super::*;
use crate::protocol::points;
use crate::support::world::OLD;
use crate::support::{bins, word};

const TABLES: &[&str] = &["uuids", "numbers", "logs"];

/// What is put back.
const PARTS: [&[&str]; 3] = [&["tree"], &["database"], &["tree", "database"]];

/// The application, which changes a row of each table between its publication
/// and its deletion: so each of them has a line to be taken out again.
const PURGE: &str = r#"#!/bin/sh
case "$*" in *--pending*) exec REAL "$@" ;; esac
{
    cat
    for table in uuids numbers logs; do
        sqlite3 db "UPDATE $table SET body = 'second' WHERE n = 71"
    done
} | REAL "$@"
"#;

/// Run at each passage of the point: at the one that is meant it copies tree
/// and database aside, and then changes and deletes more rows, where the
/// database is not locked just then.
const HOOK: &str = r#"
echo >>passed
[ "$(wc -l <passed)" -eq "$1" ] || exit 0
mkdir copy
cp -a archives copy/
for file in db db-wal db-journal; do
    [ ! -e $file ] || cp $file copy/
done
for table in uuids numbers logs; do
    sqlite3 db "UPDATE $table SET body = 'third' WHERE n IN (71, 72);
        DELETE FROM $table WHERE n = 73" 2>/dev/null || :
done
"#;

/// The job: rows to files, and files of days to a month's tar.
const JOB: &str = "rt-daily --batch-size=2; rt-cleanup archives \
                   --older-than 1d";

const PUT_BACK_TREE: &str = "rm -rf archives; cp -a copy/archives archives";
const PUT_BACK_DATABASE: &str = "rm -f db db-wal db-shm db-journal
    cp copy/db* .";

/// Rows on several days, and the hook; in every other world with a
/// write-ahead log.
fn world(wal: bool) -> World {
    let world = World::filled(TABLES, 3);
    let mode = if wal { "wal" } else { "delete" };
    world.sql(&format!("PRAGMA journal_mode = {mode}"));
    // An earlier job left segments in the same files.
    world.job().run().status(0);
    for table in TABLES {
        for (n, day) in [(71, OLD[0]), (72, OLD[0]), (73, OLD[1])] {
            world.sql(&format!(
                "INSERT INTO {table} VALUES ('{n}', {n},
                '{day}T11:00:00Z', 'first')"
            ));
        }
    }
    world.dir.write("hook", HOOK);
    let purge = PURGE.replace("REAL", &word(bins().join("rt-purge")));
    world.dir.script("application/rt-purge", &purge);
    world
}

/// Takes the copy at a moment and puts a part of it back; whether the job
/// came to that moment.
fn put_back(point: &str, passage: usize, parts: &[&str]) -> bool {
    let what = format!("{point}:{passage}, {parts:?} put back");
    let world = world(passage.is_multiple_of(2));
    let hook = format!("{point}:*=sh hook {passage}");
    let job = world.cmd("sh").args(["-c", JOB]).env("RT_FAIL", hook);
    job.path_first(world.dir.join("application")).run();
    if !world.dir.join("copy").exists() {
        return false;
    }
    if parts.contains(&"tree") {
        shell(&world, PUT_BACK_TREE);
    }
    if parts.contains(&"database") {
        shell(&world, PUT_BACK_DATABASE);
    }
    let rows = world.all();
    let events = world.events().len();
    let out = daily(&world).run();
    let done = [0, PARTLY].contains(&out.status);
    out.expect(&format!("{what}: status 0 or 3"), done);
    world.sound();
    let all = world.all();
    for row in rows.keys() {
        let there = all.contains_key(row);
        assert!(there, "{what}: {row} is lost{}", world.picture());
    }
    assert_eq!(world.due(), 0, "{what}{}", world.picture());
    // The run's own account: the lines that it kept, and why.
    let of = |event: &Value| event["superseded"].as_u64().unwrap_or(0);
    let new = world.events().split_off(events);
    let settled = new.iter().filter(|event| event["type"] == "purge");
    kept(&out, settled.map(of).sum());
    at_rest(&world);
    true
}

#[test]
fn backup_taken_at_any_moment_of_a_job_and_put_back_loses_no_row() {
    let (part, parts_of_all) = part();
    let (mut tried, mut moments) = (0, 0);
    for (i, point) in points().iter().enumerate() {
        let passages = if is_long() { 1..=3 } else { 1 + i % 2..=1 + i % 2 };
        let turn = &PARTS[i % PARTS.len()..][..1];
        let turns = if is_long() { &PARTS[..] } else { turn };
        for passage in passages {
            for parts in turns {
                tried += 1;
                if tried % parts_of_all != part - 1 {
                    continue;
                }
                moments += usize::from(put_back(point, passage, parts));
            }
        }
    }
    let wanted = if is_long() { 100 } else { 12 };
    assert!(moments * parts_of_all >= wanted, "{moments} moments");
}
