use super::*;
use crate::value::Value;
use jiff::Timestamp;

fn text(text: &str) -> Option<String> {
    parse(text.as_bytes()).map(rfc3339)
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
        ("2026-01-15 10:20:30 UTC", "2026-01-15T10:20:30Z"),
        ("2026-01-15 10:20:30.5 GMT", "2026-01-15T10:20:30.5Z"),
        ("2026-01-15T10:20:30 Z", "2026-01-15T10:20:30Z"),
        ("2026-01-15 10:20:30 +0000 UTC", "2026-01-15T10:20:30Z"),
        ("2026-01-15 10:20:30 -0700 -0700", "2026-01-15T17:20:30Z"),
        (
            "2026-01-15 10:20:30.365730552 +0100 CET m=+245.850218253",
            "2026-01-15T09:20:30.365730552Z",
        ),
        ("2026-01-15T10:20+01:00[Europe/Berlin]", "2026-01-15T09:20:00Z"),
        ("2026-01-15T10:20:30Z[UTC]", "2026-01-15T10:20:30Z"),
        (
            "2026-01-15T10:20:30+01:00[+01:00][u-ca=iso8601]",
            "2026-01-15T09:20:30Z",
        ),
        ("2026-01-15 10:20:30 +0100 (Central Time)", "2026-01-15T09:20:30Z"),
        (
            "2026-01-15 10:20:30 -08 America/Los_Angeles",
            "2026-01-15T18:20:30Z",
        ),
        ("Thu, 15 Jan 2026 10:20:30 +0100", "2026-01-15T09:20:30Z"),
        ("Thu, 15 Jan 2026 10:20:30 GMT", "2026-01-15T10:20:30Z"),
        ("15 Jan 2026 10:20 -0000 (x)", "2026-01-15T10:20:00Z"),
        ("5 Jan 26 10:20:30 EST", "2026-01-05T15:20:30Z"),
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
    "2026-01-15T1020",
    "2026-01-15T10:20:30  +02:00",
    "2026-01-15T10:20:30+2",
    "2026-01-15T10:20:30+02:0",
    "2026-01-15T10:20:30+24:00",
    "2026-01-15T10:20:30+02:60",
    "2026-01-15T10:20:30+",
    "2026-01-15T",
    "2026-01-15T10:20:30+02:00Z",
    "2026-01-15 10:20:30 CET",
    "2026-01-15 10:20:30 UTC+1",
    "2026-01-15 10:20:30 +0100CET",
    "2026-01-15 10:20:30 +0100 PM",
    "2026-01-15 10:20:30+00 BC",
    "2026-01-15 10:20:30+01:00[Europe/Berlin",
    "2026-01-15 10:20:30[Europe/Berlin]",
    "2026-01-15 10:20:30 +0100 ",
    "2026-01-15 10:20:30 PM",
    "Fri, 15 Jan 2026 10:20:30 +0100",
    "Thu, 15 Jan 2026 10:20:30",
    "Thu Jan 15 10:20:30 2026",
    "Thursday, 15-Jan-26 10:20:30 GMT",
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
