//! Of rows that were archived more than once under one key, the newest.
//!
//! The archives are read twice. First each key is noted, with which of its
//! rows is the newest so far; then all rows are written but those that were
//! seen to be older. Rows are known again by digests and not by their place:
//! files may move between the two readings.

use std::collections::HashMap;

use super::choose::Chooser;
use super::options::Options;
use crate::archive::Ledger;
use crate::archive::{Origin, StoredSegments, Tree};
use crate::db::table_of;
use crate::error::{Error, Result, quote};
use crate::io::digest::keyed_digest;
use crate::record::{ARCHIVED_AT, Fields};
use crate::time;
use crate::value::{Owned, Value};

/// Keys are in so many maps, each of which grows by itself: a map is copied
/// when it grows, and the copy of a part is small.
const PARTS: usize = 64;

/// The columns of the key, by the schema that was kept with the rows that were
/// stored last.
pub(super) fn key_columns(
    options: &Options,
    origin: &Origin,
) -> Result<Vec<String>> {
    let root = options.settings.archives();
    let table = quote(&options.table);
    let segments = StoredSegments::read(&root, origin)?;
    let Some(segment) = segments.newest_with(&[]) else {
        return Err(Error::usage(format!(
            "the ledger does not say what the key of {table} is"
        ))
        .hint("only of rows that rt-store has stored --latest can be told"));
    };
    let ledger = Ledger::open(&root, options.settings.now()?, false)?;
    let schema = Tree::new(&root)
        .kept_schema(ledger.files()?, segment)
        .map_err(|e| e.hint("put it back from a backup"))?;
    let found = table_of(&schema, &segment.table)?;
    let key = found.key_columns();
    if key.is_empty() {
        return Err(Error::usage(format!(
            "{table} has no key: nothing tells which of its rows are the same"
        ))
        .hint("leave --latest out"));
    }
    Ok(key.into_iter().map(|c| found.columns[c].name.clone()).collect())
}

/// A row: its key, and when it was archived.
struct Row {
    key: u128,
    at: i64,
}

/// The row of a record; none where a part of the key is not there.
fn row(columns: &[String], line: &[u8]) -> Option<Row> {
    let (mut fields, mut at) = (Fields::new(line), i64::MIN);
    let mut values = vec![Owned::Null; columns.len()];
    while let Some(field) = fields.next().ok()? {
        if let Some(i) = columns.iter().position(|c| field.key.names(c)) {
            values[i] = field.value.to_owned().ok()?;
        } else if field.key.is(ARCHIVED_AT)
            && let Owned::Text(text) = field.value.to_owned().ok()?
        {
            at = time::parse(&text).map_or(at, |t| t.as_microsecond());
        }
    }
    let mut key = Vec::new();
    for value in &values {
        let integer;
        let real;
        let (class, bytes): (u8, &[u8]) = match value.borrow() {
            Value::Null => return None,
            Value::Integer(n) => {
                integer = n.to_le_bytes();
                (1, &integer)
            }
            Value::Real(n) => {
                real = n.to_bits().to_le_bytes();
                (2, &real)
            }
            Value::Text(text) => (3, text),
            Value::Blob(bytes) => (4, bytes),
        };
        key.push(class);
        key.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        key.extend_from_slice(bytes);
    }
    Some(Row { key: keyed_digest(&key), at })
}

/// Half of a line's digest; with that of its key it is known again.
fn line_digest(line: &[u8]) -> u64 {
    (keyed_digest(line) >> 64) as u64
}

/// By what a line of a key is known again.
fn mark(key: u128, line: u64) -> u128 {
    key.wrapping_add(u128::from(line))
}

/// The part in which something stands.
fn part(digest: u128) -> usize {
    (digest >> 64) as usize % PARTS
}

/// What was seen in the first reading.
#[derive(Debug)]
pub(super) struct Seen {
    columns: Vec<String>,
    /// By key when its newest row was archived, and its line.
    newest: Vec<HashMap<u128, (i64, u64)>>,
    older: Vec<HashMap<u128, u32>>,
}

impl Seen {
    pub(super) fn new(columns: Vec<String>) -> Seen {
        let newest = vec![HashMap::new(); PARTS];
        let older = vec![HashMap::new(); PARTS];
        Seen { columns, newest, older }
    }

    /// Notes the rows of whole lines.
    pub(super) fn note(&mut self, lines: &[u8]) {
        for line in each(lines) {
            let Some(Row { key, at }) = row(&self.columns, line) else {
                continue;
            };
            let new = (at, line_digest(line));
            let newest = &mut self.newest[part(key)];
            let Some(old) = newest.insert(key, new) else { continue };
            let older = match at >= old.0 {
                true => old,
                false => {
                    newest.insert(key, old);
                    new
                }
            };
            let mark = mark(key, older.1);
            *self.older[part(mark)].entry(mark).or_default() += 1;
        }
    }

    /// What is to be left out in the second reading; `last` says what else
    /// must hold of the rows, and how they are written.
    pub(super) fn older(self, last: Chooser) -> Older {
        Older { columns: self.columns, older: self.older, last }
    }
}

/// Rows that are older than another one of their key.
#[derive(Debug)]
pub(super) struct Older {
    columns: Vec<String>,
    /// How many lines of a mark are still to come.
    older: Vec<HashMap<u128, u32>>,
    last: Chooser,
}

impl Older {
    /// Gives those of whole lines that are meant, and how many they are.
    pub(super) fn pass(&mut self, lines: &[u8]) -> (Vec<u8>, u64) {
        let mut newest = Vec::with_capacity(lines.len());
        for line in each(lines) {
            if !self.is_older(line) {
                newest.extend_from_slice(line);
                newest.push(b'\n');
            }
        }
        let mut out = Vec::new();
        let met = self.last.choose(&newest, false, &mut out);
        (out, met.rows)
    }

    fn is_older(&mut self, line: &[u8]) -> bool {
        let Some(Row { key, .. }) = row(&self.columns, line) else {
            return false;
        };
        let mark = mark(key, line_digest(line));
        let left = self.older[part(mark)].get_mut(&mark);
        let Some(left) = left.filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }
}

fn each(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', lines).map(move |end| {
        let line = &lines[start..end];
        start = end + 1;
        line
    })
}
