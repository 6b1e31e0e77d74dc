//! Which rows are due, and which of them stay because others point at them.

mod planned;
pub(super) mod select;

pub use planned::PlannedDeletions;
pub use select::{Due, Selection};
