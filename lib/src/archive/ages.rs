//! When rows were archived, and how long the policy kept them, by the ledger.
//!
//! A table's day has one time of archiving, whatever files it is in: that of
//! its latest rows. A retention that was promised when rows were stored only
//! ever grows; a shorter one holds once rows have expired by it. Ledgers of
//! older programs do not tell of retentions: there it is not known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::event::{Adopt, Segment};
use super::member::Member;
use super::pairs;
use crate::settings::policy::Period;
use crate::time;

/// When rows were archived: by table in lower case, and the day or else the
/// file.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Archived(
    #[serde(with = "pairs")] BTreeMap<(String, String), Timestamp>,
);

impl Archived {
    /// When the latest rows of a member of a file were archived.
    pub fn of(&self, file: &str, member: &Member) -> Option<Timestamp> {
        let known = key(file, member).and_then(|k| self.0.get(&k));
        let own = member.archived_at.as_deref();
        let own = own.and_then(|text| time::parse(text.as_bytes()));
        known.copied().max(own)
    }

    /// A segment is in its file.
    pub fn published(&mut self, segment: &Segment, at: Option<Timestamp>) {
        let said = segment.archived_at.as_deref();
        let said = said.and_then(|text| time::parse(text.as_bytes()));
        let day = segment.file.split('/').nth(1).unwrap_or(&segment.file);
        let key = (segment.table.to_ascii_lowercase(), day.to_owned());
        self.note(key, said.or(at));
    }

    /// A file is taken in.
    pub fn adopted(&mut self, adopt: &mut Adopt, at: Option<Timestamp>) {
        for member in &mut adopt.members {
            let said = member.archived_at.take();
            let said = said.and_then(|text| time::parse(text.as_bytes()));
            if let Some(key) = key(&adopt.named.file, member) {
                self.note(key, said.or(at));
            }
        }
    }

    fn note(&mut self, key: (String, String), at: Option<Timestamp>) {
        let Some(at) = at else { return };
        let latest = self.0.entry(key).or_insert(at);
        *latest = at.max(*latest);
    }
}

/// How long rows were kept by what was last gone by: by table in lower case,
/// and whether it is about whole files.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Retentions(
    #[serde(with = "pairs")] BTreeMap<(String, bool), Period>,
);

impl Retentions {
    pub fn of(&self, table: &str, whole: bool) -> Option<&Period> {
        self.0.get(&(table.to_ascii_lowercase(), whole))
    }

    /// A segment is about to be stored.
    pub fn stored(&mut self, segment: &Segment) {
        // Programs that did not say it kept whole files without end.
        let kept = segment.array.then_some("forever");
        let period = segment.retention.as_deref().or(kept).map(Period::parse);
        let Some(Ok(period)) = period else { return };
        let key = (segment.table.to_ascii_lowercase(), segment.array);
        let known = self.0.get(&key);
        if known.is_none_or(|known| period.is_longer_than(known)) {
            self.0.insert(key, period);
        }
    }

    /// A change is done: by these retentions rows have expired.
    pub fn changed(&mut self, change: &Change) {
        let whole = is_whole(&change.file);
        for (table, period) in &change.retention {
            if let Ok(period) = Period::parse(period) {
                self.0.insert((table.to_ascii_lowercase(), whole), period);
            }
        }
    }
}

/// Whether a file of the tree holds all rows of a run, and is of no tier.
pub fn is_whole(file: &str) -> bool {
    !file.starts_with("warm/") && !file.starts_with("cold/")
}

fn key(file: &str, member: &Member) -> Option<(String, String)> {
    let table = member.table.as_ref()?.to_ascii_lowercase();
    let day = member.day.as_deref().unwrap_or(file);
    Some((table, day.to_owned()))
}
