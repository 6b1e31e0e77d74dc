//! Rows that are due, found by an index that leads with the time column.
//!
//! The index is asked only for the [`Ranges`] in which due rows, undated ones
//! and those of the future can stand, so that the cost is what moves.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params_from_iter};

use crate::db::due::ranges::{Range, Ranges};
use crate::db::read::filter::{self, Filter, Met, Tally};
use crate::db::read::walk::condition;
use crate::db::{Database, Kind, Position, Table, ident};
use crate::error::Result;
use crate::time;
use crate::value::Owned;

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
        // In UTF-16 an index is not in the order of UTF-8.
        if table.kind != Kind::Ordinary || table.without_rowid || self.utf16 {
            return Ok(None);
        }
        let Some(column) = filter.timestamp.as_ref().map(|(c, _)| *c) else {
            return Ok(None);
        };
        let name = self.time_index(table, column)?;
        Ok(name.and_then(|name| Ranges::new(name, table, filter)))
    }

    /// Puts all rows meant into the set, from a time index; `None` when so
    /// many rows are due that a walk is cheaper. Gives what it met.
    pub(super) fn gather_by_index(
        &self,
        table: &Table,
        filter: &Filter,
        ranges: &Ranges,
    ) -> Result<Option<Met>> {
        let fail = |e| self.fail("cannot read an index", e);
        let tally = filter::install(&self.connection, filter).map_err(fail)?;
        let span = self.rowid_span(table)?;
        let mut gather =
            Gather { table, filter, ranges, span, tally, found: Vec::new() };
        for range in ranges.terms() {
            if !self.gather_range(&mut gather, &range)? {
                return Ok(None);
            }
        }
        let Some(passed) = self.pass_over_days(&mut gather)? else {
            return Ok(None);
        };
        let mut met = gather.tally.met();
        met.dated |= passed
            || (met.undated > 0 && self.has_hot_numbers(table, ranges)?);
        for part in gather.found.chunks(10_000) {
            let keys: Vec<Position> =
                part.iter().map(|r| vec![Owned::Integer(*r)]).collect();
            self.add_to_set(table, &keys)?;
        }
        Ok(Some(met))
    }

    /// The rows of a range that are meant; false when so many were looked at
    /// that a walk is cheaper.
    fn gather_range(
        &self,
        gather: &mut Gather,
        range: &Range,
    ) -> Result<bool> {
        let fail = |e| self.fail("cannot read an index", e);
        let Gather { table, filter, ranges, .. } = *gather;
        let name = ident(&table.name);
        let sql = format!(
            "SELECT {name}.{} FROM {} INDEXED BY {} WHERE {} AND {}",
            table.cursor().join(""),
            table.quoted(),
            ident(&ranges.name),
            range.term(&ranges.time),
            condition(table, filter),
        );
        let mut statement =
            self.connection.prepare_cached(&sql).map_err(fail)?;
        gather.tally.start();
        let mut rows =
            statement.query(params_from_iter(range.bounds())).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            if gather.is_too_much() {
                return Ok(false);
            }
            if gather.tally.passed() {
                gather.found.push(row.get(0).map_err(fail)?);
            }
        }
        Ok(!gather.is_too_much())
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
        let sql = format!(
            "SELECT (SELECT max({rowid}) FROM {from}), \
             (SELECT min({rowid}) FROM {from})"
        );
        let ends: Vec<(Option<i64>, Option<i64>)> =
            self.rows("cannot read", &sql, [])?;
        Ok(ends.first().map_or(0, |(max, min)| {
            max.unwrap_or(0).abs_diff(min.unwrap_or(0))
        }))
    }

    /// An index that leads with the time column, in plain byte order, over
    /// all rows.
    fn time_index(
        &self,
        table: &Table,
        column: usize,
    ) -> Result<Option<String>> {
        self.value(
            "cannot read the indexes",
            "SELECT l.name FROM pragma_index_list(?1, 'main') AS l, \
             pragma_index_xinfo(l.name, 'main') AS x \
             WHERE NOT l.partial AND x.seqno = 0 AND x.name = ?2 \
             COLLATE NOCASE AND x.coll = 'BINARY' COLLATE NOCASE \
             ORDER BY l.seq LIMIT 1",
            [&table.name, &table.columns[column].name],
        )
    }

    /// Goes through the texts behind the due ones, one seek a day, and takes
    /// those that begin with no day. Gives whether a day was passed over;
    /// nothing when a walk is cheaper.
    fn pass_over_days(&self, gather: &mut Gather) -> Result<Option<bool>> {
        let fail = |e| self.fail("cannot read an index", e);
        let Gather { table, ranges, .. } = *gather;
        let Some((from, end)) = ranges.hot_days() else {
            return Ok(Some(false));
        };
        let time = &ranges.time;
        let mut next = self
            .connection
            .prepare(&format!(
                "SELECT {time} FROM {} INDEXED BY {} WHERE {time} >= ?1 AND \
                 {time} < ?2 ORDER BY {time} LIMIT 1",
                table.quoted(),
                ident(&ranges.name)
            ))
            .map_err(fail)?;
        let (mut at, end) = (from.into_bytes(), Owned::Text(end.into_bytes()));
        let mut passed = false;
        loop {
            // As it is, valid UTF-8 or not: any other text is another place.
            let text = Owned::Text(at);
            let found = next
                .query_row([&text, &end], |row| {
                    Ok(filter::value(row.get_ref(0)?).to_owned())
                })
                .optional()
                .map_err(fail)?;
            let Some(Owned::Text(found)) = found else {
                return Ok(Some(passed));
            };
            let day = found.get(..10).filter(|day| {
                time::parse(day).is_some()
                    && matches!(found.get(10), None | Some(b'T' | b't' | b' '))
                    && time::parse(&found).is_some()
            });
            if let Some(day) = day {
                // The least text behind all that begin with this day.
                at = day.to_vec();
                at[9] += 1;
                passed = true;
                continue;
            }
            at = found.clone();
            at.push(0);
            let (from, to) = (Owned::Text(found), Owned::Text(at.clone()));
            let same = Range { from: Some(from), to: Some(to) };
            if !self.gather_range(gather, &same)? {
                return Ok(None);
            }
        }
    }

    /// Whether there is a number that was passed over.
    fn has_hot_numbers(&self, table: &Table, ranges: &Ranges) -> Result<bool> {
        for (from, to) in ranges.hot_numbers() {
            let range = Range { from: Some(from), to: Some(to) };
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM {} INDEXED BY {} WHERE {})",
                table.quoted(),
                ident(&ranges.name),
                range.term(&ranges.time)
            );
            let any: bool = self
                .connection
                .query_row(&sql, params_from_iter(range.bounds()), |row| {
                    row.get(0)
                })
                .map_err(|e| self.fail("cannot read an index", e))?;
            if any {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The rows that were found in an index so far.
struct Gather<'g> {
    table: &'g Table,
    filter: &'g Filter,
    ranges: &'g Ranges,
    /// How far the rowids of the table reach.
    span: u64,
    tally: Arc<Tally>,
    found: Vec<i64>,
}

impl Gather<'_> {
    fn is_too_much(&self) -> bool {
        let visited = self.tally.visited();
        let scattered =
            visited > SCATTERED && visited.saturating_mul(4) > self.span;
        scattered || visited > TOO_MANY
    }
}
