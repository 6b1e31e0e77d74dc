//! What reads and deletes the rows of a group of segments, and what a row is
//! now against what it was when it was compared.

use super::keyed::remover;
use super::proof::{columns_now, fingerprint};
use super::settle::{Subject, Target};
use super::spool::Proven;
use crate::db::{Database, RowAccess};
use crate::error::{Error, Result};

/// What became of a row, before it is known that the batch was committed.
pub(super) enum Fate {
    Deleted,
    Changed,
    Missing,
    Referenced,
}

/// Which segment of the group a spooled row belongs to.
pub(super) fn segment(row: &Proven) -> usize {
    (row.segment >> 1) as usize
}

/// What a row is now that somebody else has committed.
pub(super) fn still(
    remover: &mut RowAccess<'_>,
    proven: &Proven,
) -> Result<Fate> {
    let mut row = Vec::new();
    Ok(match remover.at(&proven.place, &mut row)? {
        None => Fate::Missing,
        Some(found)
            if found.comparable && fingerprint(&row) == proven.fingerprint =>
        {
            Fate::Deleted
        }
        Some(_) => Fate::Changed,
    })
}

/// What reads and deletes the rows of each segment: one remover for all whose
/// archived form is the same.
pub(super) struct Removers<'d> {
    all: Vec<RowAccess<'d>>,
    /// By segment.
    which: Vec<Option<usize>>,
}

impl<'d> Removers<'d> {
    pub fn new(
        database: &'d Database,
        target: &Target<'_>,
        group: &[Subject],
    ) -> Result<Removers<'d>> {
        let mut out = Removers { all: Vec::new(), which: Vec::new() };
        let mut known = Vec::new();
        for subject in group {
            let it = &subject.open.segment;
            let columns = columns_now(it, target.table);
            let has = columns.is_some();
            let secrets = (it.secrets_version, it.secrets_all);
            let form = columns.map(|c| (c, &it.redacted, secrets));
            let found = known.iter().position(|f| *f == form);
            if found.is_none() {
                known.push(form);
                out.all.extend(remover(database, target, subject)?);
            }
            let which = found.unwrap_or(known.len() - 1);
            let before = known[..which].iter().flatten().count();
            out.which.push(has.then_some(before));
        }
        Ok(out)
    }

    /// The rows of a batch that are not any more what they were.
    pub fn differing(
        &mut self,
        batch: &[Proven],
    ) -> Result<Vec<(usize, Fate)>> {
        let mut out = Vec::new();
        for (place, proven) in batch.iter().enumerate() {
            match still(self.of(proven)?, proven)? {
                Fate::Deleted => {}
                fate => out.push((place, fate)),
            }
        }
        Ok(out)
    }

    pub fn have_triggers(&self) -> bool {
        self.all.iter().any(RowAccess::has_triggers)
    }

    /// The first row of a batch that was deleted and is there again: a trigger
    /// put it back, perhaps that of another row.
    pub fn back_again(
        &mut self,
        batch: &[Proven],
        fates: &[Fate],
    ) -> Result<Option<usize>> {
        if !self.have_triggers() {
            return Ok(None);
        }
        for (place, (row, fate)) in batch.iter().zip(fates).enumerate() {
            if matches!(fate, Fate::Deleted)
                && self.of(row)?.there(&row.place)?
            {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    pub fn of(&mut self, row: &Proven) -> Result<&mut RowAccess<'d>> {
        let which = self.which.get(segment(row)).copied().flatten();
        which.and_then(|i| self.all.get_mut(i)).ok_or_else(|| {
            Error::failed("a row was proven without its columns")
        })
    }
}
