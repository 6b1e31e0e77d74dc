//! Proven rows that wait for their batch, in the order in which they go.
//!
//! Rows of a table whose key is an index of its own go in the order of that
//! key, so that a batch comes to each page of the index once and not once a
//! row. Batches take turns in going up and down: the pages that one ended with
//! are still in memory when the next one begins with them, and rows for which
//! a batch had no time are the first of the next. Other rows, and those of a
//! table that points at itself, stay in the order in which they were proven.

use std::collections::VecDeque;

use super::spool::{Proven, Rows, Spool};
use crate::error::Result;

pub(super) struct Queue {
    rows: Rows,
    waiting: VecDeque<Proven>,
    /// The order of the rows means something: it is left as it is.
    as_proven: bool,
    downwards: bool,
    sorted: bool,
}

impl Queue {
    /// The rows of each spool, in order or, where that means something
    /// (`own`: the table points at itself), from the last to the first.
    pub fn new(spools: Vec<Spool>, own: bool) -> Result<Queue> {
        Ok(Queue {
            rows: Rows::new(spools, own)?,
            waiting: VecDeque::new(),
            as_proven: own,
            downwards: false,
            sorted: true,
        })
    }

    /// Adds the rows of a spool behind the others.
    pub fn push(&mut self, spool: Spool) -> Result<()> {
        self.rows.push(spool)
    }

    /// Takes rows that are `to_go` until `wanted` wait, if there are as many.
    pub fn fill(
        &mut self,
        wanted: usize,
        to_go: impl Fn(&Proven) -> bool,
    ) -> Result<()> {
        while self.waiting.len() < wanted {
            match self.rows.next()? {
                Some(row) if to_go(&row) => {
                    self.sorted = false;
                    self.waiting.push_back(row);
                }
                Some(_) => {}
                None => break,
            }
        }
        Ok(())
    }

    /// Puts rows that came in their place among those that wait.
    pub fn sort(&mut self) {
        let keyed = self.waiting.front().is_some_and(|row| row.order != 0);
        if keyed && !self.as_proven && !self.sorted {
            let turn = if self.downwards { u64::MAX } else { 0 };
            let waiting = self.waiting.make_contiguous();
            waiting.sort_unstable_by_key(|row| row.order ^ turn);
            self.downwards = !self.downwards;
        }
        self.sorted = true;
    }

    /// The first rows, as many as wait up to `most`.
    pub fn first(&mut self, most: usize) -> &[Proven] {
        let most = self.waiting.len().min(most);
        &self.waiting.make_contiguous()[..most]
    }

    /// How many rows wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Drops the first rows.
    pub fn drop_first(&mut self, rows: usize) {
        self.waiting.drain(..rows);
    }

    /// Takes out the row at a place.
    pub fn remove(&mut self, place: usize) -> Option<Proven> {
        self.waiting.remove(place)
    }

    /// Keeps those that are `to_go`.
    pub fn retain(&mut self, to_go: impl Fn(&Proven) -> bool) {
        self.waiting.retain(|row| to_go(row));
    }

    /// The next row of all that are left.
    pub fn next(&mut self) -> Result<Option<Proven>> {
        match self.waiting.pop_front() {
            Some(row) => Ok(Some(row)),
            None => self.rows.next(),
        }
    }
}
