//! What values of a column mean as times: whether a unit makes dates of them
//! that a program can have written.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};

use crate::time::{self, Unit};
use crate::value::Owned;

/// The units that numbers are tried in.
static UNITS: [Unit; 11] = [
    Unit::S,
    Unit::Ms,
    Unit::Us,
    Unit::Ns,
    Unit::Julian,
    Unit::WebkitUs,
    Unit::Filetime,
    Unit::Ticks,
    Unit::MacS,
    Unit::MacNs,
    Unit::Compact,
];

/// 2000-01-01T00:00:00Z: before it, a date is a misreading or a birthday.
const FIRST: i64 = 946_684_800;

/// 2005-01-01T00:00:00Z: since 2001, any small number is a date before it.
const FIRST_MAC: i64 = 1_104_537_600;

/// Values of a kind, and one of them as a message shows it.
#[derive(Debug, Default)]
pub(super) struct Strange {
    pub values: usize,
    pub example: String,
}

/// How the sampled values of a column read as times.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Values that are not NULL.
    pub given: usize,
    /// Of these, numbers, and texts of digits.
    pub numbers: usize,
    /// Of these, values that read as no time.
    pub undated: Strange,
    /// Of these, dates more than a day ahead.
    pub future: Strange,
    /// Of these, dates before 2000.
    pub early: Strange,
}

impl Reading {
    /// Reads values in a unit.
    pub(super) fn of<'v>(
        values: impl Iterator<Item = &'v Owned>,
        unit: Option<&Unit>,
        now: Timestamp,
    ) -> Reading {
        let mut reading = Reading::default();
        for value in values {
            reading.add(value, unit, now);
        }
        reading
    }

    fn add(&mut self, value: &Owned, unit: Option<&Unit>, now: Timestamp) {
        if matches!(value, Owned::Null) {
            return;
        }
        self.given += 1;
        self.numbers += usize::from(is_number(value));
        let strange = match time::instant(value.borrow(), unit) {
            None => &mut self.undated,
            Some(at) if at > tomorrow(now) => &mut self.future,
            Some(at) if at.as_second() < FIRST => &mut self.early,
            Some(_) => return,
        };
        if strange.values == 0 {
            strange.example = spelled(value);
        }
        strange.values += 1;
    }

    /// Values that are no dates from 2000 to tomorrow.
    pub(super) fn strange(&self) -> usize {
        self.undated.values + self.future.values + self.early.values
    }

    /// One of these.
    pub(super) fn example(&self) -> &str {
        let kinds = [&self.undated, &self.future, &self.early];
        let some = kinds.into_iter().find(|kind| kind.values > 0);
        some.map_or("", |kind| &kind.example)
    }

    /// Whether there are values, and all are dates from 2000 to tomorrow.
    pub(super) fn is_sound(&self) -> bool {
        self.given > 0 && self.strange() == 0
    }
}

/// Dates as programs and people write them, where ISO 8601 is not what they
/// write.
const DATES: [&str; 22] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y-%m-%d",
    "%Y%m%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%y/%m/%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%a %d %b %Y",
    "%a, %d %b %Y",
    "%A, %B %d, %Y",
];

/// The times of day that stand behind them.
const TIMES: [&str; 13] = [
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S%.f",
    " %H:%M:%S %z",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %H:%M:%S",
    ", %I:%M %p",
    ", %I:%M:%S %p",
    "T%H%M%SZ",
    "T%H%M%S%z",
];

/// Those in which the year comes last, or no blank.
const OTHERS: [&str; 3] = [
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %z %Y",
    "%d/%b/%Y:%H:%M:%S %z",
];

static PATTERNS: LazyLock<Vec<Unit>> = LazyLock::new(|| {
    let both = DATES.iter().flat_map(|date| {
        TIMES.iter().map(move |time| format!("{date}{time}"))
    });
    let all = both.chain(OTHERS.map(str::to_owned));
    all.filter_map(|pattern| pattern.parse().ok()).collect()
});

/// The units and patterns in which all of these values are dates from 2000 to
/// tomorrow. Of two that mean the same by them, the first.
pub(super) fn units(values: &[&Owned], now: Timestamp) -> Vec<&'static Unit> {
    let since_2001 = |unit: &Unit| matches!(unit, Unit::MacS | Unit::MacNs);
    let instants = |unit: &Unit| -> Vec<Option<Timestamp>> {
        let given = values.iter().filter(|v| !matches!(v, Owned::Null));
        given.map(|v| time::instant(v.borrow(), Some(unit))).collect()
    };
    let small = |unit: &Unit| {
        instants(unit).iter().flatten().any(|at| at.as_second() < FIRST_MAC)
    };
    let sound = |unit: &&Unit| {
        Reading::of(values.iter().copied(), Some(unit), now).is_sound()
            && !(since_2001(unit) && small(unit))
    };
    let mut found: Vec<&Unit> = UNITS.iter().filter(sound).collect();
    // Patterns are many, and read texts that are no numbers: one value tells
    // most of them apart.
    let text = |v: &&&Owned| matches!(v, Owned::Text(_)) && !is_number(v);
    let Some(first) = values.iter().find(text) else { return found };
    let mut known = Vec::new();
    for unit in PATTERNS.iter() {
        if time::instant(first.borrow(), Some(unit)).is_none() || !sound(&unit)
        {
            continue;
        }
        let read = instants(unit);
        if !known.contains(&read) {
            known.push(read);
            found.push(unit);
        }
    }
    found
}

/// A day after now: clocks differ.
pub(super) fn tomorrow(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24)).unwrap_or(now)
}

fn is_number(value: &Owned) -> bool {
    match value {
        Owned::Integer(_) | Owned::Real(_) => true,
        Owned::Text(text) => {
            !text.is_empty() && text.iter().all(u8::is_ascii_digit)
        }
        Owned::Null | Owned::Blob(_) => false,
    }
}

/// A value as a message shows it.
pub(super) fn spelled(value: &Owned) -> String {
    match value {
        Owned::Null => "NULL".to_owned(),
        Owned::Integer(i) => i.to_string(),
        Owned::Real(r) => format!("{r:?}"),
        Owned::Text(t) => crate::error::quote(&String::from_utf8_lossy(t)),
        Owned::Blob(_) => "a BLOB".to_owned(),
    }
}
