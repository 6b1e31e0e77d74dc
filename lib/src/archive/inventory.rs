//! What the files of a tree are, by the ledger, and when their rows were
//! archived.
//!
//! It is the larger part of what a ledger says, and most programs of a night
//! never ask. So it is kept apart from [`State`](super::State): each event
//! that is done gives an [`Effect`], and those wait until somebody asks.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ages::Archived;
use super::change::Change;
use super::effect::Effect;
use super::event::Segment;
use super::file_state::{FileState, state_of};
use super::member::Member;
use super::open::Open;
use super::shipments::{Shipments, object_name};
use super::times::Times;
use crate::error::Result;

/// What the files of a tree are.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Inventory {
    files: BTreeMap<String, FileState>,
    archived: Archived,
    /// The times of a file's rows before a segment that is not settled, by its
    /// id.
    before: BTreeMap<String, Times>,
    /// What files were before lines of them were erased, by file and digest.
    #[serde(default)]
    erased: BTreeMap<String, BTreeMap<String, FileState>>,
    #[serde(default)]
    shipments: Shipments,
}

impl Inventory {
    /// What a file is; `None` for one the ledger does not know, or knows to
    /// be gone.
    pub fn file(&self, file: &str) -> Option<&FileState> {
        self.files.get(file)
    }

    /// All files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileState)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// The times of a file's rows before a segment that is not settled.
    pub(super) fn before(&self, id: &str) -> Option<&Times> {
        self.before.get(id)
    }

    /// What a file with this digest held, where that is what it was before
    /// lines were erased out of it: it was put back since.
    pub fn before_erasure(
        &self,
        file: &str,
        sha256: &str,
    ) -> Option<&FileState> {
        let now = self.files.get(file).map(|f| f.sha256.as_str());
        let forms = self.erased.get(file).filter(|_| now != Some(sha256));
        forms.and_then(|forms| forms.get(sha256))
    }

    /// The files out of which lines were erased.
    pub fn shortened(&self) -> impl Iterator<Item = &str> {
        self.erased.keys().map(String::as_str)
    }

    /// The objects of remotes that are what the files are now.
    pub fn objects(&self) -> BTreeSet<String> {
        let object =
            |(file, f): (&str, &FileState)| object_name(file, &f.sha256);
        self.files().map(object).collect()
    }

    /// What of them is at which remote.
    pub fn shipments(&self) -> &Shipments {
        &self.shipments
    }

    /// When the latest rows of a member of a file were archived.
    pub fn archived(&self, file: &str, member: &Member) -> Option<Timestamp> {
        self.archived.of(file, member)
    }

    /// Takes in what an event makes of the files.
    pub(super) fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::Published(segment, at) => {
                self.archived.published(segment, *at);
                let before = self.published(segment);
                self.before.insert(segment.id.clone(), before);
            }
            Effect::Settled(open) => {
                let before = self.before.remove(&open.segment.id);
                self.retracted(open, before.unwrap_or_default());
            }
            Effect::Changed(change) => {
                self.shipments.changed(change);
                self.changed(change);
            }
            Effect::Ship(ship) => self.shipments.begun(ship),
            Effect::Shipped(shipped) => self.shipments.shipped(shipped),
            Effect::Withdraw(names) => self.shipments.withdrawing(names),
            Effect::Withdrawn(names) => self.shipments.withdrawn(names),
            Effect::Adopted(adopt, at) => {
                let mut adopt = adopt.clone();
                self.archived.adopted(&mut adopt, *at);
                let file = state_of(&adopt.named, adopt.members);
                self.files.insert(adopt.named.file, file);
            }
        }
    }

    /// A published segment's file is what its intent said. Gives the times of
    /// the file's rows before.
    fn published(&mut self, segment: &Segment) -> Times {
        let day = segment.file.split('/').nth(1).map(str::to_owned);
        let file =
            self.files.entry(segment.file.clone()).or_insert_with(|| {
                FileState {
                    size_bytes: 0,
                    sha256: String::new(),
                    members: vec![Member {
                        name: segment
                            .file
                            .strip_prefix("warm/")
                            .unwrap_or(&segment.file)
                            .to_owned(),
                        table: Some(segment.table.clone()),
                        database: segment.database.clone(),
                        day,
                        ..Member::default()
                    }],
                    text_size_bytes: Some(0),
                }
            });
        file.size_bytes = segment.offset_bytes + segment.size_bytes;
        file.sha256.clone_from(&segment.file_sha256);
        file.text_size_bytes =
            file.text_size_bytes.map(|t| t + segment.text_size_bytes);
        if let [member] = &mut file.members[..] {
            member.size_bytes = file.size_bytes;
            member.sha256.clone_from(&file.sha256);
            member.rows += segment.rows;
            return member.widen(&segment.oldest, &segment.newest);
        }
        Times::default()
    }

    /// A settled segment's file is what its last retraction made of it.
    fn retracted(&mut self, open: &Open, before: Times) {
        let (Some(retract), false) = (&open.retract, open.segment.adopted)
        else {
            return;
        };
        let name = &open.segment.file;
        let Some(sha256) = &retract.file_sha256 else {
            self.files.remove(name);
            return;
        };
        if let Some(file) = self.files.get_mut(name) {
            file.size_bytes = open.segment.offset_bytes + retract.size_bytes;
            file.sha256.clone_from(sha256);
            file.text_size_bytes = file.text_size_bytes.map(|text| {
                text.saturating_sub(open.segment.text_size_bytes)
                    + retract.text_size_bytes
            });
            if let [member] = &mut file.members[..] {
                member.size_bytes = file.size_bytes;
                member.sha256.clone_from(sha256);
                let out = open.segment.rows.saturating_sub(retract.rows);
                member.rows = member.rows.saturating_sub(out);
                if retract.oldest.is_some() || retract.rows == 0 {
                    member.date(before.with(&retract.oldest, &retract.newest));
                }
            }
        }
    }

    /// A change is done: the file is what it was to be, others are gone.
    fn changed(&mut self, change: &Change) {
        // A file that had come back is, by the ledger, what it was made then.
        if change.again {
            return;
        }
        if !change.erases.is_empty()
            && let Some(before) = self.files.get(&change.file)
        {
            let forms = self.erased.entry(change.file.clone()).or_default();
            forms.insert(before.sha256.clone(), before.clone());
        }
        for removed in &change.removes {
            self.files.remove(&removed.file);
        }
        match &change.after {
            Some(after) => {
                let file = state_of(after, change.members.clone());
                self.files.insert(after.file.clone(), file);
            }
            None => {
                self.files.remove(&change.file);
            }
        }
    }
}

/// An inventory that is read when somebody asks for it; until then effects
/// wait.
#[derive(Debug, Default)]
pub(super) struct Late {
    known: OnceCell<Inventory>,
    waiting: Vec<Effect>,
}

impl Late {
    /// The one of an empty ledger, which is known.
    pub fn empty() -> Late {
        let known = OnceCell::from(Inventory::default());
        Late { known, waiting: Vec::new() }
    }

    pub fn take(&mut self, effect: Effect) {
        match self.known.get_mut() {
            Some(inventory) => inventory.take(&effect),
            None => self.waiting.push(effect),
        }
    }

    /// It, with all effects so far; `read` gives it as it was before them.
    pub fn get(
        &self,
        read: impl FnOnce() -> Result<Inventory>,
    ) -> Result<&Inventory> {
        if let Some(inventory) = self.known.get() {
            return Ok(inventory);
        }
        let mut inventory = read()?;
        self.waiting.iter().for_each(|effect| inventory.take(effect));
        Ok(self.known.get_or_init(|| inventory))
    }

    /// It, where nothing waits to be read.
    pub fn into_known(self) -> Option<Inventory> {
        self.known.into_inner()
    }
}
