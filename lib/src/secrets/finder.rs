//! The patterns of one version, compiled, and the search for their matches.
//!
//! Needles are looked for first; where one is found its patterns are tried.

use std::ops::Range;

use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::kinds::Pattern;
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
}

/// Finds the matches of several patterns.
pub(super) struct Finder {
    patterns: Vec<Compiled>,
    rules: Rules,
    /// The patterns by the first two bytes of their needles, in their order:
    /// for each two the place of a list, of which the first is empty.
    by_start: Vec<u16>,
    lists: Vec<Vec<usize>>,
    needles: Needles,
    /// Whether a view of the last text may hold a secret that it does not.
    open: bool,
}

struct Compiled {
    pattern: &'static Pattern,
    outlook: Outlook,
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
    pub(super) fn new(
        patterns: Vec<&'static Pattern>,
        rules: Rules,
    ) -> Result<Finder> {
        let mut by_start = vec![0; 1 << 16];
        let mut lists = vec![Vec::new()];
        let mut needles: Vec<&str> = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            for needle in pattern.needles {
                let list = &mut by_start[start(needle.as_bytes())];
                if *list == 0 {
                    *list = lists.len() as u16;
                    lists.push(Vec::new());
                }
                let list = &mut lists[usize::from(*list)];
                if list.last() != Some(&index) {
                    list.push(index);
                }
                needles.push(needle);
            }
        }
        let needles = Needles::new(needles)
            .ok_or_else(|| Error::failed("a secret has no needle"))?;
        let patterns: Result<_> =
            patterns.into_iter().map(Compiled::new).collect();
        Ok(Finder {
            patterns: patterns?,
            rules,
            by_start,
            lists,
            needles,
            open: false,
        })
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
        let mut place = self.needles.first(text);
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

    /// The secret that begins at a place: that of the first pattern.
    fn hit(&mut self, text: &[u8], at: usize) -> Option<Hit> {
        let list = self.by_start[start(&text[at..])];
        for index in &self.lists[usize::from(list)] {
            let pattern = &mut self.patterns[*index];
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

/// The first two bytes of a text as a number; of less, as if zeros followed.
fn start(text: &[u8]) -> usize {
    let byte = |at| usize::from(text.get(at).copied().unwrap_or(0));
    byte(0) << 8 | byte(1)
}

impl Compiled {
    fn new(pattern: &'static Pattern) -> Result<Compiled> {
        let bytes = syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder()
            .configure(Config::new().utf8_empty(false))
            .syntax(bytes)
            .build(pattern.regex)
            .map_err(|e| Error::failed(format!("a secret pattern: {e}")))?;
        let (cache, groups) = (regex.create_cache(), regex.create_captures());
        let outlook = Outlook::default();
        Ok(Compiled { pattern, outlook, regex, cache, groups })
    }

    /// Whether a match may begin at a place, in the text or in one of its
    /// views.
    fn may_match(&mut self, text: &[u8], at: usize) -> bool {
        let rest = &text[at..];
        let begins = |needle: &&str| {
            let needle = needle.as_bytes();
            // Most end with the third byte: it is looked at first.
            needle.get(2).is_none_or(|b| rest.get(2) == Some(b))
                && rest.starts_with(needle)
        };
        self.pattern.needles.iter().any(begins)
            && !self.outlook.rules_out(self.pattern.regex, text, at)
    }

    fn hit(&mut self, text: &[u8], at: usize, rules: Rules) -> Option<Hit> {
        let start = self.pattern.start.place(text, at, rules.decoded)?;
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let (cache, groups) = (&mut self.cache, &mut self.groups);
        self.regex.search_captures_with(cache, &input, groups);
        let whole = groups.get_match()?;
        let mut range =
            groups.get_group(1).map_or(whole.range(), |g| g.range());
        if start < at {
            range.start = match rules.decoded {
                true => whole_escape(text, start),
                false => start,
            };
        }
        if self.pattern.mixed && !is_mixed(&text[range.clone()])
            || self.pattern.spared.spares(text, &range)
            || rules.samples && words::is_sample(&text[range.clone()])
        {
            return None;
        }
        Some(Hit { range, kind: self.pattern.kind, next: whole.end() })
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
