//! What a dry run would have deleted from other tables by the time it comes to
//! this one: a row at which only such rows point may go too, and is counted so.

use crate::db::delete::set::DELETE_SET;
use crate::db::{Database, Filter, References, Table};
use crate::error::Result;

/// Rows of other tables that a run would delete before.
#[derive(Clone, Debug, Default)]
pub struct PlannedDeletions {
    /// The table, and the SQL condition that its row `c` is not among them.
    stays: Vec<(String, String)>,
}

impl PlannedDeletions {
    /// The condition that a row `c` of a table stays; none if all do.
    fn stays(&self, table: &str) -> Option<&str> {
        let same =
            |(name, _): &&(String, String)| name.eq_ignore_ascii_case(table);
        self.stays.iter().find(same).map(|(_, sql)| sql.as_str())
    }
}

impl References {
    /// These references, without child rows that this dry run would delete
    /// before.
    pub(in crate::db) fn without(
        mut self,
        planned: &PlannedDeletions,
    ) -> References {
        for reference in &mut self.all {
            reference.stays =
                planned.stays(&reference.child).map(str::to_owned);
        }
        self
    }
}

impl Database {
    /// The rows that a run would delete from the tables `before` this one, in
    /// their order, as far as they can matter to `table`. `due` says which
    /// rows of a table go, whatever points at them.
    pub fn planned_before(
        &self,
        table: &Table,
        before: &[String],
        due: &mut dyn FnMut(&Table) -> Result<Filter>,
    ) -> Result<PlannedDeletions> {
        let mut planned = PlannedDeletions::default();
        for name in self.who_points(table, before)? {
            let Some(child) = self.table(name)? else { continue };
            let filter = due(&child)?;
            let others = self.without_greatest(&child, &filter)?;
            let references = self.references(&child)?.without(&planned);
            let set = self.delete_set(&child);
            set.begin()?;
            self.gather_by_walk(&child, &others.unwrap_or(filter))?;
            set.keep_referenced(&references)?;
            let name = format!("\"rt planned {}\"", planned.stays.len());
            self.run(&format!("ALTER TABLE {DELETE_SET} RENAME TO {name}"))?;
            let stays = set.is_not_in(&format!("temp.{name}"));
            planned.stays.push((child.name, stays));
        }
        Ok(planned)
    }

    /// The tables `among` these whose rows point at the table, or at a table
    /// whose rows point at it.
    fn who_points<'n>(
        &self,
        table: &Table,
        among: &'n [String],
    ) -> Result<Vec<&'n String>> {
        let keys = self.foreign_keys()?;
        let mut found: Vec<&str> = vec![&table.name];
        let known = |found: &[&str], name: &str| {
            found.iter().any(|f| f.eq_ignore_ascii_case(name))
        };
        loop {
            let next = keys.iter().find(|(child, parent)| {
                !known(&found, child) && known(&found, parent)
            });
            match next {
                Some((child, _)) => found.push(child),
                None => break,
            }
        }
        let points = |name: &&String| {
            !name.eq_ignore_ascii_case(&table.name) && known(&found, name)
        };
        Ok(among.iter().filter(points).collect())
    }
}
