//! Giving free pages back to the file system.

use std::time::Duration;

use crate::db::Database;
use crate::error::{Error, Notes, Result, quote, quoted};
use crate::io::durable;
use crate::outcome::Reclaimed;
use crate::signal;

/// The log of an incremental vacuum is copied in steps of so many bytes.
const LOG_STEP: u64 = 4 << 20;

/// Whether free pages are given back afterwards.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reclaim {
    /// They stay in the file, for rows to come.
    #[default]
    None,
    /// In steps, where `auto_vacuum=incremental` is set.
    Incremental,
    /// By VACUUM, which needs twice the room.
    Full,
}

impl std::str::FromStr for Reclaim {
    type Err = Error;

    fn from_str(word: &str) -> Result<Reclaim> {
        match word {
            "none" => Ok(Reclaim::None),
            "incremental" => Ok(Reclaim::Incremental),
            "full" => Ok(Reclaim::Full),
            _ => Err(Error::usage(format!(
                "--reclaim takes none, incremental or full, not {}",
                quote(word)
            ))),
        }
    }
}

impl Database {
    /// Refuses what this database cannot do, before anything is done.
    ///
    /// # Errors
    /// Status 2 without `auto_vacuum=incremental`.
    pub fn check_reclaim(&self, reclaim: Reclaim) -> Result<()> {
        if reclaim != Reclaim::Incremental
            || self.pragma_number("auto_vacuum")? == 2
        {
            return Ok(());
        }
        Err(Error::usage(format!(
            "{} has no incremental vacuum",
            quoted(&self.path)
        ))
        .hint(
            "use --reclaim full, or set PRAGMA auto_vacuum=incremental and \
             VACUUM once",
        ))
    }

    /// Gives free pages back as it was asked for; gives what the file lost.
    pub fn reclaim_as(
        &self,
        reclaim: Reclaim,
        notes: &mut dyn Notes,
    ) -> Result<Option<Reclaimed>> {
        let (word, full) = match reclaim {
            Reclaim::None => return Ok(None),
            Reclaim::Incremental => ("incremental", false),
            Reclaim::Full => ("full", true),
        };
        let gained_bytes = self.reclaim(full)?;
        notes.verbose(&format!("{gained_bytes} bytes given back"));
        Ok(Some(Reclaimed { reclaim: word.to_owned(), gained_bytes }))
    }

    /// Gives the file's free pages back to the file system: `full` rewrites
    /// it (VACUUM), else its tail is cut where `auto_vacuum=incremental`
    /// allows. Gives the bytes gained.
    fn reclaim(&self, full: bool) -> Result<u64> {
        let before = self.file_bytes()?;
        if full {
            let folder = durable::folder_of(&self.path);
            crate::io::space::need(folder, before.saturating_mul(2))?;
            self.run("VACUUM")?;
        } else {
            self.incremental()?;
        }
        // In WAL mode the file shrinks at the next checkpoint.
        self.checkpoint()?;
        Ok(before.saturating_sub(self.file_bytes()?))
    }

    /// Frees pages in steps, so that no step holds the lock for long. Each
    /// step is too short for a statement to be asked whether it is to end.
    fn incremental(&self) -> Result<()> {
        let mut free = self.pragma_number("freelist_count")?;
        while free > 0 {
            signal::check()?;
            let mut step = self
                .connection
                .prepare("PRAGMA incremental_vacuum(200)")
                .map_err(|e| self.fail("cannot vacuum", e))?;
            let mut rows =
                step.query([]).map_err(|e| self.fail("cannot vacuum", e))?;
            while rows
                .next()
                .map_err(|e| self.fail("cannot vacuum", e))?
                .is_some()
            {}
            drop(rows);
            let left = self.pragma_number("freelist_count")?;
            if left >= free {
                break;
            }
            free = left;
            if self.log_exceeds(LOG_STEP)? {
                self.checkpoint()?;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn file_bytes(&self) -> Result<u64> {
        std::fs::metadata(&self.path)
            .map(|m| m.len())
            .map_err(|e| Error::io("stat", &self.path, e))
    }
}
