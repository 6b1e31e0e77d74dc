//! Where in a time index rows can stand that are due, undated or of the
//! future: all of it but for the texts and numbers that surely mean a time
//! between the cutoff and the future.
//!
//! Under a unit any text can be a number, and none is passed over. The digits
//! of dates and patterns have no order to rely on, and then no index is asked.

use jiff::{SignedDuration, Timestamp};

use crate::db::affinity::Affinity;
use crate::db::due::which_index::Served;
use crate::db::{Filter, Table, ident};
use crate::time::{
    Day, GUESSED_SCALES, GUESSED_SECONDS, NO_ZERO_SECONDS, Unit,
};
use crate::value::Owned;

/// No offset moves a time by as much.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The ranges of an index.
pub(super) struct Ranges {
    /// The index.
    pub name: String,
    /// Whether it is in the order of time and rowid.
    pub ordered: bool,
    /// What is to be said of rows besides, for SQLite to ask the index: the
    /// condition of those that are meant, where it holds a part of the rows.
    pub also: Option<String>,
    /// The column that it leads with, as SQL compares it in byte order.
    pub time: String,
    unit: Option<Unit>,
    texts_only: bool,
    before: Timestamp,
    future: Timestamp,
}

/// One range of an index; without bounds the NULLs.
pub(super) struct Range {
    pub from: Option<Owned>,
    pub to: Option<Owned>,
}

/// How far a range was read. Entries of one time are read by a condition of
/// their own: SQLite seeks for each, but not for a comparison of row values
/// with a collation.
pub(super) enum Place {
    /// Not at all.
    Start,
    /// Up to the entry of this time and rowid.
    Within(Owned, i64),
    /// Up to the last entry of this time.
    Behind(Owned),
}

impl Range {
    pub fn term(&self, time: &str) -> String {
        match (&self.from, &self.to) {
            (None, None) => format!("{time} IS NULL"),
            (Some(_), None) => format!("{time} >= ?1"),
            (None, Some(_)) => format!("{time} < ?1"),
            (Some(_), Some(_)) => format!("{time} >= ?1 AND {time} < ?2"),
        }
    }

    /// The condition for what is left of the range, and its values.
    pub fn left(
        &self,
        place: &Place,
        time: &str,
        rowid: &str,
    ) -> (String, Vec<Owned>) {
        match (place, &self.to) {
            (Place::Start, _) => {
                (self.term(time), self.bounds().into_iter().cloned().collect())
            }
            (Place::Within(at, row), _) => (
                format!("{time} IS ?1 AND {rowid} > ?2"),
                vec![at.clone(), Owned::Integer(*row)],
            ),
            (Place::Behind(at), None) => {
                (format!("{time} > ?1"), vec![at.clone()])
            }
            (Place::Behind(at), Some(to)) => (
                format!("{time} > ?1 AND {time} < ?2"),
                vec![at.clone(), to.clone()],
            ),
        }
    }

    pub fn bounds(&self) -> Vec<&Owned> {
        self.from.iter().chain(&self.to).collect()
    }
}

impl Ranges {
    /// Those for what is before the filter's upper bound; none where no index
    /// can be relied on.
    pub fn new(
        index: Served,
        table: &Table,
        filter: &Filter,
    ) -> Option<Ranges> {
        let (column, unit) = filter.timestamp.clone()?;
        let before = filter.before?;
        if matches!(unit, Some(Unit::Compact | Unit::Pattern(_))) {
            return None;
        }
        // What is passed over must hold no zero time.
        if before.as_second() <= NO_ZERO_SECONDS.start {
            return None;
        }
        let end = Timestamp::from_second(NO_ZERO_SECONDS.end).ok()?;
        let future = filter.future.map_or(end, |future| future.min(end));
        let column = &table.columns[column];
        let time = format!(
            "{}.{} COLLATE BINARY",
            ident(&table.name),
            ident(&column.name)
        );
        // A column with TEXT affinity holds no numbers.
        let texts_only =
            Affinity::of(&column.declared, false) == Affinity::Text;
        let Served { name, ordered, partial } = index;
        let also = filter.condition.clone().filter(|_| partial);
        Some(Ranges {
            name,
            ordered,
            also,
            time,
            unit,
            texts_only,
            before,
            future,
        })
    }

    /// The index's part of a table, for rows of which `range` is true.
    pub fn from(&self, table: &Table, range: &str) -> String {
        let also = match &self.also {
            // On a line of its own: the expression may end in a comment.
            Some(expr) => format!(" AND (\n{expr}\n)"),
            None => String::new(),
        };
        let (table, index) = (table.quoted(), ident(&self.name));
        format!("{table} INDEXED BY {index} WHERE {range}{also}")
    }

    /// From the day that every due text sorts before, to the one that every
    /// text of the future sorts behind: an offset moves a local date by at
    /// most a day.
    pub fn hot_days(&self) -> Option<(String, String)> {
        if self.unit.is_some() {
            return None;
        }
        let from = Day::of(self.before).next().next();
        let end = Day::of(self.future - DAY);
        (from < end).then(|| (from.to_string(), end.to_string()))
    }

    /// What is hot of the day before the hot days: the times that no offset
    /// puts before the cutoff, for each character that can part a time from
    /// its date. The end of each is not in it.
    fn hot_hours(&self) -> Vec<(String, String)> {
        let Some((from, _)) = self.hot_days() else { return Vec::new() };
        let Some(at) = self.before.checked_add(DAY).ok() else {
            return Vec::new();
        };
        let day = Day::of(at);
        if day.next().to_string() != from {
            return Vec::new();
        }
        let minutes = (at.as_second() - day.start().as_second()) / 60 + 1;
        let time = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        // The character behind each in ASCII ends its texts.
        let parts = [(' ', '!'), ('T', 'U'), ('t', 'u')];
        let hours = parts.into_iter().map(|(part, behind)| {
            (format!("{day}{part}{time}"), format!("{day}{behind}"))
        });
        hours.collect()
    }

    /// NULL, the numbers but for the hot ones, the texts but for those of hot
    /// days and hours, and BLOBs.
    pub fn terms(&self) -> Vec<Range> {
        let mut out = vec![Range { from: None, to: None }];
        let mut from = None;
        for (hot, later) in self.hot_numbers() {
            out.push(Range { from: from.take(), to: Some(hot) });
            from = Some(later);
        }
        let empty = || Some(Owned::Text(Vec::new()));
        out.push(Range { from, to: empty() });
        let mut from = empty();
        for (hot, later) in self.hot_hours().into_iter().chain(self.hot_days())
        {
            let [hot, later] = [hot, later].map(|d| Owned::Text(d.into()));
            out.push(Range { from: from.take(), to: Some(hot) });
            from = Some(later);
        }
        out.push(Range { from, to: None });
        out
    }

    /// The ranges of numbers that are times between the cutoff and the future,
    /// in order; a little narrower than exact, the filter decides.
    pub fn hot_numbers(&self) -> Vec<(Owned, Owned)> {
        if self.texts_only {
            return Vec::new();
        }
        // In units of which so many make a second, since an epoch in seconds.
        let hot = |(epoch, scale): (i64, i64), least: i128, end: i128| {
            let unit_ns = 1_000_000_000 / i128::from(scale);
            let since = i128::from(epoch) * i128::from(scale);
            let count =
                |at: Timestamp| at.as_nanosecond().div_euclid(unit_ns) - since;
            let from = (count(self.before) + 1).max(least);
            let to = count(self.future).min(end);
            (from < to).then(|| (at_least(from), whole(to)))
        };
        let all: Vec<_> = match &self.unit {
            // Julian days among the small numbers are not told apart here:
            // an INTEGER in their range means no time, and is counted.
            None => GUESSED_SCALES
                .map(|scale| {
                    let seconds = |s: &i64| i128::from(*s) * i128::from(scale);
                    let least = seconds(GUESSED_SECONDS.start());
                    hot((0, scale), least, seconds(GUESSED_SECONDS.end()))
                })
                .into_iter()
                .collect(),
            Some(unit) => match unit.scale() {
                // 0 and -1 are no times, whatever the epoch.
                Some(scale) => vec![hot(scale, 1, i128::MAX)],
                None => vec![self.hot_julian_days()],
            },
        };
        all.into_iter().flatten().collect()
    }

    fn hot_julian_days(&self) -> Option<(Owned, Owned)> {
        let day =
            |at: Timestamp| at.as_nanosecond() as f64 / 86_400e9 + 2_440_587.5;
        let (from, to) = (day(self.before) + 1e-6, day(self.future) - 1e-6);
        (from < to).then_some((Owned::Real(from), Owned::Real(to)))
    }
}

/// A whole number as SQL compares it exactly; beyond 64 bits, the double next
/// to it.
fn whole(number: i128) -> Owned {
    match i64::try_from(number) {
        Ok(number) => Owned::Integer(number),
        Err(_) => Owned::Real(number as f64),
    }
}

/// Like `whole`, but never below `number`: a rounded double moves up to the
/// next one.
fn at_least(number: i128) -> Owned {
    match whole(number) {
        Owned::Real(rounded) => Owned::Real(rounded.next_up()),
        exact => exact,
    }
}
