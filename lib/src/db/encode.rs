//! Rows of a table into row records.

use super::{Key, RowView, Table};
use crate::error::Result;
use crate::record::Shape;
use crate::value::Value;

/// Encodes rows of a table, each with its rowid if it has no usable key.
pub struct RowEncoder {
    shape: Shape,
    /// A row always carries its rowid.
    keyless: bool,
    /// It carries it when one of these columns (by their place in the record)
    /// is NULL.
    nullable: Vec<usize>,
}

impl RowEncoder {
    /// An encoder for these columns.
    pub fn new(table: &Table, columns: &[usize]) -> RowEncoder {
        let nullable = match &table.key {
            Key::Columns(key) if !table.without_rowid => key
                .iter()
                .filter_map(|k| columns.iter().position(|c| c == k))
                .collect(),
            _ => Vec::new(),
        };
        RowEncoder {
            shape: Shape::new(
                columns.iter().map(|c| table.columns[*c].name.as_str()),
            ),
            // The rows of a view have none.
            keyless: table.key == Key::None && table.rowid.is_some(),
            nullable,
        }
    }

    /// Appends a row; false when JSON cannot hold it exactly.
    #[inline]
    pub fn append(
        &mut self,
        row: &RowView<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        self.shape.begin(out);
        for i in 0..self.shape.len() {
            match row.value(i)? {
                Some(value) => self.shape.value(out, i, value),
                None => return Ok(false),
            }
        }
        let mut keyless = self.keyless;
        for i in &self.nullable {
            keyless |= matches!(row.value(*i)?, Some(Value::Null));
        }
        let rowid = if keyless { row.rowid() } else { None };
        self.shape.end(out, rowid);
        Ok(true)
    }
}
