//! Whether all rows of a table can go in one transaction, by how long that
//! would hold the write lock.
//!
//! How long a page takes is measured on pages of the table, on this machine and
//! at this moment. Where all takes longer than a batch may, a part goes in
//! batches first until the rest fits: of rows with random keys, which rewrite
//! pages of their index over and over, each one that needs not go alone is
//! spared.

use std::time::Duration;

use super::pace::Pace;
use crate::db::{Database, Table};
use crate::error::{Result, quote};

/// A table of more than so many times the pages that fit goes in batches: to
/// count its rows costs more than is gained.
const LEAST_PART: u64 = 4;

/// The part of the rows that goes in batches before it is asked again.
const STEP: f64 = 0.1;

/// One transaction that deletes all rows of a table.
#[derive(Clone, Copy, Debug)]
pub struct AtOnce {
    /// Pages that it frees.
    pages: u64,
    /// Pages that can be freed as long as a batch may hold the lock.
    fit: u64,
    /// How long it holds the lock, as far as can be foreseen.
    hold: Duration,
}

impl Database {
    /// Reads some pages of a table to know how long all would take; none where
    /// it is not known how many pages there are.
    pub fn at_once(
        &self,
        table: &Table,
        pace: &Pace,
    ) -> Result<Option<AtOnce>> {
        let Some(pages) = self.pages_to_free()? else { return Ok(None) };
        let seconds_a_page = self.seconds_a_page(table)?;
        Ok(Some(AtOnce {
            pages,
            fit: pace.pages_within_a_hold(seconds_a_page),
            hold: Duration::from_secs_f64(pages as f64 * seconds_a_page),
        }))
    }
}

impl AtOnce {
    /// Whether it holds the lock no longer than a batch may.
    pub fn fits(&self) -> bool {
        self.pages <= self.fit
    }

    /// Whether it fits, or will when a part of the rows is gone.
    pub fn is_near(&self) -> bool {
        self.pages <= self.fit.saturating_mul(LEAST_PART)
    }

    /// The part of the rows, by segment, that goes in batches before it is
    /// asked again: how many of the segments; none where none would be left.
    pub fn first_part(&self, rows: &[u64]) -> Option<usize> {
        let over = self.pages.saturating_sub(self.fit) as f64;
        // The time alone goes on meanwhile, and with it the hold.
        let part = (over / self.pages.max(1) as f64).min(STEP);
        let all: u64 = rows.iter().sum();
        let mut sum = 0;
        let last = rows.iter().position(|rows| {
            sum += rows;
            sum as f64 >= part * all as f64
        });
        last.map(|last| last + 1).filter(|first| *first < rows.len())
    }

    /// What a longer hold would have spared a table of which so many rows went
    /// in batches, for so long.
    pub fn too_long(&self, table: &str, rows: u64, took: Duration) -> String {
        format!(
            "{rows} rows of {} went in short transactions, for {:.1} s: one \
             with all rows was expected to take {:.1} s, which --max-stall \
             {}ms allows",
            quote(table),
            took.as_secs_f64(),
            self.hold.as_secs_f64(),
            self.hold.as_millis() / 100 * 100 + 100,
        )
    }
}
