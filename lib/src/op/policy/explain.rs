//! rt-policy --explain: what the policy means for one table, as dates and
//! counts, and what is in the way of rows that stay.

use jiff::Timestamp;

use super::check;
use crate::db::{Access, Census, Database, Question, Table};
use crate::error::{Result, counted, quote};
use crate::settings::Settings;
use crate::settings::policy::{
    Entry, Every, Policy, Rule, cold_cutoff, cutoff, end_cutoff,
};
use crate::time::{self, Day};

/// The text about a table of the policy, or one that no line names.
pub(super) fn explain(
    settings: &Settings,
    policy: &Policy,
    name: &str,
) -> Result<String> {
    let now = settings.now()?;
    let mut database = settings.open(Access::Read)?;
    let table = database.need_table(name)?;
    let mut out = format!("{}: ", quote(&table.name));
    let Some(line) = policy.line_of(name) else {
        out.push_str(&format!(
            "no line of {} names it: its rows stay; rt-policy --suggest has \
             a line for it\n",
            settings.policy_name()
        ));
        return Ok(out);
    };
    let place = match settings.policy_path() {
        Some(_) => format!("line {line} of {}", settings.policy_name()),
        None => settings.policy_name(),
    };
    match policy.get(name) {
        Some(Entry::Rule(rule)) => {
            let job = match rule.every {
                Every::Day => "rt-daily",
                Every::Week => "rt-weekly",
            };
            out.push_str(&format!("by {place}, {job} takes it\n"));
            ruled(&mut out, &mut database, &table, rule, now)?;
        }
        Some(Entry::Exempt(_)) => {
            out.push_str(&format!("by {place} nothing ever touches it\n"));
        }
        Some(Entry::Whole(..)) | None => {
            out.push_str(&format!("by {place} only rt-scaletrace takes it\n"));
        }
    }
    if let Some(entry) = policy.entry(name) {
        out.push_str(&check::findings(&mut database, policy, entry, now)?);
    }
    Ok(out)
}

/// The periods, a line each, with what they mean today.
fn ruled(
    out: &mut String,
    database: &mut Database,
    table: &Table,
    rule: &Rule,
    now: Timestamp,
) -> Result<()> {
    let at = |instant: Timestamp| time::rfc3339(instant);
    let column = table.column(&rule.timestamp);
    let question = Question {
        timestamp: column.map(|column| (column, rule.unit.clone())),
        cutoff: cutoff(rule, now)?,
        cold_cutoff: cold_cutoff(rule, now)?,
        condition: rule.where_.clone(),
        keep_greatest: rule.keep_greatest_id,
        future: Some(super::times::tomorrow(now)),
    };
    let census = database.census(table, &question)?;
    let hot = match question.cutoff {
        Some(cutoff) => format!(
            "rows before {} leave the database: {} of {}",
            at(cutoff),
            census.stale,
            counted(census.rows, "row")
        ),
        None => "no row ever leaves the database".to_owned(),
    };
    out.push_str(&format!("  hot {}: {hot}\n", rule.hot));
    if let Some(cold) = question.cold_cutoff {
        out.push_str(&format!(
            "  warm {}: days before {} go to the archive of their month: {} \
             of these\n",
            rule.warm,
            Day::of(cold),
            counted(census.stale - census.warm, "row")
        ));
    }
    let end = match end_cutoff(rule, now)? {
        Some(end) => format!("days before {} are deleted", Day::of(end)),
        None => "no archive is deleted".to_owned(),
    };
    let cold = rule.cold.as_ref().map_or("none".to_owned(), |c| c.to_string());
    out.push_str(&format!("  cold {cold}: {end}\n"));
    let unit = match &rule.unit {
        Some(unit) => format!(", read as {unit}"),
        None => String::new(),
    };
    out.push_str(&format!("  time: {}{unit}", quote(&rule.timestamp)));
    if let (Some(oldest), Some(newest)) = (census.oldest, census.newest) {
        let (oldest, newest) = (at(oldest), at(newest));
        out.push_str(&format!(", from {oldest} to {newest}"));
    }
    out.push('\n');
    if let Some(expr) = &rule.where_ {
        out.push_str(&format!("  where: only rows for which {expr}\n"));
    }
    out.push_str(&staying(&census));
    Ok(())
}

/// Rows whose time keeps them.
fn staying(census: &Census) -> String {
    let mut out = String::new();
    for (rows, why) in [
        (census.undated, "without a time that can be read: rt-stat --undated"),
        (census.future, "dated more than a day ahead of now"),
    ] {
        if rows > 0 {
            out.push_str(&format!("  stay: {} {why}\n", counted(rows, "row")));
        }
    }
    out
}
