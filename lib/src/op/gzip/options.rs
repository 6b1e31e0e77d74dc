//! What rt-gzip was asked for.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use crate::error::{Error, Result};

/// More threads than this by default would cost memory and gain little.
const DEFAULT_THREADS: usize = 12;
const MAX_THREADS: u64 = 256;

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
    /// Refuses what makes no sense together.
    pub(super) fn check(&self) -> Result<()> {
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

    /// How many threads work.
    pub(super) fn threads(&self) -> usize {
        match self.threads {
            Some(n) => n.min(MAX_THREADS) as usize,
            None => thread::available_parallelism()
                .map_or(1, NonZero::get)
                .min(DEFAULT_THREADS),
        }
    }
}
