//! The policy for people: the periods as they are spelled.

use super::columns::columns;
use super::place::Place;
use crate::settings::policy::{Days, Entry, Every, Policy};

const HEADS: [&str; 8] =
    ["TABLE", "GROUP", "EVERY", "TIMESTAMP", "HOT", "WARM", "COLD", "TOTAL"];

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
            Days::of(entry)
                .total_days
                .map_or("forever".to_owned(), |days| format!("{days}d")),
        ],
        Entry::Exempt(table) => bare(table, "exempt", none()),
        Entry::Whole(table, period) => {
            bare(table, "whole files", period.to_string())
        }
    });
    let (place, table) = (place.lines(), columns(HEADS, 4..8, rows));
    format!("Retention Policies\n{table}{place}")
}

/// The line of a table without periods of tiers.
fn bare(table: &str, what: &str, total: String) -> [String; 8] {
    [table, "-", "-", what, "-", "-", "-", &total].map(str::to_owned)
}
