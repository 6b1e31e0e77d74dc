//! A tree, or a database, in a folder that another user may write to is warned
//! about once a run. What takes another user is skipped where the tests are not
//! root's.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use crate::support::Out;
use crate::support::world::World;

/// A user and group that no test is.
const OTHER: u32 = 65534;

fn world() -> World {
    let world = World::filled(&["uuids"], 2);
    fs::create_dir(world.dir.join("data")).unwrap();
    fs::rename(world.dir.join("db"), world.dir.join("data/db")).unwrap();
    world.dir.folder("archives");
    world
}

fn job(world: &World) -> Out {
    let db = world.dir.join("data/db");
    let out = world.job().env("RT_DB", db).run();
    out.status(0);
    out
}

fn mode(world: &World, folder: &str, mode: u32) {
    let path = world.dir.join(folder);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// How often something was said.
fn times(out: &Out, text: &str) -> usize {
    out.stderr.matches(text).count()
}

#[test]
fn folder_that_all_may_write_to_is_named_once_with_what_mends_it() {
    for (folder, said) in
        [("archives", 1), ("data", 1), (".", 2), ("nothing", 0)]
    {
        let world = world();
        world.dir.folder("nothing");
        mode(&world, folder, 0o777);
        let out = job(&world);
        assert_eq!(times(&out, "may write to"), said, "{}", out.stderr);
        if said > 0 {
            let path = world.dir.join(folder).canonicalize().unwrap();
            let hint = format!("chmod o-w '{}'", path.display());
            out.stderr_has("every user may write").stderr_has(&hint);
        }
        let pending = world.pending();
        let pending = pending.env("RT_DB", world.dir.join("data/db")).run();
        pending.status(0);
        assert_eq!(times(&pending, "may write to"), said);
    }
}

#[test]
fn sticky_folder_above_and_own_group_are_no_matter() {
    let world = world();
    mode(&world, ".", 0o1777);
    mode(&world, "archives", 0o770);
    mode(&world, "data", 0o775);
    let out = job(&world);
    assert_eq!(times(&out, "may write to"), 0, "{}", out.stderr);
    // The folder itself is not above.
    mode(&world, "archives", 0o1777);
    assert_eq!(times(&job(&world), "may write to"), 1);
}

#[test]
fn folder_of_another_user_or_group_is_named() {
    let world = world();
    let data = world.dir.join("data");
    if chown(&data, None, Some(OTHER)).is_err() {
        return;
    }
    mode(&world, "data", 0o770);
    job(&world).stderr_has("65534 may write").stderr_has("chmod g-w '");
    mode(&world, "data", 0o700);
    chown(&data, Some(OTHER), None).unwrap();
    job(&world).stderr_has("the user with the number 65534 may write to");
    // The owner of the database may.
    chown(data.join("db"), Some(OTHER), None).unwrap();
    assert_eq!(times(&job(&world), "may write to"), 0);
}
