//! What a run is told: where its database, tree and policy are, what the
//! policy says, and which columns are redacted or left out.

pub mod columns;
pub mod condition;
mod paths;
pub mod policy;

pub use paths::Settings;
pub(crate) use paths::absolute;
