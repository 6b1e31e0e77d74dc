//! What a file of the tree holds, as the events name it.

use serde::{Deserialize, Serialize};

use super::names::Origin;
use super::times::Times;
use crate::io::tar::Place;

/// What a file of the tree holds of one table's day: a warm file, or a member
/// of a month's tar.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Member {
    /// Its name in the tar: `2025-11-03/tool_uses.jsonl.gz`.
    pub name: String,
    /// The table; none for what is no table's, such as a schema.
    pub table: Option<String>,
    /// The name of its database in this tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The day.
    pub day: Option<String>,
    /// Its length.
    #[serde(deserialize_with = "super::amount::amount")]
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its lines.
    #[serde(deserialize_with = "super::amount::amount")]
    pub rows: u64,
    /// The least timestamp of its rows, where it is known.
    pub oldest: Option<String>,
    /// The greatest.
    pub newest: Option<String>,
    /// When its rows were archived, in a file that is taken in; none where
    /// the ledger tells by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<String>,
    /// In a tar of ours: where in it the gzip member begins in which the
    /// header of this member stands. A hint: the header tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_bytes: Option<u64>,
    /// How much of that gzip member's text stands before the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_bytes: Option<u64>,
}

impl Member {
    /// Whose rows it holds; none where it holds no table's.
    pub fn origin(&self) -> Option<Origin> {
        let table = self.table.as_deref()?;
        Some(Origin::new(table, self.database.as_deref()))
    }

    /// Whether it holds rows of this table of this database.
    pub fn is_of(&self, origin: &Origin) -> bool {
        self.table
            .as_deref()
            .is_some_and(|t| origin.is(t, self.database.as_deref()))
    }

    /// Where in its tar it can be entered, if that is known.
    pub fn place(&self) -> Option<Place> {
        let (offset_bytes, skip_bytes) =
            (self.offset_bytes?, self.skip_bytes?);
        Some(Place { offset_bytes, skip_bytes })
    }

    pub(super) fn stands_at(&mut self, place: Place) {
        self.offset_bytes = Some(place.offset_bytes);
        self.skip_bytes = Some(place.skip_bytes);
    }

    /// Takes in the times of more rows; gives those before.
    pub fn widen(
        &mut self,
        oldest: &Option<String>,
        newest: &Option<String>,
    ) -> Times {
        let before =
            Times { oldest: self.oldest.take(), newest: self.newest.take() };
        self.date(before.clone().with(oldest, newest));
        before
    }

    pub(super) fn date(&mut self, times: Times) {
        (self.oldest, self.newest) = (times.oldest, times.newest);
    }
}
