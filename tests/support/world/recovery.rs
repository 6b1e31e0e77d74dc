//! What must hold once a run that died was recovered.
//!
//! Recovery keeps each line whose row is gone or differs, since it cannot know
//! who took the row. So a former version of a row that an application changed
//! or removed before its segment was settled may stay in the archives; nothing
//! else may be there twice, and nothing may be missing.

use std::fs;

use super::{Bag, World, records};
use crate::support::{Cmd, Out};

/// The rows of both.
pub fn plus(one: &Bag, other: &Bag) -> Bag {
    let mut sum = one.clone();
    for (row, count) in other {
        *sum.entry(row.clone()).or_default() += count;
    }
    sum
}

/// What was there `before` and is not `now`: the former versions of rows that
/// were changed, and the rows that were removed.
pub fn former(before: &Bag, now: &Bag) -> Bag {
    let left = |(row, count): (&String, &i64)| {
        let count = count - now.get(row).copied().unwrap_or(0);
        (count > 0).then(|| (row.clone(), count))
    };
    before.iter().filter_map(left).collect()
}

impl World {
    /// One ordinary run, and then all must be as it should: nothing is due,
    /// and database and archives together hold exactly `rows`.
    pub fn recovers(&self, rows: &Bag) {
        self.recovers_keeping(rows, &Bag::new());
    }

    /// The same where the archives may also hold the rows of `stale`, each as
    /// often as it is in there: all of `rows`, and else nothing but those.
    pub fn recovers_keeping(&self, rows: &Bag, stale: &Bag) {
        self.recover();
        assert_eq!(self.due(), 0, "{}", self.picture());
        let all = self.all();
        let lost = former(rows, &all);
        assert!(lost.is_empty(), "lost: {lost:#?}{}", self.picture());
        let beyond = former(&all, &plus(rows, stale));
        assert!(beyond.is_empty(), "twice: {beyond:#?}{}", self.picture());
    }

    /// One ordinary run, which leaves nothing unsettled.
    pub fn recover(&self) {
        self.settles(self.job());
        self.sound();
    }

    /// A command that recovers segments. Its status is 3 if of one none of the
    /// rows was there as archived, and else 0.
    pub fn settles(&self, cmd: Cmd<'_>) -> Out {
        let ledger = self.dir.join("archives/ledger.jsonl");
        let text = || fs::read_to_string(&ledger).unwrap_or_default();
        // A torn line at its end is no event, and is cut.
        let known = text().matches('\n').count();
        let out = cmd.run();
        let text = text();
        let added: Vec<&str> = text.lines().skip(known).collect();
        let none_was_there = records(&added.join("\n")).iter().any(|event| {
            event["type"] == "purge"
                && event["superseded"] != 0
                && event["superseded"] == event["rows"]
        });
        out.status(if none_was_there { 3 } else { 0 });
        out
    }
}
