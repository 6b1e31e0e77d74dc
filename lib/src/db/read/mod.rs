//! Reading a table: walks in batches, counts, sizes, and the archived form of
//! a row.

mod archived_form;
mod census;
mod encode;
pub(super) mod filter;
mod size;
pub(super) mod walk;

pub use archived_form::{Fit, Form, Redaction};
pub use census::{Census, Question};
pub use encode::RowEncoder;
pub use filter::Filter;
pub use size::TableSize;
pub use walk::{Batch, Position, RowView, Walk};
