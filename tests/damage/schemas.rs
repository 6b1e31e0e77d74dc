//! A damaged file of CREATE statements is found wherever one is read, put into
//! no tar, and written anew from the database or from a tar; so does a repair
//! with one that is damaged or missing.

use std::fs;
use std::path::PathBuf;

use crate::support::world::World;

const NOW: &str = "2026-01-08T00:00:00Z";
const LATER: &str = "2026-03-15T00:00:00Z";

/// A world with a warm day, and its schema's file.
fn world() -> (World, PathBuf) {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02"]);
    world.archive(NOW);
    let folder = world.dir.join("archives/schema");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    (world, file)
}

fn damage(file: &PathBuf) -> Vec<u8> {
    let whole = fs::read(file).unwrap();
    let mut bad = whole.clone();
    bad[9] ^= 4;
    fs::write(file, bad).unwrap();
    whole
}

#[test]
fn damaged_schema_is_not_sealed_in_a_tar() {
    let (world, file) = world();
    let whole = damage(&file);
    let out = world.consolidate(LATER, &[]);
    out.status(5).stderr_has("is not what its name says");
    assert_eq!(world.files_of("cold"), ["cold/2025/2025-12.tar.gz"]);
    let tar = world.dir.join("archives/cold/2025/2025-12.tar.gz");
    let names = world.dir.cmd("tar").arg("-tzf").arg(&tar).run();
    assert!(!names.stdout.contains("schema/"), "{}", names.stdout);
    world.cmd("rt-verify").now(LATER).run().status(5);
    // The next rows of the table bring it back, from the database.
    world.insert("tool_uses", 2, &["2025-12-03"]);
    world.archive(NOW);
    assert_eq!(fs::read(&file).unwrap(), whole);
    world.consolidate(LATER, &[]).status(0);
    let names = world.dir.cmd("tar").arg("-tzf").arg(&tar).run();
    assert!(names.stdout.contains("schema/"), "{}", names.stdout);
    world.cmd("rt-verify").now(LATER).run().status(0);
}

#[test]
fn damaged_schema_is_written_anew_from_a_tar() {
    let (world, file) = world();
    world.consolidate(LATER, &[]).status(0);
    world.insert("tool_uses", 2, &["2026-01-01"]);
    world.archive(NOW);
    let whole = damage(&file);
    world.consolidate(LATER, &[]).status(0);
    assert_eq!(fs::read(&file).unwrap(), whole);
    assert_eq!(world.files_of("cold").len(), 2);
    world.cmd("rt-verify").now(LATER).run().status(0);
}

#[test]
fn rows_go_into_a_new_table_by_the_schema_in_a_tar() {
    let (world, file) = world();
    world.consolidate(LATER, &[]).status(0);
    let rows = world.cmd("rt-cat").arg("tool_uses").now(LATER).run();
    let import = |side: &str| {
        let args = ["--into", side, "--create", "tool_uses"];
        let import = world.cmd("rt-import").args(args).now(LATER);
        import.stdin(rows.stdout.as_bytes()).run()
    };
    damage(&file);
    import("damaged.db").status(0);
    fs::remove_file(&file).unwrap();
    import("missing.db").status(0);
    let latest = world.cmd("rt-cat").args(["--latest", "tool_uses"]);
    latest.now(LATER).run().status(0).stdout(&rows.stdout);
    let tar = world.dir.join("archives/cold/2025/2025-12.tar.gz");
    fs::remove_file(tar).unwrap();
    import("none.db").status(1).stderr_has("--schema");
}

/// What a repair prints, for a snapshot.
fn repaired(world: &World, args: &[&str], status: i32) -> String {
    let repair = world.cmd("rt-verify").now(LATER).arg("--repair").args(args);
    let out = repair.run();
    out.status(status);
    let folder = world.dir.path().canonicalize().unwrap();
    let text = out.stdout.replace(folder.to_str().unwrap(), "DIR");
    text.replace(world.dir.path().to_str().unwrap(), "DIR")
}

#[test]
fn repair_writes_a_schema_anew_from_the_database() {
    let (world, file) = world();
    for missing in [false, true] {
        let whole = damage(&file);
        if missing {
            fs::remove_file(&file).unwrap();
        }
        let before = fs::read(&file).ok();
        let plan = repaired(&world, &[], 1);
        assert_eq!(fs::read(&file).ok(), before, "a plan changes nothing");
        assert_eq!(repaired(&world, &["--yes"], 0), plan);
        insta::assert_snapshot!("from_the_database", plan);
        assert_eq!(fs::read(&file).unwrap(), whole);
        world.cmd("rt-verify").now(LATER).run().status(0);
        assert_eq!(repaired(&world, &["--yes"], 0), "");
    }
}

#[test]
fn repair_writes_a_schema_anew_from_a_tar() {
    let (world, file) = world();
    world.consolidate(LATER, &[]).status(0);
    world.sql("DROP TABLE tool_uses");
    let whole = damage(&file);
    insta::assert_snapshot!(repaired(&world, &["--yes"], 0));
    assert_eq!(fs::read(&file).unwrap(), whole);
    world.cmd("rt-verify").now(LATER).run().status(0);
}

#[test]
fn repair_writes_no_other_schema_and_says_why() {
    let (world, file) = world();
    let copy = world.dir.join("older.db");
    world.sql(&format!("VACUUM INTO '{}'", copy.display()));
    world.sql("ALTER TABLE tool_uses ADD COLUMN later");
    let whole = damage(&file);
    let bad = fs::read(&file).unwrap();
    insta::assert_snapshot!(repaired(&world, &["--yes"], 5));
    assert_eq!(fs::read(&file).unwrap(), bad);
    // A copy in which the table is as it was.
    repaired(&world, &["--yes", "--db", copy.to_str().unwrap()], 0);
    assert_eq!(fs::read(&file).unwrap(), whole);
    world.cmd("rt-verify").now(LATER).run().status(0);
}

#[test]
fn schema_without_secrets_is_written_anew_without_them() {
    let token = ["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    let world = World::with(
        r#","redact_secrets":true"#,
        &format!(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v DEFAULT '{token}'); \
             INSERT INTO t VALUES (1, '2025-12-02', 'x')"
        ),
    );
    let archive = world.cmd("rt-archive").args(["-q", "t"]).now(NOW);
    archive.run().status(0);
    let folder = world.dir.join("archives/schema");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let whole = damage(&file);
    assert!(!String::from_utf8_lossy(&whole).contains(&token));
    repaired(&world, &["--yes"], 0);
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[test]
fn tar_that_cannot_give_its_schema_is_named() {
    let (world, file) = world();
    world.consolidate(LATER, &[]).status(0);
    let rows = world.cmd("rt-cat").arg("tool_uses").now(LATER).run();
    let tar = world.dir.join("archives/cold/2025/2025-12.tar.gz");
    fs::write(&tar, &fs::read(&tar).unwrap()[..100]).unwrap();
    fs::remove_file(&file).unwrap();
    let args = ["--into", "side.db", "--create", "tool_uses"];
    let import = world.cmd("rt-import").args(args).now(LATER);
    let out = import.stdin(rows.stdout.as_bytes()).run();
    out.status(1).stderr_has("is not there, and reading 'schema/tool_uses-");
}
