//! What rt-gzip was asked for.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::io::gz;

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
    /// The text becomes one member, by one thread.
    pub one_member: bool,
    /// An existing file may be replaced, and bytes go to a terminal.
    pub force: bool,
    /// Where gzip bytes go to or come from, but for `output`, is a terminal.
    pub terminal: bool,
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
        if self.one_member && self.task != Task::Compress {
            return Err(Error::usage("--one-member is for compressing"));
        }
        self.check_terminal()?;
        match self.threads {
            Some(n) if n > MAX_THREADS => Err(Error::usage(format!(
                "--threads takes at most {MAX_THREADS}, not {n}"
            ))),
            _ => Ok(()),
        }
    }

    /// gzip bytes would upset a terminal, and nobody types them.
    fn check_terminal(&self) -> Result<()> {
        let (bytes, hint) = match self.task {
            Task::Compress if self.output.is_some() => return Ok(()),
            Task::Compress => ("written to", "redirect it, as in >FILE"),
            _ => ("read from", "redirect a file, as in <FILE"),
        };
        if !self.terminal || self.force {
            return Ok(());
        }
        let message = format!("gzip is not {bytes} a terminal");
        Err(Error::usage(message).hint(format!("{hint}, or say --force")))
    }

    /// How many threads work.
    pub(super) fn threads(&self) -> usize {
        gz::threads(self.threads)
    }
}
