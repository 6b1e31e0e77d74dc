//! Holds: rows of a table that stay where they are, in the database and in
//! the archives, until they are released.
//!
//! A hold is over days as the archives have them, and in force until a
//! `release`, or the time that it names itself. It takes the place of no
//! protocol step: it only keeps rows from being begun with.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::names::Origin;
use crate::time::{self, Day};

/// Rows of these days of a table stay where they are.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Hold {
    /// 128 random bits in hexadecimal; never used again.
    pub id: String,
    /// The table.
    pub table: String,
    /// The name of its database in this tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The first day; none where it reaches back to the first row.
    pub first_day: Option<String>,
    /// The last day; none where it has no end.
    pub last_day: Option<String>,
    /// Why, in an operator's words.
    pub reason: String,
    /// When it ends by itself, RFC 3339.
    pub until: Option<String>,
    /// Where rows were put back into the database: SHA-256 of their lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_sha256: Option<String>,
}

impl Hold {
    /// Whether it has ended by itself.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let end = self.until.as_deref().map(|t| time::parse(t.as_bytes()));
        end.flatten().is_some_and(|end| end <= now)
    }

    /// Whether it is over a row of one of these days.
    pub fn reaches(&self, first: Day, last: Day) -> bool {
        let (from, to) = self.days();
        from.is_none_or(|from| from <= last) && to.is_none_or(|to| to >= first)
    }

    /// The instants from which and before which rows are held.
    pub fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let (from, to) = self.days();
        (from.map(Day::start), to.map(|day| day.next().start()))
    }

    /// The first day and the last. One that cannot be read counts as none, so
    /// that the hold reaches farther, not less far.
    fn days(&self) -> (Option<Day>, Option<Day>) {
        let day = |day: &Option<String>| day.as_deref()?.parse::<Day>().ok();
        (day(&self.first_day), day(&self.last_day))
    }

    fn is_of(&self, origin: &Origin) -> bool {
        origin.is(&self.table, self.database.as_deref())
    }
}

/// A hold, and what became of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Held {
    /// The hold.
    pub hold: Hold,
    /// When it began.
    pub at: Option<Timestamp>,
    /// It was released.
    pub released: bool,
}

/// All holds, in order.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Holds(Vec<Held>);

impl Holds {
    pub(super) fn hold(
        &mut self,
        hold: Hold,
        at: Option<Timestamp>,
    ) -> Result<(), String> {
        if self.find(&hold.id).is_some() {
            return Err(format!("id {} was used before", hold.id));
        }
        self.0.push(Held { hold, at, released: false });
        Ok(())
    }

    pub(super) fn release(&mut self, id: &str) -> Result<(), String> {
        match self.0.iter_mut().find(|held| held.hold.id == id) {
            Some(held) if !held.released => held.released = true,
            _ => return Err(format!("no hold {id}")),
        }
        Ok(())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.0.iter()
    }

    /// A hold by its id.
    pub fn find(&self, id: &str) -> Option<&Held> {
        self.0.iter().find(|held| held.hold.id == id)
    }

    /// The holds of a table that are in force.
    pub fn of<'h>(
        &'h self,
        origin: &'h Origin,
        now: Timestamp,
    ) -> impl Iterator<Item = &'h Hold> {
        let in_force = move |h: &&Held| !h.released && !h.hold.is_over(now);
        let holds = self.0.iter().filter(in_force).map(|held| &held.hold);
        holds.filter(move |hold| hold.is_of(origin))
    }

    /// Whether rows of a table's day were ever put back.
    pub(super) fn put_back(&self, origin: &Origin, day: Day) -> bool {
        self.0.iter().map(|held| &held.hold).any(|hold| {
            hold.rows_sha256.is_some()
                && hold.is_of(origin)
                && hold.reaches(day, day)
        })
    }
}
