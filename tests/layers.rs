//! The house's shape: which module may use which, what only one place may do,
//! and how long things may grow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::root;

pub mod imports;
pub mod source;

/// Every file below `folder` whose name ends so.
pub fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A source without its comment lines.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .flat_map(|l| [l, "\n"])
        .collect()
}

/// `lib/src/gz/reader.rs` → `gz`, `lib/src/op/stat.rs` → `op::stat`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(root().join("lib/src")).unwrap();
    let mut parts: Vec<&str> =
        below.iter().map(|part| part.to_str().unwrap()).collect();
    let depth = if parts[0] == "op" { 2 } else { 1 };
    parts.truncate(depth);
    parts.join("::").trim_end_matches(".rs").replace("::mod", "")
}

/// The modules that a source names after `crate::`.
fn uses(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let path = |text: &str| {
            let word = |c: char| c == ':' || c == '_' || c.is_alphanumeric();
            let end = text.find(|c| !word(c)).unwrap_or(text.len());
            let mut names = text[..end].split("::");
            match (names.next(), names.next()) {
                (Some("op"), Some(verb)) => format!("op::{verb}"),
                (first, _) => first.unwrap_or_default().to_owned(),
            }
        };
        match part.strip_prefix('{') {
            None => found.push(path(part)),
            Some(group) => {
                let mut depth = 0;
                let end = group.find(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    depth < 0
                });
                let group = &group[..end.unwrap_or(group.len())];
                for item in group.split(',') {
                    found.push(path(item.trim()));
                }
            }
        }
    }
    found
}

/// The table of lib.rs: each module's layer, and its place in the row.
fn layers() -> BTreeMap<String, (usize, usize)> {
    let text = fs::read_to_string(root().join("lib/src/lib.rs")).unwrap();
    let mut places = BTreeMap::new();
    let rows = text.lines().filter_map(|l| l.strip_prefix("//! | "));
    for row in rows.filter(|row| row.starts_with(|c: char| c.is_numeric())) {
        let layer: usize =
            row.split(',').next().and_then(|n| n.parse().ok()).unwrap();
        for (i, name) in row.split('`').skip(1).step_by(2).enumerate() {
            places.insert(name.to_owned(), (layer, i));
        }
    }
    places
}

#[test]
fn modules_use_only_lower_layers() {
    let layers = layers();
    assert!(layers.len() > 5, "the table of lib.rs cannot be read");
    let mut wrong = Vec::new();
    for path in files("lib/src", ".rs") {
        let own = module(&path);
        if own == "lib" {
            continue;
        }
        for used in uses(&code(&path)) {
            let allowed = if used == own {
                true
            } else if own == "cli" {
                ["db", "error", "progress", "settings"]
                    .contains(&used.as_str())
            } else if own.starts_with("op") {
                layers.contains_key(&used)
            } else {
                // In a row of the table, those to the left are lower.
                match (layers.get(&own), layers.get(&used)) {
                    (Some(own), Some(used)) => used < own,
                    _ => false,
                }
            };
            if !allowed {
                wrong.push(format!("{own} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The sources under `folders` that hold one of `words`, but for those whose
/// path begins with one of `except`.
fn holders(folders: &[&str], words: &[&str], except: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        for path in files(folder, ".rs") {
            let below = path.strip_prefix(root()).unwrap();
            let name = below.to_str().unwrap();
            let code = code(&path);
            if words.iter().any(|word| code.contains(word))
                && !except.iter().any(|start| name.starts_with(start))
            {
                found.push(below.to_owned());
            }
        }
    }
    found
}

#[test]
fn sql_stands_only_in_the_database_module() {
    let words = ["rusqlite"];
    let folders = ["lib/src", "lib/lake/src", "bins"];
    let found = holders(&folders, &words, &["lib/src/db"]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn files_are_named_and_removed_only_in_beneath() {
    let words = [
        "fs::rename(",
        "renameat",
        "rename_with(",
        "linkat",
        "hard_link(",
        ".persist(",
        "mkdirat",
        "DirBuilder",
        "create_dir",
        "fs::remove_",
        "openat",
        "read_dir(",
    ];
    let folders = ["io", "archive", "op"].map(|f| format!("lib/src/{f}"));
    let mut folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    folders.extend(["lib/lake/src", "bins"]);
    let found = holders(&folders, &words, &["lib/src/io/beneath.rs"]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn files_of_a_tree_are_opened_only_in_beneath() {
    let words = ["File::open", "OpenOptions", "fs::read", "symlink_metadata"];
    let archive = ["lib/src/archive", "lib/src/op/cat", "lib/src/op/verify"];
    let found = holders(&archive, &words, &[]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn only_programs_know_the_commands_and_the_command_line() {
    let operations = ["rt::op", "rt::cli"];
    let programs = ["tests/layers.rs", "lib/lake/src/main.rs"];
    let found = holders(&["lib", "tests"], &operations, &programs);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn programs_scripts_and_setup_stay_small() {
    let mut wrong = Vec::new();
    let mut check = |path: PathBuf, least: usize, most: usize| {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines < least || lines > most {
            wrong
                .push(format!("{path:?}: {lines} lines, not {least}..{most}"));
        }
    };
    let programs = [files("bins", ".rs"), files("lib/lake/src", "main.rs")];
    for path in programs.concat() {
        check(path, 30, 130);
    }
    for path in files("scripts", "") {
        let setup = path.to_str().unwrap().ends_with(".sh");
        check(path, 1, if setup { 80 } else { 100 });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_of_the_library_have_at_most_400_lines() {
    let mut wrong = Vec::new();
    for path in
        [files("lib/src", ".rs"), files("lib/lake/src", ".rs")].concat()
    {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines > 400 {
            wrong.push(format!("{path:?}: {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn functions_have_at_most_60_lines() {
    let mut wrong = Vec::new();
    let folders = ["lib/src", "lib/lake/src", "bins"];
    for path in folders.map(|folder| files(folder, ".rs")).concat() {
        let code = source::blanked(&fs::read_to_string(&path).unwrap());
        for (name, first, lines) in source::functions(&code) {
            if lines > 60 {
                wrong.push(format!("{path:?}:{first}: {name}, {lines} lines"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_imports_from_one_that_imports_from_it() {
    for folder in ["lib/src", "lib/lake/src"] {
        let top = root().join(folder);
        let mut files = files(folder, ".rs");
        files.retain(|path| !path.ends_with("lake/src/main.rs"));
        let circles = imports::Sources::read(&top, &files).circles();
        assert!(circles.is_empty(), "circles:\n\n{}", circles.join("\n"));
    }
}

/// The names of the packages that a build of one needs.
fn packages(package: &str) -> BTreeSet<String> {
    let out = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--edges", "normal,build", "--package", package])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    let text = String::from_utf8(out.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn programs_but_the_lake_are_built_without_what_the_lake_needs() {
    let core = packages("rt-tools");
    assert!(core.contains("rusqlite") && core.len() > 40, "{core:?}");
    for name in ["parquet", "zstd", "bytes", "rt-lake"] {
        assert!(!core.contains(name), "{name}");
        assert!(packages("rt-lake").contains(name), "{name}");
    }
}
