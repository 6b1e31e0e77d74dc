//! Texts with secrets of every kind in them, in any spelling and cut anywhere:
//! what comes out holds none, and JSON stays JSON.

use super::{Encoded, Level, Secrets, VERSION, patterns};
use crate::arbitrary::{Random, each_case};
use crate::record::append_string;

/// An example of the table of kinds, with its `<36>` and the like written out.
fn expand(random: &mut Random, example: &str) -> String {
    let mut out = String::new();
    let mut parts = example.split('<');
    out.push_str(parts.next().unwrap());
    for part in parts {
        let Some((mark, rest)) = part.split_once('>') else {
            out.push_str(part);
            continue;
        };
        let (signs, count) = match mark.as_bytes()[0] {
            b'x' => ("0123456789abcdef", &mark[1..]),
            b'u' => ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", &mark[1..]),
            b'd' => ("0123456789", &mark[1..]),
            _ => ("abcdefghijklmnopqrsTUVWXYZ0123456789", mark),
        };
        let signs = signs.as_bytes();
        let Ok(count) = count.parse::<usize>() else {
            out.push_str(&format!("<{mark}>{rest}"));
            continue;
        };
        for _ in 0..count {
            out.push(char::from(signs[random.below(signs.len())]));
        }
        out.push_str(rest);
    }
    out
}

/// What may stand around a secret.
const AROUND: [&str; 16] = [
    " ",
    "\n",
    "\"",
    "'",
    "\u{1b}[32m",
    "\\u001b[0m",
    "\\n",
    "%22",
    "%3D",
    "=3D",
    "\\x22",
    "\\042",
    ": ",
    "=",
    "\\\\\\\"",
    "\u{e9}",
];

fn text(random: &mut Random) -> String {
    let mut out = String::new();
    let all = patterns().count();
    for _ in 0..1 + random.below(5) {
        match random.below(4) {
            0 => out.push_str(&random.text(20)),
            1 | 2 => {
                let pattern = patterns().nth(random.below(all)).unwrap();
                let examples = pattern.examples;
                let example = examples[random.below(examples.len())];
                let mut secret = expand(random, example);
                if random.once_in(4) {
                    let mut bytes = secret.into_bytes();
                    random.damage(&mut bytes);
                    secret = String::from_utf8_lossy(&bytes).into_owned();
                }
                out.push_str(&secret);
            }
            _ => {}
        }
        out.push_str(random.one(&AROUND));
    }
    for _ in 0..random.below(3) {
        let name = random.one(&["a", "password", "token"]);
        out = serde_json::json!({ name: out, "n": 1.5 }).to_string();
    }
    out
}

#[test]
fn what_comes_out_holds_no_secret_and_json_stays_json() {
    for level in [Level::Fixed, Level::All] {
        let mut secrets = Secrets::new(level, VERSION).unwrap();
        let mut replaced = 0;
        each_case(1500, |random| {
            let text = text(random);
            let column = random.one(&["log", "api_key", "d\"\\"]);
            let mut record = b"{".to_vec();
            append_string(&mut record, column.as_bytes());
            record.push(b':');
            let content = record.len() + 1;
            append_string(&mut record, text.as_bytes());
            let string = Encoded {
                key: 1,
                content,
                text: text.as_bytes(),
                named: super::name_hints_secret(column),
            };
            let before = record.clone();
            secrets.redact(&mut record, &string);
            replaced += u32::from(before != record);
            let mut whole = record.clone();
            whole.push(b'}');
            let json: serde_json::Value =
                serde_json::from_slice(&whole).expect("JSON still");
            let clean = json[column].as_str().expect("a string");
            let string = Encoded { text: clean.as_bytes(), ..string };
            assert!(
                !secrets.holds(&record, &string),
                "{text:?} became {clean:?}"
            );
            let again = record.clone();
            secrets.redact(&mut record, &string);
            assert_eq!(record, again);
            // JSON within was JSON, and is.
            if serde_json::from_str::<serde_json::Value>(&text).is_ok()
                && text.starts_with('{')
            {
                let within = serde_json::from_str::<serde_json::Value>(clean);
                assert!(
                    within.is_ok() || clean.starts_with("[REDACTED:"),
                    "{text} became {clean}"
                );
            }
        });
        assert!(replaced > 200, "{replaced} replaced");
    }
}

/// Found by random inputs: the three signs before it were digits of an escape.
#[test]
fn secret_behind_an_escape_takes_all_of_it() {
    let mut secrets = Secrets::new(Level::Fixed, VERSION).unwrap();
    let token = format!("8Q~{}", "a1B2c3D4".repeat(5));
    for escape in ["\\u001", "\\\\u001", "\\u00e"] {
        let text = format!("{{\"a\":\"abc{escape}{}\"}}", &token);
        let clean = secrets.redact_bytes(text.as_bytes());
        let clean = String::from_utf8(clean).unwrap();
        assert!(clean.contains("abc[REDACTED:azure"), "{clean}");
    }
}

#[test]
fn bytes_are_looked_through_to_their_end() {
    let mut secrets = Secrets::new(Level::All, VERSION).unwrap();
    each_case(1500, |random| {
        let mut bytes = text(random).into_bytes();
        random.damage(&mut bytes);
        let clean = secrets.redact_bytes(&bytes);
        assert_eq!(secrets.redact_bytes(&clean), clean);
    });
}

/// Of every version: rows of a receipt that names it are proven with it.
#[test]
fn fast_search_finds_what_a_slow_one_does() {
    for version in 1..=VERSION {
        let mut secrets = Secrets::new(Level::All, version).unwrap();
        let (mut found, mut clean) = (0, 0);
        each_case(400, |random| {
            let mut text = text(random).into_bytes();
            if random.once_in(3) {
                random.damage(&mut text);
            }
            let mut holds = false;
            for finder in &mut secrets.finders {
                let want = finder.all_slowly(&text);
                let mut hits = Vec::new();
                finder.all(&text, &mut |hit| hits.push(hit));
                let shown = String::from_utf8_lossy(&text);
                assert_eq!(hits, want, "{version}: {shown:?}");
                assert_eq!(finder.finds(&text), !want.is_empty(), "{shown:?}");
                holds |= !want.is_empty();
            }
            found += u32::from(holds);
            let Ok(text) = std::str::from_utf8(&text) else { return };
            clean += u32::from(ruled_out_rightly(&mut secrets, text));
        });
        assert!(found > 100 && clean > 20, "{found} found, {clean} clean");
    }
}

/// Whether the first look rules out a record; then no view of it holds a
/// secret.
fn ruled_out_rightly(secrets: &mut Secrets, text: &str) -> bool {
    let mut record = b"{\"a\":".to_vec();
    append_string(&mut record, text.as_bytes());
    if secrets.first_look(&record) != Some(false) {
        return false;
    }
    let mut view = record;
    loop {
        for finder in &mut secrets.finders {
            let hits = finder.all_slowly(&view);
            let shown = String::from_utf8_lossy(&view);
            assert!(hits.is_empty(), "{hits:?} in {shown:?} of {text:?}");
        }
        let mut next = Vec::new();
        if !super::unescape::unescape(&view, &mut next, None) {
            return true;
        }
        view = next;
    }
}
