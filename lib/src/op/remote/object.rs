//! The record of an object, as the verbs hand it on.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::archive::object_name;
use crate::error::{Error, Result};

/// An object of a remote.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename = "object")]
pub(super) struct Object {
    /// Its name, from the folder of this tree on.
    pub object: String,
    /// The file that it is a copy of, from the tree's root.
    pub file: String,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Of a piece of the ledger: its first and its last line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<(u64, u64)>,
}

impl Object {
    /// That of a file's content.
    pub fn of(file: &str, size_bytes: u64, sha256: &str) -> Object {
        Object {
            object: object_name(file, sha256),
            file: file.to_owned(),
            size_bytes,
            sha256: sha256.to_owned(),
            lines: None,
        }
    }

    /// Whether its name goes through lists of names unchanged.
    pub fn is_plain(&self) -> bool {
        let odd = |c: char| c.is_control() || c == '"' || c == '\\';
        !self.object.contains(odd)
    }

    /// The ones on standard input.
    pub fn read(input: &mut dyn Read) -> Result<Vec<Object>> {
        let mut text = Vec::new();
        input
            .read_to_end(&mut text)
            .map_err(|e| Error::stream("cannot read standard input", e))?;
        records(&text)
    }
}

/// The name alone, of one that is about to go.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename = "leaving")]
pub(super) struct Leaving {
    /// Its name, from the folder of this tree on.
    pub object: String,
}

/// Records, a line each.
pub(super) fn records<T: for<'d> Deserialize<'d>>(
    text: &[u8],
) -> Result<Vec<T>> {
    let lines = text.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    let record = |line| {
        serde_json::from_slice(line).map_err(|e| {
            Error::data(format!("bad line on standard input: {e}"))
        })
    };
    lines.map(record).collect()
}
