//! `-o FILE`: a file that is whole and durable before it has its name.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use serde::Serialize;

use super::options::Options;
use super::transform::{INPUT, transform};
use crate::error::{Error, Notes, Result, quoted};
use crate::io::digest::Sum;
use crate::io::durable::{self, Temp, folder_of};
use crate::io::jsonl;
use crate::io::producer::Producer;
use crate::io::tree_path::TreePath;
use crate::signal::{Stop, Stoppable};

/// What is printed once the file is durable under its name.
#[derive(Serialize)]
struct Receipt<'a> {
    r#type: &'static str,
    file: &'a str,
    size_bytes: u64,
    sha256: String,
    text_size_bytes: u64,
    text_sha256: String,
    lines: u64,
}

/// A file being written, and what the receipt says of it.
struct Draft<'a> {
    temp: Temp,
    path: &'a Path,
    file: Sum,
    text: Sum,
    lines: u64,
}

impl Draft<'_> {
    fn take(&mut self, text: &[u8], bytes: &[u8]) -> Result<()> {
        self.text.add(text);
        self.lines += memchr::memchr_iter(b'\n', text).count() as u64;
        self.file.add(bytes);
        self.temp
            .file()?
            .write_all(bytes)
            .map_err(|e| Error::io("write", self.path, e))
    }

    /// Makes the contents durable, then the name. SIGINT and SIGTERM are
    /// heard until just before the name is there.
    fn publish<'a>(
        mut self,
        name: &'a str,
        force: bool,
        stop: &Stop,
    ) -> Result<Receipt<'a>> {
        self.temp.sync()?;
        refuse_existing(self.path, force)?;
        stop.check()?;
        if force {
            self.temp.replace(&TreePath::outside(self.path))?;
        } else {
            self.temp
                .publish_new(&TreePath::outside(self.path))
                .map_err(|e| e.hint(REPLACE))?;
        }
        durable::sync_folder(folder_of(self.path))?;
        Ok(Receipt {
            r#type: "file",
            file: name,
            size_bytes: self.file.size_bytes,
            sha256: self.file.hex(),
            text_size_bytes: self.text.size_bytes,
            text_sha256: self.text.hex(),
            lines: self.lines,
        })
    }
}

/// Transforms `input`, or the output of the command, into the file `path`,
/// and writes the receipt to `output`.
pub(super) fn run(
    options: &Options,
    path: &Path,
    input: impl Read + AsFd,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<()> {
    let Some(name) = path.to_str() else {
        return Err(Error::usage(format!(
            "the name of {} is not valid UTF-8",
            quoted(path)
        )));
    };
    refuse_existing(path, options.force)?;
    let stop = Stop::listen()?;
    let mut draft = Draft {
        temp: Temp::create(&TreePath::outside(folder_of(path)))?,
        path,
        file: Sum::default(),
        text: Sum::default(),
        lines: 0,
    };
    let filled = fill(options, input, &stop, &mut draft, notes);
    // A stopped read is an error of its own; the signal is the reason.
    stop.check()?;
    filled?;
    let receipt = draft.publish(name, options.force, &stop)?;
    if let Some(said) = durable::try_sync(folder_of(path))? {
        notes.warn(&said);
    }
    notes.verbose(&format!("published {}", quoted(path)));
    jsonl::print(&receipt, output)
}

const REPLACE: &str = "choose another name, or replace it with --force";

/// Nothing that exists is replaced unasked, and nothing but a plain file even
/// then: a rename would put one in the place of a device or a link.
fn refuse_existing(path: &Path, force: bool) -> Result<()> {
    let there = fs::symlink_metadata(path);
    match durable::if_there(there, "look at", path)? {
        Some(meta) if !meta.is_file() => {
            Err(Error::failed(format!("{} is not a plain file", quoted(path)))
                .hint("choose another name, or redirect to it without -o"))
        }
        Some(_) if force => Ok(()),
        Some(_) => {
            Err(Error::failed(format!("{} exists already", quoted(path)))
                .hint(REPLACE))
        }
        None => Ok(()),
    }
}

fn fill(
    options: &Options,
    input: impl Read + AsFd,
    stop: &Stop,
    draft: &mut Draft<'_>,
    notes: &mut dyn Notes,
) -> Result<()> {
    let sink = &mut |text: &[u8], bytes: &[u8]| draft.take(text, bytes);
    if options.command.is_empty() {
        let mut input = Stoppable { input, stop };
        return transform(options, &mut input, INPUT, sink, notes);
    }
    let (mut producer, input) = Producer::start(&options.command)?;
    let name = format!("the output of {}", producer.name());
    let mut input = Stoppable { input, stop };
    transform(options, &mut input, &name, sink, notes)?;
    producer.finish(stop, "published")
}
