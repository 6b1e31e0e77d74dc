//! The members of a gzip input one after the other: members of ours opened
//! whole and in parallel, any other gzip as a stream.
//!
//! Members of ours are cut off the input by the size in their headers and
//! opened ahead, up to a limit. Where that does not prove itself (a size that
//! is not true, a text too long), everything from that member on is put back,
//! and from then on all of the input is read as a stream, which alone decides
//! what the text is or what is wrong with it. So a field that lies costs
//! speed, never truth, and only once. One that is damaged ends the reading,
//! or, where that was asked for, is passed over and reported.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use super::ahead::{Ahead, Cut, WHOLE_MAX};
use super::damage::{
    Damage, KEEP, Look, claim_of, has_false_extra, look, may_follow, pass,
};
use super::input::{Input, failed};
use super::member::{
    HEADER_MAX, HeaderParse, MemberInfo, count_lines, parse_header,
};
use crate::error::{Error, Result, reason};
use crate::signal::passed;

/// The longest piece of a stream, in bytes.
pub(super) const PIECE: usize = 256 * 1024;
/// After so many headers in a row that were none the rest is given up: else
/// an input made for it could be read again and again.
const TRIES: u32 = 100;

/// A member that is read as a stream.
struct Stream<R: Read> {
    decoder: GzDecoder<Input<R>>,
    start: u64,
    claim: Option<MemberInfo>,
    lines: u64,
}

enum Source<R: Read> {
    Between(Input<R>),
    Inside(Box<Stream<R>>),
    /// All members were read to their end.
    Ended,
    /// An error was reported; nothing more may be read.
    Broken,
}

/// What comes next in an input.
pub enum Piece {
    /// The text of a member, proven by its CRC-32 and length; it can be empty.
    Whole,
    /// A piece of the text of a member, of which nothing is proven yet.
    Part,
    /// The member of the parts before is at its end, and they are proven.
    Proven,
    /// A member is damaged: the parts before, if they are of it, are not
    /// proven and will not be.
    Damaged(Damage),
    /// All was read.
    End,
}

/// Reads one or more gzip members piece by piece.
pub struct Pieces<R: Read> {
    source: Source<R>,
    name: String,
    ahead: Ahead,
    /// Damage is passed over, not an error.
    pass_over: bool,
    /// No header has lied so far.
    trust: bool,
    members: u64,
    /// The last member read was opened whole: one of ours.
    ours: bool,
    /// Headers in a row whose members were none.
    tries: u32,
    false_header: Option<u64>,
}

impl<R: Read> Pieces<R> {
    /// Opens members of ours on `threads` threads, up to `threads + 2` ahead,
    /// or on the caller's. With `pass_over` the reading goes on behind
    /// damage.
    pub fn new(
        input: R,
        name: impl Into<String>,
        threads: usize,
        pass_over: bool,
    ) -> Pieces<R> {
        let keep = if pass_over { KEEP } else { 0 };
        Pieces {
            source: Source::Between(Input::new(input, keep)),
            name: name.into(),
            ahead: Ahead::new(threads),
            pass_over,
            trust: true,
            members: 0,
            ours: false,
            tries: 0,
            false_header: None,
        }
    }

    /// The same, behind `members` proven members of ours, `offset` bytes.
    pub fn behind(mut self, members: u64, offset: u64) -> Pieces<R> {
        if let Source::Between(input) = &mut self.source {
            input.begin_at(offset);
        }
        (self.members, self.ours) = (members, members > 0);
        self
    }

    /// Puts the next piece of text into `out`, in place of what is there.
    ///
    /// # Errors
    /// [`crate::error::Exit::Failed`] when reading fails. Unless damage is
    /// passed over, [`crate::error::Exit::Data`] for it, and for what is
    /// empty. After an error there is no more text.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<Piece> {
        self.step(out).inspect_err(|_| {
            self.source = Source::Broken;
            out.clear();
        })
    }

    /// Offset of the first member whose header says a size or a number of
    /// lines that is not so. Its text is not in doubt.
    pub fn false_header(&self) -> Option<u64> {
        self.false_header
    }

    fn step(&mut self, out: &mut Vec<u8>) -> Result<Piece> {
        loop {
            let piece = match self.source {
                Source::Inside(_) => Some(self.stream(out)?),
                Source::Between(_) => self.member(out)?,
                Source::Ended => Some(Piece::End),
                Source::Broken => {
                    return Err(Error::data(format!(
                        "{} cannot be read any further",
                        self.name
                    )));
                }
            };
            let Some(piece) = piece else { continue };
            // A buffer that stays full need not be filled with zeros again.
            match &piece {
                Piece::Whole | Piece::Part => {}
                Piece::Damaged(damage) if damage.same_length => {}
                _ => out.clear(),
            }
            return Ok(piece);
        }
    }

    /// The next member of ours; without one, what follows is entered as a
    /// stream, and there is no piece yet.
    fn member(&mut self, out: &mut Vec<u8>) -> Result<Option<Piece>> {
        if let Source::Between(input) = &mut self.source
            && self.trust
        {
            self.ahead.cut(input, &self.name)?;
        }
        match self.ahead.take()? {
            Some(cut) if cut.proven => Ok(Some(self.whole(cut, out))),
            Some(cut) => self.doubted(cut, out),
            None => self.enter(),
        }
    }

    fn whole(&mut self, mut cut: Cut, out: &mut Vec<u8>) -> Piece {
        std::mem::swap(out, &mut cut.text);
        self.ahead.recycle(cut);
        self.proven();
        self.ours = true;
        Piece::Whole
    }

    /// A member has come to its end, and its text is proven.
    fn proven(&mut self) {
        self.members += 1;
        self.ours = false;
        self.tries = 0;
    }

    /// A member of ours that did not prove itself: its size or its number of
    /// lines is not true, or it is damaged.
    fn doubted(
        &mut self,
        mut cut: Cut,
        out: &mut Vec<u8>,
    ) -> Result<Option<Piece>> {
        let (bytes, text) = (&cut.bytes, &mut cut.text);
        let found = look(bytes, cut.header_len, WHOLE_MAX, text);
        let (reason, same_length) = match found {
            Look::Proven => {
                self.false_header.get_or_insert(cut.start);
                return Ok(Some(self.whole(cut, out)));
            }
            Look::Damaged { reason, same_length } if self.follows()? => {
                (reason, same_length)
            }
            Look::Damaged { .. } | Look::Unclear => {
                self.distrust(cut)?;
                return Ok(None);
            }
        };
        let error = self.corrupt(cut.start, reason);
        if !self.pass_over {
            return Err(error);
        }
        if same_length {
            std::mem::swap(out, &mut cut.text);
        }
        let (start, claim) = (cut.start, Some(cut.info));
        let end = start + cut.info.size_bytes;
        self.ahead.recycle(cut);
        self.tries = 0;
        let damage = Damage { error, start, end, claim, same_length };
        Ok(Some(Piece::Damaged(damage)))
    }

    /// Whether a member, or the end, follows those that were cut off and
    /// taken: then the size of the last one taken is right.
    fn follows(&mut self) -> Result<bool> {
        let Source::Between(input) = &mut self.source else {
            return Ok(false);
        };
        let head =
            input.peek(HEADER_MAX).map_err(|e| failed(&self.name, e))?;
        // What was cut off behind it begins with a header of ours.
        Ok(!self.ahead.is_empty() || may_follow(head))
    }

    /// Puts back a member that did not prove itself and all cut off after it.
    fn distrust(&mut self, cut: Cut) -> Result<()> {
        let mut bytes = cut.bytes;
        while let Some(later) = self.ahead.take()? {
            bytes.extend_from_slice(&later.bytes);
        }
        if let Source::Between(input) = &mut self.source {
            input.put_back(&bytes);
        }
        self.trust = false;
        Ok(())
    }

    /// Begins to read the next member as a stream, or ends.
    fn enter(&mut self) -> Result<Option<Piece>> {
        let Source::Between(mut input) =
            std::mem::replace(&mut self.source, Source::Broken)
        else {
            return Ok(None);
        };
        let start = input.offset();
        let head =
            input.peek(HEADER_MAX).map_err(|e| failed(&self.name, e))?;
        if head.is_empty() && start > 0 {
            self.source = Source::Ended;
            return Ok(None);
        }
        if head.is_empty() {
            let name = &self.name;
            return Err(Error::data(format!("{name} is empty, not gzip")));
        }
        if parse_header(head) == HeaderParse::NotGzip {
            return self.padding(input);
        }
        let (claim, hides) = (claim_of(head), has_false_extra(head));
        input.mark();
        if hides {
            let error = self.corrupt(start, "its header is damaged");
            return self.lost(input, start, None, error).map(Some);
        }
        let decoder = GzDecoder::new(input);
        let stream = Stream { decoder, start, claim, lines: 0 };
        self.source = Source::Inside(Box::new(stream));
        Ok(None)
    }

    /// What follows the last member may only be zeros, as on a tape. Behind
    /// a member of ours zeros are what a power cut leaves of a file's end: no
    /// program of ours writes them.
    fn padding(&mut self, mut input: Input<R>) -> Result<Option<Piece>> {
        let start = input.offset();
        if start == 0 {
            let error = Error::data(format!("{} is not gzip", self.name));
            return self.lost(input, start, None, error).map(Some);
        }
        loop {
            let rest = input.peek(1).map_err(|e| failed(&self.name, e))?;
            if rest.iter().any(|byte| *byte != 0) {
                let error = Error::data(format!(
                    "{} has something that is not gzip at byte {start}, \
                     after {} whole members",
                    self.name, self.members
                ));
                return self.lost(input, start, None, error).map(Some);
            }
            match rest.len() {
                0 => break,
                zeros => input.skip(zeros),
            }
        }
        if self.pass_over && self.ours {
            let name = &self.name;
            let error = Error::data(format!("{name} is zeros at its end"));
            return self.lost(input, start, None, error).map(Some);
        }
        self.source = Source::Ended;
        Ok(None)
    }

    /// Reads on in a stream.
    fn stream(&mut self, out: &mut Vec<u8>) -> Result<Piece> {
        let Source::Inside(mut stream) =
            std::mem::replace(&mut self.source, Source::Broken)
        else {
            return Ok(Piece::End);
        };
        out.resize(PIECE, 0);
        let mut filled = 0;
        while filled < PIECE {
            match stream.decoder.read(&mut out[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) => return self.broken(*stream, error),
            }
        }
        out.truncate(filled);
        passed(filled).map_err(|e| failed(&self.name, e))?;
        stream.lines += count_lines(out);
        if filled > 0 {
            self.source = Source::Inside(stream);
            return Ok(Piece::Part);
        }
        let Stream { decoder, start, claim, lines } = *stream;
        let mut input = decoder.into_inner();
        input.unmark();
        let size = input.offset() - start;
        if claim.is_some_and(|c| c.size_bytes != size || c.lines != lines) {
            self.false_header.get_or_insert(start);
        }
        self.proven();
        self.source = Source::Between(input);
        Ok(Piece::Proven)
    }

    /// What a failed read of a stream means.
    fn broken(
        &mut self,
        mut stream: Stream<R>,
        error: io::Error,
    ) -> Result<Piece> {
        let (name, start) = (&self.name, stream.start);
        if let Some(failure) = stream.decoder.get_mut().take_failure() {
            return Err(failed(name, failure));
        }
        let error = match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::data(format!(
                "{name} ends in the middle of the gzip member at byte {start}"
            )),
            _ => self.corrupt(start, &reason(&error)),
        };
        self.lost(stream.decoder.into_inner(), start, stream.claim, error)
    }

    fn corrupt(&self, start: u64, reason: &str) -> Error {
        let name = &self.name;
        Error::data(format!(
            "{name}: the gzip member at byte {start} is corrupt: {reason}"
        ))
    }

    /// Goes on behind damage at `start`, if that was asked for.
    fn lost(
        &mut self,
        mut input: Input<R>,
        start: u64,
        claim: Option<MemberInfo>,
        error: Error,
    ) -> Result<Piece> {
        if !self.pass_over {
            return Err(error);
        }
        let claim =
            pass(&mut input, claim).map_err(|e| failed(&self.name, e))?;
        let end = input.offset();
        self.tries = if claim.is_some() { 0 } else { self.tries + 1 };
        self.source = match self.tries < TRIES {
            true => Source::Between(input),
            false => Source::Ended,
        };
        self.trust = true;
        let same_length = false;
        Ok(Piece::Damaged(Damage { error, start, end, claim, same_length }))
    }
}
