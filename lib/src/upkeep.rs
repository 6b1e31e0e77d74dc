//! How the steps of upkeep, rt-consolidate and rt-expire, run and end: one
//! record, whatever happened; what cannot be done with a file is left, named
//! and no reason to stop. A dry run may come after dry runs of the jobs that
//! archive, and counts on what they said they would add.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Exit, Notes, Result, quoted};
use crate::io::jsonl;
use crate::outcome::Step;
use crate::signal::Stop;

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

/// Takes what came of one file: whether it was done. Where it was left the
/// step goes on; a failure ends it.
pub fn done_or_left(
    done: Result<()>,
    step: &mut impl Step,
    notes: &mut dyn Notes,
) -> Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.exit() == Exit::Failed => Err(error),
        Err(error) => {
            notes.warn(&error.to_string());
            step.leave(error.exit(), error.to_string());
            Ok(false)
        }
    }
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
    let bytes = std::fs::read(path).map_err(|e| Error::io("read", path, e))?;
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
