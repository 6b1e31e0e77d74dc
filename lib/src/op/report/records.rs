//! The records of rt-stat, as far as a report needs them.

use serde::{Deserialize, Serialize};

/// A table of the database.
#[derive(Deserialize, Serialize)]
pub(super) struct Table {
    pub table: String,
    pub rows: u64,
    pub hot: Option<u64>,
    pub stale: Option<u64>,
    pub warm: Option<u64>,
    pub undated: Option<u64>,
    pub oldest: Option<String>,
    pub newest: Option<String>,
    pub live_bytes: u64,
    pub reclaimable_bytes: u64,
}

/// A tier.
#[derive(Deserialize, Serialize)]
pub(super) struct Tier {
    #[serde(skip_serializing)]
    pub tier: String,
    pub total_files: u64,
    pub days: u64,
    pub size_bytes: u64,
    pub rows: u64,
    pub oldest: Option<String>,
    pub newest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligible_for_cold: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligible_for_purge: Option<u64>,
}

/// What needs attention.
#[derive(Deserialize, Serialize)]
pub(super) struct Breach {
    pub what: String,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A table in a tier, as rt-stat counts it.
#[derive(Deserialize, Serialize)]
pub(super) struct Archive {
    pub tier: String,
    pub table: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    pub days: u64,
    pub files: u64,
    pub rows: u64,
    pub size_bytes: u64,
    pub oldest: Option<String>,
    pub newest: Option<String>,
}

/// A table's day in a file.
#[derive(Deserialize)]
pub(super) struct ArchiveFile {
    pub tier: String,
    pub table: String,
    pub database: Option<String>,
    pub day: Option<String>,
    pub rows: u64,
    pub size_bytes: u64,
}

/// A file that is not what the ledger says.
#[derive(Deserialize, Serialize)]
pub(super) struct Mismatch {
    pub file: String,
    pub reason: String,
}
