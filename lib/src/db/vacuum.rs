//! Giving free pages back to the file system.

use std::path::Path;
use std::time::Duration;

use crate::db::Database;
use crate::error::{Error, Result, quoted};

/// The log of an incremental vacuum is copied in steps of so many bytes.
const LOG_STEP: u64 = 4 << 20;

impl Database {
    /// Gives the file's free pages back to the file system: `full` rewrites
    /// it (VACUUM), else its tail is cut where `auto_vacuum=incremental`
    /// allows. Gives the bytes gained.
    pub fn reclaim(&self, full: bool) -> Result<u64> {
        let before = self.file_bytes()?;
        if full {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            crate::io::durable::need_space(folder, before.saturating_mul(2))?;
            self.run("VACUUM")?;
        } else {
            self.incremental()?;
        }
        // In WAL mode the file shrinks at the next checkpoint.
        self.checkpoint()?;
        Ok(before.saturating_sub(self.file_bytes()?))
    }

    /// Frees pages in steps, so that no step holds the lock for long.
    fn incremental(&self) -> Result<()> {
        if self.pragma_number("auto_vacuum")? != 2 {
            return Err(Error::usage(format!(
                "{} has no incremental vacuum",
                quoted(&self.path)
            ))
            .hint(
                "use --reclaim full, or set PRAGMA auto_vacuum=incremental \
                 and VACUUM once",
            ));
        }
        let mut free = self.pragma_number("freelist_count")?;
        while free > 0 {
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
