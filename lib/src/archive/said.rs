//! All that the lines of a ledger say.

use jiff::Timestamp;

use super::event::Event;
use super::inventory::Inventory;
use super::state::State;

/// What the lines of a ledger say so far, with what they say of the files.
#[derive(Debug, Default)]
pub struct Said {
    /// What is open, and when what was done.
    pub state: State,
    /// What the files are.
    pub files: Inventory,
}

impl Said {
    /// Takes in the next event, whose line begins at `at_bytes`; an event that
    /// cannot follow is refused, and changes nothing.
    pub(super) fn apply(
        &mut self,
        event: Event,
        at: Option<Timestamp>,
        at_bytes: u64,
    ) -> Result<(), String> {
        if let Some(effect) = self.state.apply(event, at, at_bytes)? {
            self.files.take(&effect);
        }
        Ok(())
    }
}
