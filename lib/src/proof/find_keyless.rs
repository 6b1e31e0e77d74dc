//! Lines of a segment with rows that have no usable key, and the rows they
//! are: a line with a key by it, another by the rowid that it carries as long
//! as the row there has the line's content, else any row of that content, each
//! row for one line only. Identical rows are interchangeable, so what counts
//! is how many there are.
//!
//! Invariant. Every line has claimed its row, in a temporary table of the
//! connection, before the first row goes.

use super::access::{Accesses, access};
use super::find::{Look, Row};
use super::line::{archived_form, columns_now, has_key};
use super::subject::{Source, Subject};
use crate::db::{Batch, Fit, RowAddress, Table};
use crate::error::Result;
use crate::io::digest::keyed_digest;
use crate::line_set::LineSet;
use crate::record::records;
use crate::value::Value;

/// What is known of the segment's lines before this run deletes any.
#[derive(Default)]
pub struct Before {
    /// Lines that an event of an earlier run names.
    pub named: LineSet,
    /// Lines of batches that an earlier run committed.
    pub committed: LineSet,
    /// Rowids no longer say which row is which.
    pub renumbered: bool,
}

/// Finds the rows of one segment's lines by what they have claimed.
pub struct KeylessFinder {
    before: Before,
    row: Vec<u8>,
}

impl KeylessFinder {
    /// Lets each line claim its row.
    pub fn new(
        source: Source<'_>,
        table: &Table,
        subject: &Subject,
        before: Before,
    ) -> Result<KeylessFinder> {
        source.database.begin_claims()?;
        claim(source, table, subject, &before, &before.committed)?;
        Ok(KeylessFinder { before, row: Vec::new() })
    }

    /// The lines of batches that an earlier run committed: their rows are
    /// gone.
    pub fn committed(&self) -> &LineSet {
        &self.before.committed
    }

    /// What is found for a line: its row, as it is now.
    pub fn look(
        &mut self,
        source: Source<'_>,
        accesses: &mut Accesses<'_>,
        subject: (usize, &Subject),
        table: &Table,
        (line, record): (u64, &[u8]),
    ) -> Result<Look<Row<'_>>> {
        let (index, subject) = subject;
        let Some(access) = accesses.of(index) else {
            return Ok(Look::Differs);
        };
        let parsed = subject.shape.parse(record);
        let Some(rowid) = source.database.claim_of(line)? else {
            let place = match parsed.rowid {
                Some(_) if self.before.renumbered => None,
                Some(rowid) => Some(RowAddress::Rowid(rowid)),
                // Under another key no row is what it was.
                None if !has_key(subject.segment.segment(), table) => {
                    return Ok(Look::Differs);
                }
                None => {
                    let key = subject.shape.key(record)?;
                    access.by_key(&key, &mut self.row)?.map(|f| f.address)
                }
            };
            // A row that serves no line, where the line's row stood, is that
            // row, changed.
            return Ok(match place {
                Some(RowAddress::Rowid(rowid))
                    if access.there(&RowAddress::Rowid(rowid))?
                        && !source.database.is_claimed(rowid)? =>
                {
                    Look::Differs
                }
                _ => Look::Missing,
            });
        };
        let address = RowAddress::Rowid(rowid);
        Ok(match access.at(&address, &mut self.row)? {
            None => Look::Missing,
            Some(found) if found.comparable && parsed.is(&self.row) => {
                Look::Equal((address, &self.row))
            }
            Some(_) => Look::Differs,
        })
    }
}

/// Claims a row for each line but those of `without`.
fn claim(
    source: Source<'_>,
    table: &Table,
    subject: &Subject,
    before: &Before,
    without: &LineSet,
) -> Result<()> {
    let database = source.database;
    let named = &before.named;
    let by_rowid = !before.renumbered;
    claim_single(
        source,
        table,
        subject,
        (without, by_rowid),
        &mut |line, digest| {
            database.seek(&digest.to_be_bytes(), named.contains(line), line)
        },
    )?;
    match database.is_seeking()? {
        true => claim_by_content(source, table, subject),
        false => Ok(()),
    }
}

/// Which lines have a row as far as rowids tell, and where these have changed
/// (`renumbered`) as far as contents do.
pub fn claim_all(
    source: Source<'_>,
    table: &Table,
    subject: &Subject,
    before: &Before,
) -> Result<()> {
    source.database.begin_claims()?;
    let none = LineSet::default();
    match before.renumbered {
        true => claim(source, table, subject, before, &none),
        false => {
            let by_rowid = (&none, true);
            claim_single(source, table, subject, by_rowid, &mut |_, _| Ok(()))
        }
    }
}

/// Lines with a key by it, others by their rowid where that holds; in both
/// cases the content must be the line's. A line whose row is not found so goes
/// to `other`, with the digest of its content.
fn claim_single(
    source: Source<'_>,
    table: &Table,
    subject: &Subject,
    (without, by_rowid): (&LineSet, bool),
    other: &mut dyn FnMut(u64, u128) -> Result<()>,
) -> Result<()> {
    let database = source.database;
    let Some(mut access) = access(database, table, subject)? else {
        return Ok(());
    };
    let has_key = has_key(subject.segment.segment(), table);
    let (mut line, mut row) = (0, Vec::new());
    subject.segment.read(&mut |piece| {
        source.limit.check()?;
        let reading = database.begin_read()?;
        for record in records(piece) {
            let number = line;
            line += 1;
            if without.contains(number) {
                continue;
            }
            let parsed = subject.shape.parse(record);
            let found = match parsed.rowid {
                Some(rowid) if by_rowid => {
                    access.at(&RowAddress::Rowid(rowid), &mut row)?
                }
                None if has_key => {
                    let key = subject.shape.key(record)?;
                    access.by_key(&key, &mut row)?
                }
                _ => None,
            };
            let equal = found.filter(|f| f.comparable && parsed.is(&row));
            let claimed = match equal.map(|f| f.address) {
                Some(RowAddress::Rowid(rowid)) => {
                    database.claim(number, rowid)?
                }
                _ => false,
            };
            if !claimed && parsed.rowid.is_some() {
                other(number, parsed.digest())?;
            }
        }
        drop(reading);
        Ok(())
    })
}

/// One walk over the table: each row that no line has claimed may serve a
/// line of its content.
fn claim_by_content(
    source: Source<'_>,
    table: &Table,
    subject: &Subject,
) -> Result<()> {
    let database = source.database;
    let segment = subject.segment.segment();
    let Some((columns, extras)) = columns_now(segment, table) else {
        return Ok(());
    };
    let mut form = archived_form(segment, table, &columns)?;
    let width = columns.len();
    let all: Vec<usize> = columns.into_iter().chain(extras).collect();
    let mut walk = database.walk(table, &all, None)?;
    let mut row = Vec::new();
    loop {
        source.limit.check()?;
        let mut found: Vec<([u8; 16], i64)> = Vec::new();
        let more = walk.batch(Batch::default(), &mut |view| {
            row.clear();
            let mut comparable = form.append(view, &mut row)? == Fit::Whole;
            for i in width..all.len() {
                comparable &= matches!(view.value(i)?, Some(Value::Null));
            }
            let digest = keyed_digest(&row).to_be_bytes();
            if let Some(rowid) = view.rowid()
                && comparable
                && database.is_sought(&digest)?
            {
                found.push((digest, rowid));
            }
            Ok(found.len())
        })?;
        for (digest, rowid) in found {
            if !database.is_claimed(rowid)?
                && let Some(line) = database.serve(&digest)?
            {
                database.claim(line, rowid)?;
            }
        }
        if !more {
            return Ok(());
        }
    }
}
