use super::*;
use crate::value::Value;
use jiff::Timestamp;

fn text(text: &str) -> Option<String> {
    parse(text.as_bytes()).map(rfc3339)
}

fn number(value: Value<'_>, unit: Option<Unit>) -> Option<String> {
    instant(value, unit).map(rfc3339)
}

#[test]
fn every_text_shape_names_its_instant() {
    for (shape, want) in [
        ("2026-01-15", "2026-01-15T00:00:00Z"),
        ("2026-01-15T10:20", "2026-01-15T10:20:00Z"),
        ("2026-01-15 10:20:30", "2026-01-15T10:20:30Z"),
        ("2026-01-15t10:20:30z", "2026-01-15T10:20:30Z"),
        ("2026-01-15T10:20:30.5", "2026-01-15T10:20:30.5Z"),
        ("2026-01-15T10:20:30,25Z", "2026-01-15T10:20:30.25Z"),
        ("2026-01-15T10:20Z", "2026-01-15T10:20:00Z"),
        ("2026-01-15 10:20+02", "2026-01-15T08:20:00Z"),
        ("2026-01-15 10:20:30 +0530", "2026-01-15T04:50:30Z"),
        ("2026-01-15T10:20:30-08:00", "2026-01-15T18:20:30Z"),
        ("2026-01-15T10:20:30.000001 -23:59", "2026-01-16T10:19:30.000001Z"),
        ("2026-01-15T10:20:30-00:00", "2026-01-15T10:20:30Z"),
        ("2026-01-15T00:00:00.1234567899", "2026-01-15T00:00:00.123456789Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
        ("2000-02-29", "2000-02-29T00:00:00Z"),
        ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.9Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
    ] {
        assert_eq!(text(shape).as_deref(), Some(want), "{shape}");
    }
}

/// Texts that look like a time, and are none.
const NO_TIMES: &[&str] = &[
    "",
    "n/a",
    "0",
    "17",
    "1700000000",
    "1700000000.5",
    "20260115",
    "now",
    "20260115T102030Z",
    "2026-1-15",
    "26-01-15",
    "2026/01/15",
    "2026-01",
    "0000-00-00",
    "0000-01-01",
    "0000-12-31T23:30-01:00",
    "99999-01-01",
    "+2026-01-15",
    "-2026-01-15",
    "2026-00-15",
    "2026-13-15",
    "2026-015",
    "2026-01-00",
    "2026-01-32",
    "2026-02-29",
    "2026-02-30",
    "1900-02-29",
    "2026-04-31",
    " 2026-01-15",
    "2026-01-15 ",
    "2026-01-15T",
    "10:20:30",
    "2026-01-15Z",
    "2026-01-15+02:00",
    "2026-01-15T10",
    "2026-01-15T10Z",
    "2026-01-15T24:00:00",
    "2026-01-15T10:60",
    "2026-01-15T10:20:61",
    "2026-01-15  10:20",
    "2026-01-15T10:20 ",
    "2026-01-15T10:20:30.",
    "2026-01-15T10:20:30.Z",
    "2026-01-15T10:20.5",
    "2026-01-15_10:20",
    "2026-01-15T10:20:3",
    "2026-01-15T10:20:",
    "2026-01-15T1:20:30",
    "2026-01-15T10:20:30ZZ",
    "2026-01-15T10:20:30 Z",
    "2026-01-15T1020",
    "2026-01-15T10:20:30  +02:00",
    "2026-01-15T10:20:30+2",
    "2026-01-15T10:20:30+02:0",
    "2026-01-15T10:20:30+24:00",
    "2026-01-15T10:20:30+02:60",
    "2026-01-15T10:20:30+",
    "2026-01-15T",
    "2026-01-15T10:20:30+02:00Z",
    "2026-01-15T10:20:30 UTC",
    "2026-01-15T10:20:30\u{2212}02:00",
    "2026-01-15T10:20:30+020",
    "2026-01-15T10:20:30\0",
    "2026-01-15\n",
    "0001-01-01T00:30+01:00",
    "9999-12-31T23:30-01:00",
    "2026-01-1\u{665}",
    "2026-0a-15",
];

#[test]
fn what_is_not_such_a_shape_is_not_read() {
    for shape in NO_TIMES {
        assert_eq!(text(shape), None, "{shape:?}");
    }
}

#[test]
fn every_prefix_and_every_byte_is_survived() {
    let whole = b"2026-01-15T10:20:30.123456789 +02:00";
    for end in 0..whole.len() {
        let read = parse(&whole[..end]).is_some();
        let date_or_time = end == 10
            || end == 16
            || end == 19
            || (21..30).contains(&end)
            || end == 33;
        assert_eq!(read, date_or_time, "{end}");
        for byte in 0..=255 {
            let mut changed = *whole;
            changed[end] = byte;
            if let Some(read) = parse(&changed) {
                assert_eq!(Day::of(read).to_string().len(), 10);
            }
        }
    }
}

#[test]
fn the_end_of_9999_is_read_and_is_before_nothing() {
    let never = parse(b"9999-12-31T23:59:59Z").unwrap();
    assert_eq!(never, Timestamp::MAX);
    assert_eq!(parse(b"9999-12-31 23:00-00:30"), Some(never));
    assert_eq!(Day::of(never).to_string(), "9999-12-31");
    assert_eq!(Day::of(Day::of(never).start()), Day::of(never));
}

#[test]
fn numbers_without_unit_count_by_their_size() {
    for (n, want) in [
        (100_000_000, Some("1973-03-03T09:46:40Z")),
        (-100_000_000, Some("1966-10-31T14:13:20Z")),
        (99_999_999, None),
        (1_700_000_000, Some("2023-11-14T22:13:20Z")),
        (99_999_999_999, Some("5138-11-16T09:46:39Z")),
        (100_000_000_000, Some("1973-03-03T09:46:40Z")),
        (1_700_000_000_123, Some("2023-11-14T22:13:20.123Z")),
        (99_999_999_999_999, Some("5138-11-16T09:46:39.999Z")),
        (100_000_000_000_000, Some("1973-03-03T09:46:40Z")),
        (-1_700_000_000_000_001, Some("1916-02-18T01:46:39.999999Z")),
        (99_999_999_999_999_999, Some("5138-11-16T09:46:39.999999Z")),
        (100_000_000_000_000_000, Some("1973-03-03T09:46:40Z")),
        (1_700_000_000_000_000_001, Some("2023-11-14T22:13:20.000000001Z")),
        (i64::MAX, Some("2262-04-11T23:47:16.854775807Z")),
        (i64::MIN, Some("1677-09-21T00:12:43.145224192Z")),
        (0, None),
        (17, None),
        (2_460_000, None),
        (20_260_115, None),
    ] {
        let got = number(Value::Integer(n), None);
        assert_eq!(got.as_deref(), want, "{n}");
    }
}

#[test]
fn reals_without_unit_are_split_exactly() {
    for (n, want) in [
        (1_700_000_000.0, Some("2023-11-14T22:13:20Z")),
        (1_700_000_000.5, Some("2023-11-14T22:13:20.5Z")),
        // The double next to .910046 is a little more than that.
        (1_795_217_869.910046, Some("2026-11-20T23:37:49.9100461Z")),
        (-1_700_000_000.25, Some("1916-02-18T01:46:39.75Z")),
        (1_700_000_000_123.5, Some("2023-11-14T22:13:20.1235Z")),
        (1.7e15, Some("2023-11-14T22:13:20Z")),
        (1.7e18, Some("2023-11-14T22:13:20Z")),
        (2e20, Some("8307-10-01T19:33:20Z")),
        (2_415_020.5, Some("1900-01-01T00:00:00Z")),
        (2_415_020.4, None),
        (2_461_055.75, Some("2026-01-15T06:00:00Z")),
        (2_461_055.751_234_567, Some("2026-01-15T06:01:46.667Z")),
        (2_500_000.0, Some("2132-08-31T12:00:00Z")),
        (2_500_000.5, None),
        (-2_461_055.75, None),
        (99_999_999.9, None),
        (17.0, None),
        (0.0, None),
        (-0.0, None),
        (f64::MIN_POSITIVE, None),
        (f64::MAX, None),
        (f64::INFINITY, None),
        (f64::NEG_INFINITY, None),
        (f64::NAN, None),
    ] {
        let got = number(Value::Real(n), None);
        assert_eq!(got.as_deref(), want, "{n}");
    }
}

#[test]
fn a_unit_says_what_any_number_means() {
    use Value::{Integer, Real};
    for (value, unit, want) in [
        (Integer(17), Unit::S, Some("1970-01-01T00:00:17Z")),
        (Integer(-1), Unit::Ms, Some("1969-12-31T23:59:59.999Z")),
        (Integer(1), Unit::Us, Some("1970-01-01T00:00:00.000001Z")),
        (Real(1.5), Unit::Ns, Some("1970-01-01T00:00:00.000000001Z")),
        (Real(-0.5), Unit::S, Some("1969-12-31T23:59:59.5Z")),
        (Real(1e-9), Unit::S, Some("1970-01-01T00:00:00.000000001Z")),
        (Integer(2_461_056), Unit::Julian, Some("2026-01-15T12:00:00Z")),
        (Real(1_721_425.5), Unit::Julian, Some("0001-01-01T00:00:00Z")),
        (Real(1_721_425.4), Unit::Julian, None),
        (
            Integer(13_412_908_800_000_000),
            Unit::WebkitUs,
            Some("2026-01-15T00:00:00Z"),
        ),
        (Real(790_128_000.25), Unit::MacS, Some("2026-01-15T00:00:00.25Z")),
        (Integer(-62_135_596_800), Unit::S, Some("0001-01-01T00:00:00Z")),
        (Integer(-62_135_596_801), Unit::S, None),
        (Integer(253_402_300_800), Unit::S, None),
        (Integer(i64::MAX), Unit::S, None),
        (Integer(i64::MIN), Unit::WebkitUs, None),
        (Integer(i64::MAX), Unit::Julian, None),
        (Real(f64::INFINITY), Unit::Ns, None),
        (Real(f64::NAN), Unit::Julian, None),
        (Real(-1.0), Unit::Julian, None),
    ] {
        let got = number(value, Some(unit));
        assert_eq!(got.as_deref(), want, "{value:?} {unit}");
    }
}

#[test]
fn zero_is_undated_and_text_is_text_in_every_unit() {
    for word in ["s", "ms", "us", "ns", "julian", "webkit_us", "mac_s"] {
        let unit: Unit = word.parse().unwrap();
        assert_eq!(unit.to_string(), word);
        for value in [
            Value::Integer(0),
            Value::Real(0.0),
            Value::Real(-0.0),
            Value::Null,
            Value::Blob(b"2026-01-15"),
            Value::Text(b"1700000000"),
        ] {
            assert_eq!(instant(value, Some(unit)), None, "{word} {value:?}");
        }
        let text = Value::Text(b"2026-01-15");
        assert_eq!(instant(text, Some(unit)), parse(b"2026-01-15"));
    }
    assert!("sec".parse::<Unit>().is_err());
}

/// The same instants in every spelling: on each side of a cutoff, and on it,
/// they compare as instants and not as texts.
#[test]
fn every_spelling_stands_on_its_side_of_a_cutoff() {
    let cutoff = parse(b"2026-01-15T00:00:00Z").unwrap();
    let second = cutoff.as_second();
    for off in [-86_400, -3600, -60, 0, 60, 3600, 86_400] {
        let at = Timestamp::from_second(second + off).unwrap();
        let n = at.as_second();
        let plain = at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let east = Timestamp::from_second(n + 14 * 3600).unwrap();
        let west = Timestamp::from_second(n - 12 * 3600).unwrap();
        let texts = [
            plain.clone(),
            plain.replace(' ', "T"),
            format!("{plain}Z"),
            format!("{plain}.000000"),
            format!("{plain} +0000"),
            plain[..16].to_owned(),
            east.strftime("%Y-%m-%dT%H:%M:%S+14:00").to_string(),
            west.strftime("%Y-%m-%d %H:%M:%S -12").to_string(),
        ];
        let texts: Vec<Value<'_>> =
            texts.iter().map(|t| Value::Text(t.as_bytes())).collect();
        let numbers = [
            Value::Integer(n),
            Value::Integer(n * 1_000),
            Value::Integer(n * 1_000_000),
            Value::Integer(n * 1_000_000_000),
            Value::Real(n as f64),
            Value::Real(n as f64 * 1e3),
            Value::Real(n as f64 / 86_400.0 + 2_440_587.5),
        ];
        for value in texts.into_iter().chain(numbers) {
            let got = instant(value, None).unwrap();
            assert_eq!(got, at, "{value:?}");
            assert_eq!(got < cutoff, off < 0, "{value:?}");
        }
    }
}

#[test]
fn days_count_through_every_calendar_rule() {
    let mut count = 0;
    for (first, end) in [
        ("0001-01-01", "0005-01-01"),
        ("1896-01-01", "2105-01-01"),
        ("9996-01-01", "9999-12-31"),
    ] {
        let mut day: Day = first.parse().unwrap();
        let end: Day = end.parse().unwrap();
        while day < end {
            assert_eq!(day.to_string().parse::<Day>().unwrap(), day);
            assert_eq!(Day::of(day.start()), day);
            let civil = day.start().strftime("%Y-%m-%d").to_string();
            assert_eq!(day.to_string(), civil);
            day = day.next();
            count += 1;
        }
    }
    assert_eq!(count, 1461 + 76_336 + 1460);
    let edge = parse(b"1969-12-31T23:59:59.999999999Z").unwrap();
    assert_eq!(Day::of(edge).to_string(), "1969-12-31");
    assert_eq!(Day::of(edge).next().start(), Timestamp::UNIX_EPOCH);
    let leap: Day = "2024-02-28".parse().unwrap();
    assert_eq!(leap.next().to_string(), "2024-02-29");
    for text in ["", "2026-02-30", "2026-1-1", "2026-01-01T00:00"] {
        assert!(text.parse::<Day>().is_err(), "{text}");
    }
}
