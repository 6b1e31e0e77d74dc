//! How many secrets are found: many kinds, in many places of a log, each made
//! anew by chance.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use rt::secrets::{Level, Secrets, VERSION};
use serde_json::json;

use super::every_kind_of_secret::redact_in;
use crate::support::root;

/// Where a secret stands: `@` is it.
const PLACES: [(&str, &str); 17] = [
    ("plain", "see @ now"),
    ("quoted", "\"@\""),
    ("colour", "\x1b[32m@\x1b[0m"),
    ("\\u001b", "{\"out\":\"\\u001b[32m@\\u001b[0m\"}"),
    ("\\033", "\\033[1;31m@\\033[0m"),
    ("\\e", "\\e[32m@\\e[0m"),
    ("%22", "q=%22@%22"),
    ("%3D", "x%3D@"),
    ("%20", "a%20@%20b"),
    ("=3D", "x=3D@"),
    ("\\x22", "\\x22@\\x22"),
    ("\\042", "\\042@\\042"),
    ("\\0", "a\\0@\\0"),
    ("env", "HOME=/root\nexport X=@\nLANG=C\n"),
    ("yaml", "env:\n  - name: x\n    value: @\n"),
    ("query", "https://h.org/p?x=@&y=1"),
    ("header", "Host: h\r\nX-Thing: @\r\nAccept: */*\r\n"),
];

struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    /// A text with its `<36>` and the like made.
    fn fill(&mut self, text: &str) -> String {
        const SMALL: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
        const ALL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ\
             abcdefghijklmnopqrstuvwxyz0123456789";
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            out.push_str(before);
            let mark = after.split_once('>');
            let Some((mark, after)) = mark.filter(|(mark, _)| {
                mark.ends_with(|last: char| last.is_ascii_digit())
            }) else {
                out.push('<');
                rest = after;
                continue;
            };
            let count = mark.trim_start_matches(char::is_alphabetic);
            let signs = match mark.as_bytes()[0] {
                b'x' => "0123456789abcdef".to_owned(),
                b'u' => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".to_owned(),
                b'l' => SMALL.to_owned(),
                b'd' => "123456789".to_owned(),
                b'b' => format!("{ALL}+/"),
                b'w' => format!("{ALL}-_"),
                _ => ALL.to_owned(),
            };
            let signs = signs.as_bytes();
            for place in 0..count.parse().unwrap() {
                let mut sign = signs[self.below(signs.len())];
                // Neither end of a token is a sign that may part it.
                while place == 0 && !sign.is_ascii_alphanumeric() {
                    sign = signs[self.below(signs.len())];
                }
                out.push(char::from(sign));
            }
            rest = after;
        }
        out + rest
    }
}

/// The text of a kind, and what of it is secret: between the innermost braces.
fn secret(chance: &mut Chance, form: &str) -> (String, String) {
    let text = chance.fill(&form.replace("\\n", "\n"));
    let start = text.rfind('{').unwrap();
    let end = start + text[start..].find('}').unwrap();
    let value = text[start + 1..end].to_owned();
    (format!("{}{value}{}", &text[..start], &text[end + 1..]), value)
}

/// Whether nothing of a secret's end is left of the text around it.
fn is_found(secrets: &mut Secrets, text: &str, value: &str) -> bool {
    let now = redact_in(secrets, "c", text);
    let value = value.trim_end_matches('=');
    let value = value.strip_suffix("%3D").unwrap_or(value);
    let tail = &value[value.len().saturating_sub(10)..];
    assert!(text.contains(tail) || text.contains('\\'), "{text}");
    !now.contains(tail)
}

#[test]
fn of_two_hundred_kinds_in_nineteen_places_few_are_missed() {
    let kinds =
        fs::read_to_string(root().join("tests/fixtures/secrets.txt")).unwrap();
    let kinds: Vec<Vec<&str>> = kinds
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.splitn(3, ' ').collect())
        .collect();
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    let mut fixed = Secrets::new(Level::Fixed, VERSION).unwrap();
    let mut all = Secrets::new(Level::All, VERSION).unwrap();
    let mut by_place: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_kind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut tried, mut found) = (0, 0);
    for kind in &kinds {
        let [level, name, form] = kind[..] else { panic!("{kind:?}") };
        let secrets = if level == "all" { &mut all } else { &mut fixed };
        let mut look = |place: &'static str, text: String, value: &str| {
            tried += 1;
            let is = is_found(secrets, &text, value);
            found += usize::from(is);
            *by_place.entry(place).or_default() += usize::from(is);
            if !is {
                by_kind.entry(name).or_default().push(place);
            }
        };
        for (place, around) in PLACES {
            let (text, value) = secret(&mut chance, form);
            look(place, around.replace('@', &text), &value);
        }
        let (text, value) = secret(&mut chance, form);
        let within = json!({ "out": text }).to_string();
        look("json", within.clone(), &value);
        let (text, value) = secret(&mut chance, form);
        let within = json!({ "in": json!({ "out": text }).to_string() });
        look("json in json", within.to_string(), &value);
    }
    let mut table = format!("{found} of {tried}, {} kinds\n", kinds.len());
    for (place, found) in by_place {
        writeln!(table, "{found} {place}").unwrap();
    }
    for (kind, missed) in &by_kind {
        writeln!(table, "missed: {kind}: {}", missed.join(", ")).unwrap();
    }
    assert!(found * 100 >= tried * 95, "{table}");
    insta::assert_snapshot!(table);
}
