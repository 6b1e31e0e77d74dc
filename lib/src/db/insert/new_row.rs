//! A row that is to be inserted.

use crate::value::Value;

/// A row to be inserted.
#[derive(Debug)]
pub struct NewRow<'r> {
    /// The columns that it has a value for, none of them generated.
    pub columns: &'r [usize],
    /// Their values.
    pub values: &'r [Value<'r>],
    /// The rowid that it is to have, of a table without such a column.
    pub rowid: Option<i64>,
}
