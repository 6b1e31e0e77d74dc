//! A few rows from all over a table, read in moments.

use rusqlite::{Row, params_from_iter};

use crate::db::read::filter;
use crate::db::{Database, Table, ident};
use crate::error::Result;
use crate::value::Owned;

/// Places in the order of the rowid where the table is entered.
const PLACES: i128 = 20;
/// Rows read at each of them.
const ROWS: usize = 15;
/// Of a text, as many characters: more tell no time.
const CHARACTERS: u32 = 64;

impl Database {
    /// Up to 315 rows of an ordinary table, `columns` of each, in the order
    /// of the rowid: from places at equal distances, and the last ones. Of a
    /// WITHOUT ROWID table, the first and the last by key. Texts are cut
    /// short, and BLOBs come empty.
    pub fn sample(
        &self,
        table: &Table,
        columns: &[usize],
    ) -> Result<Vec<Vec<Owned>>> {
        let list: Vec<String> = columns
            .iter()
            .map(|c| {
                let column = ident(&table.columns[*c].name);
                format!(
                    "CASE typeof({column}) WHEN 'blob' THEN x'' WHEN 'text' \
                     THEN substr({column}, 1, {CHARACTERS}) ELSE {column} END"
                )
            })
            .collect();
        let (list, from) = (list.join(", "), table.quoted());
        let order = table.cursor();
        let down: Vec<String> =
            order.iter().map(|part| format!("{part} DESC")).collect();
        let (up, down) = (order.join(", "), down.join(", "));
        if table.without_rowid {
            let most = PLACES as usize * ROWS / 2;
            let sql = |order| {
                format!(
                    "SELECT {list} FROM {from} ORDER BY {order} LIMIT {most}"
                )
            };
            let mut rows = self.some_rows(&sql(up), &[])?;
            rows.extend(self.some_rows(&sql(down), &[])?.into_iter().rev());
            return Ok(rows);
        }
        let list = format!("{list}, {up}");
        let last = format!(
            "SELECT {list} FROM {from} NOT INDEXED ORDER BY {down} \
             LIMIT {ROWS}"
        );
        let last = self.some_rows(&last, &[])?;
        let next = format!(
            "SELECT {list} FROM {from} NOT INDEXED WHERE {up} >= ?1 \
             ORDER BY {up} LIMIT {ROWS}"
        );
        let mut rows = self.some_rows(&next, &[i64::MIN])?;
        if let (Some(first), Some(newest)) =
            (rows.first().map(|r| rowid(r)), last.first().map(|r| rowid(r)))
        {
            let span = i128::from(newest) - i128::from(first);
            for place in 1..PLACES {
                let start = i128::from(first) + span * place / PLACES;
                let seen = rows.last().map_or(i64::MIN, |r| rowid(r));
                let from = (start as i64).max(seen.saturating_add(1));
                rows.extend(self.some_rows(&next, &[from])?);
            }
            let seen = rows.last().map_or(i64::MIN, |r| rowid(r));
            rows.extend(last.into_iter().rev().filter(|r| rowid(r) > seen));
        }
        for row in &mut rows {
            row.pop();
        }
        Ok(rows)
    }

    fn some_rows(&self, sql: &str, from: &[i64]) -> Result<Vec<Vec<Owned>>> {
        let owned = |row: &Row<'_>| {
            (0..row.as_ref().column_count())
                .map(|i| Ok(filter::value(row.get_ref(i)?).to_owned()))
                .collect()
        };
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_map(params_from_iter(from), owned)?.collect()
            })
            .map_err(|e| self.fail("cannot read", e))
    }
}

/// The rowid, which is the last value of a row.
fn rowid(row: &[Owned]) -> i64 {
    match row.last() {
        Some(Owned::Integer(rowid)) => *rowid,
        _ => i64::MAX,
    }
}
