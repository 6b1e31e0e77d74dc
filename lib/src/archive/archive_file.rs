//! The record of a table's day in the archives, as rt-stat and rt-cat list
//! them; rt-stat(1) describes it.

use serde::Serialize;

/// Where a file is, in the order of the records.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileTier {
    /// A file of a day.
    Warm,
    /// The tar of a month.
    Cold,
    /// A file with all rows of a run.
    Whole,
}

impl FileTier {
    /// That of a file, named from the tree's root.
    pub fn of(file: &str) -> FileTier {
        match file.split_once('/') {
            Some(("warm", _)) => FileTier::Warm,
            Some(("cold", _)) => FileTier::Cold,
            _ => FileTier::Whole,
        }
    }
}

/// The record of a table's day.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "archive_file")]
pub struct ArchiveFile<'a> {
    /// The file, from the tree's root.
    pub file: &'a str,
    /// The member of a month's tar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<&'a str>,
    /// Where the file is.
    pub tier: FileTier,
    /// The table.
    pub table: &'a str,
    /// The name of its database in this tree, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<&'a str>,
    /// The day; none of a file with all rows of a run.
    pub day: Option<&'a str>,
    /// Its rows; none where only reading it would tell.
    pub rows: Option<u64>,
    /// Its length; likewise.
    pub size_bytes: Option<u64>,
}
