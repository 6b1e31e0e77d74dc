//! A published segment read back, and rewritten without some of its lines.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{channel, sync_channel};

use jiff::Timestamp;

use super::draft::{Block, Draft};
use super::{Archive, not_as_said};
use crate::archive::{Compression, Counts, Event, Open, Retract, Segment};
use crate::crash;
use crate::error::{Error, Exit, Result, quoted};
use crate::io::digest::Hashing;
use crate::io::durable::{self, FileId};
use crate::io::gz;
use crate::line_set::LineSet;
use crate::record::{BRACKETS, Frame, records};
use crate::time::rfc3339;

/// The text of one member is at most this long, unless one line is longer.
pub const BLOCK_BYTES: usize = 1 << 20;

/// A segment of at least so many bytes in its file is worth a thread.
const AHEAD_FROM: u64 = 64 << 10;

/// Which form of a segment a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// As it was published.
    Stored,
    /// As its retraction left it.
    Retracted,
}

/// A segment in its file.
#[derive(Debug)]
pub struct SegmentText {
    file: File,
    path: PathBuf,
    id: FileId,
    offset: u64,
    size: u64,
    sha256: String,
    rows: u64,
    array: bool,
    compression: Compression,
}

impl SegmentText {
    /// Opens a segment in the form that its file has.
    ///
    /// # Errors
    /// Status 5 when the file is in neither form, by length.
    pub fn open(path: &Path, open: &Open) -> Result<(SegmentText, Form)> {
        let segment = &open.segment;
        let file = durable::open_if_there(path)?
            .ok_or_else(|| not_as_said(path, "is missing"))?;
        let id = FileId::of(&file, path)?;
        let stored = segment.offset_bytes + segment.size_bytes;
        let text = SegmentText {
            file,
            path: path.to_owned(),
            id,
            offset: segment.offset_bytes,
            size: segment.size_bytes,
            sha256: segment.sha256.clone(),
            rows: segment.rows,
            array: segment.array,
            compression: segment.compression,
        };
        if let Some(retract) = &open.retract
            && id.size_bytes == segment.offset_bytes + retract.size_bytes
        {
            let retracted = SegmentText {
                size: retract.size_bytes,
                sha256: retract.sha256.clone(),
                rows: retract.rows,
                ..text
            };
            if id.size_bytes != stored || retracted.holds()? {
                return Ok((retracted, Form::Retracted));
            }
            return SegmentText::open(
                path,
                &Open { retract: None, ..open.clone() },
            );
        }
        if id.size_bytes != stored {
            return Err(not_as_said(path, "is not what the ledger says"));
        }
        Ok((text, Form::Stored))
    }

    /// The identity of the file that was opened.
    pub fn id(&self) -> FileId {
        self.id
    }

    fn holds(&self) -> Result<bool> {
        let fail = |e| Error::io("read", &self.path, e);
        let mut segment = self.input().map_err(fail)?;
        let mut input = Hashing::new(&mut segment);
        io::copy(&mut input, &mut io::sink()).map_err(fail)?;
        Ok(input.sha256() == self.sha256)
    }

    fn input(&self) -> io::Result<io::Take<File>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(self.offset))?;
        Ok(file.take(self.size))
    }

    /// Reads the segment: `each` gets pieces of whole lines, in order. What
    /// it got is proven only when this returns without error. A large segment
    /// is read, opened and digested ahead, on another thread.
    ///
    /// # Errors
    /// Status 5 when the bytes or the number of lines are not what the ledger
    /// says.
    pub fn read(
        &self,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        if self.size < AHEAD_FROM {
            return self.read_here(&mut |piece| each(piece));
        }
        std::thread::scope(|scope| {
            let (pieces, come) = sync_channel::<Vec<u8>>(1);
            let (back, spare) = channel::<Vec<u8>>();
            let reader = scope.spawn(move || {
                self.read_here(&mut |piece| {
                    let spare = spare.try_recv().unwrap_or_default();
                    let piece = std::mem::replace(piece, spare);
                    pieces.send(piece).map_err(|_| unwanted())
                })
            });
            let mut done = Ok(());
            for piece in come {
                done = each(&piece);
                if done.is_err() {
                    break;
                }
                // A reader that has ended needs no more buffers.
                if back.send(piece).is_err() {}
            }
            drop(back);
            let read = reader.join().unwrap_or_else(|_| Err(unwanted()));
            done.and(read)
        })
    }

    /// The same on this thread; `each` may keep a piece, and leave any other
    /// buffer in its place.
    fn read_here(
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
        match self.compression {
            Compression::None => {
                let mut next = |out: &mut Vec<u8>| -> Result<bool> {
                    out.resize(1 << 18, 0);
                    let n =
                        durable::read_full(&mut input, out).map_err(fail)?;
                    out.truncate(n);
                    Ok(n > 0)
                };
                whole_lines(&mut next, &mut take)?;
            }
            Compression::Gzip if self.size == 0 => {}
            Compression::Gzip => {
                let name = quoted(&self.path);
                let mut reader = gz::Reader::new(&mut input, name);
                let mut next = |out: &mut Vec<u8>| reader.next_block(out);
                whole_lines(&mut next, &mut take).map_err(as_damage)?;
            }
        }
        // What follows the last member is part of the digest too.
        io::copy(&mut input, &mut io::sink()).map_err(fail)?;
        if self.array {
            lines = lines.saturating_sub(BRACKETS);
        }
        // Bytes that are what was stored hold the text that was stored.
        if input.sha256() != self.sha256 || lines != self.rows {
            return Err(not_as_said(&self.path, "is not what was stored"));
        }
        Ok(())
    }
}

/// What a reader says that nobody listens to any more.
fn unwanted() -> Error {
    Error::failed("a reading thread ended early")
}

/// Bad data inside a published file is a disagreement with the ledger.
fn as_damage(error: Error) -> Error {
    match error.exit() {
        Exit::Data => error.with_exit(Exit::Disagree),
        _ => error,
    }
}

/// Cuts pieces at line ends; a line over several pieces is put together.
/// What `take` leaves in place of a piece is of no account.
fn whole_lines(
    next: &mut dyn FnMut(&mut Vec<u8>) -> Result<bool>,
    take: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    let mut piece = Vec::new();
    let mut rest: Vec<u8> = Vec::new();
    while next(&mut piece)? {
        match memchr::memrchr(b'\n', &piece) {
            None => rest.extend_from_slice(&piece),
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

/// What a rewrite needs to know of a line: when its row was, for the member's
/// header.
pub type LineTime<'t> = &'t dyn Fn(&[u8]) -> Option<Timestamp>;

/// A rewrite of a file whose last segment loses lines.
pub struct Rewrite<'w> {
    /// The work under whose lock it is done.
    pub work: &'w mut Archive,
    /// The segment.
    pub open: Open,
    /// When a line's row was.
    pub time: LineTime<'w>,
}

impl Rewrite<'_> {
    /// Takes `lines` out of the segment: the new file is durable under a
    /// temporary name, then the ledger says what will be, then it is.
    pub fn take_out(mut self, lines: &LineSet, counts: Counts) -> Result<()> {
        let segment = self.open.segment.clone();
        let path = self.work.tree.path(&segment.file)?;
        let (text, form) = SegmentText::open(&path, &self.open)?;
        if form == Form::Retracted {
            return self.finish(&path, None);
        }
        let mut draft = self.draft(&segment, &path)?;
        write_without(&text, &segment, lines, self.time, &mut draft)?;
        let sums = draft.finish()?;
        let gone = segment.offset_bytes + sums.size_bytes == 0;
        let retract = Retract {
            id: segment.id.clone(),
            lines: lines.clone(),
            size_bytes: sums.size_bytes,
            sha256: sums.sha256,
            file_sha256: (!gone).then_some(sums.file_sha256),
            rows: sums.rows,
            text_size_bytes: sums.text_size_bytes,
            text_sha256: sums.text_sha256,
            oldest: sums.range.map(|(least, _)| rfc3339(least)),
            newest: sums.range.map(|(_, greatest)| rfc3339(greatest)),
            counts,
        };
        crash::point("retract.drafted");
        // A retraction that was begun says the same already, unless another
        // version of the compressor wrote it.
        if self.open.retract.as_ref() != Some(&retract) {
            self.work.ledger.append(&[Event::Retract(retract)])?;
        }
        crash::point("retract.written");
        self.finish(&path, (!gone).then_some(draft))
    }

    fn draft(&self, segment: &Segment, path: &Path) -> Result<Draft> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let file = durable::open_read(path)?;
        // The new file stands beside the old one for a while.
        durable::need_space(
            folder,
            segment.offset_bytes + segment.size_bytes,
        )?;
        let draft =
            Draft::begin(folder, Some((file, path)), segment.offset_bytes)?;
        let before = segment.before_sha256.as_deref();
        if segment.offset_bytes > 0 && draft.before_sha256() != before {
            return Err(not_as_said(path, "is not what the ledger says"));
        }
        Ok(draft)
    }

    /// Renames or unlinks, and makes that durable. Without a draft the file
    /// has its form already, or goes.
    fn finish(&mut self, path: &Path, draft: Option<Draft>) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        match draft {
            Some(draft) => draft.replace(path)?,
            None => {
                let goes = self
                    .work
                    .ledger
                    .state()
                    .open(&self.open.segment.id)
                    .and_then(|o| o.retract.as_ref())
                    .is_some_and(|r| r.file_sha256.is_none());
                if goes {
                    durable::remove_if_there(path)?;
                }
            }
        }
        crash::point("retract.renamed");
        durable::sync_folder(folder)?;
        self.work.drop_empty_folder(folder)
    }
}

impl Archive {
    /// Removes a day folder that has become empty.
    pub(super) fn drop_empty_folder(&self, folder: &Path) -> Result<()> {
        let warm = self.tree.root().join("warm");
        if folder.parent() != Some(&warm) {
            return Ok(());
        }
        match std::fs::remove_dir(folder) {
            Ok(()) => durable::sync_folder(&warm),
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound
                ) =>
            {
                Ok(())
            }
            Err(e) => Err(Error::io("remove", folder, e)),
        }
    }
}

/// Writes the segment without `lines` behind the draft's beginning.
fn write_without(
    text: &SegmentText,
    segment: &Segment,
    lines: &LineSet,
    time: LineTime<'_>,
    draft: &mut Draft,
) -> Result<()> {
    let mut encoder = gz::Encoder::new(segment.level);
    let mut member = Vec::new();
    let mut cut = |block: &mut Block, draft: &mut Draft| -> Result<()> {
        draft.count(block);
        if segment.compression == Compression::None {
            draft.write(&block.text)?;
        } else {
            member.clear();
            encoder.member(&block.text, block.microseconds(), &mut member)?;
            draft.write(&member)?;
        }
        block.text.clear();
        (block.lines, block.range) = (0, None);
        Ok(())
    };
    let (mut line, mut block) = (0, Block::default());
    let mut frame = Frame::new(segment.array);
    text.read(&mut |piece| {
        for record in records(piece) {
            line += 1;
            if lines.contains(line - 1) {
                continue;
            }
            block.text.extend_from_slice(frame.between());
            let length = block.text.len() + record.len() + 1;
            if block.lines > 0 && length > BLOCK_BYTES {
                cut(&mut block, draft)?;
            }
            block.text.extend_from_slice(record);
            block.text.extend_from_slice(frame.row());
            match time(record) {
                Some(at) => block.count(at),
                None => block.lines += 1,
            }
        }
        Ok(())
    })?;
    block.text.extend_from_slice(frame.end());
    if !block.text.is_empty() {
        cut(&mut block, draft)?;
    }
    Ok(())
}
