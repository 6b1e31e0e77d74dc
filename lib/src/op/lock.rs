//! rt-lock: a command under the lock of a tree.
//!
//! The lock's descriptor is left open in the command, which takes the place of
//! this process: it is free when the command and all its children have ended
//! or closed it, and not before, whichever process is killed.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::archive::lock::{Lock, VARIABLE};
use crate::error::{Error, Exit, Notes, Result, quote, quoted, reason};
use crate::forward;
use crate::io::exposed;
use crate::settings::absolute;

/// One of these is in each tree.
const PARTS: [&str; 4] = ["ledger.jsonl", "lock", "warm", "cold"];

/// The process that hands signals on to this one.
const ABOVE: &str = "RT_FORWARD";

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// The tree's root.
    pub root: PathBuf,
    /// The database that the command is about, as far as rt-lock knows.
    pub database: PathBuf,
    /// `--wait`.
    pub wait: Duration,
    /// `--create`: a root that is not there is made, and one that holds no
    /// archives yet becomes a tree.
    pub create: bool,
    /// `--dry-run`: without a lock, and nothing is made.
    pub dry_run: bool,
    /// The command and its arguments.
    pub command: Vec<OsString>,
}

/// Refuses what is no tree: a lock in a folder that was not meant would keep
/// nobody out of the one that was.
fn check_tree(root: &Path) -> Result<()> {
    let hint = "name the archive tree; --create begins a new one";
    match std::fs::metadata(root) {
        Ok(meta) if !meta.is_dir() => {
            Err(Error::usage(format!("{} is not a folder", quoted(root)))
                .hint(hint))
        }
        Ok(_) => match PARTS.iter().any(|part| root.join(part).exists()) {
            true => Ok(()),
            false => Err(Error::usage(format!(
                "{} is no archive tree",
                quoted(root)
            ))
            .hint(hint)),
        },
        Err(e) if e.kind() == ErrorKind::NotFound => Err(Error::usage(
            format!("there is no archive tree {}", quoted(root)),
        )
        .hint(hint)),
        Err(e) => Err(Error::io("look at", root, e)),
    }
}

/// `--forward`: runs this program again, with its arguments, below this process,
/// and hands signals on to it; gives its exit status as a shell has it. None in
/// the process below.
///
/// # Errors
/// Status 1 where it cannot be run.
pub fn forward() -> Result<Option<u8>> {
    let fail = |e: io::Error| {
        Error::failed(format!("cannot hand signals on: {}", reason(&e)))
    };
    let above = std::env::var(ABOVE).ok().and_then(|id| id.parse().ok());
    if let Some(above) = above
        && forward::ends_with(above).map_err(fail)?
    {
        return Ok(None);
    }
    let program = std::env::current_exe().map_err(fail)?;
    let mut below = Command::new(program);
    below.args(std::env::args_os().skip(1));
    below.env(ABOVE, std::process::id().to_string());
    let status = forward::run(&mut below).map_err(fail)?;
    let signal = status.signal().map(|signal| 128 + signal);
    let code = status.code().or(signal).unwrap_or_default();
    Ok(Some(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// Runs the command in the place of this process. Returns only when that
/// failed.
pub fn run(options: &Options, notes: &mut dyn Notes) -> Result<Exit> {
    let Some((program, arguments)) = options.command.split_first() else {
        return Err(Error::usage("CMD is missing"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    if !options.dry_run {
        if !options.create {
            check_tree(&options.root)?;
        }
        let lock = Lock::take(&options.root, options.wait, notes)?;
        if lock.made_tree() {
            notes.warn(&format!(
                "there was no archive tree: made {}",
                quoted(absolute(&options.root))
            ));
        }
        if !lock.is_inherited() {
            if let Some(said) = exposed::of_database(&options.database) {
                notes.warn(&said);
            }
            // Locks of other trees, which were taken before, stay known.
            let mut listed = std::env::var(VARIABLE).unwrap_or_default();
            if !listed.is_empty() {
                listed.push(':');
            }
            listed.push_str(&lock.hand_down()?.to_string());
            command.env(VARIABLE, listed);
        }
    }
    let error = command.exec();
    Err(Error::failed(format!(
        "cannot run {}: {}",
        quote(&program.to_string_lossy()),
        reason(&error)
    )))
}
