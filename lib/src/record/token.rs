//! The keys and values of a line as they stand in it, and what they mean.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text::append_string;
use crate::value::{Owned, Value};

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
    /// As it stands there.
    pub(super) raw: &'a [u8],
    /// There is a backslash in it.
    pub(super) escaped: bool,
}

impl<'a> Str<'a> {
    /// The text, borrowed where nothing is escaped.
    pub fn text(&self) -> Result<Cow<'a, [u8]>, Fault> {
        if !self.escaped {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut out = Vec::with_capacity(self.raw.len());
        self.each_part(&mut |part| out.extend_from_slice(part))?;
        Ok(Cow::Owned(out))
    }

    /// The bytes between its quotes, where no character is escaped.
    pub(super) fn as_written(&self) -> Option<&'a [u8]> {
        (!self.escaped).then_some(self.raw)
    }

    /// Gives the text part by part.
    fn each_part(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let mut rest = self.raw;
        while self.escaped
            && let Some(at) = memchr::memchr(b'\\', rest)
        {
            each(&rest[..at]);
            let bad = Fault { what: "a bad escape", at: 0 };
            let (c, length) = escape(&rest[at..]).ok_or(bad)?;
            each(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[at + length..];
        }
        each(rest);
        Ok(())
    }

    /// Whether this has the text of a string that is written as
    /// [`append_string`] writes it.
    fn means(&self, ours: &Str<'_>) -> Result<bool, Fault> {
        let (mut rest, mut string) = (Some(ours.raw), Vec::new());
        self.each_part(&mut |part| {
            let mut part = part;
            // What stands for itself is written so; what was an escape is one
            // character, and is written as we write it.
            if part.len() <= 4 {
                string.clear();
                append_string(&mut string, part);
                part = &string[1..string.len() - 1];
            }
            rest = rest.and_then(|rest| rest.strip_prefix(part));
        })?;
        Ok(rest.is_some_and(<[u8]>::is_empty))
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

/// A value that was read: as it stands in the line where that is possible.
#[derive(Debug)]
pub enum Decoded<'a> {
    /// It stands in the line.
    There(Value<'a>),
    /// It was made from what stands there.
    Made(Owned),
}

impl Decoded<'_> {
    /// The value.
    pub fn value(&self) -> Value<'_> {
        match self {
            Decoded::There(value) => *value,
            Decoded::Made(value) => value.borrow(),
        }
    }
}

impl<'a> Token<'a> {
    /// The value, without a copy where nothing in it is escaped.
    pub fn decode(self) -> Result<Decoded<'a>, Fault> {
        match self {
            Token::Text(string) if !string.escaped => {
                Ok(Decoded::There(Value::Text(string.raw)))
            }
            other => other.to_owned().map(Decoded::Made),
        }
    }

    /// Whether this is the value of a token that is written as
    /// `Shape` writes it. A long value is not copied.
    pub fn means(&self, ours: &Token<'_>) -> Result<bool, Fault> {
        Ok(match (self, ours) {
            (Token::Text(mine), Token::Text(ours)) => mine.means(ours)?,
            // Base64 is read strictly: the same bytes are the same text.
            (
                Token::Bytes { text: true, encoded: mine },
                Token::Bytes { text: true, encoded: ours },
            )
            | (
                Token::Bytes { text: false, encoded: mine },
                Token::Bytes { text: false, encoded: ours },
            ) => mine.means(ours)?,
            // TEXT is a string or, if it is not UTF-8, base64; but a line that
            // somebody else wrote may have it as base64 all the same.
            _ => {
                let (mine, ours) = ((*self).to_owned()?, (*ours).to_owned()?);
                mine.borrow().identical(ours.borrow())
            }
        })
    }

    /// The value if it is wanted; else it is only checked, without a copy of
    /// a long one.
    pub fn to_owned_if(self, wanted: bool) -> Result<Option<Owned>, Fault> {
        match self {
            _ if wanted => self.to_owned().map(Some),
            // What was not decoded may still be no value of SQLite's.
            Token::Integer(digits) if digits.len() < 19 => Ok(None),
            Token::Null | Token::Real(_) => Ok(None),
            Token::Text(string) => {
                string.each_part(&mut |_| ()).map(|()| None)
            }
            Token::Bytes { encoded, .. } if !encoded.escaped => {
                check_base64(encoded.raw).map(|()| None)
            }
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

/// Checks base64 in pieces, each of which is whole by itself.
fn check_base64(encoded: &[u8]) -> Result<(), Fault> {
    let mut piece = [0; 4096];
    let mut pieces = encoded.chunks(4096).peekable();
    while let Some(encoded) = pieces.next() {
        let decoded = STANDARD.decode_slice(encoded, &mut piece);
        // Only the last piece may end in padding.
        let padded = pieces.peek().is_some() && encoded.ends_with(b"=");
        if padded || decoded.is_err() {
            return Err(Fault { what: "bad base64", at: 0 });
        }
    }
    Ok(())
}

/// The character of the escape that the text begins with, and its length.
pub fn escape(text: &[u8]) -> Option<(char, usize)> {
    let c = match *text.get(1)? {
        c @ (b'"' | b'\\' | b'/') => char::from(c),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text),
        _ => return None,
    };
    Some((c, 2))
}

/// `\uXXXX`, or two of them for a character beyond them. Half of such a pair
/// is none.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let first = code(text)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, 6));
    }
    let second = code(text.get(6..)?)?;
    if !(0xd800..0xdc00).contains(&first)
        || !(0xdc00..0xe000).contains(&second)
    {
        return None;
    }
    let c = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    char::from_u32(c).map(|c| (c, 12))
}

fn code(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
