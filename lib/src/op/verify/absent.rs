//! The proof that no archive holds a key.
//!
//! Each value of the column is decoded before it is compared: how a text was
//! spelled, with escapes or without, does not count, nor how a number or a time
//! is written. It is the same comparison by which rt-cat finds rows and
//! rt-rewrite erases them.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::finding::{Finding, Place, Severity};
use crate::error::{Error, Result, counted, quote};
use crate::record::Predicate;

/// `--absent COL=V`.
#[derive(Clone, Debug)]
pub struct Key(Predicate);

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Key> {
        match Predicate::parse(text) {
            Ok(condition) if condition.is_equality() => Ok(Key(condition)),
            _ => Err(Error::usage(format!(
                "--absent takes COLUMN=VALUE, not {}",
                quote(text)
            ))),
        }
    }
}

/// Who is looked for, and where it was found.
pub(super) struct Absent<'k> {
    key: &'k Key,
    /// Some record has the column.
    known: AtomicBool,
    found: Mutex<BTreeMap<(String, Option<String>), Finding>>,
}

impl<'k> Absent<'k> {
    pub(super) fn new(key: &'k Key) -> Absent<'k> {
        let known = AtomicBool::new(false);
        Absent { key, known, found: Mutex::default() }
    }

    /// Looks at a record.
    pub(super) fn see(&self, place: &Place<'_>, record: &[u8]) {
        // What is no record is a finding by itself.
        let Ok(Some(held)) = self.key.0.look(record) else { return };
        if !self.known.load(Ordering::Relaxed) {
            self.known.store(true, Ordering::Relaxed);
        }
        if !held {
            return;
        }
        let mut found =
            self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let member = place.member.map(str::to_owned);
        let finding =
            found.entry((place.file.to_owned(), member)).or_insert_with(
                || Finding::new(Severity::Warning, "present", "").at(place),
            );
        *finding.rows.get_or_insert(0) += 1;
    }

    /// Where it was found; and that nothing has the column.
    pub(super) fn findings(self) -> Vec<Finding> {
        let (column, value) = (self.key.0.name(), self.key.0.value());
        let found =
            self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Finding> = found.into_values().collect();
        for finding in &mut found {
            let rows = counted(finding.rows.unwrap_or_default(), "row");
            let key = format!("{column}={value}");
            finding.message = format!("{rows} with {}", quote(&key));
            let hint = "the key is not absent";
            finding.hint = Some(hint.to_owned());
        }
        if !self.known.into_inner() {
            let message =
                format!("no row that was read has a column {}", quote(column));
            let hint = "look whether it is spelled as the table has it";
            let found_none =
                Finding::new(Severity::Warning, "column", message);
            found.push(found_none.hint(hint));
        }
        found
    }
}
