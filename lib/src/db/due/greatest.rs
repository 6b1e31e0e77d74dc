//! The row of greatest id, which stays hot where SQLite would give its id
//! again.
//!
//! A new row of an `INTEGER PRIMARY KEY` without `AUTOINCREMENT` gets the
//! greatest id plus one (<https://www.sqlite.org/autoinc.html>): were the
//! greatest to go, the archives would come to hold two rows of one id.

use crate::db::read::filter::{self, Filter};
use crate::db::read::walk::condition;
use crate::db::schema::Key;
use crate::db::{Database, Kind, Table, ident};
use crate::error::Result;

impl Database {
    /// The filter without the row of greatest id, if that is among the rows
    /// meant, the filter is to keep it, and its id would be given again; else
    /// nothing.
    pub(in crate::db) fn without_greatest(
        &self,
        table: &Table,
        filter: &Filter,
    ) -> Result<Option<Filter>> {
        let Key::Rowid(column) = table.key else { return Ok(None) };
        if !filter.keep_greatest || !self.gives_ids_again(table)? {
            return Ok(None);
        }
        let doing = "cannot read the row of greatest id";
        filter::install(&self.connection, filter)
            .map_err(|e| self.fail(doing, e))?;
        let (name, id) = (table.quoted(), ident(&table.columns[column].name));
        let id = format!("{}.{id}", ident(&table.name));
        let greatest: Option<i64> = self.value(
            doing,
            &format!(
                "SELECT {id} FROM {name} \
                 WHERE {id} = (SELECT max({id}) FROM {name}) AND {}",
                condition(table, filter)
            ),
            [],
        )?;
        Ok(greatest.map(|greatest| {
            let others = format!("{id} <> {greatest}");
            let condition = match &filter.condition {
                // On a line of its own: the expression may end in a comment.
                Some(expr) => format!("(\n{expr}\n) AND {others}"),
                None => others,
            };
            Filter { condition: Some(condition), ..filter.clone() }
        }))
    }

    /// Whether SQLite gives the ids of rows that went to new ones: to an
    /// `INTEGER PRIMARY KEY`, but for `AUTOINCREMENT`, of which it knows the
    /// greatest id whatever is deleted.
    pub fn gives_ids_again(&self, table: &Table) -> Result<bool> {
        if !matches!((&table.key, table.kind), (Key::Rowid(_), Kind::Ordinary))
        {
            return Ok(false);
        }
        // The word can stand in a comment; the table is there if it does not.
        if !table.schema.to_ascii_uppercase().contains("AUTOINCREMENT") {
            return Ok(true);
        }
        let counted: Option<String> = self.value(
            "cannot read sqlite_sequence",
            "SELECT name FROM sqlite_sequence WHERE name = ?1 COLLATE NOCASE",
            [&table.name],
        )?;
        Ok(counted.is_none())
    }
}
