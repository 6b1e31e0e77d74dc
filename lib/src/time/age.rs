//! Ages (`7d`) and sizes (`100MiB`), as flags and the policy spell them.
//!
//! An age is a whole number and one of the letters h, d, w, m and y, where a
//! month is 30 days and a year 365. It is never read by humantime, to which
//! `6m` is six minutes. A size is what bytesize reads.

use std::ffi::OsStr;
use std::fmt;

use bytesize::ByteSize;
use jiff::{SignedDuration, Timestamp};

use crate::error::{Error, Result, quote};
use crate::time::Day;

const AGES: &str = "an age is a whole number of at least 1 and h, d, w, \
                    m (30 days) or y (365 days): 12h, 7d, 2w, 6m, 1y";
const SIZES: &str = "a size is a number of bytes, or of a unit: \
                     4096, 512KiB, 100MiB, 1.5GiB, 100MB";

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A length of time, at least an hour long, that keeps its spelling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Age {
    seconds: i64,
    spelling: String,
}

impl Age {
    /// Reads an age; anything else is a usage error that says what is
    /// accepted.
    pub fn parse(text: &str) -> Result<Age> {
        let seconds = seconds(text).ok_or_else(|| {
            let error = Error::usage(format!("{} is not an age", quote(text)));
            // Elsewhere M is a month and m a minute: no capital is guessed at.
            let small = text.to_ascii_lowercase();
            match small != text && seconds(&small).is_some() {
                true => error.hint(format!("write it small: {small}; {AGES}")),
                false => error.hint(AGES),
            }
        })?;
        Ok(Age { seconds, spelling: text.to_owned() })
    }

    /// An age of so many hours.
    pub fn of_hours(hours: i64) -> Age {
        let spelling = match hours % 24 {
            0 => format!("{}d", hours / 24),
            _ => format!("{hours}h"),
        };
        Age { seconds: hours.saturating_mul(HOUR), spelling }
    }

    /// Its length in hours: every age is a whole number of them.
    pub fn hours(&self) -> i64 {
        self.seconds / HOUR
    }

    /// Its length in seconds.
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Its length in days.
    pub fn days(&self) -> f64 {
        self.seconds as f64 / DAY as f64
    }

    /// The instant so long before `now`: what is older is before it.
    pub fn before(&self, now: Timestamp) -> Result<Timestamp> {
        let first = Day::of(Timestamp::MIN).start();
        now.checked_sub(SignedDuration::from_secs(self.seconds))
            .ok()
            .filter(|then| *then >= first)
            .ok_or_else(|| {
                Error::usage(format!(
                    "an age of {self} reaches back before the year 1"
                ))
                .hint(AGES)
            })
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

/// The value of a flag such as `--older-than`.
pub fn age_flag(flag: &str, value: &OsStr) -> Result<Age> {
    Age::parse(&value.to_string_lossy())
        .map_err(|e| e.during(format_args!("--{flag}")))
}

/// A size in bytes; anything else is a usage error that says what is accepted.
pub fn size(text: &str) -> Result<u64> {
    let bad =
        || Error::usage(format!("{} is not a size", quote(text))).hint(SIZES);
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(bad());
    }
    // What is too much comes out as the greatest number.
    match text.parse::<ByteSize>() {
        Ok(size) if size.as_u64() < u64::MAX => Ok(size.as_u64()),
        _ => Err(bad()),
    }
}

/// The value of a flag such as `--over`.
pub fn size_flag(flag: &str, value: &OsStr) -> Result<u64> {
    size(&value.to_string_lossy())
        .map_err(|e| e.during(format_args!("--{flag}")))
}

fn seconds(text: &str) -> Option<i64> {
    let (last, _) = text.char_indices().next_back()?;
    let (digits, letter) = text.split_at(last);
    let unit = match letter {
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        "m" => 30 * DAY,
        "y" => 365 * DAY,
        _ => return None,
    };
    // A sign would be read by parse, but is not a whole number here.
    if !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    number.checked_mul(unit).filter(|&seconds| seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;
    use crate::time;

    #[test]
    fn ages_count_in_their_unit() {
        for (text, days) in [
            ("12h", 0.5),
            ("7d", 7.0),
            ("2w", 14.0),
            ("6m", 180.0),
            ("1y", 365.0),
            ("007d", 7.0),
        ] {
            let age = Age::parse(text).unwrap();
            assert_eq!(age.days(), days, "{text}");
            assert_eq!(age.to_string(), text);
        }
        assert_eq!(Age::parse("12h").unwrap().seconds(), 43_200);
    }

    #[test]
    fn what_is_no_age_is_refused_with_what_is_accepted() {
        for text in [
            "",
            "7",
            "d",
            "7x",
            "7D",
            "-1d",
            "+1d",
            "0d",
            "00y",
            "1.5d",
            "7 d",
            " 7d",
            "7d ",
            "7dd",
            "7min",
            "1d12h",
            "7é",
            "٧d",
            "forever",
            "9223372036854775808h",
            "9223372036854775807y",
        ] {
            let error = Age::parse(text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{text}");
            assert!(error.next_step().unwrap().contains("12h, 7d"), "{text}");
        }
        let error = Age::parse("7D").unwrap_err();
        assert!(error.next_step().unwrap().starts_with("write it small: 7d"));
        let error = age_flag("older-than", OsStr::new("7")).unwrap_err();
        assert_eq!(error.to_string(), "--older-than: '7' is not an age");
    }

    #[test]
    fn an_age_before_now_is_an_instant_of_the_calendar() {
        let now = time::parse(b"2026-01-15T12:00:00.5Z").unwrap();
        let then = Age::parse("7d").unwrap().before(now).unwrap();
        assert_eq!(then.to_string(), "2026-01-08T12:00:00.5Z");
        for text in ["9999y", "200000000y"] {
            let error = Age::parse(text).unwrap().before(now).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
        }
    }

    #[test]
    fn sizes_are_binary_where_they_say_so() {
        for (text, bytes) in [
            ("100MiB", 104_857_600),
            ("100MB", 100_000_000),
            ("1.5KiB", 1536),
            ("0", 0),
            ("4096", 4096),
            ("18446744073709551614", u64::MAX - 1),
        ] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "MiB", "-1", "-1MiB", "+1", "1XB", "99999999EiB"] {
            let error = size(text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{text}");
            assert!(error.next_step().unwrap().contains("100MiB"), "{text}");
        }
        assert!(size_flag("over", OsStr::new("x")).is_err());
    }
}
