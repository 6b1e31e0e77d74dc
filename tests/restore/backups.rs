//! The recipes of rt-recovery(7) for backups of the tree: each is taken, put
//! back after the tree was lost, and verified; then jobs go on.

use std::fs;
use std::io::{self, Write};

use super::*;
use crate::support::{root, system};

/// The literal blocks of the page that name a program.
fn blocks(program: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("man/rt-recovery.7")).unwrap();
    let blocks = page.split(".Bd -literal -offset indent\n").skip(1);
    let blocks = blocks.map(|b| b.split(".Ed").next().unwrap());
    let blocks = blocks.map(|block| block.replace("\\e", "\\"));
    let word = format!("{program} ");
    blocks.filter(|block| block.contains(&word)).collect()
}

fn backed_up_with(program: &str) {
    if system(program).is_none() {
        let said = format!("skipped: {program} is not installed\n");
        io::stderr().write_all(said.as_bytes()).unwrap();
        return;
    }
    let world = World::filled(&["uuids", "logs"], 3);
    daily(&world).run().status(0);
    let older = ["--older-than", "12d"];
    world.cmd("rt-consolidate").args(older).run().status(0);
    world.fill("uuids", "2026-01-04", 2);
    daily(&world).run().status(0);
    let before = world.image();
    let rows = world.all();
    world.dir.folder("backup");
    let backup = world.dir.join("backup").display().to_string();
    let recipe = |block: &str| {
        let script = block.replace("/mnt/backup", &backup);
        let home = world.dir.path().display().to_string();
        let cmd = world.cmd("bash").args(["-eu", "-c", &script]);
        cmd.env("HOME", home).patience(120).run().status(0);
    };
    let blocks = blocks(program);
    assert_eq!(blocks.len(), 2, "{program}: {blocks:?}");
    let (take, put_back) = (&blocks[0], &blocks[1]);
    recipe(take);
    assert!(world.image() == before, "taking it changed something");
    recipe(put_back);
    let mut image = world.image();
    let mut want = before;
    for image in [&mut image, &mut want] {
        image.retain(|name, _| !name.contains("verified.jsonl"));
    }
    assert!(image == want, "{}", world.picture());
    let out = world.cmd("rt-verify").arg("--balance").run();
    out.status(0);
    let found = out.stdout.contains("\"type\":\"finding\"");
    assert!(!found, "{}", out.stdout);
    // Work goes on as if nothing had been.
    world.fill("uuids", "2026-01-05", 2);
    daily(&world).run().status(0);
    assert_eq!(world.all().len(), rows.len() + 2);
    world.sound();
}

#[test]
fn tree_comes_back_from_tar() {
    assert!(system("tar").is_some());
    backed_up_with("tar");
}

#[test]
fn tree_comes_back_from_rsync() {
    backed_up_with("rsync");
}

#[test]
fn tree_comes_back_from_restic() {
    backed_up_with("restic");
}

#[test]
fn tree_comes_back_from_rclone() {
    backed_up_with("rclone");
}
