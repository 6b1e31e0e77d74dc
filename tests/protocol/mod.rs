//! Publish, settle, recover: the real programs, killed between two writes or
//! overtaken by an application, and then one ordinary run.
//!
//! What must hold is always the same: a row is in the database or in one
//! archive, the ledger replays, nothing is left unsettled, and every file is
//! what the ledger says. Rows are read with SQLite and gzip alone.

mod application;
mod checkpoint;
mod commits;
mod disk;
mod flushes;
mod full_disk;
mod keyless;
mod lock;
mod model;
mod order;
mod page;
mod points;
mod references;
mod sweep;

pub use points::points;
pub use sweep::{kill, processes};

use crate::support::world::{
    Bag, NEW, OLD, Then, World, former, plus, stop_at, until,
};

/// Whether there is such a file in a tree.
pub fn there(world: &World, name: &str) -> bool {
    world.dir.join("archives").join(name).exists()
}
