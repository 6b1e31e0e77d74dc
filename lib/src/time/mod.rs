//! Time: instants out of what a timestamp column holds, days, ages, and the
//! clock of a run.
//!
//! Invariants. Instants are compared in UTC, whatever their spelling. What is
//! not read with certainty is no instant, and a zero time dates nothing.
//! Nothing but [`clock`] reads the machine's clock.

pub mod age;
#[cfg(test)]
mod arbitrary_tests;
pub mod clock;
mod day;
mod pattern;
#[cfg(test)]
mod pattern_tests;
mod range;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod unit;
#[cfg(test)]
mod unit_tests;
mod zero;

use jiff::{SignedDuration, Timestamp};

pub(crate) use age::Age;
pub use day::Day;
pub(crate) use shape::{Shape, Shapes};
pub use text::parse;
pub(crate) use unit::{GUESSED_SCALES, GUESSED_SECONDS};
pub use unit::{Unit, instant, rfc3339};
pub(crate) use zero::NO_ZERO_SECONDS;

/// The instant after which a row is of the future: a day from now, which is
/// more than any clock or zone is off.
pub(crate) fn future(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now)
}
