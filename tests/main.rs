//! The only test binary. Tests run real programs over real files; the name of
//! a test says what must hold.

// Here a helper that panics is a test that fails.
#![allow(clippy::unwrap_used)]

mod damage;
mod lake;
mod layers;
pub mod manual;
mod plumbing;
mod porcelain;
mod protocol;
mod restore;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders below tests/ whose sources are no part of this binary.
const APART: [&str; 3] = ["perf", "model", "fixtures"];

/// The sources that the compiler comes to from `file`, whose modules lie in
/// `folder`.
fn declared(file: PathBuf, folder: &Path, out: &mut BTreeSet<PathBuf>) {
    let text = fs::read_to_string(&file).unwrap();
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches("pub ");
        let name = line.strip_prefix("mod ").and_then(|l| l.strip_suffix(';'));
        let Some(name) = name else { continue };
        let below = folder.join(name);
        let flat = folder.join(format!("{name}.rs"));
        let file = if flat.exists() { flat } else { below.join("mod.rs") };
        declared(file, &below, out);
    }
    out.insert(file);
}

/// The sources below a folder.
fn sources(folder: &Path, out: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.insert(path);
        }
    }
}

#[test]
fn every_test_file_is_declared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (mut there, mut known) = (BTreeSet::new(), BTreeSet::new());
    sources(&root, &mut there);
    declared(root.join("main.rs"), &root, &mut known);
    let apart = APART.map(|folder| root.join(folder));
    there.retain(|path| !apart.iter().any(|folder| path.starts_with(folder)));
    let forgotten: Vec<_> = there.difference(&known).collect();
    assert!(forgotten.is_empty(), "not declared: {forgotten:?}");
    assert!(known.len() > 80, "only {} files are declared", known.len());
}
