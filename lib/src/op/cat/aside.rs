//! Rows that come in no order of days, laid aside by day in a file without a
//! name until their day's turn.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use super::lines::Sink;
use crate::error::{Error, Result};
use crate::io::{durable, spool};
use crate::time::Day;

/// How much is gathered before it is laid aside, in bytes.
const GATHER: usize = 8 << 20;

/// Rows laid aside.
pub(super) struct Aside {
    file: File,
    /// Where a day's rows are: offsets and lengths.
    days: BTreeMap<Day, Vec<(u64, usize)>>,
    /// Those of rows without a day.
    undated: Vec<(u64, usize)>,
    end: u64,
    /// Rows that wait to be laid aside.
    texts: BTreeMap<Option<Day>, Vec<u8>>,
    waiting: usize,
}

impl Aside {
    pub fn new() -> Result<Aside> {
        Ok(Aside {
            file: spool::scratch()?,
            days: BTreeMap::new(),
            undated: Vec::new(),
            end: 0,
            texts: BTreeMap::new(),
            waiting: 0,
        })
    }

    /// Takes a row's line.
    pub fn add(&mut self, day: Option<Day>, line: &[u8]) {
        let text = self.texts.entry(day).or_default();
        text.extend_from_slice(line);
        self.waiting += line.len();
    }

    /// Lays aside what waits, if it is much; to be called now and then.
    pub fn relieve(&mut self) -> Result<()> {
        if self.waiting > GATHER { self.flush() } else { Ok(()) }
    }

    /// Lays aside what waits.
    pub fn flush(&mut self) -> Result<()> {
        for (day, text) in std::mem::take(&mut self.texts) {
            self.file
                .write_all(&text)
                .map_err(|e| Error::stream("cannot lay rows aside", e))?;
            let piece = (self.end, text.len());
            match day {
                Some(day) => self.days.entry(day).or_default().push(piece),
                None => self.undated.push(piece),
            }
            self.end += text.len() as u64;
        }
        self.waiting = 0;
        Ok(())
    }

    /// The days that have rows.
    pub fn days(&self) -> impl Iterator<Item = Day> {
        self.days.keys().copied()
    }

    /// Puts out a day's rows, once.
    pub fn day(&mut self, day: Day, sink: &mut Sink<'_>) -> Result<()> {
        let Some(pieces) = self.days.remove(&day) else { return Ok(()) };
        self.put(&pieces, sink)
    }

    /// Puts out the rows that have no day.
    pub fn rest(&mut self, sink: &mut Sink<'_>) -> Result<()> {
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
            let n =
                durable::read_full(&mut self.file, &mut text).map_err(fail)?;
            if n < *length {
                return Err(Error::failed("rows laid aside are missing"));
            }
            sink.put(&text)?;
        }
        Ok(())
    }
}
