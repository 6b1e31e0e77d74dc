//! What a pattern says: what a secret looks like, and since which version.
//!
//! A match begins with one of the pattern's needles, which are looked for
//! first, all at once; then the pattern is tried at that place. Patterns are
//! of regex-syntax, in ASCII over bytes. What they must not do is what keeps
//! JSON whole and the search linear: no class takes a quote or a backslash,
//! but for the escapes of line ends within a key block; and what is read of a
//! text before it turns out to be no match holds no second beginning of one
//! of the same pattern; nor does one look at what stands before its beginning.
//! A group is what is replaced, else the whole match.

use super::before::word_ends;
use super::spared::Spared;
use Start::{
    Any, Apart, Digits, Hex, Key, Number, Part, Password, Run, Three, Word,
};

pub(super) type Texts = &'static [&'static str];

/// A pattern.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// The kind that it finds; what stands in its place names it.
    pub kind: &'static str,
    /// What a match can begin with.
    pub needles: Texts,
    /// So many letters or digits follow a needle: more than words have.
    pub run: usize,
    /// What it looks like.
    pub regex: &'static str,
    /// What must stand before it.
    pub start: Start,
    /// The pattern guesses by the name beside a value, and can be wrong.
    pub guess: bool,
    /// Its value has letters, digits, and eight different signs at least.
    pub mixed: bool,
    /// The values that are no secrets.
    pub spared: Spared,
    /// The first version that has it.
    pub since: u32,
    /// The last one; none if it stands.
    pub until: Option<u32>,
    /// Texts that hold one. `<36>` stands for so many letters and digits,
    /// `<x36>` for lower hexadecimal, `<u36>` for capitals and digits, `<d9>`
    /// for digits: no text of ours looks like a real one.
    pub examples: Texts,
    /// Texts that come near, and hold none.
    pub misses: Texts,
}

/// What must stand before a match.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// No letter, digit or underscore.
    Word,
    /// Nor a dash.
    Apart,
    /// Eight to ten digits.
    Digits,
    /// Anything.
    Any,
    /// No letter or digit.
    Part,
    /// Thirty-two hexadecimal digits, which go with it.
    Hex,
    /// Three letters, digits or signs of a secret, which go with it.
    Three,
    /// A colon and a password, which alone goes.
    Password,
    /// Eight to ten digits, behind an escape too.
    Number,
    /// So many letters, digits and underscores, which go with it.
    Run(usize),
    /// What makes a key one that is kept secret: `api_`, `Access-`.
    Key,
}

/// Whose keys are kept secret.
const KEYS: [&[u8]; 27] = [
    b"secret",
    b"api",
    b"app",
    b"access",
    b"private",
    b"auth",
    b"signing",
    b"encryption",
    b"account",
    b"master",
    b"admin",
    b"license",
    b"service",
    b"session",
    b"shared",
    b"storage",
    b"subscription",
    b"webhook",
    b"consumer",
    b"deploy",
    b"ingest",
    b"integration",
    b"server",
    b"jwt",
    b"hmac",
    b"root",
    b"client",
];

/// No password before a needle is longer.
const PASSWORD: usize = 128;

impl Start {
    /// Where a match begins, with what goes with it before its needle; none
    /// if it cannot. Since version 2 the sign before a word is the one that an
    /// escape of whatever kind stands for.
    pub(super) fn place(
        self,
        text: &[u8],
        at: usize,
        decoded: bool,
    ) -> Option<usize> {
        let last = at.checked_sub(1).map_or(b' ', |before| text[before]);
        let word = (last.is_ascii_alphanumeric() || last == b'_')
            && !(decoded && word_ends(&text[..at]));
        let before = |count: usize| at.checked_sub(count);
        let holds = match self {
            Word => !word,
            Apart => !word && last != b'-',
            Digits => {
                let before = text[..at].iter().rev().take(11);
                let digits = before.take_while(|b| b.is_ascii_digit());
                (8..=10).contains(&digits.count())
            }
            Any => true,
            Part => !word || last == b'_',
            Hex => {
                let start = before(32)?;
                let hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                let all = text[start..at].iter().all(hex);
                return (all && Word.place(text, start, decoded).is_some())
                    .then_some(start);
            }
            Three => {
                let start = before(3)?;
                let sign =
                    |b: &u8| b.is_ascii_alphanumeric() || b"_~.-".contains(b);
                return text[start..at].iter().all(sign).then_some(start);
            }
            Password => return password(text, at),
            Number => {
                Digits.place(text, at, decoded).is_some()
                    || number_behind_escape(text, at)
            }
            Run(count) => return run(text, at, count, decoded),
            Key => {
                let name = text[..at].strip_suffix(b"_");
                let name = name.or_else(|| text[..at].strip_suffix(b"-"));
                let name = name.or_else(|| text[..at].strip_suffix(b" "));
                let name = name.unwrap_or(&text[..at]);
                KEYS.iter().any(|key| {
                    let start = name.len().saturating_sub(key.len());
                    name[start..].eq_ignore_ascii_case(key)
                })
            }
        };
        holds.then_some(at)
    }
}

/// Whether eight to ten digits end here, behind an escape that ends in one.
fn number_behind_escape(text: &[u8], at: usize) -> bool {
    (8..=10).filter_map(|count| at.checked_sub(count)).any(|start| {
        text[start..at].iter().all(u8::is_ascii_digit)
            && word_ends(&text[..start])
    })
}

/// Where a word of so many signs begins that ends here.
fn run(text: &[u8], at: usize, count: usize, decoded: bool) -> Option<usize> {
    let start = at.checked_sub(count)?;
    let sign = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let all = text[start..at].iter().all(sign);
    (all && Word.place(text, start, decoded).is_some()).then_some(start)
}

/// Where the password begins that ends here, behind its colon.
fn password(text: &[u8], at: usize) -> Option<usize> {
    let ends = |b: &u8| b.is_ascii_whitespace() || b"\"'\\/:<>]".contains(b);
    let length = text[..at].iter().rev().take(PASSWORD).position(ends)?;
    let start = at - length;
    (length > 0 && text[start - 1] == b':').then_some(start)
}

impl Pattern {
    /// Whether a version has it.
    pub fn is_of(&self, version: u32) -> bool {
        self.since <= version && self.until.is_none_or(|last| version <= last)
    }

    pub(super) const fn new(
        kind: &'static str,
        needles: Texts,
        regex: &'static str,
        examples: Texts,
        misses: Texts,
    ) -> Pattern {
        Pattern {
            kind,
            needles,
            run: 0,
            regex,
            start: Word,
            guess: false,
            mixed: false,
            spared: Spared::Nothing,
            since: 1,
            until: None,
            examples,
            misses,
        }
    }

    pub(super) const fn start(mut self, start: Start) -> Pattern {
        self.start = start;
        self
    }

    pub(super) const fn run(mut self, count: usize) -> Pattern {
        self.run = count;
        self
    }

    pub(super) const fn guess(mut self) -> Pattern {
        self.guess = true;
        self.start = Any;
        self
    }

    pub(super) const fn mixed(mut self) -> Pattern {
        self.mixed = true;
        self
    }

    pub(super) const fn spares(mut self, spared: Spared) -> Pattern {
        self.spared = spared;
        self
    }

    pub(super) const fn since(mut self, version: u32) -> Pattern {
        self.since = version;
        self
    }

    pub(super) const fn until(mut self, version: u32) -> Pattern {
        self.until = Some(version);
        self
    }
}
