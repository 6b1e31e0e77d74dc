//! How the steps of upkeep, rt-consolidate, rt-expire and rt-rewrite, run and
//! end: one record, whatever happened; what cannot be done with a file is left, named
//! and no reason to stop. What is ready is published in batches; a signal ends a
//! run between two files, with what is ready done. A dry run may come after dry runs of the jobs that
//! archive, and counts on what they said they would add.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::Deserialize;

use crate::archive::{Archive, Batch, Inventory, Kind, Ready};
use crate::error::{Error, Exit, Notes, Result, quoted};
use crate::io::{jsonl, space};
use crate::outcome::Step;
use crate::progress;
use crate::signal::{self, Stop};

/// Does a step's work and prints its record, also where it failed. The work
/// gives what the step ends with although it was not a failure.
pub fn run<S: Step>(
    output: &mut dyn Write,
    work: impl FnOnce(&mut S, &Stop) -> Result<Option<Error>>,
) -> Result<Exit> {
    let stop = Stop::listen()?;
    let mut step = S::default();
    let done = work(&mut step, &stop);
    if let Err(error) = &done {
        step.fail(error);
    }
    let exit = Exit::from_code(step.end().2.unwrap_or(0));
    jsonl::print(&step.record(), output)?;
    match done? {
        Some(error) => Err(error),
        None => Ok(exit),
    }
}

/// A file that a step changes.
pub trait Item {
    /// The step.
    type Step: Step;

    /// How many bytes its draft may need.
    fn room_bytes(&self, files: &Inventory) -> u64;

    /// Proves it, and makes its change ready; `None` where nothing is to be
    /// changed.
    fn prepare(
        &mut self,
        work: &mut Archive,
        step: &mut Self::Step,
        notes: &mut dyn Notes,
    ) -> Result<Option<Ready>>;

    /// Its change is done and durable.
    fn done(self, step: &mut Self::Step, notes: &mut dyn Notes);
}

/// Items whose changes are ready.
struct Pending<I> {
    kind: Kind,
    batch: Batch,
    items: Vec<I>,
}

impl<I: Item> Pending<I> {
    fn new(kind: Kind) -> Pending<I> {
        Pending { kind, batch: Batch::new(kind), items: Vec::new() }
    }

    /// Whether to publish before another item: its draft may have no room
    /// beside the drafts and the files that they replace.
    fn is_full(&self, next: &I, work: &Archive) -> Result<bool> {
        let room = next.room_bytes(work.files()?);
        let fits = || space::need(work.tree().root(), room).is_ok();
        let full = self.batch.is_full() || (room > 0 && !fits());
        Ok(full && !self.items.is_empty())
    }

    fn publish(
        &mut self,
        work: &mut Archive,
        step: &mut I::Step,
        notes: &mut dyn Notes,
    ) -> Result<()> {
        let now = std::mem::replace(self, Pending::new(self.kind));
        let (done, ended) = work.publish_changes(now.batch);
        for item in now.items.into_iter().take(done) {
            item.done(step, notes);
        }
        done_or_left(ended, step, notes).map(drop)
    }
}

/// Changes files, in batches.
pub fn change_all<I: Item>(
    items: impl IntoIterator<Item = I>,
    kind: Kind,
    work: &mut Archive,
    step: &mut I::Step,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<()> {
    let mut pending = Pending::new(kind);
    let mut items = items.into_iter();
    let total = items.size_hint().1.map(|n| n as u64);
    let words = match kind {
        Kind::Consolidate => "consolidating",
        Kind::Expire => "expiring",
        Kind::Erase => "erasing",
    };
    progress::begin(words.to_owned(), "files", total);
    let ended = items.try_for_each(|mut item| {
        stop.check()?;
        progress::add(1, 0);
        if pending.is_full(&item, work)? {
            pending.publish(work, step, notes)?;
        }
        match item.prepare(work, step, notes) {
            Ok(None) => Ok(()),
            Ok(Some(ready)) => {
                pending.batch.add(ready);
                pending.items.push(item);
                Ok(())
            }
            Err(error) => done_or_left(Err(error), step, notes).map(drop),
        }
    });
    let ended = pending.publish(work, step, notes).and(ended);
    progress::end();
    ended
}

/// Takes what came of one file: whether it was done. Where it was left the
/// step goes on; a failure or a signal ends it.
pub fn done_or_left(
    done: Result<()>,
    step: &mut impl Step,
    notes: &mut dyn Notes,
) -> Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.exit() == Exit::Failed => Err(error),
        Err(error) => {
            let exit = error.exit();
            leave(error, exit, step, notes).map(|()| false)
        }
    }
}

/// Leaves what could not be done, with a status for it, and says so.
///
/// # Errors
/// A signal, which ends the step.
pub fn leave(
    error: Error,
    exit: Exit,
    step: &mut impl Step,
    notes: &mut dyn Notes,
) -> Result<()> {
    if error.ends_run() {
        return Err(error);
    }
    notes.warn(&error.to_string());
    step.leave(exit, error.to_string());
    Ok(())
}

/// A table's rows of a day that a run before this one would archive.
#[derive(Debug)]
pub struct Expected {
    /// The table.
    pub table: String,
    /// The day.
    pub day: String,
    /// How many.
    pub rows: u64,
}

/// What the reports of dry runs in a file, one behind the other, say would be
/// archived: `--after`.
pub fn expected(path: Option<&Path>) -> Result<Vec<Expected>> {
    #[derive(Deserialize)]
    struct Report {
        #[serde(default)]
        tables: Vec<Table>,
    }
    #[derive(Deserialize)]
    struct Table {
        table: String,
        #[serde(default)]
        day_rows: BTreeMap<String, u64>,
    }
    let Some(path) = path else { return Ok(Vec::new()) };
    let bytes = signal::read_file(path, |e| Error::io("read", path, e))?;
    let mut out = Vec::new();
    for report in serde_json::Deserializer::from_slice(&bytes).into_iter() {
        let report: Report = report.map_err(|e| {
            Error::data(format!("{} is no report: {e}", quoted(path)))
        })?;
        for Table { table, day_rows } in report.tables {
            out.extend(day_rows.into_iter().map(|(day, rows)| Expected {
                table: table.clone(),
                day,
                rows,
            }));
        }
    }
    Ok(out)
}

/// `--after` is for a dry run.
pub fn check_after(after: Option<&Path>, dry_run: bool) -> Result<()> {
    match after {
        Some(_) if !dry_run => Err(Error::usage("--after is for a dry run")),
        _ => Ok(()),
    }
}
