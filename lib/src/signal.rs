//! What asks for an end: SIGINT, SIGTERM, `--max-runtime`, and a reader of the
//! output that has gone. The signals set a flag, and the program comes to a stop
//! where it is harmless.
//!
//! A statement of SQL may never end, and a lock may stay taken: what runs or
//! waits so long asks [`check`], which knows what the whole process was told.
//! What reads files says how much [passed]: a month can be as large as a disk.
//!
//! System calls are restarted after a handler ran, and a read can wait for
//! ever; so the wait for input is a poll, cut into slices short enough for a
//! person at a keyboard.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::error::{Error, Exit, Result};
use crate::progress;

/// The flags of this process, once it listens to signals.
static STOP: OnceLock<Stop> = OnceLock::new();

/// When `--max-runtime` is over.
static DEADLINE: OnceLock<Instant> = OnceLock::new();

/// The run is at its end: what it still does is short, and is to be done.
static ENDING: AtomicBool = AtomicBool::new(false);

/// An error once a signal came, or the time is over.
fn asked() -> Result<()> {
    match STOP.get() {
        Some(stop) => Limit { stop }.check(),
        None => Ok(()),
    }
}

/// An error once the process is to end.
pub fn check() -> Result<()> {
    asked()?;
    match reader_has_gone() {
        true => Err(Error::stream("", io::ErrorKind::BrokenPipe.into())),
        false => Ok(()),
    }
}

/// How much is read between two questions whether the process is to end, in
/// bytes: a moment's work.
const ASK_BYTES: usize = 16 << 20;

/// So many bytes more were read, or came out of what was compressed: an error
/// now and then once the process is to end. A short file is read to its end.
pub fn passed(bytes: usize) -> io::Result<()> {
    static UNASKED: AtomicUsize = AtomicUsize::new(0);
    let unasked = UNASKED.fetch_add(bytes, Ordering::Relaxed) + bytes;
    if unasked < ASK_BYTES || ENDING.load(Ordering::Relaxed) {
        return Ok(());
    }
    UNASKED.store(0, Ordering::Relaxed);
    asked().map_err(io::Error::other)
}

/// Whether a statement that takes long is to end.
pub fn ends_statements() -> bool {
    !ENDING.load(Ordering::Relaxed) && check().is_err()
}

/// From now on statements run to their end.
pub fn let_statements_end() {
    ENDING.store(true, Ordering::Relaxed);
}

/// The process is to end then at the latest.
pub fn end_at(deadline: Instant) {
    DEADLINE.get_or_init(|| deadline);
}

/// Whether standard output is a pipe that nobody reads any more.
fn reader_has_gone() -> bool {
    let output = io::stdout();
    let fd = output.as_fd();
    let mut look = [PollFd::from_borrowed_fd(fd, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut look, Some(&now)).is_ok()
        && look[0].revents().contains(PollFlags::ERR)
}

/// Sleeps, unless a signal came or the time is over.
pub fn sleep(time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        asked()?;
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
}

/// The longest file that a flag names and that is read as a whole, in bytes. A
/// device may have no end.
const LONGEST_FILE: u64 = 64 << 20;

/// All bytes of a file that a flag names, which may be a pipe: what is not
/// there yet is waited for, unless the process is to end. `fail` says what it
/// was read for.
///
/// # Errors
/// What `fail` makes of it where it cannot be read or is too long.
pub fn read_file(
    path: &Path,
    fail: impl Fn(io::Error) -> Error,
) -> Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let mut file = File::from(opened.map_err(|errno| fail(errno.into()))?);
    let mut bytes = Vec::new();
    loop {
        asked()?;
        let fd = file.as_fd();
        let mut wait = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
        match poll(&mut wait, Some(&SLICE)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
        let room = LONGEST_FILE + 1 - bytes.len() as u64;
        match file.by_ref().take(room).read_to_end(&mut bytes) {
            _ if bytes.len() as u64 > LONGEST_FILE => {
                return Err(fail(io::Error::other(
                    "it is longer than 64 MiB",
                )));
            }
            Ok(_) => return Ok(bytes),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(fail(e)),
        }
    }
}

/// From now on a signal ends the process after [`GRACE`] at the latest: a reader
/// that takes nothing blocks a write, and then no check comes. It is for what
/// only prints, and leaves nothing half done.
///
/// # Errors
/// Status 1 where the system gives no handler or no thread.
pub fn end_soon() -> Result<()> {
    let fail = |e| Error::stream("cannot handle signals", e);
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(fail)?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            std::thread::sleep(GRACE);
            if emulate_default_handler(signal).is_err() {
                std::process::abort();
            }
        }
    };
    std::thread::Builder::new().spawn(wait).map_err(fail)?;
    Ok(())
}

/// How long what was begun may take to say that it was stopped.
const GRACE: Duration = Duration::from_secs(1);

/// When a run is to end, whatever is left: a signal may ask for it, and
/// [`end_at`] may have set a time.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'l> {
    /// A signal may ask for it.
    pub stop: &'l Stop,
}

impl Limit<'_> {
    /// An error once the run is to end.
    pub fn check(&self) -> Result<()> {
        self.stop.check()?;
        if DEADLINE.get().is_some_and(|end| Instant::now() >= *end) {
            return Err(Error::partial("the time is over (--max-runtime)")
                .hint("run it again: it goes on where it stopped"));
        }
        Ok(())
    }
}

/// Whether a signal asked for an end.
#[derive(Clone, Debug)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
    given_up: Arc<AtomicBool>,
}

impl Stop {
    /// Takes SIGINT, SIGTERM and SIGUSR1 over for the rest of the process's
    /// life.
    pub fn listen() -> Result<Stop> {
        let fail = |e| Error::stream("cannot handle signals", e);
        let stop = Stop {
            interrupted: Arc::new(AtomicBool::new(false)),
            terminated: Arc::new(AtomicBool::new(false)),
            given_up: Arc::default(),
        };
        for (signal, flag) in
            [(SIGINT, &stop.interrupted), (SIGTERM, &stop.terminated)]
        {
            signal_hook::flag::register(signal, flag.clone()).map_err(fail)?;
        }
        progress::listen().map_err(fail)?;
        STOP.get_or_init(|| stop.clone());
        Ok(stop)
    }

    /// A stop for a part of the run, which may be [given up] alone.
    ///
    /// [given up]: Stop::give_up
    pub fn part(&self) -> Stop {
        Stop { given_up: Arc::default(), ..self.clone() }
    }

    /// What this part still reads ends: it is not needed.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// An error once a signal came. Who asks how far the run has come gets an
    /// answer here.
    pub fn check(&self) -> Result<()> {
        progress::answer();
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

/// An input whose reads end with an error when a signal comes, and which is at
/// its end once it was given up.
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
            if self.stop.given_up.load(Ordering::Relaxed) {
                return Ok(0);
            }
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
