//! Which rows are wanted, by what is in them, and how many there are.

use std::fs;

use super::{archive, cat, consolidate, database, gives, ids};
use crate::support::{Dir, Out};

/// Rows with values of every kind, one a day.
fn values() -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        r#"CREATE TABLE t(id INTEGER PRIMARY KEY, at, v, payload);
         INSERT INTO t VALUES
         (1,'2025-10-30T10:00:00Z', 7, '{"user":{"id":7},"tags":["a","b"]}'),
         (2,'2025-10-31 12:00:00', 7.0, '{"user":{"id":"7"}}'),
         (3,'2025-11-01T10:00:00Z', 10, 'no JSON'),
         (4,'2025-11-02T10:00:00Z', '7', '{"user":{"id":70,"ok":true}}'),
         (5,'2025-11-03T12:00:00+02:00', 'über "x"', NULL),
         (6,1762340400, NULL, x'00');"#,
    );
    archive(&dir, "1", true);
    dir
}

fn find(dir: &Dir, conditions: &[&str]) -> Out {
    let args: Vec<&str> =
        conditions.iter().flat_map(|c| ["--where", c]).collect();
    cat(dir, &args).run()
}

#[test]
fn conditions_compare_numbers_and_times_as_such() {
    let dir = values();
    for (condition, want) in [
        ("id=3", "3"),
        ("id!=3", "1 2 4 5 6"),
        ("id>4", "5 6"),
        ("ID<2", "1"),
        ("v=7", "1 2 4"),
        ("v=7.0", "1 2"),
        ("v>8", "3"),
        ("v<9", "1 2 4"),
        ("v!=7", "3 5 6"),
        ("v~ber \"", "5"),
        ("v=über \"x\"", "5"),
        ("v~0", "2 3"),
        ("at=2025-10-31T12:00:00Z", "2"),
        ("at=2025-11-03T10:00:00Z", "5"),
        ("at<2025-11-01", "1 2"),
        ("at>2025-11-03T09:59:59Z", "5 6"),
        ("payload.user.id=7", "1 2"),
        ("payload.user.id>60", "4"),
        ("payload.user.ok=true", "4"),
        ("payload.tags.1=b", "1"),
        ("payload.user.id!=7", "3 4 5 6"),
        ("payload~JSON", "3"),
        ("nothing=1", ""),
        ("nothing!=1", "1 2 3 4 5 6"),
        ("_archived_at>2020-01-01", "1 2 3 4 5 6"),
    ] {
        let out = find(&dir, &[condition]);
        out.status(0).stderr("");
        out.expect(condition, ids(&out) == want);
    }
    gives(find(&dir, &["v=7", "payload.user.id=7"]).status(0), "1 2");
    for bad in ["v", "=7", "", "!=7"] {
        find(&dir, &[bad]).status(2).stderr_has("is no condition");
    }
}

#[test]
fn objects_of_other_programs_are_entered() {
    let dir = Dir::new();
    let rows = "{\"id\":1,\"o\":{\"a\":[1,{\"b\":2}]}}\n\
                {\"id\":2,\"o\":{\"a\":[]},\"ok\":false}\n";
    dir.write("a/warm/2025-11-01/t.jsonl", rows);
    dir.cmd("gzip").arg("a/warm/2025-11-01/t.jsonl").run().status(0);
    gives(find(&dir, &["o.a.1.b=2"]).status(0), "1");
    gives(find(&dir, &["ok=false"]).status(0), "2");
    gives(find(&dir, &["id>1"]).status(0), "2");
}

#[test]
fn a_limit_ends_the_reading() {
    let dir = database();
    archive(&dir, "id < 5", true);
    consolidate(&dir).run().status(0);
    archive(&dir, "id = 5", true);
    for (limit, want) in
        [("0", ""), ("1", "1"), ("3", "1 2 3"), ("9", "1 2 3 4 5")]
    {
        gives(cat(&dir, &["--limit", limit]).run().status(0), want);
    }
    gives(cat(&dir, &["--limit=1", "--where=id>2"]).run().status(0), "3");
    // What is behind it is not looked at.
    let warm = "a/warm/2026-01-10/t.jsonl.gz";
    dir.write(warm, "x");
    gives(cat(&dir, &["--limit=4"]).run().status(0).stderr(""), "1 2 3 4");
}

#[test]
fn stripped_rows_have_only_columns() {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "CREATE TABLE t(at, v);
         INSERT INTO t VALUES ('2025-11-01', ',\"_archived_at\":1}');",
    );
    archive(&dir, "1", true);
    let out = cat(&dir, &["--strip"]).run();
    out.status(0).stdout(
        "{\"at\":\"2025-11-01\",\"v\":\",\\\"_archived_at\\\":1}\"}\n",
    );
}

#[test]
fn a_count_opens_no_member_that_ledger_or_header_tell() {
    let dir = database();
    dir.sql("x.db", "INSERT INTO t VALUES (7,'2025-11-01T22:00:00Z','g')");
    archive(&dir, "id IN (1, 3)", true);
    archive(&dir, "id IN (2, 4, 7)", true);
    let count = |args: &[&str], rows: u64| {
        let args = [&["--count"], args].concat();
        let out = cat(&dir, &args).run();
        out.status(0).stdout_has(&format!("\"rows\":{rows}}}"));
    };
    let all = |cold: bool| {
        count(&[], 5);
        count(&["--since", "2025-10-31", "--until", "2025-11-02"], 3);
        count(&["--since", "2025-11-01T12:00:00Z"], 2);
        count(&["--until", "2025-11-01T22:00:00Z"], 3);
        count(&["--where", "id>2"], 3);
        count(&["--limit", "2"], 2);
        count(&["--tier", if cold { "cold" } else { "warm" }], 5);
    };
    all(false);
    // The deflate streams are damaged, which nobody sees who opens none.
    let warm = "a/warm/2025-11-01/t.jsonl.gz";
    let whole = fs::read(dir.join(warm)).unwrap();
    let mut bad = whole.clone();
    bad[60] ^= 0xff;
    dir.write(warm, bad);
    count(&["--since", "2025-10-30T09:00:00Z"], 5);
    let out = cat(&dir, &["--count", "--verify"]).run();
    out.status(5).stdout_has("\"rows\":4}").stderr_has(warm);
    dir.write(warm, whole);
    consolidate(&dir).run().status(0);
    all(true);
}

#[test]
fn verified_are_also_bytes_that_gzip_does_not_check() {
    let dir = database();
    archive(&dir, "id < 5", true);
    let warm = "a/warm/2025-10-30/t.jsonl.gz";
    let check = |file: &str, at: usize| {
        cat(&dir, &["--verify"]).run().status(0).stderr("");
        let whole = fs::read(dir.join(file)).unwrap();
        let mut bad = whole.clone();
        bad[at] ^= 1;
        dir.write(file, bad);
        // Of what is read to its end the digest is taken on the way.
        for args in [&[][..], &["--verify"]] {
            let out = cat(&dir, args).run();
            gives(out.status(5), "1 2 3 4");
            out.expect("one warning", out.stderr.lines().count() == 1);
            out.stderr_has("is not what the ledger says");
        }
        let part = ["--since", "2025-10-30T01:00:00Z", "--limit", "9"];
        gives(cat(&dir, &part).run().status(0), "1 2 3 4");
        let part = [&part[..], &["--verify"]].concat();
        gives(cat(&dir, &part).run().status(5), "1 2 3 4");
        dir.write(file, whole);
    };
    // The least time in a header.
    check(warm, 34);
}

/// The walk to a column and the search for its key see the same, however a
/// line spells it and whatever stands in other values.
#[test]
fn a_way_is_followed_however_its_keys_and_values_are_written() {
    let dir = Dir::new();
    let lines = [
        r#"{"id":1,"p":"{\"u\":{\"id\":7,\"n\":\"ann\"}}"}"#,
        r#"{"id":2,"p":"{\"u\":{\"id\":70,\"n\":\"bob\"},\"x\":\"ann\"}"}"#,
        r#"{"id":3,"p":"{\"u\":{\"\u0069\u0064\":7.0,\"n\":\"\u0061nn\"}}"}"#,
        r#"{"id":4,"p":"{\"u\":{\"\\u0069d\":7,\"n\":\"\\u0061nn\"}}"}"#,
        r#"{"id":5,"u.id":7,"p.u.n":"ann","p":"{}"}"#,
        r#"{"id":6,"p.u.id":7,"p.u.n":"ann","p":"{}"}"#,
        r#"{"id":7,"P":"{\"u\":{\"id\":\"7\",\"n\":\"ann\"}}"}"#,
        r#"{"id":8,"p":"p.u.id {\"u\":{\"id\":7,\"n\":\"ann\"}}"}"#,
        r#"{"id":9,"p":"{\"u\":{\"id\":7e0,\"n\":[\"ann\"]}}"}"#,
        r#"{"id":10,"p":7}"#,
        r#"{"id":11,"p":"{\"u\":{\"n\":\"cannon\",\"id\":true}}"}"#,
    ];
    let asked = [
        ("p.u.id=7", "1 3 4 6 7 9"),
        ("p.u.id!=7", "2 5 8 10 11"),
        ("p.u.n=ann", "1 3 4 5 6 7"),
        ("p.u.n!=ann", "2 8 9 10 11"),
        ("p.u.n~ann", "1 3 4 5 6 7 11"),
        ("p.u.n.0=ann", "9"),
        ("p.u.id=true", "11"),
        ("p.u.id>8", "2"),
    ];
    for first in 0..lines.len() {
        let mut turned = lines.to_vec();
        turned.rotate_left(first);
        dir.write("a/warm/2026-01-02/t.jsonl", turned.join("\n") + "\n");
        for (condition, want) in asked {
            let out = find(&dir, &[condition]);
            let found = ids(out.status(0));
            let mut found: Vec<&str> = found.split(' ').collect();
            found.sort_by_key(|id| id.parse::<u8>().unwrap());
            let found = found.join(" ");
            assert_eq!(found, want, "{condition} from line {first}");
        }
    }
}

#[test]
fn a_key_is_found_wherever_it_stands_and_nowhere_else() {
    let dir = Dir::new();
    let lines = [
        r#"{"id":1,"at":"2026-01-02","v":7,"w":"x"}"#,
        r#"{"id":2,"at":"2026-01-02","v":8,"w":",\"v\":7"}"#,
        r#"{"id":3,"at":"2026-01-02","w":"\"v\":7","v":8}"#,
        r#"{"id":4,"at":"2026-01-02","w":"{\"v\":7}","v":7}"#,
        r#"{"id":5,"at":"2026-01-02","V":7}"#,
        r#"{"id":6,"at":"2026-01-02","\u0076":7}"#,
        r#"{ "id" : 7, "at":"2026-01-02", "v" : 7 }"#,
        r#"{"id":8,"at":"2026-01-02","x\"v":7}"#,
        r#"{"id":9,"at":"2026-01-02","w":"{","v":7}"#,
        r#"{"id":10,"at":"2026-01-02","w":{"$base64":true,"encoded":"Nw=="},"v":7}"#,
        r#"{"id":11,"at":"2026-01-02","v":{"$base64":true,"encoded":"Nw=="}}"#,
        r#"{"id":12,"at":"2026-01-02","v":null}"#,
        r#"{"id":13,"at":"2026-01-02","w":7}"#,
    ];
    // Each line in turn is the first one, which decides what is looked for.
    for first in 0..lines.len() {
        let mut turned = lines.to_vec();
        turned.rotate_left(first);
        let text = turned.join("\n") + "\n";
        dir.write("a/warm/2026-01-02/t.jsonl", text);
        let out = find(&dir, &["v=7"]);
        out.status(0);
        let found = ids(&out);
        let mut found: Vec<&str> = found.split(' ').collect();
        found.sort_by_key(|id| id.parse::<u8>().unwrap());
        let want = ["1", "4", "5", "6", "7", "9", "10", "11"];
        assert_eq!(found, want, "from line {first}");
    }
}
