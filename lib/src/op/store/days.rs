//! The files of a run in the making: a draft and a block a day, or one for
//! all rows.

use std::collections::BTreeMap;
use std::io::Read;

use jiff::Timestamp;

use super::lines::{LineReader, Record};
use super::options::{LEVEL, Options};
use crate::archive::{
    Archive, BLOCK_BYTES, Block, Compression, Draft, Origin, Segment, Tree,
};
use crate::db::{Identity, Table};
use crate::error::{Error, Exit, Notes, Result, counted, quote};
use crate::io::gz;
use crate::io::large::LARGE;
use crate::io::sync_many;
use crate::outcome::{Status, Stored};
use crate::record::{self, Frame};
use crate::settings::columns::ColumnChoice;
use crate::signal::Stop;
use crate::time::{Day, Unit, rfc3339};

/// What all days together may hold before one is cut early, in bytes of text.
const HELD_BYTES: usize = 16 << 20;

/// What is compressed at a time, in bytes of text, unless one block is longer.
/// More than that gains nothing.
const UNDER_WAY_BYTES: usize = 16 * BLOCK_BYTES;

/// What rt-store says when it is through: its record, the segments to print
/// as receipts, and the run's end.
pub(super) type Done = (Stored, Vec<Segment>, Result<Exit>);

/// A record of a table of which nothing was stored.
pub(super) fn empty(table: &str) -> Stored {
    Stored { table: table.to_owned(), ..Stored::default() }
}

/// One day in the making.
struct DayDraft {
    file: String,
    draft: Draft,
    block: Block,
    keyless: u64,
}

/// All days of a run.
pub(super) struct Days<'s> {
    table: &'s Table,
    origin: Origin,
    chosen: &'s ColumnChoice,
    unit: Option<Unit>,
    level: u8,
    plain: bool,
    single: bool,
    frame: Frame,
    now: Timestamp,
    archived_at: String,
    retention: Option<String>,
    suffix: Vec<u8>,
    lines: LineReader,
    pool: gz::Pool,
    days: BTreeMap<Day, DayDraft>,
    /// Bytes of text that wait in the days' blocks, and in the pool.
    held: usize,
    under_way: usize,
    rows: u64,
    undated: u64,
}

impl<'s> Days<'s> {
    pub fn new(
        options: &Options,
        table: &'s Table,
        origin: Origin,
        chosen: &'s ColumnChoice,
        now: Timestamp,
        (column, unit): (usize, Option<Unit>),
        retention: Option<String>,
    ) -> Days<'s> {
        let level = options.level.unwrap_or(LEVEL);
        let threads = options.threads.map(|threads| threads.min(64));
        let threads = gz::threads(threads);
        let archived_at = rfc3339(now);
        let names = |c: &usize| table.columns[*c].name.clone();
        let columns: Vec<String> = chosen.columns.iter().map(names).collect();
        let at = chosen.columns.iter().position(|c| *c == column);
        Days {
            table,
            origin,
            chosen,
            unit: unit.clone(),
            level,
            plain: options.plain,
            single: options.single,
            frame: Frame::new(options.single),
            now,
            suffix: record::archived_at(&archived_at),
            archived_at,
            retention,
            lines: LineReader::new(
                columns,
                at.unwrap_or(0),
                unit,
                table.can_be_keyless(),
                options.single,
            ),
            pool: gz::Pool::new(level, threads),
            days: BTreeMap::new(),
            held: 0,
            under_way: 0,
            rows: 0,
            undated: 0,
        }
    }

    /// Reads all lines.
    pub fn read(
        &mut self,
        work: &Archive,
        input: &mut dyn Read,
        stop: &Stop,
    ) -> Result<()> {
        let mut lines = std::mem::take(&mut self.lines);
        let done = loop {
            let filled = lines.fill(input);
            // A stopped read is an error of its own; the signal is why.
            if let Err(error) = stop.check() {
                break Err(error);
            }
            match filled {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
            let each = &mut |record: Record<'_>| self.add(work, &record);
            if let Err(error) = lines.drain(each) {
                break Err(error);
            }
        };
        self.lines = lines;
        done
    }

    /// Whether what was read before this error is to be stored all the same:
    /// a stream that was cut short, or holds a bad line. Of an array there is
    /// all or nothing.
    pub fn whole_lines_count(&self, error: &Error) -> bool {
        error.exit() == Exit::Data && !self.single
    }

    /// The file that a row goes to, by the day that stands for it.
    fn file(&self, work: &Archive, day: Day) -> Result<String> {
        let origin = &self.origin;
        match self.single {
            true => work.whole_file(origin, self.now, !self.plain),
            false => Ok(Tree::warm_file(origin, day, !self.plain)),
        }
    }

    fn add(&mut self, work: &Archive, record: &Record<'_>) -> Result<()> {
        let Some(at) = record.at else {
            self.undated += 1;
            return Ok(());
        };
        let day = Day::of(if self.single { self.now } else { at });
        if !self.days.contains_key(&day) {
            let file = self.file(work, day)?;
            let entry = DayDraft {
                draft: work.begin_draft(&file)?,
                file,
                block: Block::default(),
                keyless: 0,
            };
            self.days.insert(day, entry);
        }
        if self.single {
            self.put(day, self.frame.between());
        }
        let length = record.open.len() + self.suffix.len() + 1;
        let full = |d: &DayDraft| {
            d.block.lines > 0 && d.block.text.len() + length > BLOCK_BYTES
        };
        if self.days.get(&day).is_some_and(full) {
            self.cut(day)?;
        }
        if length > LARGE {
            // It is in the reader's buffer, and is to be copied once.
            while self.take()? {}
        }
        let behind = self.frame.row();
        if let Some(entry) = self.days.get_mut(&day) {
            let before = entry.block.text.len();
            entry.block.text.extend_from_slice(record.open);
            entry.block.text.extend_from_slice(&self.suffix);
            entry.block.text.extend_from_slice(behind);
            entry.block.count(at);
            entry.keyless += u64::from(record.keyless);
            self.held += entry.block.text.len() - before;
        }
        self.rows += 1;
        if self.held > HELD_BYTES {
            let largest = self
                .days
                .iter()
                .rev()
                .max_by_key(|(_, d)| d.block.text.len())
                .map(|(day, _)| *day);
            if let Some(day) = largest {
                self.cut(day)?;
            }
        }
        Ok(())
    }

    /// Adds to a day's block what is no row.
    fn put(&mut self, day: Day, text: &[u8]) {
        if let Some(entry) = self.days.get_mut(&day) {
            entry.block.text.extend_from_slice(text);
            self.held += text.len();
        }
    }

    /// Ends a day's block and sends it on its way.
    fn cut(&mut self, day: Day) -> Result<()> {
        let Some(entry) = self.days.get_mut(&day) else { return Ok(()) };
        // The day begins anew with an empty buffer: one as large as a block,
        // kept by each of many days, would be more than all that is held.
        let block = std::mem::take(&mut entry.block);
        entry.draft.count(&block);
        self.held -= block.text.len();
        if self.plain {
            return entry.draft.write(&block.text);
        }
        let length = block.text.len();
        while self.pool.full()
            || self.under_way > 0 && self.under_way + length > UNDER_WAY_BYTES
        {
            self.take()?;
        }
        self.under_way += length;
        let range = block.microseconds();
        let key = day_key(day);
        self.pool.submit(gz::Block { key, text: block.text, range })
    }

    /// Writes the oldest member under way.
    fn take(&mut self) -> Result<bool> {
        let Some(done) = self.pool.take()? else { return Ok(false) };
        self.under_way -= done.text.len();
        let day = self.days.iter_mut().find(|(d, _)| day_key(**d) == done.key);
        if let Some((_, entry)) = day {
            entry.draft.write(&done.member)?;
        }
        self.pool.recycle(done.member);
        Ok(true)
    }

    /// Cuts and writes what is left, fsyncs all drafts, and gives them with
    /// their segments.
    pub fn finish(
        &mut self,
        work: &Archive,
        identity: &Identity,
    ) -> Result<Vec<(Segment, Draft)>> {
        if self.days.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.table;
        let sql = self.chosen.kept_schema(&table.schema)?;
        let schema = work.tree().keep_schema(&table.name, &sql)?;
        let days: Vec<Day> = self.days.keys().copied().collect();
        for day in days {
            self.put(day, self.frame.end());
            let some = |d: &DayDraft| !d.block.text.is_empty();
            if self.days.get(&day).is_some_and(some) {
                self.cut(day)?;
            }
        }
        while self.take()? {}
        let mut drafts: Vec<&mut Draft> =
            self.days.values_mut().map(|day| &mut day.draft).collect();
        sync_many(&mut drafts, |draft| draft.sync())?;
        let mut out = Vec::new();
        for entry in std::mem::take(&mut self.days).into_values() {
            let (segment, draft) = self.segment(entry, identity, &schema)?;
            debug_assert!(work.tree().path(&segment.file).is_ok());
            out.push((segment, draft));
        }
        Ok(out)
    }

    /// What the ledger is told of a day whose draft is durable.
    fn segment(
        &self,
        mut entry: DayDraft,
        identity: &Identity,
        schema_sha256: &str,
    ) -> Result<(Segment, Draft)> {
        let sums = entry.draft.finish()?;
        let names = |c: &usize| self.table.columns[*c].name.clone();
        let column = self.chosen.timestamp.as_ref().map(|(c, _)| names(c));
        let redaction = &self.chosen.redaction;
        let segment = Segment {
            id: Tree::new_id()?,
            db: identity.path.clone(),
            db_device: identity.device,
            db_inode: identity.inode,
            database: self.origin.database.clone(),
            table: self.table.name.clone(),
            file: entry.file,
            offset_bytes: entry.draft.offset(),
            size_bytes: sums.size_bytes,
            sha256: sums.sha256,
            before_sha256: entry.draft.before_sha256().map(str::to_owned),
            file_sha256: sums.file_sha256,
            rows: sums.rows,
            keyless_rows: entry.keyless,
            text_size_bytes: sums.text_size_bytes,
            text_sha256: sums.text_sha256,
            compression: if self.plain {
                Compression::None
            } else {
                Compression::Gzip
            },
            level: self.level,
            columns: self.chosen.columns.iter().map(names).collect(),
            excluded: self.chosen.excluded.clone(),
            redacted: redaction.columns.iter().map(names).collect(),
            secrets_version: redaction.secrets.map(|(_, v)| v),
            secrets_all: redaction.guesses(),
            timestamp_column: column.unwrap_or_default(),
            unit: self.unit.as_ref().map(Unit::to_string),
            schema_sha256: schema_sha256.to_owned(),
            archived_at: Some(self.archived_at.clone()),
            retention: self.retention.clone(),
            oldest: sums.range.map(|(least, _)| rfc3339(least)),
            newest: sums.range.map(|(_, greatest)| rfc3339(greatest)),
            array: self.single,
            adopted: false,
        };
        Ok((segment, entry.draft))
    }

    pub fn end(
        &self,
        receipts: Vec<Segment>,
        cut_off: Option<Error>,
        notes: &mut dyn Notes,
    ) -> Done {
        let mut record = Stored {
            status: match self.rows {
                0 => Status::NoRecords,
                _ => Status::Archived,
            },
            rows: self.rows,
            segments: receipts.len() as u64,
            undated: self.undated,
            ..empty(&self.table.name)
        };
        let mut exit = Exit::Done;
        if self.undated > 0 {
            let message = format!(
                "{} of {} not stored for want of a readable time",
                counted(self.undated, "record"),
                quote(&self.table.name)
            );
            notes.warn(&message);
            record.message = Some(message);
            exit = Exit::Partial;
        }
        if let Some(error) = &cut_off {
            record.message = Some(error.to_string());
            exit = exit.and(Exit::Data);
        }
        if exit != Exit::Done {
            record.exit_status = Some(exit.code());
        }
        (record, receipts, cut_off.map_or(Ok(exit), Err))
    }
}

/// A day as the pool knows it.
fn day_key(day: Day) -> u64 {
    day.start().as_second().cast_unsigned()
}
