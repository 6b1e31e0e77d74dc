//! Most rows that a walk comes by stay, and stand beside rows of the same hour:
//! a text of the hour of the last one need not be read again.
//!
//! Invariant. Only a text of one form, `YYYY-MM-DDTHH:MM:SS` (or with a blank)
//! with or without a fraction and a `Z`, is judged by its hour; all others are
//! read.

use std::cell::Cell;
use std::ops::Range;

use jiff::Timestamp;

use crate::time::NO_ZERO_SECONDS;
use crate::value::Value;

/// The length of `YYYY-MM-DDTHH`, in bytes.
const PREFIX: usize = 13;

/// Seconds of an hour.
const HOUR: i64 = 3600;

/// An hour of which every row has a time and stays, and is not of the future.
pub(super) struct HotHour {
    /// The instants that stay, in seconds.
    hot: Range<i64>,
    /// What the texts of the hour begin with.
    prefix: Cell<Option<[u8; PREFIX]>>,
}

impl HotHour {
    /// None yet, of those between the cutoff and the future; without a cutoff
    /// there is none.
    pub fn new(
        before: Option<Timestamp>,
        future: Option<Timestamp>,
    ) -> HotHour {
        let Range { start, end } = NO_ZERO_SECONDS;
        // Rows stay from the cutoff on: within its second, some may go.
        let from = before.map_or(end, |at| at.as_second() + 1);
        let to = future.map_or(end, |at| at.as_second());
        HotHour { hot: from.max(start)..to.min(end), prefix: Cell::new(None) }
    }

    /// Whether a value surely means a time of the hour.
    pub fn holds(&self, value: Value<'_>) -> bool {
        match (value, self.prefix.get()) {
            (Value::Text(text), Some(prefix)) => {
                text.starts_with(&prefix) && is_in_hour(&text[PREFIX..])
            }
            _ => false,
        }
    }

    /// Takes in what a value was found to mean.
    pub fn learn(&self, value: Value<'_>, at: Timestamp) {
        let Value::Text(text) = value else { return };
        let Some((prefix, rest)) = text.split_first_chunk::<PREFIX>() else {
            return;
        };
        let start = at.as_second().div_euclid(HOUR) * HOUR;
        if is_in_hour(rest)
            && self.hot.contains(&start)
            && self.hot.contains(&(start + HOUR))
        {
            self.prefix.set(Some(*prefix));
        }
    }
}

/// Whether this is `:MM:SS`, a fraction or none, and `Z` or nothing.
fn is_in_hour(text: &[u8]) -> bool {
    let Some((&[b':', m1, m2, b':', s1, s2], rest)) = text.split_first_chunk()
    else {
        return false;
    };
    let below_60 = |tens: u8, ones: u8| {
        matches!(tens, b'0'..=b'5') && ones.is_ascii_digit()
    };
    let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
    below_60(m1, m2)
        && below_60(s1, s2)
        && match rest {
            [] => true,
            [b'.', digits @ ..] => {
                !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse;

    const HOUR_OF_ONE: &[u8] = b"2026-01-08T01:59:59.9Z";

    fn at(text: &[u8]) -> Timestamp {
        parse(text).unwrap_or_default()
    }

    fn learned(before: &[u8], future: &[u8], text: &[u8]) -> HotHour {
        let hour = HotHour::new(Some(at(before)), Some(at(future)));
        hour.learn(Value::Text(text), at(text));
        hour
    }

    #[test]
    fn only_texts_of_the_one_form_are_of_the_hour() {
        let hour = learned(b"2026-01-08", b"2026-01-16", HOUR_OF_ONE);
        for (text, holds) in [
            (&b"2026-01-08T01:00:00Z"[..], true),
            (b"2026-01-08T01:30:59", true),
            (b"2026-01-08T01:30:59.123456789Z", true),
            (b"2026-01-08T02:00:00Z", false),
            (b"2026-01-08 01:00:00Z", false),
            (b"2026-01-08T01:60:00Z", false),
            (b"2026-01-08T01:00:60Z", false),
            (b"2026-01-08T01:00:00.Z", false),
            (b"2026-01-08T01:00:00+02:00", false),
            (b"2026-01-08T01:00:00Zx", false),
            (b"2026-01-08T01:00", false),
            (b"2026-01-08T01", false),
        ] {
            assert_eq!(hour.holds(Value::Text(text)), holds, "{text:?}");
            assert!(!holds || parse(text).is_some());
        }
    }

    #[test]
    fn hours_in_which_a_row_may_go_or_be_of_the_future_are_not_learned() {
        for (before, future, holds) in [
            ("2026-01-08T00:59:59Z", "2026-01-08T02:00:01Z", true),
            ("2026-01-08T01:00:00Z", "2026-01-16", false),
            ("2026-01-08T01:00:01Z", "2026-01-16", false),
            ("2026-01-07", "2026-01-08T02:00:00Z", false),
            ("2026-01-09", "2026-01-16", false),
        ] {
            let (before, future) = (before.as_bytes(), future.as_bytes());
            let hour = learned(before, future, HOUR_OF_ONE);
            assert_eq!(hour.holds(Value::Text(HOUR_OF_ONE)), holds);
        }
        let never = HotHour::new(None, None);
        never.learn(Value::Text(HOUR_OF_ONE), at(HOUR_OF_ONE));
        assert!(!never.holds(Value::Text(HOUR_OF_ONE)));
    }

    #[test]
    fn an_offset_is_no_reason_to_learn_an_hour() {
        let text = b"2026-01-09T01:00:00+02:00";
        let hour = learned(b"2026-01-08", b"2026-01-16", text);
        assert!(!hour.holds(Value::Text(b"2026-01-09T01:00:00Z")));
    }
}
