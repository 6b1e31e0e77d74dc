//! rt-export: rows of a table, as lines of JSON, in the order of its rowid or
//! key.
//!
//! A batch is encoded in memory within one short read transaction and written
//! after it, so that a slow reader of ours holds up nobody. What dates a row,
//! what is due and what a row that stays points at is decided by `db`.

mod after;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;

use crate::db::{
    Access, ArchivedForm, Batch, Database, Due, Filter, Fit, PlannedDeletions,
    RowEncoder, Selection, Table,
};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::durable;
use crate::outcome::{Exported, Outcome, Status};
use crate::settings::Settings;
use crate::settings::columns::{ColumnChoice, Columns, rule};
use crate::settings::policy::{self, Entry, Policy};
use crate::signal::Stop;
use crate::time::{Age, rfc3339};

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// A row a line.
    #[default]
    Jsonl,
    /// One array, a row a line.
    Json,
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// The table.
    pub table: String,
    /// `--due`.
    pub due: bool,
    /// `--older-than`.
    pub older_than: Option<Age>,
    /// `--before`.
    pub before: Option<Timestamp>,
    /// `--since`.
    pub since: Option<Timestamp>,
    /// `--where`.
    pub condition: Option<String>,
    /// `--limit`.
    pub limit: Option<u64>,
    /// `--after`: results of dry runs, whose tables come before.
    pub after: Option<PathBuf>,
    /// `--format`.
    pub format: Format,
    /// The columns.
    pub columns: Columns,
    /// `--batch-size`.
    pub batch_size: Option<u64>,
    /// `--result`.
    pub result: Option<PathBuf>,
}

/// What came of it.
struct Done {
    record: Exported,
    exit: Exit,
}

/// Exports. In a dry run the result record takes the place of the rows; the
/// result file is written when all rows are out, or when it failed.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let stop = Stop::listen()?;
    let done = export(options, output, notes, &stop);
    let record = match &done {
        Ok(done) => done.record.clone(),
        // A reader that went away leaves no result: nobody was told all.
        Err(error) if error.exit() == Exit::Closed => return done_exit(done),
        Err(error) => Exported {
            message: Some(error.to_string()),
            exit_status: Some(error.exit().code()),
            ..empty(&options.table, Status::Failed)
        },
    };
    let line = serde_json::to_string(&Outcome::Exported(record))
        .map_err(|e| Error::failed(format!("cannot write a record: {e}")))?;
    if options.settings.dry_run {
        output
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|e| Error::stream("cannot write the result", e))?;
    } else if let Some(path) = &options.result {
        durable::write_whole(path, format!("{line}\n").as_bytes())?;
    }
    done_exit(done)
}

fn done_exit(done: Result<Done>) -> Result<Exit> {
    done.map(|d| d.exit)
}

fn empty(table: &str, status: Status) -> Exported {
    Exported {
        table: table.to_owned(),
        status,
        rows: 0,
        undated: 0,
        referenced: 0,
        unrepresentable: 0,
        cutoff_date: None,
        redacted: Vec::new(),
        secrets: BTreeMap::new(),
        message: None,
        exit_status: None,
    }
}

fn export(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Done> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    if options.due
        && let Some(done) = without_rule(options, &policy, notes)
    {
        if done.exit == Exit::Done {
            write_nothing(options, output)?;
        }
        return Ok(done);
    }
    let mut database = options.settings.open(Access::Read)?;
    let Some(table) = database.table(&options.table)? else {
        let message = format!(
            "{} has no table {}",
            crate::error::quoted(&options.settings.db()),
            quote(&options.table)
        );
        return Ok(refused(options, Status::NoTable, message, notes));
    };
    let rule = rule(&policy, &table.name);
    let before = cutoff(options, rule, now)?;
    let (chosen, filter) = meant(options, rule, &table, before)?;
    if options.due {
        table.check_purgeable()?;
        chosen.check_complete(&table)?;
        if !rule.is_some_and(|r| r.triggers_trust) {
            database.check_triggers(&table)?;
        }
    }
    let never = options.due && before.is_none();
    let planned = planned(options, &policy, now, &database, &table)?;
    let selection = Selection { filter, unreferenced: options.due, planned };
    let mut record = empty(&table.name, Status::NoRecords);
    record.cutoff_date = before.map(rfc3339);
    if never {
        record.message = Some("its rows stay hot for ever".to_owned());
        write_nothing(options, output)?;
        return Ok(Done { record, exit: Exit::Done });
    }
    let due = database.select(&table, &chosen.columns, &selection)?;
    Rows { options, table: &table, chosen: &chosen, stop }
        .write(due, record, output, notes)
}

/// The columns, and the rows that are meant by what dates them.
fn meant(
    options: &Options,
    rule: Option<&policy::Rule>,
    table: &Table,
    before: Option<Timestamp>,
) -> Result<(ColumnChoice, Filter)> {
    let chosen = options.columns.choose(table, rule)?;
    let mut filter = Filter {
        timestamp: chosen.timestamp,
        since: options.since,
        before,
        condition: options.condition.clone(),
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

/// What a run would delete from other tables before this one's turn.
fn planned(
    options: &Options,
    policy: &Policy,
    now: Timestamp,
    database: &Database,
    table: &Table,
) -> Result<PlannedDeletions> {
    let Some(path) = &options.after else {
        return Ok(PlannedDeletions::default());
    };
    if !options.due || !options.settings.dry_run {
        return Err(Error::usage("--after is for a dry run of --due"));
    }
    let tables = after::tables(path)?;
    database.planned_before(table, &tables, &mut |other| {
        let rule = rule(policy, &other.name);
        let before = cutoff(options, rule, now)?;
        Ok(meant(options, rule, other, before)?.1)
    })
}

/// The policy has no rule for the table, and no flag takes its place.
fn without_rule(
    options: &Options,
    policy: &Policy,
    notes: &mut dyn Notes,
) -> Option<Done> {
    match policy.get(&options.table) {
        Some(Entry::Rule(_)) => None,
        Some(Entry::Exempt(name)) => Some(Done {
            record: Exported {
                message: Some("the policy keeps it out".to_owned()),
                ..empty(name, Status::Exempt)
            },
            exit: Exit::Done,
        }),
        None if options.older_than.is_some() || options.before.is_some() => {
            None
        }
        None => {
            let message = format!(
                "the policy does not name table {}",
                quote(&options.table)
            );
            Some(refused(options, Status::NoPolicy, message, notes))
        }
    }
}

fn refused(
    options: &Options,
    status: Status,
    message: String,
    notes: &mut dyn Notes,
) -> Done {
    notes.warn(&message);
    Done {
        record: Exported {
            message: Some(message),
            ..empty(&options.table, status)
        },
        exit: Exit::Usage,
    }
}

/// Where no row is looked for, an array is still one: empty.
fn write_nothing(options: &Options, output: &mut dyn Write) -> Result<()> {
    if options.format == Format::Jsonl || options.settings.dry_run {
        return Ok(());
    }
    output
        .write_all(b"[\n]\n")
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

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Format> {
        match word {
            "jsonl" => Ok(Format::Jsonl),
            "json" => Ok(Format::Json),
            _ => Err(Error::usage(format!(
                "--format takes jsonl or json, not '{word}'"
            ))),
        }
    }
}

fn both(ruled: &str, asked: Option<&str>) -> String {
    match asked {
        Some(asked) => format!("(\n{ruled}\n) AND (\n{asked}\n)"),
        None => ruled.to_owned(),
    }
}

/// Writes what was selected.
struct Rows<'r> {
    options: &'r Options,
    table: &'r Table,
    chosen: &'r ColumnChoice,
    stop: &'r Stop,
}

impl Rows<'_> {
    fn write(
        &self,
        mut due: Due<'_>,
        mut record: Exported,
        output: &mut dyn Write,
        notes: &mut dyn Notes,
    ) -> Result<Done> {
        let dry = self.options.settings.dry_run;
        let fail = |e| Error::stream("cannot write rows", e);
        let limit = self.options.limit.unwrap_or(u64::MAX);
        let mut batch = Batch::default();
        if let Some(rows) = self.options.batch_size {
            batch.rows = usize::try_from(rows).unwrap_or(usize::MAX);
        }
        let redaction = &self.chosen.redaction;
        let form =
            ArchivedForm::new(self.table, &self.chosen.columns, redaction)?;
        let mut encoder = RowEncoder::new(self.table, form);
        let mut secret_keys = 0;
        let mut out = Vec::new();
        let json = self.options.format == Format::Json && !dry;
        while record.rows < limit {
            let left = usize::try_from(limit - record.rows);
            batch.rows = batch.rows.min(left.unwrap_or(usize::MAX));
            let more = due.walk.batch(batch, &mut |row| {
                let start = out.len();
                if json {
                    let first = record.rows == 0;
                    out.extend_from_slice(if first { b"[\n" } else { b",\n" });
                }
                let fit = encoder.append(row, &mut out)?;
                if fit == Fit::Whole {
                    record.rows += 1;
                } else {
                    out.truncate(start);
                    record.unrepresentable += 1;
                    secret_keys += u64::from(fit == Fit::SecretKey);
                }
                if dry {
                    out.clear();
                } else if json && out.len() > start {
                    // The array's next sign decides how the line ends.
                    out.pop();
                }
                Ok(out.len())
            })?;
            output.write_all(&out).map_err(fail)?;
            out.clear();
            self.stop.check()?;
            if !more {
                break;
            }
        }
        if json {
            let open: &[u8] = if record.rows == 0 { b"[" } else { b"" };
            output.write_all(open).map_err(fail)?;
            output.write_all(b"\n]\n").map_err(fail)?;
        }
        output.flush().map_err(fail)?;
        record.undated = due.undated();
        record.referenced = due.referenced;
        let name = |c: &usize| self.table.columns[*c].name.clone();
        record.redacted = redaction.columns.iter().map(name).collect();
        record.secrets = encoder.form().counts();
        notes.verbose(&format!(
            "{} rows of {}, {} looked at",
            record.rows,
            quote(&self.table.name),
            due.visited()
        ));
        Ok(self.end(record, secret_keys, notes))
    }

    fn end(
        &self,
        mut record: Exported,
        secret_keys: u64,
        notes: &mut dyn Notes,
    ) -> Done {
        let mut exit = Exit::Done;
        let mut messages = Vec::new();
        for (rows, why) in [
            (
                record.unrepresentable - secret_keys,
                "text that UTF-8 cannot give back",
            ),
            (secret_keys, "a secret in their key or time"),
        ] {
            if rows > 0 {
                let table = quote(&self.table.name);
                let message =
                    format!("{rows} rows of {table} hold {why}, and stay");
                notes.warn(&message);
                messages.push(message);
            }
        }
        if !messages.is_empty() {
            record.message = Some(messages.join("; "));
            record.exit_status = Some(Exit::Partial.code());
            exit = Exit::Partial;
        }
        record.status = match (record.rows, self.options.settings.dry_run) {
            (_, true) => Status::DryRun,
            (0, false) => Status::NoRecords,
            (_, false) => Status::Archived,
        };
        Done { record, exit }
    }
}
