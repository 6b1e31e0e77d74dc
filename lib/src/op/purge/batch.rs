//! The rows of one batch go, inside the write lock.
//!
//! Invariants. Where nobody else has committed since the rows were compared,
//! and no trigger writes to the table, they are what was proven: several go by
//! one statement then, and all of them or none. Otherwise each is looked at
//! again and goes by itself.

use std::time::{Duration, Instant};

use super::delete::{Deletion, Ended};
use super::tally::Verdict;
use crate::db::{ProvenRow, circle_end};
use crate::error::Result;
use crate::proof::{Look, range, rowid};

/// So many rows go by one statement, at least: a batch that began with too
/// many for its hold ends after them.
const AT_ONCE: usize = 32;

impl Deletion<'_, '_, '_> {
    /// Inside the write lock: deletes rows of a batch until the clock, where
    /// there is one, ends it; gives what became of each.
    pub(super) fn delete(
        &mut self,
        batch: &[ProvenRow],
        moved: bool,
        clock: Option<(Instant, Duration)>,
    ) -> Result<std::result::Result<Vec<Verdict>, Ended>> {
        let mut verdicts = Vec::with_capacity(batch.len());
        while let Some(row) = batch.get(verdicts.len()) {
            let place = verdicts.len();
            if !moved && !self.one_by_one {
                let most = match self.target.has_triggers {
                    true => self.at_once(batch, place, clock),
                    false => AT_ONCE,
                };
                match self.delete_several(&batch[place..], most)? {
                    None => return Ok(Err(Ended::KeptOfSeveral)),
                    Some(0) => {}
                    Some(rows) => {
                        verdicts.resize(place + rows, Verdict::Deleted);
                        if self.may_end(batch, verdicts.len(), clock) {
                            break;
                        }
                        continue;
                    }
                }
            }
            let verdict = match moved {
                true => self.look_again(row)?,
                false => Verdict::Deleted,
            };
            if verdict != Verdict::Deleted && self.begun.is_none() {
                // A trigger of a row before it has changed this one.
                return Ok(Err(match place {
                    0 => Ended::Differ(vec![(0, verdict)]),
                    _ => Ended::Kept(place),
                }));
            }
            if verdict == Verdict::Deleted
                && !self.accesses.of_row(row)?.delete(&row.address)?
            {
                return Ok(Err(Ended::Kept(place)));
            }
            verdicts.push(verdict);
            if self.may_end(batch, verdicts.len(), clock) {
                break;
            }
        }
        // A trigger may have put a row back, perhaps that of another row.
        if self.target.triggers_write_here {
            for (place, row) in batch[..verdicts.len()].iter().enumerate() {
                if verdicts[place] == Verdict::Deleted
                    && self.accesses.is_there(row.segment, &row.address)?
                {
                    return Ok(Err(Ended::Kept(place)));
                }
            }
        }
        Ok(Ok(verdicts))
    }

    /// How many rows one statement may delete, with so many deleted: between
    /// two the clock is read. Where triggers fire there are as few statements
    /// as the hold allows: a search index that they keep is written by each.
    fn at_once(
        &self,
        batch: &[ProvenRow],
        done: usize,
        clock: Option<(Instant, Duration)>,
    ) -> usize {
        let pace = &self.session.pace;
        let most = match clock {
            Some(_) if done == 0 && pace.has_rate() => batch.len() / 4 * 3,
            Some((begun, hold)) => pace.rows_left(begun, hold, done),
            None => 0,
        };
        most.max(AT_ONCE)
    }

    /// Deletes the first rows of a batch by one statement: how many, which is
    /// none where each goes by itself; nothing when not all of them went.
    fn delete_several(
        &mut self,
        batch: &[ProvenRow],
        most: usize,
    ) -> Result<Option<usize>> {
        if !self.target.has_triggers {
            let Some((first, last)) = range(&batch[..most.min(batch.len())])
            else {
                return Ok(Some(0));
            };
            let access = self.accesses.of_row(&batch[0])?;
            let all = access.delete_range(first, last)?;
            return Ok(all.then_some(first.abs_diff(last) as usize + 1));
        }
        let rowids: Vec<i64> =
            batch.iter().take(most).map_while(rowid).collect();
        if rowids.is_empty() {
            return Ok(Some(0));
        }
        let access = self.accesses.of_row(&batch[0])?;
        Ok(access.delete_rows(&rowids)?.then_some(rowids.len()))
    }

    /// Whether a batch that began then has held the lock for long enough, and
    /// may end behind so many rows: none that point at each other are parted.
    fn may_end(
        &self,
        batch: &[ProvenRow],
        rows: usize,
        clock: Option<(Instant, Duration)>,
    ) -> bool {
        let pace = &self.session.pace;
        circle_end(batch, rows) == rows
            && clock.is_some_and(|(begun, hold)| pace.enough(begun, hold))
    }

    /// What a row is now that somebody else may have committed.
    pub(super) fn look_again(&mut self, row: &ProvenRow) -> Result<Verdict> {
        Ok(match self.accesses.look_again(row)? {
            Look::Equal(()) => Verdict::Deleted,
            Look::Differs => Verdict::Differs,
            Look::Missing => Verdict::Missing,
        })
    }
}
