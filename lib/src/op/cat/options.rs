//! What rt-cat was asked for.

use std::str::FromStr;

use jiff::Timestamp;

use crate::error::{Error, Result, quote};
use crate::record::Predicate;
use crate::settings::Settings;
use crate::settings::columns::Columns;
use crate::time::clock;

/// Where rows are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tier {
    /// In the database.
    Hot,
    /// In a file of their day.
    Warm,
    /// In the tar of their month.
    Cold,
    /// In a file with all rows of a run.
    Whole,
}

impl FromStr for Tier {
    type Err = Error;

    fn from_str(word: &str) -> Result<Tier> {
        match word {
            "hot" => Ok(Tier::Hot),
            "warm" => Ok(Tier::Warm),
            "cold" => Ok(Tier::Cold),
            "whole" => Ok(Tier::Whole),
            _ => Err(Error::usage(format!("{} is not a tier", quote(word)))
                .hint("a tier is hot, warm, cold or whole")),
        }
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// A row a line.
    #[default]
    Jsonl,
    /// One JSON array.
    Json,
    /// A line with the columns, and a row a line.
    Csv,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Format> {
        match word {
            "jsonl" => Ok(Format::Jsonl),
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv),
            _ => Err(Error::usage(format!(
                "--format takes jsonl, json or csv, not {}",
                quote(word)
            ))),
        }
    }
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// The table.
    pub table: String,
    /// `--since`.
    pub since: Option<Timestamp>,
    /// `--until`.
    pub until: Option<Timestamp>,
    /// `--tier`; none means all but hot.
    pub tiers: Vec<Tier>,
    /// `--where`: what must hold, all of it.
    pub conditions: Vec<Predicate>,
    /// `--limit`.
    pub limit: Option<u64>,
    /// `--strip`.
    pub strip: bool,
    /// `--format`.
    pub format: Format,
    /// `--latest`.
    pub latest: bool,
    /// `--count`.
    pub count: bool,
    /// `--files`.
    pub files: bool,
    /// `--verify`.
    pub verify: bool,
    /// `--threads`; one a core if not said.
    pub threads: Option<u64>,
    /// `--timestamp-column` and `--unit`.
    pub columns: Columns,
}

impl Options {
    /// Refuses what makes no sense together.
    pub(super) fn check(&self) -> Result<()> {
        let formed = self.format != Format::Jsonl;
        let sole = match (self.files, self.count) {
            (true, _) => Some("files"),
            (_, true) => Some("count"),
            _ => None,
        };
        let beside = [
            ("count", self.files && self.count),
            ("format", sole.is_some() && formed),
            ("limit", self.files && self.limit.is_some()),
        ];
        if let Some(sole) = sole
            && let Some((other, _)) = beside.iter().find(|(_, said)| *said)
        {
            return Err(Error::usage(format!(
                "--{sole} and --{other} do not go together"
            )));
        }
        if self.latest && self.wants(Tier::Hot) {
            return Err(Error::usage(
                "--latest is of archived rows, not of the hot tier",
            ));
        }
        clock::check_span(("since", self.since), ("until", self.until))
    }

    /// Whether only the number of rows is asked for, which ledger and headers
    /// know.
    pub(super) fn counts(&self) -> bool {
        let hot = self.wants(Tier::Hot);
        let read = self.latest || self.verify || hot;
        self.count && self.conditions.is_empty() && !read
    }

    /// Whether a tier is asked for.
    pub(super) fn wants(&self, tier: Tier) -> bool {
        match self.tiers.is_empty() {
            true => tier != Tier::Hot,
            false => self.tiers.contains(&tier),
        }
    }
}

impl Options {
    /// Adds a condition, `COL=VALUE` and the like.
    pub fn add_condition(&mut self, text: &str) -> Result<()> {
        self.conditions.push(Predicate::parse(text)?);
        Ok(())
    }
}
