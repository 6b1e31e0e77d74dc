//! What becomes of the files by an event that is done.

use jiff::Timestamp;

use super::event::{Adopt, Change, Segment};
use super::open::Open;

/// What an event that is done makes of the files.
#[derive(Debug)]
pub(super) enum Effect {
    /// A segment is in its file, by a run of this time.
    Published(Box<Segment>, Option<Timestamp>),
    /// A segment is settled.
    Settled(Box<Open>),
    /// A consolidation or an expiry is done.
    Changed(Box<Change>),
    /// A file is taken in, by a run of this time.
    Adopted(Adopt, Option<Timestamp>),
}
