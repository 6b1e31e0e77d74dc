//! What an index on the time would save the runs.

use bytesize::ByteSize;

use crate::db::{Database, Table, TimeIndex};
use crate::error::{Result, quote};

/// Below so many rows a table is read in a moment, with or without an index.
const FEW_ROWS: u64 = 100_000;

/// What to say of a table whose due rows cannot be found without reading all of
/// it; none where they can, or an index would not help.
pub(super) fn hint(
    database: &Database,
    table: &Table,
    column: usize,
    condition: Option<&str>,
) -> Result<Option<String>> {
    let at = quote(&table.columns[column].name);
    let why = match database.time_index_of(table, column, condition)? {
        TimeIndex::Serves | TimeIndex::NoneCan => return Ok(None),
        TimeIndex::Missing => format!("no index leads with {at}"),
        TimeIndex::Partial(name) => format!(
            "index {} holds a part of the rows, and the policy's \"where\" does \
             not say that no others are meant",
            quote(&name)
        ),
        TimeIndex::Collated(name) => format!(
            "index {} is in the order of a collation, which is not that of \
             time",
            quote(&name)
        ),
    };
    if !database.has_more_rows(table, FEW_ROWS)? {
        return Ok(None);
    }
    let bytes = ByteSize::b(database.table_size(table)?.live_bytes);
    Ok(Some(format!(
        "{why}: each run reads all of its {bytes:.1}; CREATE INDEX on {at} \
         leaves it to read the rows that are due"
    )))
}
