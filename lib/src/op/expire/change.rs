//! What goes, file by file.

use std::collections::BTreeMap;

use crate::archive::{
    Archive, Change, FileState, Inventory, Member, Ready, Tree, not_as_said,
};
use crate::error::{Notes, Result, counted, quote};
use crate::io::digest::is_file;
use crate::io::durable::{self, FileId};
use crate::outcome::Expiry;
use crate::retention::{Ending, Fate, Files, Plan};
use crate::upkeep::Item;

/// What is due of one file.
pub(super) struct Due<'p> {
    pub file: &'p str,
    before: &'p FileState,
    /// What goes.
    pub goes: Vec<&'p Ending>,
    /// It stays at a remote.
    shipped_only: bool,
}

/// What goes by a plan, by file.
pub(super) fn due<'p>(
    plan: &'p Plan,
    files: &'p Files,
    shipped_only: bool,
) -> Vec<Due<'p>> {
    let mut due: Vec<Due> = Vec::new();
    for ending in plan.endings.iter().filter(|e| e.fate == Fate::Goes) {
        match due.last_mut() {
            Some(last) if last.file == ending.file => last.goes.push(ending),
            _ => due.push(Due {
                file: &ending.file,
                before: &files[&ending.file],
                goes: vec![ending],
                shipped_only,
            }),
        }
    }
    due
}

/// A file must be what the ledger says, before anything of it goes. Gives
/// which one was looked at.
pub(super) fn prove(tree: &Tree, due: &Due<'_>) -> Result<FileId> {
    let path = tree.path(due.file)?;
    let file = durable::open_if_there(&path)?
        .ok_or_else(|| not_as_said(&path, "is missing"))?;
    let id = FileId::of(&file, &path)?;
    let known = (due.before.size_bytes, due.before.sha256.as_str());
    match is_file(file, &path, known)? {
        true => Ok(id),
        false => Err(not_as_said(&path, "is not what the ledger says")),
    }
}

impl Due<'_> {
    fn has(&self, member: &Member) -> bool {
        self.goes.iter().any(|e| e.member.name == member.name)
    }

    /// The bytes that this frees: of a file that is written anew, those of the
    /// members that go.
    fn freed_bytes(&self) -> u64 {
        match self.leaves_rows() {
            true => self.goes.iter().map(|e| e.member.size_bytes).sum(),
            false => self.before.size_bytes,
        }
    }

    /// Whether rows are in the file that stay.
    fn leaves_rows(&self) -> bool {
        let stays =
            |m: &Member| !m.name.starts_with("schema/") && !self.has(m);
        self.before.members.iter().any(stays)
    }

    /// Enters it in the record.
    pub fn count(&self, record: &mut Expiry) {
        record.purged_bytes += self.freed_bytes();
        record.purged_files.push(self.file.to_owned());
        for ending in &self.goes {
            record.purged_members += 1;
            ending.count(&mut record.tables);
        }
    }
}

impl Item for Due<'_> {
    type Step = Expiry;

    fn room_bytes(&self, _: &Inventory) -> u64 {
        if self.leaves_rows() { self.before.size_bytes } else { 0 }
    }

    /// The file anew without what is due, or none where nothing but schemas
    /// would be left.
    fn prepare(
        &mut self,
        work: &mut Archive,
        _: &mut Expiry,
        _: &mut dyn Notes,
    ) -> Result<Option<Ready>> {
        let proven = prove(work.tree(), self)?;
        let draft = match self.leaves_rows() {
            false => None,
            true => work.draft_month(
                self.file,
                Some(self.before),
                &|member| !self.has(member),
                Vec::new(),
            )?,
        };
        let retention: BTreeMap<String, String> = self
            .goes
            .iter()
            .map(|e| (e.table.clone(), e.retention.clone()))
            .collect();
        let change = Change {
            after: draft.as_ref().map(|d| d.after.clone()),
            members: draft
                .as_ref()
                .map(|d| d.members.clone())
                .unwrap_or_default(),
            expires: self.goes.iter().map(|e| e.member.clone()).collect(),
            retention,
            shipped: self.shipped_only,
            ..Change::of(self.file, Some(self.before.named(self.file)))?
        };
        Ok(Some(Ready { change, draft, proven: Some(proven) }))
    }

    fn done(self, record: &mut Expiry, notes: &mut dyn Notes) {
        notes.verbose(&format!(
            "{}: {} past retention",
            quote(self.file),
            counted(self.goes.len() as u64, "member")
        ));
        self.count(record);
        "purged".clone_into(&mut record.status);
    }
}
