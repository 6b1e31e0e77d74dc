//! Which lines are written: all of them as they stand in the archives, or
//! those that are meant.

use memchr::memmem;

use super::range::Range;
use crate::error::Error;
use crate::record::{Fault, Fields, Predicate};

/// Chooses among lines. It depends on nothing but the line.
#[derive(Debug)]
pub(super) struct Chooser {
    pub range: Range,
    /// What else must hold, all of it.
    pub conditions: Vec<Predicate>,
    /// Without the keys that are no columns.
    pub strip: bool,
}

impl Chooser {
    /// Whether every line is meant, as it is.
    pub(super) fn takes_all(&self) -> bool {
        self.range.is_all() && self.conditions.is_empty() && !self.strip
    }

    /// Appends those of some whole lines to `out` that are meant. With `check`
    /// each line must be a record.
    pub(super) fn choose(
        &self,
        lines: &[u8],
        check: bool,
        out: &mut Vec<u8>,
    ) -> Met {
        let mut met = Met::default();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            let line = &lines[start..end];
            start = end + 1;
            met.lines += 1;
            match self.verdict(line, check) {
                Ok(Some(true)) => {
                    met.rows += 1;
                    match self.strip {
                        true => append_stripped(line, out),
                        false => out.extend_from_slice(line),
                    }
                    out.push(b'\n');
                }
                Ok(Some(false)) => {}
                Ok(None) => met.undated += 1,
                Err(fault) => {
                    met.bad += 1;
                    met.first.get_or_insert((met.lines, fault.to_string()));
                }
            }
        }
        met
    }

    /// Whether a line is meant; nothing where its time cannot be read.
    fn verdict(
        &self,
        line: &[u8],
        check: bool,
    ) -> Result<Option<bool>, Fault> {
        if check {
            Fields::check(line)?;
        }
        if !self.range.is_all() {
            match self.range.time(line)? {
                None => return Ok(None),
                Some(at) if !self.range.means(at) => return Ok(Some(false)),
                Some(_) => {}
            }
        }
        for condition in &self.conditions {
            if !condition.holds(line)? {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }
}

/// Appends a record without the keys behind its columns. Between quotes that
/// are not escaped a comma, and such a key, stand nowhere else.
fn append_stripped(line: &[u8], out: &mut Vec<u8>) {
    let keys: [&[u8]; 3] =
        [b",\"_archived_at\":", b",\"_time\":", b",\"_rowid\":"];
    let found = keys.into_iter().filter_map(|key| memmem::rfind(line, key));
    match found.min() {
        None => out.extend_from_slice(line),
        Some(end) => {
            out.extend_from_slice(&line[..end]);
            out.push(b'}');
        }
    }
}

/// What was met on the way.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Lines that were looked at.
    pub lines: u64,
    /// Rows that are meant.
    pub rows: u64,
    /// Lines whose time cannot be read, left out.
    pub undated: u64,
    /// Lines that are no records, left out, and the first of them.
    bad: u64,
    first: Option<(u64, String)>,
}

impl Met {
    /// Takes in what was met in lines that follow.
    pub(super) fn add(&mut self, later: Met) {
        if let Some((line, fault)) = later.first {
            self.first.get_or_insert((self.lines + line, fault));
        }
        self.lines += later.lines;
        self.rows += later.rows;
        self.undated += later.undated;
        self.bad += later.bad;
    }

    /// Takes in lines that were passed over, or are meant as they are.
    pub(super) fn pass(&mut self, lines: u64) {
        self.lines += lines;
    }

    /// The trouble with the lines, if there was any.
    pub(super) fn trouble(&self) -> Option<Error> {
        let (line, fault) = self.first.as_ref()?;
        let more = match self.bad - 1 {
            0 => String::new(),
            n => format!(", and {n} more are bad"),
        };
        Some(Error::data(format!("line {line} is no record: {fault}{more}")))
    }
}
