//! Instants out of every spelling that a timestamp column may hold.
//!
//! Row by row, a column may hold text (see [`parse`]), numbers, or both;
//! whatever the spelling, an instant in UTC comes out, or nothing. What is not
//! read with certainty is not read at all: such a row is undated, and stays
//! where it is. So is one with a zero time (see [`zero`](super::zero)).
//!
//! Without a unit, a number counts only where it falls into the years 2001 to
//! 2100 by one of four units, whose ranges lie far apart: the ticks,
//! identifiers and digits of dates that other programs write lie between them.
//!
//! Everything here runs once a row: nothing allocates but for the rare numbers
//! that are the digits of a date.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;

use super::day::{self, number};
use super::pattern::Pattern;
use super::range::{FIRST_SECOND, at};
use super::text::parse;
use super::zero::{is_zero, is_zero_number};
use crate::error::{Error, Result, quote};
use crate::value::Value;

/// 1601-01-01T00:00:00Z, the epoch of Windows and Chromium.
const FILETIME_EPOCH: i64 = -11_644_473_600;
/// 2001-01-01T00:00:00Z, the epoch of Apple's frameworks.
const MAC_EPOCH: i64 = 978_307_200;

/// The Unix epoch as SQLite counts: milliseconds since noon of -4713-11-24.
const JULIAN_EPOCH_MS: i64 = 210_866_760_000_000;
const DAY_MS: f64 = 86_400_000.0;

/// What the values of a timestamp column mean (`"unit"` of the policy).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Seconds since 1970.
    S,
    /// Milliseconds since 1970.
    Ms,
    /// Microseconds since 1970.
    Us,
    /// Nanoseconds since 1970.
    Ns,
    /// Julian day numbers, to the millisecond, as SQLite reads them.
    Julian,
    /// Microseconds since 1601, as Chromium keeps them.
    WebkitUs,
    /// 100 ns since 1601, the FILETIME of Windows.
    Filetime,
    /// 100 ns since the year 1, as .NET counts.
    Ticks,
    /// Seconds since 2001, as Apple's Core Data and Safari keep them (not the
    /// seconds since 1904 of the HFS file system).
    MacS,
    /// Nanoseconds since 2001, as Apple's Messages keeps them.
    MacNs,
    /// The digits of a date, or of a date and a time: `YYYYMMDD[HHMMSS]`.
    Compact,
    /// What a pattern of strptime(3) matches, and nothing else.
    Pattern(Pattern),
}

/// The policy's words for them.
static WORDS: [(&str, Unit); 11] = [
    ("s", Unit::S),
    ("ms", Unit::Ms),
    ("us", Unit::Us),
    ("ns", Unit::Ns),
    ("julian", Unit::Julian),
    ("webkit_us", Unit::WebkitUs),
    ("filetime", Unit::Filetime),
    ("ticks", Unit::Ticks),
    ("mac_s", Unit::MacS),
    ("mac_ns", Unit::MacNs),
    ("compact", Unit::Compact),
];

impl Unit {
    /// Where numbers count from, in seconds since 1970, and how many make a
    /// second; neither the days of `julian` nor the digits of a date do.
    pub fn scale(&self) -> Option<(i64, i64)> {
        match self {
            Unit::S => Some((0, 1)),
            Unit::Ms => Some((0, 1_000)),
            Unit::Us => Some((0, 1_000_000)),
            Unit::Ns => Some((0, 1_000_000_000)),
            Unit::WebkitUs => Some((FILETIME_EPOCH, 1_000_000)),
            Unit::Filetime => Some((FILETIME_EPOCH, 10_000_000)),
            Unit::Ticks => Some((FIRST_SECOND, 10_000_000)),
            Unit::MacS => Some((MAC_EPOCH, 1)),
            Unit::MacNs => Some((MAC_EPOCH, 1_000_000_000)),
            Unit::Julian | Unit::Compact | Unit::Pattern(_) => None,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Unit::Pattern(pattern) = self {
            return pattern.fmt(f);
        }
        let word = WORDS.iter().find(|(_, unit)| unit == self);
        f.write_str(word.map_or("", |(word, _)| word))
    }
}

impl FromStr for Unit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Unit> {
        if text.contains('%') {
            return Pattern::parse(text).map(Unit::Pattern);
        }
        let unit = WORDS.iter().find(|(word, _)| *word == text);
        unit.map(|(_, unit)| unit.clone()).ok_or_else(|| {
            let words = WORDS.iter().map(|(word, _)| *word);
            let words = words.collect::<Vec<_>>().join(", ");
            Error::usage(format!("{} is not a unit", quote(text))).hint(
                format!(
                    "a unit is {words} or a pattern such as %d/%m/%Y %H:%M"
                ),
            )
        })
    }
}

/// The instant that a value names, if it names one. `unit` says what numbers,
/// and texts and BLOBs that are numbers, mean; without it only numbers of the
/// years 2001 to 2100 count, and BLOBs never do.
pub fn instant(value: Value<'_>, unit: Option<&Unit>) -> Option<Timestamp> {
    let instant = match (value, unit) {
        (Value::Null, _) | (Value::Blob(_), None) => None,
        (Value::Text(text), None) => parse(text),
        (Value::Integer(i), None) => whole(i, (0, guess_integer(i)?)),
        (Value::Real(r), None) if is_julian(r) => julian(r),
        (Value::Real(r), None) => split(r, (0, guess_real(r)?)),
        (Value::Integer(i), Some(unit)) => integer(i, unit),
        (Value::Real(r), Some(unit)) => real(r, unit),
        (Value::Text(text) | Value::Blob(text), Some(unit)) => {
            in_text(text, unit)
        }
    }?;
    (!is_zero(instant)).then_some(instant)
}

/// RFC 3339 in UTC, with as many digits of a second as it takes.
pub fn rfc3339(instant: Timestamp) -> String {
    instant.to_string()
}

/// 2001-09-09T01:46:40Z to 2099-12-03T16:53:20Z, in seconds: where a number
/// without unit must fall.
pub(crate) const GUESSED_SECONDS: RangeInclusive<i64> =
    1_000_000_000..=4_100_000_000;

/// The units by which a number may fall there: how many make a second.
pub(crate) const GUESSED_SCALES: [i64; 4] =
    [1, 1_000, 1_000_000, 1_000_000_000];

fn guess_integer(i: i64) -> Option<i64> {
    let (from, to) = (GUESSED_SECONDS.start(), GUESSED_SECONDS.end());
    let fits = |scale: &i64| (from * scale..=to * scale).contains(&i);
    GUESSED_SCALES.into_iter().find(fits)
}

fn guess_real(r: f64) -> Option<i64> {
    let fits = |scale: &i64| is_guessed(r / *scale as f64);
    GUESSED_SCALES.into_iter().find(fits)
}

fn is_julian(r: f64) -> bool {
    is_guessed((r - 2_440_587.5) * 86_400.0)
}

fn is_guessed(second: f64) -> bool {
    let (from, to) = (GUESSED_SECONDS.start(), GUESSED_SECONDS.end());
    (*from as f64..=*to as f64).contains(&second)
}

fn integer(i: i64, unit: &Unit) -> Option<Timestamp> {
    if is_zero_number(i) {
        return None;
    }
    match (unit.scale(), unit) {
        (Some(scale), _) => whole(i, scale),
        (None, Unit::Julian) => julian(i as f64),
        (None, _) => in_text(i.to_string().as_bytes(), unit),
    }
}

/// A number counted from an epoch in seconds, so many of which make a second.
fn whole(i: i64, (epoch, per_second): (i64, i64)) -> Option<Timestamp> {
    let nanos = i.rem_euclid(per_second) * (1_000_000_000 / per_second);
    at(i.div_euclid(per_second).checked_add(epoch)?, nanos)
}

fn real(r: f64, unit: &Unit) -> Option<Timestamp> {
    // What is beyond an integer's range comes out as the end of that.
    let is_whole = r == r.floor();
    if is_whole && is_zero_number(r as i64) {
        return None;
    }
    match (unit.scale(), unit) {
        (Some(scale), _) => split(r, scale),
        (None, Unit::Julian) => julian(r),
        (None, _) if is_whole => integer(r as i64, unit),
        (None, _) => None,
    }
}

/// A double is a sum of powers of two: it is split into its whole and its
/// fraction without loss, and only then floored to the nanosecond.
fn split(r: f64, (epoch, per_second): (i64, i64)) -> Option<Timestamp> {
    let limit = 4e11 * per_second as f64;
    if r.is_nan() || r.abs() > limit {
        return None;
    }
    let whole = r.floor();
    // A fraction that reaches a nanosecond has no bit below 2^-82.
    let fraction = ((r - whole) * (1u128 << 90) as f64) as u128;
    let unit_ns = 1_000_000_000 / i128::from(per_second);
    let part = (fraction * unit_ns.unsigned_abs()) >> 90;
    let ns = whole as i128 * unit_ns + i128::try_from(part).ok()?;
    let second = i64::try_from(ns.div_euclid(1_000_000_000)).ok()?;
    let nanos = i64::try_from(ns.rem_euclid(1_000_000_000)).ok()?;
    at(second.checked_add(epoch)?, nanos)
}

/// A Julian day, rounded to the millisecond as SQLite's date functions do
/// (<https://www.sqlite.org/lang_datefunc.html>).
fn julian(day: f64) -> Option<Timestamp> {
    if !(0.0..1e7).contains(&day) {
        return None;
    }
    let ms = (day * DAY_MS + 0.5).floor() as i64 - JULIAN_EPOCH_MS;
    whole(ms, (0, 1000))
}

/// Text under a unit: a number in it, or else a date as without one. A
/// pattern is the only spelling that it lets through.
fn in_text(text: &[u8], unit: &Unit) -> Option<Timestamp> {
    if let Unit::Pattern(pattern) = unit {
        return pattern.instant(text);
    }
    if !text.iter().all(|c| c.is_ascii_digit() || b"+-.eE".contains(c)) {
        return parse(text);
    }
    if *unit == Unit::Compact {
        return compact(text).or_else(|| parse(text));
    }
    let text = std::str::from_utf8(text).ok()?;
    match text.parse::<i64>() {
        Ok(i) => integer(i, unit),
        Err(_) => match text.parse::<f64>() {
            Ok(r) => real(r, unit),
            Err(_) => parse(text.as_bytes()),
        },
    }
}

/// The digits of a date, with or without a time.
fn compact(text: &[u8]) -> Option<Timestamp> {
    let (&[y1, y2, y3, y4, m1, m2, d1, d2], time) =
        text.split_first_chunk()?;
    let date = [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2];
    let days = day::scan(&date)?;
    let (hour, minute, second) = match *time {
        [] => (0, 0, 0),
        [h1, h2, m1, m2, s1, s2] => {
            (number([h1, h2])?, number([m1, m2])?, number([s1, s2])?)
        }
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    at(days * 86_400 + hour * 3600 + minute * 60 + second.min(59), 0)
}
