//! Numbers as people read them, and round ones for the axis of a plot.

use bytesize::ByteSize;

use super::super::columns::thousands;

/// What a number counts.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Rows,
    Bytes,
}

impl Unit {
    /// A number for people.
    pub fn say(self, number: u64) -> String {
        match self {
            Unit::Rows => grouped(number),
            Unit::Bytes => ByteSize(number).to_string(),
        }
    }

    /// At most five round numbers up to the greatest one.
    pub fn ticks(self, most: u64) -> impl Iterator<Item = u64> {
        let base: u64 = match self {
            Unit::Rows => 1000,
            Unit::Bytes => 1024,
        };
        let power = (0..6).rev().map(|n| base.pow(n)).find(|p| *p <= most);
        let power = power.unwrap_or(1);
        let steps = [1, 2, 4, 8, 20, 40, 80, 200, 400, 800];
        let steps = steps.map(|quarters| (power * quarters / 4).max(1));
        let step = steps.into_iter().find(|step| most / step <= 5);
        let step = step.unwrap_or(most.max(1));
        (1..).map(move |n| n * step).take_while(move |tick| *tick <= most)
    }
}

/// A whole number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    thousands(&number.to_string())
}

/// A time in seconds for people.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// What stands where there is no number.
pub(super) fn dash() -> String {
    "-".to_owned()
}
