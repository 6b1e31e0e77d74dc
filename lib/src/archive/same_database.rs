//! Whether a database is the one that the archives of a table come from.

use super::event::{Event, Moved};
use super::names::Origin;
use super::owner::Archive;
use super::state::State;
use crate::db::{Database, Identity};
use crate::error::{Error, Result, quote};

impl State {
    /// Refuses a table whose archives come from another database than the one
    /// that is `here`.
    ///
    /// # Errors
    /// Status 2.
    pub fn check_source(
        &self,
        origin: &Origin,
        here: &Identity,
    ) -> Result<()> {
        let Some(source) = self.source(origin) else {
            return self.check_named(origin, here);
        };
        if source.is(here) {
            return Ok(());
        }
        Err(Error::usage(format!(
            "the archives of {origin} come from {}, and not from {}",
            quote(&source.identity.path),
            quote(&here.path)
        ))
        .hint(
            "another database needs another name in this tree: --database \
             NAME; only if it is the same one, moved, or copied with its \
             archives, rt-purge --pending --moved says so",
        ))
    }

    /// Refuses a database without a name whose rows of the table are archived
    /// under one: it was forgotten to be said.
    fn check_named(&self, origin: &Origin, here: &Identity) -> Result<()> {
        let named = self.sources().iter().find(|(other, source)| {
            other.table.eq_ignore_ascii_case(&origin.table)
                && source.identity.path == here.path
        });
        match named.and_then(|(other, _)| other.database.as_deref()) {
            Some(name) if origin.database.is_none() => {
                Err(Error::usage(format!(
                    "the archives have the rows of {origin} in this database \
                     under the name {}",
                    quote(name)
                ))
                .hint(format!("say --database {}", quote(name))))
            }
            _ => Ok(()),
        }
    }
}

impl Archive {
    /// Enters that the tables of a database of this name that are archived are
    /// those of the database that is `here`, as an operator says.
    pub fn record_moved(
        &mut self,
        name: Option<&str>,
        database: &Database,
        here: &Identity,
    ) -> Result<()> {
        let mut tables = Vec::new();
        for (origin, source) in self.state().sources().iter() {
            let other = source.identity.path != here.path;
            if other && origin.database.as_deref() == name {
                tables.extend(database.table(&origin.table)?.map(|t| t.name));
            }
        }
        if tables.is_empty() {
            return Ok(());
        }
        self.append(&[Event::Moved(Moved {
            db: here.path.clone(),
            db_device: here.device,
            db_inode: here.inode,
            database: name.map(str::to_owned),
            tables,
        })])
    }
}
