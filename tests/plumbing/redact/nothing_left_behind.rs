//! Where a redacted value can still be read after its row is gone: every file
//! of database, archives and reports is looked through.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::token;
use crate::support::world::World;

/// The files below a folder that hold these bytes.
fn holders(folder: &Path, bytes: &[u8], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holders(&path, bytes, found);
            continue;
        }
        let text = match path.extension().is_some_and(|e| e == "gz") {
            true => unpacked(&path),
            false => fs::read(&path).unwrap(),
        };
        if memchr_in(&text, bytes) {
            found.push(path.display().to_string());
        }
    }
}

fn memchr_in(text: &[u8], bytes: &[u8]) -> bool {
    text.windows(bytes.len()).any(|part| part == bytes)
}

/// The text of a gzip file, and of the gzip files that a tar in it holds.
fn unpacked(path: &Path) -> Vec<u8> {
    let run = |command: &str| {
        let mut sh = std::process::Command::new("sh");
        let out = sh.args(["-c", command, "sh"]).arg(path).output().unwrap();
        assert!(out.status.success(), "{command} {path:?}");
        out.stdout
    };
    match path.to_str().unwrap().ends_with(".tar.gz") {
        true => run("tar -xzOf \"$1\" --to-command='gzip -dcf'"),
        false => run("gzip -dc \"$1\""),
    }
}

const VALUE: &str = "a value of a column that is redacted";

/// Rows with both, large and small, in a table with an index, from which some
/// are gone already; a default that is a secret.
fn world(mode: &str) -> World {
    filled(&format!("journal_mode={mode}"))
}

fn filled(pragma: &str) -> World {
    let world = World::with(
        ",\"redact_secrets\":true,\"redact\":[\"private\"]",
        &format!(
            "PRAGMA {pragma}; CREATE TABLE t(
                id INTEGER PRIMARY KEY, at TEXT, log TEXT, private TEXT,
                d TEXT DEFAULT '{0}');
             CREATE INDEX logs ON t(log);
             CREATE INDEX privates ON t(private);
             WITH RECURSIVE n(i) AS
                (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
             INSERT INTO t SELECT i, '2025-12-0' || (1 + i % 4),
                'use {0} now' || replace(hex(zeroblob(i % 7 * 900)), '0', 'x'),
                '{VALUE}' || i, 'x' FROM n;",
            token()
        ),
    );
    world.dir.folder("archives");
    world
}

fn left(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for bytes in [token().as_bytes(), VALUE.as_bytes()] {
        holders(world.dir.path(), bytes, &mut found);
    }
    found
}

fn archive(world: &World, reclaim: &str) {
    let report = ["--output", "report.json", "--reclaim", reclaim];
    let job = world.cmd("rt-archive").args(report).arg("all").run();
    job.status(0);
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
}

#[test]
fn after_a_full_reclaim_no_file_holds_a_redacted_value() {
    for mode in ["WAL", "DELETE"] {
        let world = world(mode);
        // The schema of the live table is its owner's.
        let live = format!("DEFAULT '{}'", token());
        assert!(!left(&world).is_empty());
        let db = Connection::open(world.dir.join("db")).unwrap();
        db.execute_batch("DELETE FROM t WHERE id < 9").unwrap();
        drop(db);
        archive(&world, "full");
        let later = world.cmd("rt-consolidate").now("2026-06-01T00:00:00Z");
        later.run().status(0);
        assert_eq!(world.files_of("cold").len(), 1);
        let mut found = left(&world);
        let db = fs::read(world.dir.join("db")).unwrap();
        let text = String::from_utf8_lossy(&db);
        assert_eq!(text.matches(&token()).count(), 1, "{mode}");
        assert!(text.contains(&live));
        found.retain(|f| !f.ends_with("/db"));
        assert_eq!(found, Vec::<String>::new(), "{mode}");
        assert!(!memchr_in(&db, VALUE.as_bytes()));
        let stat = world.cmd("rt-stat").arg("t").run();
        stat.status(0).stdout_has("\"residue\":[\"schema\"]");
    }
}

#[test]
fn without_it_what_was_deleted_by_these_programs_is_overwritten() {
    for mode in ["WAL", "DELETE"] {
        // Else rows that were moved to other pages leave copies behind.
        let pragma = format!("journal_mode={mode}; PRAGMA secure_delete=ON");
        let world = filled(&pragma);
        archive(&world, "none");
        let db = fs::read(world.dir.join("db")).unwrap();
        assert!(!memchr_in(&db, VALUE.as_bytes()), "{mode}");
        let text = String::from_utf8_lossy(&db);
        assert_eq!(text.matches(&token()).count(), 1, "{mode}");
        let log = world.dir.join("db-wal");
        assert!(fs::metadata(&log).map_or(0, |m| m.len()) == 0);
        let stat = world.cmd("rt-stat").arg("t").run();
        stat.stdout_has("\"residue\":[\"free_pages\",\"schema\"]");
    }
}

#[test]
fn log_that_a_reader_holds_is_named() {
    let world = world("WAL");
    let reader = Connection::open(world.dir.join("db")).unwrap();
    let read = "BEGIN; SELECT count(*) FROM t";
    reader.execute_batch(read).unwrap();
    let receipts = super::stored(&world, "t", &[]);
    let out = world.purge(&receipts).run();
    out.status(0).stderr_has("stands in its write-ahead log until the last");
    let stat = world.cmd("rt-stat").arg("t").run();
    stat.stdout_has("\"log\"");
    drop(reader);
}

#[test]
fn name_that_is_a_secret_is_refused_and_not_printed() {
    let name = token();
    for (table, column) in [("t", name.as_str()), (name.as_str(), "v")] {
        let world = World::of(&format!(
            "CREATE TABLE \"{table}\"(id INTEGER PRIMARY KEY, at TEXT,
                \"{column}\" TEXT);
             INSERT INTO \"{table}\" VALUES (1, '2025-12-01', 'x')"
        ));
        let args = ["--timestamp-column", "at", "--redact-secrets", table];
        for program in ["rt-export", "rt-store"] {
            let out =
                world.cmd(program).args(args).stdin("{\"id\":1}\n").run();
            out.status(2).stderr_has("holds a secret");
            let told = column == name
                && [&out.stdout, &out.stderr]
                    .iter()
                    .any(|s| s.contains(&name));
            out.expect("not the name", !told);
        }
        assert!(!world.dir.join("archives").exists());
        let plain = ["--timestamp-column", "at", table];
        world.cmd("rt-export").args(plain).run().status(0);
    }
}

#[test]
fn schema_in_the_archives_is_redacted_and_makes_the_table_again() {
    let world = world("WAL");
    archive(&world, "none");
    let folder = world.dir.join("archives/schema");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("DEFAULT '[REDACTED:github"), "{text}");
    world.cmd("rt-verify").run().status(0);
    let rows = world.cmd("rt-cat").arg("t").run();
    let into = ["--into", "side.db", "--create", "t"];
    let rows = rows.stdout.as_bytes();
    world.cmd("rt-import").args(into).stdin(rows).run().status(0);
    assert_eq!(world.dir.rows("side.db", "SELECT count(*) FROM t"), ["400"]);
}
