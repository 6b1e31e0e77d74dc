//! What a tar holds, or what a damaged one still holds.
//!
//! The outer gzip is a row of members, each with a CRC-32 of its own. Text of
//! a damaged one is passed on if it has the length that it had: then what
//! stands behind it is where it was, and the files in the tar, which are gzip
//! too, prove for themselves what of them is whole. Where text of unknown
//! length is missing, the file that was being read ends, and the next header
//! of a tar is looked for: read on, it would go over into the next file.
//! A name counts only where the text that it stands in is proven.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use memchr::memmem;

use super::Place;
use super::headers::{BLOCK, Headers, is_header};
use super::index::INDEX;
use crate::error::{Error, Result, quote, quoted};
use crate::io::durable;
use crate::io::gz::{Piece, Pieces};

/// What a header says it is, and where.
const MAGIC: &[u8] = b"ustar";
const MAGIC_AT: usize = 257;
/// What the names in a tar may have together, in bytes, with what is kept
/// beside each: 40,000 of a usual length.
const NAMES: usize = 16 << 20;
const NAME_ROOM: usize = 350;

/// A tar to be walked over.
pub struct Walk<'w, R> {
    /// Its bytes, from the start.
    pub file: R,
    /// For messages.
    pub path: &'w Path,
    /// It was read to its end before, and every CRC-32 held.
    pub whole: bool,
}

/// Gives each file of a tar that can be told, and whether its name is proven.
/// Gives what was wrong, if anything was; a failed read too.
///
/// # Errors
/// Those of `each`; status 4 for what is not accepted, as of
/// [`read_tar`].
pub fn salvage_tar<R: Read>(
    walk: Walk<'_, R>,
    each: &mut dyn FnMut(Entry<'_>, bool) -> Result<()>,
) -> Result<Option<Error>> {
    let path = walk.path;
    let mut text = Torn::new(walk, true);
    loop {
        let unproven = text.unproven.clone();
        let base = text.position();
        let mut last = base;
        let mut archive = ::tar::Archive::new(Headers::new(&mut text));
        let walked = entries(&mut archive, path, usize::MAX, &mut |entry| {
            let proven = unproven.get() <= last;
            let length = entry.size.next_multiple_of(BLOCK as u64);
            last = base + entry.start + length;
            each(entry, proven)
        });
        let walked = walked?;
        let after = match walked {
            None => ends(&mut text),
            Some(error) => Err(error),
        };
        if let Some(failure) = text.failure.take() {
            return Ok(Some(failure));
        }
        if text.damage.is_none() {
            return Ok(match after {
                Ok(true) => None,
                Ok(false) => Some(more_behind(path)),
                Err(error) => Some(no_tar(path, &error)),
            });
        }
        match text.seek_header() {
            Ok(true) => {}
            Ok(false) => return Ok(text.damage),
            Err(failure) => return Ok(Some(failure)),
        }
    }
}

/// Gives the file whose header stands at a place of a tar, and whether its name
/// is proven; another one, or none, where the place is not of this tar. Gives
/// what was wrong, if anything was.
///
/// # Errors
/// As of [`salvage_tar`].
pub fn salvage_at(
    mut walk: Walk<'_, File>,
    place: Place,
    each: &mut dyn FnMut(Entry<'_>, bool) -> Result<()>,
) -> Result<Option<Error>> {
    let path = walk.path;
    let bad = |e| no_tar(path, &e);
    walk.file
        .seek(SeekFrom::Start(place.offset_bytes))
        .map_err(|e| Error::io("read", path, e))?;
    let mut text = Torn::new(walk, true);
    let before = u64::from(place.offset_bytes > 0);
    text.pieces = text.pieces.behind(before, place.offset_bytes);
    let passed = (&mut text).take(place.skip_bytes);
    let passed = io::copy(&mut { passed }, &mut io::sink()).map_err(bad)?;
    if passed != place.skip_bytes {
        return Ok(text.failure.or(text.damage));
    }
    let unproven = text.unproven.clone();
    let mut archive = ::tar::Archive::new(Headers::new(&mut text));
    let walked = entries(&mut archive, path, 1, &mut |entry| {
        let proven = unproven.get() <= passed;
        each(entry, proven)
    })?;
    Ok(text.failure.or(text.damage).or(walked.map(bad)))
}

/// Reads a tar: `each` gets every file in it, with name, size and contents;
/// what it does not read is passed over.
///
/// # Errors
/// Status 4 for what is no tar, is cut short, or names what is outside.
pub fn read_tar(
    file: File,
    path: &Path,
    each: &mut dyn FnMut(&str, u64, &mut dyn Read) -> Result<()>,
) -> Result<()> {
    let bad = |e| no_tar(path, &e);
    let text = Torn::new(Walk { file, path, whole: false }, false);
    let mut archive = ::tar::Archive::new(Headers::new(text));
    if let Some(error) =
        entries(&mut archive, path, usize::MAX, &mut |entry| {
            each(entry.name, entry.size, entry.contents)
        })?
    {
        return Err(bad(error));
    }
    match ends(&mut archive.into_inner()).map_err(bad)? {
        true => Ok(()),
        false => Err(more_behind(path)),
    }
}

fn no_tar(path: &Path, error: &io::Error) -> Error {
    let reason = crate::error::reason(error);
    Error::data(format!("{} is no whole tar: {reason}", quoted(path)))
}

/// A file in a tar.
pub struct Entry<'e> {
    /// Its name, which stays inside.
    pub name: &'e str,
    /// Its length.
    pub size: u64,
    /// What it holds.
    pub contents: &'e mut dyn Read,
    /// Where in the text its contents begin.
    start: u64,
}

/// Gives each file of a tar, up to its end or to where it is no tar; of the
/// first `most` entries at most.
fn entries<R: Read>(
    archive: &mut ::tar::Archive<R>,
    path: &Path,
    most: usize,
    each: &mut dyn FnMut(Entry<'_>) -> Result<()>,
) -> Result<Option<io::Error>> {
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return Ok(Some(error)),
    };
    let mut names = 0;
    for entry in entries.take(most) {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Ok(Some(error)),
        };
        let kind = entry.header().entry_type();
        let bytes = entry.path_bytes().into_owned();
        let name = String::from_utf8(bytes).map_err(|_| {
            Error::data(format!("{}: a name is not UTF-8", quoted(path)))
        })?;
        names += name.len() + NAME_ROOM;
        if names > NAMES {
            let message = format!("{} holds too many names", quoted(path));
            return Err(Error::data(message));
        }
        // What GNU tar calls the folder that it was told to pack.
        let top = matches!(name.as_str(), "." | "./");
        let name = name.trim_start_matches("./").trim_end_matches('/');
        let sound = !name.starts_with('/')
            && name.split('/').all(|p| !matches!(p, "" | "." | ".."));
        if kind.is_dir() && (sound || top) {
            continue;
        }
        if !kind.is_file() || !sound {
            return Err(Error::data(format!(
                "{} holds {}, which is no file inside it",
                quoted(path),
                quote(name)
            ))
            .hint("it was not written by these programs; look at it"));
        }
        if name == INDEX {
            continue;
        }
        let (size, start) = (entry.size(), entry.raw_file_position());
        each(Entry { name, size, contents: &mut entry, start })?;
        if let Err(error) = io::copy(&mut entry, &mut io::sink()) {
            return Ok(Some(error));
        }
    }
    Ok(None)
}

/// Whether nothing but zeros stands behind a tar's end mark. Most tars stop
/// reading there: what follows would be lost in silence when the file is
/// written anew.
fn ends(rest: &mut dyn Read) -> io::Result<bool> {
    let mut piece = vec![0u8; 1 << 16];
    loop {
        let n = durable::read_full(rest, &mut piece)?;
        if n == 0 {
            return Ok(true);
        }
        if piece[..n].iter().any(|b| *b != 0) {
            return Ok(false);
        }
    }
}

fn more_behind(path: &Path) -> Error {
    Error::data(format!("{} holds something behind its end", quoted(path)))
        .hint("several tars in one file are not read; unpack them")
}

/// The text of a gzip file, parts of which may be missing or wrong where damage
/// is passed over.
struct Torn<R: Read> {
    pieces: Pieces<R>,
    piece: Vec<u8>,
    at: usize,
    /// Length of the text up to the end of `piece`.
    end: u64,
    /// The text is proven from here on, as far as it was read.
    unproven: Rc<Cell<u64>>,
    whole: bool,
    /// Text of unknown length is missing here.
    gap: bool,
    ended: bool,
    /// What was found first.
    damage: Option<Error>,
    failure: Option<Error>,
}

impl<R: Read> Torn<R> {
    fn new(walk: Walk<'_, R>, pass_over: bool) -> Torn<R> {
        let name = quoted(walk.path);
        Torn {
            pieces: Pieces::new(walk.file, name, 0, pass_over),
            piece: Vec::new(),
            at: 0,
            end: 0,
            unproven: Rc::default(),
            whole: walk.whole,
            gap: false,
            ended: false,
            damage: None,
            failure: None,
        }
    }

    /// How much of the text was read.
    fn position(&self) -> u64 {
        self.end - (self.piece.len() - self.at) as u64
    }

    /// Takes the next piece of text; it can be empty.
    fn advance(&mut self) -> Result<()> {
        self.at = 0;
        let (proven, missing) = match self.pieces.next(&mut self.piece)? {
            Piece::Whole | Piece::Proven => (true, false),
            Piece::Part => (self.whole, false),
            Piece::Damaged(damage) => {
                self.damage.get_or_insert(damage.error);
                (false, !damage.same_length)
            }
            Piece::End => {
                self.ended = true;
                (true, false)
            }
        };
        self.end += self.piece.len() as u64;
        self.gap |= missing;
        if !proven {
            self.unproven.set(self.end);
        }
        Ok(())
    }

    /// Goes on to the next header of a tar in proven text, if there is one.
    fn seek_header(&mut self) -> Result<bool> {
        let mut window = self.piece.split_off(self.at);
        loop {
            let first = self.end - window.len() as u64;
            let hidden = self.unproven.get().saturating_sub(first);
            let hidden = usize::try_from(hidden).unwrap_or(usize::MAX);
            if let Some(at) = find_header(&window, hidden) {
                self.piece = window.split_off(at);
                self.at = 0;
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            window.drain(..window.len().saturating_sub(BLOCK - 1));
            if std::mem::take(&mut self.gap) {
                window.clear();
            }
            self.advance()?;
            window.extend_from_slice(&self.piece);
        }
    }
}

impl<R: Read> Read for Torn<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            if self.gap || self.ended {
                return Ok(0);
            }
            if let Err(error) = self.advance() {
                let message = error.to_string();
                self.piece.clear();
                self.failure = Some(error);
                return Err(io::Error::other(message));
            }
        }
        let n = out.len().min(self.piece.len() - self.at);
        out[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// Where in a text, from `start` on, the first whole header of a tar stands.
fn find_header(text: &[u8], start: usize) -> Option<usize> {
    let text = text.get(start..)?;
    let found = memmem::find_iter(text, MAGIC)
        .filter_map(|magic| magic.checked_sub(MAGIC_AT))
        .find(|at| text.get(*at..at + BLOCK).is_some_and(is_header))?;
    Some(start + found)
}
