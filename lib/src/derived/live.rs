//! A table as it is in the database.

use crate::db::{Access, Affinity, declared_types};
use crate::error::Result;
use crate::settings::Settings;
use crate::settings::columns::rule;
use crate::time::Unit;

/// A table of the database, and what the policy says of its rows.
#[derive(Debug)]
pub struct LiveTable {
    /// Its name, as the schema writes it.
    pub name: String,
    /// Its columns, and what their declared types make of values.
    pub columns: Vec<(String, Option<Affinity>)>,
    /// The column that dates a row; none where no policy names the table.
    pub timestamp: Option<String>,
    /// What the values of that column mean, if it was said.
    pub unit: Option<Unit>,
}

impl LiveTable {
    /// The table of the database that the settings name.
    ///
    /// # Errors
    /// Status 2 where there is no such table.
    pub fn of(settings: &Settings, name: &str) -> Result<LiveTable> {
        let policy = settings.load_policy()?;
        let table = settings.open(Access::Read)?.need_table(name)?;
        let rule = rule(&policy, &table.name);
        Ok(LiveTable {
            columns: declared_types(&table.schema, &table.name)?,
            timestamp: rule.map(|rule| rule.timestamp.clone()),
            unit: rule.and_then(|rule| rule.unit.clone()),
            name: table.name,
        })
    }
}
