//! A table's way through an export: what is meant, what is due, and the rows.

use std::io::Write;

use jiff::Timestamp;

use super::after;
use super::extent::Reach;
use super::on_hold::OnHold;
use super::options::Options;
use super::rows::{Done, Rows, empty};
use crate::db::{
    Access, Database, Filter, PlannedDeletions, Selection, Table,
};
use crate::error::{Error, Exit, Notes, Result, did_you_mean, quote};
use crate::outcome::{Exported, Status};
use crate::settings::columns::{ColumnChoice, rule};
use crate::settings::condition;
use crate::settings::policy::{self, Entry, Policy};
use crate::signal::Stop;
use crate::time::{self, clock, rfc3339};

/// What all tables of a run have in common.
pub(super) struct Job<'j> {
    options: &'j Options,
    policy: Policy,
    pub now: Timestamp,
    stop: &'j Stop,
    holds: OnHold,
}

impl<'j> Job<'j> {
    pub fn new(options: &'j Options, stop: &'j Stop) -> Result<Job<'j>> {
        clock::check_span(
            ("since", options.since),
            ("before", options.before),
        )?;
        if let Some(text) = &options.condition {
            condition::check("--where", text)?;
        }
        let policy = options.settings.load_policy()?;
        let now = options.settings.now()?;
        let holds = OnHold::read(options, now)?;
        Ok(Job { options, policy, now, stop, holds })
    }

    pub fn open(&self) -> Result<Database> {
        self.options.settings.open(Access::Read)
    }

    /// Exports a table; for a look, its first row.
    pub fn export(
        &self,
        database: &mut Database,
        name: &str,
        output: &mut dyn Write,
        notes: &mut dyn Notes,
    ) -> Result<Done> {
        let Job { options, policy, now, stop, holds } = self;
        let Some(table) = database.table(name)? else {
            let message = format!(
                "{} has no table {}",
                crate::error::quoted(options.settings.db()),
                quote(name)
            );
            let names = database.table_names()?;
            let near = did_you_mean(name, names.iter().map(String::as_str));
            let near = near.map(|near| format!("; {near}"));
            let message = message + &near.unwrap_or_default();
            return Ok(refused(name, Status::NoTable, message, notes));
        };
        let rule = rule(policy, &table.name);
        let before = cutoff(options, rule, *now)?;
        let (chosen, filter) =
            meant(options, rule, &table, (before, *now), holds)?;
        if options.due {
            database.check_purgeable(&table)?;
            chosen.check_complete(&table)?;
            if !rule.is_some_and(|r| r.triggers_trust) {
                database.check_triggers(&table)?;
            }
        }
        let never = options.due && before.is_none();
        let mut record = empty(&table.name, Status::NoRecords);
        record.cutoff_date = before.map(rfc3339);
        if never {
            record.message = Some("its rows stay hot for ever".to_owned());
            write_nothing(options, output)?;
            return Ok(Done { record, exit: Exit::Done, whole: true });
        }
        // A look ends soon, whatever points at the rows that are due.
        let selection = Selection {
            filter,
            unreferenced: options.due && !options.look,
            at_most: options.at_most().filter(|_| options.look),
            planned: self.planned(database, &table)?,
        };
        let due = database.select(&table, &chosen.columns, &selection)?;
        let end =
            rule.map(|rule| policy::end_cutoff(rule, *now)).transpose()?;
        let reach = Reach::new(&chosen, end.flatten());
        let reasons = holds.reasons(&table);
        Rows { options, table: &table, chosen: &chosen, stop, reach, reasons }
            .write(due, record, output, notes)
    }

    /// What a run would delete from other tables before this one's turn.
    fn planned(
        &self,
        database: &Database,
        table: &Table,
    ) -> Result<PlannedDeletions> {
        let Job { options, policy, now, holds, .. } = self;
        let Some(path) = options.after.as_ref().filter(|_| !options.look)
        else {
            return Ok(PlannedDeletions::default());
        };
        if !options.due || !options.settings.dry_run {
            return Err(Error::usage("--after is for a dry run of --due"));
        }
        let tables = after::tables(path)?;
        database.planned_before(table, &tables, &mut |other| {
            let rule = rule(policy, &other.name);
            let before = cutoff(options, rule, *now)?;
            Ok(meant(options, rule, other, (before, *now), holds)?.1)
        })
    }

    /// The policy has no rule for the table, and no flag takes its place.
    pub fn without_rule(
        &self,
        name: &str,
        notes: &mut dyn Notes,
    ) -> Option<Done> {
        let options = self.options;
        if !options.due {
            return None;
        }
        match self.policy.get(name) {
            Some(Entry::Rule(_)) => None,
            Some(Entry::Exempt(name)) => Some(Done {
                record: Exported {
                    message: Some("the policy keeps it out".to_owned()),
                    ..empty(name, Status::Exempt)
                },
                exit: Exit::Done,
                whole: true,
            }),
            None | Some(Entry::Whole(..))
                if options.older_than.is_some()
                    || options.before.is_some() =>
            {
                None
            }
            None | Some(Entry::Whole(..)) => {
                let message =
                    format!("the policy does not name table {}", quote(name));
                Some(refused(name, Status::NoPolicy, message, notes))
            }
        }
    }
}

/// The columns, and the rows that are meant by what dates them.
fn meant(
    options: &Options,
    rule: Option<&policy::Rule>,
    table: &Table,
    (before, now): (Option<Timestamp>, Timestamp),
    holds: &OnHold,
) -> Result<(ColumnChoice, Filter)> {
    let chosen = options.columns.choose(table, rule)?;
    let mut filter = Filter {
        timestamp: chosen.timestamp.clone(),
        since: options.since,
        before,
        future: Some(time::future(now)),
        held: holds.spans(table),
        condition: options.condition.clone(),
        keep_greatest: options.due && rule.is_some_and(|r| r.keep_greatest_id),
    };
    if filter.needs_time() || options.due {
        chosen.need_timestamp(table)?;
    }
    if options.due
        && let Some(ruled) = rule.and_then(|r| r.where_.as_deref())
    {
        filter.condition = Some(both(ruled, options.condition.as_deref()));
    }
    Ok((chosen, filter))
}

fn refused(
    name: &str,
    status: Status,
    message: String,
    notes: &mut dyn Notes,
) -> Done {
    notes.warn(&message);
    Done {
        record: Exported { message: Some(message), ..empty(name, status) },
        exit: Exit::Usage,
        whole: true,
    }
}

/// Where no row is looked for, an array is still one: empty.
pub(super) fn write_nothing(
    options: &Options,
    output: &mut dyn Write,
) -> Result<()> {
    if options.settings.dry_run {
        return Ok(());
    }
    output
        .write_all(options.frame().close())
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write rows", e))
}

/// The instant before which rows are meant.
fn cutoff(
    options: &Options,
    rule: Option<&policy::Rule>,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    match (&options.older_than, options.before, rule) {
        (Some(_), Some(_), _) => Err(Error::usage(
            "--older-than and --before say the same thing: give one",
        )),
        (Some(age), None, _) => age.before(now).map(Some),
        (None, Some(before), _) => Ok(Some(before)),
        (None, None, Some(rule)) if options.due => policy::cutoff(rule, now),
        (None, None, _) => Ok(None),
    }
}

fn both(ruled: &str, asked: Option<&str>) -> String {
    match asked {
        Some(asked) => format!("(\n{ruled}\n) AND (\n{asked}\n)"),
        None => ruled.to_owned(),
    }
}
