//! What reads like words besides, since version 4. Not to be edited, as
//! [`super::words`] is not.

use std::ops::Range;

use super::spared::Spared;

/// No longer value is looked at, as in [`Spared::spares`].
const LONG: usize = 128;

/// Nor a longer text for people, whose letters escapes may spell.
const TEXT: usize = 8 * LONG;

/// Words for a password in the languages that programs speak. Of an accent
/// stands what its escape leaves.
const WORDS: [&[u8]; 16] = [
    b"passwort",
    b"kennwort",
    b"wachtwoord",
    b"passord",
    b"adgangskode",
    b"senord",
    b"salasana",
    b"salas\xc3\xb5na",
    b"heslo",
    b"geslo",
    b"senha",
    b"parola",
    b"contrase",
    b"mot de passe",
    b"palavra-passe",
    b"parool",
];

/// Parts of the codes by which programs say what is wrong with a password.
const CODES: [&[u8]; 9] = [
    b"invalid",
    b"failed",
    b"wrong",
    b"incorrect",
    b"missing",
    b"required",
    b"mismatch",
    b"expired",
    b"changed",
];

/// How variables are called that hold a password.
const NAMES: [&[u8]; 6] =
    [b"_pwd", b"_pass", b"_passwd", b"_password", b"_passphrase", b"_secret"];

/// Tokens that tell one request from another.
const REQUESTS: [&[u8]; 4] =
    [b"clienttoken", b"client_token", b"actiontoken", b"idempotencytoken"];

/// Whether the value at this range of a text is spared, beside those that are
/// spared since version 3.
pub(super) fn spares(
    spared: Spared,
    text: &[u8],
    range: &Range<usize>,
) -> bool {
    let value = &text[range.clone()];
    let text_of_people = || value.len() <= TEXT && is_of_people(value);
    if value.len() > LONG {
        return spared == Spared::Labels && text_of_people();
    }
    match spared {
        Spared::Labels => {
            text_of_people()
                || is_version(value)
                || is_code(value)
                || is_variable(text, range)
        }
        Spared::Identifiers => is_uuid(value) && names_request(text, range),
        Spared::Addresses => {
            let behind = value.iter().position(|b| !b.is_ascii_digit());
            behind.is_some_and(|at| at > 0 && value[at] == b',')
        }
        _ => false,
    }
}

/// Whether a value is a text for people in another language than English: it
/// has a word for a password, or many letters beyond ASCII.
fn is_of_people(value: &[u8]) -> bool {
    let escapes = memchr::memmem::find_iter(value, b"\\u").count();
    let wide = value.iter().filter(|b| !b.is_ascii()).count();
    let blanks = value.iter().filter(|b| **b == b' ').count();
    let foreign = escapes + wide / 2;
    let digits = value.iter().any(u8::is_ascii_digit) && escapes == 0;
    let small = value.to_ascii_lowercase();
    let speaks = WORDS.iter().any(|word| holds(&small, word));
    speaks && !digits || foreign >= 5 || foreign > 0 && blanks >= 2
}

/// Whether a value is the version of a program: three numbers, and what may
/// follow them.
fn is_version(value: &[u8]) -> bool {
    let mut parts = value.splitn(3, |b| *b == b'.');
    let number = |part: Option<&[u8]>| {
        part.is_some_and(|p| {
            !p.is_empty() && p.len() < 4 && p.iter().all(u8::is_ascii_digit)
        })
    };
    let sign = |b: &u8| b.is_ascii_alphanumeric() || b".-+".contains(b);
    number(parts.next())
        && number(parts.next())
        && parts.next().is_some_and(|rest| {
            rest.first().is_some_and(u8::is_ascii_digit)
                && rest.iter().all(sign)
        })
}

/// Whether a value is the code of a message: small words with underscores
/// between them.
fn is_code(value: &[u8]) -> bool {
    value.contains(&b'_')
        && value.iter().all(|b| b.is_ascii_lowercase() || *b == b'_')
        && CODES.iter().any(|part| holds(value, part))
}

/// Whether a program names the value: a part of an object, or a variable that
/// is called by what it holds, or a type with others to choose from.
fn is_variable(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let quote = range.start.checked_sub(1).map(|before| text[before]);
    if matches!(quote, Some(b'"' | b'\'')) {
        return false;
    }
    let end = value.iter().rposition(|b| !b")]}.;:".contains(b));
    let name = &value[..end.map_or(0, |last| last + 1)];
    let sign = |b: &u8| b.is_ascii_alphanumeric() || b"_.".contains(b);
    let object = name.starts_with(b"self.") || name.starts_with(b"this.");
    let called = NAMES.iter().any(|end| name.ends_with(end));
    let named = name.iter().all(sign) && (object || called);
    let letters = value.iter().all(u8::is_ascii_alphabetic);
    named || letters && text[range.end..].starts_with(b" | ")
}

fn is_uuid(value: &[u8]) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let sign = |(at, b): (usize, &u8)| match dash(at) {
        true => *b == b'-',
        false => b.is_ascii_hexdigit(),
    };
    value.len() == 36 && value.iter().enumerate().all(sign)
}

/// Whether the name before a value is one of a token that tells requests
/// apart.
fn names_request(text: &[u8], range: &Range<usize>) -> bool {
    let before = &text[..range.start];
    let end = before.iter().rposition(u8::is_ascii_alphanumeric);
    let name = &before[..end.map_or(0, |last| last + 1)];
    REQUESTS.iter().any(|known| {
        let start = name.len().saturating_sub(known.len());
        name[start..].eq_ignore_ascii_case(known)
    })
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}
