//! Following the foreign keys: which rows of the set a row that stays points
//! at, whether they point from another table or from the set's own.
//!
//! A child table with an index that serves is asked for each row of the set.
//! Any other one is read once: the values at which it may point are put into a
//! temporary table first, which is declared so that its own index serves.

use std::time::Duration;

use crate::db::delete::set::{DELETE_SET, DeleteSet, LINE, ProvenRow};
use crate::db::foreign_keys::{Reference, References};
use crate::error::{Error, Result, quote, quoted};

/// The temporary table of rows that left the set because a row that stays
/// points at them.
const REFERENCED: &str = "temp.\"rt referenced\"";

/// The temporary table of one batch.
const BATCH: &str = "temp.\"rt batch\"";

/// The temporary table of the values of rows by which one foreign key points
/// at them.
const KEYS: &str = "temp.\"rt keys\"";

/// The temporary table of who points at whom in the set.
pub(super) const POINTERS: &str = "temp.\"rt pointers\"";

/// For messages.
pub(super) const FOLLOWING: &str = "cannot follow the foreign keys";

impl DeleteSet<'_> {
    /// Takes out of the set the rows at which a row that stays points; gives
    /// the tables that point at them, and at how many each does first.
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
        if references.own() {
            self.make_pointers()?;
        }
        for reference in &references.all {
            if reference.own || !reference.indexed {
                self.gather_keys(reference, DELETE_SET)?;
            }
            if reference.own {
                self.gather_pointers(reference)?;
            }
            let found =
                self.pointed_at(reference, DELETE_SET, &self.stays(reference));
            let rows = self.execute(&format!(
                "INSERT OR IGNORE INTO {REFERENCED}({key}, {LINE}) {found}"
            ))?;
            add(&reference.child, rows);
        }
        if references.own() {
            add(&self.table.name, self.spread()?);
        }
        self.execute(&format!(
            "DELETE FROM {DELETE_SET} WHERE ({key}) IN \
             (SELECT {key} FROM {REFERENCED})"
        ))?;
        Ok(kept)
    }

    pub(super) fn execute(&self, sql: &str) -> Result<u64> {
        self.database.execute(FOLLOWING, sql, []).map(|rows| rows as u64)
    }

    /// Takes out of the set the rows at which a row that stays points, and
    /// tells whose lines they are: segment and line. The others get the order
    /// in which they go.
    pub fn referenced(
        &self,
        references: &References,
        each: &mut dyn FnMut(usize, u64),
    ) -> Result<()> {
        let kept = self.keep_referenced(references)?;
        if references.own() {
            self.order(REFERENCED)?;
        }
        match kept.is_empty() {
            true => Ok(()),
            false => self
                .read_lines(&format!("SELECT {LINE} FROM {REFERENCED}"), each),
        }
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
    /// set. None where a row of the set that is not in the batch points at one
    /// of it: the order in which they go has to be found anew.
    ///
    /// # Errors
    /// Status 75 where there is a limit, and it takes longer, or the order is
    /// still another one.
    pub fn referenced_in(
        &self,
        references: &References,
        batch: &[ProvenRow],
        limit: Option<Duration>,
    ) -> Result<Option<Vec<usize>>> {
        let work = || self.look_at(references, batch);
        match (self.database.deadline.within(limit, work)?.flatten(), limit) {
            (None, Some(_)) => Err(self.too_busy(references)),
            (found, _) => Ok(found),
        }
    }

    fn look_at(
        &self,
        references: &References,
        batch: &[ProvenRow],
    ) -> Result<Option<Vec<usize>>> {
        self.make(BATCH, &self.columns().join(", "))?;
        for (i, row) in batch.iter().enumerate() {
            self.insert(BATCH, &row.address, (0, i as u64), None)?;
        }
        let (mut stay, mut too_early) = (Vec::new(), false);
        loop {
            let before = stay.len();
            for reference in &references.all {
                let known = stay.len();
                if !reference.indexed {
                    self.gather_keys(reference, BATCH)?;
                }
                let sql =
                    self.pointed_at(reference, BATCH, &self.stays(reference));
                let sql = format!("SELECT {LINE} FROM ({sql})");
                self.read_lines(&sql, &mut |_, i| stay.push(i as usize))?;
                for from in [BATCH, DELETE_SET] {
                    for i in &stay[known..] {
                        self.remove_from(from, &batch[*i].address)?;
                    }
                }
                if reference.own && stay.is_empty() {
                    let later =
                        self.is_in(DELETE_SET) + &self.is_not_in(BATCH);
                    let sql = self.pointed_at(reference, BATCH, &later);
                    let sql = format!("SELECT {LINE} FROM ({sql} LIMIT 1)");
                    self.read_lines(&sql, &mut |_, _| too_early = true)?;
                }
            }
            // A row that stays may point at another one of the batch.
            if stay.len() == before || !references.own() {
                break;
            }
        }
        stay.sort_unstable();
        Ok((!stay.is_empty() || !too_early).then_some(stay))
    }

    /// The error where it cannot be found out between others' commits who
    /// points at rows that are to go, nor within the time for which a batch may
    /// hold the write lock.
    fn too_busy(&self, references: &References) -> Error {
        let children = references.children();
        Error::busy(format!(
            "{}: others commit all the time, and whether rows of {} point at \
             rows of {} is not found out in between",
            quoted(&self.database.path),
            children.join(", "),
            quote(&self.table.name),
        ))
        .hint(
            "give the tables that point an index that leads with the columns \
             that do, and with their type and collation; or run it again when \
             less is written, or with a longer --max-stall: it goes on where \
             it stopped",
        )
    }

    /// Puts the values by which a foreign key points at rows `among` these
    /// (a temporary table with the set's columns) into their table. A NULL is
    /// no value to point at.
    fn gather_keys(&self, reference: &Reference, among: &str) -> Result<()> {
        let keys = reference.keys();
        let declared: Vec<String> = keys
            .iter()
            .zip(&reference.declared)
            .map(|(name, rule)| format!("{name} {rule}"))
            .collect();
        let address = self.columns().join(", ");
        let keys = keys.join(", ");
        self.database.run(&format!(
            "DROP TABLE IF EXISTS {KEYS}; \
             CREATE TABLE {KEYS}({}, {}, {LINE}, \
             PRIMARY KEY({keys}, {address})) WITHOUT ROWID",
            declared.join(", "),
            self.declared("rt")?,
        ))?;
        let values = reference.parent_columns("p");
        self.execute(&format!(
            "INSERT INTO {KEYS}({keys}, {address}, {LINE}) \
             SELECT {}, {address}, {LINE} FROM {among} AS d \
             CROSS JOIN {} AS p ON {} WHERE {} IS NOT NULL ORDER BY {}",
            values.join(", "),
            self.table.quoted(),
            self.joined("p"),
            values.join(" IS NOT NULL AND "),
            values.join(", "),
        ))?;
        Ok(())
    }

    /// The condition that a row `c` of the table that points stays.
    fn stays(&self, reference: &Reference) -> String {
        match reference.own {
            true => self.is_not_in(DELETE_SET),
            false => reference.stays.clone().unwrap_or_default(),
        }
    }

    /// The condition that a row `c` of the table is not in a temporary table
    /// with the set's columns.
    pub(in crate::db) fn is_not_in(&self, name: &str) -> String {
        self.is_in(name).replacen("EXISTS", "NOT EXISTS", 1)
    }

    fn is_in(&self, name: &str) -> String {
        let pairs = self.pairs("x.", "c.");
        format!(" AND EXISTS (SELECT 1 FROM {name} AS x WHERE {pairs})")
    }

    /// The rows of `among` (a temporary table with the set's columns, whose
    /// keys were gathered where the child has no index) at which a row `c`
    /// points that meets a condition.
    fn pointed_at(
        &self,
        reference: &Reference,
        among: &str,
        condition: &str,
    ) -> String {
        let key = self.columns().join(", ");
        let child = reference.child();
        let from = match reference.indexed {
            true => format!(
                "{among} AS d CROSS JOIN {} AS p ON {} \
                 CROSS JOIN {child} AS c ON {}",
                self.table.quoted(),
                self.joined("p"),
                reference.equal("p", "c"),
            ),
            false => format!(
                "{child} AS c CROSS JOIN {KEYS} AS d ON {}",
                reference.equal_key("d", "c"),
            ),
        };
        format!("SELECT DISTINCT {key}, {LINE} FROM {from} WHERE 1{condition}")
    }

    /// No row of the set is known to point at another one.
    fn make_pointers(&self) -> Result<()> {
        let (from, to) = (self.named("rt from"), self.named("rt to"));
        let (from, to) = (from.join(", "), to.join(", "));
        self.database.run(&format!(
            "DROP TABLE IF EXISTS {POINTERS}; \
             CREATE TABLE {POINTERS}({}, {}, PRIMARY KEY({from}, {to})) \
             WITHOUT ROWID; \
             CREATE INDEX temp.\"rt pointed\" ON \"rt pointers\"({to})",
            self.declared("rt from")?,
            self.declared("rt to")?,
        ))
    }

    /// Notes which rows of the set point at which others by a foreign key of
    /// the table to itself.
    fn gather_pointers(&self, reference: &Reference) -> Result<()> {
        let columns = self.columns();
        let from: Vec<String> =
            columns.iter().map(|c| format!("s.{c}")).collect();
        let to: Vec<String> =
            columns.iter().map(|c| format!("d.{c}")).collect();
        let (from, to) = (from.join(", "), to.join(", "));
        self.execute(&format!(
            "INSERT OR IGNORE INTO {POINTERS} SELECT {from}, {to} \
             FROM {DELETE_SET} AS s CROSS JOIN {} AS c ON {} \
             CROSS JOIN {KEYS} AS d ON {} WHERE ({from}) <> ({to})",
            self.table.quoted(),
            self.pairs("s.", "c."),
            reference.equal_key("d", "c"),
        ))?;
        Ok(())
    }

    /// From the rows that left the set on to those at which they point, to
    /// the end of each chain.
    fn spread(&self) -> Result<u64> {
        let key = self.columns().join(", ");
        let to = self.named("rt to").join(", ");
        let columns: Vec<String> =
            self.columns().iter().map(|c| format!("d.{c}")).collect();
        self.execute(&format!(
            "INSERT OR IGNORE INTO {REFERENCED}({key}, {LINE}) \
             WITH RECURSIVE stays({key}) AS (SELECT {key} FROM {REFERENCED} \
             UNION SELECT {to} FROM stays AS s \
             CROSS JOIN {POINTERS} AS l ON {}) \
             SELECT {}, {LINE} FROM stays AS s \
             CROSS JOIN {DELETE_SET} AS d ON {}",
            self.same("l", "rt from", "s", "rt"),
            columns.join(", "),
            self.same("d", "rt", "s", "rt"),
        ))
    }

    /// The condition that two rows of temporary tables, whose columns' names
    /// begin so, are one row.
    pub(super) fn same(
        &self,
        one: &str,
        ones: &str,
        other: &str,
        others: &str,
    ) -> String {
        let terms: Vec<String> = self
            .named(ones)
            .iter()
            .zip(self.named(others))
            .map(|(mine, theirs)| format!("{one}.{mine} = {other}.{theirs}"))
            .collect();
        terms.join(" AND ")
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
