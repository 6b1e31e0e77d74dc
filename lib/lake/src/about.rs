//! What a file says of itself, as JSON under the key `rt.lake` of its
//! metadata: whose rows it holds, out of what, and how its lines stood there.

use rt::error::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::columns::Column;

/// The key in a file's metadata.
pub const KEY: &str = "rt.lake";
/// The form of what stands there, and of the columns.
pub const FORMAT: u32 = 1;

/// What a file says of itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct About {
    /// The form of this.
    pub format: u32,
    /// The table.
    pub table: String,
    /// The name of its database in the tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Where its rows are from.
    pub host: String,
    /// The month of its rows, `YYYY-MM`.
    pub month: String,
    /// The version of its columns' types.
    pub v: usize,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of the CREATE statements that its rows came from.
    pub schemas: Vec<String>,
    /// The table's columns, in the order of the file's; behind them come
    /// `_time`, `_archived_at`, `_rowid` and `_exact`.
    pub columns: Vec<Column>,
    /// The keys of lines, in order.
    pub shapes: Vec<Vec<String>>,
    /// What it was made of, in the order of its rows.
    pub days: Vec<DayAbout>,
}

/// A day's part of a file.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct DayAbout {
    /// The archive's name for it: `2025-11-03/tool_uses.jsonl.gz`.
    pub name: String,
    /// SHA-256 of the archive's bytes of that day, by the ledger.
    pub sha256: String,
    /// The segments that these rows were stored in.
    pub segments: Vec<String>,
    /// Its rows here.
    pub rows: u64,
    /// SHA-256 of their lines, as they stood in the archive.
    pub text_sha256: String,
    /// The length of those lines.
    pub text_size_bytes: u64,
    /// The shapes of the lines, by their place in `shapes`, each with how many
    /// lines behind each other have it.
    pub runs: Vec<(usize, u64)>,
}

impl About {
    /// Out of a file's metadata.
    pub fn parse(text: &str, what: &str) -> Result<About> {
        let about: About = serde_json::from_str(text).map_err(|e| {
            Error::data(format!("the metadata of {what} cannot be read: {e}"))
        })?;
        if about.format != FORMAT {
            return Err(Error::data(format!(
                "{what} is of the form {}, which this program does not know",
                about.format
            ))
            .hint("read it with a newer one, or let rt-lake make it again"));
        }
        Ok(about)
    }

    /// For a file's metadata.
    pub fn text(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|e| Error::failed(format!("cannot write metadata: {e}")))
    }
}
