//! A table made from the CREATE statements that its archives keep.

use rusqlite::Batch;
use rusqlite::fallible_iterator::FallibleIterator;

use crate::db::affinity::Affinity;
use crate::db::{Database, Table};
use crate::error::{Error, Result, quote};

/// What becomes of a statement, by how it begins: SQLite keeps the first words
/// of each in this form.
const RUN: [&str; 3] =
    ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "];
const LEFT_OUT: [&str; 2] = ["CREATE TRIGGER ", "CREATE VIEW "];

/// The columns of a table by its CREATE statements, in order, each with what
/// its declared type makes of values; none for a column without a type.
pub fn declared_types(
    schema: &str,
    name: &str,
) -> Result<Vec<(String, Option<Affinity>)>> {
    let database = Database::in_memory()?;
    // An index or a key may need a function or a collation that is not here.
    database.run_statements(schema, &RUN[..1])?;
    let strict = "SELECT strict FROM pragma_table_list(?1) \
                  WHERE schema = 'main'";
    let doing = "cannot read the columns";
    let strict = database.value::<bool>(doing, strict, [name])?;
    let columns: Vec<(String, String)> = database.rows(
        doing,
        "SELECT name, type FROM pragma_table_xinfo(?1, 'main') \
         WHERE hidden <> 1 ORDER BY cid",
        [name],
    )?;
    let affinity = |declared: &str| {
        let strict = strict.unwrap_or(false);
        (!declared.is_empty()).then(|| Affinity::of(declared, strict))
    };
    let columns = columns.into_iter();
    Ok(columns.map(|(name, ty)| (name, affinity(&ty))).collect())
}

/// The shape of a table by its CREATE statements.
pub fn table_of(schema: &str, name: &str) -> Result<Table> {
    let database = Database::in_memory()?;
    database.make_table(schema)?;
    database.need_table(name)
}

impl Database {
    /// Runs the statements that make a table and its indexes; its triggers
    /// are left out, and any other statement is refused.
    pub fn make_table(&self, schema: &str) -> Result<()> {
        self.run_statements(schema, &RUN)
    }

    /// Runs those of the statements that begin with one of the words.
    fn run_statements(&self, schema: &str, run: &[&str]) -> Result<()> {
        let fail = |e| self.fail("cannot make the table", e);
        let mut batch = Batch::new(&self.connection, schema);
        while let Some(mut statement) = batch.next().map_err(fail)? {
            let text = statement.expanded_sql().unwrap_or_default();
            let text = text.trim_start();
            let begins = |word: &&&str| {
                text.get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            };
            let known = RUN.iter().any(|word| begins(&word));
            if LEFT_OUT.iter().any(|word| begins(&word))
                || known && !run.iter().any(|word| begins(&word))
            {
                continue;
            }
            if !known {
                return Err(Error::data(format!(
                    "the schema holds a statement that makes no table: {}",
                    quote(text.lines().next().unwrap_or_default())
                )));
            }
            statement.raw_execute().map_err(fail)?;
        }
        Ok(())
    }
}
