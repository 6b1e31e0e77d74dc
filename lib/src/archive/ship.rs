//! The events of a copy at a remote. The copying itself, and the looking at
//! it, are somebody else's, and done without the lock.

use super::event::Event;
use super::owner::Archive;
use super::shipments::{Ship, Shipped, Withdraw};
use crate::crash;
use crate::error::Result;

/// The folder in the root of a tree in which copies are made ready.
pub const STAGE: &str = ".rt-ship";

impl Archive {
    /// Copies are about to be made. It is durable when this returns.
    pub fn begin_shipping(&mut self, ship: Ship) -> Result<()> {
        self.append(&[Event::Ship(ship)])?;
        crash::point("ship.intent");
        Ok(())
    }

    /// Copies are at a remote, and were looked at there.
    pub fn objects_shipped(&mut self, all: &[Shipped]) -> Result<()> {
        let event = |one: &Shipped| Event::Shipped(one.clone());
        let events: Vec<Event> = all.iter().map(event).collect();
        self.append(&events)?;
        crash::point("ship.shipped");
        Ok(())
    }

    /// Objects are about to go from a remote. It is durable when this returns.
    pub fn withdraw_objects(&mut self, names: Withdraw) -> Result<()> {
        self.append(&[Event::Withdraw(names)])?;
        crash::point("ship.withdraw");
        Ok(())
    }

    /// Objects are gone from a remote.
    pub fn objects_withdrawn(&mut self, names: Withdraw) -> Result<()> {
        self.append(&[Event::Withdrawn(names)])?;
        crash::point("ship.withdrawn");
        Ok(())
    }
}
