//! rt-purge --archive: a file made by hand is its own receipt.

use std::fs;

use crate::support::rows::{Cell, Random};
use crate::support::world::{World, counts, purged};

const KEYS: [&str; 3] =
    ["id INTEGER PRIMARY KEY", "id TEXT PRIMARY KEY", "id INT"];

/// Five rows, and the file `f` that holds them all.
fn five(key: &str, compressed: bool) -> World {
    let world = World::of(&format!(
        "CREATE TABLE t ({key}, at TEXT, v);
        INSERT INTO t VALUES (1, '2026-01-01', 'a'), (2, NULL, 2.5),
            (3, '2026-01-14', x'00'), (4, 'never', 'd'), (5, 1, NULL)"
    ));
    let out = world.cmd("rt-export").arg("t").run();
    out.status(0);
    let mut bytes = out.bytes;
    if compressed {
        bytes = world.cmd("rt-gzip").stdin(bytes).run().bytes;
    }
    world.dir.write("f", bytes);
    world
}

#[test]
fn rows_that_the_file_holds_go_and_it_stays_as_it_is() {
    for key in KEYS {
        for compressed in [true, false] {
            let world = five(key, compressed);
            let file = fs::read(world.dir.join("f")).unwrap();
            world.sql(
                "UPDATE t SET v = 'new' WHERE id = 4;
                DELETE FROM t WHERE id = 2;
                INSERT INTO t VALUES (6, '2026-01-01', 'late')",
            );
            let out =
                world.cmd("rt-purge").args(["--archive", "f", "t"]).run();
            out.status(0).stderr("");
            let result = purged(&out);
            assert_eq!(counts(&result), "records 3, changed 1, gone 1");
            let path = world.dir.join("f").canonicalize().unwrap();
            assert_eq!(result["archive_files"][0], path.to_str().unwrap());
            assert_eq!(world.row("SELECT id FROM t ORDER BY id"), "4 6");
            assert_eq!(fs::read(&path).unwrap(), file, "{key}");
            // The ledger says which rows are in it.
            let store = &world.events_of("store")[0];
            assert_eq!(store["file"], path.to_str().unwrap());
            assert_eq!(store["rows"], 5);
            assert_eq!(world.events_of("purge")[0]["deleted"], 3);
            assert!(world.files().is_empty());
        }
    }
}

/// As another writer may have it: spaces, each sign of a string escaped, the
/// columns in another order, doubles with an exponent.
#[test]
fn other_spellings_of_the_same_values_are_the_same_rows() {
    let world = World::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT, v);
        INSERT INTO t VALUES (1, '2026-01-01', 'h\u{e9} \u{1F600} \"/\\'),
            (2, '\u{1}', 0.1), (3, '', -0.0), (4, NULL, 5e-324),
            (5, '2026-01-14', x'0001'), (6, 'x', 9223372036854775807),
            (7, 'x', 9e999), (8, 'x', CAST(x'ff' AS TEXT)), (9, 'x', 1.0)",
    );
    let mut state = Random(0x2545_F491_4F6C_DD1D);
    let db = world.connect();
    let mut insert =
        db.prepare("INSERT INTO t VALUES (NULL, ?1, ?2)").unwrap();
    for _ in 0..3000 {
        insert.execute([any(&mut state), any(&mut state)]).unwrap();
    }
    for length in [70_000, 70_001, 70_002] {
        let all: Vec<u8> = (0..=255).cycle().take(length).collect();
        insert.execute([Cell::text(&all), Cell::Blob(all)]).unwrap();
    }
    drop(insert);
    let mut file = String::new();
    for line in world.cmd("rt-export").arg("t").run().stdout.lines() {
        let row = crate::support::rows::record(line.as_bytes());
        let field = |(name, cell): &(String, Cell)| {
            format!(" {} : {} ", spelled(name), respelled(cell))
        };
        let fields: Vec<String> = row.iter().rev().map(field).collect();
        file += &format!(" {{ {} }} \n", fields.join(","));
    }
    world.dir.write("f", file);
    let out = world.cmd("rt-purge").args(["--archive", "f", "t"]).run();
    out.status(0).stderr("");
    assert_eq!(counts(&purged(&out)), "records 3012");
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
}

/// A value of any class.
fn any(state: &mut Random) -> Cell {
    match state.below(6) {
        0 => Cell::Integer(state.next() as i64 >> state.below(64)),
        1 => match f64::from_bits(state.next()) {
            nan if nan.is_nan() => Cell::Null,
            real => Cell::real(real),
        },
        2 => Cell::Text(state.bytes(40)),
        3 => {
            let ascii = state.bytes(40).into_iter().map(|b| b & 0x7f);
            Cell::Text(ascii.collect())
        }
        _ => Cell::Blob(state.bytes(40)),
    }
}

fn spelled(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    let signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\
        0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(*group.get(i).unwrap_or(&0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let six = (word >> (18 - 6 * i)) & 63;
            let there = i <= group.len();
            out.push(if there {
                char::from(signs[six as usize])
            } else {
                '='
            });
        }
    }
    out
}

fn respelled(cell: &Cell) -> String {
    let bytes = |kind: &str, bytes: &[u8]| {
        let encoded = base64(bytes);
        format!("{{ \"encoded\" : \"{encoded}\"{kind}, \"$base64\" : true }}")
    };
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Integer(i) => i.to_string(),
        Cell::Real(bits) => match f64::from_bits(*bits) {
            real if real.is_infinite() => {
                format!("{}0e999", 9.0 * real.signum())
            }
            real => format!("{real:E}"),
        },
        Cell::Blob(blob) => bytes("", blob),
        Cell::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => spelled(text),
            Err(_) => bytes(", \"text\" : true", text),
        },
    }
}

#[test]
fn dry_run_says_what_the_file_would_delete_and_changes_nothing() {
    for key in KEYS {
        for compressed in [true, false] {
            let world = five(key, compressed);
            world.sql(
                "UPDATE t SET v = 'new' WHERE id = 4;
                DELETE FROM t WHERE id = 2",
            );
            let purge = |args: &[&str]| {
                world.cmd("rt-purge").args(["--archive=f", "t"]).args(args)
            };
            let before = world.dir.tree();
            let out = purge(&["-n"]).run();
            out.status(0).stderr("");
            let mut plan = purged(&out);
            assert_eq!(plan["status"], "dry_run");
            assert_eq!(counts(&plan), "records 3, changed 1, gone 1");
            assert_eq!(world.dir.tree(), before, "{key}");
            assert_eq!(world.row("SELECT count(*) FROM t"), "4");
            let done = purged(&purge(&[]).run());
            for key in ["status", "archive_files"] {
                plan[key] = done[key].clone();
            }
            assert_eq!(plan, done, "{key}");
            assert_eq!(
                counts(&purged(&purge(&["-n"]).run())),
                "changed 1, gone 4"
            );
        }
    }
}

/// Whatever ends a real run before its first row ends the dry run too.
#[test]
fn dry_run_refuses_what_a_run_refuses() {
    let world = five("id INTEGER PRIMARY KEY", true);
    world.sql("CREATE VIEW w AS SELECT * FROM t");
    world.dir.write("cut", &fs::read(world.dir.join("f")).unwrap()[..40]);
    let both = |args: &[&str], status: i32| {
        let before = world.dir.tree();
        let say = |more: &[&str]| {
            let out = world.cmd("rt-purge").args(args).args(more).run();
            out.status(status);
            out.stderr
        };
        let dry = say(&["-n"]);
        assert_eq!(world.dir.tree(), before, "{args:?}");
        assert_eq!(dry, say(&[]), "{args:?}");
    };
    both(&["--archive=f"], 2);
    both(&["--archive=f", "nothing"], 2);
    both(&["--archive=f", "w"], 2);
    both(&["--archive=missing", "t"], 1);
    both(&["--archive=cut", "t"], 4);
    world.stored("t");
    both(&["--archive=f", "t"], 75);
}

#[test]
fn file_given_again_finds_nothing_to_delete() {
    for key in KEYS {
        let world = five(key, true);
        let purge = || world.cmd("rt-purge").args(["--archive=f", "t"]).run();
        assert_eq!(counts(&purged(&purge())), "records 5", "{key}");
        let again = purge();
        again.status(0);
        assert_eq!(counts(&purged(&again)), "gone 5", "{key}");
    }
}

#[test]
fn column_that_the_file_lacks_must_be_null() {
    for key in KEYS {
        let world = five(key, true);
        let out = world.cmd("rt-export").args(["--exclude=v", "t"]).run();
        world.dir.write("f", out.bytes);
        let out = world.cmd("rt-purge").args(["--archive=f", "t"]).run();
        out.status(0);
        assert_eq!(counts(&purged(&out)), "records 1, changed 4", "{key}");
        let left = world.row("SELECT id FROM t ORDER BY id");
        assert_eq!(left, "1 2 3 4", "{key}");
    }
}

#[test]
fn file_that_is_cut_short_or_foreign_is_bad_data() {
    let world = five("id INTEGER PRIMARY KEY", true);
    let whole = fs::read(world.dir.join("f")).unwrap();
    let text = world.cmd("rt-export").arg("t").run().stdout;
    let array = world.cmd("rt-export").args(["--format=json", "t"]).run();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let bad: [(&str, Vec<u8>); 11] = [
        ("cut gzip", whole[..whole.len() - 4].to_vec()),
        ("flipped bit", flipped),
        ("cut line", text.as_bytes()[..text.len() - 1].to_vec()),
        ("empty", Vec::new()),
        ("no JSON", b"hello\n".to_vec()),
        ("an array", array.bytes),
        ("other table", b"{\"id\":1,\"x\":2}\n".to_vec()),
        ("no key", b"{\"at\":\"2026-01-01\",\"v\":\"a\"}\n".to_vec()),
        ("mixed", [&text, "{\"id\":1}\n"].concat().into_bytes()),
        ("twice", b"{\"id\":1,\"id\":1}\n".to_vec()),
        ("bytes behind", [&whole[..], b"x"].concat()),
    ];
    for (what, bytes) in bad {
        world.dir.write("f", bytes);
        let out = world.cmd("rt-purge").args(["--archive=f", "t"]).run();
        out.expect(what, out.status == 4).stderr_has("'");
        let there = world.row("SELECT count(*) FROM t");
        out.expect(&format!("{what}: no row gone"), there == "5");
        out.expect(what, world.events_of("store").is_empty());
    }
    let missing = world.cmd("rt-purge").args(["--archive=g", "t"]).run();
    missing.status(1).stderr_has("'g'");
}

#[test]
fn file_without_table_or_beside_pending_is_a_usage_error() {
    let world = five("id INTEGER PRIMARY KEY", true);
    for args in [
        &["--archive=f"][..],
        &["--archive=f", "nothing"],
        &["--archive=f", "--pending", "t"],
    ] {
        world.cmd("rt-purge").args(args).run().status(2);
    }
    assert_eq!(world.row("SELECT count(*) FROM t"), "5");
}

#[test]
fn file_that_changes_meanwhile_stops_the_deletion() {
    for key in KEYS {
        let world = five(key, true);
        let purge = world.cmd("rt-purge").args(["--archive=f", "t"]);
        let out = world.run_with(purge, "purge.purging", |world| {
            fs::remove_file(world.dir.join("f")).unwrap();
        });
        out.status(5).stderr_has("/f'");
        assert_eq!(world.row("SELECT count(*) FROM t"), "5", "{key}");
    }
}
