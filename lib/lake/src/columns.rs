//! The types of columns, by their declarations alone: what the rows of a
//! month happen to hold never changes a type. A table whose columns change
//! theirs goes on in a version of its own, with files of its own.

use rt::derived::Affinity;
use serde::{Deserialize, Serialize};

/// The columns that every file has beside the table's.
pub const EXACT: &str = "_exact";
/// When a row was.
pub const TIME: &str = "_time";

/// What no column of a table can be called in a file: the partitions, which
/// engines take out of the path, and what stands beside the table's columns.
const TAKEN: [&str; 6] =
    ["host", "month", EXACT, TIME, "_archived_at", "_rowid"];

/// What a column of a file holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// INTEGER, as INT64.
    Int64,
    /// REAL, as DOUBLE.
    Double,
    /// TEXT, as STRING.
    String,
    /// BLOB, as BINARY.
    Binary,
    /// Values of any class, each as its JSON, as STRING.
    Json,
}

impl Type {
    /// That of a column by what its declared type makes of values.
    pub fn of(declared: Option<Affinity>) -> Type {
        match declared {
            Some(Affinity::Integer) => Type::Int64,
            Some(Affinity::Real) => Type::Double,
            Some(Affinity::Text) => Type::String,
            Some(Affinity::Blob) => Type::Binary,
            Some(Affinity::Numeric) | None => Type::Json,
        }
    }
}

/// A column of a table, and of its files.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Column {
    /// Its name in the table.
    pub column: String,
    /// Its name in a file.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub ty: Type,
}

/// The columns of a version of a table: those of all its files.
pub type Version = Vec<Column>;

/// Where a column stands, by its name in the table; ASCII case is ignored, as
/// in SQLite.
pub fn place(columns: &[Column], name: &str) -> Option<usize> {
    columns.iter().position(|c| c.column.eq_ignore_ascii_case(name))
}

/// The first version, from 1, in which these columns have these types, with
/// the columns added that it did not have; a new one where there is none.
pub fn version_of(
    versions: &mut Vec<Version>,
    wanted: &[(String, Type)],
) -> usize {
    let agrees = |version: &Version| {
        wanted.iter().all(|(name, ty)| {
            place(version, name).is_none_or(|at| version[at].ty == *ty)
        })
    };
    let at = match versions.iter().position(agrees) {
        Some(at) => at,
        None => {
            versions.push(Version::new());
            versions.len() - 1
        }
    };
    for (name, ty) in wanted {
        add(&mut versions[at], name, *ty);
    }
    at + 1
}

/// Adds a column, unless it is there.
fn add(version: &mut Version, column: &str, ty: Type) {
    if place(version, column).is_some() {
        return;
    }
    let mut name = column.to_owned();
    let taken = |name: &str| {
        let mut there = version.iter().map(|c| c.name.as_str()).chain(TAKEN);
        there.any(|n| n.eq_ignore_ascii_case(name))
    };
    while taken(&name) {
        name.push('_');
    }
    version.push(Column { column: column.to_owned(), name, ty });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &[(&str, Type)]) -> Vec<(String, Type)> {
        text.iter().map(|(name, ty)| ((*name).to_owned(), *ty)).collect()
    }

    #[test]
    fn changed_type_begins_a_version_and_an_added_column_does_not() {
        let mut versions = Vec::new();
        let first = columns(&[("a", Type::Int64), ("b", Type::String)]);
        assert_eq!(version_of(&mut versions, &first), 1);
        let added = columns(&[("A", Type::Int64), ("c", Type::Double)]);
        assert_eq!(version_of(&mut versions, &added), 1);
        let changed = columns(&[("a", Type::String)]);
        assert_eq!(version_of(&mut versions, &changed), 2);
        assert_eq!(version_of(&mut versions, &first), 1);
        let names: Vec<_> = versions[0].iter().map(|c| &c.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn no_column_has_the_name_of_a_partition() {
        let mut versions = Vec::new();
        let taken = columns(&[
            ("host_", Type::String),
            ("Host", Type::String),
            ("month", Type::Int64),
            ("_exact", Type::Json),
        ]);
        version_of(&mut versions, &taken);
        let names: Vec<_> = versions[0].iter().map(|c| &c.name).collect();
        assert_eq!(names, ["host_", "Host__", "month_", "_exact_"]);
    }
}
