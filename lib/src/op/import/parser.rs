//! Lines into rows: the values of each by column, and what its archive added.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::batch::{Batch, Bytes, Cells, Row};
use super::lines::bad;
use crate::db::Table;
use crate::error::quote;
use crate::record::{
    ARCHIVED_AT, Fault, Fields, ROWID, Str, Token, append_string,
};
use crate::value::Value;

/// The key of a time that is in no column.
const TIME: &str = "_time";

type Parsed<T> = std::result::Result<T, String>;

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
    /// How many lines there were.
    pub lines: u64,
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
            lines: 0,
        }
    }

    /// The names of what a record has that is no metadata, whatever table it
    /// is of.
    pub fn names(line: &[u8]) -> Parsed<Vec<String>> {
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

    /// Takes the lines of a batch apart, up to one that is no row.
    pub fn batch(&mut self, batch: &mut Batch) {
        let Batch { text, rows, cells, failed, .. } = batch;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            self.lines += 1;
            match self.row(text, start..end, cells) {
                Ok(row) => rows.push(row),
                Err(what) => {
                    *failed = Some(bad(self.lines, &what));
                    return;
                }
            }
            start = end + 1;
        }
    }

    /// Takes a line apart. Its fields come in the order of the columns when
    /// rt-export wrote it; any other order is taken as well.
    fn row(
        &mut self,
        text: &[u8],
        line: Range<usize>,
        cells: &mut Cells,
    ) -> Parsed<Row> {
        let begin = cells.len();
        let mut row = Row {
            number: self.lines,
            line: line.start..line.end + 1,
            archived_at: None,
            rowid: None,
            cells: begin..begin,
        };
        let line = &text[line];
        if std::str::from_utf8(line).is_err() {
            return Err("is not valid UTF-8".to_owned());
        }
        let (mut fields, mut next) = (Fields::new(line), 0);
        loop {
            let usual = match self.keys.get(next) {
                Some(key) => fields.next_if(key).map_err(wrong)?,
                None => None,
            };
            let (column, value) = match usual {
                Some(value) => (next, value),
                None => {
                    let Some(field) = fields.next().map_err(wrong)? else {
                        break;
                    };
                    let key = self.column(&field.key)?;
                    match key {
                        Key::Column(column) => (column, field.value),
                        _ => {
                            metadata(&mut row, &key, field.value, |at| {
                                cells.hold(text, at)
                            })?;
                            continue;
                        }
                    }
                }
            };
            next = column + 1;
            if self.columns[column].1 {
                continue;
            }
            let before = cells.columns(begin..cells.len());
            let behind = before.last().is_none_or(|last| *last < column);
            if !behind && before.contains(&column) {
                let name = quote(&self.columns[column].0);
                return Err(format!("has column {name} twice"));
            }
            cells.push(text, column, value.decode().map_err(wrong)?);
        }
        row.cells.end = cells.len();
        Ok(row)
    }

    /// What has this key.
    fn column(&mut self, key: &Str<'_>) -> Parsed<Key> {
        if let Some(at) = self.columns.iter().position(|(c, _)| key.names(c)) {
            return Ok(Key::Column(at));
        }
        let known = [
            (ARCHIVED_AT, Key::ArchivedAt),
            (ROWID, Key::Rowid),
            (TIME, Key::Other),
        ];
        for (name, what) in known {
            if key.is(name) {
                return Ok(what);
            }
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
        Ok(Key::Other)
    }
}

/// What a key stands for.
enum Key {
    Column(usize),
    ArchivedAt,
    Rowid,
    Other,
}

fn wrong(what: Fault) -> String {
    format!("is no row record: {what}")
}

/// Takes what the archive added to a row.
fn metadata<'l>(
    row: &mut Row,
    key: &Key,
    value: Token<'l>,
    mut hold: impl FnMut(Cow<'l, [u8]>) -> Bytes,
) -> Parsed<()> {
    match (key, value) {
        (Key::ArchivedAt, Token::Text(text)) => {
            row.archived_at = text.text().ok().map(&mut hold);
        }
        (Key::Rowid, value) => {
            let value = value.to_owned().map_err(|f| f.to_string())?;
            let Value::Integer(rowid) = value.borrow() else {
                return Err(format!("has a {ROWID} that is no integer"));
            };
            row.rowid = Some(rowid);
        }
        _ => {}
    }
    Ok(())
}
