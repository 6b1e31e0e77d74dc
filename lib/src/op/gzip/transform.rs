//! The bytes on their way: text cut into blocks and compressed, or members
//! read back.

use std::io::Read;

use memchr::memrchr;

use super::options::{Options, Task};
use crate::error::{Error, Notes, Result};
use crate::io::durable;
use crate::io::gz::{Block, OneMember, Pool, Reader};

/// The longest text of a member, in bytes.
const BLOCK: usize = 1 << 20;
/// What standard input is called in messages.
pub(super) const INPUT: &str = "standard input";

/// Gets the text as it passes by, and the bytes that are to be written: one of
/// the two at a time is empty where they differ.
pub(super) type Sink<'s> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 's;

/// Compresses `input`, which messages call `name`, or reads it back.
pub(super) fn transform(
    options: &Options,
    input: &mut dyn Read,
    name: &str,
    sink: &mut Sink<'_>,
    notes: &mut dyn Notes,
) -> Result<()> {
    if options.task == Task::Compress {
        return compress(options, input, name, sink);
    }
    let mut reader = Reader::parallel(input, name, options.threads());
    let mut text = Vec::new();
    while reader.next_block(&mut text)? {
        if options.task == Task::Decompress {
            sink(&text, &text)?;
        }
    }
    if let Some(offset) = reader.false_header() {
        notes.warn(&format!(
            "the header of the gzip member at byte {offset} names a size or \
             a number of lines that is not so; its text is whole"
        ));
    }
    Ok(())
}

fn compress(
    options: &Options,
    input: &mut dyn Read,
    name: &str,
    sink: &mut Sink<'_>,
) -> Result<()> {
    if options.one_member {
        return compress_to_one(options, input, name, sink);
    }
    let mut pool = Pool::new(options.level.unwrap_or(6), options.threads());
    let mut cutter = Cutter { carry: Vec::new(), ended: false };
    let mut spare = Vec::new();
    let mut blocks = 0;
    loop {
        let mut text = spare.pop().unwrap_or_default();
        let more = cutter.next(input, name, &mut text)?;
        // No text at all is one member without text.
        if !more && blocks > 0 {
            break;
        }
        blocks += 1;
        sink(&text, &[])?;
        pool.submit(Block { key: 0, text, range: None })?;
        while pool.full() {
            spare.extend(write_next(&mut pool, sink)?);
        }
        if !more {
            break;
        }
    }
    while pool.in_flight() > 0 {
        write_next(&mut pool, sink)?;
    }
    Ok(())
}

/// Compresses the input into one member, whatever its length.
fn compress_to_one(
    options: &Options,
    input: &mut dyn Read,
    name: &str,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut member = OneMember::new(options.level.unwrap_or(6));
    let mut text = vec![0; BLOCK];
    loop {
        let read = durable::read_full(input, &mut text)
            .map_err(|e| Error::stream(&format!("cannot read {name}"), e))?;
        sink(&text[..read], &member.add(&text[..read])?)?;
        if read < BLOCK {
            return sink(&[], &member.end()?);
        }
    }
}

/// Writes the oldest member and gives the buffer of its text back.
fn write_next(
    pool: &mut Pool,
    sink: &mut Sink<'_>,
) -> Result<Option<Vec<u8>>> {
    let Some(done) = pool.take()? else { return Ok(None) };
    sink(&[], &done.member)?;
    pool.recycle(done.member);
    Ok(Some(done.text))
}

/// Cuts the input into blocks; where depends on the text alone, not on how
/// it arrives.
struct Cutter {
    /// The start of a line whose end lies in the next block.
    carry: Vec<u8>,
    ended: bool,
}

impl Cutter {
    /// Puts the next block in the place of what `text` holds, which saves
    /// clearing it; false when there is none.
    fn next(
        &mut self,
        input: &mut dyn Read,
        name: &str,
        text: &mut Vec<u8>,
    ) -> Result<bool> {
        let carried = self.carry.len();
        text.resize(if self.ended { carried } else { BLOCK }, 0);
        text[..carried].copy_from_slice(&self.carry);
        self.carry.clear();
        if !self.ended {
            let read = durable::read_full(input, &mut text[carried..])
                .map_err(|e| Error::stream(&format!("cannot read {name}"), e));
            text.truncate(carried + read?);
            self.ended = text.len() < BLOCK;
        }
        if !self.ended
            && let Some(last) = memrchr(b'\n', text)
        {
            self.carry.extend_from_slice(&text[last + 1..]);
            text.truncate(last + 1);
        }
        Ok(!text.is_empty())
    }
}
