//! What a connection is opened for.

/// What is opened for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Reading only; nothing in the database changes, whatever state it is
    /// in: for dry runs.
    Look,
    /// Reading only; but where a program died while it wrote, SQLite is let
    /// to undo that first, as any program that opens the database does.
    Read,
    /// Deleting: the write-ahead log is ours to flush ([`flush`](crate::db::Database::flush))
    /// and to copy ([`checkpoint`](crate::db::Database::checkpoint)), foreign keys are ours to check.
    Delete,
    /// Inserting, as an application does: what was committed is durable.
    Insert,
}

impl Access {
    /// Whether the connection may write.
    pub(super) fn writes(self) -> bool {
        self == Access::Delete || self == Access::Insert
    }
}
