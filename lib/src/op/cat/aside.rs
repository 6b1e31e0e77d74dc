//! Rows that come in no order of days, laid aside by day in a file without a
//! name until their day's turn.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use crate::error::Result;
use crate::io::spool::{scratch, unheld};
use crate::time::Day;

/// How much is gathered before it is laid aside, in bytes.
const GATHER: usize = 8 << 20;

/// Rows laid aside, by their day if they have one.
pub(super) struct Aside {
    file: File,
    /// Where a day's rows are: offsets and lengths.
    pieces: BTreeMap<Option<Day>, Vec<(u64, usize)>>,
    end: u64,
    /// Rows that wait to be laid aside.
    texts: BTreeMap<Option<Day>, Vec<u8>>,
    waiting: usize,
}

impl Aside {
    pub fn new() -> Result<Aside> {
        Ok(Aside {
            file: scratch()?,
            pieces: BTreeMap::new(),
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
            self.file.write_all(&text).map_err(unheld)?;
            let piece = (self.end, text.len());
            self.pieces.entry(day).or_default().push(piece);
            self.end += text.len() as u64;
        }
        self.waiting = 0;
        Ok(())
    }

    /// The days that have rows.
    pub fn days(&self) -> impl Iterator<Item = Day> {
        self.pieces.keys().copied().flatten()
    }

    /// Whether a day has rows, or those without a day are there.
    pub fn has(&self, day: Option<Day>) -> bool {
        self.pieces.contains_key(&day)
    }

    /// Gives a day's rows, or those without a day, once.
    pub fn take(
        &mut self,
        day: Option<Day>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut text = Vec::new();
        for (offset, length) in self.pieces.remove(&day).unwrap_or_default() {
            text.resize(length, 0);
            self.file
                .seek(SeekFrom::Start(offset))
                .and_then(|_| self.file.read_exact(&mut text))
                .map_err(unheld)?;
            each(&text)?;
        }
        Ok(())
    }
}
