//! Sets of line numbers, in the form in which the ledger names lines: as
//! ranges, which ascend and do not touch. Lines of a segment count from 0.

use serde::{Deserialize, Serialize};

/// A set of line numbers: `[[first, last], ...]`, both included.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct LineSet(Vec<(u64, u64)>);

impl LineSet {
    /// Adds a line; any order, though ascending is cheap.
    pub fn add(&mut self, line: u64) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == line => *last = line,
            Some((_, last)) if *last < line => self.0.push((line, line)),
            None => self.0.push((line, line)),
            Some(_) => self.insert(line),
        }
    }

    fn insert(&mut self, line: u64) {
        if self.contains(line) {
            return;
        }
        let at = self.0.partition_point(|(_, last)| *last < line);
        self.0.insert(at, (line, line));
        if at + 1 < self.0.len() && self.0[at + 1].0 == line + 1 {
            self.0[at].1 = self.0[at + 1].1;
            self.0.remove(at + 1);
        }
        if at > 0 && self.0[at - 1].1 + 1 == line {
            self.0[at - 1].1 = self.0[at].1;
            self.0.remove(at);
        }
    }

    /// Whether a line is in the set.
    pub fn contains(&self, line: u64) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < line);
        self.0.get(at).is_some_and(|(first, _)| *first <= line)
    }

    /// How many lines are in the set.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Adds the lines of another set.
    pub fn union(&mut self, other: &LineSet) {
        let mut all = std::mem::take(&mut self.0);
        all.extend_from_slice(&other.0);
        all.sort_unstable();
        for (first, last) in all {
            match self.0.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => {
                    *end = last.max(*end);
                }
                _ => self.0.push((first, last)),
            }
        }
    }

    /// Takes the lines of another set out.
    pub fn subtract(&mut self, other: &LineSet) {
        if !other.is_empty() {
            *self = self.iter().filter(|l| !other.contains(*l)).collect();
        }
    }

    /// Whether the ranges are ascending and lie below `end`, as in a set that
    /// was read from outside they may not.
    pub fn is_sound(&self, end: u64) -> bool {
        let mut next = 0;
        self.0.iter().all(|(first, last)| {
            let sound = *first >= next && first <= last && *last < end;
            next = last.saturating_add(2);
            sound
        })
    }
}

impl FromIterator<u64> for LineSet {
    fn from_iter<I: IntoIterator<Item = u64>>(lines: I) -> LineSet {
        let mut runs = LineSet::default();
        for line in lines {
            runs.add(line);
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_gives_the_same_runs() {
        let ascending: LineSet = [1, 2, 3, 5, 6, 9].into_iter().collect();
        let mixed: LineSet = [9, 2, 6, 1, 3, 5, 2, 9].into_iter().collect();
        assert_eq!(ascending, mixed);
        assert_eq!(ascending, LineSet(vec![(1, 3), (5, 6), (9, 9)]));
        assert_eq!(ascending.len(), 6);
        let mut joined: LineSet = [2, 9, 3].into_iter().collect();
        joined.union(&[1, 5, 6, 2].into_iter().collect());
        assert_eq!(joined, ascending);
        assert!(ascending.contains(5) && !ascending.contains(4));
        assert!(ascending.is_sound(10) && !ascending.is_sound(9));
        assert!(!LineSet(vec![(3, 4), (1, 1)]).is_sound(10));
    }
}
