//! Rows that are due, put into the delete set by a walk over their table.

use crate::db::delete::set::DELETE_SET;
use crate::db::{Batch, Database, Filter, Met, Position, Table};
use crate::error::Result;
use crate::value::{Owned, Value};

impl Database {
    /// Puts all rows meant into the set, by a walk over the table. Each
    /// nibble's are gathered in memory and written when its transaction has
    /// ended. Gives what it met.
    pub(super) fn gather_by_walk(
        &self,
        table: &Table,
        filter: &Filter,
    ) -> Result<Met> {
        let columns: Vec<usize> = match table.without_rowid {
            true => table.key_columns(),
            false => Vec::new(),
        };
        let mut walk = self.walk(table, &columns, Some(filter))?;
        let batch = Batch { rows: 10_000, bytes: 1 << 20 };
        loop {
            let mut found: Vec<Position> = Vec::new();
            let mut bytes = 0;
            let more = walk.batch(batch, &mut |row| {
                let mut key = Vec::with_capacity(columns.len().max(1));
                if columns.is_empty() {
                    key.push(Owned::Integer(row.rowid().unwrap_or(0)));
                }
                for i in 0..columns.len() {
                    if let Some(value) = row.value(i)? {
                        bytes += size(value);
                        key.push(value.to_owned());
                    }
                }
                found.push(key);
                Ok(bytes)
            })?;
            self.add_to_set(table, &found)?;
            if !more {
                return Ok(walk.met());
            }
        }
    }

    /// Puts rows, by rowid or key, into the set.
    pub(super) fn add_to_set(
        &self,
        table: &Table,
        keys: &[Position],
    ) -> Result<()> {
        let fail = |e| self.fail("cannot note the rows that are due", e);
        let columns = self.delete_set(table).columns();
        let marks = vec!["?"; columns.len()].join(", ");
        self.run("BEGIN")?;
        let mut insert = self
            .connection
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO {DELETE_SET}({}) VALUES ({marks})",
                columns.join(", ")
            ))
            .map_err(fail)?;
        for key in keys {
            if key.len() == table.cursor().len() {
                insert
                    .execute(rusqlite::params_from_iter(key))
                    .map_err(fail)?;
            }
        }
        drop(insert);
        self.run("COMMIT")
    }
}

/// About what a part of a key takes in memory.
fn size(value: Value<'_>) -> usize {
    match value {
        Value::Text(bytes) | Value::Blob(bytes) => 16 + bytes.len(),
        Value::Null | Value::Integer(_) | Value::Real(_) => 16,
    }
}
