//! The scanner for timestamps that are text: ISO 8601 in its extended form.

use jiff::Timestamp;

use super::day::{self, number};
use super::range::at;

/// The instant that a text names, if it names one.
///
/// `YYYY-MM-DD` alone (its midnight), or with `T`, `t` or one space and
/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff` (any number of digits, a comma will
/// do, what is below a nanosecond is cut off), and then nothing (UTC), `Z`,
/// `z`, or an offset `+HH:MM`, `+HHMM` or `+HH`, which one space may precede.
/// A leap second, `:60`, is read as `:59`. Anything else is not read: other
/// characters before or after, digits alone, hour 24, 30 February, year 0.
pub fn parse(text: &[u8]) -> Option<Timestamp> {
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

/// The offset that ends a text, in seconds east of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    if matches!(text, [] | [b'Z' | b'z']) {
        return Some(0);
    }
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, digits) = match text.split_first()? {
        (b'+', digits) => (1, digits),
        (b'-', digits) => (-1, digits),
        _ => return None,
    };
    let (hour, minute) = match *digits {
        [h1, h2] => (number([h1, h2])?, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => {
            (number([h1, h2])?, number([m1, m2])?)
        }
        _ => return None,
    };
    (hour < 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}
