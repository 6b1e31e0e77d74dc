//! rt-policy --check: a policy held against the database that it is for.
//!
//! What would make a job fail, or never move a row, is an error; what makes it
//! slow, or keeps rows longer than one may think, is a hint. A line a finding,
//! and in it what to do.

use jiff::Timestamp;

use super::indexed;
use super::times::{Reading, Strange, units};
use crate::db::{Access, Database, Kind, Table};
use crate::error::{Error, Exit, Result, counted, quote};
use crate::settings::Settings;
use crate::settings::columns::Columns;
use crate::settings::policy::{Entry, Policy, Rule, end_cutoff};
use crate::time::Unit;
use crate::value::Owned;

/// What was found.
#[derive(Default)]
struct Findings {
    lines: String,
    errors: bool,
}

impl Findings {
    fn error(&mut self, table: &str, what: &str) {
        self.errors = true;
        self.add("error", table, what);
    }

    fn hint(&mut self, table: &str, what: &str) {
        self.add("hint", table, what);
    }

    fn add(&mut self, kind: &str, table: &str, what: &str) {
        let what = what.replace('\n', " ");
        self.lines.push_str(&format!("{kind}: {}: {what}\n", quote(table)));
    }

    /// An error that is about the table; one of the database ends the program.
    fn refusal(&mut self, table: &str, error: Error) -> Result<()> {
        if error.exit() == Exit::Busy {
            return Err(error);
        }
        let next = match error.next_step() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        };
        self.error(table, &next);
        Ok(())
    }
}

/// What is found, and the exit status. Where no database is named, only the
/// policy was read.
pub(super) fn check(
    settings: &Settings,
    policy: &Policy,
) -> Result<(String, Exit)> {
    if !settings.names_db() {
        return Ok((String::new(), Exit::Done));
    }
    let now = settings.now()?;
    let mut database = settings.open(Access::Read)?;
    settings.need_policy_table(policy, &database)?;
    let names = database.table_names()?;
    let mut findings = Findings::default();
    for entry in policy.entries() {
        table(&mut database, policy, entry, &names, now, &mut findings)?;
    }
    let mut rest = Vec::new();
    for name in names.iter().filter(|name| !policy.names(name)) {
        let kind = database.table(name).ok().flatten().map(|t| t.kind);
        if kind == Some(Kind::Ordinary) {
            rest.push(name.as_str());
        }
    }
    if !rest.is_empty() {
        let rest = rest.join(", ");
        findings.lines.push_str(&format!(
            "hint: no line names {}: their rows stay; rt-policy --suggest \
             has a line for each\n",
            rest.replace('\n', " ")
        ));
    }
    // A night without anything to do would look like one that went well.
    if policy.entries().iter().all(|e| matches!(e, Entry::Exempt(_))) {
        findings.lines.push_str(
            "hint: every table of the policy is exempt: no job archives \
             anything until a line has periods\n",
        );
    }
    let exit = if findings.errors { Exit::Usage } else { Exit::Done };
    Ok((findings.lines, exit))
}

/// What is found of one table.
pub(super) fn findings(
    database: &mut Database,
    policy: &Policy,
    entry: &Entry,
    now: Timestamp,
) -> Result<String> {
    let names = database.table_names()?;
    let mut findings = Findings::default();
    table(database, policy, entry, &names, now, &mut findings)?;
    Ok(findings.lines)
}

fn table(
    database: &mut Database,
    policy: &Policy,
    entry: &Entry,
    names: &[String],
    now: Timestamp,
    findings: &mut Findings,
) -> Result<()> {
    let name = entry.table();
    let rule = match entry {
        Entry::Rule(rule) => Some(&**rule),
        Entry::Exempt(_) | Entry::Whole(..) => None,
    };
    let found = match database.table(name) {
        Ok(found) => found,
        Err(_) if rule.is_none() => return Ok(()),
        Err(error) => return findings.refusal(name, error),
    };
    let whole = matches!(entry, Entry::Whole(..));
    match (found, rule) {
        (Some(table), None) if whole => {
            match database.check_purgeable(&table) {
                Ok(()) => Ok(()),
                Err(error) => findings.refusal(name, error),
            }
        }
        (Some(table), Some(rule)) => {
            ruled(database, policy, &table, rule, now, findings)
        }
        (Some(_), None) => Ok(()),
        (None, None) => {
            let what = match whole {
                true => "there is no such table for rt-scaletrace",
                false => "there is no such table to be exempt",
            };
            findings.hint(name, &format!("{what}; take the line out"));
            Ok(())
        }
        (None, Some(rule)) if rule.optional => Ok(()),
        (None, Some(_)) => {
            findings.error(
                name,
                &format!(
                    "there is no such table; correct the name, take the line \
                     out, or say \"optional\":true. The database has {}",
                    names.join(", ")
                ),
            );
            Ok(())
        }
    }
}

/// A table that is there, and has periods.
fn ruled(
    database: &mut Database,
    policy: &Policy,
    table: &Table,
    rule: &Rule,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<()> {
    let name = &table.name;
    if let Err(error) = database.check_purgeable(table) {
        return findings.refusal(name, error);
    }
    let choice = Columns::default().choose(table, Some(rule));
    let choice = match choice.and_then(|c| {
        c.check_complete(table)?;
        c.need_timestamp(table)?;
        Ok(c)
    }) {
        Ok(choice) => choice,
        Err(error) => return findings.refusal(name, error),
    };
    if let Some(expr) = &rule.where_
        && let Err(error) = database.check_condition(table, expr)
    {
        findings.refusal(name, error)?;
    }
    if !rule.triggers_trust
        && let Err(error) = database.check_triggers(table)
    {
        findings.refusal(name, error)?;
    }
    pointed_at(database, policy, table, findings)?;
    if table.can_be_keyless() && table.key_columns().is_empty() {
        findings.hint(
            name,
            "it has no key: rows are told apart by all they hold, which takes \
             longer; an INTEGER PRIMARY KEY finds each at once",
        );
    }
    if !rule.keep_greatest_id && database.gives_ids_again(table)? {
        findings.hint(
            name,
            "once its rows are gone SQLite counts their ids anew, and the \
             archives get two rows of one id: \"keep_greatest_id\":true \
             leaves the last row, AUTOINCREMENT counts on",
        );
    }
    if let Some((column, _)) = choice.timestamp {
        dated(database, table, rule, column, now, findings)?;
        let condition = rule.where_.as_deref();
        if let Some(hint) = indexed::hint(database, table, column, condition)?
        {
            findings.hint(name, &hint);
        }
    }
    Ok(())
}

/// What keeps rows although they are due.
fn pointed_at(
    database: &Database,
    policy: &Policy,
    table: &Table,
    findings: &mut Findings,
) -> Result<()> {
    let references = match database.references(table) {
        Ok(references) => references,
        Err(error) => return findings.refusal(&table.name, error),
    };
    for child in references.pointers() {
        let columns = child.columns.join(", ");
        let of = quote(child.table);
        let own = child.table.eq_ignore_ascii_case(&table.name);
        let ends = matches!(policy.get(child.table), Some(Entry::Rule(_)));
        let what = match (own, ends) {
            (true, _) => format!(
                "its own rows point at each other ({columns}): a row stays \
                 as long as a row that stays points at it"
            ),
            (false, true) => format!(
                "rows of {of} point at it ({columns}): a row stays until \
                 these have gone by their own line"
            ),
            (false, false) => format!(
                "rows of {of} point at it ({columns}), and no line moves \
                 these: a row stays as long as one of them points at it; give \
                 {of} a line of its own if they are to go"
            ),
        };
        findings.hint(&table.name, &what);
        if !child.indexed {
            findings.hint(
                child.table,
                &format!(
                    "no index serves {columns}, by which it points at {}: \
                     each run reads all of it; CREATE INDEX mends that, where \
                     the type is that of what it points at",
                    quote(&table.name)
                ),
            );
        }
    }
    Ok(())
}

/// Whether the column holds times, in the unit that the rule says.
fn dated(
    database: &Database,
    table: &Table,
    rule: &Rule,
    column: usize,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<()> {
    let name = &table.name;
    let at = quote(&table.columns[column].name);
    let rows = database.sample(table, &[column])?;
    let values: Vec<&Owned> = rows
        .iter()
        .flatten()
        .filter(|value| !matches!(value, Owned::Null))
        .collect();
    let nulls = rows.len() - values.len();
    let read = Reading::of(values.iter().copied(), rule.unit.as_ref(), now);
    if values.is_empty() {
        if nulls > 0 {
            findings.error(name, &format!(
                "{at} is NULL in each of {nulls} rows looked at: none of them \
                 will ever be due; name another column"
            ));
        }
        return Ok(());
    }
    let better = units(&values, now);
    if read.strange() == read.given {
        findings.error(name, &no_time(&at, &read, &better));
        return Ok(());
    }
    if rule.unit.is_none()
        && read.numbers > 0
        && let [unit] = better[..]
    {
        findings.hint(
            name,
            &format!(
                "{at} holds numbers: say \"unit\":\"{unit}\", so that \
                 nothing else is ever read into them"
            ),
        );
    }
    let null = Strange { values: nulls, example: "NULL".to_owned() };
    for what in odd(&at, rows.len(), null, read) {
        findings.hint(name, &what);
    }
    past(rule, &values, now, name, findings)
}

/// No value is a time that a program can have written.
fn no_time(at: &str, read: &Reading, better: &[&Unit]) -> String {
    let next = match better {
        [unit] => format!("\"unit\":\"{unit}\" reads them all"),
        _ => "say their unit, or name another column; see rt-policy(5)"
            .to_owned(),
    };
    let how = match read.undated.values == read.given {
        true => "reads as a time",
        false => "reads as a time from 2000 to now",
    };
    format!(
        "no value of {at} in {} looked at {how}, such as {}: {next}",
        counted(read.given as u64, "row"),
        read.example()
    )
}

/// Some values are not.
fn odd(at: &str, rows: usize, null: Strange, read: Reading) -> Vec<String> {
    let rows = counted(rows as u64, "row");
    [
        (null, "is no time", "these will never be due"),
        (read.undated, "reads as no time", "these will never be due"),
        (read.future, "lies ahead of now", "a plan, or not its unit"),
        (read.early, "reads as a time before 2000", "not its unit?"),
    ]
    .into_iter()
    .filter(|(kind, ..)| kind.values > 0)
    .map(|(Strange { values, example }, how, so)| {
        format!(
            "{at} {how} in {values} of {rows} looked at, such as {example}: \
             {so}"
        )
    })
    .collect()
}

/// Rows that are past all periods when they are archived.
fn past(
    rule: &Rule,
    values: &[&Owned],
    now: Timestamp,
    name: &str,
    findings: &mut Findings,
) -> Result<()> {
    let Some(end) = end_cutoff(rule, now)? else { return Ok(()) };
    let over = values
        .iter()
        .filter_map(|v| crate::time::instant(v.borrow(), rule.unit.as_ref()))
        .filter(|at| *at < end)
        .count();
    if over > 0 {
        findings.hint(name, &format!(
            "{over} of {} rows looked at are past hot + warm + cold already: \
             archived now, they are due to be deleted for good; rt-expire \
             asks before",
            values.len()
        ));
    }
    Ok(())
}
