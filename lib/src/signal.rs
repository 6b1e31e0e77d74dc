//! Signals that ask for an end: they set a flag, and the program comes to a
//! stop where it is harmless.
//!
//! System calls are restarted after a handler ran, and a read can wait for
//! ever; so the wait for input is a poll, cut into slices short enough for a
//! person at a keyboard.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::error::{Error, Exit, Result};

/// When a run is to end, whatever is left.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'l> {
    /// A signal may ask for it.
    pub stop: &'l Stop,
    /// When `--max-runtime` is over.
    pub deadline: Option<Instant>,
}

impl Limit<'_> {
    /// An error once the run is to end.
    pub fn check(&self) -> Result<()> {
        self.stop.check()?;
        if self.deadline.is_some_and(|d| Instant::now() >= d) {
            return Err(Error::partial("the time is over (--max-runtime)")
                .hint("run it again: it goes on where it stopped"));
        }
        Ok(())
    }
}

/// Whether a signal asked for an end.
#[derive(Debug)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Stop {
    /// Takes SIGINT and SIGTERM over for the rest of the process's life.
    pub fn listen() -> Result<Stop> {
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

    /// Tells, also to who outlives this, whether a signal came.
    pub fn asked(&self) -> impl Fn() -> bool + Send + 'static {
        let flags = [self.interrupted.clone(), self.terminated.clone()];
        move || flags.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// An error once a signal came.
    pub fn check(&self) -> Result<()> {
        let (exit, name) = if self.interrupted.load(Ordering::Relaxed) {
            (Exit::Interrupted, "SIGINT")
        } else if self.terminated.load(Ordering::Relaxed) {
            (Exit::Terminated, "SIGTERM")
        } else {
            return Ok(());
        };
        let message = format!("stopped by {name}");
        Err(Error::new(exit, message))
    }
}

const SLICE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// An input whose reads end with an error when a signal comes.
#[derive(Debug)]
pub struct Stoppable<'a, R> {
    /// The input.
    pub input: R,
    /// What a signal sets.
    pub stop: &'a Stop,
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
