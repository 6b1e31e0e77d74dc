//! The files that would be read, in place of their rows.

use super::stream::Cat;
use super::view::View;
use crate::archive::{ArchiveFile, FileTier};
use crate::error::Result;
use crate::io::{durable, jsonl};
use crate::time::Day;

impl Cat<'_> {
    /// Lists the files with all rows of a run; says whether there are any.
    pub(super) fn list_whole(&mut self) -> Result<bool> {
        self.ledger.refresh()?;
        let files = self.whole_files()?;
        let mut lines = Vec::new();
        for file in &files {
            let known = self.ledger.files()?.file(file);
            let rows = known.map(|f| f.members.iter().map(|m| m.rows).sum());
            let size = known.map(|f| f.size_bytes);
            let record = self.record(file, None, (None, rows, size));
            jsonl::append(&mut lines, &record)?;
        }
        self.sink.write(&lines)?;
        Ok(!files.is_empty())
    }

    /// Lists those of a month, in the order of their rows; says whether there
    /// are any.
    pub(super) fn list(&mut self, month: &str) -> Result<bool> {
        let View { warm, tar, troubles, .. } = self.view(month)?;
        for trouble in troubles {
            self.trouble(trouble);
        }
        // What is cold comes first of its day.
        let mut lines: Vec<(Day, bool, Vec<u8>)> = Vec::new();
        for wanted in tar.iter().flat_map(|tar| &tar.wanted) {
            let file = tar.as_ref().map_or("", |tar| tar.name.as_str());
            let known = wanted.known.as_ref();
            let (rows, size) =
                (known.map(|m| m.rows), known.map(|m| m.size_bytes));
            let day = wanted.day.to_string();
            let place = (Some(day.as_str()), rows, size);
            let record = self.record(file, Some(&wanted.name), place);
            lines.push((wanted.day, false, jsonl::line(&record)?));
        }
        for one in &warm {
            let file = &one.file;
            let known = self.ledger.files()?.file(&file.file);
            let rows = known.map(|f| f.members.iter().map(|m| m.rows).sum());
            let size = durable::length(&one.open, &file.path)?;
            let day = file.day.to_string();
            let place = (Some(day.as_str()), rows, Some(size));
            let record = self.record(&file.file, None, place);
            lines.push((file.day, true, jsonl::line(&record)?));
        }
        lines.sort_by_key(|(day, warm, _)| (*day, *warm));
        for (_, _, line) in &lines {
            self.sink.write(line)?;
        }
        Ok(!lines.is_empty())
    }

    fn record<'r>(
        &'r self,
        file: &'r str,
        member: Option<&'r str>,
        (day, rows, size_bytes): (Option<&'r str>, Option<u64>, Option<u64>),
    ) -> ArchiveFile<'r> {
        ArchiveFile {
            file,
            member,
            tier: FileTier::of(file),
            table: &self.origin.table,
            database: self.origin.database.as_deref(),
            day,
            rows,
            size_bytes,
        }
    }
}
