//! The hot rows, laid aside by day, and what of the archives goes with them.
//!
//! A table is read in the order of its rowid, the archives by day, and rows
//! leave the one for the other meanwhile. So the rows are first laid aside in
//! a file without a name; the ledger is read before and after, and where the
//! table's files or segments moved in between it is done again. What the
//! ledger says then is the cut: of each warm file only what was settled in it
//! belongs to the stream, however it grows afterwards.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use super::Options;
use super::lines::{Range, Sink};
use crate::columns::{Columns, rule};
use crate::db::{
    Access, Batch, Database, Filter, Fit, Form, RowEncoder, Selection,
};
use crate::error::{Error, Exit, Notes, Result, quote, quoted};
use crate::fsx::{self, Temp};
use crate::ledger::{Ledger, State};
use crate::policy::Policy;
use crate::timestamp::{self, Day};

/// How often the rows are read again when the table moves.
const TRIES: u32 = 5;

/// How much is gathered before it is laid aside.
const GATHER: usize = 8 << 20;

/// The hot rows that are meant, by day.
pub(super) struct Hot {
    file: File,
    /// Where a day's rows are: offsets and lengths.
    days: BTreeMap<Day, Vec<(u64, usize)>>,
    /// Those of rows without a day.
    undated: Vec<(u64, usize)>,
    /// What the ledger said when they were read.
    pub cut: Cut,
    /// 3 when not all of it could be told apart.
    pub exit: Exit,
}

/// The archives as they were when the hot rows were read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Cut {
    /// How much of a warm file is settled, in bytes.
    pub settled: BTreeMap<String, u64>,
    /// The digests of the months' tars.
    pub months: HashMap<String, String>,
    /// Rewrites of the archives that were under way.
    pub changes: Vec<String>,
    /// The segments that are not settled, and how far each is.
    open: Vec<(String, bool, usize, bool)>,
    /// The digests of the warm files.
    files: BTreeMap<String, String>,
}

impl Cut {
    fn of(state: &State, table: &str) -> Cut {
        let mut cut = Cut::default();
        for (name, file) in state.files() {
            if name.starts_with("cold/") {
                cut.months.insert(name.to_owned(), file.sha256.clone());
            } else if super::holds(file, table) {
                cut.settled.insert(name.to_owned(), file.size_bytes);
                cut.files.insert(name.to_owned(), file.sha256.clone());
            }
        }
        for open in state.intents().chain(state.unsettled()) {
            let segment = &open.segment;
            if segment.table.eq_ignore_ascii_case(table) {
                cut.settled.insert(segment.file.clone(), segment.offset_bytes);
                cut.open.push((
                    segment.id.clone(),
                    open.published,
                    open.purging.len(),
                    open.retract.is_some(),
                ));
            }
        }
        let changes = state.changes().iter().map(|(_, c)| c.id.clone());
        cut.changes = changes.collect();
        cut
    }
}

impl Hot {
    /// Reads them.
    pub(super) fn read(
        options: &Options,
        policy: &Policy,
        range: &Range,
        ledger: &mut Ledger,
        notes: &mut dyn Notes,
    ) -> Result<Hot> {
        let mut database = options.place.open(Access::Read)?;
        for _ in 0..TRIES {
            ledger.refresh()?;
            let before = Cut::of(ledger.state(), &options.table);
            let mut hot =
                lay_aside(&mut database, options, policy, range, notes)?;
            ledger.refresh()?;
            hot.cut = Cut::of(ledger.state(), &options.table);
            if hot.cut != before {
                continue;
            }
            if hot.cut.open.iter().any(|(_, _, purging, _)| *purging > 0) {
                notes.warn(&format!(
                    "rows of {} are being deleted: those of segments that \
                     are not settled may be missing here",
                    quote(&options.table)
                ));
                hot.exit = Exit::Partial;
            }
            return Ok(hot);
        }
        Err(Error::busy(format!(
            "rows of {} move to the archives while they are read",
            quote(&options.table)
        ))
        .hint("run it again when the archiving is done"))
    }

    /// The days that have rows.
    pub(super) fn days(&self) -> impl Iterator<Item = Day> {
        self.days.keys().copied()
    }

    /// Puts out a day's rows, once.
    pub(super) fn day(&mut self, day: Day, sink: &mut Sink<'_>) -> Result<()> {
        let Some(pieces) = self.days.remove(&day) else { return Ok(()) };
        self.put(&pieces, sink)
    }

    /// Puts out the rows that have no day.
    pub(super) fn rest(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let pieces = std::mem::take(&mut self.undated);
        self.put(&pieces, sink)
    }

    fn put(
        &mut self,
        pieces: &[(u64, usize)],
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let fail = |e| Error::stream("cannot read rows laid aside", e);
        let mut text = Vec::new();
        for (offset, length) in pieces {
            text.resize(*length, 0);
            self.file.seek(SeekFrom::Start(*offset)).map_err(fail)?;
            let n = fsx::read_full(&mut self.file, &mut text).map_err(fail)?;
            if n < *length {
                return Err(Error::failed("rows laid aside are missing"));
            }
            sink.put(&text)?;
        }
        Ok(())
    }
}

/// Rows that wait to be laid aside, by day.
struct Waiting {
    hot: Hot,
    end: u64,
    texts: BTreeMap<Option<Day>, Vec<u8>>,
    bytes: usize,
}

impl Waiting {
    fn new() -> Result<Waiting> {
        // Its name is gone as soon as it is open: whatever ends the process
        // leaves nothing behind.
        let mut temp = Temp::create(&std::env::temp_dir())?;
        let file = temp
            .file()?
            .try_clone()
            .map_err(|e| Error::stream("cannot lay rows aside", e))?;
        let hot = Hot {
            file,
            days: BTreeMap::new(),
            undated: Vec::new(),
            cut: Cut::default(),
            exit: Exit::Done,
        };
        Ok(Waiting { hot, end: 0, texts: BTreeMap::new(), bytes: 0 })
    }

    fn flush(&mut self) -> Result<()> {
        for (day, text) in std::mem::take(&mut self.texts) {
            self.hot
                .file
                .write_all(&text)
                .map_err(|e| Error::stream("cannot lay rows aside", e))?;
            let piece = (self.end, text.len());
            match day {
                Some(day) => self.hot.days.entry(day).or_default().push(piece),
                None => self.hot.undated.push(piece),
            }
            self.end += text.len() as u64;
        }
        self.bytes = 0;
        Ok(())
    }
}

fn lay_aside(
    database: &mut Database,
    options: &Options,
    policy: &Policy,
    range: &Range,
    notes: &mut dyn Notes,
) -> Result<Hot> {
    let Some(table) = database.table(&options.table)? else {
        return Err(Error::usage(format!(
            "{} has no table {}",
            quoted(&options.place.db()),
            quote(&options.table)
        )));
    };
    let named = Columns {
        timestamp: (!range.column.is_empty()).then(|| range.column.clone()),
        unit: range.unit,
        ..Columns::default()
    };
    let chosen = named.choose(&table, rule(policy, &table.name))?;
    let (column, unit) = chosen.need_timestamp(&table)?;
    let at = chosen.columns.iter().position(|c| *c == column).unwrap_or(0);
    let filter = Filter {
        timestamp: chosen.timestamp,
        since: range.since,
        before: range.until,
        condition: None,
    };
    let selection = Selection { filter, ..Selection::default() };
    let mut rows = database.select(&table, &chosen.columns, &selection)?;
    // Rows of the database are shown as they are.
    let form = Form::plain(&table, &chosen.columns);
    let mut encoder = RowEncoder::new(&table, form);
    let (mut waiting, mut line) = (Waiting::new()?, Vec::new());
    let mut lost = 0u64;
    loop {
        let mut batch = 0;
        let more = rows.walk.batch(Batch::default(), &mut |row| {
            line.clear();
            if encoder.append(row, &mut line)? == Fit::Whole {
                let value = row.value(at)?;
                let time = value.and_then(|v| timestamp::instant(v, unit));
                let text = waiting.texts.entry(time.map(Day::of)).or_default();
                text.extend_from_slice(&line);
                waiting.bytes += line.len();
            } else {
                lost += 1;
            }
            batch += line.len();
            Ok(batch)
        })?;
        if waiting.bytes > GATHER || !more {
            waiting.flush()?;
        }
        if !more {
            break;
        }
    }
    if lost > 0 {
        notes.warn(&format!(
            "{lost} rows of {} hold text that UTF-8 cannot give back, and are \
             left out",
            quote(&table.name)
        ));
        waiting.hot.exit = Exit::Partial;
    }
    Ok(waiting.hot)
}
