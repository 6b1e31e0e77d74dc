//! The archives by table and by date, with their sums. What is shown of days
//! counts each of them once, however many tables and files it is in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::about::By;
use super::columns::{bar, with_total};
use super::print::{date, size};
use super::records::{Archive, ArchiveFile, Mismatch};
use super::result::sum as total;

/// What is shown; what was not asked for is left out.
#[derive(Serialize)]
pub(super) struct Stats<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    archives: Option<Vec<&'a Archive>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    months: Option<Vec<Dated<'a>>>,
    /// Instead of their months.
    #[serde(rename = "days", skip_serializing_if = "Option::is_none")]
    dates: Option<Vec<Dated<'a>>>,
    total: Sum<'a>,
    mismatches: &'a [Mismatch],
}

/// What a tier has of a month or of a day; `-` where a file is of no day.
#[derive(Serialize)]
struct Dated<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    month: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<&'a str>,
    tier: &'a str,
    #[serde(flatten)]
    sum: Sum<'a>,
}

#[derive(Default, Serialize)]
struct Sum<'a> {
    #[serde(serialize_with = "count")]
    days: BTreeSet<&'a str>,
    #[serde(serialize_with = "count")]
    tables: BTreeSet<&'a str>,
    /// Tables' days in files.
    archives: u64,
    rows: u64,
    size_bytes: u64,
}

fn count<S: serde::Serializer>(
    names: &BTreeSet<&str>,
    output: S,
) -> Result<S::Ok, S::Error> {
    output.serialize_u64(names.len() as u64)
}

impl<'a> Sum<'a> {
    fn of(files: impl IntoIterator<Item = &'a ArchiveFile>) -> Sum<'a> {
        let mut sum = Sum::default();
        files.into_iter().for_each(|file| sum.add(file));
        sum
    }

    fn add(&mut self, file: &'a ArchiveFile) {
        self.days.extend(file.day.as_deref());
        self.tables.insert(&file.table);
        self.archives += 1;
        self.rows = self.rows.saturating_add(file.rows);
        self.size_bytes = self.size_bytes.saturating_add(file.size_bytes);
    }
}

impl<'a> Stats<'a> {
    /// By table, by month or by day; without a choice by table and by month.
    pub fn of(
        by: Option<By>,
        archives: &'a [Archive],
        files: &'a [ArchiveFile],
        mismatches: &'a [Mismatch],
    ) -> Stats<'a> {
        let wanted = |one| by.is_none_or(|by| by == one);
        Stats {
            archives: wanted(By::Table).then(|| archives.iter().collect()),
            months: wanted(By::Month).then(|| dated(files, By::Month)),
            dates: (by == Some(By::Day)).then(|| dated(files, By::Day)),
            total: Sum::of(files),
            mismatches,
        }
    }

    /// A table for each form, with its sums.
    pub fn for_people(&self) -> String {
        let archives = self.archives.as_ref();
        let tables = [
            archives.map(|all| archive_table(all, self.days())),
            self.months.as_ref().map(|m| self.dated_table("MONTH", m)),
            self.dates.as_ref().map(|d| self.dated_table("DAY", d)),
        ];
        tables.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    fn days(&self) -> u64 {
        self.total.days.len() as u64
    }

    fn dated_table(&self, head: &str, dated: &[Dated]) -> String {
        let most = dated.iter().map(|d| d.sum.size_bytes).max();
        let cells = |sum: &Sum| {
            [
                sum.days.len().to_string(),
                sum.tables.len().to_string(),
                sum.rows.to_string(),
                size(sum.size_bytes),
            ]
        };
        let rows = dated.iter().map(|one| {
            let date = one.month.or(one.day).unwrap_or_default();
            let [days, tables, rows, size] = cells(&one.sum);
            let bar = bar(one.sum.size_bytes, most.unwrap_or_default());
            [date.into(), one.tier.into(), days, tables, rows, size, bar]
        });
        let heads = [head, "TIER", "DAYS", "TABLES", "ROWS", "SIZE", ""];
        with_total(heads, 2..6, rows, cells(&self.total))
    }
}

/// The files by month or by day, and tier.
fn dated(files: &[ArchiveFile], by: By) -> Vec<Dated<'_>> {
    let mut dates: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    for file in files {
        let day = file.day.as_deref().unwrap_or("-");
        let date = match by {
            By::Month => day.get(..7).unwrap_or(day),
            By::Day | By::Table => day,
        };
        dates.entry((date, &file.tier)).or_default().add(file);
    }
    let dated = |((date, tier), sum)| Dated {
        month: (by == By::Month).then_some(date),
        day: (by == By::Day).then_some(date),
        tier,
        sum,
    };
    dates.into_iter().map(dated).collect()
}

/// Tables in tiers, on so many days in all.
pub(super) fn archive_table(archives: &[&Archive], days: u64) -> String {
    let most = archives.iter().map(|a| a.size_bytes).max();
    let rows = archives.iter().map(|a| {
        [
            of_database(a),
            a.tier.clone(),
            a.days.to_string(),
            a.rows.to_string(),
            size(a.size_bytes),
            date(&a.oldest),
            date(&a.newest),
            bar(a.size_bytes, most.unwrap_or_default()),
        ]
    });
    let heads =
        ["TABLE", "TIER", "DAYS", "ROWS", "SIZE", "OLDEST", "NEWEST", ""];
    let sums = [
        days.to_string(),
        total(archives.iter().map(|a| a.rows)).to_string(),
        size(total(archives.iter().map(|a| a.size_bytes))),
    ];
    with_total(heads, 2..5, rows, sums)
}

/// A table, and of which database where that has a name, as in file names.
fn of_database(archive: &Archive) -> String {
    match &archive.database {
        Some(database) => format!("{}@{database}", archive.table),
        None => archive.table.clone(),
    }
}
