//! Which database the archives of a table come from.
//!
//! Rows of two databases are never mixed: who stores rows of a table must be
//! at the database that its archives come from. That is the one at the same
//! path, whatever file is there by now (a backup, what VACUUM INTO wrote), or
//! the same file by device and inode under another name. Any other one needs a
//! name of its own in the tree, unless an operator says that the database
//! moved.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use super::event::{Moved, Segment};
use super::names::Origin;
use super::pairs;
use crate::db::Identity;

/// Where the archives of a table come from.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Source {
    /// The database.
    pub identity: Identity,
    /// The column that dated the rows when they were last stored.
    pub timestamp_column: String,
    /// What its numbers mean, if that was said.
    pub unit: Option<String>,
}

impl Source {
    /// Whether the database that is `here` is the one: at the same path, or
    /// the same file.
    pub(super) fn is(&self, here: &Identity) -> bool {
        let there = &self.identity;
        let file = match fs::metadata(&there.path) {
            Ok(meta) => (meta.dev(), meta.ino()),
            Err(_) => (there.device, there.inode),
        };
        there.path == here.path || file == (here.device, here.inode)
    }
}

/// The tables of a tree, and where their archives come from. The tables are in
/// lower case: ASCII case does not count.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Sources(#[serde(with = "pairs")] BTreeMap<Origin, Source>);

fn key(origin: &Origin) -> Origin {
    Origin { table: origin.table.to_ascii_lowercase(), ..origin.clone() }
}

impl Sources {
    pub(super) fn get(&self, origin: &Origin) -> Option<&Source> {
        self.0.get(&key(origin))
    }

    pub(super) fn stored(&mut self, segment: &Segment) {
        let source = Source {
            identity: Identity {
                path: segment.db.clone(),
                device: segment.db_device,
                inode: segment.db_inode,
            },
            timestamp_column: segment.timestamp_column.clone(),
            unit: segment.unit.clone(),
        };
        self.0.insert(key(&segment.origin()), source);
    }

    pub(super) fn moved(&mut self, moved: &Moved) {
        for table in &moved.tables {
            let origin = Origin::new(table, moved.database.as_deref());
            if let Some(source) = self.0.get_mut(&key(&origin)) {
                source.identity = Identity {
                    path: moved.db.clone(),
                    device: moved.db_device,
                    inode: moved.db_inode,
                };
            }
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Origin, &Source)> {
        self.0.iter()
    }

    /// The names of other databases whose rows of the table are archived.
    pub fn other_names(&self, origin: &Origin) -> Vec<&str> {
        self.0
            .keys()
            .filter(|other| other.table.eq_ignore_ascii_case(&origin.table))
            .filter(|other| other.database != origin.database)
            .filter_map(|other| other.database.as_deref())
            .collect()
    }
}
