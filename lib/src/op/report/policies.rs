//! The policy for people: the periods as they are spelled.

use super::columns::columns;
use super::place::Place;
use crate::settings::policy::{Entry, Every, Policy};

const HEADS: [&str; 7] =
    ["TABLE", "GROUP", "EVERY", "TIMESTAMP", "HOT", "WARM", "COLD"];

/// A line a table.
pub(super) fn table(policy: &Policy, place: &Place) -> String {
    let none = || "-".to_owned();
    let rows = policy.entries().iter().map(|entry| match entry {
        Entry::Rule(rule) => [
            rule.table.clone(),
            rule.group.clone().unwrap_or_else(none),
            match rule.every {
                Every::Day => "day".to_owned(),
                Every::Week => "week".to_owned(),
            },
            rule.timestamp.clone(),
            rule.hot.to_string(),
            rule.warm.to_string(),
            rule.cold.as_ref().map_or("none".to_owned(), |c| c.to_string()),
        ],
        Entry::Exempt(table) => [
            table.clone(),
            none(),
            none(),
            "exempt".to_owned(),
            none(),
            none(),
            none(),
        ],
    });
    let (place, table) = (place.lines(), columns(HEADS, 4..7, rows));
    format!("Retention Policies\n{table}{place}")
}
