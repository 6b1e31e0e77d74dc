//! Secrets in texts: found by what they look like, and replaced by
//! `[REDACTED:kind]`.
//!
//! A text is looked at as it stands in its record, with JSON's escapes; as it
//! is; and again with its own escapes resolved, as long as it has any: so what
//! stands in JSON that a text holds is found, however deep, and however it is
//! spelled. What is found is replaced in the record, from the first byte of
//! an escape to the last of another, so that a string stays one, at every
//! depth.
//!
//! Invariants. The form depends on the text, its column's name, the level and
//! the version alone: proof and recovery repeat it. A record in that form,
//! looked through once more as it stands, holds no secret of that version:
//! what is left after eight passes goes as a whole. All that is here, and
//! not the table of kinds alone, makes a version.

mod before;
mod finder;
mod kinds;
mod labels;
mod needles;
mod outlook;
mod pairs;
mod spared;
mod table;
mod unescape;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use finder::{Finder, Rules};
use memchr::memmem;
use unescape::{Map, back, unescape};

use crate::error::{Error, Result, quote};

pub use kinds::{Pattern, Start};
pub use spared::Spared;
pub use table::{VERSION, patterns};

/// Since this version a word begins behind an escape of any kind.
const DECODED: u32 = 2;

/// Since this version what stands for a secret in a manual is none.
const SAMPLES: u32 = 3;

/// Since this version words of other languages and names in programs are spared
/// that version 3 took for secrets.
const LABELS: u32 = 4;

/// How often escapes are resolved, from the record's own on.
const DEPTH: usize = 8;

/// How often a text is looked through again after something was replaced.
const PASSES: usize = 8;

/// No secret is shorter in bytes, but for those with a colon or an equals sign
/// in them; most texts of a log that are shorter are words.
const SHORT: usize = 15;

/// What stands for the value of a redacted column.
pub const REDACTED: &[u8] = b"[REDACTED]";

/// Parts of names by which a value can be told: a column of such a name is
/// looked at together with it.
const NAMES: [&str; 8] =
    ["key", "token", "secret", "pass", "pwd", "auth", "credential", "cookie"];

/// How much is taken for a secret.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// What has a shape of its own.
    Fixed,
    /// And what is guessed by the name beside it.
    All,
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(word: &str) -> Result<Level> {
        match word {
            "" => Ok(Level::Fixed),
            "all" => Ok(Level::All),
            _ => Err(Error::usage(format!(
                "--redact-secrets takes no value or all, not {}",
                quote(word)
            ))),
        }
    }
}

/// The kinds of a level in a version, ready to be looked for.
pub struct Secrets {
    finders: Vec<Finder>,
    /// What was replaced, by kind.
    counts: BTreeMap<&'static str, u64>,
    /// Needles that begin with the letter of an escape: its sign, and the
    /// rest of the needle.
    spelled: Vec<(u8, &'static [u8])>,
    /// The bytes with which these rests begin.
    second: [bool; 256],
    /// Escapes that can spell a letter or a slash.
    letters: [memmem::Finder<'static>; 2],
    views: [Vec<u8>; 2],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// A string in the record that it is encoded into.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'t> {
    /// Where its key begins.
    pub key: usize,
    /// Where its content begins, behind the quote.
    pub content: usize,
    /// What it holds.
    pub text: &'t [u8],
    /// Its key may say what it is, by [`name_hints_secret`].
    pub named: bool,
}

/// Whether the name of a column may tell a secret.
pub fn name_hints_secret(column: &str) -> bool {
    let name = column.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

/// Whether a text can hold a secret by its length: no other one need be
/// looked through.
pub fn may_hold(text: &[u8]) -> bool {
    let sign = || memchr::memchr3(b':', b'=', b'\\', text).is_some();
    text.len() >= SHORT || sign()
}

impl Secrets {
    /// The kinds of a level, as they were in a version.
    ///
    /// # Errors
    /// A version that this program does not know.
    pub fn new(level: Level, version: u32) -> Result<Secrets> {
        if version == 0 || version > VERSION {
            return Err(Error::failed(format!(
                "secrets were redacted by version {version} of the patterns, \
                 and this program knows them up to {VERSION}"
            ))
            .hint("use the programs of the version that wrote it, or newer"));
        }
        let of = |guess: bool| {
            let all = patterns().filter(|p| p.is_of(version));
            all.filter(|p| p.guess == guess).collect()
        };
        let mut groups: Vec<Vec<&Pattern>> = vec![of(false)];
        if level == Level::All {
            groups.push(of(true));
        }
        Secrets::compile(groups, version)
    }

    /// These patterns alone: those of a group are looked for at once, and after
    /// those of the groups before.
    ///
    /// # Errors
    /// A pattern that cannot be looked for.
    pub fn of(groups: Vec<Vec<&'static Pattern>>) -> Result<Secrets> {
        Secrets::compile(groups, VERSION)
    }

    fn compile(
        groups: Vec<Vec<&'static Pattern>>,
        version: u32,
    ) -> Result<Secrets> {
        let rules = Rules {
            decoded: version >= DECODED,
            samples: version >= SAMPLES,
            labels: version >= LABELS,
        };
        let finders: Result<_> =
            groups.into_iter().map(|g| Finder::new(g, rules)).collect();
        let needles = patterns().flat_map(|p| p.needles);
        let spelled = needles.filter_map(|needle| {
            let (letter, rest) = needle.as_bytes().split_first()?;
            let at = b"bfnrt".iter().position(|l| l == letter)?;
            Some((b"\x08\x0c\n\r\t"[at], rest))
        });
        let spelled: Vec<(u8, &[u8])> = spelled.collect();
        let mut second = [false; 256];
        for (_, rest) in &spelled {
            second[usize::from(rest[0])] = true;
        }
        Ok(Secrets {
            finders: finders?,
            counts: BTreeMap::new(),
            spelled,
            second,
            letters: [b"\\u", b"\\/"].map(memmem::Finder::new),
            views: Default::default(),
        })
    }

    /// What was replaced since this was last asked, by kind.
    pub fn take_counts(&mut self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.counts)
    }

    /// Whether a string at the record's end, its closing quote included,
    /// holds a secret.
    pub fn holds(&mut self, record: &[u8], string: &Encoded<'_>) -> bool {
        let text = string.text;
        if !string.named && !may_hold(text) {
            return false;
        }
        // Else the spelling holds nothing that the text does not: its escapes
        // begin no needle, and put no digits before one.
        let spelled = string.named
            || self.spells(text)
            || memmem::find(&record[string.content..], b"\\u00").is_some();
        if spelled && self.finds(&record[string.key..record.len() - 1]) {
            return true;
        }
        self.finds(text) || self.finds_deeper(text)
    }

    /// Replaces the secrets in a string at the record's end, its closing
    /// quote included.
    #[inline]
    pub fn redact(&mut self, record: &mut Vec<u8>, string: &Encoded<'_>) {
        if self.holds(record, string) {
            record.pop();
            self.rewrite(record, string.key, string.content);
            record.push(b'"');
        }
    }

    /// The same in bytes that are no UTF-8.
    pub fn redact_bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        self.rewrite(&mut out, 0, 0);
        out
    }

    /// Whether the letter of an escape begins a needle with what follows.
    fn spells(&self, text: &[u8]) -> bool {
        let begins = |at: usize| {
            let rest = &text[at + 1..];
            let second =
                rest.first().is_some_and(|b| self.second[usize::from(*b)]);
            second
                && self.spelled.iter().any(|(sign, needle)| {
                    *sign == text[at] && rest.starts_with(needle)
                })
        };
        memchr::memchr3_iter(b'\n', b'\r', b'\t', text).any(begins)
            || memchr::memchr2_iter(8, 12, text).any(begins)
    }

    /// Whether a text, or a record, holds a secret as it stands. Strings without
    /// escapes hold none then.
    pub fn finds(&mut self, text: &[u8]) -> bool {
        self.finders.iter_mut().any(|f| f.finds(text))
    }

    /// Looks through a record as it stands: whether it holds a secret, and
    /// none where that is open, for one could be spelled with escapes. Needles
    /// have no sign that JSON must escape; so a view with resolved escapes
    /// holds one only where the record does, or where an escape of a letter
    /// or a slash spells it. And behind a needle of the record it holds a
    /// secret only where no pattern has failed before the next backslash.
    pub fn first_look(&mut self, record: &[u8]) -> Option<bool> {
        if self.finds(record) {
            return Some(true);
        }
        let seen = self.finders.iter().any(Finder::is_open);
        let mut spells = self.letters.iter().map(|l| l.find(record));
        let open = seen || spells.any(|place| place.is_some());
        (!open).then_some(false)
    }

    /// Looks through the views of a text with resolved escapes.
    fn finds_deeper(&mut self, text: &[u8]) -> bool {
        let [mut one, mut two] = std::mem::take(&mut self.views);
        let mut found = false;
        let mut more = unescape(text, &mut one, None);
        for _ in 2..=DEPTH {
            found = more && self.finds(&one);
            if found || !more {
                break;
            }
            more = unescape(&one, &mut two, None);
            std::mem::swap(&mut one, &mut two);
        }
        self.views = [one, two];
        found
    }

    /// Replaces until nothing is found. `record` up to `content` stays.
    #[cold]
    fn rewrite(&mut self, record: &mut Vec<u8>, key: usize, content: usize) {
        let mut kind = "";
        for _ in 0..PASSES {
            let hits = self.gather(&record[key..], content - key);
            if hits.is_empty() {
                return;
            }
            let old = record.split_off(key);
            let mut at = 0;
            for (range, found) in hits {
                kind = found;
                *self.counts.entry(kind).or_default() += 1;
                record.extend_from_slice(&old[at..range.start]);
                append_mark(record, kind);
                at = range.end;
            }
            record.extend_from_slice(&old[at..]);
        }
        if !self.gather(&record[key..], content - key).is_empty() {
            record.truncate(content);
            append_mark(record, kind);
        }
    }

    /// Where the secrets of a text are, in every view, behind its first
    /// `kept` bytes: in order, and apart from each other.
    fn gather(
        &mut self,
        text: &[u8],
        kept: usize,
    ) -> Vec<(Range<usize>, &'static str)> {
        let mut hits: Vec<(Range<usize>, &'static str)> = Vec::new();
        let mut maps: Vec<Map> = Vec::new();
        let mut view = text.to_vec();
        loop {
            for finder in &mut self.finders {
                finder.all(&view, &mut |hit| {
                    let place =
                        |at| maps.iter().rev().fold(at, |at, m| back(m, at));
                    let mut start = place(hit.range.start).max(kept);
                    let end = place(hit.range.end);
                    // Whatever they are part of, they go with it.
                    while start > kept && text[start - 1] == b'\\' {
                        start -= 1;
                    }
                    if start < end {
                        hits.push((start..end, hit.kind));
                    }
                });
            }
            let (mut next, mut map) = (Vec::new(), Map::new());
            if maps.len() == DEPTH
                || !unescape(&view, &mut next, Some(&mut map))
            {
                break;
            }
            maps.push(map);
            view = next;
        }
        hits.sort_by_key(|(range, _)| range.start);
        hits.dedup_by(|(next, _), (last, _)| {
            let within = next.start < last.end;
            if within {
                last.end = last.end.max(next.end);
            }
            within
        });
        hits
    }
}

fn append_mark(out: &mut Vec<u8>, kind: &str) {
    out.extend_from_slice(b"[REDACTED:");
    out.extend_from_slice(kind.as_bytes());
    out.push(b']');
}

#[cfg(test)]
mod arbitrary_tests;
