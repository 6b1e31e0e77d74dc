//! What the table's own triggers would do to a deletion, or an insertion.
//!
//! Delete triggers fire: they keep search indexes in step. But a trigger that
//! deletes rows of the table itself or of another ordinary table, or updates
//! the table, would destroy what no archive holds. SQLite tells before
//! anything is done: preparing the DELETE asks an authorizer about each step,
//! the steps of triggers included (<https://www.sqlite.org/c3ref/set_authorizer.html>).

use std::sync::{Arc, Mutex};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::db::{Database, Kind, Table, sql};
use crate::error::{Error, Result, quote, quoted};

/// What a step of a trigger does to a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Does {
    Delete,
    Update,
    Insert,
}

/// A step of a trigger that was asked about: the trigger, and if it writes,
/// the table and what it does to it.
type Step = (String, Option<(String, Does)>);

impl Database {
    /// Refuses a table whose triggers would delete or change other rows, or
    /// cannot run here.
    pub fn check_triggers(&mut self, table: &Table) -> Result<()> {
        for (trigger, step) in self.trigger_steps(table)? {
            let Some((target, does)) = step else { continue };
            let own = target.eq_ignore_ascii_case(&table.name);
            let ordinary = || -> Result<bool> {
                let found = self.table(&target)?;
                Ok(found.is_none_or(|t| t.kind == Kind::Ordinary))
            };
            let what = match does {
                Does::Delete if own || ordinary()? => "deletes from",
                Does::Update if own => "updates",
                _ => continue,
            };
            return Err(Error::failed(format!(
                "trigger {} of table {} {what} {}: rows that no archive \
                 holds would change",
                quote(&trigger),
                quote(&table.name),
                quote(&target)
            ))
            .hint(
                "nothing was stored; if that is meant, say \
                 \"triggers\":\"trust\" in the table's policy line",
            ));
        }
        Ok(())
    }

    /// The names of the triggers that a deletion fires, and the tables whose
    /// rows they can make, change or take; INSERT OR REPLACE takes them too.
    pub fn fired_triggers(
        &mut self,
        table: &Table,
    ) -> Result<(Vec<String>, Vec<String>)> {
        let (mut names, mut targets) = (Vec::new(), Vec::new());
        for (trigger, step) in self.trigger_steps(table)? {
            if !names.contains(&trigger) {
                names.push(trigger);
            }
            targets.extend(step.map(|(target, _)| target));
        }
        targets.sort();
        targets.dedup();
        Ok((names, targets))
    }

    /// The names of the triggers that an insertion fires and that write, with
    /// `replace` those of the deletion of a row that is in its way too.
    pub fn insert_triggers(
        &mut self,
        table: &Table,
        replace: bool,
    ) -> Result<Vec<String>> {
        let or = if replace { "REPLACE" } else { "ABORT" };
        let name = table.quoted();
        let sql = format!("INSERT OR {or} INTO {name} DEFAULT VALUES");
        let mut steps = self.steps_of(&sql)?.map_err(|source| {
            self.broken_trigger(table, "insert into", source)
        })?;
        if replace {
            steps.extend(self.trigger_steps(table)?);
        }
        let mut names: Vec<String> = steps
            .into_iter()
            .filter_map(|(name, does)| does.map(|_| name))
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// All that the triggers of a deletion do to tables.
    fn trigger_steps(&mut self, table: &Table) -> Result<Vec<Step>> {
        let sql = format!("DELETE FROM {} WHERE 0", table.quoted());
        self.steps_of(&sql)?.map_err(|source| {
            self.broken_trigger(table, "delete from", source)
        })
    }

    /// All that the triggers of a statement do to tables; the inner error is
    /// why it cannot be prepared.
    fn steps_of(
        &mut self,
        sql: &str,
    ) -> Result<std::result::Result<Vec<Step>, rusqlite::Error>> {
        let steps: Arc<Mutex<Vec<Step>>> = Arc::default();
        let seen = Arc::clone(&steps);
        let path = self.path.clone();
        let fail = |e| {
            sql::error(
                &format!("{}: cannot look at the triggers", quoted(&path)),
                e,
            )
        };
        self.connection
            .authorizer(Some(move |context: AuthContext<'_>| {
                let step = match context.action {
                    AuthAction::Delete { table_name } => {
                        Some((table_name, Does::Delete))
                    }
                    AuthAction::Update { table_name, .. } => {
                        Some((table_name, Does::Update))
                    }
                    AuthAction::Insert { table_name } => {
                        Some((table_name, Does::Insert))
                    }
                    _ => None,
                };
                if let (Some(trigger), Ok(mut seen)) =
                    (context.accessor, seen.lock())
                {
                    let step =
                        step.map(|(name, does)| (name.to_owned(), does));
                    seen.push((trigger.to_owned(), step));
                }
                Authorization::Allow
            }))
            .map_err(fail)?;
        let prepared = self.connection.prepare(sql).map(drop);
        self.connection
            .authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
            .map_err(fail)?;
        let steps = steps.lock().map(|s| s.clone()).unwrap_or_default();
        Ok(prepared.map(|()| steps))
    }

    /// The table's triggers, by name: with any, each deletion is looked at
    /// again afterwards.
    pub fn delete_triggers(&self, table: &Table) -> Result<Vec<String>> {
        let names: Vec<(String,)> = self.rows(
            "cannot read the triggers",
            "SELECT name FROM (SELECT name, tbl_name, type FROM \
             main.sqlite_schema UNION ALL SELECT name, tbl_name, type \
             FROM temp.sqlite_schema) \
             WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE",
            [&table.name],
        )?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    fn broken_trigger(
        &self,
        table: &Table,
        doing: &str,
        source: rusqlite::Error,
    ) -> Error {
        let names = self.delete_triggers(table).unwrap_or_default();
        let names: Vec<String> = names.iter().map(|n| quote(n)).collect();
        let error = self.fail(
            &format!(
                "cannot {doing} {} (its triggers: {})",
                quote(&table.name),
                names.join(", ")
            ),
            source,
        );
        error.hint(
            "a trigger needs a function, collation or table that is not \
             here; nothing was stored",
        )
    }
}
