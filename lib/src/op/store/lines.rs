//! Row records off a stream, each looked through once: is it a row of this
//! table, when was it, and does it carry a rowid.

use std::io::Read;

use jiff::Timestamp;

use crate::error::{Error, Result, quote};
use crate::record::{
    ARCHIVED_AT, ArrayReader, Field, Fields, ROWID, Token, append_string,
};
use crate::signal::Stop;
use crate::time::{self, Unit};

/// How much is read at a time, in bytes.
const READ_BYTES: usize = 1 << 18;

/// A whole line.
#[derive(Debug)]
pub(super) struct Record<'l> {
    /// The record without its closing brace.
    pub open: &'l [u8],
    /// When its row was.
    pub at: Option<Timestamp>,
    /// The record carries a rowid: its row has no usable key.
    pub keyless: bool,
}

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub(super) struct LineReader {
    columns: Vec<String>,
    /// The columns' keys as rt-export writes them.
    keys: Vec<Vec<u8>>,
    timestamp: usize,
    unit: Option<Unit>,
    /// Rows of the table can be without usable key.
    keyless: bool,
    /// Lines with a name tell whose records the next ones are.
    names_tables: bool,
    /// Where an array is; none for lines that stand by themselves.
    array: Option<ArrayReader>,
    /// What was read stands at the beginning, up to `filled`.
    buffer: Vec<u8>,
    filled: usize,
    /// Bytes at the end of the buffer that no newline follows yet were looked
    /// through up to here.
    searched: usize,
    number: u64,
    seen: Vec<bool>,
}

impl LineReader {
    /// A reader of records with these columns, of which one, by its place,
    /// dates the row; of lines, or of an array.
    pub(super) fn new(
        columns: Vec<String>,
        timestamp: usize,
        unit: Option<Unit>,
        keyless: bool,
        array: bool,
    ) -> LineReader {
        let keys = columns.iter().map(|name| {
            let mut key = Vec::new();
            append_string(&mut key, name.as_bytes());
            key.push(b':');
            key
        });
        LineReader {
            keys: keys.collect(),
            columns,
            timestamp,
            unit,
            keyless,
            array: array.then(ArrayReader::default),
            ..LineReader::default()
        }
    }

    /// A reader of the records of several tables, before the first of them is
    /// named.
    pub(super) fn of_several() -> LineReader {
        LineReader { names_tables: true, ..LineReader::default() }
    }

    /// From here on the stream has the records that `shape` reads.
    pub(super) fn reads(&mut self, shape: LineReader) {
        let LineReader {
            buffer, filled, searched, number, names_tables, ..
        } = std::mem::take(self);
        *self = LineReader {
            buffer,
            filled,
            searched,
            number,
            names_tables,
            ..shape
        };
    }

    /// Hands on every record up to the next line that names a table, whose
    /// name it gives; none at the end of the stream.
    ///
    /// # Errors
    /// Status 4 for a line that is no record of the table, and when the stream
    /// ends in the middle of a line.
    pub(super) fn read(
        &mut self,
        input: &mut dyn Read,
        stop: &Stop,
        each: &mut dyn FnMut(Record<'_>) -> Result<()>,
    ) -> Result<Option<String>> {
        loop {
            if let Some(name) = self.drain(each)? {
                return Ok(Some(name));
            }
            let filled = self.fill(input);
            // A stopped read is an error of its own; the signal is why.
            stop.check()?;
            if !filled? {
                return Ok(None);
            }
        }
    }

    /// Reads on; false at the end of the stream.
    fn fill(&mut self, input: &mut dyn Read) -> Result<bool> {
        let end = self.filled + READ_BYTES;
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        let n = loop {
            match input.read(&mut self.buffer[self.filled..end]) {
                Ok(n) => break n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(Error::stream("cannot read the rows", e));
                }
            }
        };
        if n > 0 {
            self.filled += n;
            return Ok(true);
        }
        if let Some(array) = self.array {
            return match self.filled == 0 && array.is_over() {
                true => Ok(false),
                false => Err(Error::data(
                    "the array is not closed: the stream was cut short",
                )
                .hint("nothing was stored; run the export again")),
            };
        }
        if self.filled == 0 {
            return Ok(false);
        }
        self.filled = 0;
        Err(Error::data(format!(
            "record {} has no end: the stream was cut short",
            self.number + 1
        ))
        .hint("the records before it are stored; run the export again"))
    }

    /// Hands on every whole line in the buffer, up to one that names a table.
    fn drain(
        &mut self,
        each: &mut dyn FnMut(Record<'_>) -> Result<()>,
    ) -> Result<Option<String>> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = self.filled;
        let mut start = 0;
        let mut search = self.searched;
        let mut named = None;
        while let Some(end) = memchr::memchr(b'\n', &buffer[search..read]) {
            let line = &buffer[start..search + end];
            search += end + 1;
            start = search;
            if self.names_tables && line.first() == Some(&b'"') {
                named = Some(self.name(line)?);
                break;
            }
            let row = match &mut self.array {
                Some(array) => array.take(line).map_err(no_array)?,
                None => Some(line),
            };
            let Some(row) = row else { continue };
            self.number += 1;
            let record = self.look(row).map_err(|what| self.bad(&what))?;
            each(record)?;
        }
        buffer.copy_within(start..read, 0);
        self.buffer = buffer;
        self.filled = read - start;
        self.searched = if named.is_some() { 0 } else { self.filled };
        Ok(named)
    }

    /// The name in a line that names a table.
    fn name(&self, line: &[u8]) -> Result<String> {
        serde_json::from_slice(line).map_err(|e| {
            Error::data(format!(
                "the line behind record {} names no table: {e}",
                self.number
            ))
        })
    }

    fn bad(&self, what: &str) -> Error {
        let before = match self.array {
            Some(_) => "nothing was stored",
            None => "the records before it are stored",
        };
        Error::data(format!("record {}: {what}", self.number)).hint(format!(
            "{before}; rt-store takes what rt-export writes, with the same \
             columns"
        ))
    }

    /// Looks through one line. Its fields come in the order of the columns
    /// when rt-export wrote it; any other order is taken as well.
    fn look<'l>(
        &mut self,
        line: &'l [u8],
    ) -> std::result::Result<Record<'l>, String> {
        if std::str::from_utf8(line).is_err() {
            return Err("not valid UTF-8".to_owned());
        }
        let wanted = self.columns.len();
        self.seen.clear();
        self.seen.resize(wanted, false);
        let (mut next, mut count, mut at) = (0, 0, None);
        let mut keyless = false;
        let mut fields = Fields::new(line);
        loop {
            // Most fields: the next column's, and nothing need be known of it.
            while next != self.timestamp
                && let Some(key) = self.keys.get(next)
                && !self.seen[next]
                && fields.pass_if(key)
            {
                self.seen[next] = true;
                next += 1;
                count += 1;
            }
            let expected = match self.keys.get(next) {
                Some(key) => fields.next_if(key).map_err(|f| f.to_string())?,
                None => None,
            };
            let (column, value) = if let Some(value) = expected {
                (next, value)
            } else {
                let field = fields.next().map_err(|f| f.to_string())?;
                let Some(Field { key, value }) = field else { break };
                if key.is(ROWID) && self.keyless && !keyless {
                    check_rowid(value)?;
                    keyless = true;
                    continue;
                }
                (self.find(&key)?, value)
            };
            if std::mem::replace(&mut self.seen[column], true) {
                let name = &self.columns[column];
                return Err(format!("column {} stands twice", quote(name)));
            }
            next = column + 1;
            count += 1;
            let value = value.to_owned_if(column == self.timestamp);
            if let Some(value) = value.map_err(|f| f.to_string())? {
                at = time::instant(value.borrow(), self.unit.as_ref());
            }
        }
        if count < wanted {
            let missing = self.seen.iter().position(|seen| !seen);
            let name = &self.columns[missing.unwrap_or(0)];
            return Err(format!("column {} is missing", quote(name)));
        }
        let end = memchr::memrchr(b'}', line).unwrap_or(line.len());
        Ok(Record { open: &line[..end], at, keyless })
    }

    fn find(
        &self,
        key: &crate::record::Str<'_>,
    ) -> std::result::Result<usize, String> {
        let name = key.text().map_err(|f| f.to_string())?;
        let name = String::from_utf8_lossy(&name);
        if name == ARCHIVED_AT {
            return Err("it comes out of an archive".to_owned());
        }
        self.columns
            .iter()
            .position(|c| c.eq_ignore_ascii_case(&name))
            .ok_or_else(|| format!("there is no column {}", quote(&name)))
    }
}

fn check_rowid(value: Token<'_>) -> std::result::Result<(), String> {
    value.to_owned().map_err(|f| f.to_string())?;
    match value {
        Token::Integer(_) => Ok(()),
        _ => Err(format!("{ROWID} is no integer")),
    }
}

fn no_array(what: &str) -> Error {
    Error::data(format!("not one JSON array with a row a line: {what}")).hint(
        "nothing was stored; --single takes what rt-export --format json \
         writes",
    )
}
