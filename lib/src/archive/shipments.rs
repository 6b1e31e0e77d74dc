//! What of the files is at a remote, by the ledger.
//!
//! A remote holds objects: a file's content under a name of its own, which ends
//! with the first digits of the content's SHA-256, so that no other content
//! ever comes under that name. Copies are made and looked at without the lock;
//! the events say how far that has come, and their order is the one of
//! tests/model/ship.py.
//!
//! Invariants. An object is *there* from `shipped` on, which is entered when it
//! was looked at and is whole, until `withdraw`, which is entered before it goes.
//! A ledger at the remote names only what is there. What an expiry with
//! `--shipped-only` took out of the tree is never withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::change::Change;

/// How many digits of a content's digest are in its object's name, as in that
/// of a schema.
const DIGITS: usize = 12;

/// The object of a file's content.
pub fn object_name(file: &str, sha256: &str) -> String {
    // A schema has its digest in its name.
    if file.starts_with("schema/") {
        return file.to_owned();
    }
    let digits = sha256.get(..DIGITS).unwrap_or(sha256);
    let base = file.rfind('/').map_or(0, |slash| slash + 1);
    let dot = file[base..].find('.').map_or(file.len(), |dot| base + dot);
    format!("{}-{digits}{}", &file[..dot], &file[dot..])
}

/// The object of lines of the ledger.
pub fn piece_name(first: u64, last: u64, sha256: &str) -> String {
    object_name(&format!("ledger/{first:010}-{last:010}.jsonl"), sha256)
}

/// Objects that are about to be copied to a remote. An intent.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ship {
    /// The remote, with the folder of this tree in it.
    pub remote: String,
    /// The objects, named from there.
    pub objects: Vec<String>,
}

/// An object is at a remote, and was looked at there.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Shipped {
    /// The remote, with the folder of this tree in it.
    pub remote: String,
    /// The object, named from there.
    pub object: String,
    /// The file that it is a copy of, relative to the tree's root.
    pub file: String,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// How it was looked at: `hash`, `crypt` or `download`.
    pub checked: String,
    /// The remote's own hashes of it, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hashes: BTreeMap<String, String>,
    /// Of a piece of the ledger: its first and its last line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<(u64, u64)>,
}

/// Objects that are about to go from a remote, or are gone.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Withdraw {
    /// The remote, with the folder of this tree in it.
    pub remote: String,
    /// The objects, named from there.
    pub objects: Vec<String>,
}

/// How far the copy of an object has come.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Object {
    /// SHA-256 of what is there; none of a copy that was only begun.
    sha256: Option<String>,
    /// The object is about to go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    leaving: bool,
    /// Tables whose rows went out of the tree: the object is their only copy.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    only: BTreeSet<String>,
}

/// What is at one remote.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Remote {
    objects: BTreeMap<String, Object>,
    /// The last line of the ledger that is there.
    ledger_seq: u64,
}

impl Remote {
    /// The last line of the ledger that is there; 0 where none is.
    pub fn ledger_seq(&self) -> u64 {
        self.ledger_seq
    }

    /// Whether a file's content is there, and stays.
    pub fn has(&self, file: &str, sha256: &str) -> bool {
        let object = self.objects.get(&object_name(file, sha256));
        object
            .is_some_and(|o| !o.leaving && o.sha256.as_deref() == Some(sha256))
    }

    /// Objects that are about to go.
    pub fn leaving(&self) -> impl Iterator<Item = &str> {
        let leaving = self.objects.iter().filter(|(_, o)| o.leaving);
        leaving.map(|(name, _)| name.as_str())
    }

    /// Objects that are not among these, and that are not the only copies.
    /// Statements and the ledger's pieces never go.
    pub fn others(&self, named: &BTreeSet<String>) -> Vec<String> {
        let stays = ["schema/", "ledger/"];
        let goes = |(name, object): &(&String, &Object)| {
            !object.leaving
                && object.only.is_empty()
                && !stays.iter().any(|start| name.starts_with(start))
                && !named.contains(*name)
        };
        let goes = self.objects.iter().filter(goes);
        goes.map(|(name, _)| name.clone()).collect()
    }
}

/// What is at which remote.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Shipments(BTreeMap<String, Remote>);

impl Shipments {
    /// What is at a remote; none where nothing ever was.
    pub fn at(&self, remote: &str) -> Option<&Remote> {
        self.0.get(remote)
    }

    /// Whether a file's content is at any remote, and stays there.
    pub fn have(&self, file: &str, sha256: &str) -> bool {
        self.0.values().any(|remote| remote.has(file, sha256))
    }

    /// Objects of which rows of a table are in no file of the tree any more,
    /// each with its remote.
    pub fn only_copies<'s>(
        &'s self,
        table: &'s str,
    ) -> impl Iterator<Item = (&'s str, &'s str)> {
        let of = |o: &Object| {
            o.only.iter().any(|name| name.eq_ignore_ascii_case(table))
        };
        self.0.iter().flat_map(move |(remote, objects)| {
            let only = objects.objects.iter().filter(move |(_, o)| of(o));
            only.map(move |(name, _)| (remote.as_str(), name.as_str()))
        })
    }

    pub(super) fn begun(&mut self, ship: &Ship) {
        let remote = self.0.entry(ship.remote.clone()).or_default();
        for object in &ship.objects {
            remote.objects.entry(object.clone()).or_default();
        }
    }

    pub(super) fn shipped(&mut self, shipped: &Shipped) {
        let remote = self.0.entry(shipped.remote.clone()).or_default();
        if let Some((_, last)) = shipped.lines {
            remote.ledger_seq = remote.ledger_seq.max(last);
            return;
        }
        let object = remote.objects.entry(shipped.object.clone());
        object.or_default().sha256 = Some(shipped.sha256.clone());
    }

    pub(super) fn withdrawing(&mut self, withdraw: &Withdraw) {
        if let Some(remote) = self.0.get_mut(&withdraw.remote) {
            for name in &withdraw.objects {
                if let Some(object) = remote.objects.get_mut(name) {
                    object.leaving = true;
                }
            }
        }
    }

    pub(super) fn withdrawn(&mut self, withdraw: &Withdraw) {
        if let Some(remote) = self.0.get_mut(&withdraw.remote) {
            for name in &withdraw.objects {
                remote.objects.remove(name);
            }
        }
    }

    /// An expiry is done: where it went by what is at a remote, that is now
    /// the only copy.
    pub(super) fn changed(&mut self, change: &Change) {
        let Some(before) = change.before.as_ref().filter(|_| change.shipped)
        else {
            return;
        };
        let tables = change.expires.iter().filter_map(|m| m.table.clone());
        let tables: BTreeSet<String> = tables.collect();
        for remote in self.0.values_mut() {
            if remote.has(&before.file, &before.sha256)
                && let Some(object) = remote
                    .objects
                    .get_mut(&object_name(&before.file, &before.sha256))
            {
                object.only.extend(tables.iter().cloned());
            }
        }
    }
}
