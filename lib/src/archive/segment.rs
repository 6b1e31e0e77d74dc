//! A published segment, read back.
//!
//! Invariants. A segment is compared with rows only after its file, the
//! folders above it and the ledger were fsynced ([`DurableSegment`]), and
//! after its bytes were found to be those that the ledger names
//! ([`VerifiedSegment`]). Both remember the file that was looked at: another
//! one under its name is refused.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::event::{Compression, Segment};
use super::names::Tree;
use super::open::Open;
use super::owner::{Archive, not_as_said};
use crate::error::{Error, Exit, Result, quoted};
use crate::io::digest::Hashing;
use crate::io::durable::{self, FileId};
use crate::io::gz;
use crate::io::line_room::LineRoom;
use crate::io::tree_path::TreePath;
use crate::record::BRACKETS;

/// The text of one member is at most this long, unless one line is longer.
pub const BLOCK_BYTES: usize = 1 << 20;

/// What the file of a segment that is not settled holds of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentState {
    /// All lines, as it was published.
    Stored,
    /// The lines that its last retraction left.
    Retracted,
}

impl Archive {
    /// What the file of a published segment holds of it; where lines were
    /// taken out of it, that is durable when this returns.
    ///
    /// # Errors
    /// Status 5 when the file is in neither form.
    pub fn segment_state(&self, open: &Open) -> Result<SegmentState> {
        let path = self.tree.path(&open.segment.file)?;
        let Some(retract) = &open.retract else {
            return Ok(SegmentState::Stored);
        };
        if retract.file_sha256.is_none() && durable::is_gone(&path)? {
            // The folder may have gone with it, and then so has its name.
            self.sync_nearest(&path)?;
            return Ok(SegmentState::Retracted);
        }
        if retract.lines.is_empty() {
            return Ok(SegmentState::Stored);
        }
        let (text, state) = SegmentText::open(&path, open)?;
        if state == SegmentState::Retracted {
            self.sync_file(&open.segment.file)?;
            text.check()?;
        }
        Ok(state)
    }

    /// fsyncs the files of segments in their stored form, the folders above
    /// them up to the tree's root, and the ledger, whoever wrote them. Of the
    /// tables of one run, which share the days, the first one flushes a folder,
    /// and the ledger.
    pub fn make_durable(
        &mut self,
        segments: Vec<Open>,
    ) -> Result<Vec<DurableSegment>> {
        let path = |open: &Open| self.tree.path(&open.segment.file);
        let mut paths: Vec<TreePath> =
            segments.iter().map(path).collect::<Result<_>>()?;
        self.sync_contents(&mut paths)?;
        let folders: BTreeSet<TreePath> =
            paths.iter().map(TreePath::folder).collect();
        let new: Vec<TreePath> =
            folders.difference(&self.durable_folders).cloned().collect();
        // What this run appends to the ledger later, it flushes.
        if !new.is_empty() {
            self.sync_up(new.iter().cloned())?;
            self.ledger.sync()?;
            self.durable_folders.extend(new);
        }
        segments
            .into_iter()
            .map(|open| {
                let path = self.tree.path(&open.segment.file)?;
                Ok(DurableSegment { open, path })
            })
            .collect()
    }
}

impl Tree {
    /// A segment as it is now, for a dry run: nothing is made durable, and
    /// nothing may be deleted on its strength.
    pub fn look_at(&self, open: &Open) -> Result<VerifiedSegment> {
        let path = self.path(&open.segment.file)?;
        DurableSegment { open: open.clone(), path }.verify()
    }
}

/// A segment whose file, folders and ledger entry are durable.
#[derive(Debug)]
pub struct DurableSegment {
    open: Open,
    path: TreePath,
}

impl DurableSegment {
    /// What the ledger says of it.
    pub fn open(&self) -> &Open {
        &self.open
    }

    /// Reads the segment's bytes back: they are what the ledger says was
    /// stored.
    ///
    /// # Errors
    /// Status 5 when they are not.
    pub fn verify(self) -> Result<VerifiedSegment> {
        let stored = Open { retract: None, ..self.open.clone() };
        let (text, _) = SegmentText::open(&self.path, &stored)?;
        text.check()?;
        let file = text.id;
        Ok(VerifiedSegment { open: self.open, path: self.path, file })
    }
}

/// A segment whose bytes are those that the ledger names.
#[derive(Clone, Debug)]
pub struct VerifiedSegment {
    open: Open,
    path: TreePath,
    /// The file that was read back.
    file: FileId,
}

impl VerifiedSegment {
    /// What the ledger says of it.
    pub fn open(&self) -> &Open {
        &self.open
    }

    /// What its intent says.
    pub fn segment(&self) -> &Segment {
        &self.open.segment
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.open.segment.id
    }

    /// Its file.
    pub fn path(&self) -> &TreePath {
        &self.path
    }

    /// Whether the name still stands for the file that was read back.
    pub fn check_file(&self) -> Result<()> {
        match FileId::at(&self.path) {
            Ok(id) if id == self.file => Ok(()),
            _ => Err(not_as_said(
                &self.path,
                "changed while its rows were being deleted",
            )),
        }
    }

    /// Reads it: `each` gets pieces of whole lines, in order.
    pub fn read(
        &self,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.text()?.read(&mut |piece| each(piece))
    }

    /// The text in the file that was read back.
    pub(super) fn text(&self) -> Result<SegmentText> {
        let stored = Open { retract: None, ..self.open.clone() };
        let (text, _) = SegmentText::open(&self.path, &stored)?;
        match text.id == self.file {
            true => Ok(text),
            false => Err(not_as_said(&self.path, "was changed meanwhile")),
        }
    }
}

/// A segment in its file.
#[derive(Debug)]
pub(super) struct SegmentText {
    file: File,
    path: TreePath,
    id: FileId,
    /// What it is in the form that the file has.
    is: Arc<Segment>,
}

impl SegmentText {
    /// Opens a segment in the form that its file has.
    ///
    /// # Errors
    /// Status 5 when the file is in neither form, by length.
    pub(super) fn open(
        path: &TreePath,
        open: &Open,
    ) -> Result<(SegmentText, SegmentState)> {
        let is = open.segment.clone();
        let file = durable::open_if_there(path)?
            .ok_or_else(|| not_as_said(path, "is missing"))?;
        let id = FileId::of(&file, path)?;
        let stored = id.size_bytes == is.offset_bytes + is.size_bytes;
        let mut text = SegmentText { file, path: path.to_owned(), id, is };
        if let Some(retract) = &open.retract
            && id.size_bytes == open.segment.offset_bytes + retract.size_bytes
        {
            let is = Arc::make_mut(&mut text.is);
            is.size_bytes = retract.size_bytes;
            is.sha256.clone_from(&retract.sha256);
            is.rows = retract.rows;
            if !stored || text.holds()? {
                return Ok((text, SegmentState::Retracted));
            }
            text.is = open.segment.clone();
        }
        match stored {
            true => Ok((text, SegmentState::Stored)),
            false => Err(not_as_said(path, "is not what the ledger says")),
        }
    }

    fn holds(&self) -> Result<bool> {
        let fail = |e| Error::io("read", &self.path, e);
        let mut segment = self.input().map_err(fail)?;
        let mut input = Hashing::new(&mut segment);
        io::copy(&mut input, &mut io::sink()).map_err(fail)?;
        Ok(input.sha256() == self.is.sha256)
    }

    fn input(&self) -> io::Result<io::Take<File>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(self.is.offset_bytes))?;
        Ok(file.take(self.is.size_bytes))
    }

    /// Whether the bytes are what the ledger says.
    fn check(&self) -> Result<()> {
        match self.holds()? {
            true => Ok(()),
            false => Err(not_as_said(&self.path, "is not what was stored")),
        }
    }

    /// Reads the segment: `each` gets pieces of whole lines, in order, and may
    /// keep one and leave any other buffer in its place.
    ///
    /// # Errors
    /// Status 5 when the bytes or the number of lines are not what the ledger
    /// says.
    pub(super) fn read(
        &self,
        each: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let fail = |e| Error::io("read", &self.path, e);
        let mut segment = self.input().map_err(fail)?;
        let mut input = Hashing::new(&mut segment);
        let mut lines = 0;
        let mut take = |piece: &mut Vec<u8>| -> Result<()> {
            lines += memchr::memchr_iter(b'\n', piece).count() as u64;
            each(piece)
        };
        if self.is.size_bytes > 0 {
            let plain = self.is.compression == Compression::None;
            let name = quoted(&self.path);
            let text = Text { name: &name, plain, is_known: true, threads: 0 };
            whole_lines(&mut input, text, &mut take).map_err(as_damage)?;
        }
        // What follows the last member is part of the digest too.
        io::copy(&mut input, &mut io::sink()).map_err(fail)?;
        if self.is.array {
            lines = lines.saturating_sub(BRACKETS);
        }
        // Bytes that are what was stored hold the text that was stored.
        if input.sha256() != self.is.sha256 || lines != self.is.rows {
            return Err(not_as_said(&self.path, "is not what was stored"));
        }
        Ok(())
    }
}

/// Bad data inside a published file is a disagreement with the ledger.
pub(super) fn as_damage(error: Error) -> Error {
    match error.exit() {
        Exit::Data => error.with_exit(Exit::Disagree),
        _ => error,
    }
}

/// A text that is to be read line by line.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    /// What messages call it.
    pub name: &'t str,
    /// It has no gzip of its own.
    pub plain: bool,
    /// The ledger names it: a line may be as long as a row can be.
    pub is_known: bool,
    /// On how many threads members are opened; none is the caller's.
    pub threads: usize,
}

/// Reads gzip members, or plain text, to the end: `take` gets pieces of whole
/// lines, and may swap the buffer; what it leaves in it is ignored. A line over
/// several pieces is put together; what stands behind the last newline comes
/// last.
///
/// # Errors
/// Status 4 for what is no whole gzip, and for a line that is too long.
pub(super) fn whole_lines(
    input: &mut dyn Read,
    text: Text<'_>,
    take: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    let name = text.name;
    let (mut input, room) = LineRoom::of(input, text.is_known);
    let fits = &|length| room.check(length, name);
    if text.plain {
        let mut next = |out: &mut Vec<u8>| -> Result<bool> {
            out.resize(1 << 18, 0);
            let n = durable::read_full(&mut input, out).map_err(|e| {
                Error::stream(&format!("cannot read {name}"), e)
            })?;
            out.truncate(n);
            Ok(n > 0)
        };
        return cut_at_lines(&mut next, fits, take);
    }
    let mut reader = gz::Reader::parallel(input, name, text.threads);
    cut_at_lines(&mut |out| reader.next_block(out), fits, take)
}

/// Cuts the pieces that `next` gives at line ends, if a line that has come to
/// some length `fits`.
fn cut_at_lines(
    next: &mut dyn FnMut(&mut Vec<u8>) -> Result<bool>,
    fits: &dyn Fn(usize) -> Result<()>,
    take: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    let mut piece = Vec::new();
    let mut rest: Vec<u8> = Vec::new();
    while next(&mut piece)? {
        match memchr::memrchr(b'\n', &piece) {
            None => {
                rest.extend_from_slice(&piece);
                fits(rest.len())?;
            }
            Some(end) if rest.is_empty() => {
                rest.extend_from_slice(&piece[end + 1..]);
                piece.truncate(end + 1);
                take(&mut piece)?;
            }
            Some(end) => {
                rest.extend_from_slice(&piece[..=end]);
                take(&mut rest)?;
                rest.clear();
                rest.extend_from_slice(&piece[end + 1..]);
            }
        }
    }
    if rest.is_empty() { Ok(()) } else { take(&mut rest) }
}
