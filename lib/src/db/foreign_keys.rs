//! Who points at a table's rows: its foreign keys from outside and within.
//!
//! A row to which a row that stays points, stays too, whatever ON DELETE
//! says: a cascade would destroy rows that no archive holds. Values are
//! compared as `parent.col = child.col`, parent on the left, which is the rule
//! of <https://www.sqlite.org/foreignkeys.html>: the parent's collation and
//! affinity count. A key with a NULL part refers to nothing.

use crate::db::{Database, Kind, Table, ident};
use crate::error::{Error, Result, quote};

/// One foreign key that points at the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    /// The table that points.
    pub child: String,
    /// Its columns and the table's, pair by pair.
    pub pairs: Vec<(String, String)>,
    /// How a column is declared that compares with the child's as the table's
    /// does, pair by pair.
    pub declared: Vec<String>,
    /// An index of the child serves the look-up.
    pub indexed: bool,
    /// The table points at itself.
    pub own: bool,
    /// The condition that a row `c` of the child will still be there, where
    /// rows of it will have gone.
    pub stays: Option<String>,
}

/// All foreign keys that point at a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct References {
    pub(super) all: Vec<Reference>,
}

/// A table that points at another, for who looks at the schema.
#[derive(Clone, Debug)]
pub struct Child<'r> {
    /// The table that points.
    pub table: &'r str,
    /// Its columns that point.
    pub columns: Vec<&'r str>,
    /// An index of it serves to find the rows that point at a row.
    pub indexed: bool,
}

impl References {
    /// Whether nothing points at the table.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a child has no index that serves: it is read whole.
    pub fn needs_scan(&self) -> bool {
        self.all.iter().any(|r| !r.indexed)
    }

    /// The tables that point at the table, each once.
    pub fn children(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.all.iter().map(|r| r.child.as_str()).collect();
        names.dedup();
        names
    }

    /// Whether rows of one of these tables point at rows of the table.
    pub fn any_child_in(&self, tables: &[String]) -> bool {
        let among =
            |child: &str| tables.iter().any(|t| t.eq_ignore_ascii_case(child));
        self.all.iter().any(|r| among(&r.child))
    }

    /// The tables that point at it, each with its columns that do and whether
    /// an index serves to find them.
    pub fn pointers(&self) -> impl Iterator<Item = Child<'_>> {
        self.all.iter().map(|r| Child {
            table: &r.child,
            columns: r.pairs.iter().map(|(from, _)| from.as_str()).collect(),
            indexed: r.indexed,
        })
    }

    /// Whether rows of the table point at rows of the table.
    pub fn own(&self) -> bool {
        self.all.iter().any(|r| r.own)
    }
}

impl Reference {
    /// `key.col = child.col AND ...`, where a table of keys takes the
    /// parent's place ([`Reference::keys`]).
    pub(super) fn equal_key(&self, key: &str, child: &str) -> String {
        let terms: Vec<String> = self
            .pairs
            .iter()
            .zip(self.keys())
            .map(|((from, _), own)| {
                format!("{key}.{own} = {child}.{}", ident(from))
            })
            .collect();
        terms.join(" AND ")
    }

    /// The parent's columns.
    pub(super) fn parent_columns(&self, parent: &str) -> Vec<String> {
        let column = |to: &String| format!("{parent}.{}", ident(to));
        self.pairs.iter().map(|(_, to)| column(to)).collect()
    }

    /// The names of the columns of a table of keys: "rt key 0", ...
    pub(super) fn keys(&self) -> Vec<String> {
        (0..self.pairs.len()).map(|i| format!("\"rt key {i}\"")).collect()
    }

    /// `parent.col = child.col AND ...`
    pub(super) fn equal(&self, parent: &str, child: &str) -> String {
        let terms: Vec<String> = self
            .pairs
            .iter()
            .map(|(from, to)| {
                format!("{parent}.{} = {child}.{}", ident(to), ident(from))
            })
            .collect();
        terms.join(" AND ")
    }

    pub(super) fn child(&self) -> String {
        format!("main.{}", ident(&self.child))
    }
}

impl Database {
    /// The pairs (child, parent) of all foreign keys of the database.
    pub fn foreign_keys(&self) -> Result<Vec<(String, String)>> {
        Ok(self.whole_schema()?.pairs().to_vec())
    }

    /// The foreign keys that point at a table.
    pub fn references(&self, table: &Table) -> Result<References> {
        if table.kind != Kind::Ordinary {
            return Ok(References::default());
        }
        let mut all: Vec<(i64, Reference)> = Vec::new();
        for (child, id, from, to) in self.whole_schema()?.parts(&table.name) {
            let open = match all.last() {
                Some((last, reference)) => {
                    *last == id && reference.child == child
                }
                None => false,
            };
            if !open {
                let own = child.eq_ignore_ascii_case(&table.name);
                let reference = Reference {
                    child: child.clone(),
                    pairs: Vec::new(),
                    declared: Vec::new(),
                    indexed: false,
                    own,
                    stays: None,
                };
                all.push((id, reference));
            }
            if let Some((_, reference)) = all.last_mut() {
                let part = reference.pairs.len();
                let to = self.parent_column(table, &child, to, part)?;
                let rule = self.rule(&child, &from)?;
                let compared = self.rule(&table.name, &to)?.against(&rule);
                if part == 0 {
                    let collation = Some(compared.collation.as_str());
                    reference.indexed = rule.serves(&compared)
                        && self.leads_an_index(&child, &from, collation)?;
                }
                reference.declared.push(compared.declared());
                reference.pairs.push((from, to));
            }
        }
        let all = all.into_iter().map(|(_, reference)| reference).collect();
        Ok(References { all })
    }

    /// The parent's column; one that is not named is the key's.
    fn parent_column(
        &self,
        table: &Table,
        child: &str,
        to: Option<String>,
        part: usize,
    ) -> Result<String> {
        let column = match &to {
            Some(name) => table.column(name),
            None => table.key_columns().get(part).copied(),
        };
        column.map(|c| table.columns[c].name.clone()).ok_or_else(|| {
            Error::failed(format!(
                "a foreign key of {} points at a column that {} does not \
                 have",
                quote(child),
                quote(&table.name)
            ))
            .hint("mend the schema; no row of this table was touched")
        })
    }
}
