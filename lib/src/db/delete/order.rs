//! In which order the rows of a set go that point at each other: who points
//! goes before the row that it points at, or with it.
//!
//! Invariant. No row goes while one that stays for now still points at it: an
//! application may change that one between two batches, and then it stays and
//! would point at nothing. Rows that point at each other in a circle have one
//! turn, and go in one transaction.

use rusqlite::params_from_iter;

use crate::db::delete::follow::{FOLLOWING, POINTERS};
use crate::db::delete::set::{CYCLE, DELETE_SET, DeleteSet, TAKEN, TURN};
use crate::db::read::filter;
use crate::error::Result;
use crate::value::Owned;

/// The temporary table of the rows of one turn.
const FRONT: &str = "temp.\"rt front\"";

/// The temporary table of the rows at which those point.
const NEXT: &str = "temp.\"rt next\"";

impl DeleteSet<'_> {
    /// Gives the rows of the set their turns: rows at which none points the
    /// first one, and any other row the one behind the last row that points at
    /// it. Those that were given ([`DeleteSet::take`]) are given again. The
    /// rows of `left` are those that have left the set.
    pub(super) fn order(&self, left: &str) -> Result<()> {
        let columns = self.columns();
        let key = columns.join(", ");
        let (from, to) = (self.named("rt from"), self.named("rt to"));
        let (from, to) = (from.join(", "), to.join(", "));
        let down = format!("{} DESC", columns.join(" DESC, "));
        for name in [FRONT, NEXT] {
            self.make(name, &key)?;
        }
        // The index is of the set, in the order in which it is taken.
        self.database.run(&format!(
            "DELETE FROM {POINTERS} WHERE ({to}) IN \
             (SELECT {key} FROM {left}); \
             UPDATE {DELETE_SET} SET {TURN} = 0, {CYCLE} = 0, {TAKEN} = NULL \
             WHERE {TURN} <> 0 OR {TAKEN} IS NOT NULL; \
             CREATE INDEX IF NOT EXISTS temp.\"rt turns\" ON \
             \"rt delete set\"({TAKEN}, {TURN}, {down}); \
             INSERT OR IGNORE INTO {FRONT}({key}) \
             SELECT {from} FROM {POINTERS} AS l WHERE {}",
            self.is_free("l", "rt from"),
        ))?;
        let mut turn: u32 = 0;
        loop {
            turn += 1;
            if self.advance(turn)? == 0 && !self.close_circle(turn)? {
                return Ok(());
            }
        }
    }

    /// The condition that no row that has no turn yet points at the row that
    /// these columns name.
    fn is_free(&self, alias: &str, begin: &str) -> String {
        format!(
            "NOT EXISTS (SELECT 1 FROM {POINTERS} AS x WHERE {})",
            self.same("x", "rt to", alias, begin)
        )
    }

    /// From the rows of the front to those at which they point, and no other
    /// row without a turn does; gives how many these are.
    fn advance(&self, turn: u32) -> Result<u64> {
        let key = self.columns().join(", ");
        let (from, to) = (self.named("rt from"), self.named("rt to"));
        let (from, to) = (from.join(", "), to.join(", "));
        self.execute(&format!("DELETE FROM {NEXT}"))?;
        self.execute(&format!(
            "INSERT OR IGNORE INTO {NEXT}({key}) SELECT {to} \
             FROM {FRONT} AS f CROSS JOIN {POINTERS} AS l ON {} \
             WHERE NOT EXISTS (SELECT 1 FROM {FRONT} AS x WHERE {})",
            self.same("l", "rt from", "f", "rt"),
            self.same("x", "rt", "l", "rt to"),
        ))?;
        self.execute(&format!(
            "DELETE FROM {POINTERS} WHERE ({from}) IN \
             (SELECT {key} FROM {FRONT})"
        ))?;
        self.execute(&format!("DELETE FROM {FRONT}"))?;
        let free = self.is_free("n", "rt");
        let rows = self.execute(&format!(
            "INSERT INTO {FRONT}({key}) SELECT {key} FROM {NEXT} AS n \
             WHERE {free}"
        ))?;
        self.note_turn(turn, 0)?;
        Ok(rows)
    }

    /// The rows of the front have their turn; with the number of their circle.
    fn note_turn(&self, turn: u32, circle: u32) -> Result<()> {
        let key = self.columns().join(", ");
        let sql = format!(
            "UPDATE {DELETE_SET} SET {TURN} = ?1, {CYCLE} = ?2 \
             WHERE ({key}) IN (SELECT {key} FROM {FRONT})"
        );
        self.database.execute(FOLLOWING, &sql, [turn, circle]).map(drop)
    }

    /// Where rows are left and each is pointed at by another one: the front
    /// becomes a circle at which no other row points, or nearly so. False
    /// where none is left.
    fn close_circle(&self, turn: u32) -> Result<bool> {
        let to = self.named("rt to").join(", ");
        let any = format!("SELECT {to} FROM {POINTERS} LIMIT 1");
        let Some(first) = self.last_of(&any, &[])? else { return Ok(false) };
        let marks = vec!["?"; first.len()].join(", ");
        let key = self.columns().join(", ");
        let from = self.named("rt from");
        let from: Vec<String> =
            from.iter().map(|c| format!("l.{c}")).collect();
        // All rows from which pointers lead to the first one, the farthest
        // last: it is in a circle, or nearer to one.
        let behind = format!(
            "WITH RECURSIVE behind({key}) AS (VALUES ({marks}) UNION \
             SELECT {} FROM behind AS b CROSS JOIN {POINTERS} AS l ON {}) \
             SELECT {key} FROM behind",
            from.join(", "),
            self.same("l", "rt to", "b", "rt"),
        );
        let Some(farthest) = self.last_of(&behind, &first)? else {
            return Ok(false);
        };
        let sql = format!("INSERT INTO {FRONT}({key}) {behind}");
        let farthest = params_from_iter(&farthest);
        self.database.execute(FOLLOWING, &sql, farthest)?;
        self.note_turn(turn, turn)?;
        Ok(true)
    }

    /// The last row of a query.
    fn last_of(
        &self,
        sql: &str,
        values: &[Owned],
    ) -> Result<Option<Vec<Owned>>> {
        let fail = |e| self.database.fail(FOLLOWING, e);
        let mut statement =
            self.database.connection.prepare_cached(sql).map_err(fail)?;
        let width = statement.column_count();
        let mut rows =
            statement.query(params_from_iter(values)).map_err(fail)?;
        let mut last = None;
        while let Some(row) = rows.next().map_err(fail)? {
            let mut key = Vec::with_capacity(width);
            for i in 0..width {
                let part = row.get_ref(i).map_err(fail)?;
                key.push(filter::value(part).to_owned());
            }
            last = Some(key);
        }
        Ok(last)
    }
}
