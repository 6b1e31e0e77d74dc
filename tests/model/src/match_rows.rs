//! Which row a line stands for.

use crate::config::Config;
use crate::world::{Line, Lines, Planned, World};

/// How lines are matched with rows.
pub struct Search {
    /// Lines that have no row any more.
    pub not: Lines,
    /// By rowid and content only.
    pub by_rowid: bool,
    /// Lines that come last where content alone decides.
    pub late: Lines,
}

impl World {
    /// The place of each line's row. It is found by usable key; else by
    /// `_rowid`, unless a VACUUM has renumbered rows, and then by content as
    /// a multiset. With `prio` lines that no `purging` event names are served
    /// first there.
    pub fn rows_of(
        &self,
        config: &Config,
        lines: &[Line],
        search: &Search,
    ) -> Vec<Option<usize>> {
        let mut found = vec![None; lines.len()];
        let mut used = vec![false; self.table.len()];
        let wanted = |i: usize| (search.not >> i) & 1 == 0;
        let renumbered =
            config.keyless && config.unnamed_first && self.vacuumed;
        for (i, line) in lines.iter().enumerate() {
            if renumbered || !wanted(i) {
                continue;
            }
            let row = self.table.iter().position(|row| {
                row.rowid == line.rowid && row.content == line.content
            });
            if let Some(row) = row.filter(|row| !used[*row]) {
                used[row] = true;
                found[i] = Some(row);
            }
        }
        if !config.keyless || search.by_rowid {
            return found;
        }
        for late in [false, true] {
            for (i, line) in lines.iter().enumerate() {
                let is_late = (search.late >> i) & 1 == 1;
                let turn = !config.unnamed_first || is_late == late;
                if !wanted(i) || found[i].is_some() || !turn {
                    continue;
                }
                let row = (0..self.table.len()).find(|row| {
                    !used[*row] && self.table[*row].content == line.content
                });
                if let Some(row) = row {
                    used[row] = true;
                    found[i] = Some(row);
                }
            }
        }
        found
    }

    /// Of the lines from `first` to `end` those whose row was found equal and
    /// can go, with it, and those whose row stays.
    pub fn plan(
        &self,
        config: &Config,
        me: usize,
        lines: &[Line],
        (first, end): (usize, usize),
    ) -> (Vec<Planned>, Lines) {
        let settling = &self.pipelines[me].settling;
        let search = Search {
            not: settling.deleted | settling.known,
            by_rowid: false,
            late: settling.doubt,
        };
        let found = self.rows_of(config, lines, &search);
        let (mut plan, mut stay) = (vec![], 0);
        for (i, row) in found.iter().enumerate().take(end).skip(first) {
            let Some(row) = row.map(|row| self.table[row]) else { continue };
            match row.held {
                true => stay |= 1 << i,
                false => {
                    plan.push(Planned { line: i as u8, rowid: row.rowid })
                }
            }
        }
        (plan, stay)
    }
}

/// The lines of a plan.
pub fn lines_of(plan: &[Planned]) -> Lines {
    plan.iter().fold(0, |lines, planned| lines | 1 << planned.line)
}
