//! What cannot be purged, and where its rows are.

use crate::db::{Database, Kind, Table};
use crate::error::{Error, Result, quote};

impl Database {
    /// Refuses what is no ordinary table.
    ///
    /// # Errors
    /// Status 2; the hint names the tables that a view reads.
    pub fn check_purgeable(&self, table: &Table) -> Result<()> {
        let what = match table.kind {
            Kind::Ordinary => return Ok(()),
            Kind::View => "a view",
            Kind::Virtual => "a virtual table",
            Kind::Shadow => "a shadow table",
        };
        let read = match table.kind {
            Kind::View => self.tables_read(table)?,
            _ => Vec::new(),
        };
        let hint = match read.is_empty() {
            true => "archive the tables that hold its rows".to_owned(),
            false => format!(
                "archive the tables that hold its rows, of these: {}; a \
                 number that stands for a row of another one stays a number \
                 in the archive",
                read.join(", ")
            ),
        };
        Err(Error::usage(format!(
            "{} is {what}: it can be exported, never purged",
            quote(&table.name)
        ))
        .hint(hint))
    }

    /// The ordinary tables that a view reads, quoted, in the order in which
    /// SQLite opens them (<https://www.sqlite.org/opcode.html#OpenRead>).
    fn tables_read(&self, view: &Table) -> Result<Vec<String>> {
        let fail = |e| self.fail("cannot look at a view", e);
        let sql = format!("EXPLAIN SELECT * FROM {}", view.quoted());
        let mut program = self.connection.prepare(&sql).map_err(fail)?;
        let mut steps = program.query([]).map_err(fail)?;
        let mut roots: Vec<i64> = Vec::new();
        while let Some(step) = steps.next().map_err(fail)? {
            let opcode: String = step.get("opcode").map_err(fail)?;
            let database: i64 = step.get("p3").map_err(fail)?;
            if opcode == "OpenRead" && database == 0 {
                roots.push(step.get("p2").map_err(fail)?);
            }
        }
        let mut owner = self
            .connection
            .prepare("SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?1")
            .map_err(fail)?;
        let mut names: Vec<String> = Vec::new();
        for root in roots {
            let name: String =
                owner.query_row([root], |row| row.get(0)).map_err(fail)?;
            let name = quote(&name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }
}
