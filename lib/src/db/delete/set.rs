//! The set of rows that are to go, for the foreign keys. A row of the set at
//! which a row outside it points leaves the set; so does then each row at which
//! the row that left points.
//!
//! The set stands in a temporary table, which SQLite keeps on disk when it is
//! large, with the line that a row is where rows come from lines. A connection
//! has one set; a new one takes its place.

use rusqlite::params_from_iter;

use crate::db::foreign_keys::{Reference, References};
use crate::db::read::filter;
use crate::db::{Database, RowAddress, Table};
use crate::error::Result;
use crate::value::Owned;

/// The temporary table of the set. Its name and columns have a space, to
/// stand in no user's way.
pub(in crate::db) const DELETE_SET: &str = "temp.\"rt delete set\"";

/// The temporary table of rows that left the set because a row that stays
/// points at them.
const REFERENCED: &str = "temp.\"rt referenced\"";

/// The temporary table of one batch.
const BATCH: &str = "temp.\"rt batch\"";

/// Which line of which segment a row is.
const LINE: &str = "\"rt segment\", \"rt line\"";

/// The digest of what a row was when it came into the set.
const DIGEST: &str = "\"rt digest\"";

/// Whether [`DeleteSet::take`] has given a row.
const TAKEN: &str = "\"rt taken\"";

/// For messages.
const FOLLOWING: &str = "cannot follow the foreign keys";

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
}

/// The rows of a table that are to go.
#[derive(Clone, Copy, Debug)]
pub struct DeleteSet<'s> {
    database: &'s Database,
    table: &'s Table,
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
    fn make(&self, name: &str, key: &str) -> Result<()> {
        self.database.run(&format!(
            "DROP TABLE IF EXISTS {name}; \
             CREATE TABLE {name}({}, {LINE}, {DIGEST}, {TAKEN}, \
             PRIMARY KEY({key})) \
             WITHOUT ROWID",
            self.columns().join(", ")
        ))
    }

    /// The columns that hold a row's address: "rt 0", "rt 1", ...
    pub(in crate::db) fn columns(&self) -> Vec<String> {
        let width = self.table.cursor().len();
        (0..width).map(|i| format!("\"rt {i}\"")).collect()
    }

    /// `"rt 0" = t.rowid AND ...`
    pub(in crate::db) fn joined(&self, alias: &str) -> String {
        self.pairs("", &format!("{alias}."))
    }

    /// The condition that a row of the set, whose columns are named after
    /// `mine`, is the row of the table named by `theirs`.
    fn pairs(&self, mine: &str, theirs: &str) -> String {
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
    /// Of rows that point at each other (`own`), those at the end of the table
    /// come first: they came later, and point at the earlier ones.
    pub fn take(&self, most: usize, own: bool) -> Result<Vec<ProvenRow>> {
        let fail = |e| self.database.fail("cannot read the set", e);
        let columns = self.columns();
        let key = columns.join(", ");
        let turn = if own { "DESC" } else { "ASC" };
        let order: Vec<String> =
            columns.iter().map(|c| format!("{c} {turn}")).collect();
        let order = order.join(", ");
        let mut statement = self
            .database
            .connection
            .prepare_cached(&format!(
                "UPDATE {DELETE_SET} SET {TAKEN} = 1 WHERE ({key}) IN \
                 (SELECT {key} FROM {DELETE_SET} WHERE {TAKEN} IS NULL \
                 ORDER BY {order} LIMIT ?1) \
                 RETURNING {LINE}, {DIGEST}, {key}"
            ))
            .map_err(fail)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = statement.query([most]).map_err(fail)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            let digest: Vec<u8> = row.get(2).map_err(fail)?;
            let digest = <[u8; 16]>::try_from(digest).unwrap_or_default();
            let mut key = Vec::new();
            for i in 3..3 + columns.len() {
                let part = row.get_ref(i).map_err(fail)?;
                key.push(filter::value(part).to_owned());
            }
            out.push(ProvenRow {
                segment: row.get::<_, u32>(0).map_err(fail)? as usize,
                order: 0,
                line: row.get::<_, i64>(1).map_err(fail)?.cast_unsigned(),
                digest: u128::from_be_bytes(digest),
                address: RowAddress::of(key, self.table.without_rowid),
            });
        }
        // What RETURNING gives comes in no order.
        out.sort_by_key(|row| (row.segment, row.line));
        if own {
            out.reverse();
        }
        Ok(out)
    }

    fn insert(
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

    fn remove_from(&self, name: &str, address: &RowAddress) -> Result<()> {
        let terms: Vec<String> =
            self.columns().iter().map(|c| format!("{c} = ?")).collect();
        let sql = format!("DELETE FROM {name} WHERE {}", terms.join(" AND "));
        let values = address.values();
        let values = params_from_iter(&*values);
        self.database.execute("cannot note a row", &sql, values).map(drop)
    }

    /// Takes out of the set the rows at which a row that stays points; gives
    /// the tables that point at them, and at how many each does first. A child
    /// table without an index is read once.
    pub(in crate::db) fn keep_referenced(
        &self,
        references: &References,
    ) -> Result<Vec<(String, u64)>> {
        let mut kept: Vec<(String, u64)> = Vec::new();
        if references.is_empty() {
            return Ok(kept);
        }
        let mut add = |child: &str, rows| match rows {
            0 => {}
            _ => match kept.iter_mut().find(|(name, _)| name == child) {
                Some((_, sum)) => *sum += rows,
                None => kept.push((child.to_owned(), rows)),
            },
        };
        let key = self.columns().join(", ");
        self.make(REFERENCED, &key)?;
        for reference in &references.all {
            let found = self.pointed_at(reference, DELETE_SET);
            let rows = self.execute(&format!(
                "INSERT OR IGNORE INTO {REFERENCED}({key}, {LINE}) {found}"
            ))?;
            add(&reference.child, rows);
        }
        if references.own() {
            add(&self.table.name, self.execute(&self.spread(references))?);
        }
        self.execute(&format!(
            "DELETE FROM {DELETE_SET} WHERE ({key}) IN \
             (SELECT {key} FROM {REFERENCED})"
        ))?;
        Ok(kept)
    }

    fn execute(&self, sql: &str) -> Result<u64> {
        self.database.execute(FOLLOWING, sql, []).map(|rows| rows as u64)
    }

    /// Takes out of the set the rows at which a row that stays points, and
    /// tells whose lines they are: segment and line.
    pub fn referenced(
        &self,
        references: &References,
        each: &mut dyn FnMut(usize, u64),
    ) -> Result<()> {
        if self.keep_referenced(references)?.is_empty() {
            return Ok(());
        }
        self.read_lines(&format!("SELECT {LINE} FROM {REFERENCED}"), each)
    }

    fn read_lines(
        &self,
        sql: &str,
        each: &mut dyn FnMut(usize, u64),
    ) -> Result<()> {
        let lines: Vec<(u32, i64)> = self.database.rows(FOLLOWING, sql, [])?;
        for (segment, line) in lines {
            each(segment as usize, line.cast_unsigned());
        }
        Ok(())
    }

    /// Inside the write lock: which rows of a batch (by their index in it)
    /// must stay, because a row that stays points at them now. They leave the
    /// set.
    pub fn referenced_in(
        &self,
        references: &References,
        batch: &[&RowAddress],
    ) -> Result<Vec<usize>> {
        self.make(BATCH, &self.columns().join(", "))?;
        for (i, address) in batch.iter().enumerate() {
            self.insert(BATCH, address, (0, i as u64), None)?;
        }
        let mut kept = Vec::new();
        loop {
            let before = kept.len();
            for reference in &references.all {
                let known = kept.len();
                let sql = self.pointed_at(reference, BATCH);
                let sql = format!("SELECT {LINE} FROM ({sql})");
                self.read_lines(&sql, &mut |_, i| kept.push(i as usize))?;
                for from in [BATCH, DELETE_SET] {
                    for i in &kept[known..] {
                        self.remove_from(from, batch[*i])?;
                    }
                }
            }
            // A row that stays may point at another one of the batch.
            if kept.len() == before || !references.own() {
                return Ok(kept);
            }
        }
    }

    /// The rows of `among` (a temporary table with the set's columns) at
    /// which a row outside the set points.
    fn pointed_at(&self, reference: &Reference, among: &str) -> String {
        let key = self.columns().join(", ");
        let cursor: Vec<String> =
            self.table.cursor().iter().map(|c| format!("c.{c}")).collect();
        let stays = if reference.own {
            format!(
                " AND ({}) NOT IN (SELECT {key} FROM {DELETE_SET})",
                cursor.join(", ")
            )
        } else {
            reference.stays.clone().unwrap_or_default()
        };
        let (parent, child) = (self.table.quoted(), reference.child());
        let equal = reference.equal("p", "c");
        let to_parent = self.joined("p");
        let from = if reference.indexed {
            format!(
                "{among} AS d CROSS JOIN {parent} AS p ON {to_parent} \
                 CROSS JOIN {child} AS c ON {equal}"
            )
        } else {
            format!(
                "{child} AS c CROSS JOIN {parent} AS p ON {equal} \
                 CROSS JOIN {among} AS d ON {to_parent}"
            )
        };
        format!("SELECT DISTINCT {key}, {LINE} FROM {from} WHERE 1{stays}")
    }

    /// From the rows that left the set on to those at which they point, to
    /// the end of each chain.
    fn spread(&self, references: &References) -> String {
        let columns = self.columns();
        let key = columns.join(", ");
        let out: Vec<String> = columns
            .iter()
            .map(String::as_str)
            .chain(LINE.split(", "))
            .map(|c| format!("d.{c}"))
            .collect();
        let mut steps = String::new();
        for reference in references.all.iter().filter(|r| r.own) {
            steps.push_str(&format!(
                " UNION SELECT {} FROM stays AS s \
                 CROSS JOIN {parent} AS c ON {} \
                 CROSS JOIN {parent} AS p ON {} \
                 CROSS JOIN {DELETE_SET} AS d ON {}",
                out.join(", "),
                self.pairs("s.", "c."),
                reference.equal("p", "c"),
                self.pairs("d.", "p."),
                parent = self.table.quoted(),
            ));
        }
        format!(
            "INSERT OR IGNORE INTO {REFERENCED}({key}, {LINE}) \
             WITH RECURSIVE stays({key}, {LINE}) AS \
             (SELECT {key}, {LINE} FROM {REFERENCED}{steps}) \
             SELECT {key}, {LINE} FROM stays"
        )
    }
}
