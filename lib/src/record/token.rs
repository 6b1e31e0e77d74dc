//! The keys and values of a line as they stand in it, and what they mean.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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
        self.append(&mut out)?;
        Ok(Cow::Owned(out))
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
