//! Lines whose rows are not there.

use super::access::access;
use super::subject::{Source, Subject};
use crate::db::{RowAddress, Table};
use crate::error::Result;
use crate::line_set::LineSet;
use crate::record::records;

/// Those of `lines` whose rows, which were found before, are not there any
/// more.
pub fn missing(
    source: Source<'_>,
    table: &Table,
    subject: &Subject,
    lines: &LineSet,
) -> Result<LineSet> {
    let mut missing = LineSet::default();
    let Some(mut access) = access(source.database, table, subject)? else {
        return Ok(missing);
    };
    if subject.segment.segment().keyless_rows > 0 {
        for line in lines.iter() {
            if let Some(rowid) = source.database.claim_of(line)?
                && !access.there(&RowAddress::Rowid(rowid))?
            {
                missing.add(line);
            }
        }
        return Ok(missing);
    }
    let (mut line, mut row) = (0, Vec::new());
    subject.segment.read(&mut |piece| {
        for record in records(piece) {
            if lines.contains(line) {
                let key = subject.shape.key(record)?;
                if access.by_key(&key, &mut row)?.is_none() {
                    missing.add(line);
                }
            }
            line += 1;
        }
        Ok(())
    })?;
    Ok(missing)
}
