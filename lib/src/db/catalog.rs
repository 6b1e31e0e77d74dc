//! What a database has and how it hangs together: tables by name, foreign
//! keys from where they stand, unique keys, indexes.

use std::cell::Ref;

use rusqlite::params;

use crate::db::whole_schema::WholeSchema;
use crate::db::{Database, Table};
use crate::error::{Error, Result};

/// A foreign key of a table.
#[derive(Clone, Debug)]
pub struct PointsTo {
    /// The table that it points at.
    pub parent: String,
    /// The columns that point.
    pub columns: Vec<String>,
    /// The row goes when the parent's row goes.
    pub cascades: bool,
}

impl Database {
    /// What is read of all tables at once, as the schema stands.
    pub(super) fn whole_schema(&self) -> Result<Ref<'_, WholeSchema>> {
        let version = self.schema_version()?;
        let current = |kept: &WholeSchema| kept.is_of(version);
        if !self.schema.borrow().as_ref().is_some_and(current) {
            // Should the schema change in between, the older version is kept
            // with it, and it is read again at the next look.
            let read = WholeSchema::read(&self.connection, version)
                .map_err(|e| self.fail("cannot read the schema", e))?;
            self.schema.replace(Some(read));
        }
        Ref::filter_map(self.schema.borrow(), Option::as_ref)
            .map_err(|_| Error::failed("the schema was not kept"))
    }

    /// The names of all tables and views, but for those of SQLite itself, in
    /// the order in which they were made.
    pub fn table_names(&self) -> Result<Vec<String>> {
        self.connection
            .prepare(
                "SELECT name FROM main.sqlite_schema \
                 WHERE type IN ('table', 'view') \
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
            )
            .and_then(|mut statement| {
                statement.query_map([], |row| row.get(0))?.collect()
            })
            .map_err(|e| self.fail("cannot read the schema", e))
    }

    /// The foreign keys of a table.
    pub fn points_to(&self, table: &Table) -> Result<Vec<PointsTo>> {
        let parts: Vec<(i64, String, String, String)> = self
            .connection
            .prepare(
                "SELECT id, \"table\", \"from\", on_delete \
                 FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([&table.name], |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get(2)?,
                            row.get(3)?,
                        ))
                    })?
                    .collect()
            })
            .map_err(|e| self.fail("cannot read the foreign keys", e))?;
        let mut keys: Vec<(i64, PointsTo)> = Vec::new();
        for (id, parent, column, on_delete) in parts {
            match keys.last_mut() {
                Some((last, key)) if *last == id => key.columns.push(column),
                _ => keys.push((
                    id,
                    PointsTo {
                        parent,
                        columns: vec![column],
                        cascades: on_delete.eq_ignore_ascii_case("CASCADE"),
                    },
                )),
            }
        }
        Ok(keys.into_iter().map(|(_, key)| key).collect())
    }

    /// The columns of each UNIQUE constraint and unique index over all rows,
    /// the primary key's among them where it has an index of its own.
    pub fn unique_keys(&self, table: &Table) -> Result<Vec<Vec<String>>> {
        let parts: Vec<(String, Option<String>)> = self
            .connection
            .prepare(
                "SELECT l.name, x.name FROM pragma_index_list(?1, 'main') \
                 AS l, pragma_index_xinfo(l.name, 'main') AS x \
                 WHERE l.\"unique\" AND NOT l.partial AND x.key \
                 ORDER BY l.seq, x.seqno",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([&table.name], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })?
                    .collect()
            })
            .map_err(|e| self.fail("cannot read the indexes", e))?;
        let mut keys: Vec<(String, Vec<String>)> = Vec::new();
        for (index, column) in parts {
            // An expression has no name.
            let column = column.unwrap_or_else(|| "an expression".to_owned());
            match keys.last_mut() {
                Some((last, columns)) if *last == index => {
                    columns.push(column);
                }
                _ => keys.push((index, vec![column])),
            }
        }
        Ok(keys.into_iter().map(|(_, columns)| columns).collect())
    }

    /// Whether an index over all rows of a table leads with a column, in the
    /// order of a collation where one is named, or the column is its rowid.
    pub fn leads_an_index(
        &self,
        table: &str,
        column: &str,
        collation: Option<&str>,
    ) -> Result<bool> {
        self.connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM \
                 pragma_index_list(?1, 'main') AS l, \
                 pragma_index_xinfo(l.name, 'main') AS x \
                 WHERE NOT l.partial AND x.seqno = 0 \
                 AND x.name = ?2 COLLATE NOCASE \
                 AND (?3 IS NULL OR x.coll = ?3 COLLATE NOCASE)) OR (\
                 SELECT count(*) = 1 AND max(name = ?2 COLLATE NOCASE) \
                 FROM pragma_table_info(?1, 'main') WHERE pk > 0 \
                 AND NOT EXISTS (SELECT 1 FROM \
                 pragma_index_list(?1, 'main') WHERE origin = 'pk'))",
                params![table, column, collation],
                |row| row.get(0),
            )
            .map_err(|e| self.fail("cannot read the indexes", e))
    }

    /// Whether a table has more rows than that; so many are counted at most.
    pub fn has_more_rows(&self, table: &Table, rows: u64) -> Result<bool> {
        let sql = format!(
            "SELECT count(*) > ?1 FROM (SELECT 1 FROM {} LIMIT ?1 + 1)",
            table.quoted()
        );
        self.connection
            .query_row(&sql, [rows as i64], |row| row.get(0))
            .map_err(|e| self.fail("cannot count", e))
    }
}
