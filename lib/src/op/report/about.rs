//! What a report is about, by the flags.

use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

use super::print;
use crate::error::{Error, Result, quote};
use crate::settings::Settings;
use crate::time::rfc3339;

/// What rt-report was asked for.
#[derive(Debug)]
pub struct Options {
    /// Where; the tree is the one that the job worked on.
    pub settings: Settings,
    /// The job's name.
    pub mode: String,
    /// JSON in place of a table for people.
    pub json: bool,
    /// The file that takes the report in place of `output`.
    pub file: Option<PathBuf>,
    /// What the report is about.
    pub about: About,
    /// `--by`: what the archives are counted by.
    pub by: Option<By>,
}

/// What a report is about.
#[derive(Debug)]
pub enum About {
    /// The tables that the job was for, in order.
    Tables(Vec<String>),
    /// The archives: the steps that the job was to take.
    Upkeep(Vec<Step>),
    /// Jobs that one job consists of.
    Parts(Vec<Part>),
    /// One table, whose rows go into one file.
    Single(String),
    /// No job: what there is.
    Show(Show),
    /// All of that, and the past, as an HTML file.
    Page,
    /// The numbers of all that, for Prometheus.
    Metrics,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            settings: Settings::default(),
            mode: "archive".to_owned(),
            json: false,
            file: None,
            about: About::Tables(Vec::new()),
            by: None,
        }
    }
}

impl Options {
    /// Takes a flag's word on what the report is about.
    pub fn add(&mut self, flag: &str, word: &str) -> Result<()> {
        match (flag, &mut self.about) {
            ("expect", About::Upkeep(steps)) => steps.push(word.parse()?),
            ("part", About::Parts(parts)) => parts.push(word.parse()?),
            (_, About::Tables(_)) => {
                self.about = match flag {
                    "single" => About::Single(word.to_owned()),
                    "expect" => About::Upkeep(vec![word.parse()?]),
                    "part" => About::Parts(vec![word.parse()?]),
                    _ if word == "page" => About::Page,
                    _ if word == "metrics" => About::Metrics,
                    _ => About::Show(word.parse()?),
                }
            }
            ("show", About::Show(_) | About::Page | About::Metrics)
            | ("single", About::Single(_)) => {
                let twice = format!("--{flag} is given twice");
                return Err(Error::usage(twice));
            }
            _ => {
                return Err(Error::usage(
                    "--expect, --part, --single and --show exclude one \
                     another",
                ));
            }
        }
        Ok(())
    }

    /// Takes the operands.
    pub fn tables(&mut self, tables: Vec<String>) -> Result<()> {
        match (&mut self.about, tables.as_slice()) {
            (About::Tables(all), _) => *all = tables,
            (_, []) => {}
            (_, [extra, ..]) => {
                let extra = quote(extra);
                return Err(Error::usage(format!(
                    "unexpected operand {extra}"
                )));
            }
        }
        Ok(())
    }

    /// The run's now, RFC 3339.
    pub(super) fn timestamp(&self) -> Result<String> {
        Ok(rfc3339(self.settings.now()?))
    }

    /// A report in the form that is wanted.
    pub(super) fn form(
        &self,
        report: &impl Serialize,
        table: impl FnOnce() -> String,
    ) -> Result<String> {
        if self.json { print::json(report) } else { Ok(table()) }
    }
}

/// A step that a job was to take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The one of rt-consolidate.
    Consolidation,
    /// The one of rt-expire.
    Purge,
}

impl FromStr for Step {
    type Err = Error;

    fn from_str(word: &str) -> Result<Step> {
        match word {
            "consolidation" => Ok(Step::Consolidation),
            "purge" => Ok(Step::Purge),
            _ => Err(Error::usage(format!(
                "--expect: {} is neither consolidation nor purge",
                quote(word)
            ))),
        }
    }
}

/// A job, and the file that has its report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    pub(super) name: String,
    pub(super) file: PathBuf,
}

/// Keys of the whole report, which no part can have.
const TAKEN: [&str; 7] = [
    "mode",
    "timestamp",
    "dry_run",
    "policy",
    "database",
    "archives",
    "duration_seconds",
];

impl FromStr for Part {
    type Err = Error;

    fn from_str(word: &str) -> Result<Part> {
        match word.split_once('=') {
            Some((name, file))
                if !name.is_empty()
                    && !file.is_empty()
                    && !TAKEN.contains(&name) =>
            {
                Ok(Part { name: name.to_owned(), file: file.into() })
            }
            _ => Err(Error::usage(format!(
                "--part: {} is not NAME=FILE",
                quote(word)
            ))),
        }
    }
}

/// What to show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Show {
    /// Tables and tiers.
    Status,
    /// The policy.
    Policy,
    /// The archives by table and month.
    Stats,
    /// What passes a limit.
    Check,
}

impl FromStr for Show {
    type Err = Error;

    fn from_str(word: &str) -> Result<Show> {
        match word {
            "status" => Ok(Show::Status),
            "policy" => Ok(Show::Policy),
            "stats" => Ok(Show::Stats),
            "check" => Ok(Show::Check),
            _ => Err(Error::usage(format!(
                "--show: {} is not status, policy, stats, check, page or \
                 metrics",
                quote(word)
            ))),
        }
    }
}

/// What the archives are counted by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// Table and tier.
    Table,
    /// Month and tier.
    Month,
    /// Day and tier.
    Day,
}

impl FromStr for By {
    type Err = Error;

    fn from_str(word: &str) -> Result<By> {
        match word {
            "table" => Ok(By::Table),
            "month" => Ok(By::Month),
            "day" => Ok(By::Day),
            _ => Err(Error::usage(format!(
                "--by: {} is not day, month or table",
                quote(word)
            ))),
        }
    }
}
