//! How a column compares: its affinity, which SQLite derives from the declared
//! type (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>),
//! and its collation.
//!
//! A column of a temporary table that is declared like another one compares
//! like that one, and an index of either finds values of the other.

use crate::db::{Database, ident};
use crate::error::Result;

/// What SQLite makes of values before it stores or compares them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Affinity {
    /// Texts that are whole numbers become INTEGER.
    Integer,
    /// Numbers become TEXT.
    Text,
    /// Values stay as they are.
    Blob,
    /// Numbers, and texts that are some, become REAL.
    Real,
    /// Texts that are numbers become INTEGER or REAL.
    Numeric,
}

impl Affinity {
    /// The affinity of a column that is declared so, in a table that is STRICT
    /// or not: there ANY takes values as they are.
    pub fn of(declared: &str, strict: bool) -> Affinity {
        let declared = declared.to_ascii_uppercase();
        let has =
            |names: &[&str]| names.iter().any(|name| declared.contains(name));
        if has(&["INT"]) {
            Affinity::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Affinity::Text
        } else if declared.is_empty()
            || has(&["BLOB"])
            || strict && declared == "ANY"
        {
            Affinity::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }

    fn is_numeric(self) -> bool {
        !matches!(self, Affinity::Text | Affinity::Blob)
    }

    fn name(self) -> &'static str {
        match self {
            Affinity::Integer => "INTEGER",
            Affinity::Text => "TEXT",
            Affinity::Blob => "BLOB",
            Affinity::Real => "REAL",
            Affinity::Numeric => "NUMERIC",
        }
    }
}

/// How the values of a column compare.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Rule {
    affinity: Affinity,
    /// The collation of its texts.
    pub collation: String,
}

impl Rule {
    /// How a column is declared that compares so.
    pub fn declared(&self) -> String {
        format!("{} COLLATE {}", self.affinity.name(), ident(&self.collation))
    }

    /// How this column's values compare with those of another one, which
    /// stands to the right of it
    /// (<https://www.sqlite.org/datatype3.html#type_conversions_prior_to_comparison>):
    /// as numbers where either holds numbers, by the collation of this one.
    pub fn against(&self, right: &Rule) -> Rule {
        let numeric =
            self.affinity.is_numeric() || right.affinity.is_numeric();
        let affinity = if numeric { Affinity::Numeric } else { self.affinity };
        Rule { affinity, collation: self.collation.clone() }
    }

    /// Whether an index over this column, which compares as `self`, finds
    /// values that are compared as `compared`.
    pub fn serves(&self, compared: &Rule) -> bool {
        self.affinity.is_numeric() || !compared.affinity.is_numeric()
    }
}

impl Database {
    /// How a column of a table compares.
    pub(super) fn rule(&self, table: &str, column: &str) -> Result<Rule> {
        let doing = "cannot read the columns";
        let (declared, collation, ..) = self
            .connection
            .column_metadata(Some("main"), table, column)
            .map_err(|e| self.fail(doing, e))?;
        let text = |name: Option<&std::ffi::CStr>| {
            name.map(|name| name.to_string_lossy().into_owned())
        };
        let declared = text(declared).unwrap_or_default();
        let strict = self.value::<bool>(
            doing,
            "SELECT strict FROM pragma_table_list(?1) WHERE schema = 'main'",
            [table],
        )?;
        Ok(Rule {
            affinity: Affinity::of(&declared, strict.unwrap_or(false)),
            collation: text(collation).unwrap_or_else(|| "BINARY".to_owned()),
        })
    }
}
