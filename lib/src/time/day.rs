//! A UTC day: what a row's file in the archives is named after.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::range::{END_SECOND, FIRST_SECOND};
use crate::error::{Error, Result, quote};

const DAY: i64 = 86_400;
/// From 0000-03-01 to 1970-01-01. Counted from a first of March, leap days
/// come last in their year, and the months' lengths fall into one formula.
const TO_1970: i64 = 719_468;

/// A day of the proleptic Gregorian calendar in UTC, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Day(i64);

impl Day {
    /// The day of an instant, which [`parse`](super::parse) or
    /// [`instant`](super::instant) gave. What they could only give as
    /// [`Timestamp::MAX`] counts as 9999-12-31.
    pub fn of(instant: Timestamp) -> Day {
        if instant == Timestamp::MAX {
            return Day(END_SECOND / DAY - 1);
        }
        let before = i64::from(instant.subsec_nanosecond() < 0);
        let second = (instant.as_second() - before).max(FIRST_SECOND);
        Day(second.div_euclid(DAY))
    }

    /// Its first instant; see [`Day::of`] for the last day.
    pub fn start(self) -> Timestamp {
        Timestamp::from_second(self.0 * DAY).unwrap_or(Timestamp::MAX)
    }

    /// How many days after 1970-01-01 it is.
    pub fn number(self) -> i64 {
        self.0
    }

    /// The day of this number.
    pub fn numbered(number: i64) -> Day {
        Day(number)
    }

    /// The day after.
    pub fn next(self) -> Day {
        Day(self.0 + 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0 + TO_1970;
        let mut year = days * 400 / 146_097;
        while first_of_march(year) > days {
            year -= 1;
        }
        while first_of_march(year + 1) <= days {
            year += 1;
        }
        let in_year = days - first_of_march(year);
        let month = (in_year * 5 + 2) / 153;
        let day = in_year - before_month(month) + 1;
        let (year, month) =
            if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Day> {
        let day = text.as_bytes().try_into().ok().and_then(scan);
        day.map(Day).ok_or_else(|| {
            Error::data(format!("{} is not a day", quote(text)))
                .hint("days read like 2026-01-15")
        })
    }
}

/// Days since 1970 of a date `YYYY-MM-DD` of the years 1 to 9999.
pub(super) fn scan(text: &[u8; 10]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = number([y1, y2, y3, y4])?;
    let (month, day) = (number([m1, m2])?, number([d1, d2])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > last {
        return None;
    }
    let (year, month) =
        if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    Some(first_of_march(year) + before_month(month) + day - 1 - TO_1970)
}

/// Days from 0000-03-01 to the first of March of a year.
fn first_of_march(year: i64) -> i64 {
    year * 365 + year / 4 - year / 100 + year / 400
}

/// Days of a year that precede a month, both counted from March.
fn before_month(month: i64) -> i64 {
    (month * 153 + 2) / 5
}

/// The number that some digits spell.
pub(super) fn number<const N: usize>(digits: [u8; N]) -> Option<i64> {
    let mut number = 0;
    for c in digits {
        if !c.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(c - b'0');
    }
    Some(number)
}
