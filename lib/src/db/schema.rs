//! The shape of a table: its columns as the schema has them, and by what a
//! row of it can be found again.

use crate::db::{Database, ident};
use crate::error::{Error, Result, did_you_mean, quote};
use crate::record;

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, as the schema writes it.
    pub name: String,
    /// Its declared type.
    pub declared: String,
    /// Its place in the PRIMARY KEY, from 1; 0 for none.
    pub key_part: usize,
    /// Its value is computed from others (GENERATED ALWAYS).
    pub generated: bool,
    /// The collation of the PRIMARY KEY, where it is not the column's own.
    pub(super) key_collation: Option<String>,
}

impl Column {
    /// The column as a part of the key is compared.
    pub(super) fn in_key(&self) -> String {
        match &self.key_collation {
            Some(name) => {
                format!("{} COLLATE {}", ident(&self.name), ident(name))
            }
            None => ident(&self.name),
        }
    }
}

/// What finds a row again. Indices are into [`Table::columns`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Key {
    /// INTEGER PRIMARY KEY: the column is the rowid.
    Rowid(usize),
    /// The columns of a WITHOUT ROWID key, or of a PRIMARY KEY with an index
    /// of its own; a NULL in one (possible in the latter) makes it no key.
    Columns(Vec<usize>),
    /// Nothing but the rowid, which VACUUM renumbers.
    None,
}

/// What a table is. Only an ordinary one can be purged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A table.
    Ordinary,
    /// A view.
    View,
    /// A virtual table.
    Virtual,
    /// A table that belongs to a virtual one.
    Shadow,
}

/// A table's shape.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name, as the schema writes it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// What finds a row again.
    pub key: Key,
    /// Whether it is WITHOUT ROWID.
    pub without_rowid: bool,
    /// The name under which the rowid can be read.
    pub(super) rowid: Option<String>,
    /// Which parts of a WITHOUT ROWID key are kept in descending order.
    pub(super) descending: Vec<bool>,
    /// The CREATE statements of the table, its indexes and its triggers.
    pub schema: String,
}

impl Table {
    /// The index of a column by name; ASCII case is ignored, as in SQLite.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name))
    }

    /// The index of a column that must exist.
    pub fn need_column(&self, name: &str) -> Result<usize> {
        self.column(name).ok_or_else(|| {
            let names: Vec<_> =
                self.columns.iter().map(|c| c.name.as_str()).collect();
            Error::usage(format!(
                "table {} has no column {}",
                quote(&self.name),
                quote(name)
            ))
            .hint(format!("its columns are {}", names.join(", ")))
        })
    }

    /// The columns of the key; none for a table without one.
    pub fn key_columns(&self) -> Vec<usize> {
        match &self.key {
            Key::Rowid(column) => vec![*column],
            Key::Columns(columns) => columns.clone(),
            Key::None => Vec::new(),
        }
    }

    /// Whether a row of it can be without usable key.
    pub fn can_be_keyless(&self) -> bool {
        match &self.key {
            Key::None => true,
            Key::Columns(_) => !self.without_rowid,
            Key::Rowid(_) => false,
        }
    }

    /// The SQL condition that a row has a value in each of these columns, or
    /// `None` where there are no columns.
    pub fn with_values(&self, columns: &[usize]) -> Option<String> {
        let has = |c: &usize| {
            format!("{} IS NOT NULL", ident(&self.columns[*c].name))
        };
        let all: Vec<String> = columns.iter().map(has).collect();
        (!all.is_empty()).then(|| all.join(" AND "))
    }

    /// The SQL expressions in whose order the table is walked: the rowid, or
    /// the WITHOUT ROWID key.
    pub(super) fn cursor(&self) -> Vec<String> {
        match (&self.rowid, &self.key) {
            (Some(rowid), _) => vec![rowid.clone()],
            (None, Key::Columns(columns)) => {
                columns.iter().map(|c| self.columns[*c].in_key()).collect()
            }
            (None, _) => Vec::new(),
        }
    }

    /// Whether a part of the cursor is kept in descending order.
    pub(super) fn falls(&self, part: usize) -> bool {
        self.descending.get(part).copied().unwrap_or(false)
    }

    /// The quoted name, with its schema.
    pub(super) fn quoted(&self) -> String {
        format!("main.{}", ident(&self.name))
    }
}

/// A part of a key: its column, its collation, and whether it falls.
type KeyPart = (String, String, bool);

impl Database {
    /// The shape of a table or view by name, or `None` if there is none.
    pub fn table(&self, name: &str) -> Result<Option<Table>> {
        let Some((name, kind, without_rowid)) = self.listed(name)? else {
            return Ok(None);
        };
        let mut columns = self.columns(&name)?;
        for meta in [record::ARCHIVED_AT, record::ROWID] {
            if columns.iter().any(|c| c.name.eq_ignore_ascii_case(meta)) {
                return Err(Error::usage(format!(
                    "table {} has a column called {}, which row records \
                     need for themselves",
                    quote(&name),
                    quote(meta)
                ))
                .hint("rename the column, or leave this table out"));
            }
        }
        let index = self.key_index(&name)?;
        let key = key(&columns, without_rowid || !index.is_empty());
        if matches!(key, Key::Columns(_)) {
            self.key_collations(&name, &mut columns, &index)?;
        }
        let mut table = Table {
            schema: self.whole_schema()?.statements(&name),
            name,
            kind,
            columns,
            key,
            without_rowid,
            rowid: None,
            descending: Vec::new(),
        };
        if kind == Kind::Ordinary || kind == Kind::Shadow {
            if without_rowid {
                table.descending = index.iter().map(|part| part.2).collect();
            } else {
                table.rowid = Some(rowid_name(&table)?);
            }
        } else if kind == Kind::Virtual && !without_rowid {
            table.rowid = rowid_name(&table).ok();
        }
        Ok(Some(table))
    }

    /// A table's name as the schema writes it, what it is, and whether it is
    /// WITHOUT ROWID.
    fn listed(&self, name: &str) -> Result<Option<(String, Kind, bool)>> {
        let schema = self.whole_schema()?;
        let listed = schema.listed(name).cloned();
        Ok(listed.map(|(name, kind, without_rowid)| {
            let kind = match kind.as_str() {
                "view" => Kind::View,
                "virtual" => Kind::Virtual,
                "shadow" => Kind::Shadow,
                _ => Kind::Ordinary,
            };
            (name, kind, without_rowid)
        }))
    }

    /// The shape of a table that must exist.
    pub fn need_table(&self, name: &str) -> Result<Table> {
        if let Some(table) = self.table(name)? {
            return Ok(table);
        }
        let names = self.table_names()?;
        let near = did_you_mean(name, names.iter().map(String::as_str));
        let path = crate::error::quoted(&self.path);
        let what = format!("{path} has no table {}", quote(name));
        Err(Error::usage(what).maybe_hint(near))
    }

    fn columns(&self, table: &str) -> Result<Vec<Column>> {
        // hidden: 1 is the arguments of a virtual table, 2 and 3 are generated
        let all: Vec<(String, String, u16, bool)> = self.rows(
            "cannot read the columns",
            "SELECT name, type, pk, hidden > 1 FROM pragma_table_xinfo(?1, 'main') \
             WHERE hidden <> 1 ORDER BY cid",
            [table],
        )?;
        let columns = all.into_iter().map(|(name, declared, part, made)| {
            let (key_part, key_collation) = (part.into(), None);
            Column { name, declared, key_part, generated: made, key_collation }
        });
        Ok(columns.collect())
    }

    /// The parts of the key's own index: column, collation, and whether they
    /// are kept in descending order. None where it has no such index.
    fn key_index(&self, table: &str) -> Result<Vec<KeyPart>> {
        self.rows(
            "cannot read the key",
            "SELECT x.name, x.coll, x.desc \
             FROM pragma_index_list(?1, 'main') AS l, \
             pragma_index_xinfo(l.name, 'main') AS x \
             WHERE l.origin = 'pk' AND x.key ORDER BY x.seqno",
            [table],
        )
    }

    /// Notes where the key compares otherwise than the column does.
    fn key_collations(
        &self,
        table: &str,
        columns: &mut [Column],
        index: &[KeyPart],
    ) -> Result<()> {
        for (name, collation, _) in index {
            let (_, own, ..) = self
                .connection
                .column_metadata(Some("main"), table, name.as_str())
                .map_err(|e| self.fail("cannot read the key", e))?;
            let own = own.map(|c| c.to_string_lossy().into_owned());
            let same =
                own.is_none_or(|own| own.eq_ignore_ascii_case(collation));
            let column =
                columns.iter_mut().find(|c| c.name.eq_ignore_ascii_case(name));
            if let (Some(column), false) = (column, same) {
                column.key_collation = Some(collation.clone());
            }
        }
        Ok(())
    }
}

/// What finds a row again, by whether the PRIMARY KEY has an index of its own:
/// an INTEGER PRIMARY KEY has none, for it is the rowid
/// (<https://www.sqlite.org/lang_createtable.html#rowid>).
fn key(columns: &[Column], own_index: bool) -> Key {
    let mut parts: Vec<usize> =
        (0..columns.len()).filter(|i| columns[*i].key_part > 0).collect();
    parts.sort_by_key(|i| columns[*i].key_part);
    match parts[..] {
        [] => Key::None,
        [one] if !own_index => Key::Rowid(one),
        _ => Key::Columns(parts),
    }
}

/// The name that reads the rowid: the INTEGER PRIMARY KEY, else one of the
/// three that no column has taken.
fn rowid_name(table: &Table) -> Result<String> {
    if let Key::Rowid(column) = table.key {
        return Ok(ident(&table.columns[column].name));
    }
    ["_rowid_", "rowid", "oid"]
        .into_iter()
        .find(|name| table.column(name).is_none())
        .map(str::to_owned)
        .ok_or_else(|| {
            Error::usage(format!(
                "table {} has no usable key, and columns called rowid, \
                 _rowid_ and oid hide its rowid",
                quote(&table.name)
            ))
            .hint("rename one of these columns, or leave this table out")
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use rusqlite::hooks::{AuthContext, Authorization};

    use crate::db::{Access, Database};

    /// How many parts of statements SQLite looks at while each of so many
    /// views is asked for, one of which selects from a table that is not there.
    fn looked_at(views: usize) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let db = rusqlite::Connection::open(&path).unwrap();
        let view = |n| format!("CREATE VIEW v{n} AS SELECT 1 AS a;");
        let all: String = (0..views).map(view).collect();
        db.execute_batch(&format!(
            "BEGIN; CREATE VIEW bad AS SELECT * FROM missing; {all} COMMIT"
        ))
        .unwrap();
        drop(db);
        let mut database =
            Database::open(&path, Access::Read, Duration::ZERO).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        database
            .connection
            .authorizer(Some(move |_: AuthContext<'_>| {
                seen.fetch_add(1, Ordering::Relaxed);
                Authorization::Allow
            }))
            .unwrap();
        for n in 0..views {
            database.table(&format!("v{n}")).unwrap().unwrap();
        }
        count.load(Ordering::Relaxed)
    }

    #[test]
    fn each_view_costs_the_same_however_many_there_are() {
        let (few, many) = (looked_at(50), looked_at(200));
        assert!(many < 5 * few, "{few} of 50, {many} of 200");
    }
}
