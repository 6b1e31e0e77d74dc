//! What needs attention: the record of a breach.

use serde::Serialize;

/// The record of a breach. It says what is wrong, of which table or job, and
/// what to do about it.
#[derive(Debug, Default, Serialize)]
#[serde(tag = "type", rename = "breach")]
pub(super) struct Breach {
    pub what: &'static str,
    pub message: String,
    /// The next step: a command, where one mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The database's name in the tree, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The file, or the first of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// The archives are not what the ledger says: status 5, not 6.
    #[serde(skip)]
    pub damage: bool,
}

impl Breach {
    /// A breach of this kind.
    pub fn new(what: &'static str, message: String) -> Breach {
        Breach { what, message, ..Breach::default() }
    }

    /// The same with a next step.
    pub fn hint(self, hint: impl Into<String>) -> Breach {
        Breach { hint: Some(hint.into()), ..self }
    }
}
