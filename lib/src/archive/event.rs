//! The events, as they stand in the ledger. rt-ledger(5) describes them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amount::amount;
use super::change::{Change, Named};
use super::holds::Hold;
use super::member::Member;
use super::names::Origin;
use super::shipments::{Ship, Shipped, Withdraw};
use crate::error::{Error, Result};
use crate::line_set::LineSet;
use crate::outcome::is_zero;

/// The rows that one publication adds to one file, and all that their proof
/// depends on. A `store` event and its receipt carry it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Segment {
    /// 128 random bits in hexadecimal; never used again.
    pub id: String,
    /// The canonical path of the database.
    pub db: String,
    /// Its device.
    pub db_device: u64,
    /// Its inode.
    pub db_inode: u64,
    /// Its name in this tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The table, as the schema writes it.
    pub table: String,
    /// The file, relative to the tree's root; a file outside it by its
    /// absolute path.
    pub file: String,
    /// Where the segment begins: the length of the file before.
    #[serde(deserialize_with = "amount")]
    pub offset_bytes: u64,
    /// Its length in the file.
    #[serde(deserialize_with = "amount")]
    pub size_bytes: u64,
    /// SHA-256 of its bytes in the file.
    pub sha256: String,
    /// SHA-256 of the file before; none for a new file.
    pub before_sha256: Option<String>,
    /// SHA-256 of the whole file with it.
    pub file_sha256: String,
    /// Its lines.
    #[serde(deserialize_with = "amount")]
    pub rows: u64,
    /// Those of its lines that carry `_rowid`: rows without usable key.
    #[serde(deserialize_with = "amount")]
    pub keyless_rows: u64,
    /// The length of its text.
    #[serde(deserialize_with = "amount")]
    pub text_size_bytes: u64,
    /// SHA-256 of its text.
    pub text_sha256: String,
    /// `gzip` or `none`.
    pub compression: Compression,
    /// The level of its gzip members.
    pub level: u8,
    /// The columns of the records, in order.
    pub columns: Vec<String>,
    /// Columns left out.
    pub excluded: Vec<String>,
    /// Columns whose value was replaced.
    pub redacted: Vec<String>,
    /// The version of the secret patterns that were replaced, if any were.
    pub secrets_version: Option<u32>,
    /// Guessed secrets were replaced too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secrets_all: bool,
    /// The column that dates a row.
    pub timestamp_column: String,
    /// What its values mean, if that was said: a unit, or a pattern.
    pub unit: Option<String>,
    /// SHA-256 of the CREATE statements.
    pub schema_sha256: String,
    /// `_archived_at` of its lines; none in a file made by hand.
    pub archived_at: Option<String>,
    /// How long the policy kept such rows in all, or `forever`; none where it
    /// did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<String>,
    /// The least timestamp of its rows.
    pub oldest: Option<String>,
    /// The greatest.
    pub newest: Option<String>,
    /// Its text is one JSON array, a row a line, and its lines are counted
    /// without the brackets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub array: bool,
    /// A file made by hand: its lines are never taken out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

impl Segment {
    /// Whose rows they are.
    pub fn origin(&self) -> Origin {
        Origin::new(&self.table, self.database.as_deref())
    }

    /// Whether the archives do not have all that its rows held.
    pub fn leaves_out(&self) -> bool {
        let columns = !self.redacted.is_empty() || !self.excluded.is_empty();
        columns || self.secrets_version.is_some()
    }
}

/// How a file is compressed.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip members.
    #[default]
    Gzip,
    /// Plain text.
    None,
}

/// The deletion of a segment's rows has begun.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Purging {
    /// The segment.
    pub id: String,
    /// On a segment with keyless rows, exactly the lines of the batch that
    /// follows; else none are named.
    #[serde(default, skip_serializing_if = "LineSet::is_empty")]
    pub lines: LineSet,
    /// On a segment with keyless rows: while this holds, so do rowids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<i64>,
}

/// Lines to be taken out, and what the file is without them. An intent.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Retract {
    /// The segment.
    pub id: String,
    /// The lines.
    pub lines: LineSet,
    /// The segment's length in the file without them.
    #[serde(deserialize_with = "amount")]
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// SHA-256 of the whole file; none when the file goes.
    pub file_sha256: Option<String>,
    /// Its lines that remain.
    #[serde(deserialize_with = "amount")]
    pub rows: u64,
    /// The length of its text.
    #[serde(deserialize_with = "amount")]
    pub text_size_bytes: u64,
    /// SHA-256 of its text.
    pub text_sha256: String,
    /// The least timestamp of its rows that remain.
    #[serde(default)]
    pub oldest: Option<String>,
    /// The greatest.
    #[serde(default)]
    pub newest: Option<String>,
    /// What became of all lines, for the `purge` that follows.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What became of the rows of a segment.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Counts {
    /// Proven and deleted.
    #[serde(deserialize_with = "amount")]
    pub deleted: u64,
    /// Differed, and were taken out.
    #[serde(deserialize_with = "amount")]
    pub changed: u64,
    /// Pointed at by a row that stays, and were taken out.
    #[serde(deserialize_with = "amount")]
    pub referenced: u64,
    /// Kept by a trigger, and were taken out.
    #[serde(deserialize_with = "amount")]
    pub refused: u64,
    /// Not there, and were taken out.
    #[serde(deserialize_with = "amount")]
    pub gone: u64,
    /// Proven and deleted; their record stood in the archives before, and the
    /// second line was taken out.
    #[serde(
        default,
        skip_serializing_if = "is_zero",
        deserialize_with = "amount"
    )]
    pub repeated: u64,
    /// Gone or different in a segment that another run stored or began; their
    /// lines stay.
    #[serde(deserialize_with = "amount")]
    pub superseded: u64,
}

impl Counts {
    /// Lines of which something became.
    pub fn sum(&self) -> u64 {
        self.deleted
            + self.changed
            + self.referenced
            + self.refused
            + self.gone
            + self.repeated
            + self.superseded
    }
}

/// A segment is settled.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Settled {
    /// The segment.
    pub id: String,
    /// The table.
    pub table: String,
    /// Its file.
    pub file: String,
    /// Its lines when it was published: the sum of the counts.
    #[serde(deserialize_with = "amount")]
    pub rows: u64,
    /// What became of them.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A file that was made by hand or by another program is part of the tree
/// from now on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Adopt {
    /// The file.
    #[serde(flatten)]
    pub named: Named,
    /// What it holds.
    pub members: Vec<Member>,
}

/// A database is at another path than its tables' archives say.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Moved {
    /// Its canonical path from now on.
    pub db: String,
    /// Its device.
    pub db_device: u64,
    /// Its inode.
    pub db_inode: u64,
    /// Its name in this tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The tables whose archives come from it.
    pub tables: Vec<String>,
}

/// A job came to its end.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Job {
    /// Which: `daily`, `weekly`, `archive`, ...
    pub mode: String,
    /// The name of its database in this tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Its exit status.
    pub exit_status: u8,
    /// Rows archived.
    #[serde(deserialize_with = "amount")]
    pub total_archived: u64,
    /// Tables it was for.
    #[serde(deserialize_with = "amount")]
    pub tables: u64,
    /// Tables that failed.
    #[serde(deserialize_with = "amount")]
    pub failed: u64,
    /// How long it took by the wall clock, in seconds, to the millisecond;
    /// none where nobody said when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
}

/// One line of the ledger.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A segment is about to be published. An intent.
    Store(Arc<Segment>),
    /// It is there, and durable.
    Published {
        /// The segment.
        id: String,
    },
    /// It never came to be; the file is what it was.
    Void {
        /// The segment.
        id: String,
    },
    /// Its rows are about to be deleted.
    Purging(Purging),
    /// Lines are about to be taken out. An intent.
    Retract(Retract),
    /// It is settled.
    Purge(Settled),
    /// Warm files are about to go into a month's tar. An intent.
    Consolidate(Box<Change>),
    /// They are in it, and gone.
    Consolidated {
        /// The intent.
        id: String,
    },
    /// Archives past their retention are about to go. An intent.
    Expire(Box<Change>),
    /// Files that had to expire are gone.
    Expired {
        /// The intent.
        id: String,
    },
    /// Lines of a file are about to be erased. An intent.
    Erase(Box<Change>),
    /// Rows that had to be erased are gone.
    Erased {
        /// The intent.
        id: String,
    },
    /// A file was taken in.
    Adopt(Adopt),
    /// A database moved.
    Moved(Moved),
    /// Rows stay where they are.
    Hold(Hold),
    /// A hold ended.
    Release {
        /// The hold.
        id: String,
    },
    /// Objects are about to be copied to a remote. An intent.
    Ship(Ship),
    /// An object is there, and was looked at.
    Shipped(Shipped),
    /// Objects are about to go from a remote. An intent.
    Withdraw(Withdraw),
    /// Objects are gone from a remote.
    Withdrawn(Withdraw),
    /// A job ended.
    Job(Job),
    /// Written by a newer program.
    #[serde(other)]
    Unknown,
}

/// A segment, as rt-store prints it and rt-purge takes it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename = "receipt")]
pub struct Receipt {
    /// The segment.
    #[serde(flatten)]
    pub segment: Arc<Segment>,
}

/// What every line has behind its type.
#[derive(Serialize)]
pub(super) struct Stamp<'a> {
    pub seq: u64,
    pub at: &'a str,
    pub wall: &'a str,
    pub prev: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
}

impl Event {
    /// Appends the line: `type`, the stamp, then the event's own fields.
    pub(super) fn write_line(
        &self,
        out: &mut Vec<u8>,
        stamp: &Stamp<'_>,
    ) -> Result<()> {
        let fail = |e| Error::failed(format!("cannot write an event: {e}"));
        let event = serde_json::to_vec(self).map_err(fail)?;
        let stamp = serde_json::to_vec(stamp).map_err(fail)?;
        // {"type":"x" | ,<stamp> | ,"id":...}
        let cut = memchr::memchr2(b',', b'}', &event).unwrap_or(0);
        out.extend_from_slice(&event[..cut]);
        out.push(b',');
        out.extend_from_slice(&stamp[1..stamp.len() - 1]);
        out.extend_from_slice(&event[cut..]);
        out.push(b'\n');
        Ok(())
    }
}
