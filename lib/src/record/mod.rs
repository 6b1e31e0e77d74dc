//! Row records: a SQLite row as one line of JSON, exactly.
//!
//! Invariants. Every value of every storage class has one encoded form, and
//! that form reads back as the same class and the same bytes; so two rows are
//! equal just when their encoded forms are. Keys stand in column order. The
//! format is described for its readers in rt-jsonl(5).
//!
//! * INTEGER is a number without `.` and `e`, REAL always has one of them;
//!   infinities are `9e999` and `-9e999`, as SQLite's JSON functions have it.
//! * TEXT is a string; TEXT that is not UTF-8, and BLOB, are the object
//!   `{"$base64":true,"encoded":"..."}`, the former with `"text":true` in it.
//!
//! Writing ([`Shape`]) appends to a buffer that the caller reuses and
//! allocates nothing a row. Reading ([`Fields`]) walks a line in place.

mod array;
mod read;
mod skip;
mod text;
mod token;
mod write;

pub use array::{ArrayReader, BRACKETS, Frame, records};
pub use read::{Field, Fields};
pub use text::append_string;
pub use token::{Str, Token};
pub use write::{ARCHIVED_AT, ROWID, Shape};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn round_trip(value: Value<'_>) {
        let shape = Shape::new(["col \"umn\""]);
        let mut line = Vec::new();
        shape.begin(&mut line);
        shape.value(&mut line, 0, value);
        shape.end(&mut line, None);
        assert_eq!(line.pop(), Some(b'\n'));
        let mut fields = Fields::new(&line);
        let field = fields.next().unwrap().unwrap();
        assert_eq!(*field.key.text().unwrap(), *b"col \"umn\"");
        let back = field.value.to_owned().unwrap();
        assert!(
            back.borrow().identical(value),
            "{value:?} became {back:?} by {}",
            String::from_utf8_lossy(&line)
        );
        assert!(fields.next().unwrap().is_none());
        let parsed: serde_json::Value = serde_json::from_slice(
            &String::from_utf8(line.clone())
                .unwrap()
                .replace("9e999", "0.0")
                .into_bytes(),
        )
        .unwrap();
        assert!(parsed.is_object());
    }

    #[test]
    fn every_class_reads_back_as_itself() {
        for i in [0, 1, -1, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1] {
            round_trip(Value::Integer(i));
        }
        for r in [
            0.0,
            -0.0,
            1.0,
            0.1,
            1e15,
            1e16,
            1e17,
            1e300,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            -2.5e-310,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1795217869.910046,
        ] {
            round_trip(Value::Real(r));
        }
        round_trip(Value::Null);
        for t in [
            &b""[..],
            b"a",
            b"\0",
            b"a\0b",
            b"\"\\/\x08\x0c\n\r\t\x1b\x7f",
            "h\u{e9}\u{1F600}\u{2028}".as_bytes(),
            b"\xff",
            b"ok until \xe2\x28",
            b"{\"$base64\":true,\"encoded\":\"\"}",
        ] {
            round_trip(Value::Text(t));
            round_trip(Value::Blob(t));
        }
        let all: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        round_trip(Value::Blob(&all));
        round_trip(Value::Text(&all));
    }

    #[test]
    fn random_values_read_back_as_themselves() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let bits = next();
            round_trip(Value::Integer(bits as i64));
            let real = f64::from_bits(bits);
            if !real.is_nan() {
                round_trip(Value::Real(real));
            }
            let len = (next() % 40) as usize;
            let bytes: Vec<u8> = (0..len).map(|_| next() as u8).collect();
            round_trip(Value::Text(&bytes));
            let ascii: Vec<u8> = bytes.iter().map(|b| b & 0x7f).collect();
            round_trip(Value::Text(&ascii));
            round_trip(Value::Blob(&bytes));
        }
    }

    #[test]
    fn what_is_no_row_record_is_refused() {
        for bad in [
            "",
            "[]",
            "1",
            "{",
            "{}x",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{\"a\":[1]}",
            "{\"a\":{\"b\":1}}",
            "{\"a\":true}",
            "{\"a\":nul}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-}",
            "{\"a\":1e}",
            "{\"a\":9223372036854775808}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"",
            "{\"a\":{\"$base64\":true,\"encoded\":\"*\"}}",
            "{\"a\":{\"$base64\":false,\"encoded\":\"\"}}",
        ] {
            let mut fields = Fields::new(bad.as_bytes());
            let fault = loop {
                match fields.next() {
                    Ok(Some(field)) => {
                        if field.value.to_owned().is_err() {
                            break true;
                        }
                    }
                    Ok(None) => break false,
                    Err(_) => break true,
                }
            };
            assert!(fault, "accepted {bad}");
        }
    }

    #[test]
    fn spaces_and_escapes_of_other_writers_are_read() {
        let line = b" { \"a\" : 1 , \"b\":\"\\u00e9\\ud83d\\ude00\\/\" ,\
            \"c\": { \"encoded\" : \"AAE=\", \"$base64\" : true } } ";
        let mut fields = Fields::new(line);
        let a = fields.next().unwrap().unwrap().value.to_owned().unwrap();
        assert!(a.borrow().identical(Value::Integer(1)));
        let b = fields.next().unwrap().unwrap().value.to_owned().unwrap();
        assert!(
            b.borrow().identical(Value::Text("\u{e9}\u{1F600}/".as_bytes()))
        );
        let c = fields.next().unwrap().unwrap().value.to_owned().unwrap();
        assert!(c.borrow().identical(Value::Blob(&[0, 1])));
        assert!(fields.next().unwrap().is_none());
    }
}
