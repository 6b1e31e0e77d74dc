//! rt-remote: the plumbing of rt-ship and rt-fetch. What is to be copied to a
//! remote, what was, what is to go there, and a tree out of what came back.
//!
//! The copying is rclone's. This holds the lock only to list and to enter: what
//! is to be copied gets a second name in the tree, and a file of a tree is never
//! written into, so that the copy is of what the ledger said, whatever jobs do
//! meanwhile. The order of the events is that of tests/model/ship.py.

mod build;
mod enter;
mod ledger;
mod listing;
mod object;
mod options;
mod stage;
mod withdraw;

use std::io::{Read, Write};
use std::time::Duration;

use crate::archive::{Archive, Ledger};
use crate::error::{Error, Exit, Notes, Result, quote};

pub use options::{Options, Verb};

use object::Object;

/// Does what is asked for; objects come as records from `input`, and go to
/// `output`.
pub fn run(
    options: &Options,
    input: &mut dyn Read,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    options.check()?;
    match options.verb {
        Verb::Check => ledger::check(options, notes),
        Verb::Stage => stage::stage(options, output, notes),
        Verb::Ledger => ledger::stage(options, output, notes),
        Verb::Shipped => enter::shipped(options, input, output, notes),
        Verb::Leaving => withdraw::leaving(options, output, notes),
        Verb::Withdraw => withdraw::withdraw(options, output, notes),
        Verb::Withdrawn => enter::withdrawn(options, input, notes),
        Verb::Build => build::build(options, output, notes),
    }
}

impl Options {
    /// The tree under its lock.
    fn begin(&self, notes: &mut dyn Notes) -> Result<Archive> {
        let now = self.settings.now()?;
        let wait = self.lock_wait.unwrap_or(Duration::from_secs(60));
        self.need_tree()?;
        Archive::begin(&self.settings.archives(), now, wait, notes)
    }

    /// Its ledger, for who does not write.
    fn ledger(&self, notes: &mut dyn Notes) -> Result<Ledger> {
        self.need_tree()?;
        let now = self.settings.now()?;
        Ledger::read(&self.settings.archives(), now, notes)
    }

    fn need_tree(&self) -> Result<()> {
        let root = self.settings.archives();
        match root.is_dir() {
            true => Ok(()),
            false => Err(Error::usage(format!(
                "there is no archive tree {}",
                quote(&root.to_string_lossy())
            ))
            .hint("name it with --archives or RT_ARCHIVES")),
        }
    }
}
