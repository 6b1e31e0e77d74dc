//! Rows that are due, found by an index that leads with the time column.
//!
//! The index is asked only for the ranges in which due and undated rows can
//! stand, so that the cost is what moves: the texts that may mean a time
//! before the cutoff, the numbers that do, and whatever means no time.

use jiff::Timestamp;
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};

use crate::db::read::filter::{self, Filter};
use crate::db::read::walk::condition;
use crate::db::{Database, Kind, Position, Table, ident};
use crate::error::Result;
use crate::time::{self, Unit};
use crate::value::{Owned, Value};

/// Beyond so many rows, and more than a quarter of the rowids, walking
/// the table in order costs less than fetching rows one by one.
const SCATTERED: u64 = 50_000;

/// An index is read in one transaction, which ends after so many entries: with
/// more, the table is walked in nibbles instead.
const TOO_MANY: u64 = 200_000;

impl Database {
    /// Where in an index of the table the rows that the filter means can
    /// stand; none where no index serves.
    pub(super) fn time_ranges(
        &self,
        table: &Table,
        filter: &Filter,
    ) -> Result<Option<Ranges>> {
        let (Some(before), Some((column, unit))) =
            (filter.before, filter.timestamp)
        else {
            return Ok(None);
        };
        // In UTF-16 an index is not in the order of UTF-8.
        if table.kind != Kind::Ordinary || table.without_rowid || self.utf16 {
            return Ok(None);
        }
        let name = self.time_index(table, column)?;
        Ok(name.map(|name| Ranges { name, column, unit, before }))
    }

    /// Puts all rows meant into the set, from a time index; `None` when so many rows are due
    /// that a walk is cheaper. Gives undated rows and entries visited.
    pub(super) fn gather_by_index(
        &self,
        table: &Table,
        filter: &Filter,
        ranges: &Ranges,
    ) -> Result<Option<(u64, u64)>> {
        let fail = |e| self.fail("cannot read an index", e);
        let tally = filter::install(&self.connection, filter).map_err(fail)?;
        let span = self.rowid_span(table)?;
        let name = ident(&table.name);
        let time = ranges.time(table);
        let mut found: Vec<i64> = Vec::new();
        for range in ranges.terms(table) {
            let sql = format!(
                "SELECT {name}.{} FROM {} INDEXED BY {} WHERE {} AND {}",
                table.cursor().join(""),
                table.quoted(),
                ident(&ranges.name),
                range.term(&time),
                condition(table, filter),
            );
            tally.start();
            let asked = filter.condition.as_deref();
            let mut statement = self
                .connection
                .prepare(&sql)
                .map_err(|e| self.unprepared(asked, e))?;
            let mut rows = statement
                .query(params_from_iter(range.bounds()))
                .map_err(fail)?;
            while let Some(row) = rows.next().map_err(fail)? {
                let visited = tally.visited();
                let scattered =
                    visited > SCATTERED && visited.saturating_mul(4) > span;
                if scattered || visited > TOO_MANY {
                    return Ok(None);
                }
                if tally.passed() {
                    found.push(row.get(0).map_err(fail)?);
                }
            }
        }
        let beyond = self.undated_beyond(table, ranges)?;
        for part in found.chunks(10_000) {
            let keys: Vec<Position> =
                part.iter().map(|r| vec![Owned::Integer(*r)]).collect();
            self.add_to_set(table, &keys)?;
        }
        Ok(Some((tally.undated() + beyond, tally.visited())))
    }

    /// The rows of the table by an index; none where they are too many to
    /// count in one transaction.
    pub(super) fn count_by_index(
        &self,
        table: &Table,
        ranges: &Ranges,
    ) -> Result<Option<u64>> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} INDEXED BY {} LIMIT ?1)",
            table.quoted(),
            ident(&ranges.name),
        );
        let most = i64::try_from(TOO_MANY).unwrap_or(i64::MAX);
        let rows: i64 = self
            .connection
            .query_row(&sql, [most], |row| row.get(0))
            .map_err(|e| self.fail("cannot count rows", e))?;
        Ok((rows < most).then_some(rows.max(0) as u64))
    }

    fn rowid_span(&self, table: &Table) -> Result<u64> {
        let (rowid, from) = (table.cursor().join(""), table.quoted());
        // Two scalar subqueries: each is one seek, max - min is a scan.
        self.connection
            .query_row(
                &format!(
                    "SELECT (SELECT max({rowid}) FROM {from}), \
                     (SELECT min({rowid}) FROM {from})"
                ),
                [],
                |row| {
                    let max: Option<i64> = row.get(0)?;
                    let min: Option<i64> = row.get(1)?;
                    Ok(max.unwrap_or(0).abs_diff(min.unwrap_or(0)))
                },
            )
            .map_err(|e| self.fail("cannot read", e))
    }

    /// An index that leads with the time column, in plain byte order, over
    /// all rows.
    fn time_index(
        &self,
        table: &Table,
        column: usize,
    ) -> Result<Option<String>> {
        self.connection
            .query_row(
                "SELECT l.name FROM pragma_index_list(?1, 'main') AS l, \
                 pragma_index_xinfo(l.name, 'main') AS x \
                 WHERE NOT l.partial AND x.seqno = 0 AND x.name = ?2 \
                 COLLATE NOCASE AND x.coll = 'BINARY' COLLATE NOCASE \
                 ORDER BY l.seq LIMIT 1",
                [&table.name, &table.columns[column].name],
                |row| row.get(0),
            )
            .optional()
            .map_err(|e| self.fail("cannot read the indexes", e))
    }

    /// Texts behind the due ones that begin with no date: one seek a day.
    fn undated_beyond(&self, table: &Table, ranges: &Ranges) -> Result<u64> {
        let fail = |e| self.fail("cannot read an index", e);
        let time = ranges.time(table);
        let from =
            format!("{} INDEXED BY {}", table.quoted(), ident(&ranges.name));
        let mut next = self
            .connection
            .prepare(&format!(
                "SELECT {time} FROM {from} WHERE {time} >= ?1 AND {time} < \
                 x'' ORDER BY {time} LIMIT 1"
            ))
            .map_err(fail)?;
        let mut same = self
            .connection
            .prepare(&format!("SELECT count(*) FROM {from} WHERE {time} = ?1"))
            .map_err(fail)?;
        let mut at = ranges.text_bound().into_bytes();
        let mut undated = 0;
        loop {
            // As it is, valid UTF-8 or not: any other text is another place.
            let text = Owned::Text(at.clone());
            let mut rows = next.query([&text]).map_err(fail)?;
            let Some(row) = rows.next().map_err(fail)? else {
                return Ok(undated);
            };
            let found = filter::value(row.get_ref(0).map_err(fail)?);
            let Value::Text(found) = found else {
                return Ok(undated);
            };
            at = found.to_vec();
            let day = at.get(..10).filter(|d| {
                time::parse(d).is_some()
                    && matches!(at.get(10), None | Some(b'T' | b't' | b' '))
            });
            match day.map(<[u8]>::to_vec) {
                // The least text behind all that begin with this day.
                Some(mut day) => {
                    day[9] += 1;
                    at = day;
                }
                None => {
                    drop(rows);
                    let owned = Owned::Text(at.clone());
                    undated += same
                        .query_row([&owned], |row| row.get::<_, i64>(0))
                        .map_err(fail)?
                        .max(0) as u64;
                    at.push(0);
                }
            }
        }
    }
}

/// Where in a time index due and undated rows can stand.
pub(super) struct Ranges {
    name: String,
    column: usize,
    unit: Option<Unit>,
    before: Timestamp,
}

/// One range of an index.
struct Range {
    from: Option<Sql>,
    to: Option<Sql>,
}

impl Range {
    fn term(&self, time: &str) -> String {
        match (&self.from, &self.to) {
            (None, None) => format!("{time} IS NULL"),
            (Some(_), None) => format!("{time} >= ?1"),
            (None, Some(_)) => format!("{time} < ?1"),
            (Some(_), Some(_)) => format!("{time} >= ?1 AND {time} < ?2"),
        }
    }

    fn bounds(&self) -> Vec<&Sql> {
        self.from.iter().chain(&self.to).collect()
    }
}

impl Ranges {
    fn time(&self, table: &Table) -> String {
        format!(
            "{}.{} COLLATE BINARY",
            ident(&table.name),
            ident(&table.columns[self.column].name)
        )
    }

    /// Every due text sorts before this one: an offset moves a local date by
    /// at most a day.
    fn text_bound(&self) -> String {
        let day = time::Day::of(self.before);
        day.next().next().to_string()
    }

    /// NULL, the numbers that are due or mean no time, the texts up to the
    /// bound, and BLOBs.
    fn terms(&self, table: &Table) -> Vec<Range> {
        let mut out = vec![Range { from: None, to: None }];
        let declared = table.columns[self.column].declared.to_uppercase();
        // A column with TEXT affinity holds no numbers, and would compare
        // them as text (https://www.sqlite.org/datatype3.html#affinity).
        let text = !declared.contains("INT")
            && ["CHAR", "CLOB", "TEXT"].iter().any(|t| declared.contains(t));
        let empty = || Some(Sql::Text(String::new()));
        if text {
            out.push(Range { from: None, to: empty() });
        } else {
            let mut from = None;
            for (hot, later) in self.hot_numbers() {
                out.push(Range { from: from.take(), to: Some(hot) });
                from = Some(later);
            }
            out.push(Range { from, to: empty() });
        }
        out.push(Range {
            from: empty(),
            to: Some(Sql::Text(self.text_bound())),
        });
        out.push(Range { from: Some(Sql::Blob(Vec::new())), to: None });
        out
    }

    /// The ranges of numbers that are times at or after the cutoff, in order;
    /// a little narrower than exact, the filter decides.
    fn hot_numbers(&self) -> Vec<(Sql, Sql)> {
        // From the cutoff, or the range's own begin, to its end; both counted
        // in units of `scale` nanoseconds since `epoch` (seconds since 1970).
        let hot = |scale: i128, epoch: i128, least: i128, end: i128| {
            let since = epoch * (1_000_000_000 / scale);
            let cutoff = self.before.as_nanosecond().div_euclid(scale);
            let from = (cutoff - since + 1).max(least);
            (from < end).then(|| (at_least(from), whole(end)))
        };
        // Year 10000, in seconds since 1970.
        const END: i128 = 253_402_300_800;
        let one = |scale: i128, epoch: i128| {
            let end = (END - epoch) * (1_000_000_000 / scale);
            hot(scale, epoch, i128::MIN, end).into_iter().collect()
        };
        match self.unit {
            Some(Unit::S) => one(1_000_000_000, 0),
            Some(Unit::Ms) => one(1_000_000, 0),
            Some(Unit::Us) => one(1000, 0),
            Some(Unit::Ns) => one(1, 0),
            Some(Unit::WebkitUs) => one(1000, -11_644_473_600),
            Some(Unit::MacS) => one(1_000_000_000, 978_307_200),
            Some(Unit::Julian) => {
                let ns = self.before.as_nanosecond() as f64;
                let from = ns / 86_400e9 + 2_440_587.5 + 1e-6;
                vec![(Sql::Real(from), Sql::Real(5_373_484.5 - 1e-6))]
            }
            // Julian days among the small numbers are not told apart here:
            // an INTEGER in their range means no time, and is counted.
            None => [
                hot(1_000_000_000, 0, 100_000_000, 100_000_000_000),
                hot(1_000_000, 0, 100_000_000_000, 100_000_000_000_000),
                hot(1000, 0, 100_000_000_000_000, 100_000_000_000_000_000),
                hot(1, 0, 100_000_000_000_000_000, END * 1_000_000_000),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

/// A whole number as SQL compares it exactly; beyond 64 bits, the double next
/// to it.
fn whole(number: i128) -> Sql {
    match i64::try_from(number) {
        Ok(number) => Sql::Integer(number),
        Err(_) => Sql::Real(number as f64),
    }
}

/// Like `whole`, but never below `number`: a rounded double moves up to the
/// next one.
fn at_least(number: i128) -> Sql {
    match whole(number) {
        Sql::Real(rounded) => Sql::Real(rounded.next_up()),
        exact => exact,
    }
}
