//! What rt-gzip does: text to gzip members and back, on several threads.
//!
//! Compression cuts the input into blocks of at most 1 MiB at line ends (a
//! longer line is split), and writes each as a member in order; the bytes are
//! a function of text and level alone. Into a file it publishes: the name
//! appears when the contents are whole and durable, or not at all.

mod options;
mod publish;
mod transform;

use std::io::{Read, Write};
use std::os::fd::AsFd;

pub use options::{Options, Task};

use crate::error::{Error, Exit, Notes, Result};
use transform::{INPUT, transform};

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
            let sink = &mut |_: &[u8], bytes: &[u8]| {
                output.write_all(bytes).map_err(unwritten)
            };
            transform(options, &mut input, INPUT, sink, notes)?;
        }
    }
    output.flush().map_err(unwritten)?;
    Ok(Exit::Done)
}

fn unwritten(error: std::io::Error) -> Error {
    Error::stream("cannot write to standard output", error)
}
