//! How many bytes the rows of a table take.

use crate::db::{Database, Table};
use crate::error::Result;

/// The bytes of one table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TableSize {
    /// What its rows use: pages of its own b-tree, overflow included and
    /// indexes not, less what is unused in them
    /// (<https://www.sqlite.org/dbstat.html>).
    pub live_bytes: u64,
    /// What is free in the database file: `--reclaim` gives it back.
    pub reclaimable_bytes: u64,
}

/// The bytes of a database's file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FileSize {
    /// Of all its pages.
    pub bytes: u64,
    /// Of its free pages, which `--reclaim` gives back.
    pub free_bytes: u64,
}

impl Database {
    /// The size of the file, as SQLite has it: what stands in the write-ahead
    /// log counts.
    pub fn file_size(&self) -> Result<FileSize> {
        let page = self.pragma_number("page_size")?;
        let pages = self.pragma_number("page_count")?;
        let free = self.pragma_number("freelist_count")?;
        Ok(FileSize {
            bytes: (pages * page).max(0) as u64,
            free_bytes: (free * page).max(0) as u64,
        })
    }

    /// The size of a table. Reads each page of it once.
    pub fn table_size(&self, table: &Table) -> Result<TableSize> {
        let live = self.with_small_cache(|| {
            self.one::<i64>(
                "cannot measure a table",
                "SELECT coalesce(sum(pgsize - unused), 0) \
                 FROM dbstat('main') WHERE name = ?1 AND aggregate = 1",
                [&table.name],
            )
        })?;
        Ok(TableSize {
            live_bytes: live.max(0) as u64,
            reclaimable_bytes: self.file_size()?.free_bytes,
        })
    }

    /// A small cache ([`Database::small_cache`]) for as long as `work` lasts.
    pub(in crate::db) fn with_small_cache<T>(
        &self,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let size = self.pragma_number("cache_size")?;
        self.small_cache()?;
        let done = work();
        self.set_cache(size)?;
        done
    }

    /// Pages that are read once, and never again, pass through a cache of 400
    /// KiB, which stays in the processor's own: with a large one it takes a
    /// third longer to read a table.
    pub(in crate::db) fn small_cache(&self) -> Result<()> {
        self.set_cache(-400)
    }

    fn set_cache(&self, size: i64) -> Result<()> {
        self.connection
            .pragma_update(None, "cache_size", size)
            .map_err(|e| self.fail("cannot set the cache", e))
    }

    /// The size of the database by its page count: an upper bound for any
    /// table, at the cost of one read.
    pub fn whole_bytes(&self) -> Result<u64> {
        let pages = self.pragma_number("page_count")?;
        let page = self.pragma_number("page_size")?;
        Ok((pages * page).max(0) as u64)
    }
}
