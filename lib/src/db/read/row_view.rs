//! A row in hand: its values as they are stored, and whether UTF-8 can give
//! them back.

use rusqlite::Row;

use crate::db::read::filter;
use crate::db::{Database, Table, ident};
use crate::error::{Error, Result};
use crate::value::Value;

/// A row in hand.
pub struct RowView<'r> {
    row: &'r Row<'r>,
    columns: usize,
    utf16: bool,
}

impl RowView<'_> {
    /// Column `index` of the columns asked for; `None` where UTF-8 cannot give back
    /// exactly what a UTF-16 database holds.
    #[inline(always)]
    pub fn value(&self, index: usize) -> Result<Option<Value<'_>>> {
        if self.utf16 {
            return self.exact(index);
        }
        self.raw(index).map(Some)
    }

    #[cold]
    fn exact(&self, index: usize) -> Result<Option<Value<'_>>> {
        let value = self.raw(index)?;
        let Value::Text(text) = value else { return Ok(Some(value)) };
        // The CAST gives the stored UTF-16, in the machine's byte order.
        let Value::Blob(stored) = self.raw(self.columns + index)? else {
            return Ok(None);
        };
        Ok(same_text(stored, text).then_some(value))
    }

    /// The rowid, or the first part of the key.
    pub fn rowid(&self) -> Option<i64> {
        let at = self.columns * if self.utf16 { 2 } else { 1 };
        match self.raw(at) {
            Ok(Value::Integer(rowid)) => Some(rowid),
            _ => None,
        }
    }

    #[inline(always)]
    fn raw(&self, index: usize) -> Result<Value<'_>> {
        match self.row.get_ref(index) {
            Ok(value) => Ok(filter::value(value)),
            Err(e) => Err(unread(index, &e)),
        }
    }
}

#[cold]
fn unread(index: usize, source: &rusqlite::Error) -> Error {
    Error::failed(format!("cannot read column {index}: {source}"))
}

/// Whether UTF-16 text is exactly this UTF-8 text.
fn same_text(stored: &[u8], text: &[u8]) -> bool {
    if !stored.len().is_multiple_of(2) {
        return false;
    }
    let same = |units: fn([u8; 2]) -> u16| {
        let units = stored.chunks_exact(2).map(|c| units([c[0], c[1]]));
        let mut rest = text;
        for c in char::decode_utf16(units) {
            let Ok(c) = c else { return false };
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            match rest.strip_prefix(bytes) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    };
    same(u16::from_le_bytes) || same(u16::from_be_bytes)
}

/// The SELECT list of the columns, and their stored bytes where the database
/// is UTF-16.
pub(in crate::db) fn select_list(
    database: &Database,
    table: &Table,
    columns: &[usize],
) -> Vec<String> {
    let name = ident(&table.name);
    let mut list: Vec<String> = columns
        .iter()
        .map(|c| format!("{name}.{}", ident(&table.columns[*c].name)))
        .collect();
    if database.utf16 {
        let stored: Vec<String> =
            list.iter().map(|c| format!("CAST({c} AS BLOB)")).collect();
        list.extend(stored);
    }
    list
}

/// A view of a row that a statement with such a SELECT list gave.
pub(in crate::db) fn view<'r>(
    database: &Database,
    row: &'r Row<'r>,
    columns: usize,
) -> RowView<'r> {
    RowView { row, columns, utf16: database.utf16 }
}
