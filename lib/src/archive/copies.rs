//! Second copies: lines whose record stands in the archives once more.
//!
//! Invariants. A line is called a second copy only if the same record, all of
//! it but when it was archived, was read from a line that stays: an earlier
//! line of the segment, or one whose row was found and deleted; a segment before it in the
//! day's file; or the month's tar. File and tar are durable, and have the
//! digests that the ledger names. Only segments of rows with keys are asked
//! about: of rows without key, equal ones are different rows.

use std::fs::File;
use std::io::Read;

use super::event::Compression;
use super::names::month_file;
use super::open::Open;
use super::owner::{Archive, not_as_said};
use super::segment::{Text, VerifiedSegment, as_damage, whole_lines};
use crate::error::{Result, quoted};
use crate::io::digest::{Hashing, file_sha256, keyed_digest};
use crate::io::durable;
use crate::io::tar::read_tar;
use crate::io::tree_path::TreePath;
use crate::line_set::LineSet;
use crate::record::{ARCHIVED_AT_MARK, records};
use crate::time::Day;

/// So many lines are looked for in one pass: 24 bytes each in memory.
const LINES_A_PASS: usize = 500_000;

/// The digest of a record but for when it was archived, under the key of this
/// process.
pub fn record_digest(record: &[u8]) -> u128 {
    let end = memchr::memmem::rfind(record, ARCHIVED_AT_MARK);
    keyed_digest(&record[..end.unwrap_or(record.len())])
}

/// Lines that are looked for, by the digest of their record.
#[derive(Default)]
struct Sought {
    lines: Vec<(u128, u64)>,
    /// Lines whose record was seen to stand elsewhere.
    copies: LineSet,
}

impl Sought {
    /// Marks the lines with this record, but for `line` itself and, where
    /// `only_later` is set, those before it.
    fn see(&mut self, record: &[u8], line: Option<u64>, only_later: bool) {
        let digest = record_digest(record);
        let first = self.lines.partition_point(|(d, _)| *d < digest);
        for (other, copy) in &self.lines[first..] {
            if *other != digest {
                break;
            }
            let stands = match line {
                Some(line) if only_later => line < *copy,
                Some(line) => line != *copy,
                None => true,
            };
            if stands {
                self.copies.add(*copy);
            }
        }
    }
}

impl Archive {
    /// Whether rows of a segment may be in the archives already: they were
    /// put back, as a hold says, or by hand, and then their times lie among
    /// those that the day's file had before. An ordinary run adds later rows
    /// to a day, and reads nothing of it.
    ///
    /// # Errors
    /// Status 5 when the ledger is read again for it and does not hold.
    pub fn may_repeat(&self, open: &Open) -> Result<bool> {
        let segment = &open.segment;
        if segment.keyless_rows > 0 || segment.adopted || segment.array {
            return Ok(false);
        }
        let day = segment.file.split('/').nth(1);
        let day = day.and_then(|day| day.parse::<Day>().ok());
        let holds = self.state().holds();
        if day.is_some_and(|day| holds.put_back(&segment.origin(), day)) {
            return Ok(true);
        }
        let before = self.files()?.before(&segment.id);
        Ok(before.is_some_and(|before| {
            before.overlap(&segment.oldest, &segment.newest)
        }))
    }

    /// Those of `lines` whose record stands in the archives once more. Of the
    /// segment itself, lines of `going` count for nothing; those of `stand`
    /// count for every other line, the rest for later ones.
    ///
    /// # Errors
    /// Status 5 when the file or the tar is not what the ledger says.
    pub fn second_copies(
        &self,
        segment: &VerifiedSegment,
        lines: &LineSet,
        (going, stand): (&LineSet, &LineSet),
    ) -> Result<LineSet> {
        let mut copies = LineSet::default();
        let mut left = lines.iter().peekable();
        while left.peek().is_some() {
            let part: LineSet = left.by_ref().take(LINES_A_PASS).collect();
            copies.union(&self.copies_of(segment, &part, (going, stand))?);
        }
        Ok(copies)
    }

    fn copies_of(
        &self,
        segment: &VerifiedSegment,
        lines: &LineSet,
        (going, stand): (&LineSet, &LineSet),
    ) -> Result<LineSet> {
        let mut sought = Sought::default();
        let mut line = 0;
        segment.read(&mut |piece| {
            for record in records(piece) {
                if lines.contains(line) {
                    sought.lines.push((record_digest(record), line));
                }
                line += 1;
            }
            Ok(())
        })?;
        sought.lines.sort_unstable();
        let mut line = 0;
        segment.read(&mut |piece| {
            for record in records(piece) {
                if !going.contains(line) {
                    sought.see(record, Some(line), !stand.contains(line));
                }
                line += 1;
            }
            Ok(())
        })?;
        self.see_file(segment, &mut sought)?;
        self.see_month(segment, &mut sought)?;
        Ok(sought.copies)
    }

    /// Looks through what stands before the segment in its file.
    fn see_file(
        &self,
        segment: &VerifiedSegment,
        sought: &mut Sought,
    ) -> Result<()> {
        let stored = segment.segment();
        let Some(before) = &stored.before_sha256 else { return Ok(()) };
        let path = segment.path();
        let mut file = durable::open_read(path)?.take(stored.offset_bytes);
        let mut input = Hashing::new(&mut file);
        let plain = stored.compression == Compression::None;
        see_records(&mut input, path, plain, sought)?;
        match input.sha256() == *before {
            true => segment.check_file(),
            false => Err(not_as_said(path, "is not what the ledger says")),
        }
    }

    /// Looks through the table's day in the month's tar.
    fn see_month(
        &self,
        segment: &VerifiedSegment,
        sought: &mut Sought,
    ) -> Result<()> {
        let stored = segment.segment();
        let mut parts = stored.file.split('/');
        let (Some("warm"), Some(Ok(day))) =
            (parts.next(), parts.next().map(str::parse::<Day>))
        else {
            return Ok(());
        };
        let month = month_file(day);
        let Some(known) = self.files()?.file(&month) else { return Ok(()) };
        let day = day.to_string();
        let origin = stored.origin();
        let same = |name: &str| {
            known.members.iter().any(|member| {
                member.name == name
                    && member.day.as_ref() == Some(&day)
                    && member.is_of(&origin)
            })
        };
        if !known.members.iter().any(|member| same(&member.name)) {
            return Ok(());
        }
        self.sync_file(&month)?;
        let path = self.tree.path(&month)?;
        if file_sha256(durable::open_read(&path)?, &path)? != known.sha256 {
            return Err(not_as_said(&path, "is not what the ledger says"));
        }
        let tar: File = durable::open_read(&path)?;
        read_tar(tar, path.path(), &mut |name, _, contents| match same(name) {
            true => see_records(contents, &path, false, sought),
            false => Ok(()),
        })
    }
}

/// Marks the lines whose records `input` holds.
fn see_records(
    input: &mut dyn Read,
    path: &TreePath,
    plain: bool,
    sought: &mut Sought,
) -> Result<()> {
    let name = &quoted(path);
    let text = Text { name, plain, is_known: true, threads: 0 };
    whole_lines(input, text, &mut |piece| {
        for record in records(piece) {
            sought.see(record, None, false);
        }
        Ok(())
    })
    .map_err(as_damage)
}
