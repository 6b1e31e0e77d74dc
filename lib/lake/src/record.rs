//! What rt-lake prints.

use serde::Serialize;

use crate::manifest::Entry;

/// A record of what was done, or would be.
#[derive(Serialize)]
#[serde(tag = "type", rename = "lake_unit")]
pub struct Done<'d> {
    pub action: &'static str,
    pub table: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<&'d str>,
    pub month: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'d str>,
    pub rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// The last record.
#[derive(Default, Serialize)]
#[serde(tag = "type", rename = "lake")]
pub struct Summary {
    pub status: &'static str,
    pub host: String,
    pub made: u64,
    pub removed: u64,
    pub kept: u64,
    pub waiting: u64,
    pub rows: u64,
    pub size_bytes: u64,
}

impl<'d> Done<'d> {
    /// About a file of the lake.
    pub fn of(entry: &'d Entry, action: &'static str) -> Done<'d> {
        Done {
            action,
            table: &entry.table,
            database: entry.database.as_deref(),
            month: &entry.month,
            file: Some(&entry.file),
            rows: entry.rows,
            size_bytes: Some(entry.size_bytes),
        }
    }
}

/// About a file of row records.
#[derive(Serialize)]
#[serde(tag = "type", rename = "lake_rows")]
pub struct Rows<'r> {
    pub table: &'r str,
    pub file: &'r str,
    pub rows: u64,
    pub size_bytes: u64,
}
