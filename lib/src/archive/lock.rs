//! The run lock of a tree: flock on `lock`, a file that is never removed.
//!
//! Whoever writes into the tree, or deletes from a database on its strength,
//! holds it. rt-lock hands it down: the descriptor stays open in the command
//! and all its children, and `RT_LOCK_FD` names it, so that killing rt-lock or
//! a shell frees nothing while a child works. An inherited descriptor is
//! believed only if it is this very file and its lock can be taken through it,
//! which is so for the holder and for nobody else.
//!
//! Children of one rt-lock are kept apart by a record lock (fcntl) on the same
//! file, for the time of their work: recovery by one must not take for a dead
//! run's what another is about to publish.

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Notes, Result, quoted};
use crate::io::beneath;
use crate::io::durable::{self, Temp};
use crate::io::exposed;
use crate::io::tree_path::TreePath;
use crate::signal;

/// The variable that names the inherited descriptors, of as many trees,
/// separated by colons.
pub const VARIABLE: &str = "RT_LOCK_FD";

/// The lock, held.
#[derive(Debug)]
pub struct Lock {
    file: File,
    inherited: bool,
    made_tree: bool,
}

impl Lock {
    /// Takes the lock of the tree at `root` (which is made if it is missing),
    /// or goes on with the inherited one; waits up to `wait`, then fails as
    /// busy.
    ///
    /// # Errors
    /// Beside those of the files: root in another user's tree, where it would
    /// leave files that this user cannot open.
    pub fn take(
        root: &Path,
        wait: Duration,
        notes: &mut dyn Notes,
    ) -> Result<Lock> {
        let path = path(root);
        let end = Instant::now() + wait;
        if let Some(file) = inherited(&path)? {
            return Ok(Lock { file, inherited: true, made_tree: false });
        }
        let made_tree = !root.exists();
        durable::make_folders(&TreePath::root(root))?;
        check_owner(root)?;
        let file = open(&path)?;
        until(end, || {
            rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
        })
        .map_err(|e| held(root, &path, e))?;
        let said = durable::try_sync(root)?;
        for said in said.into_iter().chain(exposed::of_tree(root)) {
            notes.warn(&said);
        }
        Ok(Lock { file, inherited: false, made_tree })
    }

    /// Whether the name still stands for the file whose lock this is.
    pub fn is_held(&self, root: &Path) -> bool {
        let held = self.file.metadata();
        let there = beneath::look(&path(root));
        matches!((held, there), (Ok(held), Ok(there))
            if held.dev() == there.dev() && held.ino() == there.ino())
    }

    /// Whether rt-lock had it before.
    pub fn is_inherited(&self) -> bool {
        self.inherited
    }

    /// Whether there was no folder at the root before.
    pub fn made_tree(&self) -> bool {
        self.made_tree
    }

    /// Keeps other children of the same rt-lock from working meanwhile; until
    /// the lock is dropped.
    pub fn work(&self, root: &Path, wait: Duration) -> Result<()> {
        let end = Instant::now() + wait;
        until(end, || {
            rustix::fs::fcntl_lock(
                &self.file,
                FlockOperation::NonBlockingLockExclusive,
            )
        })
        .map_err(|e| held(root, &path(root), e))
    }

    /// The descriptor, to be left open in a command that is executed next.
    pub fn hand_down(self) -> Result<RawFd> {
        let fail = |e: Errno| {
            Error::failed(format!("cannot hand down the lock: {e}"))
        };
        let flags = rustix::io::fcntl_getfd(&self.file).map_err(fail)?;
        let keep = flags - rustix::io::FdFlags::CLOEXEC;
        rustix::io::fcntl_setfd(&self.file, keep).map_err(fail)?;
        let fd = self.file.as_raw_fd();
        std::mem::forget(self.file);
        Ok(fd)
    }
}

/// Refuses root in a tree of another user's.
fn check_owner(root: &Path) -> Result<()> {
    let fail = |e| Error::io("stat", root, e);
    let owner = std::fs::metadata(root).map_err(fail)?.uid();
    if owner == 0 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    // Some file systems give every file one owner, whoever makes it.
    let mut made = Temp::in_tree(&TreePath::root(root))?;
    if made.file()?.metadata().map_err(fail)?.uid() == owner {
        return Ok(());
    }
    Err(Error::failed(format!(
        "{} belongs to the user with the number {owner}, who could not open \
         what root leaves there",
        quoted(root)
    ))
    .hint("run it as that user; nothing was done"))
}

fn path(root: &Path) -> TreePath {
    TreePath::root(root).join("lock")
}

fn open(path: &TreePath) -> Result<File> {
    beneath::open(path, OFlags::RDWR | OFlags::CREATE)
        .map_err(|e| Error::io("open", path, e))
}

/// Tries until it is done, or the time is over.
fn until(
    end: Instant,
    mut attempt: impl FnMut() -> std::result::Result<(), Errno>,
) -> std::result::Result<(), Errno> {
    let mut pause = Duration::from_millis(2);
    loop {
        match attempt() {
            Err(Errno::WOULDBLOCK | Errno::ACCESS) => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(Errno::WOULDBLOCK);
                }
                signal::check()
                    .and_then(|()| signal::sleep(pause.min(left)))
                    .map_err(|_| Errno::CANCELED)?;
                pause = (pause * 2).min(Duration::from_millis(200));
            }
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

fn held(root: &Path, path: &TreePath, errno: Errno) -> Error {
    if errno == Errno::WOULDBLOCK {
        return Error::busy(format!(
            "another run has the lock of {}",
            quoted(root)
        ))
        .hint("wait for it with --wait D, or run again later");
    }
    let error = Error::io("lock", path, errno.into());
    match errno {
        Errno::CANCELED => signal::check().err().unwrap_or(error),
        _ => error,
    }
}

/// The descriptor that rt-lock handed down, if it is this tree's lock.
fn inherited(path: &TreePath) -> Result<Option<File>> {
    let Ok(here) = beneath::look(path) else {
        return Ok(None);
    };
    let listed = std::env::var(VARIABLE).unwrap_or_default();
    let fds = listed.split(':').filter_map(|v| v.parse::<RawFd>().ok());
    for fd in fds.filter(|fd| *fd > 2) {
        // /proc names the descriptor without our claiming to own it.
        let through = PathBuf::from(format!("/proc/self/fd/{fd}"));
        let same = std::fs::metadata(&through).is_ok_and(|meta| {
            meta.dev() == here.dev() && meta.ino() == here.ino()
        });
        if same && let Some(file) = duplicate(fd)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// A descriptor of the same open file description. Opening it anew would be
/// another description, with another lock.
fn duplicate(fd: RawFd) -> Result<Option<File>> {
    let fail =
        |e: Errno| Error::failed(format!("cannot use {VARIABLE}={fd}: {e}"));
    let file = borrow_and_duplicate(fd).map_err(fail)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(e) => Err(fail(e)),
    }
}

/// Duplicates an inherited descriptor, close-on-exec.
fn borrow_and_duplicate(fd: RawFd) -> std::result::Result<File, Errno> {
    // The standard library has no safe way to a descriptor that was inherited
    // under a number. This is the one unsafe expression of the project.
    #[allow(unsafe_code)]
    // SAFETY: /proc/self/fd has just shown that the descriptor is open, this
    // process has one thread at this point, and nothing here closes it.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::io::fcntl_dupfd_cloexec(borrowed, 3).map(File::from)
}
