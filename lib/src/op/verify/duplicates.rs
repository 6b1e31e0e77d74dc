//! Rows that are archived more than once: the same record, all of it but when
//! it was archived, of the same table. Rows without a usable key carry their
//! `_rowid`, by which equal ones are told apart.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::finding::{Finding, Place, Severity};
use crate::archive::record_digest;
use crate::error::{counted, quote};
use crate::io::digest::keyed_digest;

/// So many sets, by the digest, that threads seldom wait for each other.
const SETS: usize = 64;

type Group = (String, Option<String>, Option<String>);

/// The digests of the records so far.
pub(super) struct Duplicates {
    sets: Vec<Mutex<HashSet<u128>>>,
    /// By table, database and day.
    found: Mutex<BTreeMap<Group, u64>>,
}

impl Duplicates {
    pub(super) fn new() -> Duplicates {
        let sets = (0..SETS).map(|_| Mutex::default()).collect();
        Duplicates { sets, found: Mutex::default() }
    }

    /// Looks at a record.
    pub(super) fn see(&self, place: &Place<'_>, record: &[u8]) {
        let table = place.table.unwrap_or(place.file);
        let origin = (table.to_ascii_lowercase(), place.database);
        let whose = format!("{origin:?}");
        let digest = record_digest(record) ^ keyed_digest(whose.as_bytes());
        let set = &self.sets[(digest % SETS as u128) as usize];
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        if set.insert(digest) {
            return;
        }
        drop(set);
        let text = |text: Option<&str>| text.map(str::to_owned);
        let group = (table.to_owned(), text(place.database), text(place.day));
        let mut found =
            self.found.lock().unwrap_or_else(PoisonError::into_inner);
        *found.entry(group).or_default() += 1;
    }

    /// A finding a table and a day.
    pub(super) fn findings(self) -> Vec<Finding> {
        let found =
            self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let finding = |((table, database, day), rows): (Group, u64)| {
            let message = format!(
                "{} of {} in the archives more than once",
                counted(rows, "row"),
                quote(&table)
            );
            let place = Finding::new(Severity::Warning, "duplicates", message)
                .hint(
                    "as after a backup was put back: nothing is lost, and \
                     rt-cat prints each of them",
                )
                .rows(rows);
            Finding { table: Some(table), database, day, ..place }
        };
        found.into_iter().map(finding).collect()
    }
}
