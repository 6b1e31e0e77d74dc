//! What rclone says of objects: the array of `rclone lsjson`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result, quoted};
use crate::io::durable;
use crate::io::tree_path::TreePath;

/// An object that is there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    /// Its name below the folder that was listed.
    pub path: String,
    /// Its length; less than 0 where the remote does not tell.
    pub size: i64,
    /// The remote's own hashes.
    #[serde(default)]
    pub hashes: BTreeMap<String, String>,
}

/// What a file with such an array says; an empty file lists nothing.
pub(super) fn listed(path: &Path) -> Result<Vec<Listed>> {
    let text = durable::read_if_there(&TreePath::outside(path))?;
    let text = text.unwrap_or_default();
    if text.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&text).map_err(|e| {
        Error::data(format!(
            "{} is no list of rclone lsjson: {e}",
            quoted(path)
        ))
    })
}
