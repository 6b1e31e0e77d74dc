//! What is to become of a file as a whole: the intents of consolidation, expiry
//! and erasure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::member::Member;
use super::names::Tree;
use crate::error::Result;

/// A file with its digest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Named {
    /// The file, relative to the tree's root.
    pub file: String,
    /// Its length.
    #[serde(deserialize_with = "super::amount::amount")]
    pub size_bytes: u64,
    /// SHA-256 of all of it.
    pub sha256: String,
}

/// A file is about to be made, rewritten or removed: an intent, of
/// `consolidate`, `expire` and `erase`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Change {
    /// 128 random bits in hexadecimal; never used again.
    pub id: String,
    /// The file, relative to the tree's root.
    pub file: String,
    /// What it is before; none for a new file.
    pub before: Option<Named>,
    /// What it is afterwards; none when it goes.
    pub after: Option<Named>,
    /// What it holds afterwards.
    pub members: Vec<Member>,
    /// Files that go when it is there: what they held is in it.
    pub removes: Vec<Named>,
    /// What it held and holds no more: the end of its retention.
    pub expires: Vec<Member>,
    /// How long the policy keeps the rows of these tables in all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub retention: BTreeMap<String, String>,
    /// An operator said so: of an expiry, the file was gone already, and no
    /// retention ended; of a consolidation, it was found done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// Of an expiry: the file was at a remote, and what goes stays there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shipped: bool,
    /// What was erased out of it: how many lines of which member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erases: Vec<Erased>,
    /// Of an erasure: SHA-256 of the intent's id and of what was looked for,
    /// which itself is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector_sha256: Option<String>,
    /// Of an erasure: why, in an operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of an erasure: the file had come back as it was before an earlier one.
    /// What the ledger says of it holds already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

impl Change {
    /// One of a file that is to be what it was, with an id of its own.
    pub fn of(file: &str, before: Option<Named>) -> Result<Change> {
        Ok(Change {
            id: Tree::new_id()?,
            file: file.to_owned(),
            before,
            ..Change::default()
        })
    }
}

/// Lines that were erased out of a table's day in a file.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Erased {
    /// The member's name.
    pub name: String,
    /// The table.
    pub table: String,
    /// The name of its database in this tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The day; none in a file with all rows of a run.
    pub day: Option<String>,
    /// How many.
    #[serde(deserialize_with = "super::amount::amount")]
    pub rows: u64,
}
