//! The tiers as they are on the disk: a walk over their files, without opening
//! any.

use std::ffi::OsString;
use std::io;

use super::inventory::Inventory;
use super::member::Member;
use super::names::{Origin, Tree, is_link, linked};
use crate::error::{Error, Result};
use crate::io::beneath;
use crate::io::durable::{self, TREE_PREFIX};
use crate::io::tree_path::TreePath;
use crate::time::Day;

/// A warm file.
#[derive(Clone, Debug)]
pub struct WarmFile {
    /// Relative to the tree's root.
    pub file: String,
    /// Where it is.
    pub path: TreePath,
    /// Its day.
    pub day: Day,
    /// Whose rows it holds, where the ledger or the name tells.
    pub origin: Option<Origin>,
    /// The name without its ending.
    pub stem: String,
    /// Not compressed.
    pub plain: bool,
    /// Its length.
    pub size_bytes: u64,
}

/// All warm files, by day and name. What is called otherwise is passed over.
pub fn warm_files(tree: &Tree, files: &Inventory) -> Result<Vec<WarmFile>> {
    warm_files_of(tree, files, "")
}

/// The warm files of the days whose name begins so (`2025-11`), by day and
/// name.
pub fn warm_files_of(
    tree: &Tree,
    files: &Inventory,
    days: &str,
) -> Result<Vec<WarmFile>> {
    let mut out = Vec::new();
    for (day, folder) in real_folders(&tree.top().join("warm"), days)? {
        let Ok(day) = day.parse::<Day>() else { continue };
        for (name, path) in entries(&folder)? {
            let plain = name.ends_with(".jsonl");
            let stem = name
                .strip_suffix(".jsonl.gz")
                .or_else(|| name.strip_suffix(".jsonl"));
            let Some(stem) = stem else { continue };
            if name.starts_with(TREE_PREFIX) {
                continue;
            }
            let meta = beneath::look(&path)
                .map_err(|e| Error::io("stat", &path, e))?;
            if !meta.is_file() {
                continue;
            }
            let file = format!("warm/{day}/{name}");
            let known = files.file(&file);
            let origin = known
                .and_then(|f| f.members.first())
                .and_then(Member::origin)
                .or_else(|| Origin::of_stem(stem));
            out.push(WarmFile {
                file,
                path,
                day,
                origin,
                stem: stem.to_owned(),
                plain,
                size_bytes: meta.len(),
            });
        }
    }
    Ok(out)
}

/// What is in a tier that is a link, and in a folder of a tier that is one, is
/// left out of its files, whatever it leads to: what is to be said of those.
pub fn linked_folders(tree: &Tree) -> Result<Vec<Error>> {
    let mut out = Vec::new();
    for tier in ["warm", "cold"].map(|name| tree.top().join(name)) {
        if is_link(&tier)? {
            out.push(linked(&tier));
            continue;
        }
        for (_, folder) in entries(&tier)? {
            if is_link(&folder)? {
                out.push(linked(&folder));
            }
        }
    }
    Ok(out)
}

/// The folders of a tier whose name begins so; none that is a link, and none in
/// a link.
fn real_folders(
    tier: &TreePath,
    start: &str,
) -> Result<Vec<(String, TreePath)>> {
    let mut out = Vec::new();
    if is_link(tier)? {
        return Ok(out);
    }
    for (name, folder) in entries(tier)? {
        if name.starts_with(start) && !is_link(&folder)? {
            out.push((name, folder));
        }
    }
    Ok(out)
}

/// The months' tars that are there, relative to the root.
pub fn cold_files(tree: &Tree) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for (year, folder) in real_folders(&tree.top().join("cold"), "")? {
        for (name, _) in entries(&folder)? {
            if name.ends_with(".tar.gz") {
                out.push(format!("cold/{year}/{name}"));
            }
        }
    }
    Ok(out)
}

/// The days that have archives, as far as names tell: those of warm files, and
/// the first of each month that has a tar.
pub fn days(tree: &Tree) -> Result<Vec<Day>> {
    let warm = real_folders(&tree.top().join("warm"), "")?;
    let cold = cold_files(tree)?;
    let months = cold.iter().filter_map(|file| {
        let name = file.rsplit('/').next()?.strip_suffix(".tar.gz")?;
        format!("{name}-01").parse().ok()
    });
    let days = warm.iter().filter_map(|(day, _)| day.parse().ok());
    Ok(days.chain(months).collect())
}

/// The files in the root that are called as those with all rows of a run are:
/// `TABLE_20261121T184403.123Z.json.gz`.
pub fn whole_files(tree: &Tree) -> Result<Vec<String>> {
    let mut out = entries(tree.top())?;
    out.retain(|(name, _)| is_whole_name(name));
    Ok(out.into_iter().map(|(name, _)| name).collect())
}

fn is_whole_name(name: &str) -> bool {
    let stem =
        name.strip_suffix(".json.gz").or_else(|| name.strip_suffix(".json"));
    let form = b"_00000000T000000.000Z";
    stem.is_some_and(|stem| {
        stem.as_bytes().windows(form.len()).any(|part| {
            part.iter().zip(form).all(|(is, form)| match form {
                b'0' => is.is_ascii_digit(),
                sign => is == sign,
            })
        })
    })
}

/// Whether there is any file that archives are.
pub fn holds_files(tree: &Tree) -> Result<bool> {
    if !whole_files(tree)?.is_empty() || !cold_files(tree)?.is_empty() {
        return Ok(true);
    }
    for (_, folder) in real_folders(&tree.top().join("warm"), "")? {
        let is = |name: &str| {
            name.ends_with(".jsonl.gz") || name.ends_with(".jsonl")
        };
        if entries(&folder)?.iter().any(|(name, _)| is(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Names and paths in a folder, sorted; none where there is no folder.
pub fn entries(folder: &TreePath) -> Result<Vec<(String, TreePath)>> {
    let found = match beneath::names(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => None,
        found => durable::if_there(found, "read", folder)?,
    };
    let names = found.into_iter().flatten().map(OsString::into_string);
    let mut names: Vec<String> =
        names.filter_map(std::result::Result::ok).collect();
    names.sort();
    let at = |name: String| {
        let path = folder.join(&name);
        (name, path)
    };
    Ok(names.into_iter().map(at).collect())
}
