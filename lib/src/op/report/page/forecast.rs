//! What the archives will take, a year ahead.
//!
//! The assumption is one that people can check: each month brings each table
//! what the median of its last six whole months brought, and what is past the
//! table's retention goes. Rows of a month go as a whole, at its end.

use std::collections::{BTreeMap, HashMap};

use super::seen::{Seen, name, number, of_database};
use crate::settings::policy::{Entry, Policy};

/// How far it looks, in months.
const AHEAD: i64 = 12;

/// Of how many whole months the median is taken.
const BEHIND: i64 = 6;

/// The mean length of a month, in days.
const MONTH_DAYS: f64 = 30.44;

/// The archives at the end of each month from now on.
pub(super) struct Forecast {
    /// `YYYY-MM`, this month first.
    pub months: Vec<String>,
    pub size_bytes: Vec<u64>,
    /// Of how many whole months it was won.
    pub behind: i64,
}

/// What is known of a table.
#[derive(Default)]
struct Stock {
    /// Bytes by the month of the rows.
    held: BTreeMap<i64, u64>,
    /// Bytes that each month adds.
    intake: u64,
    /// How old its rows are when they come, and when they go, in months; none
    /// for rows that stay for ever.
    hot: i64,
    total: Option<i64>,
}

impl Forecast {
    /// None where there is no whole month yet to judge by; `this` is the
    /// month of now, as [`number`] counts them.
    pub fn of(seen: &Seen, policy: &Policy, this: i64) -> Option<Forecast> {
        let first = seen.months.iter().filter_map(|m| number(&m.month)).min();
        let from = first?.max(this - BEHIND);
        let behind = this - from;
        if behind < 1 {
            return None;
        }
        let mut stocks = stocks(seen, policy);
        for (table, months) in seen.months_by_table() {
            let mut added = vec![0; usize::try_from(behind).ok()?];
            for month in months {
                let at = number(&month.month).map(|n| n - from);
                let at = at.and_then(|n| usize::try_from(n).ok());
                if let Some(sum) = at.and_then(|n| added.get_mut(n)) {
                    *sum += month.archived_bytes;
                }
            }
            added.sort_unstable();
            let stock = stocks.entry(table.clone()).or_default();
            stock.intake = added[added.len() / 2];
        }
        let whole = seen.files.iter().filter(|f| f.day.is_none());
        let whole: u64 = whole.map(|f| f.size_bytes).sum();
        let at = |n: i64| -> u64 {
            stocks.values().map(|s| s.at(this, this + n)).sum::<u64>() + whole
        };
        Some(Forecast {
            months: (0..=AHEAD).map(|n| name(this + n)).collect(),
            size_bytes: (0..=AHEAD).map(at).collect(),
            behind,
        })
    }
}

impl Stock {
    /// Its bytes at the end of a month, from those of `this` month on.
    fn at(&self, this: i64, then: i64) -> u64 {
        let stays = |of: i64| self.total.is_none_or(|age| of + age >= then);
        let held = self.held.iter().filter(|(of, _)| stays(**of));
        let held: u64 = held.map(|(_, bytes)| bytes).sum();
        let comes = (this + 1..=then).filter(|n| stays(n - self.hot)).count();
        held + self.intake * comes as u64
    }
}

/// The tables of the archives, with what they hold and how long.
fn stocks(seen: &Seen, policy: &Policy) -> HashMap<String, Stock> {
    let mut stocks: HashMap<String, Stock> = HashMap::new();
    let months = |days: f64| (days / MONTH_DAYS).ceil() as i64;
    for file in &seen.files {
        let Some(month) = file.day.as_deref().and_then(|d| d.get(..7)) else {
            continue;
        };
        let table = of_database(&file.table, file.database.as_deref());
        let stock = stocks.entry(table).or_insert_with(|| {
            let mut stock = Stock::default();
            if let Some(Entry::Rule(rule)) = policy.get(&file.table) {
                stock.hot = rule.hot.days().map_or(0, months);
                stock.total = rule.retention().days().map(months);
            }
            stock
        });
        if let Some(month) = number(month) {
            *stock.held.entry(month).or_default() += file.size_bytes;
        }
    }
    stocks
}
