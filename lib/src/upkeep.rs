//! How the steps of upkeep, rt-consolidate and rt-expire, run and end: one
//! record, whatever happened; what cannot be done with a file is left, named
//! and no reason to stop.

use std::io::Write;

use crate::error::{Error, Exit, Notes, Result};
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
