//! Which rows are on hold: they are due, and stay all the same.

use jiff::Timestamp;

use super::options::Options;
use crate::archive::{Hold, Ledger, Origin};
use crate::db::{Span, Table};
use crate::error::{Result, quote};

/// What the ledger holds.
pub(super) struct OnHold {
    holds: Vec<Hold>,
    database: Option<String>,
}

impl OnHold {
    /// Reads the holds that are in force, for a run that writes what is due;
    /// any other run writes what it is asked for.
    pub fn read(options: &Options, now: Timestamp) -> Result<OnHold> {
        let database = options.settings.database()?;
        let mut holds = Vec::new();
        if options.due {
            let root = options.settings.archives();
            let mut ledger = Ledger::open(&root, now, false)?;
            ledger.check_end()?;
            let all = ledger.state().holds().iter();
            let in_force = all.filter(|h| !h.released && !h.hold.is_over(now));
            holds.extend(in_force.map(|held| held.hold.clone()));
        }
        Ok(OnHold { holds, database })
    }

    fn of(&self, table: &Table) -> impl Iterator<Item = &Hold> {
        let origin = Origin::new(&table.name, self.database.as_deref());
        self.holds
            .iter()
            .filter(move |h| origin.is(&h.table, h.database.as_deref()))
    }

    /// When rows of a table are on hold.
    pub fn spans(&self, table: &Table) -> Vec<Span> {
        self.of(table).map(Hold::span).collect()
    }

    /// Why rows of a table are.
    pub fn reasons(&self, table: &Table) -> String {
        let reasons: Vec<String> =
            self.of(table).map(|hold| quote(&hold.reason)).collect();
        reasons.join(", ")
    }
}
