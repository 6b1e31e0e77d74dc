//! All that the page is made of: what rt-stat printed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use serde::Deserialize;

use super::super::input::read;
use super::super::records::{Archive, ArchiveFile, Breach, Table, Tier};
use crate::archive::{JobEnd, Month};
use crate::error::{Exit, Notes, Result};

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Record {
    Table(Table),
    Tier(Tier),
    Archive(Archive),
    ArchiveFile(ArchiveFile),
    Breach(Breach),
    Month(Month),
    Job(JobEnd),
}

const TYPES: [&str; 7] =
    ["table", "tier", "archive", "archive_file", "breach", "month", "job"];

/// What was read, in its order.
#[derive(Default)]
pub(in super::super) struct Seen {
    pub tables: Vec<Table>,
    pub tiers: Vec<Tier>,
    pub archives: Vec<Archive>,
    pub files: Vec<ArchiveFile>,
    pub breaches: Vec<Breach>,
    pub months: Vec<Month>,
    pub jobs: Vec<JobEnd>,
}

impl Seen {
    /// Reads the records; the status says whether all lines were some.
    pub fn read(
        input: &mut dyn BufRead,
        notes: &mut dyn Notes,
    ) -> Result<(Seen, Exit)> {
        let mut seen = Seen::default();
        let exit = read(input, &TYPES, notes, |record| match record {
            Record::Table(one) => seen.tables.push(one),
            Record::Tier(one) => seen.tiers.push(one),
            Record::Archive(one) => seen.archives.push(one),
            Record::ArchiveFile(one) => seen.files.push(one),
            Record::Breach(one) => seen.breaches.push(one),
            Record::Month(one) => seen.months.push(one),
            Record::Job(one) => seen.jobs.push(one),
        })?;
        Ok((seen, exit))
    }

    /// The months that the ledger tells of, by table; of each table its name
    /// in the tree.
    pub fn months_by_table(&self) -> BTreeMap<String, Vec<&Month>> {
        let mut tables: BTreeMap<String, Vec<&Month>> = BTreeMap::new();
        for month in &self.months {
            let name = of_database(&month.table, month.database.as_deref());
            tables.entry(name).or_default().push(month);
        }
        tables
    }

    /// The months of the rows in the archives, without a gap.
    pub fn months_of_rows(&self) -> Vec<String> {
        let days = self.files.iter().filter_map(|f| f.day.as_deref());
        without_gaps(days.filter_map(|day| day.get(..7)))
    }
}

/// Whose rows those are, as in file names.
pub(super) fn of_database(table: &str, database: Option<&str>) -> String {
    match database {
        Some(database) => format!("{table}@{database}"),
        None => table.to_owned(),
    }
}

/// At most as many months as this are drawn: ten years.
const MONTHS: usize = 120;

/// All months from the first to the last of these, or the last of them where
/// they are too many to draw.
pub(super) fn without_gaps<'m>(
    months: impl Iterator<Item = &'m str>,
) -> Vec<String> {
    let found: BTreeSet<i64> = months.filter_map(number).collect();
    let (Some(first), Some(last)) = (found.first(), found.last()) else {
        return Vec::new();
    };
    let from = *first.max(&(last + 1 - MONTHS as i64));
    (from..=*last).map(name).collect()
}

/// The number of a month, of `YYYY-MM`.
pub(super) fn number(month: &str) -> Option<i64> {
    let (year, month) = month.split_once('-')?;
    let (year, month): (i64, i64) = (year.parse().ok()?, month.parse().ok()?);
    Some(year * 12 + month - 1)
}

/// `YYYY-MM` of a month's number.
pub(super) fn name(number: i64) -> String {
    let (year, month) = (number.div_euclid(12), number.rem_euclid(12) + 1);
    format!("{year:04}-{month:02}")
}
