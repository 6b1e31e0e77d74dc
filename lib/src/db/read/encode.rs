//! Rows of a table into row records.

use crate::db::{Fit, Form, Key, RowView, Table};
use crate::error::Result;
use crate::value::Value;

/// Encodes rows of a table, each with its rowid if it has no usable key.
#[derive(Debug)]
pub struct RowEncoder {
    form: Form,
    /// A row always carries its rowid.
    keyless: bool,
    /// It carries it when one of these columns (by their place in the record)
    /// is NULL.
    nullable: Vec<usize>,
}

impl RowEncoder {
    /// An encoder of this form.
    pub fn new(table: &Table, form: Form) -> RowEncoder {
        let columns = form.columns();
        let nullable = match &table.key {
            Key::Columns(key) if !table.without_rowid => key
                .iter()
                .filter_map(|k| columns.iter().position(|c| c == k))
                .collect(),
            _ => Vec::new(),
        };
        RowEncoder {
            form,
            // The rows of a view have none.
            keyless: table.key == Key::None && table.rowid.is_some(),
            nullable,
        }
    }

    /// Appends a row; it is of use only when it fits.
    #[inline]
    pub fn append(
        &mut self,
        row: &RowView<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Fit> {
        let fit = self.form.append(row, out)?;
        if fit != Fit::Whole {
            return Ok(fit);
        }
        let mut keyless = self.keyless;
        for i in &self.nullable {
            keyless |= matches!(row.value(*i)?, Some(Value::Null));
        }
        let rowid = if keyless { row.rowid() } else { None };
        self.form.end(out, rowid);
        Ok(fit)
    }

    /// The form, which knows what was replaced.
    pub fn form(&self) -> &Form {
        &self.form
    }
}
