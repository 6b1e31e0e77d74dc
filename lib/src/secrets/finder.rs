//! The patterns of one version, compiled, and the search for their matches.
//!
//! Needles are looked for with the machine's widest instructions, so many at
//! once as these take; where one is found its patterns are tried.

use std::ops::Range;

use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::prefilter::Prefilter;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, Span};

use super::kinds::Pattern;
use crate::error::{Error, Result};

/// How many needles are looked for at once: more have no fast search.
const AT_ONCE: usize = 64;

/// So many bytes of each needle are compared at first. The few needles that
/// are shorter are looked for by themselves, and slow no others.
const LONG: usize = 4;

/// Finds the matches of several patterns.
pub(super) struct Finder {
    patterns: Vec<Compiled>,
    /// Escapes before a word count as what they stand for.
    decoded: bool,
    /// The patterns by the first byte of their needles, in their order.
    by_byte: Vec<Vec<usize>>,
    needles: Vec<Prefilter>,
    /// Where each of these has its next place; reused.
    places: Vec<Option<usize>>,
    /// Whether the last text had any.
    seen: bool,
}

struct Compiled {
    pattern: &'static Pattern,
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
        decoded: bool,
    ) -> Result<Finder> {
        let mut by_byte = vec![Vec::new(); 256];
        let mut needles: Vec<&str> = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            for needle in pattern.needles {
                let first = &mut by_byte[usize::from(needle.as_bytes()[0])];
                if first.last() != Some(&index) {
                    first.push(index);
                }
                needles.push(needle);
            }
        }
        needles.sort_unstable_by_key(|n| (n.len(), *n));
        needles.dedup();
        let short = needles.partition_point(|n| n.len() < LONG);
        let (short, long) = needles.split_at(short);
        let needles: Option<Vec<Prefilter>> = short
            .chunks(AT_ONCE)
            .chain(long.chunks(AT_ONCE))
            .map(|some| Prefilter::new(MatchKind::LeftmostFirst, some))
            .collect();
        let needles =
            needles.ok_or_else(|| Error::failed("a secret has no needle"))?;
        let places = vec![None; needles.len()];
        let patterns: Result<_> =
            patterns.into_iter().map(Compiled::new).collect();
        Ok(Finder {
            patterns: patterns?,
            decoded,
            by_byte,
            needles,
            places,
            seen: false,
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

    /// Whether a secret could begin anywhere in the text that was looked
    /// through last: a needle is in it.
    pub(super) fn has_seen_needle(&self) -> bool {
        self.seen
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
        let find = |needles: &Prefilter, start: usize| {
            let rest = Span { start, end: text.len() };
            needles.find(text, rest).map(|found| found.start)
        };
        for (place, needles) in self.places.iter_mut().zip(&self.needles) {
            *place = find(needles, 0);
        }
        self.seen = self.places.iter().any(Option::is_some);
        while let Some(at) = self.places.iter().flatten().min().copied() {
            let mut next = at + 1;
            if let Some(hit) = self.hit(text, at) {
                next = hit.next;
                if !each(hit) {
                    return;
                }
            }
            for (place, needles) in self.places.iter_mut().zip(&self.needles) {
                if place.is_some_and(|place| place < next) {
                    *place = find(needles, next);
                }
            }
        }
    }

    /// The secret that begins at a place: that of the first pattern.
    fn hit(&mut self, text: &[u8], at: usize) -> Option<Hit> {
        let indices = &self.by_byte[usize::from(text[at])];
        let (patterns, decoded) = (&mut self.patterns, self.decoded);
        indices
            .iter()
            .find_map(|index| patterns[*index].hit(text, at, decoded))
    }
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
        Ok(Compiled { pattern, regex, cache, groups })
    }

    fn hit(&mut self, text: &[u8], at: usize, decoded: bool) -> Option<Hit> {
        let begins = |n: &&str| text[at..].starts_with(n.as_bytes());
        if !self.pattern.needles.iter().any(begins) {
            return None;
        }
        let start = self.pattern.start.place(text, at, decoded)?;
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let (cache, groups) = (&mut self.cache, &mut self.groups);
        self.regex.search_captures_with(cache, &input, groups);
        let whole = groups.get_match()?;
        let mut range =
            groups.get_group(1).map_or(whole.range(), |g| g.range());
        if start < at {
            range.start = start;
        }
        if self.pattern.mixed && !is_mixed(&text[range.clone()])
            || self.pattern.spares && is_spared(text, &range)
        {
            return None;
        }
        Some(Hit { range, kind: self.pattern.kind, next: whole.end() })
    }
}

/// Words that say of what kind a value is, where one is expected.
const TYPES: [&[u8]; 14] = [
    b"string",
    b"str",
    b"text",
    b"password",
    b"null",
    b"none",
    b"undefined",
    b"true",
    b"false",
    b"required",
    b"optional",
    b"varchar",
    b"boolean",
    b"secret",
];

/// Whether a value is a word of a program: a type; or, without quotes, a name
/// without digits, or a call.
fn is_spared(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let quote = range.start.checked_sub(1).map(|before| text[before]);
    let is_name =
        |b: &u8| b.is_ascii_alphabetic() || b"_.?!|-)]}>`".contains(b);
    let bare = !matches!(quote, Some(b'"' | b'\''));
    TYPES.iter().any(|word| value.eq_ignore_ascii_case(word))
        || bare
            && (value.iter().all(is_name)
                || value.iter().any(|b| b"([{<".contains(b)))
}

/// Whether a value looks as if it was made by chance.
fn is_mixed(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    value.iter().for_each(|b| seen[usize::from(*b)] = true);
    value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && seen.iter().filter(|seen| **seen).count() >= 8
}
