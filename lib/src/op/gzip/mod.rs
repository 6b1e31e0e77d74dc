//! What rt-gzip does: text to gzip members and back, on several threads.
//!
//! Compression cuts the input into blocks of at most 1 MiB at line ends (a
//! longer line is split), and writes each as a member in order; the bytes are
//! a function of text and level alone. Into a file it publishes: the name
//! appears when the contents are whole and durable, or not at all.

mod publish;
mod source;

use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::thread;

use memchr::memrchr;

use crate::error::{Error, Exit, Notes, Result};
use crate::io::durable;
use crate::io::gz::{Block, Pool, Reader};

/// The longest text of a member, in bytes.
const BLOCK: usize = 1 << 20;
/// More threads than this by default would cost memory and gain little.
const DEFAULT_THREADS: usize = 12;
const MAX_THREADS: u64 = 256;
const INPUT: &str = "standard input";

/// What is to become of the input.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Task {
    /// Text in, gzip out.
    #[default]
    Compress,
    /// gzip in, text out.
    Decompress,
    /// gzip in, nothing out: is it whole?
    Test,
}

/// The command line of rt-gzip.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What to do.
    pub task: Task,
    /// 1 (fast) to 9 (small); 6 if not given.
    pub level: Option<u8>,
    /// Threads that compress or decompress; one a core if not given.
    pub threads: Option<u64>,
    /// The file to publish, instead of standard output.
    pub output: Option<PathBuf>,
    /// An existing file may be replaced.
    pub force: bool,
    /// The command whose output is the input, with its arguments.
    pub command: Vec<std::ffi::OsString>,
}

impl Options {
    fn check(&self) -> Result<()> {
        if let Some(name) = self.command.first() {
            if self.output.is_none() {
                let name = name.to_string_lossy();
                return Err(Error::usage(format!(
                    "'{name}' is unexpected without -o FILE"
                ))
                .hint("input comes on standard input, as in rt-gzip <FILE"));
            }
            if self.task != Task::Compress {
                return Err(Error::usage("-d and -t take no command"));
            }
        }
        if self.task == Task::Test && self.output.is_some() {
            return Err(Error::usage("-t writes nothing, so it takes no -o"));
        }
        if self.force && self.output.is_none() {
            return Err(Error::usage("--force is of use with -o only"));
        }
        match self.threads {
            Some(n) if n > MAX_THREADS => Err(Error::usage(format!(
                "--threads takes at most {MAX_THREADS}, not {n}"
            ))),
            _ => Ok(()),
        }
    }

    fn threads(&self) -> usize {
        match self.threads {
            Some(n) => n.min(MAX_THREADS) as usize,
            None => thread::available_parallelism()
                .map_or(1, NonZero::get)
                .min(DEFAULT_THREADS),
        }
    }
}

/// Where the result goes.
trait Sink {
    /// Text, as it passes by.
    fn text(&mut self, text: &[u8]) -> Result<()>;
    /// Bytes to be written.
    fn bytes(&mut self, bytes: &[u8]) -> Result<()>;
}

struct Stdout<'a>(&'a mut dyn Write);

impl Sink for Stdout<'_> {
    fn text(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.0
            .write_all(bytes)
            .map_err(|e| Error::stream("cannot write to standard output", e))
    }
}

/// Reads `input` to its end and writes the result to `output`, or publishes
/// it and writes the receipt to `output`.
pub fn run(
    options: &Options,
    mut input: impl Read + AsFd,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    options.check()?;
    match &options.output {
        Some(path) => publish::run(options, path, input, output, notes)?,
        None => {
            let mut sink = Stdout(output);
            transform(options, &mut input, INPUT, &mut sink, notes)?;
        }
    }
    output
        .flush()
        .map_err(|e| Error::stream("cannot write to standard output", e))?;
    Ok(Exit::Done)
}

fn transform(
    options: &Options,
    input: &mut dyn Read,
    name: &str,
    sink: &mut dyn Sink,
    notes: &mut dyn Notes,
) -> Result<()> {
    if options.task == Task::Compress {
        return compress(options, input, name, sink);
    }
    let mut reader = Reader::parallel(input, name, options.threads());
    let mut text = Vec::new();
    while reader.next_block(&mut text)? {
        if options.task == Task::Decompress {
            sink.text(&text)?;
            sink.bytes(&text)?;
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
    sink: &mut dyn Sink,
) -> Result<()> {
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
        sink.text(&text)?;
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

/// Writes the oldest member and gives the buffer of its text back.
fn write_next(
    pool: &mut Pool,
    sink: &mut dyn Sink,
) -> Result<Option<Vec<u8>>> {
    let Some(done) = pool.take()? else { return Ok(None) };
    sink.bytes(&done.member)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte less each time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let n = out.len().min(self.1);
            self.1 = self.1.max(2) - 1;
            self.0.read(&mut out[..n])
        }
    }

    fn blocks(text: &[u8], first_read: usize) -> Vec<Vec<u8>> {
        let mut input = Trickle(text, first_read);
        let mut cutter = Cutter { carry: Vec::new(), ended: false };
        let mut out = Vec::new();
        let mut block = Vec::new();
        while cutter.next(&mut input, "input", &mut block).unwrap() {
            out.push(block.clone());
        }
        out
    }

    #[test]
    fn blocks_end_at_line_ends_and_are_never_longer_than_allowed() {
        let mut text = b"a line of text\n".repeat(200_000);
        text.extend(vec![b'x'; 3 * BLOCK]);
        text.extend(b"\nlast, without an end");
        let got = blocks(&text, usize::MAX);
        assert!(got.concat() == text);
        assert!(got.iter().all(|b| b.len() <= BLOCK && !b.is_empty()));
        assert!(got[..2].iter().all(|b| b.ends_with(b"\n")));
        assert!(got[0].len() > BLOCK - 15);
        assert_eq!(blocks(&text, 300_000), got);
    }

    #[test]
    fn a_block_that_is_exactly_full_is_one_block() {
        let mut text = vec![b'x'; BLOCK - 1];
        text.push(b'\n');
        assert_eq!(blocks(&text, usize::MAX), [text]);
        assert!(blocks(b"", usize::MAX).is_empty());
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let output = Some(PathBuf::from("f"));
        let command = vec!["true".into()];
        for options in [
            Options { command: command.clone(), ..Options::default() },
            Options { force: true, ..Options::default() },
            Options { threads: Some(257), ..Options::default() },
            Options {
                task: Task::Test,
                output: output.clone(),
                ..Options::default()
            },
            Options {
                task: Task::Decompress,
                output: output.clone(),
                command: command.clone(),
                ..Options::default()
            },
        ] {
            let error = options.check().unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{options:?}");
        }
        let good = Options { output, command, ..Options::default() };
        assert!(good.check().is_ok());
    }
}
