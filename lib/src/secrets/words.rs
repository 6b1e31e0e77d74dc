//! What reads like words, where a secret is looked for: names of programs,
//! labels, templates, examples. Not to be edited, as the rules of
//! [`super::spared`] are not that ask here.

use std::ops::Range;

/// Words that say of what kind a value is, where one is expected.
pub(super) const TYPES: [&[u8]; 14] = [
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
pub(super) fn is_word(text: &[u8], range: &Range<usize>) -> bool {
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

/// Parts of a value that say it is the word for a secret, not one.
const SPEAKING: [&[u8]; 6] =
    [b"password", b"passwd", b"passphrase", b"secret", b"redacted", b"token"];

/// What stands before `token` where it is no secret: it names a page, or makes
/// a request one.
const PAGES: [&[u8]; 7] = [
    b"next",
    b"page",
    b"continuation",
    b"clientrequest",
    b"change",
    b"cancel",
    b"publickey",
];

/// Examples that everybody prints: of AWS, the two signatures of jwt.io, the
/// payload of PyJWT's manual, and the credentials of RFC 6749.
const SAMPLES: [&[u8]; 5] = [
    b"EXAMPLE",
    b".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    b".TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ",
    b".eyJzb21lIjoicGF5bG9hZCJ9.",
    b"czZCaGRSa3F0MzpnWDFmQmF0M2JW",
];

/// How the names of types end that hold a secret.
const TYPE_ENDS: [&[u8]; 5] =
    [b"Key", b"Token", b"Secret", b"Credential", b"Credentials"];

/// Names of hosts that stand for any, by RFC 2606 and by habit.
const EXAMPLES: [&[u8]; 8] = [
    b"example.com",
    b"example.org",
    b"example.net",
    b"host",
    b"hostname",
    b"server",
    b"xn--g6w251d",
    "\u{6e2c}\u{8a66}".as_bytes(),
];

/// Whether a value stands for a secret in a manual: most of its signs are an
/// `x` or a star, or it is one of the examples that everybody prints.
pub(super) fn is_sample(value: &[u8]) -> bool {
    let blank = value.iter().filter(|b| b"xX*".contains(b)).count();
    value.len() >= 8 && blank * 2 > value.len()
        || SAMPLES.iter().any(|part| holds(value, part))
}

/// Whether a value holds what stands for one: behind a colon that is spelled
/// `%3A`, say, the colon reads like the beginning of a value.
pub(super) fn is_replaced(value: &[u8]) -> bool {
    holds(value, b"[REDACTED:")
}

/// Whether the value behind a name for a password is no password.
pub(super) fn is_label(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    if is_plain(text, range) || is_sentence(value) {
        return true;
    }
    let is_version = |b: &u8| b.is_ascii_digit() || *b == b'.';
    value.starts_with(b"/")
        || value.contains(&b'.') && value.iter().all(is_version)
        || is_bare(text, range.start)
            && is_joined(value)
            && is_identifier(value)
}

/// Whether a value has no digits, or is of parts as the names of programs are.
fn is_joined(value: &[u8]) -> bool {
    !value.iter().any(u8::is_ascii_digit)
        || value.iter().any(|b| b"._:/".contains(b))
}

/// Whether the value behind a name for a key is none.
pub(super) fn is_identifier_at(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
        || has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let type_name = is_bare(text, range.start)
        && TYPE_ENDS.iter().any(|end| value.ends_with(end));
    !mixed
        || signs(value) < 8
        || type_name
        || is_plain(text, range)
        || is_identifier(value)
        || names_no_secret(&text[..range.start])
}

/// How many different bytes there are.
fn signs(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().for_each(|b| seen[usize::from(*b)] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// Whether a value is a type, a template, speaks of a secret, or is the name
/// of what is called or indexed behind it.
fn is_plain(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let bare = is_bare(text, range.start);
    let digits = value.iter().any(u8::is_ascii_digit);
    let speaks = !digits && {
        let small = value.to_ascii_lowercase();
        small.ends_with(b"pass")
            || SPEAKING.iter().any(|part| holds(&small, part))
    };
    let called = text.get(range.end).is_some_and(|b| b"([{".contains(b));
    TYPES.iter().any(|word| value.eq_ignore_ascii_case(word))
        || speaks
        || is_template(value)
        || bare && (called || value.iter().any(|b| b"([{<|`".contains(b)))
        || bare
            && (value.starts_with(b"!") || value.ends_with(b"="))
            && !digits
}

/// Whether a program or a shell puts the value there later.
pub(super) fn is_template(value: &[u8]) -> bool {
    let ends = |open: &[u8], close: &[u8]| {
        value.starts_with(open) && value.ends_with(close)
    };
    ends(b"{", b"}")
        || ends(b"<", b">")
        || ends(b"%(", b"s")
        || ends(b"%", b"%")
        || value == b"%s"
        || holds(value, b"${")
        || holds(value, b"$(")
        || !value.iter().any(u8::is_ascii_alphanumeric)
            && value.iter().all(|b| b.is_ascii())
}

/// Whether a value is a text for people: it begins with a capital or a letter
/// beyond ASCII, and is five words at least, or letters alone, with capitals
/// only where a word begins, or where a short one has no others.
fn is_sentence(value: &[u8]) -> bool {
    let Some(first) = value.first() else { return false };
    if !(first.is_ascii_uppercase() || !first.is_ascii() || *first == b'\\') {
        return false;
    }
    let blanks = value.iter().filter(|b| **b == b' ').count();
    let sign = |b: &u8| b" .,;:!?'`()/-".contains(b);
    let mut rest = value;
    let (mut small, mut capitals) = (0, 0);
    while let Some((byte, more)) = rest.split_first() {
        rest = more;
        // `\u00e9` and the like are letters.
        let escape = *byte == b'\\' && more.len() >= 5 && more[0] == b'u';
        if escape {
            rest = &more[5..];
        }
        if sign(byte) {
            (small, capitals) = (0, 0);
        } else if byte.is_ascii_uppercase() {
            capitals += 1;
        } else if escape || byte.is_ascii_lowercase() || !byte.is_ascii() {
            small += 1;
        } else if blanks < 4 {
            return false;
        }
        let acronym = blanks > 0 && small == 0 && capitals <= 5;
        if blanks < 4 && capitals > 1 && !acronym {
            return false;
        }
    }
    true
}

/// Whether no quote stands before a place.
fn is_bare(text: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).map(|before| text[before]);
    !matches!(before, Some(b'"' | b'\''))
}

/// Whether letters and signs read like a name in a program: few digits, and
/// words of some length that begin with a capital or a sign.
pub(super) fn is_identifier(value: &[u8]) -> bool {
    let sign = |b: &u8| b"_.:/-?!)]}>=*,".contains(b);
    if !value.iter().all(|b| b.is_ascii_alphanumeric() || sign(b)) {
        return false;
    }
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let (mut words, mut groups) = (0, 0);
    let mut at = 0;
    while at < value.len() {
        let start = at;
        if value[at].is_ascii_digit() {
            at += run(&value[at..], u8::is_ascii_digit);
            groups += 1;
        } else if value[at].is_ascii_alphabetic() {
            let upper = run(&value[at..], u8::is_ascii_uppercase);
            // `HTTPServer`: the last capital begins the next word.
            let lower = run(&value[at + upper..], u8::is_ascii_lowercase);
            at += match (upper, lower) {
                (0 | 1, _) | (_, 0) => upper + lower,
                _ => upper - 1,
            };
            if at - start >= 3 && is_pronounced(&value[start..at]) {
                words += at - start;
            }
        } else {
            at += 1;
        }
    }
    words * 10 >= letters * 7
        && digits * 3 <= letters
        && groups * 8 <= value.len()
}

/// How many bytes at the beginning are of a kind.
fn run(bytes: &[u8], is: fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|b| is(b)).count()
}

/// Whether letters have a vowel, and no five consonants in a row.
fn is_pronounced(word: &[u8]) -> bool {
    let vowel = |b: &u8| b"aeiouyAEIOUY".contains(b);
    word.iter().any(vowel) && word.split(vowel).all(|part| part.len() < 5)
}

/// Whether the name at the end of a text is one of a token that asks for a
/// page, or stands behind a colon: a resource's, or a type's.
fn names_no_secret(before: &[u8]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || b"_-".contains(b);
    let end = before.iter().rposition(part).map_or(0, |last| last + 1);
    let start = before[..end].iter().rposition(|b| !part(b));
    let name = &before[start.map_or(0, |last| last + 1)..end];
    let small: Vec<u8> = name
        .iter()
        .filter(|b| b.is_ascii_alphanumeric())
        .map(u8::to_ascii_lowercase)
        .collect();
    let colon = start.is_some_and(|at| {
        before[..=at].ends_with(b"::")
            || before[at] == b':' && &before[end..] == b":"
    });
    let page = small
        .strip_suffix(b"token")
        .is_some_and(|rest| PAGES.iter().any(|page| rest.ends_with(page)));
    colon || page
}

/// Whether the password of an address is an example: a template, or speaks of
/// a password; or it and the host, or it and the name, are plain words.
pub(super) fn is_example_address(text: &[u8], range: &Range<usize>) -> bool {
    let value = &text[range.clone()];
    let small = value.to_ascii_lowercase();
    let digits = value.iter().any(u8::is_ascii_digit);
    let speaks = !digits
        && [&b"passw"[..], b"secret"].iter().any(|part| holds(&small, part));
    let anonymous = value.ends_with(b":anoncvs");
    if is_word(text, range) || is_template(value) || speaks || anonymous {
        return true;
    }
    let word = is_small_word(value)
        || value.len() <= 3 && value.iter().all(u8::is_ascii_digit);
    word && (is_example_host(&text[range.end..])
        || is_example_user(&text[..range.start]))
}

/// Whether a value is at most eight small letters and escapes of a URL.
fn is_small_word(value: &[u8]) -> bool {
    let (mut rest, mut length) = (value, 0);
    while let Some((byte, more)) = rest.split_first() {
        rest = match byte {
            b'%' if more.len() >= 2 => &more[2..],
            b'a'..=b'z' => more,
            _ => return false,
        };
        length += 1;
    }
    length <= 8
}

fn is_example_host(behind: &[u8]) -> bool {
    let host = behind.strip_prefix(b"@").unwrap_or(behind);
    let part = |b: &u8| b.is_ascii_alphanumeric() || b".-".contains(b);
    let part = |b: &u8| part(b) || !b.is_ascii();
    let host = &host[..host.iter().take_while(|b| part(b)).count()];
    EXAMPLES.iter().any(|known| {
        host.strip_suffix(*known)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
    })
}

fn is_example_user(before: &[u8]) -> bool {
    let before = before.strip_suffix(b":").unwrap_or(before);
    let users: [&[u8]; 9] = [
        b"/user",
        b"/username",
        b"/foo",
        b"/alice",
        b"/bob",
        b"/joe",
        b"/scott",
        b"/account",
        b"/anonymous",
    ];
    before.ends_with(b"://") || users.iter().any(|user| before.ends_with(user))
}

/// Whether the value of a cookie was made by chance.
pub(super) fn holds_session(cookies: &[u8]) -> bool {
    cookies.split(|b| *b == b';').any(|cookie| {
        let at = cookie.iter().position(|b| *b == b'=');
        let value = &cookie[at.map_or(0, |at| at + 1)..];
        value.len() >= 8
            && value.iter().any(u8::is_ascii_digit)
            && value.iter().any(u8::is_ascii_alphabetic)
            && !is_identifier(value)
    })
}

/// Whether a text has a part.
fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}
