//! Which columns of a table a command means, and which one dates its rows:
//! what the flags say, else what the policy says.

use crate::db::{Redaction, Table};
use crate::error::{Error, Result, quote};
use crate::secrets::{self, Level, Secrets, may_hold};
use crate::settings::policy::{Entry, Policy, Rule};
use crate::time::Unit;

/// What was said of a table's columns.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// `--timestamp-column`.
    pub timestamp: Option<String>,
    /// `--unit`.
    pub unit: Option<Unit>,
    /// `--column`: only these; all where none is named.
    pub only: Vec<String>,
    /// `--exclude`: not these.
    pub exclude: Vec<String>,
    /// `--redact`: these without their values.
    pub redact: Vec<String>,
    /// `--redact-secrets`: all without the secrets in their values.
    pub secrets: Option<Level>,
}

/// What was said of a table's columns, held against the table.
#[derive(Clone, Debug)]
pub struct ColumnChoice {
    /// The columns of a record, in order.
    pub columns: Vec<usize>,
    /// The columns left out.
    pub excluded: Vec<String>,
    /// What is replaced.
    pub redaction: Redaction,
    /// The column that dates a row, and what its values mean.
    pub timestamp: Option<(usize, Option<Unit>)>,
}

/// The policy's rule for a table, if it has one.
pub fn rule<'p>(policy: &'p Policy, table: &str) -> Option<&'p Rule> {
    match policy.get(table) {
        Some(Entry::Rule(rule)) => Some(rule),
        _ => None,
    }
}

impl Columns {
    /// Holds what was said, and what the rule says, against the table.
    pub(crate) fn choose(
        &self,
        table: &Table,
        rule: Option<&Rule>,
    ) -> Result<ColumnChoice> {
        let timestamp = self.timestamp(table, rule)?;
        let ruled = rule.map(|r| r.exclude.as_slice()).unwrap_or_default();
        let mut out = vec![false; table.columns.len()];
        let dates = timestamp.as_ref().map(|(column, _)| *column);
        for name in self.exclude.iter().chain(ruled) {
            out[droppable(table, dates, name, "left out")?] = true;
        }
        let mut only = Vec::new();
        for name in &self.only {
            only.push(table.need_column(name)?);
        }
        let wanted =
            |c: &usize| !out[*c] && (only.is_empty() || only.contains(c));
        let (columns, left): (Vec<usize>, Vec<usize>) =
            (0..table.columns.len()).partition(|c| wanted(c));
        if columns.is_empty() {
            return Err(Error::usage(format!(
                "no column of {} is left",
                quote(&table.name)
            )));
        }
        let excluded =
            left.iter().map(|c| table.columns[*c].name.clone()).collect();
        let redact = self.redacted(table, rule, dates, &out)?;
        let ruled = rule.and_then(|r| r.redact_secrets);
        let level = self.secrets.max(ruled);
        if let Some(level) = level {
            check_names(table, level)?;
        }
        let redaction = Redaction {
            columns: redact.into_iter().filter(wanted).collect(),
            secrets: level.map(|level| (level, secrets::VERSION)),
            dates,
        };
        Ok(ColumnChoice { columns, excluded, redaction, timestamp })
    }

    /// The columns whose values are replaced, in the table's order.
    fn redacted(
        &self,
        table: &Table,
        rule: Option<&Rule>,
        dates: Option<usize>,
        out: &[bool],
    ) -> Result<Vec<usize>> {
        let ruled = rule.map(|r| r.redact.as_slice()).unwrap_or_default();
        let mut redacted = Vec::new();
        for name in self.redact.iter().chain(ruled) {
            let column = droppable(table, dates, name, "redacted")?;
            if out[column] {
                return Err(Error::usage(format!(
                    "column {} of {} is to be redacted and to be left out",
                    quote(name),
                    quote(&table.name)
                )));
            }
            redacted.push(column);
        }
        redacted.sort_unstable();
        redacted.dedup();
        Ok(redacted)
    }

    /// The column that dates a row, and what its values mean, if that was
    /// said.
    pub(crate) fn timestamp(
        &self,
        table: &Table,
        rule: Option<&Rule>,
    ) -> Result<Option<(usize, Option<Unit>)>> {
        let ruled = rule.map(|r| r.timestamp.as_str());
        let Some(name) = self.timestamp.as_deref().or(ruled) else {
            return match self.unit {
                None => Ok(None),
                Some(_) => Err(Error::usage(
                    "--unit says what the values of a column mean: name it \
                     with --timestamp-column",
                )),
            };
        };
        let column = table.need_column(name)?;
        let same = ruled.is_some_and(|r| r.eq_ignore_ascii_case(name));
        let ruled = rule.filter(|_| same).and_then(|r| r.unit.clone());
        Ok(Some((column, self.unit.clone().or(ruled))))
    }
}

/// Statements without the secrets of a level.
pub fn without_secrets(sql: &str, level: Level) -> Result<String> {
    let mut secrets = Secrets::new(level, secrets::VERSION)?;
    let clean = secrets.redact_bytes(sql.as_bytes());
    String::from_utf8(clean).map_err(|_| {
        Error::failed("a secret in a schema cannot be replaced, a bug")
    })
}

/// Refuses names that hold a secret: they are in each record, and in the names
/// of files, and cannot be replaced. The message does not have them.
fn check_names(table: &Table, level: Level) -> Result<()> {
    let columns = table.columns.iter().map(|c| c.name.as_str());
    let names = [table.name.as_str()].into_iter().chain(columns).enumerate();
    let names: Vec<(usize, &str)> =
        names.filter(|(_, name)| may_hold(name.as_bytes())).collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut secrets = Secrets::new(level, secrets::VERSION)?;
    for (number, name) in names {
        if secrets.finds(name.as_bytes()) {
            let what = match number {
                0 => "the table's name".to_owned(),
                n => format!("the name of column {n}"),
            };
            return Err(Error::usage(format!(
                "{what} holds a secret, which would be in each record, and in \
                 names of files"
            ))
            .hint(
                "rename it, and replace that secret: whoever can read the \
                   schema knows it",
            ));
        }
    }
    Ok(())
}

/// A column without which rows can still be found and dated.
fn droppable(
    table: &Table,
    dates: Option<usize>,
    name: &str,
    what: &str,
) -> Result<usize> {
    let column = table.need_column(name)?;
    if dates == Some(column) || table.columns[column].key_part > 0 {
        return Err(Error::usage(format!(
            "column {} of {} is part of its key or dates its rows, and cannot \
             be {what}",
            quote(name),
            quote(&table.name)
        )));
    }
    Ok(column)
}

impl ColumnChoice {
    /// The CREATE statements as they are kept: without secrets, where those are
    /// replaced in values. A default is a value too.
    pub fn kept_schema(&self, sql: &str) -> Result<String> {
        match self.redaction.secrets {
            Some((level, _)) => without_secrets(sql, level),
            None => Ok(sql.to_owned()),
        }
    }

    /// What dates a row, which must have been said.
    pub fn need_timestamp(
        &self,
        table: &Table,
    ) -> Result<(usize, Option<Unit>)> {
        need_timestamp(self.timestamp.clone(), table)
    }

    /// Refuses a choice without which rows could not be found or dated again.
    pub fn check_complete(&self, table: &Table) -> Result<()> {
        let dates = self.timestamp.as_ref().map(|(column, _)| *column);
        let needed = table.key_columns().into_iter().chain(dates);
        for column in needed {
            if !self.columns.contains(&column) {
                return Err(Error::usage(format!(
                    "column {} of {} is part of its key or dates its rows: \
                     rows cannot be proven without it",
                    quote(&table.columns[column].name),
                    quote(&table.name)
                )));
            }
        }
        Ok(())
    }
}

/// What dates the rows of a table, which must have been said.
pub(crate) fn need_timestamp(
    said: Option<(usize, Option<Unit>)>,
    table: &Table,
) -> Result<(usize, Option<Unit>)> {
    said.ok_or_else(|| {
        Error::usage(format!(
            "nothing says which column dates the rows of {}",
            quote(&table.name)
        ))
        .hint("name it with --timestamp-column, or in the policy")
    })
}
