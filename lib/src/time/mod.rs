//! Time: instants out of what a timestamp column holds, days, ages, and the
//! clock of a run.
//!
//! Invariants. Instants are compared in UTC, whatever their spelling. What is
//! not read with certainty is no instant. Nothing but [`clock`] reads the
//! machine's clock.

pub mod age;
pub mod clock;
mod day;
mod range;
#[cfg(test)]
mod tests;
mod text;
mod unit;

pub(crate) use age::Age;
pub(crate) use day::Day;
pub(crate) use text::parse;
pub(crate) use unit::{Unit, instant, rfc3339};
