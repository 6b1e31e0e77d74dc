//! rt-lock: a command under the lock of a tree.
//!
//! The lock's descriptor is left open in the command, which takes the place of
//! this process: it is free when the command and all its children have ended
//! or closed it, and not before, whichever process is killed.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::archive::lock::{Lock, VARIABLE};
use crate::error::{Error, Exit, Notes, Result, quote, quoted, reason};
use crate::settings::absolute;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// The tree's root.
    pub root: PathBuf,
    /// `--wait`.
    pub wait: Duration,
    /// `--dry-run`: without a lock, and nothing is made.
    pub dry_run: bool,
    /// The command and its arguments.
    pub command: Vec<OsString>,
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
        let lock = Lock::take(&options.root, options.wait)?;
        if lock.made_tree() {
            notes.warn(&format!(
                "there was no archive tree: made {}",
                quoted(&absolute(&options.root))
            ));
        }
        if !lock.is_inherited() {
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
