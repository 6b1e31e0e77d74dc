//! Values: SQLite to JSON and back gives the same class and the same bytes.

use std::process::Command;

use rusqlite::params_from_iter;

use super::{open, rows_of, table};
use crate::support::rows::{Cell, Random};
use crate::support::{Dir, system};

/// What is easily confused with something else, or lost.
fn edges() -> Vec<Cell> {
    let mut out = vec![Cell::Null];
    for i in [0, 1, -1, i64::MAX, i64::MIN, (1 << 53) + 1, -(1 << 53) - 1] {
        out.push(Cell::Integer(i));
    }
    for r in [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1e15,
        1e16,
        9007199254740993.0,
        9.223372036854776e18,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        2.225073858507201e-308,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1795217869.910046,
    ] {
        out.push(Cell::real(r));
    }
    for bytes in [
        &b""[..],
        b"\0",
        b"a\0b\0",
        b"1",
        b"1.0",
        b"null",
        b"\"\\/\x08\x0c\n\r\t\x1b\x7f",
        "h\u{e9}\u{1F600}\u{2028}\u{feff}\u{fffd}".as_bytes(),
        b"\xff",
        b"ok until \xe2\x28\xa1",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"{\"$base64\":true,\"encoded\":\"\"}",
    ] {
        out.push(Cell::text(bytes));
        out.push(Cell::Blob(bytes.to_vec()));
    }
    out
}

fn random(state: &mut Random) -> Cell {
    match state.below(6) {
        0 => Cell::Integer(state.next() as i64),
        1 => Cell::Integer(state.next() as i64 >> state.below(64)),
        2 => match f64::from_bits(state.next()) {
            nan if nan.is_nan() => Cell::Null,
            real => Cell::real(real),
        },
        3 => Cell::Text(state.bytes(40)),
        4 => {
            let ascii = state.bytes(40).into_iter().map(|b| b & 0x7f);
            Cell::Text(ascii.collect())
        }
        _ => Cell::Blob(state.bytes(40)),
    }
}

/// A table with a column of each affinity, in which every value stands in
/// every column.
fn fill(dir: &Dir, values: &[Cell]) {
    let db = open(dir);
    db.execute_batch(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, txt TEXT, blb BLOB, \
         num NUMERIC, rea REAL, int INT); BEGIN",
    )
    .unwrap();
    let mut insert = db
        .prepare("INSERT INTO t VALUES (NULL, ?1, ?1, ?1, ?1, ?1, ?1)")
        .unwrap();
    for value in values {
        insert.execute(params_from_iter([value])).unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
}

#[test]
fn every_value_of_every_class_comes_out_as_itself() {
    let dir = Dir::new();
    let mut state = Random(0x2545_F491_4F6C_DD1D);
    let mut values = edges();
    values.extend((0..4000).map(|_| random(&mut state)));
    fill(&dir, &values);
    let held = table(&dir, "t", "id");
    let came = rows_of(&dir, &["t"]);
    assert_eq!(came.len(), values.len());
    for ((held, came), value) in held.iter().zip(&came).zip(&values) {
        assert_eq!(held[1].1, *value, "SQLite kept it as it was given");
        assert_eq!(held, came);
    }
}

/// The same, read by Python's sqlite3 and json.
const COMPARE: &str = r#"
import base64, json, sqlite3, struct, sys
db = sqlite3.connect("x.db")
db.text_factory = bytes
def known(cell):
    if isinstance(cell, dict):
        data = base64.b64decode(cell["encoded"], validate=True)
        return ("text" if cell.get("text") else "blob", data)
    if isinstance(cell, str):
        return ("text", cell.encode("utf-8"))
    if isinstance(cell, float):
        return ("real", struct.pack("<d", cell))
    assert cell is None or type(cell) is int
    return ("integer" if cell is not None else "null", cell)
def held(kind, cell):
    return (kind.decode(), struct.pack("<d", cell) if kind == b"real" else cell)
columns = [c[1].decode() for c in db.execute("PRAGMA table_info(t)")]
rows = 0
types = ", ".join("typeof(%s), %s" % (c, c) for c in columns)
for line, row in zip(open("rows", "rb"), db.execute("SELECT %s FROM t ORDER BY id" % types), strict=True):
    record = json.loads(line)
    assert list(record) == columns, record
    for i, column in enumerate(columns):
        want = held(row[2 * i], row[2 * i + 1])
        assert known(record[column]) == want, (column, record[column], want)
    rows += 1
print(rows)
"#;

#[test]
fn python_reads_the_same_values() {
    let Some(mut python) = system("python3") else { return };
    let dir = Dir::new();
    let mut state = Random(77);
    let mut values = edges();
    values.extend((0..500).map(|_| random(&mut state)));
    fill(&dir, &values);
    let out = super::export(&dir, &["t"]).run();
    out.status(0);
    dir.write("rows", &out.bytes);
    let run: &mut Command = python.args(["-c", COMPARE]);
    let read = run.current_dir(dir.path()).output().unwrap();
    let said = String::from_utf8_lossy(&read.stderr).into_owned();
    let count = String::from_utf8(read.stdout).unwrap();
    assert_eq!(count.trim(), values.len().to_string(), "{said}");
}

#[test]
fn a_text_of_64_mib_comes_out_whole_between_its_neighbours() {
    let dir = Dir::new();
    let db = open(&dir);
    let mut text = b"a\"\\\n\0\xc3\xa9 and so on; ".repeat(1 << 22);
    text.truncate(64 << 20);
    while std::str::from_utf8(&text).is_err() {
        text.pop();
    }
    db.execute_batch("CREATE TABLE t(id INTEGER PRIMARY KEY, v)").unwrap();
    for value in [Cell::Null, Cell::Text(text.clone()), Cell::Integer(1)] {
        db.execute("INSERT INTO t(v) VALUES (?1)", [value]).unwrap();
    }
    let came = rows_of(&dir, &["t"]);
    assert_eq!(came.len(), 3);
    assert!(came[1][1].1 == Cell::Text(text), "the text is another one");
    assert_eq!(came[2][1].1, Cell::Integer(1));
}

/// Each special sign at each place of a text: the record is what serde_json
/// writes, or base64 where the text is not UTF-8.
#[test]
fn what_a_string_escapes_is_found_wherever_it_stands() {
    let kinds: [&[u8]; 9] = [
        b"\"",
        b"\\",
        b"\0",
        b"\x1f",
        b"\n",
        b"\x7f",
        b"\xc3\xa9",
        b"\xff",
        b"\\\"\n\t\r",
    ];
    let mut texts = Vec::new();
    for length in 0..80 {
        for at in 0..=length {
            for kind in kinds {
                let mut text = vec![b' '; length];
                text.splice(at..at, kind.iter().copied());
                texts.push(text);
            }
        }
    }
    let dir = Dir::new();
    let db = open(&dir);
    db.execute_batch("CREATE TABLE t(v TEXT PRIMARY KEY, at); BEGIN").unwrap();
    let mut insert =
        db.prepare("INSERT OR IGNORE INTO t VALUES (?1, ?1)").unwrap();
    for text in &texts {
        insert.execute([Cell::text(text)]).unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
    let out = super::export(&dir, &["t"]).run();
    out.status(0);
    let held = table(&dir, "t", "rowid");
    let lines: Vec<&[u8]> =
        out.bytes.split_inclusive(|b| *b == b'\n').collect();
    assert_eq!(held.len(), lines.len());
    for (row, line) in held.iter().zip(lines) {
        let Cell::Text(text) = &row[0].1 else { panic!("{row:?}") };
        let Ok(text) = std::str::from_utf8(text) else {
            assert_eq!(
                crate::support::rows::record(line.trim_ascii_end()),
                *row
            );
            continue;
        };
        let text = serde_json::to_string(text).unwrap();
        let want = format!("{{\"v\":{text},\"at\":{text}}}\n");
        assert_eq!(line, want.as_bytes(), "{text}");
    }
}
