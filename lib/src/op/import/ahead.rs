//! Lines are read, taken apart and divided on a thread of their own, while
//! the rows before them are inserted.
//!
//! Invariant. Two batches are under way at most, one at each thread.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;

use super::batch::Batch;
use super::divide::Divider;
use super::lines::{Lines, cut};
use super::parser::Parser;
use crate::error::{Error, Result};

/// Where lines come from.
pub(super) struct Stream<'a> {
    pub lines: Lines<'a>,
    /// Says, at the end of the stream, whether that is all of it.
    pub whole: &'a mut dyn FnMut() -> Result<()>,
    /// Ends a read that waits: nobody needs its lines any more.
    pub give_up: &'a dyn Fn(),
}

/// What reads ahead.
pub(super) struct Ahead<'a, 's> {
    pub stream: Stream<'a>,
    pub parser: Parser,
    /// What tells the parts of the stream apart, where that matters.
    pub divider: Option<Divider<'s>>,
}

impl Ahead<'_, '_> {
    /// Gives each batch of lines to `work`, up to the end of the stream; gives
    /// back the parser, and what it knows.
    pub fn read(
        self,
        work: &mut dyn FnMut(&Batch) -> Result<()>,
    ) -> Result<Parser> {
        let Ahead { stream, mut parser, mut divider } = self;
        let Stream { mut lines, whole, give_up } = stream;
        thread::scope(|scope| {
            let (full, come) = sync_channel(0);
            let (back, spare) = channel::<Batch>();
            let read = move || {
                loop {
                    let mut batch = spare.try_recv().unwrap_or_default();
                    fill(&mut batch, &mut lines, &mut parser);
                    if let Some(divider) = &mut divider {
                        divider.batch(&mut batch);
                    }
                    let ends = batch.is_last || batch.failed.is_some();
                    if full.send(batch).is_err() || ends {
                        return parser;
                    }
                }
            };
            let thread = thread::Builder::new().spawn_scoped(scope, read);
            let thread = thread.map_err(|e| {
                Error::failed(format!("cannot start a thread: {e}"))
            })?;
            if let Err(error) = take(come, &back, work, whole) {
                give_up();
                return Err(error);
            }
            Ok(thread.join().unwrap_or_else(|e| resume_unwind(e)))
        })
    }
}

/// Works on the batches that come.
fn take(
    come: Receiver<Batch>,
    back: &Sender<Batch>,
    work: &mut dyn FnMut(&Batch) -> Result<()>,
    whole: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    for mut batch in come {
        work(&batch)?;
        if batch.is_last {
            whole()?;
        }
        if let Some(error) = batch.failed.take() {
            return Err(error);
        }
        // A reader that has ended needs none back.
        drop(back.send(batch));
    }
    Ok(())
}

/// Reads the next lines and takes them apart.
pub(super) fn fill(
    batch: &mut Batch,
    lines: &mut Lines<'_>,
    parser: &mut Parser,
) {
    batch.clear();
    match lines.fill(&mut batch.text) {
        Ok(ended) => batch.is_last = ended,
        Err(error) => {
            batch.failed = Some(error);
            return;
        }
    }
    parser.batch(batch);
    if batch.failed.is_some() {
        batch.is_last = false;
    } else if batch.is_last && lines.is_cut() {
        batch.failed = Some(cut(parser.lines + 1));
    }
}
