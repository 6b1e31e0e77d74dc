//! When each file of a tree was last read to its end, and whether it was sound.
//!
//! `verified.jsonl` beside the ledger has a line a file: its name, the digest
//! that it should have, the time, and whether it was found damaged. It is no
//! part of the record: it is written anew as a whole, nothing is deleted on its
//! strength, and where it is lost the files are read once more. A line counts
//! for the file only while the ledger names the same digest.
//! Whoever made or changed a file has read all of it: so of a file without
//! such a line, the time counts at which its rows were archived.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::file_state::FileState;
use super::inventory::Inventory;
use crate::error::{Error, Result};
use crate::io::durable::{self, Temp};
use crate::io::jsonl;
use crate::io::tree_path::TreePath;
use crate::time::{self, rfc3339};

/// The file, in the root of a tree.
pub const READ_LOG: &str = "verified.jsonl";

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Entry {
    file: String,
    sha256: String,
    at: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    damaged: bool,
}

/// What was read, and when.
#[derive(Debug, Default)]
pub struct ReadLog(BTreeMap<String, Entry>);

impl ReadLog {
    /// That of the tree at `root`; what cannot be read of it is not there.
    pub fn load(root: &Path) -> ReadLog {
        let path = TreePath::root(root).join(READ_LOG);
        let text = durable::read_if_there(&path).ok().flatten();
        let text = text.unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        let entries = lines
            .filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
        ReadLog(entries.map(|e| (e.file.clone(), e)).collect())
    }

    /// When a file of the ledger's was last read and sound; none where that is
    /// not known, and where it was found damaged.
    pub fn last(
        &self,
        files: &Inventory,
        name: &str,
        file: &FileState,
    ) -> Option<Timestamp> {
        let read = self.0.get(name).filter(|e| e.sha256 == file.sha256);
        if read.is_some_and(|entry| entry.damaged) {
            return None;
        }
        let read = read.and_then(|e| time::parse(e.at.as_bytes()));
        let made =
            file.members.iter().filter_map(|m| files.archived(name, m)).max();
        read.max(made)
    }

    /// The files of the ledger's that were found damaged, and not found sound
    /// since.
    pub fn damaged<'l>(
        &'l self,
        files: &'l Inventory,
    ) -> impl Iterator<Item = &'l str> {
        let is = |entry: &&Entry| {
            let known = files.file(&entry.file);
            entry.damaged && known.is_some_and(|k| k.sha256 == entry.sha256)
        };
        self.0.values().filter(is).map(|entry| entry.file.as_str())
    }

    /// Notes that a file of the ledger's was read.
    pub fn note(
        &mut self,
        files: &Inventory,
        name: &str,
        at: Timestamp,
        damaged: bool,
    ) {
        let Some(file) = files.file(name) else { return };
        let entry = Entry {
            file: name.to_owned(),
            sha256: file.sha256.clone(),
            at: rfc3339(at),
            damaged,
        };
        self.0.insert(name.to_owned(), entry);
    }

    /// Forgets what the ledger does not know any more.
    pub fn tidy(&mut self, files: &Inventory) {
        self.0.retain(|name, _| files.file(name).is_some());
    }

    /// Writes it, whole or not at all.
    pub fn save(&self, root: &Path) -> Result<()> {
        let path = TreePath::root(root).join(READ_LOG);
        let mut text = Vec::new();
        for entry in self.0.values() {
            jsonl::append(&mut text, entry)?;
        }
        let mut temp = Temp::create(&path.folder())?;
        temp.file()?
            .write_all(&text)
            .map_err(|e| Error::io("write", &path, e))?;
        temp.sync()?;
        temp.replace(&path)?;
        durable::sync_folder(root)
    }
}
