//! rt-import: row records into a table, exactly and all or none.
//!
//! Rows go into a database beside the live one, or back into that under a hold.
//! One transaction holds them all; each is read back and compared before it
//! ends. A segment that was imported before is passed over, so that a run that
//! was killed, before or after its commit, is simply run again.

mod ahead;
mod batch;
mod divide;
mod lines;
mod live;
mod options;
mod parser;
mod part;
mod result;
mod side;
mod work;

use std::io::{Read, Write};
use std::os::fd::AsFd;

use crate::error::{Exit, Notes, Result};
use crate::io::jsonl;
use crate::io::producer::Producer;
use crate::signal::{Stop, Stoppable};

use ahead::Stream;
use lines::Lines;
use result::Imported;

pub use crate::db::OnConflict;
pub use options::Options;

/// Imports the rows on `input`, or those that a command writes, if that then
/// ends with status 0; one record goes to `output`.
pub fn run(
    options: &Options,
    input: impl Read + AsFd + Send,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    options.check()?;
    let stop = Stop::listen()?;
    let done = match options.command.is_empty() {
        true => import(options, (input, &stop), &mut || Ok(()), notes),
        false => {
            let (mut producer, input) = Producer::start(&options.command)?;
            let mut whole = || producer.finish(&stop, "imported");
            import(options, (input, &stop), &mut whole, notes)
        }
    };
    // A stopped read is an error of its own; the signal is why.
    stop.check()?;
    let mut record: Imported = done?;
    record.status = match record.rows + record.replaced {
        0 => "no_records",
        _ => "imported",
    };
    if let Some(message) = &record.message {
        notes.warn(message);
    }
    jsonl::print(&record, output)?;
    Ok(match record.conflicts {
        0 => Exit::Done,
        _ => Exit::Partial,
    })
}

fn import(
    options: &Options,
    (input, stop): (impl Read + AsFd + Send, &Stop),
    whole: &mut dyn FnMut() -> Result<()>,
    notes: &mut dyn Notes,
) -> Result<Imported> {
    // What waits for a line that is not needed any more ends as well.
    let stop = stop.part();
    let mut input = Stoppable { input, stop: &stop };
    let lines = Lines::new(&mut input);
    let give_up = || stop.give_up();
    let stream = Stream { lines, whole, give_up: &give_up };
    match &options.hold {
        Some(reason) => live::import(options, reason, stream, notes),
        None => side::import(options, stream, notes),
    }
}
