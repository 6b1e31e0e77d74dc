//! A condition on rows, as `--where` and the policy's `where` have it.
//!
//! It is put between parentheses into a statement of ours. So it must be
//! balanced by itself: one that closes a parenthesis which it did not open
//! would change what the rest of the statement means.

use crate::error::{Error, Result, quote};

/// The longest condition, in bytes: the longest argument that Linux hands to a
/// command. What SQLite makes of one, it keeps in a hundred times the memory.
const LONGEST: usize = 128 << 10;

/// Refuses a text that is not one balanced expression. `what` names where it
/// stands. Whether it is SQL over the table's columns shows when it is used.
///
/// # Errors
/// Status 2.
pub fn check(what: &str, text: &str) -> Result<()> {
    if text.len() > LONGEST {
        return Err(Error::usage(format!(
            "{what}: the condition has {} bytes: at most {LONGEST} are read",
            text.len()
        ))
        .hint("put a long list into a table, and ask that"));
    }
    match fault(text.as_bytes()) {
        None => Ok(()),
        Some(why) => Err(Error::usage(format!(
            "{what}: the condition {} is not one expression: {why}",
            quote(text)
        ))
        .hint("it is one SQL expression over the table's columns")),
    }
}

/// What is wrong with it, by SQLite's rules for tokens.
fn fault(text: &[u8]) -> Option<&'static str> {
    let (mut at, mut depth, mut empty) = (0, 0_u64, true);
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        let token = match byte {
            b'\'' | b'"' | b'`' => quoted(rest, byte),
            b'[' => end_of(rest, b"]"),
            b'-' if rest.starts_with(b"--") => {
                Some(end_of(rest, b"\n").unwrap_or(rest.len()))
            }
            // SQLite would end an open one at the end of the statement.
            b'/' if rest.starts_with(b"/*") => {
                end_of(&rest[2..], b"*/").map(|n| n + 2)
            }
            _ => Some(1),
        };
        let Some(length) = token else {
            return Some("a quote or comment does not end");
        };
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return Some("a ')' closes nothing"),
            b')' => depth -= 1,
            b';' => return Some("a ';' ends it"),
            _ => {}
        }
        let comment = length > 1 && matches!(byte, b'-' | b'/');
        empty &= comment || byte.is_ascii_whitespace();
        at += length;
    }
    match (depth, empty) {
        (0, false) => None,
        (0, true) => Some("it is empty"),
        _ => Some("a '(' is not closed"),
    }
}

/// The length of a token in quotes; a quote written twice does not end it.
fn quoted(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 1;
    loop {
        at += end_of(&text[at..], &[quote])?;
        if text.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// The length up to and with the first `end`.
fn end_of(text: &[u8], end: &[u8]) -> Option<usize> {
    let at = text.windows(end.len()).position(|w| w == end)?;
    Some(at + end.len())
}
