//! A command whose output is read, and counts only if the command ends well.
//! SIGINT and SIGTERM set flags, so that the reader can clear up behind itself.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::pipe;
use crate::error::{Error, Result, quote, reason};
use crate::signal::Stop;

/// A command that runs and whose output is read. Dropped before it was waited
/// for, it is told to end.
#[derive(Debug)]
pub struct Producer {
    child: Child,
    name: String,
    ended: bool,
}

impl Producer {
    /// Starts `command`: its standard input and error are ours, its output is
    /// given back.
    pub fn start(command: &[OsString]) -> Result<(Producer, ChildStdout)> {
        let Some((program, args)) = command.split_first() else {
            return Err(Error::usage("CMD is missing"));
        };
        let name = quote(&program.to_string_lossy());
        let cannot = |e: io::Error| {
            Error::failed(format!("cannot run {name}: {}", reason(&e)))
                .hint("a program's name, and its arguments, stand behind --")
        };
        let mut child = Command::new(program)
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let output = child
            .stdout
            .take()
            .ok_or_else(|| cannot(io::Error::other("it has no output")))?;
        pipe::widen_pipe(&output);
        Ok((Producer { child, name, ended: false }, output))
    }

    /// Its name in quotes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for its end; anything but status 0 is an error, which says what
    /// became of its output: nothing was `done`.
    pub fn finish(&mut self, stop: &Stop, done: &str) -> Result<()> {
        let status = loop {
            let waited = self.child.try_wait().map_err(|e| {
                Error::stream(&format!("cannot wait for {}", self.name), e)
            })?;
            match waited {
                Some(status) => break status,
                None => stop.check()?,
            }
            thread::sleep(Duration::from_millis(2));
        };
        self.ended = true;
        if status.success() {
            return Ok(());
        }
        Err(Error::failed(format!(
            "{} {}; nothing was {done}",
            self.name,
            how_it_ended(status)
        )))
    }
}

fn how_it_ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "did not end by itself".to_owned(),
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        let pid = Pid::from_child(&self.child);
        // One that is gone already needs no telling.
        if !self.ended && kill_process(pid, Signal::TERM).is_err() {}
    }
}
