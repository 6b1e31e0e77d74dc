//! Row records: a SQLite row as one line of JSON, exactly.
//!
//! Invariants. Every value of every storage class has one encoded form, and
//! that form reads back as the same class and the same bytes; so two rows are
//! equal just when their encoded forms are. Keys stand in column order. The
//! format is described for its readers in rt-jsonl(5).
//!
//! * INTEGER is a number without `.` and `e`, REAL always has one of them;
//!   infinities are `9e999` and `-9e999`, as SQLite's JSON functions have it.
//! * TEXT is a string; TEXT that is not UTF-8, and BLOB, are the object
//!   `{"$base64":true,"encoded":"..."}`, the former with `"text":true` in it.
//!
//! Writing ([`Shape`]) appends to a buffer that the caller reuses and
//! allocates nothing a row. Reading ([`Fields`]) walks a line in place.

mod array;
mod csv;
mod inside;
mod predicate;
mod quoted;
mod read;
mod skip;
mod text;
mod token;
mod write;

pub use array::{ArrayReader, BRACKETS, Frame, records};
pub use csv::Csv;
pub use predicate::Predicate;
pub use read::{Field, Fields};
pub use text::append_string;
pub use token::{Decoded, Fault, Str, Token, escape};
pub use write::{
    ARCHIVED_AT, ARCHIVED_AT_MARK, ROWID, Shape, append_value, archived_at,
};

#[cfg(test)]
mod arbitrary_tests;
