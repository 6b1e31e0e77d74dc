//! A table whose rows are to be stored: its shape, and what its segments say
//! of it.

use super::lines::LineReader;
use super::options::Options;
use crate::archive::Origin;
use crate::db::{Database, Table};
use crate::error::Result;
use crate::settings::columns::{ColumnChoice, rule};
use crate::settings::policy::Policy;
use crate::time::Unit;

/// A table of the run.
pub(super) struct Subject {
    pub table: Table,
    pub origin: Origin,
    pub chosen: ColumnChoice,
    /// The column that dates a row, and what its values mean.
    pub dated: (usize, Option<Unit>),
    /// How long its rows stay, where the policy says so.
    pub retention: Option<String>,
}

impl Subject {
    /// The table of this name, if its rows can be stored at all.
    pub fn new(
        options: &Options,
        policy: &Policy,
        (database, name): (&mut Database, &str),
    ) -> Result<Subject> {
        let table = database.need_table(name)?;
        database.check_purgeable(&table)?;
        let rule = rule(policy, &table.name);
        let chosen = options.columns.choose(&table, rule)?;
        chosen.check_complete(&table)?;
        let dated = chosen.need_timestamp(&table)?;
        if !rule.is_some_and(|r| r.triggers_trust) {
            database.check_triggers(&table)?;
        }
        let retention = match options.single {
            true => Some(policy.whole(&table.name)),
            false => rule.map(|r| r.retention()),
        };
        let database_name = options.settings.database()?;
        Ok(Subject {
            origin: Origin::new(&table.name, database_name.as_deref()),
            retention: retention.map(|period| period.to_string()),
            table,
            chosen,
            dated,
        })
    }

    /// A reader of its records; of lines, or of an array.
    pub fn lines(&self, array: bool) -> LineReader {
        let Subject { table, chosen, dated: (column, unit), .. } = self;
        let names = |c: &usize| table.columns[*c].name.clone();
        let at = chosen.columns.iter().position(|c| c == column);
        LineReader::new(
            chosen.columns.iter().map(names).collect(),
            at.unwrap_or(0),
            unit.clone(),
            table.can_be_keyless(),
            array,
        )
    }
}
