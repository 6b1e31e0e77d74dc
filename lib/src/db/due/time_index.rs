//! Rows that are due, found by an index that leads with the time column.
//!
//! The index is asked only for the [`Ranges`] in which due rows, undated ones
//! and those of the future can stand, so that the cost is what moves. A range
//! is read in pieces, a read transaction each, in the order of time and rowid:
//! the next piece goes on behind the last entry. An index of more columns, or
//! one that falls, is in another order: each of its ranges is read at once, as
//! long as that does not take long. The rowids go into the delete
//! set sorted, so many at a time that memory is bounded however many are due.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params_from_iter};

use crate::db::due::ranges::{Place, Range, Ranges};
use crate::db::read::filter::{self, Filter, Met, Tally};
use crate::db::read::walk::condition;
use crate::db::{Database, Kind, Position, Table, ident};
use crate::error::Result;
use crate::time;
use crate::value::Owned;

/// Beyond so many rows that are due, and more than a quarter of the rowids,
/// walking the table in order costs less than fetching rows one by one.
/// Entries of rows that stay cost little: a hundred stand on a page. With a
/// condition they cost a row each, and count too.
const SCATTERED: u64 = 50_000;

/// So many entries of an index that is not in the order of time and rowid are
/// read in one transaction; with more, the table is walked.
const AT_ONCE: u64 = 200_000;

/// So many rowids are sorted in memory: 8 MiB.
const SORTED: usize = 1 << 20;

/// So many entries of an index are counted, or twice those of the rows that
/// are due: most of these were just read.
const COUNTED: u64 = 20_000;

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
        let condition = filter.condition.as_deref();
        let index = self.time_index(table, column, condition)?;
        Ok(index.and_then(|index| Ranges::new(index, table, filter)))
    }

    /// Puts all rows meant into the set, from a time index, or as many as are
    /// asked for; `None` when so many rows are due that a walk is cheaper.
    /// Gives what it met, and how many are due.
    pub(super) fn gather_by_index(
        &self,
        table: &Table,
        filter: &Filter,
        (ranges, at_most): (&Ranges, Option<u64>),
    ) -> Result<Option<(Met, u64)>> {
        let fail = |e| self.fail("cannot read an index", e);
        let tally = filter::install(&self.connection, filter).map_err(fail)?;
        let span = self.rowid_span(table)?;
        let mut gather = Gather {
            table,
            filter,
            ranges,
            span,
            tally,
            found: Vec::new(),
            due: 0,
            at_most,
        };
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
        self.sort_into_set(&mut gather)?;
        Ok(Some((met, gather.due)))
    }

    /// The rows of a range that are meant, piece by piece; false when so many
    /// were looked at that a walk is cheaper.
    fn gather_range(
        &self,
        gather: &mut Gather,
        range: &Range,
    ) -> Result<bool> {
        let mut left = Some(Place::Start);
        while let Some(place) = left.filter(|_| !gather.has_enough()) {
            left = self.gather_piece(gather, range, place)?;
            if gather.is_too_much() {
                return Ok(false);
            }
            if gather.found.len() >= SORTED {
                self.sort_into_set(gather)?;
            }
        }
        Ok(true)
    }

    /// One read transaction, which goes on at a place of the range. Gives the
    /// next place; none at the range's end.
    fn gather_piece(
        &self,
        gather: &mut Gather,
        range: &Range,
        place: Place,
    ) -> Result<Option<Place>> {
        let fail = |e| self.fail("cannot read an index", e);
        let (sql, values) = gather.piece(range, &place);
        let mut statement =
            self.connection.prepare_cached(&sql).map_err(fail)?;
        gather.tally.start();
        let mut rows =
            statement.query(params_from_iter(values)).map_err(fail)?;
        let mut came = 0_usize;
        while let Some(row) = rows.next().map_err(fail)? {
            let rowid = row.get(1).map_err(fail)?;
            let passed = gather.tally.passed();
            if passed {
                gather.found.push(rowid);
                gather.due += 1;
            }
            came += 1;
            if !gather.ranges.ordered {
                if gather.is_too_much() || gather.has_enough() {
                    return Ok(None);
                }
                continue;
            }
            let late = came.is_multiple_of(256) && gather.tally.overdue();
            if !passed || late || gather.has_enough() {
                let time = filter::value(row.get_ref(0).map_err(fail)?);
                return Ok(Some(Place::Within(time.to_owned(), rowid)));
            }
        }
        Ok(match place {
            Place::Within(Owned::Null, _) => None,
            Place::Within(at, _) => Some(Place::Behind(at)),
            Place::Start | Place::Behind(_) => None,
        })
    }

    /// Moves the rowids that were found into the set, in order.
    fn sort_into_set(&self, gather: &mut Gather) -> Result<()> {
        gather.found.sort_unstable();
        for part in gather.found.chunks(10_000) {
            let keys: Vec<Position> =
                part.iter().map(|r| vec![Owned::Integer(*r)]).collect();
            self.add_to_set(gather.table, &keys)?;
        }
        gather.found.clear();
        Ok(())
    }

    /// The rows of the table by an index; none where it holds a part of them,
    /// or they are too many beside those that are due.
    pub(super) fn count_by_index(
        &self,
        table: &Table,
        ranges: &Ranges,
        due: u64,
    ) -> Result<Option<u64>> {
        if ranges.also.is_some() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} INDEXED BY {} LIMIT ?1)",
            table.quoted(),
            ident(&ranges.name),
        );
        let most = COUNTED.max(due.saturating_mul(2));
        let most = i64::try_from(most).unwrap_or(i64::MAX);
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
                "SELECT {time} FROM {} ORDER BY {time} LIMIT 1",
                ranges.from(table, &format!("{time} >= ?1 AND {time} < ?2")),
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
                "SELECT EXISTS (SELECT 1 FROM {})",
                ranges.from(table, &range.term(&ranges.time))
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
    /// Rowids that are not in the set yet.
    found: Vec<i64>,
    /// All that were found.
    due: u64,
    /// So many that are due are enough.
    at_most: Option<u64>,
}

impl Gather<'_> {
    /// The statement for what is left of a range, and its values.
    fn piece(&self, range: &Range, place: &Place) -> (String, Vec<Owned>) {
        let Gather { table, filter, ranges, .. } = self;
        let rowid =
            format!("{}.{}", ident(&table.name), table.cursor().join(""));
        let time = &ranges.time;
        let (range, values) = range.left(place, time, &rowid);
        let order = match ranges.ordered {
            true => format!(" ORDER BY {time}, {rowid}"),
            false => String::new(),
        };
        let sql = format!(
            "SELECT {time}, {rowid} FROM {} AND {}{order}",
            ranges.from(table, &range),
            condition(table, filter),
        );
        (sql, values)
    }

    fn has_enough(&self) -> bool {
        self.at_most.is_some_and(|most| self.due >= most)
    }

    fn is_too_much(&self) -> bool {
        let visited = self.tally.visited();
        let fetched = match self.filter.condition {
            Some(_) => visited,
            None => self.due,
        };
        let scattered =
            fetched > SCATTERED && fetched.saturating_mul(4) > self.span;
        scattered || (!self.ranges.ordered && visited > AT_ONCE)
    }
}
