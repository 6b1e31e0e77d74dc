//! Instants out of every spelling that a timestamp column may hold.
//!
//! Row by row, a column may hold ISO 8601 text (see [`parse`]), numbers, or
//! both; whatever the spelling, an instant in UTC comes out, or nothing. What
//! is not read with certainty is not read at all: such a row is undated, and
//! stays where it is.
//!
//! Instants lie in the years 1 to 9999. The last 26 hours of 9999 are
//! beyond what [`Timestamp`] can hold; they are read as its greatest value, so
//! that a "never" of 9999-12-31 is dated, and before no cutoff.
//!
//! Everything here runs once a row: nothing allocates.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::range::at;
use super::text::parse;
use crate::error::{Error, Result, quote};
use crate::value::Value;

/// 1601-01-01T00:00:00Z, the epoch of Windows and Chromium.
const WEBKIT_EPOCH: i64 = -11_644_473_600;
/// 2001-01-01T00:00:00Z, the epoch of Core Data.
const MAC_EPOCH: i64 = 978_307_200;

/// The Unix epoch as SQLite counts: milliseconds since noon of -4713-11-24.
const JULIAN_EPOCH_MS: i64 = 210_866_760_000_000;
const DAY_MS: f64 = 86_400_000.0;

/// What the numbers of a timestamp column mean (`"unit"` of the policy).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
    /// Seconds since 2001, as Apple's Core Data and Safari keep them (not the
    /// seconds since 1904 of the HFS file system).
    MacS,
}

impl Unit {
    /// All of them, as the policy writes them.
    pub const WORDS: &str = "s, ms, us, ns, julian, webkit_us or mac_s";

    /// The policy's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Unit::S => "s",
            Unit::Ms => "ms",
            Unit::Us => "us",
            Unit::Ns => "ns",
            Unit::Julian => "julian",
            Unit::WebkitUs => "webkit_us",
            Unit::MacS => "mac_s",
        }
    }

    /// How many make a second, and where they count from; a Julian day is
    /// none of these.
    fn scale(self) -> Option<(i64, i64)> {
        match self {
            Unit::S => Some((1, 0)),
            Unit::Ms => Some((1_000, 0)),
            Unit::Us => Some((1_000_000, 0)),
            Unit::Ns => Some((1_000_000_000, 0)),
            Unit::Julian => None,
            Unit::WebkitUs => Some((1_000_000, WEBKIT_EPOCH)),
            Unit::MacS => Some((1, MAC_EPOCH)),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Unit {
    type Err = Error;

    fn from_str(word: &str) -> Result<Unit> {
        match word {
            "s" => Ok(Unit::S),
            "ms" => Ok(Unit::Ms),
            "us" => Ok(Unit::Us),
            "ns" => Ok(Unit::Ns),
            "julian" => Ok(Unit::Julian),
            "webkit_us" => Ok(Unit::WebkitUs),
            "mac_s" => Ok(Unit::MacS),
            _ => Err(Error::usage(format!("{} is not a unit", quote(word)))
                .hint(format!("a unit is {}", Unit::WORDS))),
        }
    }
}

/// The instant that a value names, if it names one. `unit` says what numbers
/// mean; without it their size does. Text is text whatever the unit.
pub fn instant(value: Value<'_>, unit: Option<Unit>) -> Option<Timestamp> {
    match value {
        Value::Text(text) => parse(text),
        Value::Integer(0) => None,
        Value::Integer(i) => integer(i, unit.or_else(|| guess_integer(i))?),
        Value::Real(0.0) => None,
        Value::Real(r) => real(r, unit.or_else(|| guess_real(r))?),
        Value::Null | Value::Blob(_) => None,
    }
}

/// RFC 3339 in UTC, with as many digits of a second as it takes.
pub fn rfc3339(instant: Timestamp) -> String {
    instant.to_string()
}

fn guess_integer(i: i64) -> Option<Unit> {
    match i.unsigned_abs() {
        0..100_000_000 => None,
        100_000_000..100_000_000_000 => Some(Unit::S),
        100_000_000_000..100_000_000_000_000 => Some(Unit::Ms),
        100_000_000_000_000..100_000_000_000_000_000 => Some(Unit::Us),
        100_000_000_000_000_000.. => Some(Unit::Ns),
    }
}

fn guess_real(r: f64) -> Option<Unit> {
    let size = r.abs();
    if (2_415_020.5..=2_500_000.0).contains(&r) {
        Some(Unit::Julian)
    } else if (1e8..1e11).contains(&size) {
        Some(Unit::S)
    } else if (1e11..1e14).contains(&size) {
        Some(Unit::Ms)
    } else if (1e14..1e17).contains(&size) {
        Some(Unit::Us)
    } else if size >= 1e17 {
        Some(Unit::Ns)
    } else {
        None
    }
}

fn integer(i: i64, unit: Unit) -> Option<Timestamp> {
    let Some((per_second, epoch)) = unit.scale() else {
        return julian(i as f64);
    };
    let nanos = i.rem_euclid(per_second) * (1_000_000_000 / per_second);
    at(i.div_euclid(per_second).checked_add(epoch)?, nanos)
}

/// A double is a sum of powers of two: it is split into its whole and its
/// fraction without loss, and only then floored to the nanosecond.
fn real(r: f64, unit: Unit) -> Option<Timestamp> {
    let Some((per_second, epoch)) = unit.scale() else {
        return julian(r);
    };
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
    integer(ms, Unit::Ms)
}
