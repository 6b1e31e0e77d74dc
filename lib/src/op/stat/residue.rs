//! Where values can still be read that the archives were not to have, of a
//! table with a policy that replaces or leaves out some.

use crate::db::{Database, Table};
use crate::error::Result;
use crate::settings::columns::without_secrets;
use crate::settings::policy::Rule;

/// The places, of a table with such a rule: `free_pages`, `log` and `schema`.
pub(super) fn residue(
    database: &Database,
    table: &Table,
    rule: &Rule,
) -> Result<Vec<&'static str>> {
    let columns = !rule.redact.is_empty() || !rule.exclude.is_empty();
    if !columns && rule.redact_secrets.is_none() {
        return Ok(Vec::new());
    }
    let found = database.residue()?;
    let schema = match rule.redact_secrets {
        Some(level) => without_secrets(&table.schema, level)? != table.schema,
        None => false,
    };
    let places = [
        (found.free_pages, "free_pages"),
        (found.log, "log"),
        (schema, "schema"),
    ];
    let there = places.into_iter().filter(|(is, _)| *is);
    Ok(there.map(|(_, place)| place).collect())
}
