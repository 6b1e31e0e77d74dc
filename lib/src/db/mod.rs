//! The database: connections, the shape of a table, reads in nibbles, and the
//! checks and deletions of a purge. No SQL stands anywhere else.
//!
//! Invariants. No file or pipe of ours is touched while a transaction is open:
//! callers get rows in memory, in batches, and a batch's transaction has ended
//! when they write it. Values are compared in Rust, by class and bytes, never
//! by SQL (whose `=` knows collations and affinities).

mod access;
mod affinity;
mod catalog;
mod deadline;
mod delete;
mod due;
mod foreign_keys;
mod insert;
mod journal;
mod journal_file;
mod linked;
mod log_room;
mod open;
mod overwrite;
mod purgeable;
mod read;
mod sample;
mod schema;
mod sql;
mod triggers;
mod vacuum;
mod value_room;
mod waiting;
mod wal_leftovers;
mod watched;
mod whole_schema;

pub use access::Access;
pub use affinity::Affinity;
pub use catalog::PointsTo;
pub use delete::{
    AtOnce, KnownRows, Limits, Pace, ProvenRow, RowAccess, RowAddress,
    WriteLock, circle_end, circle_start,
};
pub use due::{Due, PlannedDeletions, Selection, TimeIndex};
pub use foreign_keys::{Child, References};
pub use insert::{
    Dangling, ImportedPart, Insert, Inserted, NewRow, OnConflict,
    declared_types, table_of,
};
pub use journal::Flushed;
pub use linked::{Flush, flush, sqlite};
pub use log_room::LogRoom;
pub use open::{Database, Identity};
pub use read::{
    ArchivedForm, Batch, Census, Filter, Fit, Met, Position, Question,
    Redaction, RowEncoder, RowView, Span, TableSize, Walk,
};
pub use schema::{Key, Kind, Table};
use sql::ident;
pub use vacuum::Reclaim;
pub use watched::Watched;
