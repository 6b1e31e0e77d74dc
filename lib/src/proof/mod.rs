//! The proof: archived lines against the rows of a table.
//!
//! A line is a row if the row, encoded again in the line's archived form, has
//! the line's bytes, or the line's values column by column by name. Rows are
//! found by key where they have a usable one ([`find`]), else by rowid and
//! content ([`find_keyless`]).
//!
//! Invariants. Nothing is written, in the database but for temporary tables of
//! the connection. Values are compared by storage class and bytes, never by
//! SQL. Rows are read outside any write transaction, unless the caller holds
//! one.

mod access;
mod find;
mod find_keyless;
mod helper;
mod line;
mod missing;
mod subject;
mod whole;

pub use access::Accesses;
pub use find::{Finding, KeyedFinder, Look};
pub use find_keyless::{Before, KeylessFinder, claim_all};
pub use helper::{Helper, compare};
pub use line::{range, rowid};
pub use missing::missing;
pub use subject::{Source, Subject};
pub use whole::all_equal;
