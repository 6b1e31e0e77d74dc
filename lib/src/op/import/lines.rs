//! Lines off a stream, and what is in them: the values of a row by column,
//! and what its archive added.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};

use crate::db::Table;
use crate::error::{Error, Result, quote};
use crate::record::{
    ARCHIVED_AT, Decoded, Fields, ROWID, Str, Token, append_string,
};

/// How much is read at a time, in bytes.
const READ_BYTES: usize = 1 << 18;

/// Lines off a stream, numbered from 1.
pub(super) struct Lines<'i> {
    input: &'i mut dyn Read,
    /// Says, at the end of the stream, whether that is all of it.
    whole: &'i mut dyn FnMut() -> Result<()>,
    buffer: Vec<u8>,
    /// Where the next line begins, up to where it was looked through for its
    /// end, and where what was read ends.
    start: usize,
    searched: usize,
    filled: usize,
    number: u64,
}

impl<'i> Lines<'i> {
    pub fn new(
        input: &'i mut dyn Read,
        whole: &'i mut dyn FnMut() -> Result<()>,
    ) -> Lines<'i> {
        Lines {
            input,
            whole,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            filled: 0,
            number: 0,
        }
    }

    /// The next line and its number; none at the end of the stream.
    ///
    /// # Errors
    /// Status 4 when the stream ends in the middle of a line.
    pub fn next(&mut self) -> Result<Option<(u64, &[u8])>> {
        let Some(end) = self.find_end()? else { return Ok(None) };
        let start = std::mem::replace(&mut self.start, end + 1);
        self.searched = self.start;
        self.number += 1;
        Ok(Some((self.number, &self.buffer[start..end])))
    }

    /// The next line, which stays the next one.
    pub fn peek(&mut self) -> Result<Option<&[u8]>> {
        let Some(end) = self.find_end()? else { return Ok(None) };
        self.searched = end;
        Ok(Some(&self.buffer[self.start..end]))
    }

    /// Where the next line ends, in the buffer.
    fn find_end(&mut self) -> Result<Option<usize>> {
        loop {
            let rest = &self.buffer[self.searched..self.filled];
            if let Some(end) = memchr::memchr(b'\n', rest) {
                return Ok(Some(self.searched + end));
            }
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            (self.start, self.searched) = (0, self.filled);
            if self.buffer.len() < self.filled + READ_BYTES {
                self.buffer.resize(self.filled + READ_BYTES, 0);
            }
            let n = match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => {
                    return Err(Error::stream("cannot read the rows", e));
                }
            };
            if n == 0 {
                (self.whole)()?;
            }
            if n == 0 && self.filled > 0 {
                return Err(bad(
                    self.number + 1,
                    "has no end: the stream was cut short",
                ));
            }
            if n == 0 {
                return Ok(None);
            }
            self.filled += n;
        }
    }
}

/// The error for a line that is no row of the table.
pub(super) fn bad(number: u64, what: &str) -> Error {
    Error::data(format!("line {number} {what}"))
        .hint("nothing was imported; rt-import takes what rt-cat writes")
}

/// A line's row.
#[derive(Debug, Default)]
pub(super) struct Row<'l> {
    /// The columns that it has a value for, but for generated ones.
    pub columns: Vec<usize>,
    /// Their values.
    pub values: Vec<Decoded<'l>>,
    /// `_archived_at`.
    pub archived_at: Option<Cow<'l, [u8]>>,
    /// `_rowid`.
    pub rowid: Option<i64>,
}

/// Takes lines apart, by the columns of a table.
#[derive(Debug)]
pub(super) struct Parser {
    /// Their names, and whether they are generated.
    columns: Vec<(String, bool)>,
    /// Their keys as rt-export writes them.
    keys: Vec<Vec<u8>>,
    ignore_extra: bool,
    /// Keys that are no columns.
    pub extra: BTreeSet<String>,
}

impl Parser {
    pub fn new(table: &Table, ignore_extra: bool) -> Parser {
        let columns = table.columns.iter();
        let keys = columns.clone().map(|column| {
            let mut key = Vec::new();
            append_string(&mut key, column.name.as_bytes());
            key.push(b':');
            key
        });
        Parser {
            keys: keys.collect(),
            columns: columns.map(|c| (c.name.clone(), c.generated)).collect(),
            ignore_extra,
            extra: BTreeSet::new(),
        }
    }

    /// How many columns take a value.
    pub fn writable(&self) -> usize {
        self.columns.iter().filter(|(_, generated)| !generated).count()
    }

    /// The columns that take a value and are not among these.
    pub fn missing(&self, there: &[usize]) -> Vec<usize> {
        let all = self.columns.iter().enumerate();
        let takes = all.filter(|(_, (_, generated))| !generated);
        takes.map(|(i, _)| i).filter(|i| !there.contains(i)).collect()
    }

    /// The names of what a record has that is no metadata, whatever table it
    /// is of.
    pub fn names(line: &[u8]) -> std::result::Result<Vec<String>, String> {
        let (mut fields, mut names) = (Fields::new(line), Vec::new());
        while let Some(field) = fields.next().map_err(|f| f.to_string())? {
            let name = field.key.text().map_err(|f| f.to_string())?;
            let name = String::from_utf8_lossy(&name).into_owned();
            if ![ARCHIVED_AT, ROWID, TIME].contains(&name.as_str()) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Takes a line apart. Its fields come in the order of the columns when
    /// rt-export wrote it; any other order is taken as well.
    pub fn parse<'l>(
        &mut self,
        line: &'l [u8],
    ) -> std::result::Result<Row<'l>, String> {
        if std::str::from_utf8(line).is_err() {
            return Err("is not valid UTF-8".to_owned());
        }
        let wrong =
            |what: &dyn std::fmt::Display| format!("is no row record: {what}");
        let mut row = Row {
            columns: Vec::with_capacity(self.columns.len()),
            values: Vec::with_capacity(self.columns.len()),
            ..Row::default()
        };
        let (mut fields, mut next) = (Fields::new(line), 0);
        loop {
            let usual = match self.keys.get(next) {
                Some(key) => fields.next_if(key).map_err(|f| wrong(&f))?,
                None => None,
            };
            let (column, value) = match usual {
                Some(value) => (next, value),
                None => {
                    let field = fields.next().map_err(|f| wrong(&f))?;
                    let Some(field) = field else { break };
                    match self.find(&field.key, field.value, &mut row)? {
                        Some(column) => (column, field.value),
                        None => continue,
                    }
                }
            };
            next = column + 1;
            if self.columns[column].1 {
                continue;
            }
            let behind = row.columns.last().is_none_or(|last| *last < column);
            if !behind && row.columns.contains(&column) {
                let name = quote(&self.columns[column].0);
                return Err(format!("has column {name} twice"));
            }
            row.columns.push(column);
            row.values.push(value.decode().map_err(|f| wrong(&f))?);
        }
        Ok(row)
    }

    /// The column with this key; none for what is no column's.
    fn find<'l>(
        &mut self,
        key: &Str<'_>,
        value: Token<'l>,
        row: &mut Row<'l>,
    ) -> std::result::Result<Option<usize>, String> {
        if let Some(at) = self.columns.iter().position(|(c, _)| key.names(c)) {
            return Ok(Some(at));
        }
        if key.is(ARCHIVED_AT) {
            if let Token::Text(text) = value {
                row.archived_at = text.text().ok();
            }
            return Ok(None);
        }
        if key.is(ROWID) {
            let value = value.to_owned().map_err(|f| f.to_string())?;
            row.rowid = match value.borrow() {
                crate::value::Value::Integer(rowid) => Some(rowid),
                _ => return Err(format!("has a {ROWID} that is no integer")),
            };
            return Ok(None);
        }
        if key.is(TIME) {
            return Ok(None);
        }
        let name = key.text().map_err(|f| f.to_string())?;
        let name = String::from_utf8_lossy(&name).into_owned();
        if !self.ignore_extra {
            return Err(format!(
                "has {}, which is no column of the table",
                quote(&name)
            ));
        }
        self.extra.insert(name);
        Ok(None)
    }
}

/// The key of a time that is in no column.
const TIME: &str = "_time";
