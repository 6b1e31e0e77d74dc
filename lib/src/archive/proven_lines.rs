//! The whole lines of a text out of an archive, as far as its gzip proves them.

use std::io::Read;

use super::lost::{Damages, Known};
use crate::error::{Error, Result};
use crate::io::durable;
use crate::io::gz::{Proven, Step};
use crate::io::line_room::LineRoom;
use crate::record::{Fields, records};

/// How much of a plain file is read at once.
const PIECE: usize = 256 << 10;

/// A text in the archives: a warm file, or a member of a tar.
pub struct ArchivedText<'s> {
    /// It has no gzip of its own.
    pub plain: bool,
    /// What messages call it.
    pub what: &'s str,
    /// The file of the tree that it is in.
    pub file: &'s str,
    /// What it should hold.
    pub known: Known,
}

/// An error with the name of the text that it is about.
pub fn named(error: Error, what: &str) -> Error {
    match error.to_string().contains(what) {
        true => error,
        false => error.during(what),
    }
}

/// Gives the whole lines of a text, as far as its gzip proves them, if it has
/// one; members are opened on `threads` threads. Sets `full` where there was no
/// room to hold text that was not proven yet.
pub fn proven_lines(
    input: &mut dyn Read,
    source: &ArchivedText<'_>,
    threads: usize,
    damages: &mut Damages,
    full: &mut bool,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let what = source.what;
    let (mut input, room) = LineRoom::of(input, source.known.same);
    if source.plain {
        let next = &mut |piece: &mut Vec<u8>| {
            piece.resize(PIECE, 0);
            let n = durable::read_full(&mut input, piece).map_err(|e| {
                Error::stream(&format!("cannot read {what}"), e)
            })?;
            piece.truncate(n);
            Ok(if n > 0 { Next::Piece } else { Next::End })
        };
        return whole_lines((what, &room), next, each);
    }
    let reader = Proven::new(input, what, threads);
    lines_of(reader, (what, &room), damages, full, each)
}

/// The same for what stands behind so many members of ours and bytes that are
/// proven, on the caller's thread.
pub fn proven_lines_behind(
    input: &mut dyn Read,
    source: &ArchivedText<'_>,
    (members, offset): (u64, u64),
    damages: &mut Damages,
    full: &mut bool,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if source.plain {
        return proven_lines(input, source, 0, damages, full, each);
    }
    let what = source.what;
    let (input, room) = LineRoom::of(input, source.known.same);
    let reader = Proven::new(input, what, 0).behind(members, offset);
    lines_of(reader, (what, &room), damages, full, each)
}

fn lines_of<R: Read>(
    mut reader: Proven<R>,
    (what, room): (&str, &LineRoom),
    damages: &mut Damages,
    full: &mut bool,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let next = &mut |piece: &mut Vec<u8>| {
        Ok(match reader.next(piece)? {
            Step::Text => Next::Piece,
            Step::Damaged(damage) => {
                damages.add(damage);
                Next::Gap
            }
            Step::End => Next::End,
        })
    };
    let done = whole_lines((what, room), next, each);
    *full |= reader.is_full();
    done
}

/// What comes next of a text.
enum Next {
    /// A piece of it.
    Piece,
    /// Here text is missing.
    Gap,
    /// Nothing more.
    End,
}

/// Gives the whole lines of a text that comes in pieces. A line that a gap
/// cuts in two is left out: its first part has no end, and its second part,
/// which cannot be told from a line by its start, is no record.
fn whole_lines(
    (what, room): (&str, &LineRoom),
    next: &mut dyn FnMut(&mut Vec<u8>) -> Result<Next>,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let (mut piece, mut rest, mut torn) = (Vec::new(), Vec::new(), false);
    loop {
        match next(&mut piece)? {
            Next::Piece => {}
            Next::Gap => {
                rest.clear();
                torn = true;
                continue;
            }
            Next::End => break,
        }
        let Some(end) = memchr::memrchr(b'\n', &piece) else {
            rest.extend_from_slice(&piece);
            room.check(rest.len(), what)?;
            continue;
        };
        let mut whole = &piece[..=end];
        if !rest.is_empty() || torn {
            // The line that was begun is ended by itself.
            let first = memchr::memchr(b'\n', whole).unwrap_or(end);
            rest.extend_from_slice(&whole[..=first]);
            if !torn || records(&rest).all(|r| Fields::check(r).is_ok()) {
                each(&rest)?;
            }
            torn = false;
            whole = &whole[first + 1..];
        }
        each(whole)?;
        rest.clear();
        rest.extend_from_slice(&piece[end + 1..]);
    }
    match rest.is_empty() || torn {
        true => Ok(()),
        false => Err(Error::data("it ends in the middle of a line")),
    }
}
