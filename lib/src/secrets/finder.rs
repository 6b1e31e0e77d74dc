//! The patterns of one version, compiled, and the search for their matches.
//!
//! The search is linear: classes are such that a match that is refused
//! overlaps with no other refused one of its kind.

use std::ops::Range;

use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::kinds::{Check, Pattern};
use crate::error::{Error, Result};

/// Finds the matches of several patterns at once.
pub(super) struct Finder {
    patterns: Vec<&'static Pattern>,
    regex: Regex,
    cache: Cache,
    groups: Captures,
}

/// A secret in a text.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    /// What is to be replaced.
    pub range: Range<usize>,
    /// Its kind.
    pub kind: &'static str,
    /// Where the search goes on.
    next: usize,
}

impl Finder {
    /// Compiles patterns.
    pub(super) fn new(patterns: Vec<&'static Pattern>) -> Result<Finder> {
        let sources: Vec<String> = patterns
            .iter()
            .map(|p| match p.anywhere {
                true => p.regex.to_owned(),
                false => format!("\\b{{start-half}}(?:{})", p.regex),
            })
            .collect();
        let bytes = syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder()
            .configure(Config::new().utf8_empty(false))
            .syntax(bytes)
            .build_many(&sources)
            .map_err(|e| Error::failed(format!("a secret pattern: {e}")))?;
        let (cache, groups) = (regex.create_cache(), regex.create_captures());
        Ok(Finder { patterns, regex, cache, groups })
    }

    /// Whether the text holds a secret.
    pub(super) fn finds(&mut self, text: &[u8]) -> bool {
        self.next(text, 0).is_some()
    }

    /// All secrets in the text, in order.
    pub(super) fn all(&mut self, text: &[u8], each: &mut dyn FnMut(Hit)) {
        let mut at = 0;
        while let Some(hit) = self.next(text, at) {
            at = hit.next;
            each(hit);
        }
    }

    /// The first secret at or behind a place.
    fn next(&mut self, text: &[u8], mut at: usize) -> Option<Hit> {
        loop {
            let input = Input::new(text).range(at..);
            let found = self.regex.search_with(&mut self.cache, &input)?;
            let pattern = self.patterns[found.pattern().as_usize()];
            let whole = found.range();
            let input = Input::new(text)
                .range(whole.clone())
                .anchored(Anchored::Pattern(found.pattern()));
            let (cache, groups) = (&mut self.cache, &mut self.groups);
            self.regex.search_captures_with(cache, &input, groups);
            let group = groups.get_group(1).map(|g| g.range());
            let range = group.unwrap_or(whole.clone());
            let good = pattern.check.is_none_or(|c| c.holds(text, &range));
            if good {
                let next = whole.end.max(at + 1);
                return Some(Hit { range, kind: pattern.kind, next });
            }
            at = range.start.max(whole.start + 1);
        }
    }
}

impl Check {
    /// Whether it holds for what would be replaced.
    fn holds(self, text: &[u8], range: &Range<usize>) -> bool {
        match self {
            Check::Before => {
                let before = &text[..range.start];
                let digit = |b: &&u8| b.is_ascii_digit();
                let digits = before.iter().rev().take(11).take_while(digit);
                (8..=10).contains(&digits.count())
            }
            Check::Mixed => {
                let value = &text[range.clone()];
                let mut seen = [false; 256];
                value.iter().for_each(|b| seen[usize::from(*b)] = true);
                value.iter().any(u8::is_ascii_digit)
                    && value.iter().any(u8::is_ascii_alphabetic)
                    && seen.iter().filter(|seen| **seen).count() >= 8
            }
        }
    }
}
