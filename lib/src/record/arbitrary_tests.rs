//! Records and arrays of any kind: what is written reads back the same, and
//! what is read is what another parser reads, or refused.

use crate::arbitrary::{Random, each_case};
use crate::record::{ArrayReader, Fields, Frame, Shape, records};
use crate::value::{Owned, Value};

fn value(random: &mut Random) -> Owned {
    match random.below(6) {
        0 => Owned::Null,
        1 => Owned::Integer(random.bits() as i64 >> random.below(64)),
        2 => {
            let real = f64::from_bits(random.bits());
            Owned::Real(if real.is_nan() { 0.5 } else { real })
        }
        3 => Owned::Real(random.below(1000) as f64 - 500.0),
        4 => Owned::Blob(random.bytes(40)),
        _ => Owned::Text(random.bytes(60)),
    }
}

fn record(random: &mut Random) -> (Vec<String>, Vec<Owned>, Vec<u8>) {
    let columns = 1 + random.below(6);
    let names = (0..columns).map(|i| format!("{}{i}", random.text(8)));
    let names: Vec<String> = names.collect();
    let values: Vec<Owned> = (0..columns).map(|_| value(random)).collect();
    let shape = Shape::new(names.iter().map(String::as_str));
    let mut line = Vec::new();
    shape.begin(&mut line);
    for (i, value) in values.iter().enumerate() {
        shape.value(&mut line, i, value.borrow());
    }
    let rowid = random.once_in(3).then(|| random.bits() as i64);
    shape.end(&mut line, rowid);
    (names, values, line)
}

#[test]
fn what_is_written_reads_back_the_same() {
    each_case(4000, |random| {
        let (names, values, line) = record(random);
        let line = line.strip_suffix(b"\n").unwrap();
        assert!(!line.contains(&b'\n'), "one line");
        assert_eq!(Fields::check(line).map_err(|f| f.to_string()), Ok(()));
        serde_json::from_slice::<serde_json::Value>(line).unwrap();
        let mut fields = Fields::new(line);
        for (name, value) in names.iter().zip(&values) {
            let field = fields.next().ok().flatten().expect("a field");
            let text = field.key.text().ok().unwrap();
            assert_eq!(text, name.as_bytes());
            let read = field.value.to_owned().ok().unwrap();
            assert!(
                read.borrow().identical(value.borrow()),
                "{read:?} and {value:?}"
            );
        }
    });
}

#[test]
fn what_is_accepted_is_json_to_others_too() {
    each_case(6000, |random| {
        let line = match random.once_in(4) {
            true => random.bytes(60),
            false => {
                let (_, _, mut line) = record(random);
                line.pop();
                random.damage(&mut line);
                line
            }
        };
        if Fields::check(&line).is_ok() {
            let found = serde_json::from_slice::<serde_json::Value>(&line);
            // It refuses numbers that no double holds, as SQLite writes them.
            let wide = found.as_ref().is_err_and(|e| {
                e.to_string().starts_with("number out of range")
            });
            let object = found.is_ok_and(|json| json.is_object());
            assert!(object || wide, "{}", String::from_utf8_lossy(&line));
        }
        let mut fields = Fields::new(&line);
        while let Ok(Some(field)) = fields.next() {
            let _value = field.value.to_owned();
        }
    });
}

#[test]
fn rows_of_an_array_come_out_as_they_went_in() {
    each_case(2000, |random| {
        let rows: Vec<Vec<u8>> = (0..random.below(6))
            .map(|_| {
                let (_, _, mut line) = record(random);
                line.pop();
                line
            })
            .collect();
        for array in [false, true] {
            let mut frame = Frame::new(array);
            let mut text = Vec::new();
            for row in &rows {
                text.extend_from_slice(frame.between());
                text.extend_from_slice(row);
                text.extend_from_slice(frame.row());
            }
            text.extend_from_slice(frame.close());
            let read: Vec<Vec<u8>> =
                records(&text).map(<[u8]>::to_vec).collect();
            assert_eq!(read, rows);
            if !array {
                continue;
            }
            assert!(has_rows(&text, rows.len()));
            assert_eq!(by_lines(&text), Some(rows.clone()));
            random.damage(&mut text);
            // Whatever it is now, a whole array is one to others too.
            if let Some(rows) = by_lines(&text)
                && rows.iter().all(|row| Fields::check(row).is_ok())
            {
                assert!(has_rows(&text, rows.len()));
            }
        }
    });
}

/// Whether a text is an array of so many rows to another parser, which refuses
/// numbers that no double holds.
fn has_rows(text: &[u8], rows: usize) -> bool {
    match serde_json::from_slice::<Vec<serde_json::Value>>(text) {
        Ok(json) => json.len() == rows,
        Err(e) => e.to_string().starts_with("number out of range"),
    }
}

/// The rows of an array, if it is whole.
fn by_lines(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = ArrayReader::default();
    let mut rows = Vec::new();
    for line in text.strip_suffix(b"\n")?.split(|b| *b == b'\n') {
        let row = reader.take(line).ok()?;
        rows.extend(row.map(<[u8]>::to_vec));
    }
    reader.is_over().then_some(rows)
}

#[test]
fn doubles_of_other_spellings_are_the_same_value() {
    each_case(2000, |random| {
        let real = f64::from_bits(random.bits());
        if !real.is_finite() {
            return;
        }
        let line = format!("{{\"a\":{real:e}}}");
        let read = Fields::find(line.as_bytes(), "a").ok().flatten().unwrap();
        let same = match read.borrow() {
            Value::Real(read) => read.to_bits() == real.to_bits(),
            Value::Integer(read) => read as f64 == real,
            _ => false,
        };
        assert!(same, "{line}: {read:?}");
    });
}
