//! Segments read ahead of whoever compares their lines.
//!
//! Invariant. A large piece waits at the reader until it is asked for, behind
//! an empty one that takes its place in the channel: so there are two at most,
//! the one that is compared and the next.

use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

use super::segment::VerifiedSegment;
use crate::error::{Error, Result};
use crate::io::large::{LARGE, relieve};

/// The lines of several segments, opened ahead on a thread of its own.
#[derive(Debug)]
pub struct ReadAhead {
    pieces: Receiver<Result<(usize, Vec<u8>)>>,
    used: Sender<Vec<u8>>,
}

impl ReadAhead {
    /// Begins to read segments, one behind the other.
    pub fn begin<'s>(
        segments: impl IntoIterator<Item = &'s VerifiedSegment>,
    ) -> Result<ReadAhead> {
        // Each file is opened in its turn: there may be more of them than a
        // process may have open.
        let segments: Vec<VerifiedSegment> =
            segments.into_iter().cloned().collect();
        let (pieces, come) = sync_channel(1);
        let (used, back) = channel::<Vec<u8>>();
        let read = move || {
            for (index, segment) in segments.iter().enumerate() {
                let text = segment.text();
                let done = text.and_then(|text| {
                    text.read(&mut |piece| {
                        let spare = back.try_recv().unwrap_or_default();
                        let piece = std::mem::replace(piece, spare);
                        let send = |piece| {
                            pieces
                                .send(Ok((index, piece)))
                                .map_err(|_| unwanted())
                        };
                        if piece.len() > LARGE {
                            send(Vec::new())?;
                        }
                        send(piece)
                    })
                });
                if let Err(error) = done {
                    // A reader that has gone needs no error.
                    drop(pieces.send(Err(error)));
                    return;
                }
            }
        };
        std::thread::Builder::new().spawn(read).map_err(|e| {
            Error::failed(format!("cannot start a thread: {e}"))
        })?;
        Ok(ReadAhead { pieces: come, used })
    }

    /// The next piece of whole lines, and the place of its segment among
    /// those that are read; none at the end of the last one. `used` is a
    /// piece that is needed no more.
    pub fn next(
        &mut self,
        mut used: Vec<u8>,
    ) -> Result<Option<(usize, Vec<u8>)>> {
        relieve(&mut used);
        // A reader that has ended needs no more buffers.
        if !used.is_empty() {
            drop(self.used.send(used));
        }
        loop {
            match self.pieces.recv().ok().transpose()? {
                Some((_, piece)) if piece.is_empty() => {}
                next => return Ok(next),
            }
        }
    }
}

/// What a reader says that nobody listens to any more.
fn unwanted() -> Error {
    Error::failed("a reading thread ended early")
}
