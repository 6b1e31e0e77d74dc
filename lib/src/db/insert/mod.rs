//! Rows into a table, exactly: each is read back and compared right behind
//! its insertion, for a column's affinity can change a value's storage class
//! (<https://www.sqlite.org/datatype3.html#type_affinity>), and a trigger the
//! row.
//!
//! Invariants. The caller holds the write lock. A row that is there already and
//! is equal is never written again. Nothing is replaced unless the caller says
//! so; foreign keys are off, so that nothing is deleted along with a row that
//! is replaced ([`Database::dangling`] looks at them instead).

mod form;
mod imports;
mod new_row;
mod new_table;
mod parents;

use form::Form;
pub use imports::ImportedPart;
pub use new_row::NewRow;
pub use new_table::{declared_types, table_of};
pub use parents::Dangling;

use std::str::FromStr;

use crate::db::{Database, Table};
use crate::error::{Error, Result, quote};

/// What becomes of a row whose key another row has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnConflict {
    /// Nothing is inserted at all.
    #[default]
    Abort,
    /// The row that is there stays.
    Skip,
    /// The row that is there goes.
    Replace,
}

impl FromStr for OnConflict {
    type Err = Error;

    fn from_str(word: &str) -> Result<OnConflict> {
        match word {
            "abort" => Ok(OnConflict::Abort),
            "skip" => Ok(OnConflict::Skip),
            "replace" => Ok(OnConflict::Replace),
            _ => Err(Error::usage(format!(
                "--on-conflict takes abort, skip or replace, not {}",
                quote(word)
            ))),
        }
    }
}

/// What became of a row.
#[derive(Debug)]
pub enum Inserted {
    /// It is in the table now.
    Yes,
    /// It was there, equal.
    Present,
    /// It is in the table, in the place of a row that differed.
    Replaced,
    /// A row with its key is there, and differs.
    Conflict(String),
}

/// Inserts rows into one table.
pub struct Insert<'d> {
    database: &'d Database,
    table: &'d Table,
    /// One for each set of columns that came.
    forms: Vec<Form<'d>>,
}

impl Database {
    /// Readies a table for rows.
    ///
    /// # Errors
    /// It is no ordinary table.
    pub fn insert<'d>(&'d self, table: &'d Table) -> Insert<'d> {
        Insert { database: self, table, forms: Vec::new() }
    }
}

impl Insert<'_> {
    /// Inserts a row, reads it back, and compares.
    ///
    /// # Errors
    /// A constraint other than a key's refuses it, or it reads back otherwise.
    pub fn row(
        &mut self,
        row: &NewRow<'_>,
        on_conflict: OnConflict,
    ) -> Result<Inserted> {
        let same = |f: &Form<'_>| {
            f.columns == row.columns && f.with_rowid == row.rowid.is_some()
        };
        let at = match self.forms.iter().rposition(same) {
            Some(at) => at,
            None => {
                let form = Form::new(self.database, self.table, row)?;
                self.forms.push(form);
                self.forms.len() - 1
            }
        };
        let form = &mut self.forms[at];
        let Some(conflict) = form.insert(row)? else {
            return form.compare(row).map(|()| Inserted::Yes);
        };
        if form.is_there(row)? {
            return Ok(Inserted::Present);
        }
        match on_conflict {
            OnConflict::Replace => {
                form.replace(row)?;
                form.compare(row).map(|()| Inserted::Replaced)
            }
            _ => Ok(Inserted::Conflict(conflict)),
        }
    }
}
