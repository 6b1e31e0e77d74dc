//! Files: durable names, gzip members, tar, and digests of contents.
//!
//! Nothing here knows a table or a ledger.

pub mod digest;
pub mod durable;
pub mod gz;
pub mod jsonl;
mod sync_many;
pub mod tar;

pub use sync_many::sync_many;
