//! The parts of a stream: rows of one day that were archived together, which
//! are of one segment, and rows of which no archive says anything.
//!
//! A side database notes each part that was imported by the digest of its
//! text. Where one comes that has the day and the time of one that is there, it
//! is inserted on trial: is it the same, its rows are taken back, and what was
//! wrong with them does not count.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::result::Imported;
use crate::archive::StoredSegments;
use crate::db::{Database, ImportedPart};
use crate::error::{Error, Result};
use crate::io::digest::hex;
use crate::time::{Day, rfc3339};

/// What a side database has of a table.
pub(super) struct Known {
    parts: Vec<ImportedPart>,
    segments: StoredSegments,
    table: String,
    now: Timestamp,
}

/// A part under way.
pub(super) struct Part {
    archived_at: Option<String>,
    day: Option<Day>,
    hash: Sha256,
    rows: u64,
    /// It may be there already; the counts before it.
    trial: Option<Imported>,
    /// What was wrong with a row of it.
    pub refused: Option<Error>,
}

impl Known {
    pub fn read(
        database: &Database,
        table: &str,
        segments: StoredSegments,
        now: Timestamp,
    ) -> Result<Known> {
        database.make_imports()?;
        let parts = database.imports(table)?;
        Ok(Known { parts, segments, table: table.to_owned(), now })
    }

    /// The day that parts of what was archived at this time are told apart
    /// by: a file with all rows of a run has one part.
    pub fn day(&self, archived_at: &str, day: Option<Day>) -> Option<Day> {
        let of = self.segments.of(archived_at, day);
        day.filter(|_| of.iter().any(|s| s.file.starts_with("warm/")))
    }

    /// Begins a part.
    pub fn begin(
        &self,
        database: &Database,
        (archived_at, day): (Option<String>, Option<Day>),
        so_far: &Imported,
    ) -> Result<Part> {
        let name = day.map(|day| day.to_string());
        let may_be_there = self
            .parts
            .iter()
            .any(|(at, d, _)| *at == archived_at && *d == name);
        let mut trial = None;
        if may_be_there {
            database.begin_part()?;
            trial = Some(so_far.clone());
        }
        let (hash, refused) = (Sha256::new(), None);
        Ok(Part { archived_at, day, hash, rows: 0, trial, refused })
    }

    /// Ends a part: it is noted, or taken back if it was there already.
    pub fn end(
        &self,
        database: &Database,
        part: Part,
        counts: &mut Imported,
    ) -> Result<()> {
        let sha256 = hex(&part.hash.finalize());
        let is_there = part.trial.is_some()
            && self.parts.iter().any(|(_, _, known)| *known == sha256);
        if part.trial.is_some() {
            database.end_part(is_there)?;
        }
        if let (true, Some(before)) = (is_there, part.trial) {
            let skipped = counts.skipped + part.rows;
            *counts = Imported { skipped, ..before };
            return Ok(());
        }
        if let Some(error) = part.refused {
            return Err(error);
        }
        let of = match &part.archived_at {
            Some(at) => self.segments.of(at, part.day),
            None => Vec::new(),
        };
        let ids: Vec<&str> = of.iter().map(|s| s.id.as_str()).collect();
        let (day, now) = (part.day.map(|d| d.to_string()), rfc3339(self.now));
        let ids = Some(ids.join(" ")).filter(|ids| !ids.is_empty());
        let columns = [
            Some(&self.table[..]),
            part.archived_at.as_deref(),
            day.as_deref(),
            Some(&sha256),
            of.first().map(|s| s.file.as_str()),
            ids.as_deref(),
            Some(&now),
        ];
        database.note_import(columns, part.rows)?;
        counts.segments += 1;
        Ok(())
    }
}

impl Part {
    /// Whether a row is of it.
    pub fn is(&self, archived_at: Option<&str>, day: Option<Day>) -> bool {
        self.archived_at.as_deref() == archived_at && self.day == day
    }

    /// Takes in a line; says whether its row is still to be inserted.
    pub fn add(&mut self, line: &[u8]) -> bool {
        self.hash.update(line);
        self.hash.update(b"\n");
        self.rows += 1;
        self.refused.is_none()
    }

    /// Keeps why a row was refused until the part has ended, if it may be
    /// there already.
    pub fn refuse(&mut self, error: Error) -> Result<()> {
        match self.trial {
            Some(_) => self.refused = Some(error),
            None => return Err(error),
        }
        Ok(())
    }
}
