//! Which of the archives are asked for.

use jiff::Timestamp;

use super::member::Member;
use crate::time::Day;

/// Tables, the name of a database, and a span of time; what is not said does
/// not count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'s> {
    /// Only these; none named means all.
    pub tables: &'s [String],
    /// Only of the database of this name.
    pub database: Option<&'s str>,
    /// Only days that end behind it.
    pub since: Option<Timestamp>,
    /// Only days that begin before it.
    pub until: Option<Timestamp>,
}

impl Selection<'_> {
    /// Whether nothing was selected, and all is asked for.
    pub fn is_all(&self) -> bool {
        self.tables.is_empty()
            && self.database.is_none()
            && self.since.is_none()
            && self.until.is_none()
    }

    /// Whether a member's table and day were asked for. What has no day is
    /// judged by its rows' times.
    pub fn wants(&self, member: &Member) -> bool {
        if self.database.is_some()
            && member.database.as_deref() != self.database
        {
            return false;
        }
        let named = |t: &String| {
            member.table.as_ref().is_some_and(|m| m.eq_ignore_ascii_case(t))
        };
        if !self.tables.is_empty() && !self.tables.iter().any(named) {
            return false;
        }
        let day = |text: &Option<String>| {
            let text = text.as_deref()?.get(..10)?;
            text.parse::<Day>().ok()
        };
        let first = day(&member.day).or_else(|| day(&member.oldest));
        let last = day(&member.day).or_else(|| day(&member.newest));
        let late = |since| last.is_none_or(|d| d.next().start() > since);
        let early = |until| first.is_none_or(|d| d.start() < until);
        self.since.is_none_or(late) && self.until.is_none_or(early)
    }
}
