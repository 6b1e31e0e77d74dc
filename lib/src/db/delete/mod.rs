//! Finding archived rows again and deleting them, one write transaction at a
//! time.

mod at_once;
mod claims;
mod commit_cost;
mod follow;
mod known_rows;
mod order;
mod pace;
mod reinserted;
mod row_access;
mod row_address;
pub(super) mod set;
mod write_lock;

pub use at_once::AtOnce;
pub use known_rows::KnownRows;
pub use pace::{Limits, Pace};
pub use row_access::RowAccess;
pub use row_address::RowAddress;
pub use set::{ProvenRow, circle_end, circle_start};
pub use write_lock::WriteLock;
