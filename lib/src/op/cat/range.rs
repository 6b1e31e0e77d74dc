//! Which rows are meant, by their time.

use jiff::Timestamp;

use super::options::Options;
use crate::archive::Source;
use crate::error::{Error, Result, quote};
use crate::io::gz::MemberInfo;
use crate::record::{Fault, Fields};
use crate::settings::columns::rule;
use crate::settings::policy::Policy;
use crate::time::{self, Day, Unit};

/// Which rows are meant, by their time.
#[derive(Clone, Debug, Default)]
pub(super) struct Range {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// The column that dates a row, and what its values mean.
    pub column: String,
    pub unit: Option<Unit>,
    /// The days of the files are by another column: none can be passed over.
    pub every_day: bool,
}

impl Range {
    /// Whether all rows are meant.
    pub(super) fn is_all(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether rows of a day can be meant.
    pub(super) fn reaches(&self, day: Day) -> bool {
        self.every_day
            || (self.since.is_none_or(|since| Day::of(since) <= day)
                && self.until.is_none_or(|until| day.start() < until))
    }

    /// Whether rows between these times can be meant.
    pub(super) fn overlaps(
        &self,
        oldest: &Option<String>,
        newest: &Option<String>,
    ) -> bool {
        let time = |text: &Option<String>| {
            text.as_deref().and_then(|t| time::parse(t.as_bytes()))
        };
        let early = |since| time(newest).is_some_and(|at| at < since);
        let late = |until| time(oldest).is_some_and(|at| at >= until);
        self.every_day
            || !(self.since.is_some_and(early) || self.until.is_some_and(late))
    }

    /// Whether all rows of a day are meant.
    pub(super) fn covers(&self, day: Day) -> bool {
        let inside = self.since.is_none_or(|since| since <= day.start())
            && self.until.is_none_or(|until| until >= day.next().start());
        self.is_all() || (inside && !self.every_day)
    }

    /// Whether all rows are meant of a gzip member whose header says this; see
    /// [`Range::enters`].
    pub(super) fn covers_member(&self, info: &MemberInfo, day: Day) -> bool {
        let Some((least, greatest)) = info.times() else { return false };
        let sound = day.start() <= least
            && least <= greatest
            && greatest < day.next().start();
        sound && !self.every_day && self.means(least) && self.means(greatest)
    }

    /// Whether a row of this time is meant.
    pub(super) fn means(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
    }

    /// Whether a gzip member whose header says this can hold rows that are
    /// meant. A header is believed only where its times are those of the
    /// file's day.
    pub(super) fn enters(&self, info: &MemberInfo, day: Option<Day>) -> bool {
        let Some((least, greatest)) = info.times() else { return true };
        let sound = least <= greatest
            && day.is_none_or(|day| {
                day.start() <= least && greatest <= day.next().start()
            });
        let early = self.since.is_some_and(|since| greatest < since);
        let late = self.until.is_some_and(|until| least >= until);
        self.every_day || !sound || !(early || late)
    }

    /// When a record's row was, if that can be read.
    pub(super) fn time(
        &self,
        record: &[u8],
    ) -> std::result::Result<Option<Timestamp>, Fault> {
        let value = Fields::find(record, &self.column)?;
        Ok(value.and_then(|v| time::instant(v.borrow(), self.unit.as_ref())))
    }
}

/// Which rows are meant, and what dates them: the flag says, else the policy,
/// else what the ledger has of the last time.
pub(super) fn range(
    options: &Options,
    policy: &Policy,
    stored: Option<&Source>,
) -> Result<Range> {
    let ruled = rule(policy, &options.table);
    let column = options
        .columns
        .timestamp
        .clone()
        .or_else(|| ruled.map(|r| r.timestamp.clone()))
        .or_else(|| stored.map(|s| s.timestamp_column.clone()));
    let timed = options.since.is_some() || options.until.is_some();
    let Some(column) = column else {
        if timed || options.columns.unit.is_some() {
            return Err(Error::usage(format!(
                "nothing says which column dates the rows of {}",
                quote(&options.table)
            ))
            .hint("name it with --timestamp-column, or in the policy"));
        }
        return Ok(Range::default());
    };
    let unit = match (options.columns.unit.clone(), ruled, stored) {
        (Some(unit), _, _) => Some(unit),
        (None, Some(rule), _)
            if rule.timestamp.eq_ignore_ascii_case(&column) =>
        {
            rule.unit.clone()
        }
        (None, _, Some(Source { timestamp_column, unit: Some(unit), .. }))
            if timestamp_column.eq_ignore_ascii_case(&column) =>
        {
            Some(unit.parse()?)
        }
        _ => None,
    };
    let every_day = stored
        .map(|s| s.timestamp_column.as_str())
        .or(ruled.map(|r| r.timestamp.as_str()))
        .is_some_and(|name| !name.eq_ignore_ascii_case(&column));
    let (since, until) = (options.since, options.until);
    Ok(Range { since, until, column, unit, every_day })
}
