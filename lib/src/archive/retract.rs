//! Lines taken out of a segment: the file is written anew without them.
//!
//! # Which write is durable before which
//!
//! 1. the new file under a temporary name; fsync;
//! 2. ledger: `retract` says which lines go and what the file will be; fsync;
//! 3. rename, or unlink where nothing is left; fsync the folder.
//!
//! A crash before 2 leaves a temporary file. Between 2 and 3 the file is as it
//! was: whoever comes decides anew, and the last `retract` counts. After 3 it
//! is done.

use super::draft::Draft;
use super::event::{Counts, Event, Retract, Segment};
use super::owner::{Archive, not_as_said};
use super::rewriter::{LineTime, Rewriter, TextForm};
use super::segment::{SegmentText, VerifiedSegment};
use crate::crash;
use crate::db::Flushed;
use crate::error::Result;
use crate::io::tree_path::TreePath;
use crate::io::{durable, space};
use crate::line_set::LineSet;
use crate::record::records;
use crate::time::rfc3339;

impl Archive {
    /// Takes `lines` out of a segment, of which no rewrite was done. None are
    /// to be taken out: an earlier intent to do so is withdrawn.
    pub fn retract(
        &mut self,
        segment: &VerifiedSegment,
        lines: &LineSet,
        counts: Counts,
        time: LineTime<'_>,
        flushed: Flushed,
    ) -> Result<()> {
        if lines.is_empty() {
            return match segment.open().retract {
                Some(_) => self.withdraw(segment.segment(), counts, flushed),
                None => Ok(()),
            };
        }
        let (path, stored) = (segment.path(), segment.segment());
        let mut draft = draft(stored, path)?;
        write_without(&segment.text()?, stored, lines, time, &mut draft)?;
        let sums = draft.finish()?;
        let goes = stored.offset_bytes + sums.size_bytes == 0;
        crash::point("retract.drafted");
        segment.check_file()?;
        self.append(&[Event::Retract(Retract {
            id: stored.id.clone(),
            lines: lines.clone(),
            size_bytes: sums.size_bytes,
            sha256: sums.sha256,
            file_sha256: (!goes).then_some(sums.file_sha256),
            rows: sums.rows,
            text_size_bytes: sums.text_size_bytes,
            text_sha256: sums.text_sha256,
            oldest: sums.range.map(|(least, _)| rfc3339(least)),
            newest: sums.range.map(|(_, greatest)| rfc3339(greatest)),
            counts,
        })])?;
        crash::point("retract.written");
        let folder = path.folder();
        self.durable_folders.remove(&folder);
        match goes {
            true => {
                drop(draft);
                durable::remove_if_there(path)?;
            }
            false => draft.replace(path)?,
        }
        crash::point("retract.renamed");
        durable::sync_folder(&folder)?;
        self.drop_empty_folder(&folder)
    }

    /// Says that no line goes after all: the file stays as it was stored.
    pub fn withdraw(
        &mut self,
        stored: &Segment,
        counts: Counts,
        _flushed: Flushed,
    ) -> Result<()> {
        self.append(&[Event::Retract(Retract {
            id: stored.id.clone(),
            lines: LineSet::default(),
            size_bytes: stored.size_bytes,
            sha256: stored.sha256.clone(),
            file_sha256: Some(stored.file_sha256.clone()),
            rows: stored.rows,
            text_size_bytes: stored.text_size_bytes,
            text_sha256: stored.text_sha256.clone(),
            oldest: stored.oldest.clone(),
            newest: stored.newest.clone(),
            counts,
        })])?;
        crash::point("retract.written");
        Ok(())
    }

    /// Removes a day folder that has become empty.
    fn drop_empty_folder(&self, folder: &TreePath) -> Result<()> {
        let warm = self.tree.top().join("warm");
        match folder.folder() == warm && durable::remove_if_empty(folder)? {
            true => durable::sync_folder(&warm),
            false => Ok(()),
        }
    }
}

/// The beginning of the new file: what stood before the segment.
fn draft(segment: &Segment, path: &TreePath) -> Result<Draft> {
    let folder = path.folder();
    let file = durable::open_read(path)?;
    // The new file stands beside the old one for a while.
    space::need(&folder, segment.offset_bytes + segment.size_bytes)?;
    let draft =
        Draft::begin(&folder, Some((file, path)), segment.offset_bytes)?;
    let before = segment.before_sha256.as_deref();
    if segment.offset_bytes > 0 && draft.before_sha256() != before {
        return Err(not_as_said(path, "is not what the ledger says"));
    }
    Ok(draft)
}

/// Writes the segment without `lines` behind the draft's beginning.
fn write_without(
    text: &SegmentText,
    segment: &Segment,
    lines: &LineSet,
    time: LineTime<'_>,
    draft: &mut Draft,
) -> Result<()> {
    let form = TextForm {
        compression: segment.compression,
        level: segment.level,
        array: segment.array,
    };
    let (mut line, mut rewriter) = (0, Rewriter::new(draft, form, time));
    text.read(&mut |piece| {
        for record in records(piece) {
            line += 1;
            if !lines.contains(line - 1) {
                rewriter.keep(record)?;
            }
        }
        Ok(())
    })?;
    rewriter.end()
}
