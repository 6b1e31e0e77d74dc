//! The proof that no archive holds a key.
//!
//! Each value of the column is decoded before it is compared: how a text was
//! spelled, with escapes or without, does not count, nor whether a number was
//! stored as one or as a text.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::finding::{Finding, Place, Severity};
use crate::error::{Error, Result, counted, quote};
use crate::record::Fields;
use crate::value::Owned;

/// `--absent COL=V`.
#[derive(Clone, Debug)]
pub struct Key {
    column: String,
    value: String,
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Key> {
        match text.split_once('=') {
            Some((column, value)) if !column.is_empty() => {
                Ok(Key { column: column.to_owned(), value: value.to_owned() })
            }
            _ => Err(Error::usage(format!(
                "--absent takes COLUMN=VALUE, not {}",
                quote(text)
            ))),
        }
    }
}

impl Key {
    /// Whether a value is the one that is looked for.
    fn is(&self, value: &Owned) -> bool {
        let number = || self.value.parse::<f64>().ok();
        match value {
            Owned::Null => false,
            Owned::Text(bytes) | Owned::Blob(bytes) => {
                *bytes == self.value.as_bytes()
            }
            Owned::Integer(i) => self.value.parse() == Ok(*i),
            Owned::Real(r) => number() == Some(*r),
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
        let Ok(Some(value)) = Fields::find(record, &self.key.column) else {
            return;
        };
        if !self.known.load(Ordering::Relaxed) {
            self.known.store(true, Ordering::Relaxed);
        }
        if !self.key.is(&value) {
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
        let Key { column, value } = self.key;
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
