//! The only test binary. Tests run real programs over real files; the name of
//! a test says what must hold.

// Here a helper that panics is a test that fails.
#![allow(clippy::unwrap_used)]

mod layers;
mod manual;
mod plumbing;
mod porcelain;
mod protocol;
mod restore;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

/// A file that no other declares is never compiled, and its tests never run.
#[test]
fn every_test_file_is_declared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut forgotten = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            // Not of this binary: an example has a main of its own.
            if path.is_dir() && path != root.join("perf") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs")
                && !is_declared(&path)
            {
                forgotten.push(path);
            }
        }
    }
    assert!(forgotten.is_empty(), "not declared: {forgotten:?}");
}

/// Whether the file of the module above says `mod NAME;`.
fn is_declared(path: &Path) -> bool {
    let folder = path.parent().unwrap();
    let (above, name) = match path.file_stem().unwrap().to_str().unwrap() {
        "main" => return true,
        "mod" => (folder.parent().unwrap(), folder.file_stem().unwrap()),
        _ => (folder, path.file_stem().unwrap()),
    };
    let row = format!("mod {};", name.to_str().unwrap());
    let files: [PathBuf; 3] = [
        above.join("main.rs"),
        above.join("mod.rs"),
        above.with_extension("rs"),
    ];
    files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .any(|text| text.lines().any(|l| l.trim_start_matches("pub ") == row))
}
