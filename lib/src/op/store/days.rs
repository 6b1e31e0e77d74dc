//! The files of a run in the making: a draft and a block a day, or one for
//! all rows.

mod ending;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use jiff::Timestamp;

use super::lines::{LineReader, Record};
use super::options::{LEVEL, Options};
use super::subject::Subject;
use crate::archive::{
    Archive, BLOCK_BYTES, Block, Compression, Draft, Segment, Tree,
};
use crate::db::Identity;
use crate::error::{Error, Exit, Result};
use crate::io::gz;
use crate::io::large::LARGE;
use crate::outcome::Stored;
use crate::record::{self, Frame};
use crate::signal::Stop;
use crate::time::{Day, Unit, rfc3339};

/// What all days together may hold before one is cut early, in bytes of text.
const HELD_BYTES: usize = 16 << 20;

/// Of so many days at most a run stores rows: what is known of each until it
/// is published takes a few kilobytes.
pub(super) const DAYS_MOST: usize = 5_000;

/// What is compressed at a time, in bytes of text, unless one block is longer.
/// More than that gains nothing.
const UNDER_WAY_BYTES: usize = 16 * BLOCK_BYTES;

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
    of: &'s Subject,
    level: u8,
    plain: bool,
    single: bool,
    frame: Frame,
    now: Timestamp,
    archived_at: String,
    suffix: Vec<u8>,
    pool: gz::Pool,
    days: BTreeMap<Day, DayDraft>,
    /// Bytes of text that wait in the days' blocks, and in the pool.
    held: usize,
    under_way: usize,
    rows: u64,
    undated: u64,
    /// Records of days beyond those that a run stores.
    left: u64,
    /// How many days there may be.
    room: usize,
    segments: u64,
}

impl<'s> Days<'s> {
    /// None yet, of a table's rows, and never more than `room`; compressed by
    /// so many threads.
    pub fn new(
        options: &Options,
        of: &'s Subject,
        now: Timestamp,
        threads: usize,
        room: usize,
    ) -> Days<'s> {
        let level = options.level.unwrap_or(LEVEL);
        let archived_at = rfc3339(now);
        Days {
            of,
            level,
            plain: options.plain,
            single: options.single,
            frame: Frame::new(options.single),
            now,
            suffix: record::archived_at(&archived_at),
            archived_at,
            pool: gz::Pool::new(level, threads),
            days: BTreeMap::new(),
            held: 0,
            under_way: 0,
            rows: 0,
            undated: 0,
            left: 0,
            room,
            segments: 0,
        }
    }

    /// Reads all lines of the table; gives the name of the next one.
    pub fn read(
        &mut self,
        work: &Archive,
        lines: &mut LineReader,
        (input, stop): (&mut dyn Read, &Stop),
    ) -> Result<Option<String>> {
        lines.reads(self.of.lines(self.single));
        lines.read(input, stop, &mut |record| self.add(work, &record))
    }

    /// What ended the input too early, where what was read before is to be
    /// stored all the same: a stream that was cut short, or holds a bad line.
    /// Of an array there is all or nothing.
    pub fn counts_after(&self, read: Result<()>) -> Result<Option<Error>> {
        match read {
            Ok(()) => Ok(None),
            Err(error) if error.exit() == Exit::Data && !self.single => {
                Ok(Some(error))
            }
            Err(error) => Err(error),
        }
    }

    /// How many days more a run can store beside these.
    pub fn room_left(&self) -> usize {
        self.room - self.days.len()
    }

    /// Whether they are of the table of this name.
    pub fn is_of(&self, table: &str) -> bool {
        self.of.table.name == table
    }

    /// The file that a row goes to, by the day that stands for it.
    fn file(&self, work: &Archive, day: Day) -> Result<String> {
        let origin = &self.of.origin;
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
            if self.days.len() >= self.room {
                self.left += 1;
                return Ok(());
            }
            self.begin(work, day)?;
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

    /// Begins the file of a day.
    fn begin(&mut self, work: &Archive, day: Day) -> Result<()> {
        let file = self.file(work, day)?;
        let entry = DayDraft {
            draft: work.begin_draft(&file)?,
            file,
            block: Block::default(),
            keyless: 0,
        };
        self.days.insert(day, entry);
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
        if let Some(entry) = self.days.get_mut(&day_of(done.key)) {
            entry.draft.write(&done.member)?;
        }
        self.pool.recycle(done.member);
        Ok(true)
    }

    /// Cuts and writes what is left.
    pub fn complete(&mut self) -> Result<()> {
        let days: Vec<Day> = self.days.keys().copied().collect();
        for day in days {
            self.put(day, self.frame.end());
            let some = |d: &DayDraft| !d.block.text.is_empty();
            if self.days.get(&day).is_some_and(some) {
                self.cut(day)?;
            }
        }
        while self.take()? {}
        Ok(())
    }

    /// What is to be durable before it has segments.
    pub fn drafts(&mut self) -> impl Iterator<Item = &mut Draft> {
        self.days.values_mut().map(|day| &mut day.draft)
    }

    /// The drafts, which are complete and durable, with their segments.
    pub fn segments(
        &mut self,
        work: &Archive,
        identity: &Identity,
    ) -> Result<Vec<(Arc<Segment>, Draft)>> {
        if self.days.is_empty() {
            return Ok(Vec::new());
        }
        let Subject { table, chosen, .. } = self.of;
        let sql = chosen.kept_schema(&table.schema)?;
        let schema = work.tree().keep_schema(&table.name, &sql)?;
        let mut out = Vec::new();
        self.segments = self.days.len() as u64;
        for entry in std::mem::take(&mut self.days).into_values() {
            let (segment, draft) = self.segment(entry, identity, &schema)?;
            debug_assert!(work.tree().path(&segment.file).is_ok());
            out.push((Arc::new(segment), draft));
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
        let Subject { table, chosen, origin, retention, .. } = self.of;
        let names = |c: &usize| table.columns[*c].name.clone();
        let redaction = &chosen.redaction;
        let segment = Segment {
            id: Tree::new_id()?,
            db: identity.path.clone(),
            db_device: identity.device,
            db_inode: identity.inode,
            database: origin.database.clone(),
            table: table.name.clone(),
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
            columns: chosen.columns.iter().map(names).collect(),
            excluded: chosen.excluded.clone(),
            redacted: redaction.columns.iter().map(names).collect(),
            secrets_version: redaction.secrets.map(|(_, v)| v),
            secrets_all: redaction.guesses(),
            timestamp_column: names(&self.of.dated.0),
            unit: self.of.dated.1.as_ref().map(Unit::to_string),
            schema_sha256: schema_sha256.to_owned(),
            archived_at: Some(self.archived_at.clone()),
            retention: retention.clone(),
            oldest: sums.range.map(|(least, _)| rfc3339(least)),
            newest: sums.range.map(|(_, greatest)| rfc3339(greatest)),
            array: self.single,
            adopted: false,
        };
        Ok((segment, entry.draft))
    }
}

/// A day as the pool knows it.
fn day_key(day: Day) -> u64 {
    day.number().cast_unsigned()
}

/// The day that the pool knows so.
fn day_of(key: u64) -> Day {
    Day::numbered(key.cast_signed())
}
