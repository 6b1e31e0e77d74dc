//! A condition on a record, as `COL=VALUE` says it: what of the record it needs
//! is decoded, and nothing else.
//!
//! Numbers are compared as numbers and times as instants, whatever their
//! spelling; all else byte by byte. A dotted path enters JSON: an object in the
//! record, or one that a text holds.

use std::cmp::Ordering;
use std::sync::OnceLock;

use jiff::Timestamp;
use memchr::memmem;

use super::inside::{Inner, Signs, find};
use super::quoted::find_quoted;
use super::read::Fields;
use super::token::{Fault, Str, Token};
use crate::error::{Error, Result, quote};
use crate::time::{self, Unit};
use crate::value::Value;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Op {
    Equal,
    NotEqual,
    Less,
    Greater,
    Contains,
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Predicate {
    name: String,
    /// The column, and the way into it, where the name has dots.
    path: Vec<String>,
    op: Op,
    value: String,
    number: Option<Number>,
    time: Option<Timestamp>,
    /// What numbers in the column mean as times.
    unit: Option<Unit>,
    /// How the key is written in the first line that had it.
    key: OnceLock<Option<memmem::Finder<'static>>>,
    /// What stands in a line that has a column called like a way with dots.
    dotted: memmem::Finder<'static>,
    /// What stands in a text that the way leads into.
    signs: Signs,
}

/// Keys of the objects that stand for a value; as columns they are always
/// walked to.
const INNER: [&str; 3] = ["$base64", "text", "encoded"];

#[derive(Clone, Copy, Debug)]
enum Number {
    Integer(i64),
    Real(f64),
}

impl Number {
    fn read(text: &str) -> Option<Number> {
        let first = text.trim_start_matches('-').bytes().next()?;
        if !first.is_ascii_digit() {
            return None;
        }
        let integer = text.parse().map(Number::Integer).ok();
        integer.or_else(|| text.parse().map(Number::Real).ok())
    }

    fn order(self, other: Number) -> Option<Ordering> {
        let real = |n| match n {
            Number::Integer(i) => i as f64,
            Number::Real(r) => r,
        };
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => Some(a.cmp(&b)),
            (a, b) => real(a).partial_cmp(&real(b)),
        }
    }
}

impl Predicate {
    /// Reads `COL=VALUE`, `COL!=VALUE`, `COL<VALUE`, `COL>VALUE` or `COL~TEXT`;
    /// anything else is a usage error.
    pub fn parse(text: &str) -> Result<Predicate> {
        let signs = [
            ("!=", Op::NotEqual),
            ("=", Op::Equal),
            ("<", Op::Less),
            (">", Op::Greater),
            ("~", Op::Contains),
        ];
        let found = signs
            .into_iter()
            .filter_map(|(sign, op)| Some((text.find(sign)?, sign, op)))
            .min_by_key(|(at, sign, _)| (*at, 2 - sign.len()));
        let Some((at @ 1.., sign, op)) = found else {
            return Err(Error::usage(format!(
                "{} is no condition",
                quote(text)
            ))
            .hint(
                "a condition is COL=VALUE, COL!=VALUE, COL<VALUE, COL>VALUE \
                 or COL~TEXT",
            ));
        };
        let (name, value) = (&text[..at], &text[at + sign.len()..]);
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        let (number, time) =
            (Number::read(value), time::parse(value.as_bytes()));
        // What has a letter and is no time is only met by a text that has it.
        let stands = matches!(op, Op::Equal | Op::NotEqual | Op::Contains)
            && number.is_none()
            && time.is_none()
            && value.bytes().any(|b| b.is_ascii_alphabetic());
        Ok(Predicate {
            name: name.to_owned(),
            dotted: memmem::Finder::new(name).into_owned(),
            signs: Signs::new(&path[1..], stands.then_some(value)),
            path,
            op,
            value: value.to_owned(),
            number,
            time,
            unit: None,
            key: OnceLock::new(),
        })
    }

    /// Numbers in this column are times of a unit.
    pub fn date(&mut self, column: &str, unit: Option<&Unit>) {
        if self.name.eq_ignore_ascii_case(column) {
            self.unit = unit.cloned();
        }
    }

    /// The column that it is about, with the way into it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it compares with.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether it is `COL=VALUE`.
    pub fn is_equality(&self) -> bool {
        self.op == Op::Equal
    }

    /// Whether it is `COL~TEXT`.
    pub fn is_search(&self) -> bool {
        self.op == Op::Contains
    }

    /// Whether it holds for a record. Nothing is equal to NULL, and to what is
    /// not there; `!=` holds where `=` does not.
    pub fn holds(&self, line: &[u8]) -> std::result::Result<bool, Fault> {
        Ok(self.look(line)?.unwrap_or_else(|| self.misses()))
    }

    /// Whether it holds for a record; none where that has no such column.
    pub fn look(
        &self,
        line: &[u8],
    ) -> std::result::Result<Option<bool>, Fault> {
        match self.column(line) {
            Ok(held) => Ok(held),
            // No row of SQLite's, but perhaps an object of another program's.
            Err(fault) => match find(line, &self.path) {
                Some(inner) => Ok(Some(self.meets_inner(inner))),
                None => Err(fault),
            },
        }
    }

    fn column(&self, line: &[u8]) -> std::result::Result<Option<bool>, Fault> {
        let Some((column, way)) = self.path.split_first() else {
            return Ok(None);
        };
        if let Some(Some(key)) = self.key.get()
            && (way.is_empty() || self.dotted.find(line).is_none())
            && let Some(value) = Fields::value_of(line, key)
        {
            return self.meets_end(value, way).map(Some);
        }
        let mut fields = Fields::new(line);
        while let Some(field) = fields.next()? {
            if !way.is_empty() && field.key.names(&self.name) {
                return self.meets_token(field.value).map(Some);
            }
            if field.key.names(column) {
                self.key.get_or_init(|| self.finder(field.key));
                return self.meets_end(field.value, way).map(Some);
            }
        }
        Ok(None)
    }

    /// Whether it holds for what a way into a column's value leads to.
    fn meets_end(
        &self,
        value: Token<'_>,
        way: &[String],
    ) -> std::result::Result<bool, Fault> {
        if way.is_empty() {
            return self.meets_token(value);
        }
        let Token::Text(text) = value else {
            return Ok(self.misses());
        };
        if self.signs.lacks(text.raw) {
            return Ok(self.misses());
        }
        let inner = match find_quoted(text.raw, way) {
            Some(inner) => inner,
            None => find(&text.text()?, way).unwrap_or(Inner::Other),
        };
        Ok(self.meets_inner(inner))
    }

    /// What finds the key in lines that spell it so; none where it would find
    /// other keys too.
    fn finder(&self, key: Str<'_>) -> Option<memmem::Finder<'static>> {
        let name = key.as_written()?;
        let inner = INNER.iter().any(|i| self.path[0].eq_ignore_ascii_case(i));
        let written = [b"\"", name, b"\":"].concat();
        (!inner).then(|| memmem::Finder::new(&written).into_owned())
    }

    /// What holds where there is nothing to compare.
    fn misses(&self) -> bool {
        self.op == Op::NotEqual
    }

    fn meets_token(
        &self,
        token: Token<'_>,
    ) -> std::result::Result<bool, Fault> {
        Ok(match token {
            Token::Text(text) => self.meets(Value::Text(&text.text()?), b""),
            Token::Integer(digits) | Token::Real(digits) => {
                self.meets(token.to_owned()?.borrow(), digits)
            }
            Token::Bytes { .. } => self.meets(token.to_owned()?.borrow(), b""),
            Token::Null => self.misses(),
        })
    }

    fn meets_inner(&self, inner: Inner) -> bool {
        match inner {
            Inner::Text(text) => self.meets(Value::Text(text.as_bytes()), b""),
            Inner::Integer(n) => {
                self.meets(Value::Integer(n), n.to_string().as_bytes())
            }
            Inner::Real(n) => {
                self.meets(Value::Real(n), n.to_string().as_bytes())
            }
            Inner::Other => self.misses(),
        }
    }

    /// Whether it holds for a value that is not NULL; `digits` is how a number
    /// is written.
    fn meets(&self, value: Value<'_>, digits: &[u8]) -> bool {
        let wanted = self.value.as_bytes();
        match (self.op, value) {
            (Op::Equal, _) => self.equals(value),
            (Op::NotEqual, _) => !self.equals(value),
            (Op::Less, _) => self.order(value) == Some(Ordering::Less),
            (Op::Greater, _) => self.order(value) == Some(Ordering::Greater),
            (Op::Contains, Value::Text(bytes) | Value::Blob(bytes)) => {
                memmem::find(bytes, wanted).is_some()
            }
            (Op::Contains, _) => memmem::find(digits, wanted).is_some(),
        }
    }

    fn equals(&self, value: Value<'_>) -> bool {
        let same = |order| order == Some(Ordering::Equal);
        match value {
            Value::Text(bytes) | Value::Blob(bytes)
                if bytes == self.value.as_bytes() =>
            {
                true
            }
            Value::Text(_) => same(self.order_times(value)),
            _ => same(self.order(value)),
        }
    }

    /// How a value stands to the one that is asked for.
    fn order(&self, value: Value<'_>) -> Option<Ordering> {
        let text = match value {
            Value::Text(text) => Some(text),
            _ => None,
        };
        if let Some(wanted) = self.number {
            let number = match value {
                Value::Integer(n) => Some(Number::Integer(n)),
                Value::Real(n) => Some(Number::Real(n)),
                _ => text
                    .and_then(|t| std::str::from_utf8(t).ok())
                    .and_then(Number::read),
            };
            return number?.order(wanted);
        }
        if self.time.is_some() {
            return self.order_times(value);
        }
        text.map(|text| text.cmp(self.value.as_bytes()))
    }

    fn order_times(&self, value: Value<'_>) -> Option<Ordering> {
        let wanted = self.time?;
        let at = time::instant(value, self.unit.as_ref())?;
        Some(at.cmp(&wanted))
    }
}
