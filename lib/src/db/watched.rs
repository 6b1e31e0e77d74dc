//! Since when nobody has committed in a database.

use std::time::Instant;

use crate::db::{Database, Identity};
use crate::error::Result;

/// A database that is watched.
#[derive(Debug)]
pub struct Watched {
    /// Kept open: `data_version` can only be compared on one connection.
    database: Database,
    identity: Identity,
    version: i64,
    since: Instant,
}

impl Watched {
    /// Begins to watch; none where it cannot be opened yet.
    pub fn begin(open: impl FnOnce() -> Result<Database>) -> Option<Watched> {
        let since = Instant::now();
        let database = open().ok()?;
        let identity = Database::identity(&database.path).ok()?;
        let version = database.data_version().ok()?;
        Some(Watched { database, identity, version, since })
    }

    /// Since when nobody has committed in this database, if nobody has.
    pub fn alone_since(&self, identity: &Identity) -> Option<Instant> {
        let version = self.database.data_version().ok()?;
        let same = *identity == self.identity && version == self.version;
        same.then_some(self.since)
    }
}
