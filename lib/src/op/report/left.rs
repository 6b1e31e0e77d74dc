//! What a job leaves, for people: how large the files are that took its rows,
//! and what the database's file still holds.

use std::collections::BTreeSet;

use super::columns::{below, terminal_width, thousands};
use super::print::size;
use crate::db::Access;
use crate::error::Result;
use crate::settings::Settings;

/// The lines below those of the job's place. `files` are relative to the tree.
///
/// Deleted rows leave free pages in the database's file, which does not get
/// shorter by itself: who deletes to make room must be told so.
pub(super) fn lines(settings: &Settings, files: &BTreeSet<&str>) -> String {
    let mut out = String::new();
    if !files.is_empty() {
        let root = settings.archives();
        let known = files.iter().map(|file| root.join(file).metadata());
        let bytes: Option<u64> = known.map(|m| m.ok().map(|m| m.len())).sum();
        let bytes = bytes.map(|b| format!(", {}", size(b)));
        let count = thousands(&files.len().to_string());
        out.push_str(&format!(
            "files     {count}{}\n",
            bytes.unwrap_or_default()
        ));
    }
    if settings.dry_run || !settings.db().is_file() {
        return out;
    }
    match held(settings) {
        Ok((bytes, 0)) => out.push_str(&format!("holds     {bytes}\n")),
        Ok((bytes, free)) => {
            let free = size(free);
            out.push_str(&format!("holds     {bytes}, {free} of it free\n"));
            let next = "new rows take that; --reclaim full gives it back";
            below(&[next.to_owned()], terminal_width(), &mut out);
        }
        Err(error) => out.push_str(&format!("holds     ? ({error})\n")),
    }
    out
}

/// The length of the database's file, and the bytes of its free pages.
fn held(settings: &Settings) -> Result<(String, u64)> {
    let found = settings.open(Access::Look)?.file_size()?;
    Ok((size(found.bytes), found.free_bytes))
}
