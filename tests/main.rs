//! The only test binary. Tests run real programs over real files; the name of
//! a test says what must hold.

// Here a helper that panics is a test that fails.
#![allow(clippy::unwrap_used)]

mod layers;
mod manual;
mod plumbing;
mod porcelain;
mod protocol;
mod support;

use std::fs;
use std::path::Path;

#[test]
fn every_test_file_is_declared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut forgotten = Vec::new();
    for folder in ["plumbing", "porcelain", "protocol"] {
        let folder = root.join(folder);
        let declared = fs::read_to_string(folder.join("mod.rs")).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(module) = name.strip_suffix(".rs") else { continue };
            let row = format!("mod {module};");
            if module != "mod" && !declared.lines().any(|l| l == row) {
                forgotten.push(folder.join(&name));
            }
        }
    }
    assert!(forgotten.is_empty(), "not declared: {forgotten:?}");
}
