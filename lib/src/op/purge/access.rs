//! What reads and deletes the rows of segments that are settled together.

use super::line::{ProvenRow, archived_form, columns_now, row_digest};
use super::tally::Verdict;
use super::target::{Subject, Target};
use crate::db::{Database, RowAccess, RowAddress};
use crate::error::{Error, Result};

/// Reads rows as a segment's records have them; none when columns are gone,
/// and no row can be equal.
pub(super) fn access<'d>(
    database: &'d Database,
    target: &Target<'_>,
    subject: &Subject,
) -> Result<Option<RowAccess<'d>>> {
    let segment = subject.segment.segment();
    match columns_now(segment, target.table) {
        Some((columns, extras)) => {
            let form = archived_form(segment, target.table, &columns)?;
            database.row_access(target.table, form, &extras).map(Some)
        }
        None => Ok(None),
    }
}

/// Access to the rows of each segment: one for all whose archived form is the
/// same.
pub(super) struct Accesses<'d> {
    all: Vec<RowAccess<'d>>,
    /// By segment; none where columns are gone.
    which: Vec<Option<usize>>,
}

impl<'d> Accesses<'d> {
    pub fn new(
        database: &'d Database,
        target: &Target<'_>,
        subjects: &[Subject],
    ) -> Result<Accesses<'d>> {
        let mut out = Accesses { all: Vec::new(), which: Vec::new() };
        let mut known = Vec::new();
        for subject in subjects {
            let it = subject.segment.segment();
            let form = columns_now(it, target.table).map(|columns| {
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
                    out.all.extend(access(database, target, subject)?);
                    known.len() - 1
                }
            };
            out.which.push(Some(which));
        }
        Ok(out)
    }

    /// From now on no row is what any line says: the table was altered.
    pub fn close(&mut self) {
        self.which.iter_mut().for_each(|which| *which = None);
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

    /// What a row is now that somebody else may have committed: `Deleted` if
    /// it still is what it was.
    pub fn look_again(&mut self, row: &ProvenRow) -> Result<Verdict> {
        let mut now = Vec::new();
        let found = self.of_row(row)?.at(&row.address, &mut now)?;
        Ok(match found {
            None => Verdict::Missing,
            Some(found)
                if found.comparable && row_digest(&now) == row.digest =>
            {
                Verdict::Deleted
            }
            Some(_) => Verdict::Differs,
        })
    }

    /// The rows of a batch that are not any more what they were, by their
    /// place in it.
    pub fn differing(
        &mut self,
        batch: &[ProvenRow],
    ) -> Result<Vec<(usize, Verdict)>> {
        let mut out = Vec::new();
        for (place, row) in batch.iter().enumerate() {
            match self.look_again(row)? {
                Verdict::Deleted => {}
                verdict => out.push((place, verdict)),
            }
        }
        Ok(out)
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
