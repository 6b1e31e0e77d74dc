//! Rows into lines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ROWID;
use crate::value::Value;

/// The columns of a record, with their keys escaped once.
#[derive(Clone, Debug)]
pub struct Shape {
    /// `{"a":` for the first column, `,"b":` for the others.
    keys: Vec<Vec<u8>>,
}

impl Shape {
    /// The columns, in order.
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Shape {
        let mut keys = Vec::new();
        for (i, name) in columns.into_iter().enumerate() {
            let mut key = if i == 0 { Vec::new() } else { vec![b','] };
            append_string(&mut key, name.as_bytes());
            key.push(b':');
            keys.push(key);
        }
        Shape { keys }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Begins a record.
    pub fn begin(&self, out: &mut Vec<u8>) {
        out.push(b'{');
    }

    /// Appends column `index`; columns come in order.
    #[inline]
    pub fn value(&self, out: &mut Vec<u8>, index: usize, value: Value<'_>) {
        out.extend_from_slice(&self.keys[index]);
        append_value(out, value);
    }

    /// Ends a record with its rowid, if it is to carry one, and a newline.
    pub fn end(&self, out: &mut Vec<u8>, rowid: Option<i64>) {
        if let Some(rowid) = rowid {
            if !self.keys.is_empty() {
                out.push(b',');
            }
            append_string(out, ROWID.as_bytes());
            out.push(b':');
            append_integer(out, rowid);
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Appends the encoded form of a value.
#[inline]
pub fn append_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Integer(i) => append_integer(out, i),
        Value::Real(r) => append_real(out, r),
        Value::Text(text) => match std::str::from_utf8(text) {
            Ok(_) => append_string(out, text),
            Err(_) => {
                out.extend_from_slice(
                    b"{\"$base64\":true,\"text\":true,\"encoded\":\"",
                );
                append_base64(out, text);
                out.extend_from_slice(b"\"}");
            }
        },
        Value::Blob(blob) => {
            out.extend_from_slice(b"{\"$base64\":true,\"encoded\":\"");
            append_base64(out, blob);
            out.extend_from_slice(b"\"}");
        }
    }
}

fn append_integer(out: &mut Vec<u8>, value: i64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Shortest digits that read back as the same double (Ryu), which this crate
/// always prints with a point or an exponent.
fn append_real(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        let mut buffer = ryu::Buffer::new();
        out.extend_from_slice(buffer.format_finite(value).as_bytes());
    } else if value > 0.0 {
        out.extend_from_slice(b"9e999");
    } else {
        out.extend_from_slice(b"-9e999");
    }
}

/// RFC 4648 section 4, with padding. Encoded in pieces, so that a large blob
/// needs no second buffer.
fn append_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut piece = [0u8; 4096];
    for chunk in bytes.chunks(3072) {
        if let Ok(n) = STANDARD.encode_slice(chunk, &mut piece) {
            out.extend_from_slice(&piece[..n]);
        }
    }
}

/// Appends a JSON string (RFC 8259 section 7) of valid UTF-8: only quote,
/// backslash and control characters are escaped.
#[inline]
pub fn append_string(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    loop {
        let clean = plain_prefix(rest);
        out.extend_from_slice(&rest[..clean]);
        let Some(&byte) = rest.get(clean) else { break };
        append_escape(out, byte);
        rest = &rest[clean + 1..];
    }
    out.push(b'"');
}

#[cold]
fn append_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// How many bytes at the beginning are neither quote, backslash nor control
/// character: eight at a time, by the usual carry tricks on a word.
#[inline]
pub(super) fn plain_prefix(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some(chunk) = text.get(at..at + 8) {
        let mut bytes = [0u8; 8];
        bytes.copy_from_slice(chunk);
        let word = u64::from_le_bytes(bytes);
        let quote = word ^ (ONES * u64::from(b'"'));
        let slash = word ^ (ONES * u64::from(b'\\'));
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let found = found & HIGH;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = text.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        at += 1;
    }
    at
}
