//! A pattern of strptime(3), as a column's unit: what its texts look like.

use std::fmt;
use std::sync::Arc;

use jiff::civil::{DateTime, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use crate::error::{Error, Result, quote};

/// A pattern that was tried: it holds a whole date.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern(Arc<str>);

const WANTED: &str = "a pattern such as %d/%m/%Y %H:%M has the year, the month \
    and the day, and with an hour of 12 also %p; offsets are %z or %:z, and \
    names of zones (%Z, %Q) cannot be read";

impl Pattern {
    /// Takes a pattern that gives back the instant that was written with it.
    ///
    /// # Errors
    /// A usage error for one that does not.
    pub fn parse(text: &str) -> Result<Pattern> {
        let pattern = Pattern(text.into());
        let sample = date(2026, 11, 23).at(17, 45, 58, 123_000_000);
        match pattern.reads_back(sample) {
            true => Ok(pattern),
            false => Err(Error::usage(format!(
                "the pattern {} does not say when",
                quote(text)
            ))
            .hint(WANTED)),
        }
    }

    fn reads_back(&self, sample: DateTime) -> bool {
        let utc = Offset::UTC.to_timestamp(sample).ok();
        let zoned = utc.map(|t| Zoned::new(t, TimeZone::UTC));
        let text = zoned.and_then(|z| strtime::format(&*self.0, &z).ok());
        let Some(at) = text.and_then(|t| self.instant(t.as_bytes())) else {
            return false;
        };
        let read = Offset::UTC.to_datetime(at);
        // A pattern may be of days alone, or leave out what is small.
        read.date() == sample.date()
            && [0, sample.hour()].contains(&read.hour())
    }

    /// The instant that a whole text names by the pattern; without an offset
    /// in UTC. A year of less than four digits is none: `%Y` would read 26 as
    /// the year 26.
    pub(super) fn instant(&self, text: &[u8]) -> Option<Timestamp> {
        let tm = BrokenDownTime::parse(&*self.0, text).ok()?;
        if tm.iana_time_zone().is_some() {
            return None;
        }
        let at = if tm.offset().is_some() || tm.timestamp().is_some() {
            tm.to_timestamp().ok()?
        } else {
            Offset::UTC.to_timestamp(tm.to_datetime().ok()?).ok()?
        };
        (Offset::UTC.to_datetime(at).year() >= 1000).then_some(at)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
