//! The clock: the run's "now", and the wall.
//!
//! A run has one `now`, set by `--now`, else by `RT_NOW` (which the outermost
//! script sets once), else by the wall clock; everything that depends on time
//! takes it from there, so that a run is repeatable. The wall clock itself is
//! only ever recorded, never acted on.

use std::ffi::OsStr;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::time::{self, Age};

/// The run's now, from the value of `--now` if given, else the environment,
/// else the wall clock. Never finer than a microsecond.
pub fn now(flag: Option<&OsStr>) -> Result<Timestamp> {
    let (source, text) = match flag {
        Some(value) => ("--now", value.to_owned()),
        None => match std::env::var_os("RT_NOW") {
            Some(value) if !value.is_empty() => ("RT_NOW", value),
            _ => return Ok(wall()),
        },
    };
    instant(source, &text)
}

/// When the job that this program is a part of started, by the wall clock:
/// what its script says in `RT_STARTED`.
pub fn started() -> Result<Option<Timestamp>> {
    let Some(text) = std::env::var_os("RT_STARTED") else {
        return Ok(None);
    };
    instant("RT_STARTED", &text).map(Some)
}

/// The wall clock, in whole microseconds.
pub fn wall() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// Refuses a span that ends at or before its start, in which nothing lies.
/// `since` and `end` are flags with the instants they were given.
pub fn check_span(
    since: (&str, Option<Timestamp>),
    end: (&str, Option<Timestamp>),
) -> Result<()> {
    match (since, end) {
        ((since, Some(from)), (end, Some(to))) if from >= to => {
            Err(Error::usage(format!(
                "--{since} {from} is not before --{end} {to}: nothing lies \
                 between them"
            ))
            .hint(format!("--{since} is the earlier of the two")))
        }
        _ => Ok(()),
    }
}

/// The value of a flag such as `--before` as an instant.
pub fn time_flag(flag: &str, value: &OsStr) -> Result<Timestamp> {
    instant(&format!("--{flag}"), value)
}

/// The value of a flag such as `--since`: an instant, a date, or an age, which
/// counts back from now.
pub fn time_or_age_flag(
    flag: &str,
    value: &OsStr,
    now: Timestamp,
) -> Result<Timestamp> {
    match value.to_str().map(Age::parse) {
        Some(Ok(age)) => {
            age.before(now).map_err(|e| e.during(format_args!("--{flag}")))
        }
        _ => time_flag(flag, value).map_err(|e| {
            e.hint(
                "times read like 2026-01-15T00:00:00Z or 2026-01-15, ages \
                 like 12h or 7d",
            )
        }),
    }
}

fn instant(source: &str, value: &OsStr) -> Result<Timestamp> {
    value.to_str().and_then(|t| time::parse(t.as_bytes())).ok_or_else(|| {
        Error::usage(format!(
            "{source}: '{}' is not a time",
            value.to_string_lossy()
        ))
        .hint("times read like 2026-01-15T00:00:00Z or 2026-01-15")
    })
}
