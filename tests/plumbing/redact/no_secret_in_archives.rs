//! Whole archives, looked through once more by the same patterns.

use rt::secrets::{Encoded, Level, Secrets, VERSION, patterns};
use rusqlite::{Connection, params};

use crate::support::rows::Random;
use crate::support::world::{World, counts, purged};

/// An example of the table of kinds, with its `<36>` and the like written
/// out.
fn expand(example: &str) -> String {
    let mut out = String::new();
    let mut parts = example.split('<');
    out.push_str(parts.next().unwrap());
    for part in parts {
        let (mark, rest) = part.split_once('>').unwrap();
        let (signs, count) = match mark.as_bytes()[0] {
            b'x' => ("0a1b2c3d4e5f6789", &mark[1..]),
            b'u' => ("A2B3C4D5E6F7", &mark[1..]),
            b'd' => ("8172635490", &mark[1..]),
            _ => ("a1B2c3D4e5F6g7H8", mark),
        };
        let Ok(count) = count.parse() else {
            // The tag of an XML.
            out.push('<');
            out.push_str(part);
            continue;
        };
        let signs = signs.chars().cycle();
        out.extend(signs.take(count));
        out.push_str(rest);
    }
    out
}

/// Texts with secrets in them: plain, in JSON, in JSON in JSON, cut short.
fn text(random: &mut Random) -> String {
    let which = random.below(patterns().count() as u64) as usize;
    let pattern = patterns().nth(which).unwrap();
    let one = random.below(pattern.examples.len() as u64) as usize;
    let secret = expand(pattern.examples[one]);
    let plain = format!("line\n{secret}\tand \"more\" \\ of it");
    let json = serde_json::json!({ "a": [1, plain], "b": "x" }).to_string();
    let deep = serde_json::json!({ "c": json, "n": 1.5 }).to_string();
    let kind = random.below(5);
    let cut = deep[..deep.len() - 12].to_owned();
    [plain, json, deep.clone(), deep.replace('/', "\\/"), cut][kind as usize]
        .clone()
}

/// A database of such texts, in UTF-8 or UTF-16, under names that tell.
fn filled(encoding: &str, rest: &str) -> World {
    let world = World::of(&format!(
        "PRAGMA encoding = '{encoding}';
         CREATE TABLE t(id TEXT PRIMARY KEY, at TEXT, log TEXT,
            password TEXT, \"SecretAccessKey\" TEXT, body TEXT) {rest};"
    ));
    let db = Connection::open(world.dir.join("db")).unwrap();
    let mut random = Random(77);
    let mut insert = db
        .prepare("INSERT INTO t VALUES (?, '2026-01-01', ?, ?, ?, ?)")
        .unwrap();
    for n in 0..400 {
        let mut one = || text(&mut random);
        insert
            .execute(params![format!("k{n}"), one(), one(), one(), one()])
            .unwrap();
    }
    drop(insert);
    world
}

/// Whether a line of an archive holds a secret, as it stands or with its
/// escapes resolved.
fn holds(secrets: &mut Secrets, line: &str) -> bool {
    let record = format!("{line}\"");
    let text = line.as_bytes();
    let whole = Encoded { key: 0, content: 0, text, named: true };
    secrets.holds(record.as_bytes(), &whole)
}

#[test]
fn an_archive_holds_no_secret_of_the_same_patterns() {
    // A line of guesses alone holds none of the first level.
    for (flag, level, least) in [
        ("--redact-secrets", Level::Fixed, 395),
        ("--redact-secrets=all", Level::All, 400),
    ] {
        for (encoding, rest) in
            [("UTF-8", "WITHOUT ROWID"), ("UTF-16le", ""), ("UTF-8", "")]
        {
            let world = filled(encoding, rest);
            let plain = super::export(&world, "t", &[]).run();
            let mut secrets = Secrets::new(level, VERSION).unwrap();
            let lines = plain.stdout.lines();
            let held = lines.filter(|line| holds(&mut secrets, line)).count();
            assert!(held >= least, "{held} of 400");
            let receipts = super::stored(&world, "t", &[flag]);
            let out = world.purge(&receipts).run();
            out.status(0);
            assert_eq!(counts(&purged(&out)), "records 400");
            for file in world.files() {
                for line in world.dir.zcat(&format!("archives/{file}")).lines()
                {
                    assert!(!holds(&mut secrets, line), "{flag}: {line}");
                }
            }
            // The JSON in them is JSON still.
            for row in world.records() {
                let body = row["body"].as_str().unwrap();
                if body.starts_with('{') && body.ends_with('}') {
                    let json: serde_json::Value =
                        serde_json::from_str(body).expect(body);
                    if let Some(within) = json["c"].as_str() {
                        let _: serde_json::Value =
                            serde_json::from_str(within).expect(within);
                    }
                }
            }
        }
    }
}
