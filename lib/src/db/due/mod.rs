//! Which rows are due, and which of them stay because others point at them.

mod gather;
mod greatest;
mod planned;
mod ranges;
mod select;
mod time_index;
mod which_index;

pub use planned::PlannedDeletions;
pub use select::{Due, Selection};
pub use which_index::TimeIndex;
