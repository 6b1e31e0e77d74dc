//! The rows that are due: the rows that the filter means, less every row at
//! which a row that stays points.
//!
//! Without references and without a time index this is one walk over the
//! table. Otherwise the rowids (or keys) of the rows are put into a delete set
//! first, and the rows are then read along it, in order.

use crate::db::delete::set::DELETE_SET;
use crate::db::due::planned::PlannedDeletions;
use crate::db::read::filter::{Filter, Met};
use crate::db::{Database, References, Table, Walk, ident};
use crate::error::Result;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The rows meant.
    pub filter: Filter,
    /// Leave out rows to which a row that stays points.
    pub unreferenced: bool,
    /// No more rows than these are asked for: not all need be found.
    pub at_most: Option<u64>,
    /// Rows of other tables that will not be there to point.
    pub planned: PlannedDeletions,
}

/// The rows asked for, and what was counted on the way to them.
pub struct Due<'d> {
    /// The rows.
    pub walk: Walk<'d>,
    /// What was met before the walk began, which then meets only what was
    /// gathered.
    gathered: Option<Met>,
    /// Rows left out because a row that stays points at them, by the table
    /// that points.
    pub referenced: Vec<(String, u64)>,
    /// The row of greatest id was left out.
    pub greatest_stays: bool,
    /// Rows of the table, where they were counted before the walk began.
    table_rows: Option<u64>,
    /// The walk comes by each row of the table.
    whole: bool,
}

impl Due<'_> {
    /// Rows of the table, once the walk has ended; none where they were not
    /// counted.
    pub fn table_rows(&self) -> Option<u64> {
        match self.whole {
            true => self.walk.ended().then(|| self.walk.visited()),
            false => self.table_rows,
        }
    }

    /// What was met, when all rows are out.
    pub fn met(&self) -> Met {
        let walked = self.walk.met();
        match &self.gathered {
            None => walked,
            Some(met) => {
                Met { visited: met.visited + walked.visited, ..met.clone() }
            }
        }
    }
}

impl Database {
    /// The rows asked for. The caller reads them, and little after them: the
    /// cache is a small one from here on.
    pub fn select<'d>(
        &'d self,
        table: &Table,
        columns: &[usize],
        selection: &Selection,
    ) -> Result<Due<'d>> {
        let filter = &selection.filter;
        if let Some(expr) = &filter.condition {
            self.check_condition(table, expr)?;
        }
        let others = self.without_greatest(table, filter)?;
        let filter = others.as_ref().unwrap_or(filter);
        let mut due =
            self.select_filtered(table, columns, filter, selection)?;
        due.greatest_stays = others.is_some();
        Ok(due)
    }

    /// The rows that the filter means, less those to which a row that stays
    /// points where the selection leaves these out.
    fn select_filtered<'d>(
        &'d self,
        table: &Table,
        columns: &[usize],
        filter: &Filter,
        selection: &Selection,
    ) -> Result<Due<'d>> {
        let references = if selection.unreferenced {
            self.references(table)?.without(&selection.planned)
        } else {
            References::default()
        };
        let by_index = self.time_ranges(table, filter)?;
        if references.is_empty() && by_index.is_none() {
            return self.select_all(table, columns, filter);
        }
        let set = self.delete_set(table);
        set.begin()?;
        let gathered = match &by_index {
            Some(ranges) => {
                let how = (ranges, selection.at_most);
                self.gather_by_index(table, filter, how)?
            }
            None => None,
        };
        let (gathered, table_rows) = match (gathered, by_index) {
            (Some((met, due)), Some(ranges)) => {
                let rows = self.count_by_index(table, &ranges, due)?;
                (met, rows)
            }
            _ if references.is_empty() => {
                return self.select_all(table, columns, filter);
            }
            _ => {
                let met = self.gather_by_walk(table, filter)?;
                let visited = met.visited;
                (met, Some(visited))
            }
        };
        let referenced = set.keep_referenced(&references)?;
        Ok(Due {
            walk: self.walk_set(table, columns, filter)?,
            gathered: Some(gathered),
            referenced,
            greatest_stays: false,
            table_rows,
            whole: false,
        })
    }

    /// The rows of the set that the filter still means, in its order.
    fn walk_set<'d>(
        &'d self,
        table: &Table,
        columns: &[usize],
        filter: &Filter,
    ) -> Result<Walk<'d>> {
        let set = self.delete_set(table);
        let from = format!(
            "{DELETE_SET} CROSS JOIN {} ON {}",
            table.quoted(),
            set.joined(&ident(&table.name))
        );
        self.small_cache()?;
        self.walk_from(table, columns, Some(filter), &from, &set.columns())
    }

    /// The rows that the filter means, by one walk over the table.
    fn select_all<'d>(
        &'d self,
        table: &Table,
        columns: &[usize],
        filter: &Filter,
    ) -> Result<Due<'d>> {
        let meant = (filter.timestamp.is_some() || filter.condition.is_some())
            .then_some(filter);
        self.small_cache()?;
        Ok(Due {
            walk: self.walk(table, columns, meant)?,
            gathered: None,
            referenced: Vec::new(),
            greatest_stays: false,
            table_rows: None,
            whole: true,
        })
    }
}
