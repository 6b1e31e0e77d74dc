//! Reading a table: walks in batches, counts, sizes, and the archived form of
//! a row.

mod archived_form;
mod census;
pub(super) mod filter;
mod hot_hour;
pub(super) mod row_view;
mod size;
pub(super) mod walk;

pub use archived_form::{ArchivedForm, Fit, Redaction, RowEncoder};
pub use census::{Census, Question};
pub use filter::{Filter, Met, Span};
pub use row_view::RowView;
pub use size::TableSize;
pub use walk::{Batch, Position, Walk};
