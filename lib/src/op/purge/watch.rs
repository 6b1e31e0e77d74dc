//! Whether anybody commits while the receipts are waited for.
//!
//! In a pipeline that is most of the time. Whoever has been alone with the
//! database since then may hold the lock for longer from the first batch on.

use std::time::Instant;

use crate::db::{Access, Database, Identity};
use crate::settings::Settings;

pub(super) struct Watch {
    /// Kept open: `data_version` can only be compared on one connection.
    database: Database,
    identity: Identity,
    version: i64,
    since: Instant,
}

impl Watch {
    /// Begins to watch; none where that cannot be done. What is wrong with the
    /// database is said once it is needed, and may be gone by then.
    pub fn begin(place: &Settings) -> Option<Watch> {
        let since = Instant::now();
        let identity = Database::identity(&place.db()).ok()?;
        let database = place.open(Access::Read).ok()?;
        let version = database.data_version().ok()?;
        Some(Watch { database, identity, version, since })
    }

    /// Since when nobody has committed in this database, if nobody has.
    pub fn alone_since(&self, identity: &Identity) -> Option<Instant> {
        let version = self.database.data_version().ok()?;
        let same = *identity == self.identity && version == self.version;
        same.then_some(self.since)
    }
}
