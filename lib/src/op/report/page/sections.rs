//! The parts of the page, in the order in which somebody reads them who wants
//! to know whether all is well.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytesize::ByteSize;
use jiff::Timestamp;

use super::super::place::Place;
use super::super::records::Table;
use super::forecast::Forecast;
use super::html::{details, escape, facts, p, section, table};
use super::plot::{Plot, Series};
use super::seen::{Seen, without_gaps};
use super::units::{Unit, dash, grouped};
use crate::archive::Month;
use crate::error::counted;
use crate::io::space::free_bytes;
use crate::settings::policy::{Entry, Policy};
use crate::time;

/// What the page is about.
pub(super) struct Sections<'a> {
    pub seen: &'a Seen,
    pub policy: &'a Policy,
    pub now: Timestamp,
    /// The month of now.
    pub this: i64,
    pub archives: PathBuf,
}

/// The tiers, with their class in a plot.
const TIERS: [(&str, &str); 2] = [("cold", "cold"), ("warm", "warm")];

/// How long a month is in a day, `YYYY-MM-DD`, in bytes.
const MONTH: usize = 7;

impl Sections<'_> {
    /// What this is about, and how much there is.
    pub fn overview(&self, place: &Place) -> String {
        let seen = self.seen;
        let mut out = p(&format!(
            "Made {} from {} and the ledger of {}, by the {}.",
            self.now.strftime("%Y-%m-%d %H:%M UTC"),
            place.database,
            place.archives,
            match place.policy.as_str() {
                "built in" => "built-in policy".to_owned(),
                file => format!("policy {file}"),
            }
        ));
        let rows: u64 = seen.tables.iter().map(|t| t.rows).sum();
        let bytes: u64 = seen.tables.iter().map(|t| t.live_bytes).sum();
        let mut cells = vec![("In the database", held(rows, bytes))];
        for tier in &seen.tiers {
            let name = match tier.tier.as_str() {
                "warm" => "Warm",
                "cold" => "Cold",
                _ => "Whole files",
            };
            cells.push((name, held(tier.rows, tier.size_bytes)));
        }
        let free = seen.tables.iter().map(|t| t.reclaimable_bytes).max();
        let free = free.unwrap_or_default();
        cells.push(("Free pages", Unit::Bytes.say(free)));
        out.push_str(&facts(&cells));
        out
    }

    /// What passes a limit, with the command that mends it.
    pub fn attention(&self) -> String {
        let breaches = &self.seen.breaches;
        let inner = if breaches.is_empty() {
            "<p class=\"well\">No limit is passed.</p>\n".to_owned()
        } else {
            let rows = breaches.iter().map(|breach| {
                let hint = breach.hint.as_deref().unwrap_or_default();
                [breach.what.as_str(), &breach.message, hint].map(escape)
            });
            let heads =
                [("Limit", false), ("What", false), ("Next step", false)];
            table("What needs attention", heads, rows)
        };
        section("What needs attention", &inner)
    }

    /// The archives by the month of their rows.
    pub fn tiers(&self) -> String {
        let months = self.seen.months_of_rows();
        if months.is_empty() {
            let inner = p("The archives hold no day yet.");
            return section("Archives by month", &inner);
        }
        let held = self.held();
        let series = |of: fn(&Held) -> u64| {
            TIERS.map(|(name, class)| {
                let of_month = |month: &String| {
                    held.get(&(month.as_str(), name)).map_or(0, of)
                };
                let values = months.iter().map(of_month).collect();
                Series { name, class, values }
            })
        };
        let (rows, bytes) = (series(|h| h.rows), series(|h| h.bytes));
        let plot = |name, above, unit| {
            Plot { name, dates: &months, above, below: None, unit }.svg()
        };
        let mut out = plot("Rows by month and tier", &rows, Unit::Rows);
        out.push_str(&plot("Bytes by month and tier", &bytes, Unit::Bytes));
        let numbers = months.iter().enumerate().map(|(i, month)| {
            [
                month.clone(),
                grouped(rows[1].values[i]),
                Unit::Bytes.say(bytes[1].values[i]),
                grouped(rows[0].values[i]),
                Unit::Bytes.say(bytes[0].values[i]),
            ]
        });
        let heads = [
            ("Month", false),
            ("Warm rows", true),
            ("Warm bytes", true),
            ("Cold rows", true),
            ("Cold bytes", true),
        ];
        let numbers = table("Archives by month", heads, numbers);
        out.push_str(&details("The numbers", &numbers));
        section("Archives by month", &out)
    }

    /// What there is by month and tier.
    fn held(&self) -> BTreeMap<(&str, &str), Held> {
        let mut found: BTreeMap<_, Held> = BTreeMap::new();
        for file in &self.seen.files {
            let day = file.day.as_deref().unwrap_or_default();
            let Some(month) = day.get(..MONTH) else { continue };
            let held = found.entry((month, file.tier.as_str())).or_default();
            held.rows += file.rows;
            held.bytes += file.size_bytes;
        }
        found
    }

    /// What each table's archives gained and gave up, by month of the runs.
    pub fn tables(&self) -> String {
        let all = self.seen.months.iter().map(|m| m.month.as_str());
        let dates = without_gaps(all);
        let mut out = String::new();
        for (name, months) in self.seen.months_by_table() {
            out.push_str(&gains(&name, &dates, &months));
        }
        if out.is_empty() {
            out = p("Nothing was archived yet.");
        }
        section("What each table gained and gave up", &out)
    }

    /// A row in the database, as JSON, and in its archive.
    pub fn bytes_a_row(&self) -> String {
        let rows = self.seen.months_by_table().into_iter().filter_map(
            |(name, months)| {
                let sum = |of: fn(&Month) -> u64| -> u64 {
                    months.iter().map(|m| of(m)).sum()
                };
                let rows = sum(|m| m.archived_rows);
                let (text, bytes) =
                    (sum(|m| m.text_size_bytes), sum(|m| m.archived_bytes));
                if rows == 0 {
                    return None;
                }
                let each = |all: u64| grouped(all.div_ceil(rows));
                let smaller = text as f64 / bytes.max(1) as f64;
                Some([
                    escape(&name),
                    self.in_database(&name).unwrap_or_else(dash),
                    each(text),
                    each(bytes),
                    format!("{smaller:.1}"),
                ])
            },
        );
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return String::new();
        }
        let heads = [
            ("Table", false),
            ("In the database", true),
            ("As JSON", true),
            ("In the archive", true),
            ("JSON by archive", true),
        ];
        let inner = table("Bytes a row", heads, rows);
        section("Bytes a row", &inner)
    }

    fn in_database(&self, name: &str) -> Option<String> {
        let mut tables = self.seen.tables.iter();
        let table = tables.find(|t| t.table == name && t.rows > 0)?;
        Some(grouped(table.live_bytes.div_ceil(table.rows)))
    }

    /// What the archives will take.
    pub fn forecast(&self) -> String {
        let title = "The next twelve months";
        let forecast = Forecast::of(self.seen, self.policy, self.this);
        let Some(Forecast { months, size_bytes, behind }) = forecast else {
            let wait = "There is no whole month of archiving yet to judge by.";
            return section(title, &p(wait));
        };
        let last = size_bytes.last().copied().unwrap_or_default();
        let mut out = p(&format!(
            "If each month brings each table what the median of the last {} \
             brought, and what is past its retention goes, the archives take \
             {} in {}.{}",
            counted(behind.unsigned_abs(), "whole month"),
            ByteSize(last),
            months.last().map_or("", String::as_str),
            match free_bytes(&self.archives) {
                Ok(free) =>
                    format!(" Their disk has {} free.", ByteSize(free)),
                // A tree that is not there has no disk to speak of.
                Err(_) => String::new(),
            }
        ));
        let above = [Series {
            name: "Archives",
            class: "cold",
            values: size_bytes.clone(),
        }];
        let plot = Plot {
            name: "Bytes of the archives by month",
            dates: &months,
            above: &above,
            below: None,
            unit: Unit::Bytes,
        };
        out.push_str(&plot.svg());
        let rows = months.into_iter().zip(size_bytes);
        let rows = rows.map(|(month, bytes)| [month, Unit::Bytes.say(bytes)]);
        let heads = [("Month", false), ("Bytes", true)];
        out.push_str(&details("The numbers", &table(title, heads, rows)));
        section(title, &out)
    }

    /// How old the oldest row of each table is, against its policy.
    pub fn oldest(&self) -> String {
        let rows = self.seen.tables.iter().map(|t| self.age(t));
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return String::new();
        }
        let heads = [
            ("Table", false),
            ("Oldest row", false),
            ("Days old", true),
            ("Hot days", true),
            ("Past it", true),
            ("Rows due", true),
        ];
        let inner = table("The oldest rows of the database", heads, rows);
        section("The oldest rows of the database", &inner)
    }

    fn age(&self, table: &Table) -> [String; 6] {
        let oldest = table.oldest.as_deref();
        let at = oldest.and_then(|t| time::parse(t.as_bytes()));
        let age = at.map(|at| self.now.duration_since(at).as_hours() / 24);
        let hot = match self.policy.get(&table.table) {
            Some(Entry::Rule(rule)) => rule.hot.days(),
            _ => None,
        };
        let past = age.zip(hot).map(|(age, hot)| age - hot.ceil() as i64);
        [
            escape(&table.table),
            oldest.and_then(|t| t.get(..10)).map_or_else(dash, escape),
            age.map_or_else(dash, |days| days.to_string()),
            hot.map_or_else(dash, |days| days.to_string()),
            past.map_or_else(dash, |days| days.max(0).to_string()),
            table.stale.map_or_else(dash, grouped),
        ]
    }
}

/// What a tier has of a month.
#[derive(Default)]
struct Held {
    rows: u64,
    bytes: u64,
}

fn held(rows: u64, bytes: u64) -> String {
    format!("{}, {}", rows_of(rows), ByteSize(bytes))
}

fn rows_of(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows => format!("{} rows", grouped(rows)),
    }
}

/// A table's plot, and its sums.
fn gains(name: &str, dates: &[String], months: &[&Month]) -> String {
    let values = |of: fn(&Month) -> u64| {
        let of_date = |date: &String| {
            let found = months.iter().filter(|m| m.month == *date);
            found.map(|m| of(m)).sum()
        };
        dates.iter().map(of_date).collect()
    };
    let gained = [Series {
        name: "archived",
        class: "cold",
        values: values(|m| m.archived_rows),
    }];
    let gone = Series {
        name: "expired or erased",
        class: "gone",
        values: values(|m| m.expired_rows + m.erased_rows),
    };
    let sum =
        |of: fn(&Month) -> u64| -> u64 { months.iter().map(|m| of(m)).sum() };
    let said = p(&format!(
        "{} archived, {} deleted from the database, {} expired, {} erased.",
        rows_of(sum(|m| m.archived_rows)),
        grouped(sum(|m| m.deleted_rows)),
        grouped(sum(|m| m.expired_rows)),
        grouped(sum(|m| m.erased_rows))
    ));
    let plot = Plot {
        name: &format!("Rows of {name} by month"),
        dates,
        above: &gained,
        below: Some(&gone),
        unit: Unit::Rows,
    };
    plot.svg() + &said
}
