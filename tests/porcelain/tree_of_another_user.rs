//! root in a tree that is another user's. Skipped where the tests are not
//! root's.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use crate::support::world::World;

/// A user that no test is.
const OTHER: u32 = 65534;

/// Gives everything below a folder to the other user; false where one may
/// not.
fn give(folder: &Path) -> bool {
    let mut done = chown(folder, Some(OTHER), Some(OTHER)).is_ok();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        done &= match path.is_dir() {
            true => give(&path),
            false => chown(&path, Some(OTHER), Some(OTHER)).is_ok(),
        };
    }
    done
}

fn owners(folder: &Path, found: &mut Vec<u32>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push(fs::symlink_metadata(&path).unwrap().uid());
        if path.is_dir() {
            owners(&path, found);
        }
    }
}

#[test]
fn root_is_refused_and_leaves_nothing_that_its_user_cannot_open() {
    let world = World::filled(&["uuids"], 2);
    world.job().run().status(0);
    let tree = world.dir.join("archives");
    if !give(&tree) {
        return;
    }
    world.fill("uuids", "2026-01-04", 2);
    let (rows, before) = (world.all(), world.dir.tree());
    let out = world.job().run();
    out.status(1).stderr_has("65534").stderr_has("hint: run it as that user");
    assert_eq!(world.dir.tree(), before);
    let mut found = Vec::new();
    owners(&tree, &mut found);
    assert!(found.iter().all(|owner| *owner == OTHER), "{found:?}");
    assert_eq!(world.all(), rows);
    // What only reads is not refused.
    world.cmd("rt-cat").arg("uuids").run().status(0);
}
