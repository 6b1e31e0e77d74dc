//! Who points at a table's rows: its foreign keys from outside and within.
//!
//! A row to which a row that stays points, stays too, whatever ON DELETE
//! says: a cascade would destroy rows that no archive holds. Values are
//! compared as `parent.col = child.col`, parent on the left, which is the rule
//! of <https://www.sqlite.org/foreignkeys.html>: the parent's collation and
//! affinity count. A key with a NULL part refers to nothing.

use super::{Database, Kind, Table, ident};
use crate::db::due::select::{CANDIDATES, LINE, candidate_columns, joined};
use crate::error::{Error, Result, quote};

/// One foreign key that points at the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    /// The table that points.
    pub child: String,
    /// Its columns and the table's, pair by pair.
    pub pairs: Vec<(String, String)>,
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

impl References {
    /// Whether nothing points at the table.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a child has no index that serves: it is read whole.
    pub fn needs_scan(&self) -> bool {
        self.all.iter().any(|r| !r.indexed)
    }

    /// Whether rows of one of these tables point at rows of the table.
    pub fn from_any(&self, tables: &[String]) -> bool {
        let among =
            |child: &str| tables.iter().any(|t| t.eq_ignore_ascii_case(child));
        self.all.iter().any(|r| among(&r.child))
    }

    /// Whether rows of the table point at rows of the table.
    pub fn own(&self) -> bool {
        self.all.iter().any(|r| r.own)
    }
}

impl Reference {
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
        let fail = |e| self.fail("cannot read the foreign keys", e);
        self.connection
            .prepare(
                "SELECT DISTINCT t.name, f.\"table\" \
                 FROM pragma_table_list AS t, \
                 pragma_foreign_key_list(t.name, 'main') AS f \
                 WHERE t.schema = 'main' AND t.type = 'table'",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .map_err(fail)
    }

    /// The foreign keys that point at a table.
    pub fn references(&self, table: &Table) -> Result<References> {
        let fail = |e| self.fail("cannot read the foreign keys", e);
        if table.kind != Kind::Ordinary {
            return Ok(References::default());
        }
        type Row = (String, i64, String, Option<String>);
        let rows: Vec<Row> = self
            .connection
            .prepare(
                "SELECT t.name, f.id, f.\"from\", f.\"to\" \
                 FROM pragma_table_list AS t, \
                 pragma_foreign_key_list(t.name, 'main') AS f \
                 WHERE t.schema = 'main' AND t.type = 'table' \
                 AND f.\"table\" = ?1 COLLATE NOCASE \
                 ORDER BY t.name, f.id, f.seq",
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
            .map_err(fail)?;
        let mut all: Vec<(i64, Reference)> = Vec::new();
        for (child, id, from, to) in rows {
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
                    indexed: false,
                    own,
                    stays: None,
                };
                all.push((id, reference));
            }
            if let Some((_, reference)) = all.last_mut() {
                let part = reference.pairs.len();
                let to = self.parent_column(table, &child, to, part)?;
                reference.pairs.push((from, to));
            }
        }
        let mut out = References::default();
        for (_, mut reference) in all {
            reference.indexed = self.has_index(&reference)?;
            out.all.push(reference);
        }
        Ok(out)
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

    /// Whether an index of the child leads with the first column.
    fn has_index(&self, reference: &Reference) -> Result<bool> {
        let Some((from, _)) = reference.pairs.first() else {
            return Ok(false);
        };
        let by_index = self
            .connection
            .query_row(
                "SELECT count(*) FROM pragma_index_list(?1, 'main') AS l, \
                 pragma_index_xinfo(l.name, 'main') AS x \
                 WHERE NOT l.partial AND x.seqno = 0 \
                 AND x.name = ?2 COLLATE NOCASE",
                [&reference.child, from],
                |row| row.get::<_, i64>(0),
            )
            .map_err(|e| self.fail("cannot read the indexes", e))?;
        let rowid = self.connection.query_row(
            "SELECT count(*) = 1 AND max(pk) = 1 FROM \
             pragma_table_info(?1, 'main') WHERE pk > 0 AND name = ?2 \
             COLLATE NOCASE",
            [&reference.child, from],
            |row| row.get::<_, bool>(0),
        );
        let rowid =
            rowid.map_err(|e| self.fail("cannot read the indexes", e))?;
        Ok(by_index > 0 || rowid)
    }

    /// Takes out of the candidates those at which a row that stays points;
    /// gives how many these were. A child without an index is read once. The
    /// struck ones can be asked for with [`Database::struck`].
    pub(super) fn strike(
        &self,
        table: &Table,
        references: &References,
    ) -> Result<u64> {
        if references.is_empty() {
            return Ok(0);
        }
        let fail = |e| self.fail("cannot follow the foreign keys", e);
        let key = candidate_columns(table).join(", ");
        self.run(&format!(
            "DROP TABLE IF EXISTS {STRUCK}; \
             CREATE TABLE {STRUCK}({key}, {LINE}, PRIMARY KEY({key})) \
             WITHOUT ROWID"
        ))?;
        for reference in &references.all {
            let found = pointed_at(table, reference, CANDIDATES);
            self.connection
                .execute(
                    &format!(
                        "INSERT OR IGNORE INTO {STRUCK}({key}, {LINE}) {found}"
                    ),
                    [],
                )
                .map_err(fail)?;
        }
        if references.own() {
            self.connection
                .execute(&spread(table, references), [])
                .map_err(fail)?;
        }
        let gone = self
            .connection
            .execute(
                &format!(
                    "DELETE FROM {CANDIDATES} WHERE ({key}) IN \
                     (SELECT {key} FROM {STRUCK})"
                ),
                [],
            )
            .map_err(fail)?;
        Ok(gone as u64)
    }
}

/// The temporary table of candidates that were struck.
pub(super) const STRUCK: &str = "temp.\"rt struck\"";

/// The rows of `among` (a temporary table like that of the candidates) at
/// which a row outside the candidates points.
pub(super) fn pointed_at(
    table: &Table,
    reference: &Reference,
    among: &str,
) -> String {
    let key = candidate_columns(table).join(", ");
    let cursor: Vec<String> =
        table.cursor().iter().map(|c| format!("c.{c}")).collect();
    let stays = if reference.own {
        format!(
            " AND ({}) NOT IN (SELECT {key} FROM {CANDIDATES})",
            cursor.join(", ")
        )
    } else {
        reference.stays.clone().unwrap_or_default()
    };
    let (parent, child) = (table.quoted(), reference.child());
    let equal = reference.equal("p", "c");
    let to_parent = joined(table, "p");
    let from = if reference.indexed {
        format!(
            "{among} AS d CROSS JOIN {parent} AS p ON {to_parent} \
             CROSS JOIN {child} AS c ON {equal}"
        )
    } else {
        format!(
            "{child} AS c CROSS JOIN {parent} AS p ON {equal} \
             CROSS JOIN {among} AS d ON {to_parent}"
        )
    };
    format!("SELECT DISTINCT {key}, {LINE} FROM {from} WHERE 1{stays}")
}

/// From the struck candidates on to those at which they point, to the end of
/// each chain.
fn spread(table: &Table, references: &References) -> String {
    let columns = candidate_columns(table);
    let key = columns.join(", ");
    let mut steps = String::new();
    for reference in references.all.iter().filter(|r| r.own) {
        let from: Vec<String> = columns
            .iter()
            .zip(table.cursor())
            .map(|(mine, theirs)| format!("s.{mine} = c.{theirs}"))
            .collect();
        let out: Vec<String> = columns
            .iter()
            .map(String::as_str)
            .chain(LINE.split(", "))
            .map(|c| format!("d.{c}"))
            .collect();
        let to: Vec<String> = columns
            .iter()
            .zip(table.cursor())
            .map(|(mine, theirs)| format!("d.{mine} = p.{theirs}"))
            .collect();
        steps.push_str(&format!(
            " UNION SELECT {} FROM stays AS s \
             CROSS JOIN {parent} AS c ON {} \
             CROSS JOIN {parent} AS p ON {} \
             CROSS JOIN {CANDIDATES} AS d ON {}",
            out.join(", "),
            from.join(" AND "),
            reference.equal("p", "c"),
            to.join(" AND "),
            parent = table.quoted(),
        ));
    }
    format!(
        "INSERT OR IGNORE INTO {STRUCK}({key}, {LINE}) \
         WITH RECURSIVE stays({key}, {LINE}) AS \
         (SELECT {key}, {LINE} FROM {STRUCK}{steps}) \
         SELECT {key}, {LINE} FROM stays"
    )
}
