//! rt-lock: under the lock of a tree, and of nothing else.

use crate::support::Dir;

#[test]
fn folder_that_is_no_tree_is_refused_and_none_is_made() {
    let dir = Dir::new();
    dir.write("notes/todo.txt", "x");
    dir.write("file", "x");
    std::fs::create_dir(dir.join("empty")).unwrap();
    let before = dir.tree();
    for (name, why) in [
        ("nosuch", "there is no archive tree 'nosuch'"),
        ("a/b/c", "there is no archive tree 'a/b/c'"),
        ("notes", "'notes' is no archive tree"),
        ("empty", "'empty' is no archive tree"),
        ("file", "'file' is not a folder"),
    ] {
        let out = dir.cmd("rt-lock").args([name, "--", "touch", "ran"]).run();
        out.status(2).stdout("").stderr_has(why).stderr_has("--create");
        assert_eq!(dir.tree(), before, "{name}");
    }
    // Without the tree's name the command would be taken for it.
    let out = dir.cmd("rt-lock").args(["--", "sleep", "9"]).run();
    out.status(2).stderr_has("there is no archive tree 'sleep'");
    assert_eq!(dir.tree(), before);
}

#[test]
fn tree_is_one_by_what_is_in_it_and_begun_when_asked() {
    for part in ["lock", "ledger.jsonl", "warm/2026-01-01/t.jsonl"] {
        let dir = Dir::new();
        dir.write(&format!("tree/{part}"), "");
        let run = ["tree", "--", "echo", "ran"];
        dir.cmd("rt-lock").args(run).run().status(0).stdout("ran\n");
    }
    let dir = Dir::new();
    let run = ["--create", "a/tree", "--", "echo", "ran"];
    dir.cmd("rt-lock").args(run).run().status(0).stdout("ran\n");
    assert!(dir.join("a/tree/lock").exists());
    // A dry run takes no lock, and so it needs no tree.
    let run = ["-n", "nosuch", "--", "echo", "ran"];
    dir.cmd("rt-lock").args(run).run().status(0).stdout("ran\n");
    assert!(!dir.join("nosuch").exists());
}
