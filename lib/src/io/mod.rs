//! Files: durable names, gzip members, tar, and digests of contents.
//!
//! Nothing here knows a table or a ledger.

pub(crate) mod beneath;
pub mod digest;
pub(crate) mod durable;
pub(crate) mod exposed;
pub(crate) mod gz;
pub(crate) mod holes;
pub(crate) mod jsonl;
pub(crate) mod large;
pub(crate) mod line_room;
pub(crate) mod ordered;
pub(crate) mod output;
pub(crate) mod pipe;
pub(crate) mod producer;
pub(crate) mod space;
pub(crate) mod spool;
mod sync_many;
pub(crate) mod tar;
pub(crate) mod tree_path;

pub use pipe::unbuffered;
pub use sync_many::sync_many;
