//! The search for all needles at once.
//!
//! Most needles have a dash, an underscore or a dot in them, which most texts
//! seldom have: those are looked for, with the machine's widest instructions,
//! and what stands before them is compared. The other needles are looked for
//! themselves, so many at once as these instructions take.

use regex_automata::util::prefilter::Prefilter;
use regex_automata::{MatchKind, Span};

/// How many needles are looked for at once: more have no fast search.
const AT_ONCE: usize = 64;

pub(super) struct Needles {
    marked: Marked,
    others: Vec<Prefilter>,
    /// Where each of these has its next place, and behind them the marked.
    places: Vec<Option<usize>>,
}

impl Needles {
    /// None where a needle is empty.
    pub fn new(mut needles: Vec<&'static str>) -> Option<Needles> {
        needles.sort_unstable_by_key(|n| (n.len(), *n));
        needles.dedup();
        let (marked, needles): (Vec<&str>, Vec<&str>) = needles
            .into_iter()
            .partition(|needle| needle.bytes().any(is_mark));
        let others: Option<Vec<Prefilter>> = needles
            .chunks(AT_ONCE)
            .map(|some| Prefilter::new(MatchKind::LeftmostFirst, some))
            .collect();
        let others = others?;
        let places = vec![None; others.len() + 1];
        Some(Needles { marked: Marked::new(&marked), others, places })
    }

    /// The first place in a text where a needle stands.
    pub fn first(&mut self, text: &[u8]) -> Option<usize> {
        self.places.fill(Some(0));
        self.look(text, 0, true)
    }

    /// The first place from `from` on, which lies behind the last one.
    pub fn next(&mut self, text: &[u8], from: usize) -> Option<usize> {
        self.look(text, from, false)
    }

    fn look(&mut self, text: &[u8], from: usize, all: bool) -> Option<usize> {
        let is_past =
            |place: &Option<usize>| all || place.is_some_and(|at| at < from);
        let (marked, others) = self.places.split_last_mut()?;
        for (place, needles) in others.iter_mut().zip(&self.others) {
            if is_past(place) {
                let rest = Span { start: from, end: text.len() };
                *place = needles.find(text, rest).map(|found| found.start);
            }
        }
        if is_past(marked) {
            *marked = self.marked.next(text, from);
        }
        self.places.iter().flatten().min().copied()
    }
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.')
}

/// A needle with a mark.
struct MarkedNeedle {
    needle: &'static [u8],
    /// Where its first mark is.
    mark: usize,
}

/// Needles with marks.
struct Marked {
    /// By the byte before the first mark.
    by_byte: Vec<Vec<MarkedNeedle>>,
    /// Those that begin with it.
    first: Vec<MarkedNeedle>,
    /// Whether one has these two bytes before its mark.
    pairs: Vec<bool>,
}

impl Marked {
    fn new(needles: &[&'static str]) -> Marked {
        let mut by_byte: Vec<Vec<MarkedNeedle>> = Vec::new();
        by_byte.resize_with(256, Vec::new);
        let mut pairs = vec![false; 1 << 16];
        let mut first = Vec::new();
        for needle in needles {
            let needle = needle.as_bytes();
            let Some(mark) = needle.iter().position(|b| is_mark(*b)) else {
                continue;
            };
            let it = MarkedNeedle { needle, mark };
            match &needle[..mark] {
                [] => first.push(it),
                [one] => {
                    pairs
                        .iter_mut()
                        .skip(usize::from(*one))
                        .step_by(256)
                        .for_each(|p| *p = true);
                    by_byte[usize::from(*one)].push(it);
                }
                [.., two, one] => {
                    pairs[pair(*two, *one)] = true;
                    by_byte[usize::from(*one)].push(it);
                }
            }
        }
        Marked { by_byte, first, pairs }
    }

    /// The first place from `from` on. Before its mark a needle has no other:
    /// of two of them, the one whose mark comes first begins first.
    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let marks = memchr::memchr3_iter(b'-', b'_', b'.', &text[from..]);
        for at in marks.map(|mark| from + mark) {
            let before = match &text[..at] {
                [] => &[][..],
                [one] => &self.by_byte[usize::from(*one)],
                [.., two, one] if self.pairs[pair(*two, *one)] => {
                    &self.by_byte[usize::from(*one)]
                }
                _ => &[],
            };
            let starts = |it: &MarkedNeedle| {
                let start = at.checked_sub(it.mark)?;
                let stands = text[start..].starts_with(it.needle);
                (start >= from && stands).then_some(start)
            };
            let earlier = before.iter().filter_map(starts).min();
            let place = earlier.or_else(|| {
                self.first
                    .iter()
                    .filter(|it| it.needle.get(1) == text.get(at + 1))
                    .find_map(starts)
            });
            if place.is_some() {
                return place;
            }
        }
        None
    }
}

/// The place of two bytes in the table of pairs.
fn pair(two: u8, one: u8) -> usize {
    usize::from(two) * 256 + usize::from(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All places, as a search for each needle finds them.
    fn slowly(needles: &[&str], text: &[u8]) -> Vec<usize> {
        let stands = |at: &usize| {
            needles.iter().any(|n| text[*at..].starts_with(n.as_bytes()))
        };
        (0..text.len()).filter(stands).collect()
    }

    #[test]
    fn every_place_is_found_in_order() {
        let all = vec![
            "sk-",
            "risk-",
            "sk-or-v1-",
            "-us",
            "--pass",
            "pat",
            "pat-",
            "eyJ",
            "://",
            "session_token",
            "x_y",
            "passw",
        ];
        let mut needles = Needles::new(all.clone()).unwrap();
        let pieces = [
            "sk-", "ri", "or-v1-", "-", "us", "pat", "eyJ", ":", "//", "_",
            "session", "token", "x_y", "passw", "é", " ",
        ];
        let mut state = 7_u64;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005) + 1;
                text += pieces[(state >> 40) as usize % pieces.len()];
            }
            let text = text.as_bytes();
            let mut found = Vec::new();
            let mut place = needles.first(text);
            while let Some(at) = place {
                found.push(at);
                place = needles.next(text, at + 1);
            }
            assert_eq!(found, slowly(&all, text), "{text:?}");
        }
        assert_eq!(needles.first(b"sk-sk-sk-"), Some(0));
        assert_eq!(needles.next(b"sk-sk-sk-", 4), Some(6));
    }
}
