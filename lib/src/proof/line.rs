//! One line against one row, and the row that was found equal.
//!
//! The row is encoded again by the codec that wrote the line, in the form that
//! the segment has; equal bytes are equal values, for the code is one to one,
//! but for what the form redacts. A line that somebody else wrote, with other
//! spaces or another order, is compared value by value instead.

use jiff::Timestamp;

use crate::archive::Segment;
use crate::db::{ArchivedForm, Key, ProvenRow, Redaction, RowAddress, Table};
use crate::error::{Error, Result};
use crate::io::digest::keyed_digest;
use crate::record::{
    ARCHIVED_AT, Fields, ROWID, Token, append_string, archived_at,
};
use crate::secrets::Level;
use crate::time::{self, Unit};
use crate::value::Owned;

/// What the lines of a segment look like.
#[derive(Debug)]
pub struct LineShape {
    suffix: Vec<u8>,
    /// What stands before a rowid.
    mark: Vec<u8>,
    /// The key's columns, in the key's order.
    key: Vec<String>,
    /// With what a record begins whose first value is that of the key.
    first: Option<Vec<u8>>,
    timestamp: String,
    unit: Option<Unit>,
}

/// The rowid at which a row stands, in a table that has them.
pub fn rowid(row: &ProvenRow) -> Option<i64> {
    match row.address {
        RowAddress::Rowid(rowid) => Some(rowid),
        RowAddress::Key(_) => None,
    }
}

/// The rows at the beginning whose rowids follow each other without a gap:
/// the first and the last rowid. `None` for less than two.
pub fn range(rows: &[ProvenRow]) -> Option<(i64, i64)> {
    let first = rowid(rows.first()?)?;
    let follows = |row: &&ProvenRow, n: i64| {
        rowid(row).is_some_and(|rowid| first.checked_add(n) == Some(rowid))
    };
    let rows = rows.iter().zip(0..);
    let last = rows.take_while(|(row, n)| follows(row, *n)).last()?.1;
    (last > 0).then(|| (first, first + last))
}

/// A line, taken apart.
#[derive(Debug)]
pub struct Line<'l> {
    /// The whole record.
    pub record: &'l [u8],
    /// Its columns as they would be encoded: without metadata and closing
    /// brace. Empty for a line that ends in another way.
    body: &'l [u8],
    /// The rowid that it carries.
    pub rowid: Option<i64>,
}

impl LineShape {
    pub fn new(segment: &Segment, table: &Table) -> Result<LineShape> {
        let suffix = match &segment.archived_at {
            Some(at) => archived_at(at),
            None => vec![b'}'],
        };
        let key: Vec<String> = table
            .key_columns()
            .iter()
            .map(|c| table.columns[*c].name.clone())
            .collect();
        let first = match (&table.key, segment.columns.first()) {
            (Key::Columns(_), Some(column)) if key.first() == Some(column) => {
                let mut first = vec![b'{'];
                append_string(&mut first, column.as_bytes());
                first.extend_from_slice(b":\"");
                Some(first)
            }
            _ => None,
        };
        let unit = match &segment.unit {
            Some(word) => Some(word.parse()?),
            None => None,
        };
        Ok(LineShape {
            suffix,
            mark: format!(",\"{ROWID}\":").into_bytes(),
            key,
            first,
            timestamp: segment.timestamp_column.clone(),
            unit,
        })
    }

    /// A record of a row with a key as that would be encoded: without
    /// metadata and closing brace; empty if the record ends in another way.
    pub fn body<'l>(&self, record: &'l [u8]) -> &'l [u8] {
        record.strip_suffix(&self.suffix[..]).unwrap_or(b"")
    }

    /// Takes a record apart.
    pub fn parse<'l>(&self, record: &'l [u8]) -> Line<'l> {
        let mut body = self.body(record);
        let mut rowid = None;
        // `,"_rowid":N` can only stand at the end, and only digits follow it.
        let tail = body.len().saturating_sub(self.mark.len() + 20);
        if let Some(at) = memchr::memmem::rfind(&body[tail..], &self.mark) {
            let digits = &body[tail + at + self.mark.len()..];
            rowid = std::str::from_utf8(digits)
                .ok()
                .and_then(|d| d.parse::<i64>().ok());
            if rowid.is_some() {
                body = &body[..tail + at];
            }
        }
        Line { record, body, rowid }
    }

    /// Where a row's key stands in the order of the keys, by its first bytes,
    /// if it is an index of its own and the first value of an encoded row:
    /// rows that go together in this order touch each page of it once.
    pub fn order(&self, row: &[u8]) -> u64 {
        let mut order = [0u8; 8];
        let first = self.first.as_ref();
        if let Some(key) = first.and_then(|f| row.strip_prefix(&f[..])) {
            order.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
        u64::from_be_bytes(order)
    }

    /// The key of a record.
    pub fn key(&self, record: &[u8]) -> Result<Vec<Owned>> {
        let bad = |what: String| {
            Error::disagree(format!("an archived record is bad: {what}"))
        };
        let mut found: Vec<Option<Owned>> = vec![None; self.key.len()];
        let mut missing = self.key.len();
        let mut fields = Fields::new(record);
        while missing > 0 {
            let Some(field) = fields.next().map_err(|f| bad(f.to_string()))?
            else {
                return Err(bad("it lacks a column of its key".to_owned()));
            };
            for (name, slot) in self.key.iter().zip(&mut found) {
                if slot.is_none() && field.key.names(name) {
                    let value = field.value.to_owned();
                    *slot = Some(value.map_err(|f| bad(f.to_string()))?);
                    missing -= 1;
                    break;
                }
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// When a record's row was.
    pub fn time(&self, record: &[u8]) -> Option<Timestamp> {
        let value = Fields::find(record, &self.timestamp).ok()??;
        time::instant(value.borrow(), self.unit.as_ref())
    }
}

impl Line<'_> {
    /// Whether the line is this row, given in its encoded form without
    /// closing brace.
    pub fn is(&self, row: &[u8]) -> bool {
        self.body == row || self.same_values(row)
    }

    /// The digest of its row's encoded form, if the line is in that form.
    pub fn digest(&self) -> u128 {
        keyed_digest(self.body)
    }

    fn same_values(&self, row: &[u8]) -> bool {
        let mine = values(Fields::new(self.record));
        match (mine, values(Fields::unclosed(row))) {
            (Some(mine), Some(theirs)) => {
                mine.len() == theirs.len()
                    && mine.iter().zip(&theirs).all(|((a, x), (b, y))| {
                        // The row is encoded by us.
                        a == b && x.means(y).unwrap_or(false)
                    })
            }
            _ => false,
        }
    }
}

/// The columns of a record by name, without metadata.
fn values(mut fields: Fields<'_>) -> Option<Vec<(Vec<u8>, Token<'_>)>> {
    let mut out = Vec::new();
    while let Some(field) = fields.next().ok()? {
        if field.key.is(ARCHIVED_AT) || field.key.is(ROWID) {
            continue;
        }
        let key = field.key.text().ok()?.to_ascii_lowercase();
        out.push((key, field.value));
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    Some(out)
}

/// The columns of a segment's records in the table as it is now: those it
/// has, and those that came later, which must be NULL. `None` when one that
/// the records have is gone, or the key is another one, or among what was
/// redacted: then no row can be equal.
pub fn columns_now(
    segment: &Segment,
    table: &Table,
) -> Option<(Vec<usize>, Vec<usize>)> {
    let columns: Option<Vec<usize>> =
        segment.columns.iter().map(|name| table.column(name)).collect();
    let columns = columns?;
    let mut redacted = segment.redacted.iter().filter_map(|n| table.column(n));
    if redacted.any(|c| table.columns[c].key_part > 0) {
        return None;
    }
    let found_again = match segment.keyless_rows {
        0 => has_key(segment, table),
        _ => !table.without_rowid,
    };
    if !found_again {
        return None;
    }
    let left_out = |name: &str| {
        segment.excluded.iter().any(|e| e.eq_ignore_ascii_case(name))
    };
    let extras = (0..table.columns.len())
        .filter(|c| !columns.contains(c))
        .filter(|c| !left_out(&table.columns[*c].name))
        .collect();
    Some((columns, extras))
}

/// The archived form of a segment's records.
///
/// # Errors
/// Its secrets were replaced by a version that is not known.
pub fn archived_form(
    segment: &Segment,
    table: &Table,
    columns: &[usize],
) -> Result<ArchivedForm> {
    let level = match segment.secrets_all {
        true => Level::All,
        false => Level::Fixed,
    };
    let redacted = segment.redacted.iter();
    let redaction = Redaction {
        columns: redacted.filter_map(|name| table.column(name)).collect(),
        secrets: segment.secrets_version.map(|version| (level, version)),
        dates: table.column(&segment.timestamp_column),
    };
    ArchivedForm::new(table, columns, &redaction)
}

/// Whether a segment's records have all columns of the table's present key.
pub fn has_key(segment: &Segment, table: &Table) -> bool {
    table.key_columns().iter().all(|c| {
        let name = &table.columns[*c].name;
        segment.columns.iter().any(|n| n.eq_ignore_ascii_case(name))
    })
}
