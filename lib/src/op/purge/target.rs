//! The table whose segments are settled.

use crate::db::{Database, References, Table};
use crate::error::Result;

/// What the triggers of a table's deletions write to.
pub(super) struct Writes {
    /// The table.
    pub table: String,
    /// The policy trusts them, whatever they do.
    pub trusted: bool,
    /// Tables whose rows they make, change or take.
    pub targets: Vec<String>,
}

/// A table whose segments are being settled.
pub(super) struct Target<'t> {
    pub table: &'t Table,
    /// The foreign keys that point at it.
    pub references: References,
    /// A deletion fires triggers.
    pub has_triggers: bool,
    /// They may change, take or make rows of the table itself.
    pub triggers_write_here: bool,
    /// A row that is missing may have gone with our own deletion of another
    /// one, by a trigger: its line stays.
    pub missing_keeps_line: bool,
    /// A trigger may make another row point at one that is to go: rows go one
    /// by one, and the foreign keys are followed after each.
    pub recheck_after_each_row: bool,
}

impl<'t> Target<'t> {
    pub fn new(
        database: &Database,
        table: &'t Table,
        writes: &[Writes],
    ) -> Result<Target<'t>> {
        let same = |name: &String| name.eq_ignore_ascii_case(&table.name);
        let references = database.references(table)?;
        let has_triggers = !database.delete_triggers(table)?.is_empty();
        let known = writes.iter().find(|writes| same(&writes.table));
        let elsewhere = |writes: &Writes| !writes.targets.iter().any(same);
        let mut target = Target {
            table,
            has_triggers,
            triggers_write_here: has_triggers && !known.is_some_and(elsewhere),
            missing_keeps_line: false,
            recheck_after_each_row: false,
            references,
        };
        for writes in writes {
            let own = same(&writes.table);
            target.missing_keeps_line |= own && writes.trusted;
            target.missing_keeps_line |= writes.targets.iter().any(same);
            target.recheck_after_each_row |=
                own && target.references.any_child_in(&writes.targets);
        }
        Ok(target)
    }
}
