//! What will have gone from other tables: a dry run counts a table's rows as
//! they will be when those of the tables before it have gone, for a row at
//! which only such rows point may go too.

use crate::db::due::select::{CANDIDATES, candidate_columns};
use crate::db::{Database, Filter, References, Table};
use crate::error::Result;

/// Rows of other tables that will not be there.
#[derive(Clone, Debug, Default)]
pub struct Gone {
    /// The table, and the SQL condition that its row `c` is not among them.
    stays: Vec<(String, String)>,
}

impl Gone {
    /// The condition that a row `c` of a table stays; none if all do.
    fn stays(&self, table: &str) -> Option<&str> {
        let same =
            |(name, _): &&(String, String)| name.eq_ignore_ascii_case(table);
        self.stays.iter().find(same).map(|(_, sql)| sql.as_str())
    }
}

impl References {
    /// The same, but rows that will have gone do not point.
    pub(in crate::db) fn without(mut self, gone: &Gone) -> References {
        for reference in &mut self.all {
            reference.stays = gone.stays(&reference.child).map(str::to_owned);
        }
        self
    }
}

impl Database {
    /// The rows that go from the tables `before` it, in this order, as far as
    /// they can matter to `table`. `due` says which rows of a table go, but
    /// for those at which others point.
    pub fn gone_before(
        &self,
        table: &Table,
        before: &[String],
        due: &mut dyn FnMut(&Table) -> Result<Filter>,
    ) -> Result<Gone> {
        let mut gone = Gone::default();
        for name in self.who_points(table, before)? {
            let Some(child) = self.table(name)? else { continue };
            let filter = due(&child)?;
            let references = self.references(&child)?.without(&gone);
            self.make_candidates(&child)?;
            self.gather_by_walk(&child, &filter)?;
            self.strike(&child, &references)?;
            let place = format!("\"rt gone {}\"", gone.stays.len());
            self.run(&format!("ALTER TABLE {CANDIDATES} RENAME TO {place}"))?;
            let key = candidate_columns(&child).join(", ");
            let cursor: Vec<String> =
                child.cursor().iter().map(|c| format!("c.{c}")).collect();
            let stays = format!(
                " AND ({}) NOT IN (SELECT {key} FROM temp.{place})",
                cursor.join(", ")
            );
            gone.stays.push((child.name, stays));
        }
        Ok(gone)
    }

    /// Those of the tables whose rows point at the table, or at such a one.
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
