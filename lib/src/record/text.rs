//! TEXT into JSON strings (RFC 8259, section 7): only quote, backslash and
//! control characters are escaped.
//!
//! This is where an export spends most of its time, so texts are looked
//! through a word at a time, and what is short is copied as a whole block of
//! which the end is taken back: that costs less than a copy of as many bytes
//! as it takes. Most texts are ASCII; whether one is UTF-8 is asked only from
//! its first other byte on.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// What is copied at once, in bytes.
pub(super) const BLOCK: usize = 32;

/// Appends a string; nothing, and false, when the text is not UTF-8.
#[inline]
pub(super) fn append_text(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let start = out.len();
    out.push(b'"');
    let rest = append::<true>(out, text);
    if !rest.is_empty() {
        if std::str::from_utf8(rest).is_err() {
            out.truncate(start);
            return false;
        }
        append::<false>(out, rest);
    }
    out.push(b'"');
    true
}

/// Appends a string of valid UTF-8.
pub fn append_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    append::<false>(out, text);
    out.push(b'"');
}

/// Appends the first bytes of a block.
#[inline(always)]
pub(super) fn append_part(out: &mut Vec<u8>, block: &[u8; BLOCK], n: usize) {
    out.extend_from_slice(block);
    out.truncate(out.len() - (BLOCK - n));
}

/// How many bytes at the beginning are neither quote, backslash nor control
/// character.
#[inline]
pub(super) fn plain_prefix(text: &[u8]) -> usize {
    prefix::<false>(text)
}

/// Appends what a text is in a string, as far as it is ASCII, or all of it;
/// gives the rest.
#[inline(always)]
fn append<'t, const ASCII: bool>(
    out: &mut Vec<u8>,
    text: &'t [u8],
) -> &'t [u8] {
    let mut rest = text;
    loop {
        let clean = prefix::<ASCII>(rest);
        match rest.first_chunk() {
            Some(block) if clean <= BLOCK => append_part(out, block, clean),
            _ => out.extend_from_slice(&rest[..clean]),
        }
        rest = &rest[clean..];
        let Some((&byte, after)) = rest.split_first() else { break };
        if ASCII && !byte.is_ascii() {
            break;
        }
        append_escape(out, byte);
        rest = after;
    }
    rest
}

/// How many bytes at the beginning stand for themselves, and are ASCII where
/// that is asked.
#[inline(always)]
fn prefix<const ASCII: bool>(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks();
    for (i, word) in words.iter().enumerate() {
        let found = special::<ASCII>(u64::from_le_bytes(*word));
        if found != 0 {
            return 8 * i + first_byte(found);
        }
    }
    let found = special::<ASCII>(short_word(rest));
    8 * words.len() + first_byte(found).min(rest.len())
}

/// Marks, by its high bit, the first byte of a word (its lowest) that does not
/// stand for itself, by the usual carry tricks; what is marked above that one
/// means nothing.
#[inline(always)]
fn special<const ASCII: bool>(word: u64) -> u64 {
    let quote = word ^ (ONES * u64::from(b'"'));
    let slash = word ^ (ONES * u64::from(b'\\'));
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (slash.wrapping_sub(ONES) & !slash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    let other = if ASCII { word } else { 0 };
    (found | other) & HIGH
}

/// The byte of a word that is marked, 8 for none.
#[inline(always)]
fn first_byte(found: u64) -> usize {
    found.trailing_zeros() as usize / 8
}

/// At most seven bytes as a word, the first one lowest, filled up with zeros.
#[inline(always)]
fn short_word(bytes: &[u8]) -> u64 {
    let n = bytes.len();
    if let (Some(first), Some(last)) =
        (bytes.first_chunk(), bytes.last_chunk())
    {
        // Four bytes each, which agree where they overlap.
        let last = u64::from(u32::from_le_bytes(*last));
        return u64::from(u32::from_le_bytes(*first)) | last << (8 * (n - 4));
    }
    let at = |i: usize| u64::from(bytes[i]) << (8 * i);
    if n == 0 { 0 } else { at(0) | at(n / 2) | at(n - 1) }
}

/// What follows the backslash for a byte, zero where that is its number.
const SHORT: [u8; 256] = {
    let mut short = [0; 256];
    short[b'"' as usize] = b'"';
    short[b'\\' as usize] = b'\\';
    short[0x08] = b'b';
    short[0x0c] = b'f';
    short[b'\n' as usize] = b'n';
    short[b'\r' as usize] = b'r';
    short[b'\t' as usize] = b't';
    short
};

#[inline(always)]
fn append_escape(out: &mut Vec<u8>, byte: u8) {
    match SHORT[usize::from(byte)] {
        0 => append_number(out, byte),
        short => out.extend_from_slice(&[b'\\', short]),
    }
}

#[cold]
fn append_number(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\u00");
    out.push(HEX[usize::from(byte >> 4)]);
    out.push(HEX[usize::from(byte & 15)]);
}
