//! One file, written anew.

use std::cell::Cell;

use super::look::{goes, time_of};
use super::options::Options;
use super::record::Rewritten;
use crate::archive::{
    Archive, Change, Erasure, Inventory, Origin, Ready, Shorter, Source,
};
use crate::error::{Error, Notes, Result, counted, quote};
use crate::upkeep::Item;

/// A file out of which rows are to be erased.
pub(super) struct Rewrite<'r> {
    pub options: &'r Options,
    pub origin: &'r Origin,
    /// What dates the rows.
    pub time: Option<Source>,
    pub shorter: Shorter,
}

impl Item for Rewrite<'_> {
    type Step = Rewritten;

    fn room_bytes(&self, _: &Inventory) -> u64 {
        // The texts that are written anew stand beside the new file.
        self.shorter.before.size_bytes.saturating_mul(2)
    }

    fn prepare(
        &mut self,
        work: &mut Archive,
        _: &mut Rewritten,
        _: &mut dyn Notes,
    ) -> Result<Option<Ready>> {
        let known = Cell::new(false);
        let goes = |row: &[u8]| goes(self.options, &known, row);
        let time = |row: &[u8]| time_of(self.time.as_ref(), row);
        let erasure =
            Erasure { origin: self.origin, goes: &goes, time: &time };
        let draft = work.draft_without(&self.shorter, erasure)?;
        let Shorter { file, before, again, erases, proven } = &self.shorter;
        let sha256 = draft.as_ref().map(|d| d.after.sha256.as_str());
        if *again && !self.is_known(work.files()?, sha256) {
            return Err(Error::disagree(format!(
                "{} was put back from before an erasure, and would not become \
                 what the ledger says",
                quote(file)
            ))
            .hint(
                "other rows were changed since: put it back from a backup \
                 that is as new as the ledger, or run rt-verify --repair",
            ));
        }
        let change = Change::of(file, Some(before.named(file)))?;
        let selector = self.options.selector(&change.id, self.origin);
        let change = Change {
            after: draft.as_ref().map(|d| d.after.clone()),
            members: draft
                .as_ref()
                .map(|d| d.members.clone())
                .unwrap_or_default(),
            erases: erases.clone(),
            selector_sha256: Some(selector),
            reason: self.options.reason.clone(),
            again: *again,
            ..change
        };
        Ok(Some(Ready { change, draft, proven: Some(*proven) }))
    }

    fn done(self, record: &mut Rewritten, notes: &mut dyn Notes) {
        notes.verbose(&format!(
            "{}: {} erased",
            quote(&self.shorter.file),
            counted(self.shorter.rows(), "row")
        ));
        "erased".clone_into(&mut record.status);
        record.count([&self.shorter]);
    }
}

impl Rewrite<'_> {
    /// Whether a file that came back becomes what the ledger says, or what a
    /// later erasure began with.
    fn is_known(&self, files: &Inventory, sha256: Option<&str>) -> bool {
        let file = &self.shorter.file;
        let known = files.file(file).map(|known| known.sha256.as_str());
        let later = |sha256| files.before_erasure(file, sha256).is_some();
        known == sha256 || sha256.is_some_and(later)
    }
}
