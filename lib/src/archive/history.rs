//! The past of a tree, out of its ledger: what each table's archives gained
//! and gave up in each month, and how its jobs ended.
//!
//! A month is that of the run, in UTC, not of the rows. Lines that do not
//! follow are passed over: whoever asks wants to see the past, and nothing is
//! deleted on the strength of what is found here.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audit::Audit;
use super::change::Change;
use super::event::{Event, Job, Settled};
use super::member::Member;
use super::open::Open;
use super::said::Said;
use crate::error::Result;
use crate::outcome::is_zero;
use crate::time::{Day, rfc3339};

/// What the archives of a table gained and gave up in a month: the record
/// `month` of rt-stat(1).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Month {
    /// `YYYY-MM`, of the runs.
    pub month: String,
    /// The table.
    pub table: String,
    /// The name of its database in the tree, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Rows that came to stay.
    pub archived_rows: u64,
    /// The bytes of their files.
    pub archived_bytes: u64,
    /// The bytes of their lines, uncompressed; those of files that were taken
    /// in are not known.
    pub text_size_bytes: u64,
    /// Rows that were deleted from the database.
    pub deleted_rows: u64,
    /// Rows whose retention ended.
    pub expired_rows: u64,
    /// The bytes that they had in their files.
    pub expired_bytes: u64,
    /// Rows that an operator had erased.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased_rows: u64,
}

/// How a job ended: the record `job` of rt-stat(1).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct JobEnd {
    /// The time of the run, RFC 3339.
    pub at: String,
    /// What the ledger says of it.
    #[serde(flatten)]
    pub job: Job,
}

type Key = (String, String, Option<String>);

/// The past of a tree.
#[derive(Debug, Default)]
pub struct History {
    months: BTreeMap<Key, Month>,
    jobs: Vec<JobEnd>,
}

impl History {
    /// Reads the ledger of the tree at `root`; a tree without one has no past.
    pub fn read(root: &Path) -> Result<History> {
        let mut history = History::default();
        Audit::of(root, &mut |event, at, before| {
            if let Some(at) = at {
                history.take(event, at, before);
            }
        })?;
        Ok(history)
    }

    /// By month, table and database.
    pub fn months(&self) -> impl Iterator<Item = &Month> {
        self.months.values()
    }

    /// In the order in which they ended.
    pub fn jobs(&self) -> &[JobEnd] {
        &self.jobs
    }

    fn take(&mut self, event: &Event, at: Timestamp, before: &Said) {
        match event {
            Event::Purge(settled) => {
                if let Some(open) = before.state.open(&settled.id) {
                    self.settled(at, open, settled);
                }
            }
            Event::Adopt(adopt) => {
                let known = before.files.file(&adopt.named.file);
                let held = known.map_or(&[][..], |file| &file.members);
                for member in &adopt.members {
                    self.taken_in(at, member, held);
                }
            }
            Event::Expired { id } | Event::Erased { id } => {
                if let Some(change) = before.state.change(id) {
                    self.gone(at, change);
                }
            }
            Event::Job(job) => {
                self.jobs.push(JobEnd { at: rfc3339(at), job: job.clone() });
            }
            _ => {}
        }
    }

    fn of(
        &mut self,
        at: Timestamp,
        table: &str,
        database: Option<&str>,
    ) -> &mut Month {
        let day = Day::of(at).to_string();
        let month = day.get(..7).unwrap_or(&day).to_owned();
        let database = database.map(str::to_owned);
        let key =
            (month.clone(), table.to_ascii_lowercase(), database.clone());
        self.months.entry(key).or_insert_with(|| Month {
            month,
            table: table.to_owned(),
            database,
            ..Month::default()
        })
    }

    fn of_member(
        &mut self,
        at: Timestamp,
        member: &Member,
    ) -> Option<&mut Month> {
        let table = member.table.as_deref()?;
        Some(self.of(at, table, member.database.as_deref()))
    }

    fn settled(&mut self, at: Timestamp, open: &Open, settled: &Settled) {
        let (segment, left) = (&open.segment, open.remaining());
        let month = self.of(at, &segment.table, segment.database.as_deref());
        month.archived_rows += left.rows;
        month.archived_bytes += left.size_bytes;
        month.text_size_bytes += left.text_size_bytes;
        month.deleted_rows += settled.counts.deleted;
    }

    /// What a file that was taken in holds beside what it held before.
    fn taken_in(&mut self, at: Timestamp, member: &Member, held: &[Member]) {
        let held = held.iter().find(|one| one.name == member.name);
        let (rows, bytes) = held.map_or((0, 0), |h| (h.rows, h.size_bytes));
        if let Some(month) = self.of_member(at, member) {
            month.archived_rows += member.rows.saturating_sub(rows);
            month.archived_bytes += member.size_bytes.saturating_sub(bytes);
        }
    }

    /// What expired, or was erased; not what had come back and was counted
    /// before.
    fn gone(&mut self, at: Timestamp, change: &Change) {
        for member in &change.expires {
            if let Some(month) = self.of_member(at, member) {
                month.expired_rows += member.rows;
                month.expired_bytes += member.size_bytes;
            }
        }
        for gone in change.erases.iter().filter(|_| !change.again) {
            let database = gone.database.as_deref();
            self.of(at, &gone.table, database).erased_rows += gone.rows;
        }
    }
}
