//! Rust sources as far as the shape of the house needs them: code without
//! what is none, the length of functions, and the paths that a file names.

/// A source in which comments, strings and characters are blanks: what is
/// left is code, on the lines on which it stood.
pub fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match end_of_other(bytes, at) {
            Some(end) => end.min(bytes.len()),
            None => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).unwrap()
}

/// Where a comment, string or character that begins here ends.
fn end_of_other(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let find = |from: usize, what: &[u8]| {
        let found = bytes[from..].windows(what.len()).position(|w| w == what);
        found.map_or(bytes.len(), |i| from + i)
    };
    if rest.starts_with(b"//") {
        return Some(find(at, b"\n"));
    }
    if rest.starts_with(b"/*") {
        return Some(find(at, b"*/") + 2);
    }
    match rest[0] {
        b'"' => {
            let mut end = at + 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            Some(end + 1)
        }
        b'r' if at == 0
            || !is_word(bytes[at - 1])
            || bytes[at - 1] == b'b' =>
        {
            let hashes = rest[1..].iter().take_while(|b| **b == b'#').count();
            let quoted = rest.get(1 + hashes) == Some(&b'"');
            let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
            quoted.then(|| find(at + hashes + 2, &close) + close.len())
        }
        b'\'' if rest.get(1) == Some(&b'\\') => Some(find(at + 3, b"'") + 1),
        // A lifetime has no quote behind its first character.
        b'\'' => {
            let text = std::str::from_utf8(&rest[1..]).ok()?;
            let length = text.chars().next()?.len_utf8();
            let closed = rest.get(1 + length) == Some(&b'\'');
            closed.then_some(at + length + 2)
        }
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Where each word of the code begins, with the word.
pub fn words(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    for part in code.split(|c: char| !(c == '_' || c.is_alphanumeric())) {
        if !part.is_empty() {
            found.push((at, part));
        }
        at += part.len();
        at += code[at..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// Each function of a blanked source: its name, its first line (from 1), and
/// its lines up to its closing brace.
pub fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let lines = |(name, start, end): (String, usize, usize)| {
        let first = code[..start].matches('\n').count() + 1;
        (name, first, code[start..end].matches('\n').count() + 1)
    };
    functions_at(code).into_iter().map(lines).collect()
}

/// Each function of a blanked source: its name, where it begins and ends.
pub fn functions_at(code: &str) -> Vec<(String, usize, usize)> {
    let all = words(code);
    let mut found = Vec::new();
    for pair in all.windows(2) {
        let [(start, "fn"), (at, name)] = pair else { continue };
        // `fn(u8)` is a type.
        if !code[start + 2..*at].trim().is_empty() {
            continue;
        }
        let Some(length) = body(&code[*at..]) else { continue };
        found.push(((*name).to_owned(), *start, at + length));
    }
    found
}

/// The length of a function from its name to its closing brace; none where a
/// trait only declares it.
fn body(text: &str) -> Option<usize> {
    let (mut inner, mut braces) = (0, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' => inner += 1,
            ')' | ']' => inner -= 1,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(i + 1),
            '}' => braces -= 1,
            ';' if inner == 0 && braces == 0 => return None,
            _ => {}
        }
    }
    None
}

/// What a file names: where it stands, and a path.
#[derive(Debug)]
pub struct Named {
    /// The byte at which it begins.
    pub at: usize,
    /// Its segments.
    pub path: Vec<String>,
    /// The name that a `use` gives it; none for a path amid the code.
    pub import: Option<String>,
    /// It is a `pub use`: nothing but a second name, unless the file uses it.
    pub reexport: bool,
}

/// The paths of more than one segment in a blanked source.
pub fn named(code: &str) -> Vec<Named> {
    let code = without_visibility(code);
    let all = words(&code);
    let mut found: Vec<Named> = Vec::new();
    let mut done = 0;
    for (i, (at, word)) in all.iter().enumerate() {
        if *at < done {
            continue;
        }
        let (start, is_use) = match *word {
            "use" => (all.get(i + 1).map_or(*at, |(next, _)| *next), true),
            _ => (*at, false),
        };
        let reexport = is_use && i > 0 && all[i - 1].1 == "pub";
        let mut paths = Vec::new();
        done = start + tree(&code[start..], &[], &mut paths);
        for (path, name) in paths {
            if path.len() > 1 {
                let import = is_use.then_some(name);
                found.push(Named { at: *at, path, import, reexport });
            }
        }
    }
    found
}

/// `pub(in crate::db)` names a module, and imports nothing.
fn without_visibility(code: &str) -> String {
    let mut out = code.to_owned();
    for (at, _) in code.match_indices("pub(") {
        let end = at + code[at..].find(')').unwrap();
        out.replace_range(at + 3..end + 1, &" ".repeat(end - at - 2));
    }
    out
}

/// Reads `a::b::{c, d as e}`; gives its length, and each path with its name.
fn tree(
    text: &str,
    before: &[String],
    found: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let mut path = before.to_vec();
    let mut at = 0;
    loop {
        at += blanks(&text[at..]);
        let rest = &text[at..];
        let length = rest.bytes().take_while(|b| is_word(*b)).count();
        if rest.starts_with('{') {
            at += 1;
            loop {
                at += blanks(&text[at..]);
                if !text[at..].starts_with('}') {
                    at += tree(&text[at..], &path, found);
                    at += blanks(&text[at..]);
                }
                if !text[at..].starts_with(',') {
                    return at + 1;
                }
                at += 1;
            }
        }
        // A glob, or `::<T>`.
        if length == 0 {
            found.push((path, "*".to_owned()));
            return at + usize::from(rest.starts_with('*'));
        }
        // `a::{self}` is `a`.
        if !(before == path && !before.is_empty() && &rest[..length] == "self")
        {
            path.push(rest[..length].to_owned());
        }
        at += length;
        let gap = blanks(&text[at..]);
        if text[at + gap..].starts_with("::") {
            at += gap + 2;
            continue;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if let Some(other) = text[at + gap..].strip_prefix("as ") {
            let other = other.trim_start();
            let end = other.bytes().take_while(|b| is_word(*b)).count();
            name = other[..end].to_owned();
            at = text.len() - other.len() + end;
        }
        found.push((path, name));
        return at;
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// How often a word stands in a blanked source.
pub fn count(code: &str, word: &str) -> usize {
    words(code).iter().filter(|(_, w)| *w == word).count()
}

#[test]
fn functions_are_counted_to_their_closing_brace() {
    let text = "fn one() {}\n\
        pub(super) const fn two<'a>(f: fn(u8) -> [u8; 2]) -> &'a str\n\
        where\n    u8: Copy,\n{\n    \"}\\\"}\"; '}'; r#\"\"}\"#; // }\n    \
        fn inner() {\n    }\n    if true { \"\" } else { \"{\" }\n}\n\
        trait T {\n    fn declared(&self) -> [u8; 2];\n    /* } */\n}\n";
    let found = functions(&blanked(text));
    let want = [("one", 1, 1), ("two", 2, 9), ("inner", 7, 2)];
    let want = want.map(|(name, at, lines)| (name.to_owned(), at, lines));
    assert_eq!(found, want);
}
