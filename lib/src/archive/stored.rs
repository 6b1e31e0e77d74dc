//! What rows out of an archive tell of where they come from: by their table,
//! their day and when they were archived, the ledger knows their segment, and
//! with it the schema that they were written in.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use super::event::{Event, Segment};
use super::ledger;
use super::names::Origin;
use crate::error::{Error, Result};
use crate::io::durable;
use crate::time::Day;

/// How a line of the ledger begins that says that a segment is to be stored.
const STORE: &[u8] = b"{\"type\":\"store\",";

/// All segments of a table that were ever stored, in order.
#[derive(Debug, Default)]
pub struct StoredSegments {
    all: Vec<Segment>,
    /// Their places, by when their rows were archived.
    runs: HashMap<String, Vec<usize>>,
}

impl StoredSegments {
    /// Reads them out of the ledger; a tree without one has none. A line that
    /// is no event is passed over: nothing rests on what is found here.
    pub fn read(root: &Path, origin: &Origin) -> Result<StoredSegments> {
        let path = ledger::path(root);
        let mut found = StoredSegments::default();
        let Some(file) = durable::open_if_there(&path)? else {
            return Ok(found);
        };
        let (mut input, mut line) = (BufReader::new(file), Vec::new());
        loop {
            line.clear();
            let n = input
                .read_until(b'\n', &mut line)
                .map_err(|e| Error::io("read", &path, e))?;
            if n == 0 {
                return Ok(found);
            }
            if !line.starts_with(STORE) {
                continue;
            }
            if let Ok(Event::Store(segment)) = serde_json::from_slice(&line)
                && origin.is(&segment.table, segment.database.as_deref())
            {
                found.add(Arc::unwrap_or_clone(segment));
            }
        }
    }

    fn add(&mut self, segment: Segment) {
        if let Some(at) = &segment.archived_at {
            let run = self.runs.entry(at.clone()).or_default();
            run.push(self.all.len());
        }
        self.all.push(segment);
    }

    /// Those whose rows were archived at this time and are of this day; in
    /// a file with all rows of a run they are of any day.
    pub fn of(&self, archived_at: &str, day: Option<Day>) -> Vec<&Segment> {
        let run = self.runs.get(archived_at).map_or(&[][..], Vec::as_slice);
        let run = run.iter().map(|i| &self.all[*i]);
        let mut found: Vec<&Segment> = Vec::new();
        if let Some(day) = day {
            let folder = format!("warm/{day}/");
            found.extend(run.clone().filter(|s| s.file.starts_with(&folder)));
        }
        if found.is_empty() {
            found.extend(run.filter(|s| !s.file.contains('/')));
        }
        found
    }

    /// The segments of which a file was made, in order, also where lines were
    /// taken out of the file again.
    pub fn in_file<'s>(
        &'s self,
        file: &'s str,
    ) -> impl Iterator<Item = &'s Segment> {
        self.all.iter().filter(move |segment| segment.file == file)
    }

    /// The columns of all of them, each once, in the order in which they came.
    pub fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for name in self.all.iter().flat_map(|s| &s.columns) {
            if !columns.iter().any(|c| c.eq_ignore_ascii_case(name)) {
                columns.push(name.clone());
            }
        }
        columns
    }

    /// Whether rows without usable key are in them.
    pub fn has_keyless_rows(&self) -> bool {
        self.all.iter().any(|s| s.keyless_rows > 0)
    }

    /// The newest segment that has all these columns.
    pub fn newest_with(&self, columns: &[String]) -> Option<&Segment> {
        let has = |s: &&Segment| {
            columns.iter().all(|name| {
                s.columns.iter().any(|c| c.eq_ignore_ascii_case(name))
            })
        };
        self.all.iter().rev().find(has)
    }
}
