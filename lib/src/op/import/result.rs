//! What rt-import says when it is through.

use serde::Serialize;

use crate::outcome::is_zero;

/// The record that is printed.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "type", rename = "imported")]
pub(super) struct Imported {
    /// The table, as the schema writes it.
    pub table: String,
    /// `imported`, or `no_records` where nothing was new.
    pub status: &'static str,
    /// Rows inserted.
    pub rows: u64,
    /// Rows that were there already, equal.
    pub present: u64,
    /// Rows of segments that were imported before.
    pub skipped: u64,
    /// Rows that took the place of one that differed.
    #[serde(skip_serializing_if = "is_zero")]
    pub replaced: u64,
    /// Rows left out because one that differs has their key.
    #[serde(skip_serializing_if = "is_zero")]
    pub conflicts: u64,
    /// Segments noted in `_rt_import`.
    #[serde(skip_serializing_if = "is_zero")]
    pub segments: u64,
    /// The hold that keeps them in the live database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// What the schemas' difference means.
    pub message: Option<String>,
}
