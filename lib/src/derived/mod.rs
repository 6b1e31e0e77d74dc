//! What a program beside these needs to make another form of the archives:
//! the settled days by the ledger, their lines, each file held against its
//! digest, what their columns were declared as, and the codec of a record.
//!
//! Invariants. Nothing here writes into a tree, and no lock is taken: what a
//! job moves meanwhile is found to be another file than the ledger said, and
//! is asked for again. A derived form can be thrown away and made again.

mod days;
mod live;

pub use crate::archive::lock::Lock;
pub use crate::archive::tiers::entries;
pub use crate::archive::{Origin, Segment, StoredSegments};
pub use crate::db::Affinity;
pub use crate::io::digest::file_sha256;
pub use crate::io::durable::{
    Temp, is_gone, is_temporary, make_folders, open_read, read_if_there,
    remove_if_empty, remove_if_there, sync_folder, sync_parent,
};
pub use crate::io::jsonl::print;
pub use crate::io::tree_path::TreePath;
pub use crate::record::{
    ARCHIVED_AT, Decoded, Fault, Field, Fields, ROWID, Token, append_string,
    append_value, records,
};
pub use crate::settings::Settings;
pub use crate::time::{Day, Unit, instant, parse, rfc3339};
pub use crate::value::{Owned, Value};
pub use days::{ArchivedDay, Archives, EachLines};
pub use live::LiveTable;
