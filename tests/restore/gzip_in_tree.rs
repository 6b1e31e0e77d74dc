//! rt-gzip -o FILE inside a tree: it takes no lock, and others begin to work
//! in the tree meanwhile, who sweep what dead programs left.

use std::io::Write;
use std::process::Stdio;

use super::*;
use crate::support::world::until;

#[test]
fn file_that_rt_gzip_writes_inside_a_tree_is_not_swept() {
    let world = World::filled(&["uuids"], 3);
    world.job().run().status(0);
    let cmd = world.cmd("rt-gzip").args(["-o", "archives/hand.jsonl.gz"]);
    let mut cmd = cmd.command();
    cmd.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut gzip = cmd.spawn().unwrap();
    let mut input = gzip.stdin.take().unwrap();
    input.write_all(b"{\"a\":1}\n").unwrap();
    let names = || {
        let entries = world.dir.join("archives").read_dir().unwrap();
        let names = entries.map(|e| e.unwrap().file_name());
        names.map(|n| n.into_string().unwrap()).collect::<Vec<_>>()
    };
    until("its temporary file is there", || {
        names().iter().any(|name| name.starts_with('.'))
    });
    world.pending().run().status(0);
    world.job().run().status(0);
    input.write_all(b"{\"a\":2}\n").unwrap();
    drop(input);
    assert_eq!(gzip.wait().unwrap().code(), Some(0), "{:?}", names());
    let text = world.dir.zcat("archives/hand.jsonl.gz");
    assert_eq!(text, "{\"a\":1}\n{\"a\":2}\n");
    world.sound();
}
