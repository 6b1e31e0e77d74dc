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
use crate::error::{Error, Result};

/// Finds the matches of several patterns.
pub(super) struct Finder {
    patterns: Vec<Compiled>,
    /// Escapes before a word count as what they stand for.
    decoded: bool,
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
        decoded: bool,
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
            decoded,
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
            let hit = pattern.hit(text, at, self.decoded);
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

    fn hit(&mut self, text: &[u8], at: usize, decoded: bool) -> Option<Hit> {
        let start = self.pattern.start.place(text, at, decoded)?;
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let (cache, groups) = (&mut self.cache, &mut self.groups);
        self.regex.search_captures_with(cache, &input, groups);
        let whole = groups.get_match()?;
        let mut range =
            groups.get_group(1).map_or(whole.range(), |g| g.range());
        if start < at {
            range.start = match decoded {
                true => whole_escape(text, start),
                false => start,
            };
        }
        if self.pattern.mixed && !is_mixed(&text[range.clone()])
            || self.pattern.spares && is_spared(text, &range)
            || self.pattern.spares_words && is_word(text, &range)
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

/// Words that stand for a password where addresses are explained.
const WORDS: [&[u8]; 13] = [
    b"password",
    b"passwd",
    b"passwort",
    b"pass",
    b"pwd",
    b"passphrase",
    b"your_password",
    b"your-password",
    b"mypassword",
    b"my_password",
    b"proxypass",
    b"proxypassword",
    b"secret",
];

/// Whether the password of an address is the word for one, between signs that
/// set it apart, or the name before it again.
fn is_word(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let before = text[..range.start].strip_suffix(b":").unwrap_or_default();
    let twice = before.strip_suffix(value).is_some_and(|b| b.ends_with(b"/"));
    let sign = |b: &u8| b"*$%{}[]()".contains(b);
    let start = value.iter().take_while(|b| sign(b)).count();
    let end = value.iter().rev().take_while(|b| sign(b)).count();
    let word = value.get(start..value.len() - end).unwrap_or_default();
    let stars = value.len() > 2 && value.iter().all(|b| b"*xX.".contains(b));
    stars
        || twice
        || WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a value is a word of a program: a type; or, without quotes, a name
/// without digits, or a call.
fn is_spared(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let quote = range.start.checked_sub(1).map(|before| text[before]);
    let is_name =
        |b: &u8| b.is_ascii_alphabetic() || b"_.:?!|-)]}>`".contains(b);
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
