//! The two events of a hold. Nothing need be durable before them: they only
//! keep rows from being begun with.

use super::event::Event;
use super::holds::Hold;
use super::owner::Archive;
use crate::crash;
use crate::error::Result;

impl Archive {
    /// Begins a hold. It is durable when this returns.
    pub fn hold(&mut self, hold: Hold) -> Result<()> {
        self.append(&[Event::Hold(hold)])?;
        crash::point("hold.written");
        Ok(())
    }

    /// Ends holds.
    pub fn release(&mut self, ids: &[String]) -> Result<()> {
        let event = |id: &String| Event::Release { id: id.clone() };
        let events: Vec<Event> = ids.iter().map(event).collect();
        self.append(&events)
    }
}
