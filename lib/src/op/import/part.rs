//! The parts of a stream: rows of one day that were archived together, which
//! are of one segment, and rows of which no archive says anything.
//!
//! A side database notes each part that was imported by the digest of its
//! text. Where one comes that has the day and the time of one that is there, it
//! is inserted on trial: is it the same, its rows are taken back, and what was
//! wrong with them does not count.

use jiff::Timestamp;

use super::batch::Of;
use super::result::Imported;
use crate::archive::StoredSegments;
use crate::db::{Database, ImportedPart};
use crate::error::{Error, Result};
use crate::time::rfc3339;

/// What a side database has of a table.
pub(super) struct Known<'s> {
    parts: Vec<ImportedPart>,
    segments: &'s StoredSegments,
    table: String,
    now: Timestamp,
}

/// A part under way.
pub(super) struct Part {
    of: Of,
    /// It may be there already; the counts before it.
    trial: Option<Imported>,
    /// What was wrong with a row of it.
    pub refused: Option<Error>,
}

impl<'s> Known<'s> {
    pub fn read(
        database: &Database,
        table: &str,
        segments: &'s StoredSegments,
        now: Timestamp,
    ) -> Result<Known<'s>> {
        database.make_imports()?;
        let parts = database.imports(table)?;
        Ok(Known { parts, segments, table: table.to_owned(), now })
    }

    /// Begins a part.
    pub fn begin(
        &self,
        database: &Database,
        of: Of,
        so_far: &Imported,
    ) -> Result<Part> {
        let name = of.1.map(|day| day.to_string());
        let may_be_there =
            self.parts.iter().any(|(at, d, _)| *at == of.0 && *d == name);
        let mut trial = None;
        if may_be_there {
            database.begin_part()?;
            trial = Some(so_far.clone());
        }
        Ok(Part { of, trial, refused: None })
    }

    /// Ends a part, the digest and number of whose lines these are: it is
    /// noted, or taken back if it was there already.
    pub fn end(
        &self,
        database: &Database,
        part: Part,
        (sha256, rows): (&str, u64),
        counts: &mut Imported,
    ) -> Result<()> {
        let is_there = part.trial.is_some()
            && self.parts.iter().any(|(_, _, known)| known == sha256);
        if part.trial.is_some() {
            database.end_part(is_there)?;
        }
        if let (true, Some(before)) = (is_there, part.trial) {
            let skipped = counts.skipped + rows;
            *counts = Imported { skipped, ..before };
            return Ok(());
        }
        if let Some(error) = part.refused {
            return Err(error);
        }
        let (archived_at, day) = &part.of;
        let of = match archived_at {
            Some(at) => self.segments.of(at, *day),
            None => Vec::new(),
        };
        let ids: Vec<&str> = of.iter().map(|s| s.id.as_str()).collect();
        let (day, now) = (day.map(|d| d.to_string()), rfc3339(self.now));
        let ids = Some(ids.join(" ")).filter(|ids| !ids.is_empty());
        let columns = [
            Some(&self.table[..]),
            archived_at.as_deref(),
            day.as_deref(),
            Some(sha256),
            of.first().map(|s| s.file.as_str()),
            ids.as_deref(),
            Some(&now),
        ];
        database.note_import(columns, rows)?;
        counts.segments += 1;
        Ok(())
    }
}

impl Part {
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
