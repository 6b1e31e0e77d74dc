//! The patterns of one version, compiled, and the search for their matches.
//!
//! Needles are looked for first; where one is found its patterns are tried.

use std::ops::Range;

use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::kinds::Pattern;
use super::labels;
use super::needles::Needles;
use super::outlook::Outlook;
use super::words;
use crate::error::{Error, Result};

/// What a version does with all its patterns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Escapes before a word count as what they stand for.
    pub decoded: bool,
    /// What stands for a secret in a manual is none.
    pub samples: bool,
    /// More words are spared.
    pub labels: bool,
}

/// Finds the matches of several patterns.
pub(super) struct Finder {
    patterns: Vec<Compiled>,
    rules: Rules,
    needles: Needles,
    /// Whether a view of the last text may hold a secret that it does not.
    open: bool,
}

/// A pattern of which most texts hold nothing: what looks for it is made when
/// it is needed first.
struct Compiled {
    pattern: &'static Pattern,
    outlook: Outlook,
    /// None within where it cannot be made.
    search: Option<Option<Search>>,
}

struct Search {
    regex: Regex,
    cache: Cache,
    groups: Captures,
}

/// A secret in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Hit {
    /// What is to be replaced.
    pub range: Range<usize>,
    /// Its kind.
    pub kind: &'static str,
    /// Where the search goes on.
    next: usize,
}

impl Finder {
    /// Makes a search for patterns.
    pub(super) fn new(
        patterns: Vec<&'static Pattern>,
        rules: Rules,
    ) -> Result<Finder> {
        let needles = Needles::new(&patterns)
            .ok_or_else(|| Error::failed("a secret has no needle"))?;
        let patterns = patterns.into_iter().map(Compiled::new).collect();
        Ok(Finder { patterns, rules, needles, open: false })
    }

    /// Whether the text holds a secret.
    pub(super) fn finds(&mut self, text: &[u8]) -> bool {
        let mut found = false;
        self.search(text, &mut |_| {
            found = true;
            false
        });
        found
    }

    /// Whether a secret could begin with a needle of the text that was looked
    /// through last, once its escapes are resolved.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// All secrets in the text, in order and apart from each other.
    pub(super) fn all(&mut self, text: &[u8], each: &mut dyn FnMut(Hit)) {
        self.search(text, &mut |hit| {
            each(hit);
            true
        });
    }

    /// Hands on secrets as long as `each` wants another one.
    fn search(&mut self, text: &[u8], each: &mut dyn FnMut(Hit) -> bool) {
        self.open = false;
        let mut place = self.needles.next(text, 0);
        while let Some(at) = place {
            let mut next = at + 1;
            if let Some(hit) = self.hit(text, at) {
                next = hit.next;
                if !each(hit) {
                    return;
                }
            }
            place = self.needles.next(text, next);
        }
    }

    /// What [`Finder::all`] finds, by trying every pattern at every place where
    /// one of its needles stands.
    #[cfg(test)]
    pub(super) fn all_slowly(&mut self, text: &[u8]) -> Vec<Hit> {
        let (mut hits, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let hit = self.patterns.iter_mut().find_map(|it| {
                let begins = |n: &&str| text[at..].starts_with(n.as_bytes());
                let stands = it.pattern.needles.iter().any(begins);
                stands.then(|| it.hit(text, at, self.rules)).flatten()
            });
            at = hit.as_ref().map_or(at + 1, |hit| hit.next);
            hits.extend(hit);
        }
        hits
    }

    /// The secret that begins at a place: that of the first pattern.
    fn hit(&mut self, text: &[u8], at: usize) -> Option<Hit> {
        let mut last = None;
        for index in self.needles.patterns(text, at) {
            // More than one of its needles can stand here.
            if last.replace(index) == Some(index) {
                continue;
            }
            let pattern = &mut self.patterns[index];
            if !pattern.may_match(text, at) {
                continue;
            }
            let hit = pattern.hit(text, at, self.rules);
            if hit.is_some() {
                return hit;
            }
            self.open = true;
        }
        None
    }
}

impl Compiled {
    fn new(pattern: &'static Pattern) -> Compiled {
        Compiled { pattern, outlook: Outlook::default(), search: None }
    }

    /// Whether a match may begin at a place where a needle stands, in the text
    /// or in one of its views.
    fn may_match(&mut self, text: &[u8], at: usize) -> bool {
        !self.outlook.rules_out(self.pattern.regex, text, at)
    }

    fn hit(&mut self, text: &[u8], at: usize, rules: Rules) -> Option<Hit> {
        let start = self.pattern.start.place(text, at, rules.decoded)?;
        let regex = self.pattern.regex;
        let made = self.search.get_or_insert_with(|| Search::new(regex));
        let (mut range, next) = match made {
            Some(search) => search.matched(text, at)?,
            // Every pattern can be made, as the tests see; of one that could
            // not, nothing would be left.
            None => (at..text.len(), text.len()),
        };
        if start < at {
            range.start = match rules.decoded {
                true => whole_escape(text, start),
                false => start,
            };
        }
        if self.pattern.mixed && !is_mixed(&text[range.clone()])
            || self.pattern.spared.spares(text, &range)
            || rules.samples && words::is_sample(&text[range.clone()])
            || rules.labels
                && labels::spares(self.pattern.spared, text, &range)
        {
            return None;
        }
        Some(Hit { range, kind: self.pattern.kind, next })
    }
}

impl Search {
    fn new(regex: &str) -> Option<Search> {
        let bytes = syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder()
            .configure(Config::new().utf8_empty(false))
            .syntax(bytes)
            .build(regex)
            .ok()?;
        let (cache, groups) = (regex.create_cache(), regex.create_captures());
        Some(Search { regex, cache, groups })
    }

    /// What of a match that begins at a place goes, and where the match ends.
    fn matched(
        &mut self,
        text: &[u8],
        at: usize,
    ) -> Option<(Range<usize>, usize)> {
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let groups = &mut self.groups;
        self.regex.search_captures_with(&mut self.cache, &input, groups);
        let whole = groups.get_match()?;
        let range = groups.get_group(1).map_or(whole.range(), |g| g.range());
        Some((range, whole.end()))
    }
}

/// Where a match begins whose first byte may be a digit of a `\uXXXX`: at its
/// backslash then, so that what stays is no half of one.
fn whole_escape(text: &[u8], start: usize) -> usize {
    let inside = |back: &usize| {
        let from = start.checked_sub(*back)?;
        let digits = text[from..start].strip_prefix(b"\\u")?;
        digits.iter().all(u8::is_ascii_hexdigit).then_some(from)
    };
    (2..=5).find_map(|back| inside(&back)).unwrap_or(start)
}

/// Whether a value looks as if it was made by chance.
fn is_mixed(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    value.iter().for_each(|b| seen[usize::from(*b)] = true);
    value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && seen.iter().filter(|seen| **seen).count() >= 8
}
