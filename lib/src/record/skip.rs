//! Values that are told to be good without being taken apart, as most are: a
//! reader that only wants to know that a field holds a value of SQLite's passes
//! the field at the speed at which bytes are looked through.

use super::text::plain_prefix;

/// The length of the value that a text begins with: null, a number that fits
/// whatever its digits are, or a string with none but short escapes. `None`
/// for all others, good or bad.
#[inline]
pub(super) fn simple_value_len(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => {
            let mut at = 1;
            loop {
                at += plain_prefix(&text[at..]);
                match text.get(at)? {
                    b'"' => return Some(at + 1),
                    b'\\' if is_short_escape(*text.get(at + 1)?) => at += 2,
                    _ => return None,
                }
            }
        }
        b'n' => text.starts_with(b"null").then_some(4),
        b'-' | b'0'..=b'9' => {
            let start = usize::from(text[0] == b'-');
            let whole = digits(&text[start..]);
            let mut end = start + whole;
            let leads = text.get(start) == Some(&b'0') && whole > 1;
            if whole == 0 || whole > 18 || leads {
                return None;
            }
            if text.get(end) == Some(&b'.') {
                let part = digits(&text[end + 1..]);
                if part == 0 {
                    return None;
                }
                end += 1 + part;
            }
            let ends = !matches!(text.get(end), Some(b'e' | b'E'));
            ends.then_some(end)
        }
        _ => None,
    }
}

/// How many digits a text begins with.
#[inline]
fn digits(text: &[u8]) -> usize {
    let other = text.iter().position(|b| !b.is_ascii_digit());
    other.unwrap_or(text.len())
}

fn is_short_escape(kind: u8) -> bool {
    matches!(kind, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}
