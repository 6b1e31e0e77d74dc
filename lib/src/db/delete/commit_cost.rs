//! How long the next commit is going to take, by those of the run.
//!
//! A part of a commit is the same whatever it commits, such as a flush of the
//! disk; another grows with the pages that were changed. Which pages these are
//! is not known before it, but the time that the deletions took is: a long one
//! is taken to grow with it, and half of a short one.

/// How much of the difference between what was foreseen and what came is
/// learned from each commit.
const GAIN: f64 = 0.25;

/// So many times the usual difference is added to what is foreseen.
const MARGIN: f64 = 3.0;

/// All times are in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitCost {
    /// How long deletions took before their commit, how long that took, and
    /// by how much it differed from what was foreseen: all in the mean, of
    /// which the last ones make up the most.
    work: f64,
    commit: f64,
    difference: f64,
}

impl CommitCost {
    /// Of a run that has committed nothing yet: its first commit is taken to
    /// last three times as long as the deletions before it: its journal is made.
    pub fn unknown() -> CommitCost {
        CommitCost { work: 0.0, commit: 0.0, difference: 0.0 }
    }

    /// Learns what a commit took behind deletions that took `work`.
    pub fn note(&mut self, work: f64, commit: f64) {
        if self.work <= 0.0 {
            *self = CommitCost { work, commit, difference: commit / 2.0 };
            return;
        }
        let grown = work / self.work;
        let grown = if grown > 1.0 { grown } else { 0.5 + grown / 2.0 };
        let difference = (commit - self.commit * grown).abs();
        let learn = |known: &mut f64, new| *known += (new - *known) * GAIN;
        learn(&mut self.difference, difference);
        learn(&mut self.work, work);
        learn(&mut self.commit, commit);
    }

    /// How long deletions may take so that they and their commit fit in
    /// `hold`; at least as long as a usual commit, so that little is not
    /// dearer than much, but no more than a quarter of `most`.
    pub fn work_within(&self, hold: f64, most: f64) -> f64 {
        if self.work <= 0.0 {
            return hold / 4.0;
        }
        let high = self.commit + MARGIN * self.difference;
        let short = (hold - high / 2.0) / (1.0 + high / (2.0 * self.work));
        let fits = match short <= self.work {
            true => short,
            false => hold / (1.0 + high / self.work),
        };
        fits.max(self.commit.min(most / 4.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest that deletions and their commit took, after the first few,
    /// where a commit of `work` takes what `commit` says.
    fn longest(hold: f64, commit: impl Fn(usize, f64) -> f64) -> f64 {
        let mut cost = CommitCost::unknown();
        let mut longest: f64 = 0.0;
        for batch in 0..200 {
            let work = cost.work_within(hold, 0.1);
            let commit = commit(batch, work);
            cost.note(work, commit);
            if batch >= 3 {
                longest = longest.max(work + commit);
            }
        }
        longest
    }

    #[test]
    fn deletions_and_their_commit_fit_in_the_hold() {
        // As dear as the deletions, and twice as dear.
        for share in [0.1, 1.0, 2.0] {
            let taken = longest(0.1, |_, work| work * share);
            assert!((0.06..=0.1).contains(&taken), "{share}: {taken}");
        }
        // Flushes that take as long whatever there is, or vary.
        let taken = longest(0.1, |_, work| 0.02 + work * 0.5);
        assert!((0.06..=0.1).contains(&taken), "{taken}");
        let varies =
            |batch: usize, work| [0.015, 0.03][batch % 2] + work / 4.0;
        let taken = longest(0.1, varies);
        assert!((0.06..=0.1).contains(&taken), "{taken}");
    }

    #[test]
    fn commit_that_does_not_fit_is_not_made_for_a_single_row() {
        let mut cost = CommitCost::unknown();
        for _ in 0..20 {
            cost.note(cost.work_within(0.01, 0.1), 0.02);
        }
        let work = cost.work_within(0.01, 0.1);
        assert!((0.015..=0.025).contains(&work), "{work}");
        assert!(cost.work_within(0.003, 0.003) <= 0.001);
    }

    #[test]
    fn one_slow_flush_is_forgotten() {
        let mut cost = CommitCost::unknown();
        for _ in 0..20 {
            cost.note(cost.work_within(0.1, 0.1), 0.01);
        }
        let before = cost.work_within(0.1, 0.1);
        cost.note(before, 0.4);
        assert!(cost.work_within(0.1, 0.1) <= 0.03);
        for _ in 0..20 {
            cost.note(cost.work_within(0.1, 0.1), 0.01);
        }
        assert!(cost.work_within(0.1, 0.1) > before * 0.7);
    }
}
