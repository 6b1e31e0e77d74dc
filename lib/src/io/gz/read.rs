//! gzip in, text out: members of ours opened whole and in parallel, any other
//! gzip as a stream.
//!
//! Members of ours are cut off the input by the size in their headers and
//! opened ahead, up to a limit. Where that does not prove itself (a size that
//! is not true, a text too long, corruption), everything from that member on
//! is put back, and from then on all of the input is read as a stream, which
//! alone decides what the text is or what is wrong with it. So a field that
//! lies costs speed, never truth, and only once.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use super::input::Input;
use super::member::{
    HEADER_MAX, HeaderParse, MemberInfo, Opener, count_lines, parse_header,
};
use super::ordered::Ordered;
use crate::error::{Error, Result, reason};

/// Members and texts longer than this are read as streams, in bytes.
const WHOLE_MAX: usize = 4 * 1024 * 1024;
/// The longest piece of a stream, in bytes.
const PIECE: usize = 256 * 1024;

/// A member cut off the input, and its text when it was opened.
#[derive(Default)]
struct Cut {
    bytes: Vec<u8>,
    header_len: usize,
    lines: u64,
    text: Vec<u8>,
    proven: bool,
}

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

/// Reads the text of one or more gzip members.
pub struct Reader<R: Read> {
    source: Source<R>,
    name: String,
    work: Ordered<Cut, Cut>,
    spare: Vec<Cut>,
    /// No header has lied so far.
    trust: bool,
    members: u64,
    false_header: Option<u64>,
}

impl<R: Read> Reader<R> {
    /// A reader on the caller's thread. `name` is what messages call the
    /// input: `standard input`, or a path in quotes.
    pub fn new(input: R, name: impl Into<String>) -> Reader<R> {
        Reader::parallel(input, name, 0)
    }

    /// A reader that opens members of ours on `threads` threads, up to
    /// `threads + 2` ahead.
    pub fn parallel(
        input: R,
        name: impl Into<String>,
        threads: usize,
    ) -> Reader<R> {
        let work = Ordered::new(threads, || {
            let mut opener = Opener::new();
            move |mut cut: Cut| {
                cut.proven = opener.open(
                    &cut.bytes,
                    cut.header_len,
                    cut.lines,
                    WHOLE_MAX,
                    &mut cut.text,
                );
                cut
            }
        });
        Reader {
            source: Source::Between(Input::new(input)),
            name: name.into(),
            work,
            spare: Vec::new(),
            trust: true,
            members: 0,
            false_header: None,
        }
    }

    /// Puts the next piece of text into `out`, at least one byte, in place of
    /// what is there; false when all members were read to their end.
    ///
    /// The text of a member of ours comes in one piece and is proven by its
    /// CRC-32 before; a stream's comes in pieces, proven after the last.
    ///
    /// # Errors
    /// [`crate::error::Exit::Data`] for what is empty, not gzip, truncated or
    /// corrupt, or has garbage (but zeros) at its end, with the offset in
    /// bytes; [`crate::error::Exit::Failed`] when reading fails. After an
    /// error there is no more text.
    pub fn next_block(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        let result = self.step(out);
        if result.is_err() {
            self.source = Source::Broken;
            out.clear();
        }
        result
    }

    /// Offset of the first member whose header says a size or a number of
    /// lines that is not so. Its text is not in doubt.
    pub fn false_header(&self) -> Option<u64> {
        self.false_header
    }

    fn step(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        loop {
            out.clear();
            match self.source {
                Source::Inside(_) => self.stream(out)?,
                Source::Between(_) => self.members_or_enter(out)?,
                Source::Ended => return Ok(false),
                Source::Broken => {
                    return Err(Error::data(format!(
                        "{} cannot be read any further",
                        self.name
                    )));
                }
            }
            if !out.is_empty() {
                return Ok(true);
            }
        }
    }

    /// The text of the next member of ours; without one, what follows is
    /// entered as a stream.
    fn members_or_enter(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.cut_ahead()?;
        match self.work.take()? {
            Some(mut cut) if cut.proven => {
                std::mem::swap(out, &mut cut.text);
                self.spare.push(cut);
                self.members += 1;
                Ok(())
            }
            Some(cut) => self.distrust(cut),
            None => self.enter(),
        }
    }

    /// Cuts off members of ours and hands them out, as far as may be.
    fn cut_ahead(&mut self) -> Result<()> {
        let Source::Between(input) = &mut self.source else {
            return Ok(());
        };
        while self.trust && !self.work.full() {
            let head =
                input.peek(HEADER_MAX).map_err(|e| failed(&self.name, e))?;
            let HeaderParse::Ours { info, header_len } = parse_header(head)
            else {
                return Ok(());
            };
            if info.size_bytes > WHOLE_MAX as u64 {
                return Ok(());
            }
            let size = info.size_bytes as usize;
            let bytes = input.peek(size).map_err(|e| failed(&self.name, e))?;
            let Some(bytes) = bytes.get(..size) else {
                return Ok(());
            };
            let mut cut = self.spare.pop().unwrap_or_default();
            cut.bytes.clear();
            cut.bytes.extend_from_slice(bytes);
            cut.header_len = header_len;
            cut.lines = info.lines;
            input.skip(size);
            self.work.submit(cut)?;
        }
        Ok(())
    }

    /// Puts back a member that did not prove itself and all cut off after it.
    fn distrust(&mut self, cut: Cut) -> Result<()> {
        let mut bytes = cut.bytes;
        while let Some(later) = self.work.take()? {
            bytes.extend_from_slice(&later.bytes);
        }
        if let Source::Between(input) = &mut self.source {
            input.put_back(&bytes);
        }
        self.trust = false;
        Ok(())
    }

    /// Begins to read the next member as a stream, or ends.
    fn enter(&mut self) -> Result<()> {
        let Source::Between(mut input) =
            std::mem::replace(&mut self.source, Source::Broken)
        else {
            return Ok(());
        };
        let start = input.offset();
        let head =
            input.peek(HEADER_MAX).map_err(|e| failed(&self.name, e))?;
        let claim = match parse_header(head) {
            _ if head.is_empty() && self.members > 0 => {
                self.source = Source::Ended;
                return Ok(());
            }
            _ if head.is_empty() => {
                let message = format!("{} is empty, not gzip", self.name);
                return Err(Error::data(message));
            }
            HeaderParse::NotGzip => return self.padding(input),
            HeaderParse::Ours { info, .. } => Some(info),
            HeaderParse::Foreign | HeaderParse::NeedMore => None,
        };
        let decoder = GzDecoder::new(input);
        let stream = Stream { decoder, start, claim, lines: 0 };
        self.source = Source::Inside(Box::new(stream));
        Ok(())
    }

    /// What follows the last member may only be zeros, as on a tape.
    fn padding(&mut self, mut input: Input<R>) -> Result<()> {
        if self.members == 0 {
            return Err(Error::data(format!("{} is not gzip", self.name)));
        }
        let start = input.offset();
        loop {
            let rest = input.peek(1).map_err(|e| failed(&self.name, e))?;
            if rest.iter().any(|byte| *byte != 0) {
                return Err(Error::data(format!(
                    "{} has something that is not gzip at byte {start}, \
                     after {} whole members",
                    self.name, self.members
                )));
            }
            match rest.len() {
                0 => break,
                zeros => input.skip(zeros),
            }
        }
        self.source = Source::Ended;
        Ok(())
    }

    /// Reads on in a stream; nothing in `out` means that the member ended.
    fn stream(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let Source::Inside(mut stream) =
            std::mem::replace(&mut self.source, Source::Broken)
        else {
            return Ok(());
        };
        out.resize(PIECE, 0);
        let mut filled = 0;
        while filled < PIECE {
            match stream.decoder.read(&mut out[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) => return Err(self.broken(*stream, error)),
            }
        }
        out.truncate(filled);
        stream.lines += count_lines(out);
        if filled > 0 {
            self.source = Source::Inside(stream);
            return Ok(());
        }
        let Stream { decoder, start, claim, lines } = *stream;
        let input = decoder.into_inner();
        let size = input.offset() - start;
        if claim.is_some_and(|c| c.size_bytes != size || c.lines != lines) {
            self.false_header.get_or_insert(start);
        }
        self.members += 1;
        self.source = Source::Between(input);
        Ok(())
    }

    /// What a failed read of a stream means.
    fn broken(&self, mut stream: Stream<R>, error: io::Error) -> Error {
        let (name, start) = (&self.name, stream.start);
        if let Some(failure) = stream.decoder.get_mut().take_failure() {
            return failed(name, failure);
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Error::data(format!(
                "{name} ends in the middle of the gzip member at byte {start}"
            ));
        }
        Error::data(format!(
            "{name}: the gzip member at byte {start} is corrupt: {}",
            reason(&error)
        ))
    }
}

fn failed(name: &str, error: io::Error) -> Error {
    Error::stream(&format!("cannot read {name}"), error)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
