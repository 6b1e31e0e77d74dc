//! The scanner for timestamps that are text: ISO 8601 in its extended form,
//! and the dates of mail and HTTP.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::day::{self, number};
use super::range::at;

/// The instant that a text names, if it names one.
///
/// `YYYY-MM-DD` alone (its midnight), or with `T`, `t` or one space and
/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff` (any number of digits, a comma will
/// do, what is below a nanosecond is cut off), and then nothing (UTC), or
/// `Z`, `UTC`, `GMT` or an offset `+HH:MM`, `+HHMM` or `+HH`, which one space
/// may precede. Behind those a zone's name may follow, or several, and Go's
/// ` m=+0.5`: they say nothing that the offset does not.
/// A leap second, `:60`, is read as `:59`. Anything else of that kind is not
/// read: other characters before or after, digits alone, a zone's name without
/// an offset, hour 24, 30 February, year 0.
///
/// Or a date of RFC 5322 with its zone: `Thu, 15 Jan 2026 10:20:30 +0100`.
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    iso(text).or_else(|| mail(text))
}

fn mail(text: &[u8]) -> Option<Timestamp> {
    let shaped = match text {
        [a, _, _, b',', ..] => a.is_ascii_alphabetic(),
        [a, b' ', ..] | [a, _, b' ', ..] => a.is_ascii_digit(),
        _ => false,
    };
    if !shaped {
        return None;
    }
    DateTimeParser::new().parse_timestamp(text).ok()
}

fn iso(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let days = day::scan(date)?;
    let (second, nanos, offset) = match rest.split_first() {
        None => (0, 0, 0),
        Some((b'T' | b't' | b' ', time)) => time_of_day(time)?,
        Some(_) => return None,
    };
    at(days * 86_400 + second - offset, nanos)
}

/// Seconds of the day, nanoseconds, and the offset east of UTC in seconds.
fn time_of_day(text: &[u8]) -> Option<(i64, i64, i64)> {
    let (&[h1, h2, b':', m1, m2], rest) = text.split_first_chunk()? else {
        return None;
    };
    let (hour, minute) = (number([h1, h2])?, number([m1, m2])?);
    let (second, nanos, rest) = match rest.split_first_chunk() {
        Some((&[b':', s1, s2], rest)) => {
            let (nanos, rest) = fraction(rest)?;
            (number([s1, s2])?, nanos, rest)
        }
        _ => (0, 0, rest),
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let second = hour * 3600 + minute * 60 + second.min(59);
    Some((second, nanos, offset(rest)?))
}

/// The fraction of a second in nanoseconds, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.' | b',', digits)) = text.split_first() else {
        return Some((0, text));
    };
    let (mut nanos, mut weight, mut length) = (0, 100_000_000, 0);
    for &c in digits.iter().take_while(|c| c.is_ascii_digit()) {
        nanos += i64::from(c - b'0') * weight;
        weight /= 10;
        length += 1;
    }
    (length > 0).then(|| (nanos, &digits[length..]))
}

/// The offset behind a time, in seconds east of UTC, and nothing behind it
/// that means anything.
fn offset(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (offset, rest) = match text {
        [b'Z' | b'z', rest @ ..] => (0, rest),
        [b'U', b'T', b'C', rest @ ..] | [b'G', b'M', b'T', rest @ ..] => {
            (0, rest)
        }
        [b'+', rest @ ..] => hours(rest)?,
        [b'-', rest @ ..] => {
            let (east, rest) = hours(rest)?;
            (-east, rest)
        }
        _ => return None,
    };
    is_noise(rest).then_some(offset)
}

/// The seconds that `HH`, `HHMM` or `HH:MM` say, and what follows.
fn hours(text: &[u8]) -> Option<(i64, &[u8])> {
    let (&[h1, h2], rest) = text.split_first_chunk()?;
    let (m1, m2, rest) = match rest {
        [b':', m1, m2, rest @ ..] => (*m1, *m2, rest),
        [m1, m2, rest @ ..] if m1.is_ascii_digit() => (*m1, *m2, rest),
        rest => (b'0', b'0', rest),
    };
    let (hour, minute) = (number([h1, h2])?, number([m1, m2])?);
    (hour < 24 && minute < 60).then_some((hour * 3600 + minute * 60, rest))
}

/// Whether what follows an offset adds nothing to it: zones, in brackets
/// (Java, RFC 9557), in parentheses, or behind a space (Go writes one it has
/// no name for as its offset), and the monotonic clock of Go.
fn is_noise(mut text: &[u8]) -> bool {
    let name = |c: u8| c.is_ascii_alphanumeric() || b"_/+-=.".contains(&c);
    while !text.is_empty() {
        text = match text {
            [b'[', rest @ ..] => match split(rest, b']') {
                Some((_, rest)) => rest,
                None => return false,
            },
            [b' ', b'(', rest @ ..] => match split(rest, b')') {
                Some((_, rest)) => rest,
                None => return false,
            },
            [b' ', rest @ ..] => {
                let end = rest.iter().position(|c| !name(*c));
                let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
                // AM, PM and BC say something; names of zones are longer.
                if word.len() < 3 {
                    return false;
                }
                rest
            }
            _ => return false,
        };
    }
    true
}

/// What stands before and after the first of a byte.
fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(at, text)?;
    Some((&text[..end], &text[end + 1..]))
}
