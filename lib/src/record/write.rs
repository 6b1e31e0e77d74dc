//! Rows into lines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text::{BLOCK, append_part, append_string, append_text};
use crate::value::Value;

/// The key under which rt-store notes when a row was archived.
pub const ARCHIVED_AT: &str = "_archived_at";

/// That key behind another field, up to its value.
pub const ARCHIVED_AT_MARK: &[u8] = b",\"_archived_at\":";

/// The key under which rt-export notes the rowid of a row without usable key.
pub const ROWID: &str = "_rowid";

/// What rt-store puts in the place of a record's closing brace.
pub fn archived_at(at: &str) -> Vec<u8> {
    let mut out = ARCHIVED_AT_MARK.to_vec();
    append_string(&mut out, at.as_bytes());
    out.push(b'}');
    out
}

/// The columns of a record, with their keys escaped once.
#[derive(Clone, Debug)]
pub struct Shape {
    keys: Vec<Key>,
}

/// `"a":` for the first column, `,"b":` for the others.
#[derive(Clone, Debug)]
struct Key {
    /// Its first bytes: mostly all of it.
    head: [u8; BLOCK],
    length: usize,
    tail: Vec<u8>,
}

impl Key {
    fn new(bytes: &[u8]) -> Key {
        let (first, tail) = bytes.split_at(bytes.len().min(BLOCK));
        let mut head = [0; BLOCK];
        head[..first.len()].copy_from_slice(first);
        Key { head, length: first.len(), tail: tail.to_vec() }
    }

    #[inline]
    fn append(&self, out: &mut Vec<u8>) {
        append_part(out, &self.head, self.length);
        if !self.tail.is_empty() {
            out.extend_from_slice(&self.tail);
        }
    }
}

impl Shape {
    /// The columns, in order.
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Shape {
        let mut keys = Vec::new();
        for (i, name) in columns.into_iter().enumerate() {
            let mut key = if i == 0 { Vec::new() } else { vec![b','] };
            append_string(&mut key, name.as_bytes());
            key.push(b':');
            keys.push(Key::new(&key));
        }
        Shape { keys }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Begins a record.
    pub fn begin(&self, out: &mut Vec<u8>) {
        out.push(b'{');
    }

    /// Appends column `index`; columns come in order.
    #[inline]
    pub fn value(&self, out: &mut Vec<u8>, index: usize, value: Value<'_>) {
        self.keys[index].append(out);
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
        Value::Text(text) => {
            if !append_text(out, text) {
                out.extend_from_slice(
                    b"{\"$base64\":true,\"text\":true,\"encoded\":\"",
                );
                append_base64(out, text);
                out.extend_from_slice(b"\"}");
            }
        }
        Value::Blob(blob) => {
            out.extend_from_slice(b"{\"$base64\":true,\"encoded\":\"");
            append_base64(out, blob);
            out.extend_from_slice(b"\"}");
        }
    }
}

fn append_integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let mut rest = value.unsigned_abs();
    if rest < 100_000_000 {
        // Eight digits fit a word, the first one lowest.
        let (mut word, mut length) = (0, 0);
        loop {
            word = word << 8 | u64::from(b'0') | (rest % 10);
            length += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.extend_from_slice(&word.to_le_bytes());
        out.truncate(out.len() - (8 - length));
        return;
    }
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
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
