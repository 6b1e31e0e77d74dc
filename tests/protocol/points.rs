//! Kills at the crash points of the protocol by name, and at every crash
//! point that the library has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Bag, OLD, World, former, plus, there};
use crate::support::root;

const KILLED: i32 = 137;
const ALL: [&str; 5] = ["uuids", "numbers", "pairs", "bare", "logs"];

#[test]
fn kill_between_rename_and_folder_fsync_loses_nothing() {
    for table in ALL {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        let store = world.store(table, &world.export(table));
        store.env("RT_FAIL", "store.renamed:2=kill").run().status(KILLED);
        assert_eq!(world.archived().values().sum::<i64>(), 6);
        assert_eq!(world.count("published"), 0);
        world.recovers(&rows);
    }
}

#[test]
fn kill_between_two_day_files_publishes_one_and_voids_the_other() {
    for table in ALL {
        let world = World::filled(&[table], 3);
        let rows = world.all();
        let store = world.store(table, &world.export(table));
        store.env("RT_FAIL", "store.renamed:1=kill").run().status(KILLED);
        world.pending().run().status(0);
        world.sound();
        assert!(there(&world, &format!("warm/{}/{table}.jsonl.gz", OLD[0])));
        assert!(!there(&world, &format!("warm/{}", OLD[1])));
        assert_eq!(world.count("void"), 1);
        world.recovers(&rows);
    }
}

#[test]
fn kill_of_a_run_over_several_tables_loses_nothing() {
    let names = ["uuids", "pairs", "logs"];
    for (program, point) in [
        ("rt-store", "store.synced"),
        ("rt-store", "store.intents"),
        ("rt-store", "store.renamed:3"),
        ("rt-store", "store.published"),
        ("rt-purge", "purge.purging:2"),
        ("rt-purge", "purge.before_purge:1"),
        ("rt-purge", "purge.settled:2"),
    ] {
        let world = World::filled(&names, 3);
        let rows = world.all();
        let script = format!(
            "rt-export --due {all} | RT_FAIL=$STORE rt-store {all} |
                RT_FAIL=$PURGE rt-purge {all}",
            all = names.join(" ")
        );
        let fail = format!("{point}=kill");
        let of = |p| if program == p { fail.as_str() } else { "" };
        let run = world.sh(&script).env("STORE", of("rt-store"));
        run.env("PURGE", of("rt-purge")).run();
        let [stored, settled] = ["store", "purge"].map(|e| world.count(e));
        assert!(settled < stored || stored == 0, "{point}");
        world.recovers(&rows);
    }
}

#[test]
fn kill_between_the_settlements_of_two_days_loses_nothing() {
    // Segments with keys are settled together, others one by one.
    let world = World::filled(&["logs"], 3);
    let rows = world.all();
    let purge = world.purge(&world.stored("logs"));
    purge.env("RT_FAIL", "purge.settled:1=kill").run().status(KILLED);
    assert_eq!((world.count("purge"), world.due()), (1, 3));
    world.recovers(&rows);
}

#[test]
fn kill_in_the_middle_of_a_retraction_keeps_only_lines_of_files_not_done() {
    for table in ["uuids", "bare", "logs"] {
        for (point, n, done) in [
            ("drafted", 1, 0),
            ("written", 1, 0),
            ("renamed", 1, 1),
            ("drafted", 2, 1),
            ("written", 2, 1),
            ("renamed", 2, 2),
        ] {
            let (world, receipts, rows, mut kept) = half_changed(table);
            let fail = format!("retract.{point}:{n}=kill");
            let purge = world.purge(&receipts).env("RT_FAIL", fail);
            purge.run().status(KILLED);
            // In a file that has its final form, nothing is in doubt.
            let is_done =
                |row: &str| OLD[..done].iter().any(|day| row.contains(day));
            kept.retain(|row, _| !is_done(row));
            assert_eq!(kept.len(), 2 - done);
            world.recovers(&plus(&rows, &kept));
        }
    }
}

/// A table with settled segments, and two unsettled ones behind them of
/// which each has a row that changed; the receipts, what must exist, and the
/// changed rows as they were stored.
fn half_changed(table: &str) -> (World, String, Bag, Bag) {
    let world = World::filled(&[table], 3);
    world.job().run().status(0);
    for (key, day) in [(51, OLD[0]), (52, OLD[0]), (53, OLD[1])] {
        world.sql(&format!(
            "INSERT INTO {table} VALUES ({key}, 7, '{day}T11:00:00Z', '')"
        ));
    }
    let (before, settled) = (world.database(), world.archived());
    let receipts = world.stored(table);
    world.sql(&format!(
        "UPDATE {table} SET body = 'second' WHERE k IN (51, 53)"
    ));
    let now = world.database();
    (world, receipts, plus(&settled, &now), former(&before, &now))
}

/// The names of all crash points, out of the library's source.
pub fn points() -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut folders = vec![root().join("lib/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                points_of(&path, &mut out);
            }
        }
    }
    out
}

fn points_of(file: &Path, out: &mut BTreeSet<String>) {
    let text = fs::read_to_string(file).unwrap();
    for rest in text.split("point(\"").skip(1) {
        out.insert(rest.split('"').next().unwrap().to_owned());
    }
}

/// Export, store and purge of each table by hand, killed at the Nth passage
/// of a point in each program; in between the application changes a row and
/// deletes one. Then recovery, killed there too, and one ordinary run.
fn killed_at(point: &str, n: u32) {
    let tables = ["uuids", "logs"];
    let world = World::filled(&tables, 4);
    let before = world.database();
    let fail = format!("{point}:{n}=kill");
    let mut receipts = Vec::new();
    for table in tables {
        let store = world.store(table, &world.export(table));
        receipts.push(store.env("RT_FAIL", &fail).run().bytes);
        world.sql(&format!(
            "UPDATE {table} SET body = 'second' WHERE rowid IN (2, 7);
             DELETE FROM {table} WHERE rowid = 6"
        ));
    }
    let rows = world.database();
    for receipts in receipts {
        let purge = world.purge(&receipts).arg("--batch-size=1");
        purge.env("RT_FAIL", &fail).run();
    }
    world.job().env("RT_FAIL", format!("{point}=kill")).run();
    // Each row changed once, so it has one former version, stored once.
    world.recovers_keeping(&rows, &former(&before, &rows));
}

#[test]
fn kill_at_every_point_on_its_first_passage_loses_nothing() {
    let points = points();
    assert!(points.len() > 15, "{points:?}");
    for point in points {
        killed_at(&point, 1);
    }
}

#[test]
fn kill_at_every_point_on_its_second_passage_loses_nothing() {
    for point in points() {
        killed_at(&point, 2);
    }
}

#[test]
fn kill_at_every_point_on_its_third_passage_loses_nothing() {
    for point in points() {
        killed_at(&point, 3);
    }
}
