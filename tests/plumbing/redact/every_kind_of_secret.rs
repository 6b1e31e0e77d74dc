//! The library's own face of redaction: what each kind of secret becomes in a
//! record, and what stays.

use std::fmt::Write;
use std::io;

use rt::io::digest::Hashing;
use rt::secrets::{
    Encoded, Level, Pattern, Secrets, Spared, VERSION, name_hints_secret,
    patterns,
};

/// The table of version 1 as it was published.
const VERSION_1: &str =
    "747458a4a37e9ebce1b5dfbede7c22353b354ffda126da0d5c61e1f30b43b28f";

/// The table of version 2.
const VERSION_2: &str =
    "8a159997a2995ee4875bafcc95dc9e1894f2444e34b9dce5c7ed74d10726f35b";

/// The table of version 3.
const VERSION_3: &str =
    "c7eeb0d696a147d73fc3c703bf5cf9cb0645c822c91962341a4b5d469fe3747e";

/// The table of version 4, which spares more values by a rule of its own.
const VERSION_4: &str = VERSION_3;

fn secrets() -> Secrets {
    Secrets::new(Level::All, VERSION).unwrap()
}

/// A text with its `<36>` and the like written out.
fn expand(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let (mark, after) = after.split_once('>').unwrap();
        let (signs, count): (&[u8], &str) = match mark.as_bytes()[0] {
            b'x' => (b"7e3f9a0c5d1b8246", &mark[1..]),
            b'u' => (b"Q7WERT2YUIOPA5SDF", &mark[1..]),
            b'd' => (b"7390514826", &mark[1..]),
            _ => (b"aZ4kQ9wR2xT7mB5vN8cJ1hL6", mark),
        };
        let Ok(count) = count.parse::<usize>() else {
            // The tag of an XML.
            write!(out, "<{mark}>").unwrap();
            rest = after;
            continue;
        };
        let signs = signs.iter().cycle().take(count);
        out.extend(signs.map(|b| char::from(*b)));
        rest = after;
    }
    out + rest
}

/// The record of a column with this text, up to the closing quote.
fn encoded(column: &str, text: &str) -> (Vec<u8>, usize) {
    let string = |text| serde_json::to_string(text).unwrap();
    let key = format!("{{{}:", string(column));
    let content = key.len() + 1;
    ((key + &string(text)).into_bytes(), content)
}

/// What becomes of a text in a column.
pub fn redact_in(secrets: &mut Secrets, column: &str, text: &str) -> String {
    let (mut record, content) = encoded(column, text);
    let named = name_hints_secret(column);
    let string = Encoded { key: 1, content, text: text.as_bytes(), named };
    secrets.redact(&mut record, &string);
    assert!(!secrets.finds(&record), "{column}: {text}");
    let whole: serde_json::Value =
        serde_json::from_slice(&[&record[..], b"}"].concat()).unwrap();
    let now = whole[column].as_str().unwrap().to_owned();
    let (again, content) = encoded(column, &now);
    let text = now.as_bytes();
    let string = Encoded { key: 1, content, text, named };
    assert!(!secrets.holds(&again, &string), "twice: {column}: {now}");
    now
}

fn redact(text: &str) -> String {
    redact_in(&mut secrets(), "c", text)
}

#[test]
fn every_example_is_found_as_its_kind_and_no_near_miss_is() {
    let mut wrong = String::new();
    for pattern in patterns() {
        let version = pattern.until.unwrap_or(VERSION);
        let mut whole = Secrets::new(Level::All, version).unwrap();
        let mark = format!("[REDACTED:{}]", pattern.kind);
        for example in pattern.examples {
            let now = redact_in(&mut whole, "c", &expand(example));
            if !now.contains(&mark) {
                writeln!(wrong, "{}: {now:?}", pattern.kind).unwrap();
            }
        }
        // By itself: what another kind takes first would hide it.
        let mut alone = Secrets::of(vec![vec![pattern]]).unwrap();
        for miss in pattern.misses {
            if alone.finds(expand(miss).as_bytes()) {
                writeln!(wrong, "{}: in {miss:?}", pattern.kind).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn examples_are_found_in_json_however_deep_and_spelled() {
    let mut secrets = secrets();
    for pattern in patterns() {
        for example in pattern.examples {
            let plain = expand(example);
            let dashes = plain.replace('-', "\\u002d").replace('/', "\\/");
            let inner = match dashes.contains('"') {
                true => serde_json::to_string(&plain).unwrap(),
                false => format!("\"{}\"", dashes.replace('\n', "\\n")),
            };
            let mut text =
                format!("{{\"n\":[1,{inner}],\"\\u00e9\":\"\\n\"}}");
            for depth in 1..4 {
                let now = redact_in(&mut secrets, "c", &text);
                assert!(now.contains("[REDACTED:"), "{depth}: {text}");
                let mut value: serde_json::Value =
                    serde_json::from_str(&now).expect(&now);
                for _ in 1..depth {
                    let within = value["in"].as_str().unwrap();
                    value = serde_json::from_str(within).expect(&now);
                }
                assert_eq!(value["n"][0], 1);
                assert_eq!(value["\u{e9}"], "\n", "{now}");
                // What a cut leaves is looked through like the whole.
                let end = text.rfind(']').unwrap();
                let cut = redact_in(&mut secrets, "c", &text[..end]);
                assert!(cut.contains("[REDACTED:"), "{depth}: {cut}");
                text = serde_json::json!({ "in": text }).to_string();
            }
        }
    }
}

#[test]
fn no_needle_has_a_sign_that_json_escapes() {
    for needle in patterns().flat_map(|p| p.needles) {
        let plain = |b: u8| matches!(b, b' '..=b'~') && !b"\"\\".contains(&b);
        assert!(needle.bytes().all(plain), "{needle}");
    }
    let mut secrets = secrets();
    let record = |text: &str| encoded("c", text).0;
    assert_eq!(secrets.first_look(&record("plain\n\"x\"")), Some(false));
    assert_eq!(secrets.first_look(&record(&expand("ghp_<36>"))), Some(true));
    for open in ["\\u0067hp_", "https:\\/\\/u", "Bearer\\tx"] {
        assert_eq!(secrets.first_look(&record(open)), None, "{open}");
    }
    // What a needle begins has failed whatever the escape stands for.
    for failed in ["ghp_\\n", "the path\\\"", "ghp_\\\\\\nx"] {
        let found = secrets.first_look(&record(failed));
        assert_eq!(found, Some(false), "{failed}");
    }
}

#[test]
fn a_table_that_was_published_stays_as_it_is() {
    for version in 1..=VERSION {
        let mut rows = Vec::new();
        for p in patterns().filter(|p| p.is_of(version)) {
            let Pattern { kind, needles, regex, start, guess, mixed, .. } = p;
            let row = (kind, needles, regex, start, guess, mixed);
            rows.extend(format!("{row:?}\n").into_bytes());
            match p.spared {
                Spared::Nothing => {}
                Spared::Names => rows.extend(b"spares\n"),
                Spared::Words => rows.extend(b"spares words\n"),
                other => rows.extend(format!("spares {other:?}\n").bytes()),
            }
        }
        let mut rows = &rows[..];
        let mut input = Hashing::new(&mut rows);
        io::copy(&mut input, &mut io::sink()).unwrap();
        let want =
            [VERSION_1, VERSION_2, VERSION_3, VERSION_4][version as usize - 1];
        assert_eq!(input.sha256(), want, "version {version}");
    }
    assert!(Secrets::new(Level::Fixed, VERSION + 1).is_err());
    assert!(Secrets::new(Level::Fixed, 0).is_err());
}

#[test]
fn what_stands_around_a_secret_stays() {
    let key = expand("ghp_<36>");
    for (text, want) in [
        ("a KEY b", "a [REDACTED:github-token] b"),
        ("KEY", "[REDACTED:github-token]"),
        ("\u{e9}KEY\u{e9}", "\u{e9}[REDACTED:github-token]\u{e9}"),
        ("x\nKEY\ny", "x\n[REDACTED:github-token]\ny"),
        ("C:\\KEY\\", "C:[REDACTED:github-token]\\"),
        ("KEY,KEY", "[REDACTED:github-token],[REDACTED:github-token]"),
        (
            "https://KEY:x@h/",
            "https://[REDACTED:github-token]:[REDACTED:url-password]@h/",
        ),
        ("https://u:KEY@h/", "https://u:[REDACTED:url-password]@h/"),
        (
            "{\"a\":\"x\\nKEY\\ty\"}",
            "{\"a\":\"x\\n[REDACTED:github-token]\\ty\"}",
        ),
        (
            "{\"KEY\":{\"KEY\":1}}",
            "{\"[REDACTED:github-token]\":{\"[REDACTED:github-token]\":1}}",
        ),
        ("{\"a\":\"\\u0067hp_CUT", "{\"a\":\"[REDACTED:github-token]"),
    ] {
        let text = text.replace("KEY", &key).replace("CUT", &key[4..]);
        assert_eq!(redact(&text), want);
    }
    let plain = "nothing \"here\" \\ at all\n";
    assert_eq!(redact(plain), plain);
}

#[test]
fn an_escape_that_spells_a_secret_leaves_none() {
    // A line end and these letters look like `\npm_...` in the record.
    let now = redact(&expand("x\npm_<36>"));
    assert_eq!(now, "x[REDACTED:npm-token]");
    redact(&expand("\token=<40>"));
    redact(&expand("\u{1}1234:AA<33>"));
    redact(&expand("{\"a\":\"\\npm_<36>\"}"));
}

#[test]
fn no_escape_hides_where_a_word_begins() {
    let mut fixed = Secrets::new(Level::Fixed, VERSION).unwrap();
    let mut old = Secrets::new(Level::Fixed, 1).unwrap();
    for key in ["ghp_<36>", "glpat-<20>", "AKIA<u16>", "eyJ<33>.eyJ<40>.<43>"]
    {
        let key = expand(key);
        for before in [
            "\x1b[32m",
            "\x1b[1;31m",
            "\\u001b[0m",
            "\\033[32m",
            "\\e[32m",
            "\\x1b[K",
            "%22",
            "a%20",
            "token%3D",
            "=3D",
            "\\x22",
            "\\042",
            "\\0",
        ] {
            let text = format!("a {before}{key} b");
            for text in [text.clone(), serde_json::json!([text]).to_string()] {
                let now = redact_in(&mut fixed, "c", &text);
                assert!(now.contains("[REDACTED:"), "{text}");
                // Version 1 stays what it was; `u001b` it did resolve.
                let kept = redact_in(&mut old, "c", &text);
                assert_eq!(kept, text, "{before}");
            }
        }
        for before in ["x", "a%41", "=41", "\\x41", "\\101", "[32m", "50%2"] {
            let text = format!("a {before}{key}");
            assert_eq!(redact_in(&mut fixed, "c", &text), text);
        }
    }
}

/// What an agent's log holds beside names that tell it.
#[test]
fn names_and_places_of_secrets_are_known() {
    for text in [
        "SECRET_KEY = '<50>'",
        "{\"secretKey\":\"<40>\"}",
        "STRIPE_SECRET_KEY=<32>",
        "gh auth login --token <40>",
        "psql --password <20>",
        "curl -u admin:<20> https://x",
        "DB_PASS=<16>",
        "pass: <16>",
        "passcode=<16>",
        "APP_KEY=base64:<43>=",
        "Cookie: sessionid=<32>",
        "Set-Cookie: connect.sid=s%3A<32>.<43>",
        "machine x login u password <16>",
        "{\"auths\":{\"r\":{\"auth\":\"<40>\"}}}",
        "root:<14>@tcp(127.0.0.1:3306)/app",
        "https://a.blob.core.windows.net/c?sv=2022&sig=<43>%3D",
        "https://b/k?X-Amz-Signature=<x64>",
    ] {
        let now = redact(&expand(text));
        assert!(now.contains("[REDACTED:"), "{text}");
        assert!(!now.contains(&expand("<14>")), "{now}");
    }
    for text in [
        "password: string",
        "password: userPassword,",
        "password = getPassword(user1)",
        "password: process.env.DB_PASSWORD",
        "\"password\": \"string\"",
        "secret: config.get(name1)",
        "passed: 12 tests, bypass=everything",
        "docker run -u 1000:1000 image",
    ] {
        assert_eq!(redact(text), text);
    }
}

/// What version 3 took for secrets in the sources of programs, and stays taken
/// where it was.
#[test]
fn words_of_other_languages_and_names_in_programs_are_spared() {
    let mut old = Secrets::new(Level::All, 3).unwrap();
    for text in [
        "{\"password\": \"API-Passwort (leer, wenn es keines gibt)\"}",
        "{\"password\": \"WiFi-adgangskode\"}",
        "{\"password\": \"API\\u30d1\\u30b9\\u30ef\\u30fc\\u30c9(x)\"}",
        "htpasswd: 13.0.0-next-8.29",
        "errors = {CONF_PASSWORD: \"invalid_auth\"}",
        "pwd = self.pwd",
        "create(password=user4_pwd,",
        "pwd: UserDB | None",
        "\"clientToken\": \"550e8400-e29b-41d4-a716-446655440000\"",
        "MultiHostUrl('https://foo.com:123,foo:bar@bar.com/path')",
    ] {
        assert_eq!(redact(text), text);
        let taken = redact_in(&mut old, "c", text);
        assert!(taken.contains("[REDACTED:"), "{text}");
    }
    for text in [
        "{\"password\": \"Passwort123\"}",
        "{\"password\": \"p\u{e4}ssw\u{f6}rter\"}",
        "password: 13.0.0.x-k!9",
        "{\"password\": \"auth_12_failed\"}",
        "password='user4_pwd'",
        "\"accessToken\": \"550e8400-e29b-41d4-a716-446655440000\"",
        "postgres://u:pw@db/x",
    ] {
        assert_ne!(redact(text), text);
    }
}

#[test]
fn a_column_says_what_its_value_is() {
    let mut secrets = secrets();
    let key = expand("<40>");
    let now = redact_in(&mut secrets, "SecretAccessKey", &key);
    assert_eq!(now, "[REDACTED:aws-secret-key]");
    let now = redact_in(&mut secrets, "db_password", "two words");
    assert_eq!(now, "[REDACTED:password]");
    let now = redact_in(&mut secrets, "authorization", "Basic dXNlcjpwdw==");
    assert_eq!(now, "Basic [REDACTED:authorization]");
    assert_eq!(redact_in(&mut secrets, "c", &key), key);
    let names = patterns().flat_map(|p| p.examples);
    let json = names.filter(|e| e.contains("\": \"") || e.contains("\":\""));
    for example in json {
        assert!(
            name_hints_secret(example),
            "no part of NAMES is in {example}"
        );
    }
}

#[test]
fn numbers_stay_and_so_does_what_stands_between_strings() {
    let digits = "1234567890".repeat(12);
    for text in [
        "{\"password\": 12345678, \"token\": 1234567890123456e10}".to_owned(),
        format!("{{\"SecretAccessKey\":{digits},\"SessionToken\":{digits}}}"),
        "[\"password=\",      123456789,      \"token: \"]".to_owned(),
        "{\"a\":\"\\\"password\\\":\",     \"b\":\"x\"}".to_owned(),
    ] {
        assert_eq!(redact(&text), text);
    }
}

#[test]
fn guesses_are_made_only_when_asked_for() {
    let text = "password=hunter22 api_key=0123456789abcdefXY";
    let mut fixed = Secrets::new(Level::Fixed, VERSION).unwrap();
    assert_eq!(redact_in(&mut fixed, "c", text), text);
    assert!(fixed.take_counts().is_empty());
    let mut all = secrets();
    let now = redact_in(&mut all, "c", text);
    assert_eq!(
        now,
        "password=[REDACTED:password] api_key=[REDACTED:named-secret]"
    );
    let counts: Vec<_> = all.take_counts().into_iter().collect();
    assert_eq!(counts, [("named-secret", 1), ("password", 1)]);
    assert!(all.take_counts().is_empty());
}

#[test]
fn bytes_that_are_no_text_are_looked_through_too() {
    let key = expand("ghp_<36>");
    let bytes = [b"\xff\xfe", key.as_bytes(), b"\x80"].concat();
    let now = secrets().redact_bytes(&bytes);
    assert_eq!(now, b"\xff\xfe[REDACTED:github-token]\x80");
}

/// Pieces of JSON, of escapes, and of what is about a secret.
const PIECES: &[&str] = &[
    "\\",
    "\\\\",
    "\"",
    "\\\"",
    "\n",
    "\t",
    "\\n",
    "\\t",
    "\\r",
    "\\u00",
    "5c",
    "\\u005c",
    "\\u002d",
    "\\/",
    "://",
    ":",
    "@",
    "=",
    ",",
    "{",
    "}",
    " ",
    "[",
    "]",
    "\u{e9}",
    "pm_",
    "token",
    "password",
    "oken",
    "secret",
    "-----BEGIN PRIVATE KEY-----",
    "[REDACTED:jwt]",
    "AKIA",
    "'",
];

/// Pieces of secrets, of JSON and of escapes, thrown together: the record is
/// clean, a string, and JSON where it was JSON; redact_in sees to the first.
#[test]
fn random_texts_come_out_clean_and_whole() {
    let mut pieces: Vec<String> = patterns()
        .flat_map(|p| p.examples.iter().chain(p.misses))
        .map(|text| expand(text))
        .collect();
    for piece in PIECES {
        pieces.extend(std::iter::repeat_n((*piece).to_owned(), 8));
    }
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    };
    let mut secrets = secrets();
    let columns = ["c", "password", "api_key", "SecretAccessKey"];
    for round in 0..4_000 {
        let count = 1 + next(8);
        let text: String =
            (0..count).map(|_| pieces[next(pieces.len())].as_str()).collect();
        let column = columns[next(columns.len())];
        redact_in(&mut secrets, column, &text);
        if round % 2 == 0 {
            let mut json = serde_json::json!([text, { &text: 1 }, "x"]);
            for _ in 0..next(3) {
                json = serde_json::json!({ "in": json.to_string(), "y": 7 });
            }
            let now = redact_in(&mut secrets, column, &json.to_string());
            if !now.starts_with("[REDACTED:") {
                whole(&now);
            }
        }
    }
}

/// It is JSON, and so is what stands in its `in`.
fn whole(text: &str) {
    let value: serde_json::Value =
        serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    if let Some(within) = value["in"].as_str() {
        assert_eq!(value["y"], 7, "{text}");
        whole(within);
    }
}

#[test]
fn the_time_is_linear_in_the_text() {
    for piece in [
        "\\",
        "\\u005c",
        "://a:",
        "-----BEGIN PRIVATE KEY-----\n",
        ":AA",
        "eyJ",
        "token=",
        "password=",
        "sk-",
        "Bearer ",
        "\"password\":\"",
        "a@",
        "ghp_",
        "u005c",
    ] {
        let time = |count: usize| {
            let text = piece.repeat(count);
            let mut secrets = secrets();
            let start = std::time::Instant::now();
            redact_in(&mut secrets, "c", &text);
            start.elapsed().as_secs_f64()
        };
        let (short, long) = (time(2_000), time(64_000));
        // Thirty-two times as much; the square would be a thousand times.
        assert!(long < short.max(0.01) * 200.0, "{piece:?}: {short} {long}");
    }
}
