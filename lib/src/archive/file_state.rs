//! What the files of a tree are, by the ledger: each event that is done makes
//! one of them longer, shorter, another one, or nothing.

use serde::{Deserialize, Serialize};

use super::change::Named;
use super::member::Member;

/// What a file is, by the ledger.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FileState {
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of all of it.
    pub sha256: String,
    /// What it holds: one table's day, or a month of them.
    pub members: Vec<Member>,
    /// The length of its text, where every segment in it is known.
    pub text_size_bytes: Option<u64>,
}

impl FileState {
    /// The file under its name.
    pub fn named(&self, file: &str) -> Named {
        Named {
            file: file.to_owned(),
            size_bytes: self.size_bytes,
            sha256: self.sha256.clone(),
        }
    }
}

pub(super) fn state_of(named: &Named, members: Vec<Member>) -> FileState {
    FileState {
        size_bytes: named.size_bytes,
        sha256: named.sha256.clone(),
        members,
        text_size_bytes: None,
    }
}
