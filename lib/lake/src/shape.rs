//! The keys of a line, and its values, if the line is written as `rt` writes
//! lines: then keys and values give its bytes back.

use rt::derived::{
    ARCHIVED_AT, Decoded, Fault, Fields, ROWID, Token, Value, append_string,
    append_value,
};

use crate::columns::{Column, TIME, place};

/// Where a key's value goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// A column of the table.
    Column(usize),
    /// `_time`.
    Time,
    /// `_archived_at`.
    ArchivedAt,
    /// `_rowid`.
    Rowid,
}

impl Target {
    /// That of a key of a line.
    pub fn of(key: &str, columns: &[Column]) -> Option<Target> {
        match key {
            TIME => Some(Target::Time),
            ARCHIVED_AT => Some(Target::ArchivedAt),
            ROWID => Some(Target::Rowid),
            _ => place(columns, key).map(Target::Column),
        }
    }
}

/// A key of a line.
#[derive(Clone, Debug)]
pub struct Key {
    /// As it stands in a line, with its colon: `"a":`.
    pub text: Vec<u8>,
    /// Where its value goes.
    pub target: Target,
}

/// The keys of a line, in order.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Their names.
    pub names: Vec<String>,
    /// The keys as they stand in the line, with their colons.
    pub keys: Vec<Key>,
}

/// A value of a line.
pub struct Cell<'a> {
    /// Where it goes.
    pub target: Target,
    /// As it stands in the line.
    pub raw: &'a [u8],
    /// What it is.
    pub value: Decoded<'a>,
    /// Whether the value stands as a JSON string.
    pub is_string: bool,
}

impl Shape {
    /// The shape with these keys; none where one of them has no place, or two
    /// have the same.
    pub fn new(names: Vec<String>, columns: &[Column]) -> Option<Shape> {
        let mut keys: Vec<Key> = Vec::with_capacity(names.len());
        for name in &names {
            let target = Target::of(name, columns)?;
            if keys.iter().any(|key| key.target == target) {
                return None;
            }
            let mut text = Vec::new();
            append_string(&mut text, name.as_bytes());
            text.push(b':');
            keys.push(Key { text, target });
        }
        Some(Shape { names, keys })
    }

    /// The values of a line; none where it is not of this shape, or is not
    /// written as `rt` writes it.
    pub fn cells<'a>(
        &self,
        line: &'a [u8],
        room: &mut Vec<u8>,
    ) -> Result<Option<Vec<Cell<'a>>>, Fault> {
        let mut fields = Fields::new(line);
        let mut cells = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let start = fields.offset() + 1 + key.text.len();
            let Some(token) = fields.next_if(&key.text)? else {
                return Ok(None);
            };
            let raw = &line[start..fields.offset()];
            let cell = Cell::new(key.target, token, raw)?;
            if !cell.is_ours(room) {
                return Ok(None);
            }
            cells.push(cell);
        }
        let ends = line[fields.offset()..] == *b"}" && !cells.is_empty();
        Ok(ends.then_some(cells))
    }
}

/// The keys of a record.
pub fn names_of(line: &[u8]) -> Result<Vec<String>, Fault> {
    let (mut fields, mut names) = (Fields::new(line), Vec::new());
    while let Some(field) = fields.next()? {
        let text = field.key.text()?.into_owned();
        let name = String::from_utf8(text);
        names.push(name.map_err(|_| Fault { what: "not UTF-8", at: 0 })?);
    }
    Ok(names)
}

/// The values of any record that have a place, of two with one the first.
pub fn loose_cells<'a>(
    line: &'a [u8],
    columns: &[Column],
) -> Result<Vec<Cell<'a>>, Fault> {
    let (mut fields, mut cells) = (Fields::new(line), Vec::<Cell<'_>>::new());
    while let Some(field) = fields.next()? {
        let key = field.key.text()?;
        let key = std::str::from_utf8(&key).unwrap_or_default();
        let Some(target) = Target::of(key, columns) else {
            field.value.decode()?;
            continue;
        };
        if cells.iter().all(|cell| cell.target != target) {
            cells.push(Cell::new(target, field.value, b"")?);
        }
    }
    Ok(cells)
}

impl<'a> Cell<'a> {
    fn new(
        target: Target,
        token: Token<'a>,
        raw: &'a [u8],
    ) -> Result<Cell<'a>, Fault> {
        let is_string = matches!(token, Token::Text(_));
        Ok(Cell { target, raw, value: token.decode()?, is_string })
    }

    /// Whether its value is written as it stands in the line.
    fn is_ours(&self, room: &mut Vec<u8>) -> bool {
        match &self.value {
            // Nothing in it is escaped.
            Decoded::There(Value::Text(text)) => {
                self.raw.len() == text.len() + 2
            }
            value => {
                room.clear();
                append_value(room, value.value());
                room == self.raw
            }
        }
    }
}
