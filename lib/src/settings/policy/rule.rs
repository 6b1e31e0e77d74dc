//! What the policy says of one table, and the instants that follow from it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::secrets::Level;
use crate::time::{Age, Unit};

/// The words that stand for more than a group.
pub(super) const WORDS: [&str; 3] = ["all", "daily", "weekly"];

/// What the policy says of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// The table of this name is left alone.
    Exempt(String),
    /// Its rows go the way of this rule.
    Rule(Box<Rule>),
    /// Only rt-scaletrace takes the table of this name; so long its files
    /// stay.
    Whole(String, Period),
}

/// How long the rows of a table stay where.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The table.
    pub table: String,
    /// The group that it is in, if any.
    pub group: Option<String>,
    /// Which job takes it.
    pub every: Every,
    /// The column that holds a row's time.
    pub timestamp: String,
    /// What the column's values mean; without it their own look says.
    pub unit: Option<Unit>,
    /// How long rows stay in the database.
    pub hot: Period,
    /// How long, after that, in a file of their day.
    pub warm: Period,
    /// How long, after that, in a file of their month; none: not at all.
    pub cold: Option<Period>,
    /// How long a file with all rows of a run stays, from that run on.
    pub whole: Option<Period>,
    /// Only rows for which this SQL expression holds are ever due.
    pub where_: Option<String>,
    /// Columns whose values are replaced on the way out.
    pub redact: Vec<String>,
    /// Columns that are left out.
    pub exclude: Vec<String>,
    /// What of what looks like a secret is replaced on the way out.
    pub redact_secrets: Option<Level>,
    /// Whether the table's delete triggers may do what they like.
    pub triggers_trust: bool,
    /// Whether the row of greatest id stays, where SQLite would give that id
    /// again.
    pub keep_greatest_id: bool,
    /// Whether the database may be without the table.
    pub optional: bool,
}

/// Which job takes a table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// The daily job.
    Day,
    /// The weekly job.
    Week,
}

/// How long rows stay in a tier.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub enum Period {
    /// Rows leave the tier after so long.
    Age(Age),
    /// Rows never leave the tier.
    Forever,
}

impl Period {
    /// Reads an age, or `forever`.
    pub fn parse(text: &str) -> Result<Period> {
        match text {
            "forever" => Ok(Period::Forever),
            _ => Age::parse(text).map(Period::Age),
        }
    }

    /// Whether rows stay longer by this one than by another.
    pub fn is_longer_than(&self, other: &Period) -> bool {
        match (self, other) {
            (Period::Age(own), Period::Age(other)) => {
                own.seconds() > other.seconds()
            }
            (Period::Forever, Period::Age(_)) => true,
            (_, Period::Forever) => false,
        }
    }

    /// In days, or `None` for ever.
    pub fn days(&self) -> Option<f64> {
        match self {
            Period::Age(age) => Some(age.days()),
            Period::Forever => None,
        }
    }

    /// The instant so long before another, or `None` for ever.
    pub fn before(&self, then: Timestamp) -> Result<Option<Timestamp>> {
        match self {
            Period::Age(age) => age.before(then).map(Some),
            Period::Forever => Ok(None),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = Error;

    fn try_from(text: String) -> Result<Period> {
        Period::parse(&text)
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Age(age) => age.fmt(f),
            Period::Forever => f.write_str("forever"),
        }
    }
}

impl Rule {
    /// How long rows are kept in all: hot, warm and cold together.
    pub fn retention(&self) -> Period {
        let tiers = [Some(&self.hot), Some(&self.warm), self.cold.as_ref()];
        let mut hours: i64 = 0;
        for period in tiers.into_iter().flatten() {
            let Period::Age(age) = period else { return Period::Forever };
            hours = hours.saturating_add(age.hours());
        }
        Period::Age(Age::of_hours(hours))
    }
}

impl Entry {
    /// The table's name, as the policy writes it.
    pub fn table(&self) -> &str {
        match self {
            Entry::Exempt(table) | Entry::Whole(table, _) => table,
            Entry::Rule(rule) => &rule.table,
        }
    }

    /// Whether it is about this table.
    pub(super) fn is(&self, table: &str) -> bool {
        self.table().eq_ignore_ascii_case(table)
    }
}

/// The instant before which rows are due to leave the database; `None` if they
/// never are. A period that reaches back before the calendar is an error.
pub fn cutoff(rule: &Rule, now: Timestamp) -> Result<Option<Timestamp>> {
    rule.hot.before(now).map_err(|e| e.during(&rule.table))
}

/// The instant before which rows are due for cold: past hot and warm.
pub fn cold_cutoff(rule: &Rule, now: Timestamp) -> Result<Option<Timestamp>> {
    let Some(hot) = cutoff(rule, now)? else {
        return Ok(None);
    };
    rule.warm.before(hot).map_err(|e| e.during(&rule.table))
}

/// The instant before which archives are due for deletion: past all periods.
pub fn end_cutoff(rule: &Rule, now: Timestamp) -> Result<Option<Timestamp>> {
    match (cold_cutoff(rule, now)?, &rule.cold) {
        (None, _) => Ok(None),
        (Some(warm_ends), None) => Ok(Some(warm_ends)),
        (Some(warm_ends), Some(cold)) => {
            cold.before(warm_ends).map_err(|e| e.during(&rule.table))
        }
    }
}
