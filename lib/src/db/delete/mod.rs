//! Finding archived rows again and deleting them, one write transaction at a
//! time.

mod reinserted;
mod row_access;
mod set;
mod write_lock;

pub use row_access::{Deleted, Found, RowAccess, RowAddress};
pub use write_lock::WriteLock;
