//! rt-policy --suggest: a policy for a database, to be edited.
//!
//! It must never move what a program still needs. So a table gets periods only
//! where everything speaks for a log: its name, a column that holds when each
//! row was written and nothing else, and no sign that rows change, are meant
//! by others or belong to others. All else is exempt, and a remark says why.
//! No archive is ever deleted by it: how long to keep them is not in the
//! database.

mod reasons;
mod seen;
mod words;

use bytesize::ByteSize;
use jiff::{SignedDuration, Timestamp};

use crate::db::{Access, Census, Database, Question};
use crate::error::{Error, Result, counted, quote, quoted};
use crate::settings::policy::{
    Entry, Every, Period, Rule, cold_cutoff, cutoff,
};
use crate::settings::{Settings, absolute};
use crate::time::{Age, Day, Unit};

use super::times::tomorrow;
use seen::{Look, Seen, Time};

/// Numbers whose newest is older than this may count something else.
const OLD_DAYS: i64 = 400;

/// The policy, with remarks.
pub(super) fn suggest(settings: &Settings) -> Result<String> {
    let now = settings.now()?;
    let mut database = settings.open(Access::Read)?;
    let path = quoted(absolute(&settings.db()));
    let names = database.table_names()?;
    let (mut all, mut others, mut refused) = (vec![], vec![], vec![]);
    for name in &names {
        match Seen::look(&mut database, name, now)? {
            Look::Table(seen) => all.push(*seen),
            Look::NoTable(what) => {
                others.push(format!("{} is {what}", quote(name)));
            }
            Look::Refused(why) => refused.push((name, why)),
        }
    }
    if all.is_empty() && refused.is_empty() {
        return Err(Error::usage(format!("{path} has no tables"))
            .hint("name the database with --db FILE, or set RT_DB"));
    }
    let mut out = head(&path, now);
    let (mut lines, mut large) = (String::new(), Vec::new());
    for seen in &all {
        lines.push('\n');
        lines.push_str(&about(seen, &all, &database, now, &mut large)?);
    }
    largest(&mut out, large);
    out.push_str(&lines);
    for (name, why) in refused {
        out.push('\n');
        let why = format!("{}: {why}", quote(name));
        write_exempt(&mut out, name, &[why]);
    }
    if !others.is_empty() {
        remark(&mut out, "");
        remark(&mut out, "Not named, for nothing can be archived of these:");
        others.iter().for_each(|other| remark(&mut out, other));
    }
    Ok(out)
}

fn head(path: &str, now: Timestamp) -> String {
    let mut out = String::new();
    for line in [
        &format!(
            "Suggested by rt-policy --suggest for {path} on {}.",
            Day::of(now)
        ),
        "Read each line before you use it; see rt-policy(5).  Rows leave the",
        "database when they are older than hot.  \"cold\":\"forever\" deletes no",
        "archive: write 1y, for example, for rows that are to be deleted for",
        "good at hot + warm + cold.  When you are done with FILE:",
        &format!("  rt-policy --check --policy FILE --db {path}"),
        &format!("  rt-archive -n --policy FILE --db {path} all"),
    ] {
        remark(&mut out, line);
    }
    out
}

/// A table whose rows have a time, and what they take.
struct Large {
    bytes: ByteSize,
    table: String,
}

/// The few tables on which the policy matters most.
fn largest(out: &mut String, mut large: Vec<Large>) {
    large.sort_by_key(|one| std::cmp::Reverse(one.bytes));
    let few: Vec<String> = large
        .iter()
        .take(5)
        .map(|one| format!("{} {}", quote(&one.table), one.bytes))
        .collect();
    if !few.is_empty() {
        let few = few.join(", ");
        remark(out, &format!("Largest of those with a time: {few}."));
    }
}

/// A line of remark, whatever names hold.
fn remark(out: &mut String, text: &str) {
    let text: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    out.push_str(format!("# {text}").trim_end());
    out.push('\n');
}

/// The lines about a table.
fn about(
    seen: &Seen,
    all: &[Seen],
    database: &Database,
    now: Timestamp,
    large: &mut Vec<Large>,
) -> Result<String> {
    let name = quote(seen.name());
    let mut out = String::new();
    let time = match &seen.time {
        Ok(time) => time,
        Err(why) => {
            let mut reasons = vec![format!("{name}: {why}")];
            reasons.extend(reasons::changes(seen, now));
            write_exempt(&mut out, seen.name(), &reasons);
            return Ok(out);
        }
    };
    let mut rule = rule(seen, time)?;
    let question = Question {
        timestamp: Some((time.column, time.unit.clone())),
        cutoff: cutoff(&rule, now)?,
        cold_cutoff: cold_cutoff(&rule, now)?,
        ..Question::default()
    };
    let census = database.census(&seen.table, &question)?;
    let figures = figures(&census, seen, time);
    let bytes = ByteSize::b(database.table_size(&seen.table)?.live_bytes);
    remark(&mut out, &format!("{name}: {figures}; {bytes} without indexes"));
    large.push(Large { bytes, table: seen.name().to_owned() });
    let mut reasons = reasons::reasons(seen, all, now);
    reasons.extend(doubts(&census, seen, time, now));
    // Rows that the program still changes stay, whoever takes the line.
    let open = reasons::open_until_filled(seen, now);
    rule.where_ = seen.table.with_values(&open);
    let written = Entry::Rule(Box::new(rule)).to_string();
    if reasons.is_empty() {
        let Census { hot, stale, warm, .. } = census;
        remark(
            &mut out,
            &format!(
                "now {hot} rows are hot, {warm} would go to warm and {} to \
                 cold",
                stale - warm
            ),
        );
        for key in &seen.points_to {
            let columns = key.columns.join(", ");
            let parent = quote(&key.parent);
            remark(&mut out, &format!("{columns} refers to {parent}"));
        }
        out.push_str(&written);
        out.push('\n');
        return Ok(out);
    }
    write_exempt(&mut out, seen.name(), &reasons);
    remark(&mut out, "If its rows can go all the same, this in its place:");
    remark(&mut out, &written);
    Ok(out)
}

/// How many rows, from when to when, how many a day, and by what.
fn figures(census: &Census, seen: &Seen, time: &Time) -> String {
    let column = quote(&seen.table.columns[time.column].name);
    let mut text = counted(census.rows, "row");
    if let (Some(oldest), Some(newest)) = (census.oldest, census.newest) {
        let days = (newest.as_second() - oldest.as_second()) / 86_400 + 1;
        let (oldest, newest) = (Day::of(oldest), Day::of(newest));
        let a_day = census.rows.div_ceil(days.unsigned_abs().max(1));
        let ends = format!(", {oldest} to {newest}, about {a_day} a day");
        text.push_str(&ends);
    }
    match &time.unit {
        Some(unit @ Unit::Pattern(_)) => {
            text + &format!("; {column} holds texts, {unit}")
        }
        Some(unit) => text + &format!("; {column} holds numbers, {unit}"),
        None => text + &format!("; {column} holds dates as text"),
    }
}

/// What the rows as a whole say against it.
fn doubts(
    census: &Census,
    seen: &Seen,
    time: &Time,
    now: Timestamp,
) -> Vec<String> {
    let column = quote(&seen.table.columns[time.column].name);
    let mut doubts = Vec::new();
    if census.undated > 0 {
        let rows = counted(census.undated, "row");
        doubts.push(format!("{rows} without a readable time"));
    }
    let Some(newest) = census.newest else { return doubts };
    if newest > tomorrow(now) {
        doubts.push(format!("{column} reaches to {}", Day::of(newest)));
    }
    let age = now.duration_since(newest);
    if time.unit.is_some() && age > SignedDuration::from_hours(24 * OLD_DAYS) {
        doubts.push(format!(
            "its newest row reads as {}: if it is newer, {column} counts \
             something else",
            Day::of(newest)
        ));
    }
    doubts
}

fn write_exempt(out: &mut String, table: &str, reasons: &[String]) {
    for reason in reasons {
        remark(out, &format!("exempt: {reason}"));
    }
    out.push_str(&Entry::Exempt(table.to_owned()).to_string());
    out.push('\n');
}

/// A start: a month in the database, a quarter in files of their day, and
/// after that in files of their month.
fn rule(seen: &Seen, time: &Time) -> Result<Rule> {
    let age = |text| Age::parse(text).map(Period::Age);
    Ok(Rule {
        table: seen.name().to_owned(),
        group: None,
        every: Every::Day,
        timestamp: seen.table.columns[time.column].name.clone(),
        unit: time.unit.clone(),
        hot: age("30d")?,
        warm: age("90d")?,
        cold: Some(Period::Forever),
        whole: None,
        where_: None,
        redact: Vec::new(),
        exclude: Vec::new(),
        redact_secrets: None,
        triggers_trust: false,
        keep_greatest_id: seen.gives_ids_again,
        optional: false,
    })
}
