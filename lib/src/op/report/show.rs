//! What there is, in no job: the records of rt-stat put together, and the
//! policy. What no record says is null, never nought.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

use super::about::{Options, Show};
use super::columns::{bar, columns, with_total};
use super::input::read;
use super::place::Place;
use super::policies;
use super::print::{date, size};
use super::records::{Archive, ArchiveFile, Breach, Mismatch, Table, Tier};
use super::result::{Made, sum as total};
use super::stats::{Stats, archive_table};
use crate::error::{Exit, Notes, Result, counted};
use crate::settings::policy::{ByTable, Days, Entry, Policy};

/// A record of rt-stat.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Record {
    Table(Table),
    Tier(Tier),
    Archive(Archive),
    ArchiveFile(ArchiveFile),
    Mismatch(Mismatch),
    Breach(Breach),
}

const TYPES: [&str; 6] =
    ["table", "tier", "archive", "archive_file", "mismatch", "breach"];

/// All that was read.
#[derive(Default)]
struct Seen {
    tables: Vec<Table>,
    tiers: Vec<Tier>,
    archives: Vec<Archive>,
    files: Vec<ArchiveFile>,
    mismatches: Vec<Mismatch>,
    breaches: Vec<Breach>,
}

/// A table's record, and its policy.
#[derive(Serialize)]
struct Ruled<'a> {
    #[serde(flatten)]
    table: &'a Table,
    policy: Option<Days<'a>>,
}

#[derive(Serialize)]
struct Status<'a> {
    database: Vec<Ruled<'a>>,
    archives: Tiers<'a>,
}

#[derive(Serialize)]
struct Tiers<'a> {
    warm: Option<&'a Tier>,
    cold: Option<&'a Tier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whole: Option<&'a Tier>,
}

#[derive(Serialize)]
struct Breaches<'a> {
    breaches: &'a [Breach],
}

/// Reads the records and puts them in the form that is wanted.
pub(super) fn make(
    options: &Options,
    show: Show,
    input: &mut dyn BufRead,
    notes: &mut dyn Notes,
) -> Result<Made> {
    let policy = options.settings.load_policy()?;
    let mut seen = Seen::default();
    let mut exit = Exit::Done;
    if show != Show::Policy {
        exit = read(input, &TYPES, notes, |record| match record {
            Record::Table(one) => seen.tables.push(one),
            Record::Tier(one) => seen.tiers.push(one),
            Record::Archive(one) => seen.archives.push(one),
            Record::ArchiveFile(one) => seen.files.push(one),
            Record::Mismatch(one) => seen.mismatches.push(one),
            Record::Breach(one) => seen.breaches.push(one),
        })?;
    }
    let place = Place::of(&options.settings)?;
    let text = match show {
        Show::Status => options.form(&seen.status(&policy), || {
            seen.tiers_for_people() + &place.lines()
        }),
        Show::Policy => options
            .form(&ByTable(&policy), || policies::table(&policy, &place)),
        Show::Stats => {
            let Seen { archives, files, mismatches, .. } = &seen;
            let stats = Stats::of(options.by, archives, files, mismatches);
            options.form(&stats, || {
                stats.for_people() + &seen.mismatch_table() + &place.lines()
            })
        }
        Show::Check => {
            let breaches = Breaches { breaches: &seen.breaches };
            options.form(&breaches, || seen.breaches_table())
        }
    }?;
    Ok(Made { text, exit, counts: None })
}

impl Seen {
    fn tier(&self, name: &str) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.tier == name)
    }

    fn status<'a>(&'a self, policy: &'a Policy) -> Status<'a> {
        let ruled = |table: &'a Table| {
            let entry = policy.get(&table.table);
            let rule = entry.filter(|e| matches!(e, Entry::Rule(_)));
            Ruled { table, policy: rule.map(Days::of) }
        };
        Status {
            database: self.tables.iter().map(ruled).collect(),
            archives: Tiers {
                warm: self.tier("warm"),
                cold: self.tier("cold"),
                whole: self.tier("whole"),
            },
        }
    }

    fn tiers_for_people(&self) -> String {
        let mut out = format!("HOT STORAGE\n{}", self.hot_table());
        for (name, heading) in [
            ("warm", "WARM ARCHIVE"),
            ("cold", "COLD ARCHIVE"),
            ("whole", "WHOLE FILES"),
        ] {
            match self.tier(name) {
                Some(tier) => {
                    let lines = self.tier_table(tier);
                    out.push_str(&format!("\n{heading}\n{lines}"));
                }
                None if name == "whole" => {}
                None => out.push_str(&format!("\n{heading}\nnot known\n")),
            }
        }
        out + &self.mismatch_table()
    }

    fn hot_table(&self) -> String {
        let most = self.tables.iter().map(|t| t.live_bytes).max();
        // Tables without rows of which no row is counted: of a program that
        // makes many more tables than it uses, they would be most lines.
        let empty = |t: &&Table| t.rows == 0 && t.hot.is_none();
        let passed_over = self.tables.iter().filter(empty).count();
        let rows = self.tables.iter().filter(|t| !empty(t)).map(|t| {
            [
                t.table.clone(),
                t.rows.to_string(),
                known(t.hot),
                known(t.stale),
                known(t.undated),
                size(t.live_bytes),
                date(&t.oldest),
                date(&t.newest),
                bar(t.live_bytes, most.unwrap_or_default()),
            ]
        });
        let heads = [
            "TABLE", "ROWS", "HOT", "STALE", "UNDATED", "SIZE", "OLDEST",
            "NEWEST", "",
        ];
        let of = |count: fn(&Table) -> Option<u64>| {
            total(self.tables.iter().filter_map(count))
        };
        let sums = [
            of(|t| Some(t.rows)).to_string(),
            of(|t| t.hot).to_string(),
            of(|t| t.stale).to_string(),
            of(|t| t.undated).to_string(),
            size(of(|t| Some(t.live_bytes))),
        ];
        let mut out = with_total(heads, 1..6, rows, sums);
        if passed_over > 0 {
            out.push_str(&format!(
                "{} without rows or periods not shown\n",
                counted(passed_over as u64, "table")
            ));
        }
        out
    }

    /// A tier's sum, then its tables.
    fn tier_table(&self, tier: &Tier) -> String {
        let mut out = format!(
            "{}, {}, {}, {} to {}\n",
            counted(tier.total_files, "file"),
            counted(tier.rows, "row"),
            size(tier.size_bytes),
            date(&tier.oldest),
            date(&tier.newest)
        );
        if let Some(due) = tier.eligible_for_cold {
            out.push_str(&format!("due to become cold: {due}\n"));
        }
        if let Some(due) = tier.eligible_for_purge {
            out.push_str(&format!("past their retention: {due}\n"));
        }
        let of_tier = |a: &&Archive| a.tier == tier.tier;
        let archives: Vec<_> = self.archives.iter().filter(of_tier).collect();
        if !archives.is_empty() {
            out.push_str(&archive_table(&archives, tier.days));
        }
        out
    }

    fn mismatch_table(&self) -> String {
        if self.mismatches.is_empty() {
            return String::new();
        }
        let rows =
            self.mismatches.iter().map(|m| [m.file.clone(), m.reason.clone()]);
        format!(
            "\nNOT AS THE LEDGER SAYS\n{}",
            columns(["FILE", "REASON"], 0..0, rows)
        )
    }

    fn breaches_table(&self) -> String {
        if self.breaches.is_empty() {
            return "no limit is passed\n".to_owned();
        }
        let rows = self.breaches.iter().map(|b| {
            let hint = b.hint.clone().unwrap_or_default();
            [b.what.clone(), b.message.clone(), hint]
        });
        columns(["LIMIT", "MESSAGE", "NEXT STEP"], 0..0, rows)
    }
}

fn known(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}
