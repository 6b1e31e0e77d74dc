//! The set of rows that are to go, for the foreign keys. A row of the set at
//! which a row outside it points leaves the set; so does then each row at which
//! the row that left points.
//!
//! The set stands in a temporary table, which SQLite keeps on disk when it is
//! large, with the line that a row is where rows come from lines. A connection
//! has one set; a new one takes its place.

use std::cmp::Reverse;

use rusqlite::params_from_iter;

use crate::db::read::filter;
use crate::db::{Database, RowAddress, Table};
use crate::error::Result;
use crate::value::Owned;

/// The temporary table of the set. Its name and columns have a space, to
/// stand in no user's way.
pub(in crate::db) const DELETE_SET: &str = "temp.\"rt delete set\"";

/// Which line of which segment a row is.
pub(super) const LINE: &str = "\"rt segment\", \"rt line\"";

/// The digest of what a row was when it came into the set.
const DIGEST: &str = "\"rt digest\"";

/// Whether [`DeleteSet::take`] has given a row.
pub(super) const TAKEN: &str = "\"rt taken\"";

/// When a row goes, by [`DeleteSet::order`].
pub(super) const TURN: &str = "\"rt turn\"";

/// Whether all rows of a turn point at each other.
pub(super) const CYCLE: &str = "\"rt cycle\"";

/// A row that was found equal to a line.
#[derive(Clone, Debug)]
pub struct ProvenRow {
    /// The place of its segment among those that are settled together.
    pub segment: usize,
    /// Its line in the segment, from 0.
    pub line: u64,
    /// The digest of its archived form.
    pub digest: u128,
    /// Where its key stands in the order of the keys, by its first bytes; 0
    /// where rows go in another order.
    pub order: u64,
    /// Where it stands.
    pub address: RowAddress,
    /// Rows that point at each other in a circle have the same number; 0 is
    /// none.
    pub cycle: u32,
}

impl ProvenRow {
    /// The row of a line, which was found at an address, with its digest and
    /// its place in the order of the keys.
    pub fn new(
        segment: usize,
        line: u64,
        (address, digest, order): (RowAddress, u128, u64),
    ) -> ProvenRow {
        ProvenRow { segment, line, digest, order, address, cycle: 0 }
    }

    /// Whether two rows go in one transaction, whatever else does.
    pub fn goes_with(&self, other: &ProvenRow) -> bool {
        self.cycle != 0 && self.cycle == other.cycle
    }
}

/// Where the circle ends that the last one of the first rows is in, of which
/// there is one at least.
pub fn circle_end(rows: &[ProvenRow], count: usize) -> usize {
    let more = |row: &&ProvenRow| row.goes_with(&rows[count - 1]);
    count + rows[count..].iter().take_while(more).count()
}

/// Where the circle begins that the row at a place is in.
pub fn circle_start(rows: &[ProvenRow], place: usize) -> usize {
    let before = |row: &&ProvenRow| row.goes_with(&rows[place]);
    place - rows[..place].iter().rev().take_while(before).count()
}

/// The rows of a table that are to go.
#[derive(Clone, Copy, Debug)]
pub struct DeleteSet<'s> {
    pub(super) database: &'s Database,
    pub(super) table: &'s Table,
}

impl Database {
    /// The set of rows of this table that are to go, which
    /// [`DeleteSet::begin`] began.
    pub fn delete_set<'s>(&'s self, table: &'s Table) -> DeleteSet<'s> {
        DeleteSet { database: self, table }
    }
}

impl DeleteSet<'_> {
    /// Begins an empty set.
    pub fn begin(&self) -> Result<()> {
        let columns = self.columns();
        let key: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let falls = self.table.descending.get(i).copied();
                let falls = falls.unwrap_or(false);
                format!("{c} {}", if falls { "DESC" } else { "ASC" })
            })
            .collect();
        self.make(DELETE_SET, &key.join(", "))
    }

    /// An empty temporary table with the set's columns.
    pub(super) fn make(&self, name: &str, key: &str) -> Result<()> {
        self.database.run(&format!(
            "DROP TABLE IF EXISTS {name}; \
             CREATE TABLE {name}({}, {LINE}, {DIGEST}, {TAKEN}, \
             {TURN} DEFAULT 0, {CYCLE} DEFAULT 0, PRIMARY KEY({key})) \
             WITHOUT ROWID",
            self.declared("rt")?
        ))
    }

    /// The columns that hold a row's address: "rt 0", "rt 1", ...
    pub(in crate::db) fn columns(&self) -> Vec<String> {
        self.named("rt")
    }

    /// Columns for an address under names that begin so.
    pub(super) fn named(&self, begin: &str) -> Vec<String> {
        let width = self.table.cursor().len();
        (0..width).map(|i| format!("\"{begin} {i}\"")).collect()
    }

    /// How these columns are declared: so that they compare as those of the
    /// table do, and the keys of either are looked up in the other.
    pub(super) fn declared(&self, begin: &str) -> Result<String> {
        let names = self.named(begin);
        if !self.table.without_rowid {
            return Ok(format!("{} INTEGER", names.join("")));
        }
        let mut out = Vec::new();
        for (name, column) in names.iter().zip(self.table.key_columns()) {
            let column = &self.table.columns[column];
            let mut rule =
                self.database.rule(&self.table.name, &column.name)?;
            if let Some(own) = &column.key_collation {
                rule.collation.clone_from(own);
            }
            out.push(format!("{name} {}", rule.declared()));
        }
        Ok(out.join(", "))
    }

    /// `"rt 0" = t.rowid AND ...`
    pub(in crate::db) fn joined(&self, alias: &str) -> String {
        self.pairs("", &format!("{alias}."))
    }

    /// The condition that a row of the set, whose columns are named after
    /// `mine`, is the row of the table named by `theirs`.
    pub(super) fn pairs(&self, mine: &str, theirs: &str) -> String {
        let terms: Vec<String> = self
            .columns()
            .iter()
            .zip(self.table.cursor())
            .map(|(own, column)| format!("{mine}{own} = {theirs}{column}"))
            .collect();
        terms.join(" AND ")
    }

    /// Adds a row, with the line that it is; false when the row is in the set
    /// already.
    pub fn add(&self, row: &ProvenRow) -> Result<bool> {
        let digest = Some(row.digest);
        let line = (row.segment as u32, row.line);
        self.insert(DELETE_SET, &row.address, line, digest)
    }

    /// Up to `most` rows that were not given before and are in the set still.
    /// Of rows that point at each other (`own`), those that point go first, and
    /// those in a circle are given together, however many.
    pub fn take(&self, most: usize, own: bool) -> Result<Vec<ProvenRow>> {
        let columns = self.columns();
        let key = columns.join(", ");
        let order = match own {
            true => format!("{TURN}, {} DESC", columns.join(" DESC, ")),
            false => key.clone(),
        };
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut out = self.take_those(
            &format!(
                "({key}) IN (SELECT {key} FROM {DELETE_SET} \
                 WHERE {TAKEN} IS NULL ORDER BY {order} LIMIT ?1)"
            ),
            most,
        )?;
        let last = out.iter().max_by_key(|(turn, _)| *turn);
        if let Some((turn, row)) = last
            && row.cycle != 0
        {
            let rest = format!("{TAKEN} IS NULL AND {TURN} = ?1");
            out.extend(self.take_those(&rest, *turn)?);
        }
        // What RETURNING gives comes in no order.
        out.sort_by_key(|(turn, row)| (*turn, row.segment, row.line));
        if own {
            out.sort_by_key(|(turn, row)| {
                (*turn, Reverse((row.segment, row.line)))
            });
        }
        Ok(out.into_iter().map(|(_, row)| row).collect())
    }

    /// The rows, and their turns, that a condition on one value means.
    fn take_those(
        &self,
        condition: &str,
        value: i64,
    ) -> Result<Vec<(i64, ProvenRow)>> {
        let fail = |e| self.database.fail("cannot read the set", e);
        let width = self.columns().len();
        let mut statement = self
            .database
            .connection
            .prepare_cached(&format!(
                "UPDATE {DELETE_SET} SET {TAKEN} = 1 WHERE {condition} \
                 RETURNING {LINE}, {DIGEST}, {TURN}, {CYCLE}, {}",
                self.columns().join(", ")
            ))
            .map_err(fail)?;
        let mut rows = statement.query([value]).map_err(fail)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            let digest: Vec<u8> = row.get(2).map_err(fail)?;
            let digest = <[u8; 16]>::try_from(digest).unwrap_or_default();
            let mut key = Vec::new();
            for i in 5..5 + width {
                let part = row.get_ref(i).map_err(fail)?;
                key.push(filter::value(part).to_owned());
            }
            let turn: i64 = row.get(3).map_err(fail)?;
            let row = ProvenRow {
                segment: row.get::<_, u32>(0).map_err(fail)? as usize,
                order: 0,
                line: row.get::<_, i64>(1).map_err(fail)?.cast_unsigned(),
                digest: u128::from_be_bytes(digest),
                address: RowAddress::of(key, self.table.without_rowid),
                cycle: row.get(4).map_err(fail)?,
            };
            out.push((turn, row));
        }
        Ok(out)
    }

    pub(super) fn insert(
        &self,
        into: &str,
        address: &RowAddress,
        (segment, line): (u32, u64),
        digest: Option<u128>,
    ) -> Result<bool> {
        let columns = self.columns();
        let marks = vec!["?"; columns.len() + 3].join(", ");
        let mut all = address.values().into_owned();
        all.push(Owned::Integer(segment.into()));
        all.push(Owned::Integer(line.cast_signed()));
        all.push(match digest {
            Some(digest) => Owned::Blob(digest.to_be_bytes().to_vec()),
            None => Owned::Null,
        });
        let sql = format!(
            "INSERT OR IGNORE INTO {into}({}, {LINE}, {DIGEST}) \
             VALUES ({marks})",
            columns.join(", ")
        );
        let values = params_from_iter(all);
        Ok(self.database.execute("cannot note a row", &sql, values)? == 1)
    }

    /// Takes a row out of the set: it stays.
    pub fn remove(&self, address: &RowAddress) -> Result<()> {
        self.remove_from(DELETE_SET, address)
    }

    pub(super) fn remove_from(
        &self,
        name: &str,
        address: &RowAddress,
    ) -> Result<()> {
        let terms: Vec<String> =
            self.columns().iter().map(|c| format!("{c} = ?")).collect();
        let sql = format!("DELETE FROM {name} WHERE {}", terms.join(" AND "));
        let values = address.values();
        let values = params_from_iter(&*values);
        self.database.execute("cannot note a row", &sql, values).map(drop)
    }
}
