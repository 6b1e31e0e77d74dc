//! Inputs that a signal can stop, and the command whose output is one.
//!
//! A publication must remove its temporary file when SIGINT or SIGTERM comes,
//! so these set flags instead of ending the process. System calls are
//! restarted after a handler ran, and a read can wait for ever; so the wait is
//! a poll, cut into slices short enough for a person at a keyboard.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::error::{Error, Exit, Result, quote, reason};
use crate::fsx;

const SLICE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Whether a signal asked for an end.
pub(super) struct Stop {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Stop {
    /// Takes SIGINT and SIGTERM over for the rest of the process's life.
    pub(super) fn listen() -> Result<Stop> {
        let stop = Stop {
            interrupted: Arc::new(AtomicBool::new(false)),
            terminated: Arc::new(AtomicBool::new(false)),
        };
        for (signal, flag) in
            [(SIGINT, &stop.interrupted), (SIGTERM, &stop.terminated)]
        {
            signal_hook::flag::register(signal, flag.clone())
                .map_err(|e| Error::stream("cannot handle signals", e))?;
        }
        Ok(stop)
    }

    /// An error once a signal came.
    pub(super) fn check(&self) -> Result<()> {
        let (exit, name) = if self.interrupted.load(Ordering::Relaxed) {
            (Exit::Interrupted, "SIGINT")
        } else if self.terminated.load(Ordering::Relaxed) {
            (Exit::Terminated, "SIGTERM")
        } else {
            return Ok(());
        };
        let message = format!("stopped by {name}; nothing was published");
        Err(Error::new(exit, message))
    }
}

/// An input whose reads end with an error when a signal comes.
pub(super) struct Stoppable<'a, R> {
    pub(super) input: R,
    pub(super) stop: &'a Stop,
}

impl<R: Read + AsFd> Read for Stoppable<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stop.check().map_err(io::Error::other)?;
            let fd = self.input.as_fd();
            let mut wait = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
            match poll(&mut wait, Some(&SLICE)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return self.input.read(out),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// A command that runs and whose output is read. Dropped before it was waited
/// for, it is told to end.
pub(super) struct Producer {
    child: Child,
    name: String,
    ended: bool,
}

impl Producer {
    /// Starts `command`: its standard input and error are ours, its output is
    /// given back.
    pub(super) fn start(
        command: &[OsString],
    ) -> Result<(Producer, ChildStdout)> {
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
        fsx::widen_pipe(&output);
        Ok((Producer { child, name, ended: false }, output))
    }

    /// Its name in quotes.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for its end; anything but status 0 is an error.
    pub(super) fn finish(&mut self, stop: &Stop) -> Result<()> {
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
            "{} {}; nothing was published",
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
