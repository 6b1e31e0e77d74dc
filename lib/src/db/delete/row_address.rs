//! By what a row is read again and deleted.

use std::borrow::Cow;

use crate::value::Owned;

/// Where a row stands: by this it is read again and deleted.
#[derive(Clone, Debug)]
pub enum RowAddress {
    /// At this rowid.
    Rowid(i64),
    /// Under this WITHOUT ROWID key.
    Key(Vec<Owned>),
}

impl RowAddress {
    /// The address that these values are, of a table with rowids or without.
    pub(super) fn of(values: Vec<Owned>, without_rowid: bool) -> RowAddress {
        match values[..] {
            [Owned::Integer(rowid)] if !without_rowid => {
                RowAddress::Rowid(rowid)
            }
            _ => RowAddress::Key(values),
        }
    }

    /// The values of the columns that the table is kept in the order of.
    pub(super) fn values(&self) -> Cow<'_, [Owned]> {
        match self {
            RowAddress::Rowid(rowid) => vec![Owned::Integer(*rowid)].into(),
            RowAddress::Key(key) => key.into(),
        }
    }
}
