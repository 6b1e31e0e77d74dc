//! The stream in the making: what is asked for, what it is read from, where it
//! goes, and what was wrong so far.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::aside::Aside;
use super::choose::Chooser;
use super::hot::Hot;
use super::options::Options;
use super::queue::Queue;
use super::sink::Sink;
use crate::archive::{Inventory, Ledger, Origin, Tree};
use crate::error::{Error, Exit, Notes, Result};
use crate::time::Day;

/// A stream of rows in the making.
pub(super) struct Cat<'c> {
    pub options: &'c Options,
    /// The table, of the database that is meant.
    pub origin: Origin,
    pub tree: Tree,
    pub ledger: Ledger,
    /// Which lines are meant.
    pub chooser: Arc<Chooser>,
    /// What is on its way to the output.
    pub queue: Queue,
    /// The hot rows, where they are asked for.
    pub hot: Option<Hot>,
    /// The rows of files that hold all rows of a run, by day.
    pub whole: Option<Aside>,
    pub sink: Sink<'c>,
    pub notes: &'c mut dyn Notes,
    /// The status so far.
    pub exit: Exit,
    /// Texts of which something was said to be wrong.
    pub damaged: BTreeSet<String>,
}

impl Cat<'_> {
    /// Whether rows of a table are meant.
    pub(super) fn means(&self, origin: Option<&Origin>) -> bool {
        origin.is_some_and(|o| self.origin.is(&o.table, o.database.as_deref()))
    }

    /// Whether all of a day is read to its end: then its digest costs next to
    /// nothing.
    pub(super) fn reads_all(&self, day: Day) -> bool {
        self.options.limit.is_none() && self.chooser.range.covers(day)
    }

    /// Says that a text that was read to its end is not what the ledger says,
    /// unless it was told what is wrong with it.
    pub(super) fn not_as_said(&mut self, what: &str) -> Result<()> {
        self.drain()?;
        if !self.damaged.contains(what) {
            let error = format!("{what} is not what the ledger says");
            self.trouble(Error::disagree(error));
        }
        Ok(())
    }

    /// The status of damage in a file: if the ledger knows it, it was whole
    /// once.
    pub(super) fn graver(&self, file: &str) -> Exit {
        let unknown = |files: &Inventory| files.file(file).is_none();
        match self.ledger.files().is_ok_and(unknown) {
            true => Exit::Data,
            false => Exit::Disagree,
        }
    }

    /// Notes what is wrong with a file.
    pub(super) fn trouble_with(&mut self, file: &str, error: Error) {
        let exit = self.graver(file);
        self.trouble(error.with_exit(exit));
    }

    /// Notes what is wrong, with the status that it says.
    pub(super) fn trouble(&mut self, error: Error) {
        self.notes.warn(&error.to_string());
        self.exit = self.exit.and(error.exit());
    }
}
