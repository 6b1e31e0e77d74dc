//! rt-stat: the rows and bytes of tables, a record a table; or what is in the
//! archives, or what needs attention.
//!
//! What dates a row, and what is due, is decided as rt-export decides it. All
//! tables are looked up, and all settings held against them, before the first
//! is counted: a record that was printed is never followed by a usage error.

mod archives;
mod breach;
mod check;
mod files;
mod history;
mod jobs;
mod mismatch;
mod options;
mod residue;
mod unread;

use std::io::Write;

use serde::Serialize;

use crate::db::{
    Access, Census, Database, Flush, Question, Table, TableSize, flush,
};
use crate::error::{Exit, Notes, Result, quote};
use crate::io::jsonl;
use crate::settings::columns::{need_timestamp, rule};
use crate::settings::policy::{self, Entry, Policy};
use crate::time::{self, Shape, rfc3339};

pub use options::Options;

/// A table's record. What nothing says how to tell is null.
#[derive(Serialize)]
#[serde(tag = "type", rename = "table")]
struct TableStat {
    table: String,
    rows: u64,
    hot: Option<u64>,
    stale: Option<u64>,
    warm: Option<u64>,
    undated: Option<u64>,
    future: Option<u64>,
    oldest: Option<String>,
    newest: Option<String>,
    live_bytes: u64,
    reclaimable_bytes: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exempt: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    residue: Vec<&'static str>,
}

/// The record of what undated rows look like.
#[derive(Serialize)]
#[serde(tag = "type", rename = "undated")]
struct UndatedStat<'t> {
    table: &'t str,
    #[serde(flatten)]
    shape: Shape,
}

/// With `--always` a database file that is not over the threshold is measured
/// too, up to this length in bytes: to read so much takes a moment.
const MOMENT_BYTES: u64 = 256 << 20;

/// The record of a table over the size that was asked about, or with
/// `--always` of any.
#[derive(Serialize)]
#[serde(tag = "type", rename = "table_size")]
struct OverStat {
    table: String,
    live_bytes: Option<u64>,
    reclaimable_bytes: Option<u64>,
    threshold_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    over: Option<bool>,
}

/// Said once a run, where the tables are looked at as a whole.
const SLOW_FLUSH: &str = "SQLite was built without fdatasync: each commit \
    waits longer for the disk than it must; build with \
    LIBSQLITE3_FLAGS=-DHAVE_FDATASYNC=1, see rt(7)";

/// Prints the records.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    options.check()?;
    if options.archives {
        return archives::run(options, output, notes);
    }
    if options.history {
        return history::run(options, output);
    }
    if options.check {
        return check::run(options, output, notes);
    }
    if let (Some(threshold), [name]) = (options.over, &options.tables[..]) {
        let database = options.settings.open(Access::Read)?;
        let table = database.need_table(name)?;
        let record = over(&database, table, threshold, options.always)?;
        if let Some(over) = record {
            jsonl::print(&over, output)?;
        }
        return Ok(Exit::Done);
    }
    if flush() == Flush::Fsync {
        notes.warn(SLOW_FLUSH);
    }
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let database = options.settings.open(Access::Read)?;
    if let (true, [name]) = (options.undated, &options.tables[..]) {
        let table = database.need_table(name)?;
        let count = Count::plan(options, &policy, now, table)?;
        return shapes(count, &database, output);
    }
    let mut counts = Vec::new();
    for table in tables(options, &policy, &database)? {
        let count = Count::plan(options, &policy, now, table)?;
        counts.push(count);
    }
    for count in counts {
        notes.verbose(&format!("counting {}", quote(&count.table.name)));
        let rule = rule(&policy, &count.table.name);
        let residue = match rule {
            Some(rule) => residue::residue(&database, &count.table, rule)?,
            None => Vec::new(),
        };
        let record = TableStat { residue, ..count.take(&database)? };
        jsonl::print(&record, output)?;
    }
    Ok(Exit::Done)
}

/// What undated rows look like, a record a shape.
fn shapes(
    count: Count,
    database: &Database,
    output: &mut dyn Write,
) -> Result<Exit> {
    let Count { table, question, .. } = count;
    need_timestamp(question.timestamp.clone(), &table)?;
    let census = database.census(&table, &question)?;
    for shape in census.shapes.list() {
        jsonl::print(&UndatedStat { table: &table.name, shape }, output)?;
    }
    Ok(Exit::Done)
}

/// The size of a table if it is over the threshold, or always. A database
/// that is not over it as a whole answers at once.
fn over(
    database: &Database,
    table: Table,
    threshold_bytes: u64,
    always: bool,
) -> Result<Option<OverStat>> {
    let whole = database.whole_bytes()?;
    let fits = whole <= threshold_bytes;
    let size = match (fits, always) {
        (true, false) => return Ok(None),
        (true, true) if whole > MOMENT_BYTES => None,
        _ => Some(database.table_size(&table)?),
    };
    let live_bytes = size.map(|s: TableSize| s.live_bytes);
    let over = live_bytes.is_some_and(|live| live > threshold_bytes);
    Ok((over || always).then_some(OverStat {
        table: table.name,
        live_bytes,
        reclaimable_bytes: size.map(|s| s.reclaimable_bytes),
        threshold_bytes,
        over: always.then_some(over),
    }))
}

/// The tables that were named, which must exist; where none was named, the
/// policy's tables that exist.
fn tables(
    options: &Options,
    policy: &Policy,
    database: &Database,
) -> Result<Vec<Table>> {
    if !options.tables.is_empty() {
        return options
            .tables
            .iter()
            .map(|t| database.need_table(t))
            .collect();
    }
    options.settings.need_policy_table(policy, database)?;
    let mut found = Vec::new();
    for entry in policy.entries() {
        found.extend(database.table(entry.table())?);
    }
    Ok(found)
}

/// A table, and what to count of it.
struct Count {
    table: Table,
    question: Question,
    /// The policy has periods for it: rows are hot or stale.
    ruled: bool,
    exempt: bool,
}

impl Count {
    fn plan(
        options: &Options,
        policy: &Policy,
        now: jiff::Timestamp,
        table: Table,
    ) -> Result<Count> {
        let rule = rule(policy, &table.name);
        let mut question = Question {
            timestamp: options.columns.timestamp(&table, rule)?,
            future: Some(time::future(now)),
            ..Question::default()
        };
        if let Some(rule) = rule {
            question.cutoff = policy::cutoff(rule, now)?;
            question.cold_cutoff = policy::cold_cutoff(rule, now)?;
            question.condition.clone_from(&rule.where_);
            question.keep_greatest = rule.keep_greatest_id;
        }
        let exempt = matches!(policy.get(&table.name), Some(Entry::Exempt(_)));
        Ok(Count { question, ruled: rule.is_some(), exempt, table })
    }

    fn take(self, database: &Database) -> Result<TableStat> {
        let census = database.census(&self.table, &self.question)?;
        let Census { rows, hot, stale, warm, undated, future, .. } = census;
        let size = database.table_size(&self.table)?;
        let dated = self.question.timestamp.is_some();
        Ok(TableStat {
            table: self.table.name,
            rows,
            hot: self.ruled.then_some(hot),
            stale: self.ruled.then_some(stale),
            warm: self.ruled.then_some(warm),
            undated: dated.then_some(undated),
            future: dated.then_some(future),
            oldest: census.oldest.map(rfc3339),
            newest: census.newest.map(rfc3339),
            live_bytes: size.live_bytes,
            reclaimable_bytes: size.reclaimable_bytes,
            exempt: self.exempt,
            residue: Vec::new(),
        })
    }
}
