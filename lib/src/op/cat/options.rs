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
    /// `--count`.
    pub count: bool,
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
        clock::check_span(("since", self.since), ("until", self.until))
    }

    /// Whether only the number of rows is asked for, which ledger and headers
    /// know.
    pub(super) fn counts(&self) -> bool {
        let hot = self.wants(Tier::Hot);
        self.count && self.conditions.is_empty() && !self.verify && !hot
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
