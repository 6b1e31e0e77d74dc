//! What reads and deletes the rows of segments that are settled together.

use super::find::Look;
use super::line::{archived_form, columns_now};
use super::subject::Subject;
use crate::db::{Database, ProvenRow, RowAccess, RowAddress, Table};
use crate::error::{Error, Result};
use crate::io::digest::keyed_digest;

/// Reads rows as a segment's records have them; none when columns are gone,
/// and no row can be equal.
pub fn access<'d>(
    database: &'d Database,
    table: &Table,
    subject: &Subject,
) -> Result<Option<RowAccess<'d>>> {
    let segment = subject.segment.segment();
    match columns_now(segment, table) {
        Some((columns, extras)) => {
            let form = archived_form(segment, table, &columns)?;
            database.row_access(table, form, &extras).map(Some)
        }
        None => Ok(None),
    }
}

/// Access to the rows of each segment: one for all whose archived form is the
/// same.
#[derive(Default)]
pub struct Accesses<'d> {
    all: Vec<RowAccess<'d>>,
    /// By segment; none where columns are gone, or the table was altered.
    which: Vec<Option<usize>>,
}

impl<'d> Accesses<'d> {
    pub fn new(
        database: &'d Database,
        table: &Table,
        subjects: &[Subject],
    ) -> Result<Accesses<'d>> {
        let mut out = Accesses { all: Vec::new(), which: Vec::new() };
        let mut known = Vec::new();
        for subject in subjects {
            let it = subject.segment.segment();
            let form = columns_now(it, table).map(|columns| {
                let secrets = (it.secrets_version, it.secrets_all);
                (columns, &it.redacted, secrets)
            });
            let Some(form) = form else {
                out.which.push(None);
                continue;
            };
            let which = match known.iter().position(|f| *f == form) {
                Some(which) => which,
                None => {
                    known.push(form);
                    out.all.extend(access(database, table, subject)?);
                    known.len() - 1
                }
            };
            out.which.push(Some(which));
        }
        Ok(out)
    }

    /// From now on no row is what any line says: the table was altered.
    pub fn close(&mut self) {
        self.which.clear();
    }

    /// That of a segment; none where columns are gone.
    pub fn of(&mut self, segment: usize) -> Option<&mut RowAccess<'d>> {
        let which = self.which.get(segment).copied().flatten();
        which.and_then(|i| self.all.get_mut(i))
    }

    /// That of a row that was proven.
    pub fn of_row(&mut self, row: &ProvenRow) -> Result<&mut RowAccess<'d>> {
        self.of(row.segment).ok_or_else(|| {
            Error::failed("a row was proven without its columns")
        })
    }

    /// What stands now where a row was proven: `Equal` if it is that row
    /// still.
    pub fn look_again(&mut self, row: &ProvenRow) -> Result<Look<()>> {
        let mut now = Vec::new();
        let found = self.of_row(row)?.at(&row.address, &mut now)?;
        Ok(match found {
            None => Look::Missing,
            Some(found)
                if found.comparable && keyed_digest(&now) == row.digest =>
            {
                Look::Equal(())
            }
            Some(_) => Look::Differs,
        })
    }

    /// Whether a row of a segment stands at an address.
    pub fn is_there(
        &mut self,
        segment: usize,
        address: &RowAddress,
    ) -> Result<bool> {
        match self.of(segment) {
            Some(access) => access.there(address),
            None => Ok(false),
        }
    }
}
