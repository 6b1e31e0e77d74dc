//! What becomes of the files by an event that is done.

use std::sync::Arc;

use jiff::Timestamp;

use super::change::Change;
use super::event::{Adopt, Segment};
use super::open::Open;
use super::shipments::{Ship, Shipped, Withdraw};

/// What an event that is done makes of the files.
#[derive(Debug)]
pub(super) enum Effect {
    /// A segment is in its file, by a run of this time.
    Published(Arc<Segment>, Option<Timestamp>),
    /// A segment is settled.
    Settled(Box<Open>),
    /// A consolidation, an expiry or an erasure is done.
    Changed(Box<Change>),
    /// A file is taken in, by a run of this time.
    Adopted(Adopt, Option<Timestamp>),
    /// Copies at a remote are begun.
    Ship(Ship),
    /// One is there.
    Shipped(Shipped),
    /// Some are about to go.
    Withdraw(Withdraw),
    /// Objects are gone from a remote.
    Withdrawn(Withdraw),
}
