//! The rows of a table counted by what its policy has in mind for them.
//!
//! Only the column that dates a row is read, in nibbles: a table takes as many
//! short read transactions as it needs, so that with a rollback journal its
//! writers wait for one of them at most. A row that moves in between can be
//! counted twice or not at all. Views and virtual tables, which have no order
//! to go on in, are read in one go.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::params_from_iter;

use crate::db::read::filter::{self, Filter};
use crate::db::read::walk::{behind, order};
use crate::db::{Database, Kind, Table, ident};
use crate::error::Result;
use crate::time::{self, Shapes, Unit};
use crate::value::{Owned, Value};

/// What is asked of the rows.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The column that dates a row, and what its values mean; without one
    /// rows are only counted.
    pub timestamp: Option<(usize, Option<Unit>)>,
    /// Rows before this instant are stale; none are without one.
    pub cutoff: Option<Timestamp>,
    /// Stale rows at or after this instant are warm; all are without one.
    pub cold_cutoff: Option<Timestamp>,
    /// Rows after this instant are of the future; none are without one.
    pub future: Option<Timestamp>,
    /// Only rows for which this SQL expression is true are ever stale.
    pub condition: Option<String>,
    /// The row of greatest id is not stale, where SQLite would give that id
    /// again.
    pub keep_greatest: bool,
}

/// The answer. `hot`, `stale` and `undated` add up to `rows`.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Census {
    /// All rows.
    pub rows: u64,
    /// Dated rows that are not due.
    pub hot: u64,
    /// Rows that are due.
    pub stale: u64,
    /// Stale rows that are not due for cold.
    pub warm: u64,
    /// Rows without a readable time.
    pub undated: u64,
    /// What these look like.
    pub shapes: Shapes,
    /// Hot rows of the future.
    pub future: u64,
    /// The least time.
    pub oldest: Option<Timestamp>,
    /// The greatest time.
    pub newest: Option<Timestamp>,
}

impl Census {
    fn count(&mut self, question: &Question, time: Value<'_>, meant: bool) {
        self.rows += 1;
        let Some((_, unit)) = &question.timestamp else {
            self.undated += 1;
            return;
        };
        let Some(at) = time::instant(time, unit.as_ref()) else {
            self.undated += 1;
            self.shapes.add(time);
            return;
        };
        self.future += u64::from(question.future.is_some_and(|f| at > f));
        if meant && question.cutoff.is_some_and(|cutoff| at < cutoff) {
            self.stale += 1;
            let warm = question.cold_cutoff.is_none_or(|cold| at >= cold);
            self.warm += u64::from(warm);
        } else {
            self.hot += 1;
        }
        self.oldest = Some(self.oldest.map_or(at, |least| least.min(at)));
        self.newest = Some(self.newest.map_or(at, |most| most.max(at)));
    }
}

/// How long one read transaction may last. How long that is in rows depends
/// on the disk, so the clock is looked at every so many rows. In tests each
/// look ends one.
const NIBBLE: Duration =
    Duration::from_millis(if cfg!(test) { 0 } else { 25 });
const LOOK_EVERY: u64 = 64;

impl Database {
    /// Counts the rows of a table.
    pub fn census(
        &self,
        table: &Table,
        question: &Question,
    ) -> Result<Census> {
        if let Some(expr) = &question.condition {
            self.check_condition(table, expr)?;
        }
        let due = Filter {
            timestamp: question.timestamp.clone(),
            before: question.cutoff,
            condition: question.condition.clone(),
            keep_greatest: question.keep_greatest,
            ..Filter::default()
        };
        let others = self.without_greatest(table, &due)?;
        let question = &match others {
            Some(Filter { condition, .. }) => {
                Question { condition, ..question.clone() }
            }
            None => question.clone(),
        };
        let mut census = Census::default();
        let mut position = None;
        self.with_small_cache(|| {
            loop {
                position =
                    self.nibble(table, question, position, &mut census)?;
                if position.is_none() {
                    return Ok(());
                }
            }
        })?;
        Ok(census)
    }

    /// One read transaction behind a row; gives the last row, or nothing at
    /// the end of the table.
    fn nibble(
        &self,
        table: &Table,
        question: &Question,
        position: Option<Vec<Owned>>,
        census: &mut Census,
    ) -> Result<Option<Vec<Owned>>> {
        let fail = |e| self.fail("cannot count the rows of a table", e);
        let sql = statement(table, question, position.is_some());
        let mut statement =
            self.connection.prepare_cached(&sql).map_err(fail)?;
        let cursor = statement.column_count() - 2;
        let started = Instant::now();
        let mut rows = statement
            .query(params_from_iter(position.iter().flatten()))
            .map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            let time = filter::value(row.get_ref(0).map_err(fail)?);
            let meant = filter::truth(row.get_ref(1).map_err(fail)?);
            census.count(question, time, meant);
            if cursor > 0
                && census.rows.is_multiple_of(LOOK_EVERY)
                && started.elapsed() > NIBBLE
            {
                let mut last = Vec::with_capacity(cursor);
                for i in 2..2 + cursor {
                    let value = row.get_ref(i).map_err(fail)?;
                    last.push(filter::value(value).to_owned());
                }
                return Ok(Some(last));
            }
        }
        Ok(None)
    }
}

/// Time, whether the row is meant, and the place of each row, from the first
/// one or from behind a place.
fn statement(table: &Table, question: &Question, on: bool) -> String {
    let time = match &question.timestamp {
        Some((column, _)) => ident(&table.columns[*column].name),
        None => "NULL".to_owned(),
    };
    let meant = match &question.condition {
        // On a line of its own: the expression may end in a comment.
        Some(expr) => format!("(\n{expr}\n) IS TRUE"),
        None => "1".to_owned(),
    };
    let cursor = match table.kind {
        Kind::Ordinary | Kind::Shadow => table.cursor(),
        Kind::View | Kind::Virtual => Vec::new(),
    };
    let mut sql = format!("SELECT {time}, {meant}");
    for part in &cursor {
        sql.push_str(", ");
        sql.push_str(part);
    }
    sql.push_str(&format!(" FROM {}", table.quoted()));
    if cursor.is_empty() {
        return sql;
    }
    if !table.without_rowid {
        sql.push_str(" NOT INDEXED");
    }
    let falls = |part| table.falls(part);
    if on {
        sql.push_str(&format!(" WHERE {}", behind(&cursor, falls)));
    }
    sql.push_str(&format!(" ORDER BY {}", order(&cursor, falls)));
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Access;

    /// 1,000 rows in nibbles of 64, whatever finds the place again.
    #[test]
    fn each_row_counts_once_over_many_nibbles() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 \
                    FROM n WHERE i < 1000)";
        let at = "iif(i % 4 = 0, NULL, '2026-01-0' || (i % 4))";
        for (encoding, sql) in [
            ("UTF-8", "t(id INTEGER PRIMARY KEY, at)"),
            ("UTF-8", "t(id TEXT PRIMARY KEY, at, rowid)"),
            ("UTF-16be", "t(id TEXT PRIMARY KEY, at) WITHOUT ROWID"),
            ("UTF-8", "t(id, at, PRIMARY KEY(id DESC, at)) WITHOUT ROWID"),
            ("UTF-8", "t(id, at, PRIMARY KEY(at DESC, id DESC))"),
        ] {
            let at = if sql.ends_with("at)) WITHOUT ROWID") {
                at.replace("NULL", "''")
            } else {
                at.to_owned()
            };
            let db = rusqlite::Connection::open(&path).unwrap();
            db.execute_batch(&format!(
                "PRAGMA encoding='{encoding}'; CREATE TABLE {sql}; {rows} \
                 INSERT INTO t(id, at) SELECT i * 17 % 1009, {at} FROM n"
            ))
            .unwrap();
            drop(db);
            let database =
                Database::open(&path, Access::Read, Duration::ZERO).unwrap();
            let table = database.need_table("t").unwrap();
            let day = |text: &str| time::parse(text.as_bytes());
            let question = Question {
                timestamp: Some((table.need_column("at").unwrap(), None)),
                cutoff: day("2026-01-03"),
                cold_cutoff: day("2026-01-02"),
                future: day("2026-01-02"),
                ..Question::default()
            };
            let mut census = database.census(&table, &question).unwrap();
            let shapes = std::mem::take(&mut census.shapes).list();
            assert_eq!((shapes.len(), shapes[0].rows), (1, 250), "{sql}");
            let want = Census {
                rows: 1000,
                hot: 250,
                stale: 500,
                warm: 250,
                undated: 250,
                shapes: Shapes::default(),
                future: 250,
                oldest: day("2026-01-01"),
                newest: day("2026-01-03"),
            };
            assert_eq!(census, want, "{sql}");
            std::fs::remove_file(&path).unwrap();
        }
    }
}
