//! Values that are no secrets, although they stand where one does: words of
//! programs, and words that stand for a secret in a manual.
//!
//! A rule is never edited: the version of the patterns that has it must give
//! the same form for ever. A better one is another [`Spared`].

use std::ops::Range;

use super::words;

/// No longer value is spared where one could hold the beginning of another:
/// all of it is read, and would be so again from there on.
const LONG: usize = 128;

/// Which values a pattern spares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spared {
    /// None.
    Nothing,
    /// A type; without quotes, a name without digits, or a call.
    Names,
    /// A word for a password, between signs that set it apart, or the name
    /// before it again.
    Words,
    /// Since version 3: what reads like a word of a program, a label, or a
    /// template, behind a name for a password.
    Labels,
    /// Since version 3: the same, and what reads like a name although it is in
    /// quotes, behind a name for a key; and tokens that are no secrets, such
    /// as the one that asks for the next page.
    Identifiers,
    /// Since version 3: the password of an address that is an example.
    Addresses,
    /// Since version 3: cookies of which no value was made by chance.
    Cookies,
    /// Since version 3: credentials that are one word in small letters.
    Lowercase,
    /// Since version 3: signs in the middle of longer base64.
    Base64,
}

impl Spared {
    /// Whether the value at this range of a text is spared.
    pub(super) fn spares(self, text: &[u8], range: &Range<usize>) -> bool {
        let value = &text[range.clone()];
        let long = match self {
            Spared::Labels | Spared::Addresses => LONG,
            Spared::Cookies => 8 * LONG,
            _ => usize::MAX,
        };
        if long != usize::MAX && words::is_replaced(value) {
            return true;
        }
        if value.len() > long {
            return false;
        }
        match self {
            Spared::Nothing => false,
            Spared::Names => is_name(text, range),
            Spared::Words => words::is_word(text, range),
            Spared::Labels => words::is_label(text, range),
            Spared::Identifiers => words::is_identifier_at(text, range),
            Spared::Addresses => words::is_example_address(text, range),
            Spared::Cookies => !words::holds_session(value),
            Spared::Lowercase => value
                .iter()
                .all(|b| b.is_ascii_lowercase() || b"-=".contains(b)),
            Spared::Base64 => {
                let sign = |b: &u8| b"+/".contains(b);
                text[..range.start].last().is_some_and(sign)
                    || text.get(range.end).is_some_and(sign)
            }
        }
    }
}

/// Whether a value is a word of a program: a type; or, without quotes, a name
/// without digits, or a call.
fn is_name(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let quote = range.start.checked_sub(1).map(|before| text[before]);
    let is_name =
        |b: &u8| b.is_ascii_alphabetic() || b"_.:?!|-)]}>`".contains(b);
    let bare = !matches!(quote, Some(b'"' | b'\''));
    words::TYPES.iter().any(|word| value.eq_ignore_ascii_case(word))
        || bare
            && (value.iter().all(is_name)
                || value.iter().any(|b| b"([{<".contains(b)))
}
