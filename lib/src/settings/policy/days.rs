//! A policy's periods as numbers of days, for programs.

use serde::{Serialize, Serializer};
use serde_json::Number;

use super::{Entry, Period, Policy, Rule};

/// A table's periods in days. A period that never ends is null, as are all of
/// an exempt table; so is a cold period that is none, but then there is a
/// total.
#[derive(Debug, Default, Serialize)]
pub struct Days<'a> {
    /// In the database.
    pub hot_days: Option<Number>,
    /// In warm files.
    pub warm_days: Option<Number>,
    /// In a month's tar.
    pub cold_days: Option<Number>,
    /// All periods together.
    pub total_days: Option<Number>,
    /// What dates a row.
    pub timestamp_column: Option<&'a str>,
    /// Of a whole file, where the line says it and it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_days: Option<Number>,
}

impl Days<'_> {
    /// The periods of a line of the policy.
    pub fn of(entry: &Entry) -> Days<'_> {
        let whole = |period: &Period| period.days().and_then(number);
        let rule = match entry {
            Entry::Rule(rule) => rule,
            Entry::Exempt(_) => return Days::default(),
            Entry::Whole(_, period) => {
                let whole_days = whole(period);
                return Days { whole_days, ..Days::default() };
            }
        };
        let cold = rule.cold.as_ref().and_then(Period::days);
        Days {
            hot_days: rule.hot.days().and_then(number),
            warm_days: rule.warm.days().and_then(number),
            cold_days: cold.and_then(number),
            total_days: total(rule).and_then(number),
            timestamp_column: Some(&rule.timestamp),
            whole_days: rule.whole.as_ref().and_then(whole),
        }
    }
}

fn total(rule: &Rule) -> Option<f64> {
    let cold = match &rule.cold {
        Some(cold) => cold.days()?,
        None => 0.0,
    };
    Some(rule.hot.days()? + rule.warm.days()? + cold)
}

/// A whole number of days without a fraction, as people write it.
fn number(days: f64) -> Option<Number> {
    if days.fract() == 0.0 && days < 9e15 {
        Some(Number::from(days as u64))
    } else {
        Number::from_f64(days)
    }
}

/// The periods of all tables, by their names, in the policy's order.
#[derive(Debug)]
pub struct ByTable<'a>(pub &'a Policy);

impl Serialize for ByTable<'_> {
    fn serialize<S>(&self, s: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        s.collect_map(
            self.0.entries().iter().map(|e| (e.table(), Days::of(e))),
        )
    }
}
