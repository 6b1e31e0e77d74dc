//! Rows of a database and rows of an archive, side by side: each read without
//! any code of the programs under test.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// A value with its storage class. A double is compared bit by bit.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Cell {
    Null,
    Integer(i64),
    Real(u64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// A row: its columns by name, in order.
pub type Row = Vec<(String, Cell)>;

impl Cell {
    pub fn real(value: f64) -> Cell {
        Cell::Real(value.to_bits())
    }

    pub fn text(value: impl AsRef<[u8]>) -> Cell {
        Cell::Text(value.as_ref().to_vec())
    }

    fn of(value: ValueRef<'_>) -> Cell {
        match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(i) => Cell::Integer(i),
            ValueRef::Real(r) => Cell::real(r),
            ValueRef::Text(t) => Cell::Text(t.to_vec()),
            ValueRef::Blob(b) => Cell::Blob(b.to_vec()),
        }
    }
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Null => ValueRef::Null,
            Cell::Integer(i) => ValueRef::Integer(*i),
            Cell::Real(r) => ValueRef::Real(f64::from_bits(*r)),
            Cell::Text(t) => ValueRef::Text(t),
            Cell::Blob(b) => ValueRef::Blob(b),
        }))
    }
}

/// What a query gives.
pub fn query(db: &Connection, sql: &str) -> Vec<Row> {
    let mut statement = db.prepare(sql).unwrap();
    let names: Vec<String> =
        statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([]).unwrap();
    let mut out = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cells = names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.clone(), Cell::of(row.get_ref_unwrap(i))));
        out.push(cells.collect());
    }
    out
}

/// The rows of a stream of records. Panics where one is not exactly of the
/// form that rt-jsonl(5) gives: nothing is read leniently.
pub fn parse(stream: &[u8]) -> Vec<Row> {
    let mut lines: Vec<&[u8]> = stream.split(|b| *b == b'\n').collect();
    assert_eq!(lines.pop(), Some(&b""[..]), "the last line has no end");
    lines.into_iter().map(record).collect()
}

/// One record.
pub fn record(line: &[u8]) -> Row {
    std::str::from_utf8(line).expect("a record in UTF-8");
    let mut at = Reader { line, at: 0 };
    let mut row = Row::new();
    at.take(b"{");
    while !at.has(b"}") {
        if !row.is_empty() {
            at.take(b",");
        }
        let key = String::from_utf8(at.string()).unwrap();
        at.take(b":");
        assert!(row.iter().all(|(k, _)| *k != key), "{key} stands twice");
        let cell = at.value();
        row.push((key, cell));
    }
    at.take(b"}");
    assert_eq!(at.at, line.len(), "something stands behind the record");
    row
}

/// The cell of a column.
pub fn cell<'r>(row: &'r Row, column: &str) -> &'r Cell {
    let found = row.iter().find(|(name, _)| name == column);
    &found.unwrap_or_else(|| panic!("no {column} in {row:?}")).1
}

/// The integers of a column, row by row.
pub fn integers(rows: &[Row], column: &str) -> Vec<i64> {
    rows.iter()
        .map(|row| match cell(row, column) {
            Cell::Integer(i) => *i,
            other => panic!("{column} is {other:?}"),
        })
        .collect()
}

struct Reader<'l> {
    line: &'l [u8],
    at: usize,
}

impl Reader<'_> {
    fn has(&self, text: &[u8]) -> bool {
        self.line[self.at..].starts_with(text)
    }

    fn take(&mut self, text: &[u8]) {
        assert!(
            self.has(text),
            "no {:?} at byte {}",
            String::from_utf8_lossy(text),
            self.at
        );
        self.at += text.len();
    }

    fn value(&mut self) -> Cell {
        match self.line[self.at] {
            b'"' => Cell::Text(self.string()),
            b'{' => self.encoded(),
            b'n' => {
                self.take(b"null");
                Cell::Null
            }
            _ => self.number(),
        }
    }

    fn encoded(&mut self) -> Cell {
        self.take(b"{\"$base64\":true,");
        let text = self.has(b"\"text\"");
        if text {
            self.take(b"\"text\":true,");
        }
        self.take(b"\"encoded\":");
        let bytes = base64(&self.string());
        self.take(b"}");
        if text {
            assert!(std::str::from_utf8(&bytes).is_err(), "it was UTF-8");
            Cell::Text(bytes)
        } else {
            Cell::Blob(bytes)
        }
    }

    fn number(&mut self) -> Cell {
        let rest = &self.line[self.at..];
        let end = rest
            .iter()
            .position(|b| {
                !matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e')
            })
            .unwrap();
        let text = std::str::from_utf8(&rest[..end]).unwrap();
        self.at += end;
        let digits = text.trim_start_matches('-').as_bytes();
        let zero = digits.len() > 1 && digits[0] == b'0';
        assert!(!zero || digits[1] == b'.', "{text} is no JSON number");
        assert!(!text.ends_with('.') && !text.contains(".e"), "{text}");
        if !text.contains(['.', 'e']) {
            return Cell::Integer(text.parse().unwrap());
        }
        let real: f64 = text.parse().unwrap();
        let known = matches!(text, "9e999" | "-9e999");
        assert_eq!(real.is_infinite(), known, "{text}");
        Cell::real(real)
    }

    fn string(&mut self) -> Vec<u8> {
        self.take(b"\"");
        let mut out = Vec::new();
        loop {
            let rest = &self.line[self.at..];
            let plain = |b: &u8| !matches!(b, b'"' | b'\\' | 0..0x20);
            let run = rest.iter().position(|b| !plain(b)).unwrap();
            out.extend_from_slice(&rest[..run]);
            self.at += run + 1;
            match rest[run] {
                b'"' => return out,
                b'\\' => self.escape(&mut out),
                control => panic!("a bare control character {control}"),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) {
        let letter = self.line[self.at];
        self.at += 1;
        out.push(match letter {
            b'"' | b'\\' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let digits = &self.line[self.at..self.at + 4];
                let digits = std::str::from_utf8(digits).unwrap();
                self.at += 4;
                let code = u32::from_str_radix(digits, 16).unwrap();
                assert!(code < 0x20, "\\u{digits} needs no escape");
                u8::try_from(code).unwrap()
            }
            other => panic!("escape of {other}"),
        });
    }
}

/// RFC 4648 section 4, with padding and no bits left over.
fn base64(text: &[u8]) -> Vec<u8> {
    assert_eq!(text.len() % 4, 0, "padding is missing");
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for (i, group) in text.chunks(4).enumerate() {
        let padding = group.iter().filter(|b| **b == b'=').count();
        assert!(padding == 0 || (i + 1) * 4 == text.len());
        let mut word = 0u32;
        for byte in group {
            let six = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => 0,
                other => panic!("{other} in base64"),
            };
            word = word << 6 | u32::from(six);
        }
        let bytes = &word.to_be_bytes()[1..];
        assert!(bytes[3 - padding..].iter().all(|b| *b == 0));
        out.extend_from_slice(&bytes[..3 - padding]);
    }
    out
}

/// SHA-256 of a file, by the system's program.
pub fn sha256(path: &Path) -> String {
    let out =
        std::process::Command::new("sha256sum").arg(path).output().unwrap();
    assert!(out.status.success(), "sha256sum {path:?}");
    String::from_utf8(out.stdout).unwrap()[..64].to_owned()
}

/// The peak of a process's resident memory in KiB, as its parent sees it.
pub fn peak_kib(status: &str) -> u64 {
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Numbers that look random, the same each time.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// The bytes of a file, or nothing where there is none.
pub fn bytes(path: &Path) -> Option<Vec<u8>> {
    fs::read(path).ok()
}

/// A ledger with the digests of its lines made anew.
pub fn rechained(ledger: &str) -> String {
    let dir = crate::support::Dir::new();
    let mut out = String::new();
    let mut before: Option<String> = None;
    for line in ledger.lines() {
        let mut line = line.to_owned();
        if let Some(before) = &before {
            let path = dir.write("line", before);
            let digest = sha256(&path);
            let at = line.find("\"prev\":\"").unwrap() + 8;
            line.replace_range(at..at + 64, &digest);
        }
        out.push_str(&line);
        out.push('\n');
        before = Some(line);
    }
    out
}
