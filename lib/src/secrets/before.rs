//! What stands before a word, where it is the end of an escape.
//!
//! JSON's own escapes are resolved in views of the text; here are those of
//! terminals, URLs, mail and of programming languages, that end in a letter or
//! a digit and would hide where a word begins.

/// The longest escape of a terminal that is looked at.
const TERMINAL: usize = 32;

/// How a text may spell the sign that begins an escape of a terminal.
const ESCAPES: [&[u8]; 8] = [
    b"\x1b", b"\\u001b", b"\\u001B", b"\\x1b", b"\\x1B", b"\\033", b"\\e",
    b"^[",
];

/// Whether a text ends in an escape of a sign that is no part of a word.
pub(super) fn word_ends(text: &[u8]) -> bool {
    spelled(text).is_some_and(|b| !(b.is_ascii_alphanumeric() || b == b'_'))
        || terminal(text)
}

/// The byte that an escape at the end stands for.
fn spelled(text: &[u8]) -> Option<u8> {
    match text {
        [.., b'%', one, two] => hex(*one, *two),
        [.., b'=', one, two] if !two.is_ascii_lowercase() => hex(*one, *two),
        [.., b'\\', b'x', one, two] => hex(*one, *two),
        [.., b'\\', b'a' | b'e' | b'v'] => Some(b' '),
        _ => octal(text),
    }
}

fn hex(one: u8, two: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(one)? * 16 + digit(two)?).ok()
}

/// The same with up to three octal digits behind a backslash.
fn octal(text: &[u8]) -> Option<u8> {
    let digits = text.iter().rev().take(3);
    let count = digits.take_while(|b| matches!(b, b'0'..=b'7')).count();
    let start = text.len() - count;
    if count == 0 || start == 0 || text[start - 1] != b'\\' {
        return None;
    }
    let value = |sum: u32, b: &u8| sum * 8 + u32::from(b - b'0');
    u8::try_from(text[start..].iter().fold(0, value)).ok()
}

/// Whether it ends in a colour, or another escape of a terminal.
fn terminal(text: &[u8]) -> bool {
    let Some((last, rest)) = text.split_last() else {
        return false;
    };
    let rest = &rest[rest.len().saturating_sub(TERMINAL)..];
    let is_parameter = |b: &u8| matches!(b, b'0'..=b'9' | b';' | b':' | b'?');
    let parameters = rest.iter().rev().take_while(|b| is_parameter(b));
    let start = rest.len() - parameters.count();
    last.is_ascii_alphabetic()
        && rest[..start].strip_suffix(b"[").is_some_and(|before| {
            ESCAPES.iter().any(|escape| before.ends_with(escape))
        })
}
