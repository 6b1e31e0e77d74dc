//! Lines on their way from an archive to the output: unchanged, all of them
//! or those of a time.

use std::io::Write;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::record::{Fault, Fields};
use crate::time::{self, Day, Unit};

/// How much is gathered before it is written.
const BUFFER: usize = 256 << 10;

/// Where lines go, or where they are only counted.
pub(super) struct Sink<'s> {
    output: &'s mut dyn Write,
    buffer: Vec<u8>,
    /// Count them, and write none.
    count: bool,
    /// Lines that came.
    pub rows: u64,
    /// The output, or a temporary file, cannot be written; whatever fails
    /// then, this is why.
    pub failed: bool,
}

impl<'s> Sink<'s> {
    pub(super) fn new(output: &'s mut dyn Write, count: bool) -> Sink<'s> {
        Sink { output, buffer: Vec::new(), count, rows: 0, failed: false }
    }

    /// Takes whole lines.
    pub(super) fn put(&mut self, lines: &[u8]) -> Result<()> {
        self.rows += memchr::memchr_iter(b'\n', lines).count() as u64;
        if self.count {
            return Ok(());
        }
        if self.buffer.len() + lines.len() > BUFFER {
            self.flush()?;
        }
        if lines.len() > BUFFER {
            return self.write(lines);
        }
        self.buffer.extend_from_slice(lines);
        Ok(())
    }

    /// Writes what is gathered.
    pub(super) fn flush(&mut self) -> Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        let done = self.write(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        done
    }

    /// Writes a text of its own, behind what is gathered.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<()> {
        let done = self.output.write_all(text);
        self.failed |= done.is_err();
        done.map_err(|e| Error::stream("cannot write rows", e))
    }
}

/// Which rows are meant, by their time.
#[derive(Clone, Debug, Default)]
pub(super) struct Range {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// The column that dates a row, and what its values mean.
    pub column: String,
    pub unit: Option<Unit>,
    /// The days of the files are by another column: none can be passed over.
    pub every_day: bool,
}

impl Range {
    /// Whether all rows are meant.
    pub(super) fn is_all(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether rows of a day can be meant.
    pub(super) fn reaches(&self, day: Day) -> bool {
        self.every_day
            || (self.since.is_none_or(|since| Day::of(since) <= day)
                && self.until.is_none_or(|until| day.start() < until))
    }

    /// Whether rows between these times can be meant.
    pub(super) fn overlaps(
        &self,
        oldest: &Option<String>,
        newest: &Option<String>,
    ) -> bool {
        let time = |text: &Option<String>| {
            text.as_deref().and_then(|t| time::parse(t.as_bytes()))
        };
        let early = |since| time(newest).is_some_and(|at| at < since);
        let late = |until| time(oldest).is_some_and(|at| at >= until);
        self.every_day
            || !(self.since.is_some_and(early) || self.until.is_some_and(late))
    }

    /// Whether a row of this time is meant.
    pub(super) fn means(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
    }

    /// Whether a record's row is meant; `None` where its time cannot be read.
    fn passes(&self, record: &[u8]) -> Result<Option<bool>> {
        Ok(self.time(record)?.map(|at| self.means(at)))
    }

    /// When a record's row was, if that can be read.
    pub(super) fn time(&self, record: &[u8]) -> Result<Option<Timestamp>> {
        let value = Fields::find(record, &self.column).map_err(bad)?;
        Ok(value.and_then(|v| time::instant(v.borrow(), self.unit.as_ref())))
    }
}

fn bad(fault: Fault) -> Error {
    Error::data(fault.to_string())
}

/// What was met on the way.
#[derive(Debug, Default)]
pub(super) struct Met {
    lines: u64,
    /// Lines whose time cannot be read, left out.
    pub undated: u64,
    /// Lines that are no records, left out, and the first of them.
    bad: u64,
    first: Option<(u64, String)>,
}

impl Met {
    /// The trouble with the lines, if there was any.
    pub(super) fn trouble(&self) -> Option<Error> {
        let (line, fault) = self.first.as_ref()?;
        let more = match self.bad - 1 {
            0 => String::new(),
            n => format!(", and {n} more are bad"),
        };
        Some(Error::data(format!("line {line} is no record: {fault}{more}")))
    }
}

/// Passes on those of some whole lines that are meant. With `check` each line
/// must be a record.
pub(super) fn choose(
    lines: &[u8],
    range: &Range,
    check: bool,
    sink: &mut Sink<'_>,
    met: &mut Met,
) -> Result<()> {
    if range.is_all() && !check {
        return sink.put(lines);
    }
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', lines) {
        let line = &lines[start..=end];
        start = end + 1;
        met.lines += 1;
        match verdict(&line[..line.len() - 1], range, check) {
            Ok(Some(true)) => sink.put(line)?,
            Ok(Some(false)) => {}
            Ok(None) => met.undated += 1,
            Err(fault) => {
                met.bad += 1;
                met.first.get_or_insert((met.lines, fault.to_string()));
            }
        }
    }
    Ok(())
}

fn verdict(record: &[u8], range: &Range, check: bool) -> Result<Option<bool>> {
    if check {
        Fields::check(record).map_err(bad)?;
    }
    match range.is_all() {
        true => Ok(Some(true)),
        false => range.passes(record),
    }
}
