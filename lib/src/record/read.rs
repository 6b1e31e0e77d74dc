//! Lines into rows: a walk over one record, in place.
//!
//! It accepts any JSON spelling of a record (RFC 8259), not only ours, and
//! refuses what is no row: arrays, booleans, other objects, integers beyond 64
//! bits. Values are decoded only when asked for.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::skip::simple_value_len;
use super::text::plain_prefix;
use crate::value::Owned;

/// Why a line is not a row record, and at which byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// What was expected or found.
    pub what: &'static str,
    /// Offset in the line.
    pub at: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at + 1)
    }
}

/// A JSON string as it stands in the line, between its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Str<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Str<'a> {
    /// The text, borrowed where nothing is escaped.
    pub fn text(&self) -> Result<Cow<'a, [u8]>, Fault> {
        if !self.escaped {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut out = Vec::with_capacity(self.raw.len());
        self.append(&mut out)?;
        Ok(Cow::Owned(out))
    }

    /// The text, in place of what `out` held.
    pub fn decode(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.clear();
        self.append(out)
    }

    /// Whether this is the given plain ASCII text.
    pub fn is(&self, text: &str) -> bool {
        if self.escaped {
            self.text().is_ok_and(|t| *t == *text.as_bytes())
        } else {
            self.raw == text.as_bytes()
        }
    }

    /// Whether this is a column's name; ASCII case is ignored, as in SQLite.
    pub fn names(&self, column: &str) -> bool {
        if self.escaped {
            let wanted = column.as_bytes();
            self.text().is_ok_and(|t| t.eq_ignore_ascii_case(wanted))
        } else {
            self.raw.eq_ignore_ascii_case(column.as_bytes())
        }
    }

    fn append(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = unescape(&rest[at + 1..], out)?;
        }
        out.extend_from_slice(rest);
        Ok(())
    }
}

/// A value as it stands in the line.
#[derive(Clone, Copy, Debug)]
pub enum Token<'a> {
    /// `null`.
    Null,
    /// A number without `.` and `e`.
    Integer(&'a [u8]),
    /// A number with `.` or `e`.
    Real(&'a [u8]),
    /// A string.
    Text(Str<'a>),
    /// The base64 object; `text` for TEXT that is not UTF-8.
    Bytes {
        /// Whether it is TEXT.
        text: bool,
        /// The base64 characters.
        encoded: Str<'a>,
    },
}

impl Token<'_> {
    /// The value if it is wanted; else it is only checked.
    pub fn to_owned_if(self, wanted: bool) -> Result<Option<Owned>, Fault> {
        match self {
            _ if wanted => self.to_owned().map(Some),
            // What was not decoded may still be no value of SQLite's.
            Token::Integer(digits) if digits.len() < 19 => Ok(None),
            Token::Text(string) if !string.escaped => Ok(None),
            Token::Null | Token::Real(_) => Ok(None),
            _ => self.to_owned().map(|_| None),
        }
    }

    /// The value.
    pub fn to_owned(self) -> Result<Owned, Fault> {
        let bad = |what| Fault { what, at: 0 };
        let ascii = |digits| {
            std::str::from_utf8(digits).map_err(|_| bad("a bad number"))
        };
        Ok(match self {
            Token::Null => Owned::Null,
            Token::Integer(digits) => Owned::Integer(
                ascii(digits)?
                    .parse()
                    .map_err(|_| bad("an integer beyond 64 bits"))?,
            ),
            Token::Real(digits) => Owned::Real(
                ascii(digits)?.parse().map_err(|_| bad("a bad number"))?,
            ),
            Token::Text(string) => Owned::Text(string.text()?.into_owned()),
            Token::Bytes { text, encoded } => {
                let bytes = STANDARD
                    .decode(encoded.text()?)
                    .map_err(|_| bad("bad base64"))?;
                if text { Owned::Text(bytes) } else { Owned::Blob(bytes) }
            }
        })
    }
}

/// One key and its value.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// The column's name.
    pub key: Str<'a>,
    /// Its value.
    pub value: Token<'a>,
}

/// The fields of one line, in order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    line: &'a [u8],
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Start,
    Inside,
    End,
}

impl<'a> Fields<'a> {
    /// The fields of `line`, which holds one object and no newline.
    pub fn new(line: &'a [u8]) -> Fields<'a> {
        Fields { line, at: 0, state: State::Start }
    }

    /// The next field; `None` after the last one, when the line ended as it
    /// should.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Field<'a>>, Fault> {
        match self.state {
            State::End => return Ok(None),
            State::Start => {
                self.space();
                self.expect(b'{', "no object")?;
                self.state = State::Inside;
                self.space();
                if self.peek() == Some(b'}') {
                    return self.close();
                }
            }
            State::Inside => {
                self.space();
                if self.peek() == Some(b'}') {
                    return self.close();
                }
                self.expect(b',', "no comma")?;
                self.space();
            }
        }
        let key = self.string()?;
        self.space();
        self.expect(b':', "no colon")?;
        self.space();
        let value = self.value()?;
        Ok(Some(Field { key, value }))
    }

    /// The next value, if its key stands there as [`Shape`](super::Shape)
    /// writes it (`"a":`), which is told without looking through the key;
    /// else nothing, and the walk stays where it is.
    pub fn next_if(&mut self, key: &[u8]) -> Result<Option<Token<'a>>, Fault> {
        let Some(at) = self.behind(key) else { return Ok(None) };
        self.at = at;
        self.state = State::Inside;
        self.space();
        self.value().map(Some)
    }

    /// Passes the next field, if its key stands there as
    /// [`Shape`](super::Shape) writes it and its value is a usual one, which
    /// is told without taking it apart; else the walk stays where it is.
    #[inline]
    pub fn pass_if(&mut self, key: &[u8]) -> bool {
        let Some(at) = self.behind(key) else { return false };
        let Some(length) = simple_value_len(&self.line[at..]) else {
            return false;
        };
        self.at = at + length;
        self.state = State::Inside;
        true
    }

    /// The offset behind the next key, if that is this one, written so.
    #[inline]
    fn behind(&self, key: &[u8]) -> Option<usize> {
        let sign = match self.state {
            State::Start => b'{',
            State::Inside => b',',
            State::End => return None,
        };
        let (first, rest) = self.line[self.at..].split_first()?;
        (*first == sign && rest.starts_with(key))
            .then(|| self.at + 1 + key.len())
    }

    /// Where in the line the walk stands: after a field, just behind it.
    pub fn position(&self) -> usize {
        self.at
    }

    fn close(&mut self) -> Result<Option<Field<'a>>, Fault> {
        self.at += 1;
        self.space();
        if self.at < self.line.len() {
            return Err(self.fault("something after the object"));
        }
        self.state = State::End;
        Ok(None)
    }

    fn fault(&self, what: &'static str) -> Fault {
        Fault { what, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(what));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        if !self.line[self.at..].starts_with(word) {
            return Err(self.fault("no value of a row"));
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<Str<'a>, Fault> {
        self.expect(b'"', "no string")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.line[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                    if self.at > self.line.len() {
                        return Err(self.fault("a string without end"));
                    }
                }
                Some(_) => return Err(self.fault("a control character")),
                None => return Err(self.fault("a string without end")),
            }
        }
        let raw = &self.line[start..self.at];
        self.at += 1;
        Ok(Str { raw, escaped })
    }

    fn value(&mut self) -> Result<Token<'a>, Fault> {
        match self.peek() {
            Some(b'"') => Ok(Token::Text(self.string()?)),
            Some(b'n') => self.word(b"null").map(|()| Token::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.base64(),
            _ => Err(self.fault("no value of a row")),
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.fault("no digit"));
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.at;
        self.digits()?;
        if self.line[first] == b'0' && self.at > first + 1 {
            return Err(Fault { what: "a leading zero", at: first });
        }
        let mut real = false;
        if self.peek() == Some(b'.') {
            real = true;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            real = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let digits = &self.line[start..self.at];
        Ok(if real { Token::Real(digits) } else { Token::Integer(digits) })
    }

    /// `{"$base64":true,"text":true,"encoded":"..."}`, keys in any order.
    fn base64(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        self.at += 1;
        let (mut marked, mut text, mut encoded) = (false, false, None);
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.expect(b':', "no colon")?;
            self.space();
            if key.is("$base64") {
                self.word(b"true")?;
                marked = true;
            } else if key.is("text") {
                self.word(b"true")?;
                text = true;
            } else if key.is("encoded") {
                encoded = Some(self.string()?);
            } else {
                return Err(self.fault("an object that is no BLOB"));
            }
            self.space();
            if self.peek() == Some(b'}') {
                self.at += 1;
                break;
            }
            self.expect(b',', "no comma")?;
        }
        match encoded {
            Some(encoded) if marked => Ok(Token::Bytes { text, encoded }),
            _ => Err(Fault { what: "an object that is no BLOB", at: start }),
        }
    }
}

/// Reads what follows a backslash; gives what follows the escape.
fn unescape<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Fault> {
    let bad = Fault { what: "a bad escape", at: 0 };
    let (&kind, mut rest) = rest.split_first().ok_or(bad)?;
    let byte = match kind {
        b'"' | b'\\' | b'/' => kind,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => {
            let mut code = hex(&mut rest).ok_or(bad)?;
            if (0xD800..0xDC00).contains(&code) {
                rest = rest.strip_prefix(b"\\u").ok_or(bad)?;
                let low = hex(&mut rest).ok_or(bad)?;
                let low = low.checked_sub(0xDC00).filter(|l| *l < 0x400);
                code = 0x10000 + ((code - 0xD800) << 10) + low.ok_or(bad)?;
            }
            let c = char::from_u32(code).ok_or(bad)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(rest);
        }
        _ => return Err(bad),
    };
    out.push(byte);
    Ok(rest)
}

fn hex(rest: &mut &[u8]) -> Option<u32> {
    let (digits, after) = rest.split_at_checked(4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    *rest = after;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
